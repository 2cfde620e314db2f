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

from talik.tables import empty, typed
from talik.temperature.q10 import pooled, widest

DAYS = 28.0
"""Respiration is the mean of the first four weeks, which most incubations reach. [d]"""

REFERENCE = 10.0
"""Temperature at which respiration is held equal. [°C]"""

DRAWS = 4000
"""Bootstrap draws of soils."""


@dataclass(frozen=True)
class Shares:
    """Shares of soils in one mean each, rows adding up to one, shape (draws, soils)."""

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
    """ln Q_c, shape (draws,), from ln Q of the soils, shape (draws, soils), and their shares."""
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
    """
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
    q10: pd.DataFrame,
    release: pd.DataFrame,
    jars: pd.DataFrame,
    *,
    definition: str = "equal-carbon",
    seed: int = 1,
) -> pd.DataFrame:
    """Flux sensitivity with each soil's Q10 over that with a constant, for each way to choose it.

    The interval is that of soils drawn again within studies drawn again (bootstrap), with each Q10
    drawn within its own error.

    Parameters
    ----------
    q10, release, jars : DataFrame
        The tables of these names.
    definition : str
        Definition of the Q10.
    seed : int
        Seed of the draws.

    Returns
    -------
    DataFrame
        The table ``sensitivity``: a row a constant; empty with fewer than three soils.

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
    soils = soils_with_flux(q10, release, jars, definition=definition)
    if len(soils) < 3:
        return empty("sensitivity")
    soils = soils.sort_values(["study", "sample"], kind="stable", ignore_index=True)
    central = soils["log"].to_numpy()[None, :]
    once = _shares(np.ones_like(central), soils)
    logs, drawn = _draws(soils, np.random.default_rng(seed))
    rows = []
    for constant in CONSTANTS:
        if constant.name == "mean weighted by carbon" and soils["carbon"].isna().any():
            continue
        chosen = constant.log(central, once)
        ratio = (once.flux * central).sum(axis=1) / chosen
        lower, upper = np.quantile((drawn.flux * logs).sum(axis=1) / constant.log(logs, drawn), [0.025, 0.975])
        rows.append(
            {
                "definition": definition, "constant": constant.name, "q10": float(np.exp(chosen[0])),
                "ratio": float(ratio[0]), "lower": lower, "upper": upper, "soils": len(soils),
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
    """Shares of soils that stand so often in each draw."""
    flux = counts * soils["rate"].to_numpy()
    carbon = counts * soils["carbon"].fillna(1.0).to_numpy()
    return Shares(*(weights / weights.sum(axis=1, keepdims=True) for weights in (counts, flux, carbon)))


def _draws(soils: pd.DataFrame, random: np.random.Generator) -> tuple[np.ndarray, Shares]:
    """Draws of ln Q10 within its errors, and shares of soils drawn again within studies drawn again."""
    of_study = [rows.index.to_numpy() for _, rows in soils.groupby("study", sort=True)]
    studies = random.multinomial(len(of_study), np.full(len(of_study), 1 / len(of_study)), size=DRAWS)
    counts = np.zeros((DRAWS, len(soils)))
    for times, members in zip(studies.T, of_study, strict=True):
        counts[:, members] = random.multinomial(times * members.size, np.full(members.size, 1 / members.size))
    errors = soils["error"].fillna(soils["error"].median()).fillna(0.0).to_numpy()
    logs = soils["log"].to_numpy() + errors * random.standard_normal(counts.shape)
    return logs, _shares(counts, soils)
