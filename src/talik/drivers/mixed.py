"""Effects of all drivers at once, with sites as a random effect and the errors of the response as weights."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from talik.drivers.correlation import false_discovery
from talik.drivers.table import DriverTable
from talik.errors import InputError
from talik.inference.mixed import Likelihood, MixedFit, fit_mixed
from talik.tables import typed

NO_SITE = "one sample a site: no random effect"
"""Flag of a site variance that is not in the model."""
AT_ZERO = "zero: sites differ no more than samples of a site do"
"""Flag of a variance that the fit holds at zero."""


def fit_drivers(table: DriverTable, columns: Sequence[str] = (), *, method: Likelihood = "REML") -> MixedFit:
    r"""The mixed model of a table: all predictors at once, a random effect of sites, errors of the response known.

    .. math:: y_{si} = \beta_0 + \sum_j \beta_j z_{jsi} + b_s + e_{si}, \quad b_s \sim N(0, \sigma_s^2), \quad
       e_{si} \sim N(0, \tau^2 + s_{si}^2)

    The random effect is there where the table names one and a site has several samples; :math:`s_{si}` are the
    errors of the response, or nothing.

    Parameters
    ----------
    table : DriverTable
        Response and predictors. To pass over its errors, give ``replace(table, error=None)``.
    columns : sequence of str, optional
        Predictors; all by default.
    method : {"REML", "ML"}
        Restricted likelihood, or the full one to compare models of different predictors.

    Returns
    -------
    MixedFit
        The constant first, then the columns in order.

    Raises
    ------
    InputError
        For more predictors than samples, or predictors that depend on each other.

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"site": list("aabbccdd"), "ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1, 0.9, 0.6],
    ...                       "clay": [8, 6, 12, 20, 15, 5.0, 9, 17]})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay"]}, random="site")
    >>> fit_drivers(table).coefficients.round(3).tolist()
    [0.844, -0.152]
    """
    chosen = list(columns) or list(table.predictors.columns)
    design = np.column_stack([np.ones(table.n), table.matrix(chosen)])
    groups = [table.site] if _has_site_effect(table) else []
    return fit_mixed(table.response, design, groups, known_errors=table.error, method=method)


def _has_site_effect(table: DriverTable) -> bool:
    return bool(table.site_name) and pd.unique(table.site).size < table.n


def driver_effects(table: DriverTable, columns: Sequence[str] = (), *, method: Likelihood = "REML") -> pd.DataFrame:
    r"""Effects of `fit_drivers` with intervals, and what the model explains.

    An effect is per standard deviation of its predictor, in the unit of the response; ``standardised`` divides it
    by the standard deviation of the response. That of a level of a factor is per standard deviation of being of
    that level rather than the reference, so that levels stand beside numbers; the factor as a whole has a row
    with the F test of its levels. Intervals and p are Student's with Satterthwaite's degrees of freedom.

    Parameters
    ----------
    table : DriverTable
        Response and predictors.
    columns : sequence of str, optional
        Predictors; all by default.
    method : {"REML", "ML"}
        Restricted or full likelihood.

    Returns
    -------
    DataFrame
        The table ``drivers_mixed``: a row an effect and a factor, then the variances, the marginal and
        conditional R² and the log-likelihood.

    References
    ----------
    Kuznetsova et al. (2017), J. Stat. Softw. 82(13), doi 10.18637/jss.v082.i13 (degrees of freedom);
    Nakagawa and Schielzeth (2013), Methods Ecol. Evol. 4, 133-142 (R²).

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"site": list("aabbccdd"), "ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1, 0.9, 0.6],
    ...                       "clay": [8, 6, 12, 20, 15, 5.0, 9, 17]})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay"]}, random="site")
    >>> driver_effects(table)[["term", "estimate", "lower", "upper"]].round(2).head(3).values.tolist()
    [['clay', -0.15, -0.21, -0.09], ['residual variance', 0.0, nan, nan], ['site variance', 0.0, nan, nan]]
    """
    chosen = list(columns) or list(table.predictors.columns)
    fit = fit_drivers(table, chosen, method=method)
    rows = [*_effects(table, fit, chosen), *_factors(table, fit, chosen), *_explained(table, fit)]
    named = method if table.error is None else f"{method}, errors known"
    found = pd.DataFrame(rows).assign(
        response=table.response_name, method=named, n=table.n, sites=pd.unique(table.site).size
    )
    return typed("drivers_mixed", found)


def _effects(table: DriverTable, fit: MixedFit, columns: list[str]) -> Iterator[dict]:
    spread = float(table.response.std(ddof=1))
    intervals = fit.interval()
    for i, column in enumerate(columns, 1):
        yield {
            "term": column,
            "predictor": column,
            "subgroup": table.subgroup_of[column],
            "group": table.group_of[column],
            "estimate": fit.coefficients[i],
            "sd": fit.standard_errors[i],
            "lower": intervals[i, 0],
            "upper": intervals[i, 1],
            "freedom": fit.degrees_of_freedom[i],
            "p": fit.p_values[i],
            "standardised": fit.coefficients[i] / spread,
            "flag": "",
        }


def _factors(table: DriverTable, fit: MixedFit, columns: list[str]) -> Iterator[dict]:
    """The joint test of each factor that has several columns."""
    place = {column: i for i, column in enumerate(columns, 1)}
    for variable, own in table.variables.items():
        if len(own) < 2 or not set(own) <= place.keys():
            continue
        f, freedom, p = fit.joint_test(np.eye(len(columns) + 1)[[place[c] for c in own]])
        yield {
            "term": f"{variable}, all levels",
            "predictor": variable,
            "subgroup": table.subgroup_of[own[0]],
            "group": table.group_of[own[0]],
            "freedom": freedom,
            "p": p,
            "flag": f"F = {f:.4g} of {len(own)} and {freedom:.4g} degrees of freedom",
        }


def _explained(table: DriverTable, fit: MixedFit) -> Iterator[dict]:
    known = "" if table.error is None else "beside the known errors of the response"
    at_zero = AT_ZERO if fit.variances[0] > 0 else ""
    yield {"term": "residual variance", "estimate": fit.variances[0], "flag": known}
    if fit.variances.size > 1:
        flag = at_zero if fit.variances[1] <= 0 else ""
        yield {"term": f"{table.site_name} variance", "estimate": fit.variances[1], "flag": flag}
    elif table.site_name:
        yield {"term": f"{table.site_name} variance", "flag": NO_SITE}
    marginal, conditional = fit.r2
    yield {"term": "marginal R2", "estimate": marginal, "flag": known and "of the variation that is no error"}
    yield {"term": "conditional R2", "estimate": conditional, "flag": known and "of the variation that is no error"}
    yield {"term": "log-likelihood", "estimate": fit.log_likelihood, "flag": ""}


def layer_differences(table: DriverTable, reference: str = "") -> pd.DataFrame:
    r"""Whether drivers act differently in the layers of the soil.

    Every predictor has its own effect in each layer:

    .. math:: y = \beta_0 + \gamma_l + \sum_j (\beta_j + \delta_{jl}) z_j + b_s + e

    :math:`\delta_{jl}` is how much more the response rises with predictor j in layer l than in the reference layer,
    the other predictors held in both. Layers of one site share its random effect, so that they are compared within
    sites. A first row for each layer tests all differences at once.

    Parameters
    ----------
    table : DriverTable
        Response and predictors, with the layer of each sample; few predictors, as the components of subgroups.
    reference : str, optional
        Layer that the others are compared with; ``active``, or the commonest, by default.

    Returns
    -------
    DataFrame
        The table ``drivers_mixed``; ``model`` tells the layers, ``flag`` the p adjusted over the predictors.

    Raises
    ------
    InputError
        Where samples are not of two layers or more, or too few for the model.

    Examples
    --------
    Clay lowers Q10 in the active layer and does nothing below:

    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 0.81, 0.8, 0.82, 0.79, 0.8],
    ...                       "clay": [8, 6, 12, 17, 15, 5.0, 9, 17, 7, 14],
    ...                       "layer": ["active"] * 5 + ["permafrost"] * 5})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay"]})
    >>> layer_differences(table)[["term", "estimate", "lower"]].round(2).values.tolist()
    [['all predictors', nan, nan], ['clay', 0.12, 0.09]]
    """
    if table.layer is not None and (table.layer == "").any():
        table = table.of_rows(table.layer != "")
    layers = np.asarray([] if table.layer is None else table.layer, object)
    names = [str(name) for name in pd.unique(layers)]
    if len(names) < 2:
        raise InputError("drivers are compared between layers, and all samples are of one. Give a column of the layer.")
    base = reference or ("active" if "active" in names else str(pd.Series(layers).value_counts().index[0]))
    if base not in names:
        raise InputError(f"no sample is of the layer {base!r}; there are {', '.join(names)}.")
    others = [name for name in names if name != base]
    indicators = np.column_stack([np.equal(layers, name).astype(float) for name in others])
    x = table.matrix(list(table.predictors.columns))
    design = np.hstack([np.ones((table.n, 1)), x, indicators, *(x * own[:, None] for own in indicators.T)])
    groups = [table.site] if _has_site_effect(table) else []
    fit = fit_mixed(table.response, design, groups, known_errors=table.error)
    first = 1 + x.shape[1] + len(others)
    rows = [
        row
        for i, layer in enumerate(others)
        for row in _differences(table, fit, first + i * x.shape[1], f"{layer} against {base}")
    ]
    method = "REML" if table.error is None else "REML, errors known"
    sites = pd.unique(table.site).size
    found = pd.DataFrame(rows).assign(response=table.response_name, method=method, n=table.n, sites=sites)
    return typed("drivers_mixed", found)


def _differences(table: DriverTable, fit: MixedFit, first: int, model: str) -> Iterator[dict]:
    """The rows of one layer, whose differences begin at a column of the design."""
    columns = list(table.predictors.columns)
    chosen = np.arange(first, first + len(columns))
    f, freedom, p = fit.joint_test(np.eye(fit.design.shape[1])[chosen])
    told = f"F = {f:.4g} of {len(columns)} and {freedom:.4g} degrees of freedom"
    yield {"model": model, "term": "all predictors", "freedom": freedom, "p": p, "flag": told}
    adjusted = false_discovery(pd.Series(fit.p_values[chosen]))
    for i, column, of_all in zip(chosen, columns, adjusted, strict=True):
        lower, upper = fit.interval()[i]
        yield {
            "model": model,
            "term": column,
            "predictor": column,
            "subgroup": table.subgroup_of[column],
            "group": table.group_of[column],
            "estimate": fit.coefficients[i],
            "sd": fit.standard_errors[i],
            "lower": lower,
            "upper": upper,
            "freedom": fit.degrees_of_freedom[i],
            "p": fit.p_values[i],
            "standardised": fit.coefficients[i] / float(table.response.std(ddof=1)),
            "flag": f"p adjusted {of_all:.3g}",
        }
