r"""What one constant Q10 would lose over the soils of a study.

The flux of many soils answers to warming by

.. math:: \gamma = \frac{1}{10} \sum_i R_i \ln Q_i

with the respiration :math:`R_i` of each soil at one reference temperature. With a constant it is
:math:`\gamma_c = \frac{1}{10} \ln Q_c \sum_i R_i`, so that

.. math:: \frac{\gamma}{\gamma_c} = \frac{\sum_i w_i \ln Q_i}{\ln Q_c}, \qquad w_i = R_i / \sum_j R_j

Whether a constant gives too little or too much hangs on which constant it is (Zhou et al. 2009 found 25 %
more for heterotrophic respiration), so every way to choose it has its own row. This is a flux
sensitivity (per year and degree), not a loss of stock.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.errors import UnknownNameError, listed
from talik.frames import accepted, complete
from talik.inference.line import Estimate
from talik.tables import empty, typed
from talik.temperature.q10 import Q10_DEFINITIONS, pooled, widest

DAYS = 28.0
"""Respiration is the mean of the first four weeks, which most incubations reach. [d]"""

FEWEST = 3
"""Soils that a comparison needs."""

REFERENCE = 10.0
"""Temperature at which respiration is held equal. [°C]"""

DEFINITIONS = (*Q10_DEFINITIONS, "rate")
"""Definitions of which one Q10 a soil can be taken."""


@dataclass(frozen=True)
class Shares:
    """Shares of soils in one mean each, rows adding up to one, shape (rows, soils)."""

    alike: np.ndarray
    """Every soil alike."""
    flux: np.ndarray
    """By respiration."""
    carbon: np.ndarray
    """By carbon."""


@dataclass(frozen=True)
class Constant:
    """One way to choose a constant Q10."""

    name: str
    """The way, in words."""
    log: Callable[[np.ndarray, Shares], np.ndarray]
    """ln Q_c, shape (rows,), from ln Q of the soils, shape (rows, soils), and their shares."""
    note: str
    """What it means."""


def _median(logs: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Weighted median of each row, the mean of two where half of the weight lies on either side."""
    order = np.argsort(logs, axis=1)
    sorted_logs = np.take_along_axis(logs, order, axis=1)
    upto = np.cumsum(np.take_along_axis(shares, order, axis=1), axis=1)
    rows = np.arange(len(logs))
    lower = sorted_logs[rows, np.argmax(upto >= 0.5 - 1e-9, axis=1)]
    upper = sorted_logs[rows, np.argmax(upto > 0.5 + 1e-9, axis=1)]
    return 0.5 * (lower + upper)


CONSTANTS = (
    Constant("mean of Q10", lambda logs, of: np.log((of.alike * np.exp(logs)).sum(axis=1)), "every soil alike"),
    Constant("geometric mean of Q10", lambda logs, of: (of.alike * logs).sum(axis=1), "every soil alike"),
    Constant("median of Q10", lambda logs, of: _median(logs, of.alike), "every soil alike"),
    Constant("mean weighted by carbon", lambda logs, of: (of.carbon * logs).sum(axis=1), "counted by carbon"),
    Constant(
        "mean weighted by flux", lambda logs, of: (of.flux * logs).sum(axis=1),
        "the only constant that loses nothing, by construction",
    ),
    Constant("2", lambda logs, of: np.full(len(logs), np.log(2.0)), "common in land models (JULES, DVM-DOS-TEM)"),
    Constant("1.5", lambda logs, of: np.full(len(logs), np.log(1.5)), "default of CTSM and ELM"),
)  # fmt: skip
"""Every way to choose the constant that is compared."""


def soils_with_flux(
    q10: pd.DataFrame, release: pd.DataFrame, jars: pd.DataFrame, *, definition: str = "equal-carbon"
) -> pd.DataFrame:
    """One row a soil: its ln Q10 with error, respiration at the reference temperature, and carbon.

    Only soils whose respiration per gram of carbon is known on a believable scale, which were incubated
    for four weeks at least, and at temperatures on both sides of the reference: nothing is extrapolated.

    Parameters
    ----------
    q10, release, jars : DataFrame
        The tables of these names.
    definition : str
        Definition of the Q10, as in ``widest``.

    Returns
    -------
    DataFrame
        Columns study, sample, log, error, rate [mg C g⁻¹ SOC d⁻¹], carbon [mg g⁻¹].

    Raises
    ------
    UnknownNameError
        For a definition that there is not.
    """
    if definition not in DEFINITIONS:
        raise UnknownNameError(
            f"no definition of Q10 is called {definition!r}; there are {listed(DEFINITIONS)}.", [definition]
        )
    estimates = pooled(widest(q10[q10["gas"] != "ch4"], definition))
    believed = jars[(jars["scale"] == "") & jars["basis"].isin(["dry soil", "soil carbon"]) & (jars["excluded"] == "")]
    rates = _rate_of_sets(release, believed)
    joined = estimates.merge(rates, on="set")
    if joined.empty:
        return pd.DataFrame(columns=["study", "sample", "log", "error", "rate", "carbon"])
    joined = joined.assign(log=np.log(joined["q10"]), error=joined["sd_ln_q10"])
    return joined.groupby(["study", "sample"], sort=False, as_index=False)[["log", "error", "rate", "carbon"]].mean()


def _rate_of_sets(release: pd.DataFrame, jars: pd.DataFrame) -> pd.DataFrame:
    """Mean respiration of four weeks at the reference temperature, on the line of ln rate of the set."""
    parts = []
    for (jar, temperature), rows in release[release["gas"] != "ch4"].groupby(["jar", "temperature"], sort=False):
        curve = rows.dropna(subset=["specific_release"]).sort_values("time")
        if len(curve) and curve["time"].iloc[-1] >= DAYS:
            at = np.interp(DAYS, [0.0, *curve["time"]], [0.0, *curve["specific_release"]])
            parts.append({"jar": jar, "temperature": temperature, "rate": at / DAYS})
    rates = pd.DataFrame(parts, columns=["jar", "temperature", "rate"])
    joined = rates[rates["rate"] > 0].merge(jars[["jar", "set", "organic_carbon"]], on="jar")
    rows = []
    for name, group in joined.groupby("set", sort=False):
        if group["temperature"].min() <= REFERENCE <= group["temperature"].max() > group["temperature"].min():
            line = np.polynomial.Polynomial.fit(group["temperature"], np.log(group["rate"]), 1)
            rows.append(
                {
                    "set": name,
                    "rate": float(np.exp(line(REFERENCE))),
                    "carbon": group["organic_carbon"].mean(),
                }
            )
    return pd.DataFrame(rows, columns=["set", "rate", "carbon"])


def flux_sensitivity(
    q10: pd.DataFrame, release: pd.DataFrame, jars: pd.DataFrame, *, definition: str = "equal-carbon"
) -> pd.DataFrame:
    r"""Flux sensitivity with each soil's Q10 over that with a constant, for each way to choose it.

    The interval is of the ratio in the population that the studies, or the soils of one study, stand for: each study
    is left out in turn (jackknife), with one study each soil,

    .. math:: s^2 = \frac{k - 1}{k} \sum_{j=1}^{k} (x_{(j)} - \bar{x})^2

    with Student's t and :math:`1 / \sum_j w_j^2 - 1` degrees of freedom, w the shares of the flux: where a few soils
    hold most of it, few tell the error. Errors of the Q10 are in the differences of soils already. How often it holds
    the truth is told in docs/calibration/contrasts.md.

    Parameters
    ----------
    q10, release, jars : DataFrame
        The tables of these names.
    definition : str
        Definition of the Q10, as in ``widest``.

    Returns
    -------
    DataFrame
        The table ``sensitivity``: a row a constant; empty with fewer than three soils.

    Raises
    ------
    TableError
        For tables that nothing can be computed from; every row and jar at fault is named.
    UnknownNameError
        For a definition that there is not.

    Examples
    --------
    The soils of the packaged study:

    >>> from talik.demo import demo_study
    >>> from talik.flux import release
    >>> from talik.temperature import q10
    >>> measured = demo_study().measurements
    >>> released = release(measured.respiration)
    >>> found = flux_sensitivity(q10(measured.respiration, measured.jars), released, measured.jars)
    >>> bool(found.loc[found["constant"] == "mean weighted by flux", "ratio"].item() == 1.0)
    True
    """
    q10, release, jars = (
        complete(name, accepted(name, one)) for name, one in (("q10", q10), ("release", release), ("jars", jars))
    )
    return sensitivity_of_soils(soils_with_flux(q10, release, jars, definition=definition), definition)


def sensitivity_of_soils(soils: pd.DataFrame, definition: str) -> pd.DataFrame:
    """The table ``sensitivity`` of soils, as from `soils_with_flux`.

    Parameters
    ----------
    soils : DataFrame
        A row a soil.
    definition : str
        Definition of their Q10.

    Returns
    -------
    DataFrame
        A row a constant; empty with fewer than three soils.

    Examples
    --------
    >>> soils = pd.DataFrame({"study": "s", "sample": list("abcdef"), "log": np.log([1.5, 1.8, 2.0, 2.2, 2.5, 3.0]),
    ...                       "rate": [1.0, 2.0, 1.5, 1.2, 1.8, 1.6], "carbon": 40.0})
    >>> found = sensitivity_of_soils(soils, "equal-time").set_index("constant")
    >>> found.loc["2", ["ratio", "lower", "upper"]].astype(float).round(2).tolist()
    [1.11, 0.74, 1.47]
    """
    if len(soils) < FEWEST:
        return empty("sensitivity")
    soils = soils.sort_values(["study", "sample"], kind="stable", ignore_index=True)
    without = _left_out(soils)
    shares = _shares(np.vstack([np.ones(len(soils)), without]), soils)
    logs = np.broadcast_to(soils["log"].to_numpy(float), shares.flux.shape)
    freedom = _freedom(without, shares.flux[0])
    rows = []
    for constant in CONSTANTS:
        if constant.name == "mean weighted by carbon" and soils["carbon"].isna().any():
            continue
        chosen = constant.log(logs, shares)
        ratio, *others = (shares.flux * logs).sum(axis=1) / chosen
        error = float((len(others) - 1) * np.var(others)) ** 0.5
        lower, upper = Estimate(float(ratio), error, freedom).interval()
        rows.append(
            {
                "definition": definition, "constant": constant.name, "q10": float(np.exp(chosen[0])),
                "ratio": float(ratio), "lower": lower, "upper": upper, "soils": len(soils),
                "weighting": f"respiration per carbon, soils of equal carbon; {_heaviest(soils)}",
                "t_low": REFERENCE, "note": constant.note,
            }
        )  # fmt: skip
    return typed("sensitivity", pd.DataFrame(rows))


def _heaviest(soils: pd.DataFrame) -> str:
    """Which study weighs most: a ratio that hangs on one study says so."""
    shares = (soils["rate"] / soils["rate"].sum()).groupby(soils["study"]).sum()
    return f"{shares.idxmax()} holds {100 * shares.max():.0f} % of the weight"


def _shares(counts: np.ndarray, soils: pd.DataFrame) -> Shares:
    """Shares of soils that each count so often, a row of counts at a time."""
    flux = counts * soils["rate"].to_numpy()
    carbon = counts * soils["carbon"].fillna(1.0).to_numpy()
    return Shares(*(weights / weights.sum(axis=1, keepdims=True) for weights in (counts, flux, carbon)))


def _left_out(soils: pd.DataFrame) -> np.ndarray:
    """Counts of soils with each study left out, or each soil of the only study, shape (left out, soils)."""
    own = soils["study"] if soils["study"].nunique() > 1 else soils["sample"]
    return np.not_equal.outer(own.unique(), own.to_numpy()).astype(float)


def _freedom(without: np.ndarray, flux: np.ndarray) -> float:
    """Degrees of freedom of what is left out in turn: as of so many that hold equal shares of the flux; 1 at least."""
    shares = (1.0 - without) @ flux
    return max(1.0 / float(shares @ shares) - 1.0, 1.0)
