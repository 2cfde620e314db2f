"""Every form of the temperature response. A new form is a function and one entry of `RESPONSES`."""

from collections.abc import Iterable

from talik.errors import ResponseError, listed
from talik.responses import models, soil
from talik.responses.response import Parameter, Response

_Q10 = Parameter("q10", "", 2.0, 0.2, 20.0, "Factor by which the rate rises over 10 degrees.")
_SOIL_Q10 = Parameter("soil_q10", "", 0.69, 0.05, 3.0, "Logarithm of the Q10.")
_T_MIN = Parameter("t_min", "degC", -8.0, -40.0, -0.1, "Temperature at which nothing decays.")
_FROZEN = Parameter("frozen_q10", "", 1.5, 1.0, 1000.0, "Q10 of frozen soil.")
_CLM_Q10 = Parameter("q10", "", 1.5, 0.2, 20.0, "Q10 of thawed soil.")
_THAWED = (0.0, 35.0)

_ALL = (
    Response(
        "van-t-hoff", soil.van_t_hoff, (_Q10,), _THAWED,
        "van 't Hoff (1898); Davidson and Janssens (2006), doi 10.1038/nature04514", steepness="q10",
    ),
    Response(
        "exponential", soil.exponential,
        (Parameter("b", "degC-1", 0.0693, -0.15, 0.3, "Rise of the logarithm of the rate with temperature."),), _THAWED,
        "van 't Hoff (1898), as an exponential; Lloyd and Taylor (1994), doi 10.2307/2389824", steepness="b",
    ),
    Response(
        "arrhenius", soil.arrhenius,
        (Parameter("activation_energy", "kJ mol-1", 60.0, -100.0, 250.0, "Activation energy."),), _THAWED,
        "Arrhenius (1889); Davidson and Janssens (2006), doi 10.1038/nature04514", steepness="activation_energy",
    ),
    Response(
        "lloyd-taylor", soil.lloyd_taylor,
        (
            Parameter("e0", "K", 308.56, 1.0, 1500.0, "Steepness, as an energy over the gas constant."),
            Parameter("t0", "K", 227.13, 180.0, 262.0, "Temperature at which nothing decays."),
        ),
        _THAWED, "Lloyd and Taylor (1994), doi 10.2307/2389824", steepness="e0",
    ),
    Response(
        "ratkowsky", soil.ratkowsky, (_T_MIN,), (0.0, 25.0),
        "Ratkowsky et al. (1982), doi 10.1128/jb.149.1.1-5.1982", steepness="t_min",
    ),
    Response(
        "ratkowsky-extended", soil.ratkowsky_extended,
        (
            _T_MIN, Parameter("t_max", "degC", 45.0, 30.0, 70.0, "Temperature above which nothing decays."),
            Parameter("c", "degC-1", 0.2, 0.005, 2.0, "Steepness of the fall towards it."),
        ),
        (0.0, 45.0), "Ratkowsky et al. (1983), doi 10.1128/jb.154.3.1222-1226.1983", steepness="t_min",
    ),
    Response(
        "quadratic", soil.quadratic,
        (
            Parameter("b", "degC-1", 0.1, -0.2, 0.6, "Rise of the logarithm of the rate at 0 °C."),
            Parameter("c", "degC-2", -0.001, -0.02, 0.01, "Half of how that rise changes with temperature."),
        ),
        _THAWED, "Tuomi et al. (2008), doi 10.1016/j.ecolmodel.2007.09.003", steepness="b",
    ),
    Response(
        "kirschbaum", soil.kirschbaum,
        (
            Parameter("a", "", -3.764, -3.764, -3.764, "Scale."),
            Parameter("b", "degC-1", 0.204, 0.0, 0.6, "Rise of the logarithm of the rate at 0 °C."),
            Parameter("t_opt", "degC", 36.9, 25.0, 60.0, "Optimum."),
        ),
        _THAWED, "Kirschbaum (1995), doi 10.1016/0038-0717(94)00242-S", steepness="b",
    ),
    Response(
        "mmrt", soil.macromolecular_rate,
        (
            Parameter("enthalpy", "kJ mol-1", 60.0, -50.0, 200.0, "Enthalpy of activation at 25 °C."),
            Parameter("heat_capacity", "kJ mol-1 K-1", -1.5, -12.0, 3.0, "Heat capacity of activation."),
        ),
        (0.0, 45.0), "Hobbs et al. (2013), doi 10.1021/cb4005029; Schipper et al. (2014), doi 10.1111/gcb.12596",
        steepness="enthalpy",
    ),
    Response(
        "century", models.century,
        (
            Parameter("t_max", "degC", 45.0, 40.0, 60.0, "Temperature above which nothing decays."),
            Parameter("t_opt", "degC", 35.0, 25.0, 39.0, "Optimum."),
        ),
        (0.0, 45.0), "Burke et al. (2003), as fT.Century1 of SoilR", steepness="t_opt",
    ),
    Response(
        "daycent", models.daycent, (), (-5.0, 35.0), "Del Grosso et al. (2005), doi 10.1016/j.soilbio.2004.11.013"
    ),
    Response(
        "daycent-exponential", models.daycent_exponential, (), _THAWED, "Kelly et al. (2000), doi 10.1029/2000JD900259"
    ),
    Response("rothc", models.roth_c, (), (-5.0, 35.0), "Jenkinson et al. (1990), doi 10.1098/rstb.1990.0177"),
    Response(
        "ctsm", models.clm, (_CLM_Q10, _FROZEN), (models.COLDEST, 35.0),
        "CTSM, SoilBiogeochemDecompCascadeBGCMod.F90; parameters q10_mr and froz_q10", steepness="q10",
    ),
    Response(
        "elm", models.clm, (_CLM_Q10, _FROZEN), (models.COLDEST, 35.0),
        "ELM, DecompCascadeBGCMod.F90; parameters q10_hr and froz_q10", steepness="q10",
    ),
    Response("jules", models.jules, (_Q10,), (models.COLDEST, 35.0), "JULES with l_q10; q10_soil", steepness="q10"),
    Response(
        "orchidee", models.orchidee, (_SOIL_Q10,), (models.COLDEST, 45.0),
        "ORCHIDEE, control_temp_func; frozen_respiration_func 0", steepness="soil_q10",
    ),
    Response(
        "orchidee-zero-at-1", models.orchidee_linear(-1.0), (_SOIL_Q10,), (models.COLDEST, 45.0),
        "ORCHIDEE, control_temp_func; frozen_respiration_func 1", steepness="soil_q10",
    ),
    Response(
        "orchidee-zero-at-3", models.orchidee_linear(-3.0), (_SOIL_Q10,), (models.COLDEST, 45.0),
        "ORCHIDEE, control_temp_func; frozen_respiration_func 2", steepness="soil_q10",
    ),
    Response(
        "orchidee-frozen-100", models.orchidee_steep(4.605), (_SOIL_Q10,), (models.COLDEST, 45.0),
        "ORCHIDEE, control_temp_func; frozen_respiration_func 3", steepness="soil_q10",
    ),
    Response(
        "orchidee-frozen-1000", models.orchidee_steep(6.908), (_SOIL_Q10,), (models.COLDEST, 45.0),
        "ORCHIDEE, control_temp_func; frozen_respiration_func 4", steepness="soil_q10",
    ),
    Response(
        "lpjml", models.lpjml,
        (Parameter("temperature_response", "K", 46.02, 25.0, 80.0, "Degrees above the one of no decay, at 0 °C."),),
        (models.COLDEST, 45.0), "LPJmL, temp_response.c", steepness="temperature_response",
    ),
)  # fmt: skip

RESPONSES: dict[str, Response] = {response.name: response for response in _ALL}
"""Every form of the temperature response, by name; their equations are in the reference."""


def known(form: str | Response) -> Response:
    """The form of a name; a form is itself.

    Raises
    ------
    ResponseError
        For a name that is no form.

    Examples
    --------
    >>> known("arrhenius").parameters[0].name
    'activation_energy'
    """
    return all_known((form,))[0]


def all_known(forms: Iterable[str | Response] | str | Response) -> tuple[Response, ...]:
    """The forms of names, or of a single one.

    Raises
    ------
    ResponseError
        For no form at all, and for names that are no form, all of them.

    Examples
    --------
    >>> [form.name for form in all_known("arrhenius")]
    ['arrhenius']
    """
    named = (forms,) if isinstance(forms, str | Response) else tuple(forms)
    found = [RESPONSES.get(one) if isinstance(one, str) else one for one in named]
    unknown = [repr(one) for one, form in zip(named, found, strict=True) if not isinstance(form, Response)]
    if unknown or not named:
        wrong = f"there is no form {listed(unknown)}" if unknown else "no form is named"
        raise ResponseError(f"{wrong}; forms are {listed(list(RESPONSES), 30)}.", unknown)
    return tuple(form for form in found if isinstance(form, Response))
