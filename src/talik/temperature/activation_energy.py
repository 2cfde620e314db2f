"""Activation energy of every set, with the rate at a reference where the errors of the two are independent."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from talik.flux import release as release_of
from talik.frames import accepted, complete, whole_rates_and_jars
from talik.inference.line import Estimate
from talik.tables import empty, typed
from talik.temperature.arrhenius import inverse_temperature, line_of_curves, ln_q10_per_energy
from talik.temperature.between_jars import rate_errors
from talik.temperature.curves import Curve, SetCurves, common_times, times_with_rates
from talik.temperature.estimate import FIRST, FREEZING, Q10Estimate
from talik.temperature.q10 import estimates_of_curves, keys_of
from talik.temperature.stepped import stepped_sets

TWENTY = 20.0
"""Temperature at which rates of soils are set against their activation energies. [°C]"""

EXTRAPOLATED = "20 °C lies outside of the temperatures: its rate is extrapolated"
"""Flag of a rate at 20 °C that no jar was near to."""

STEPS = "jars warmed in steps: each has its own energy, and no rate of the set"
"""Flag of jars that differ in level."""


def activation_energy(
    respiration: pd.DataFrame, jars: pd.DataFrame, *, release: pd.DataFrame | None = None
) -> pd.DataFrame:
    r"""Activation energy of respiration, and respiration at 20 °C and at a reference of its own.

    .. math:: \ln R = \ln R_{ref} - \frac{E_a}{R_g} \left(\frac{1}{T} - \frac{1}{T_{ref}}\right)

    The steeper a line, the lower it is at its cold end: energy and rate that come from one line are correlated by
    their errors alone, wherever the rate is taken but at the mean of 1/T. There `rate_reference` is taken, and its
    error is independent of that of the energy. For `rate_20` the correlation is told; where it is strong, a relation
    of energy and rate over soils (the carbon quality hypothesis: the slower the carbon decays, the higher its energy)
    is partly made of errors.

    Parameters
    ----------
    respiration, jars : DataFrame
        The tables of these names.
    release : DataFrame, optional
        The table ``release``; computed from `respiration` where it is not given.

    Returns
    -------
    DataFrame
        The table ``activation_energies``: a row for the first common reading and one for all of them. Over three
        temperatures or more it is the definition ``arrhenius`` of the table ``q10``; for two it follows from
        ``rate-ratio``.

    Raises
    ------
    TableError
        For tables that nothing can be computed from; every row and jar at fault is named.

    Examples
    --------
    A soil whose respiration follows 60 kJ mol⁻¹:

    >>> from talik.responses import RESPONSES
    >>> held = np.array([0.0, 10.0, 20.0, 30.0])
    >>> rates = 3.0 * RESPONSES["arrhenius"].relative_rate(held, 60.0, reference=20.0)
    >>> jars = pd.DataFrame({"jar": held.astype(str), "sample": "peat", "set": "peat", "basis": "dry soil"})
    >>> rows = pd.DataFrame({"jar": held.astype(str), "time": 1.0, "temperature": held, "respiration": rates})
    >>> found = activation_energy(typed("respiration", rows), typed("jars", jars))
    >>> found[["activation_energy", "rate_20", "reference_temperature"]].round(1).values.tolist()
    [[60.0, 3.0, 14.6]]
    """
    respiration, jars = whole_rates_and_jars(respiration, jars)
    release = release_of(respiration) if release is None else complete("release", accepted("release", release))
    rows = []
    for curves, estimate in estimates_of_curves(respiration, release, jars, ["rate-ratio", "arrhenius"]):
        if _is_line(curves, estimate):
            rows.append(keys_of(curves) | _row(estimate) | _rates(curves, estimate))
    for keys, estimates in stepped_sets(respiration, jars):
        rows += [keys | _row(one) | {"flag": _also(one.flag, STEPS)} for one in _widest_of_steps(estimates)]
    return typed("activation_energies", pd.DataFrame(rows)) if rows else empty("activation_energies")


def _is_line(curves: SetCurves, estimate: Q10Estimate) -> bool:
    """Whether an estimate is of all temperatures on its side of freezing, and of no part of the readings."""
    if estimate.window.startswith("part"):
        return False
    if estimate.definition == "arrhenius" or estimate.temperatures == 1:
        return estimate.definition == "arrhenius"
    between = [one for one in curves.curves if estimate.t_low <= one.temperature <= estimate.t_high]
    held = np.array([one.temperature for one in curves.curves])
    alike = held[(held < FREEZING) == (estimate.t_low < FREEZING)]
    return len(between) == 2 == alike.size


def _widest_of_steps(estimates: list[Q10Estimate]) -> list[Q10Estimate]:
    lines = [one for one in estimates if one.definition == "arrhenius"]
    return lines or [one for one in estimates if one.definition == "rate-ratio"]


def _row(estimate: Q10Estimate) -> dict[str, object]:
    """An estimate of Q10 as an activation energy."""
    factor = ln_q10_per_energy(estimate.t_low, estimate.t_high) if estimate.t_high > estimate.t_low else np.nan
    lower, upper = estimate.log.interval()
    kept = {
        name: getattr(estimate, name)
        for name in ("paired", "t_low", "t_high", "temperatures", "window", "time_start", "time_end", "n", "flag")
    }
    return kept | {
        "activation_energy": estimate.log.value / factor, "lower": lower / factor, "upper": upper / factor,
        "sd": estimate.log.error / factor, "interval_from": "" if np.isnan(lower) else estimate.interval_from,
    }  # fmt: skip


def _rates(curves: SetCurves, estimate: Q10Estimate) -> dict[str, object]:
    """Rates of the line at its own reference and at 20 °C."""
    if np.isnan(estimate.log.value):
        return {}
    used = [one for one in curves.curves if estimate.t_low <= one.temperature <= estimate.t_high]
    times, _ = common_times(*(one.time for one in used))
    kept = times_with_rates(times[:1] if estimate.window == FIRST else times, used)
    line, variances = line_of_curves(used, kept), _variances(used, kept, estimate)
    known = bool(np.isfinite(variances).all() and variances.any())
    reference = line.reference(variances if known else np.ones(len(used)))
    at_reference, at_20 = line.weights_at(reference), line.weights_at(TWENTY)
    error_20, error_energy = ((weights**2 @ variances) ** 0.5 for weights in (at_20, line.contrast))
    freedom = estimate.log.freedom
    if estimate.interval_from == "replicates":
        freedom = rate_errors(used, kept).of(at_20[:, None])[1]
    log_20 = Estimate(line.log_rate_at(TWENTY), error_20, freedom)
    with np.errstate(over="ignore"):  # an interval may be endless
        lower, upper = np.exp(log_20.interval())
    inside = estimate.t_low <= TWENTY <= estimate.t_high
    return {
        "reference_temperature": reference, "rate_reference": np.exp(line.log_rate_at(reference)),
        "sd_ln_rate_reference": (at_reference**2 @ variances) ** 0.5, "rate_20": np.exp(log_20.value),
        "rate_20_lower": lower, "rate_20_upper": upper, "sd_ln_rate_20": error_20,
        "correlation": (line.contrast * at_20) @ variances / (error_20 * error_energy) if known else np.nan,
        "flag": estimate.flag if inside else _also(estimate.flag, EXTRAPOLATED),
    }  # fmt: skip


def _variances(curves: Sequence[Curve], times: np.ndarray, estimate: Q10Estimate) -> np.ndarray:
    """Variance of the mean ln rate at each temperature: of replicates, or alike as the residuals tell."""
    if estimate.interval_from == "replicates":
        return rate_errors(curves, times).covariance[:, 0, 0]
    error = estimate.log.error / ln_q10_per_energy(estimate.t_low, estimate.t_high)
    held = inverse_temperature([one.temperature for one in curves])
    return np.full(len(curves), error**2 * float(np.sum((held - held.mean()) ** 2)))


def _also(flag: str, further: str) -> str:
    return "; ".join(filter(None, [flag, further]))
