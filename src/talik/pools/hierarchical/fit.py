"""One model of all soils: pools of each, and what soils have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

import talik
from talik.errors import SettingsError, TableError, listed
from talik.extras import require
from talik.inference.diagnostics import Gates, LeaveOneOut, Mixing, check_mixing, leave_one_out, mixing
from talik.inference.sampling import Chains, Sampler, draw_prior
from talik.pools.hierarchical.coordinates import Coordinates, coordinates
from talik.pools.hierarchical.predictive import log_likelihood, posterior_checks, replicated_rates
from talik.pools.hierarchical.priors import Priors, read_priors
from talik.pools.hierarchical.soils import Soils, gather_soils
from talik.pools.hierarchical.table import parameter_table

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

COEFFICIENTS = ("laplace", "horseshoe", "normal")
"""Priors of the coefficients of predictors."""
PRIOR_DRAWS = 4000
"""Draws of the prior, for the contraction and the figures."""
YEAR = 365.25
"""Days of a year. [d]"""
DAYS = 1e6
"""Times beyond this are not days of an incubation. [d]"""


@dataclass(frozen=True)
class HierarchicalFit:
    """Pools of all soils from one model, as draws."""

    draws: Dataset
    """The posterior: dimensions chain, draw, soil, pool; units and meaning in the attributes."""
    prior: Dataset
    """Draws of the prior, with the same names and one chain."""
    soils: Soils
    """The rates, and which soil, jar, site and study each is of."""
    priors: Priors
    """The priors, with their sources."""
    mixing: Mixing
    """How well the chains mixed."""
    gates: Gates
    """What the chains had to meet."""

    @property
    def model(self) -> str:
        """Name of the pool model."""
        return str(self.draws.attrs["model"])

    @property
    def coordinates(self) -> Coordinates:
        """What the sampler moved."""
        return coordinates(self.model)

    def also_without(self, left_out: pd.DataFrame) -> HierarchicalFit:
        """The same fit, with further sets told as left out: columns set and reason."""
        every = pd.concat([self.soils.left_out, left_out], ignore_index=True)
        return replace(self, soils=replace(self.soils, left_out=every))

    def table(self, confidence: float = 0.95) -> pd.DataFrame:
        """Every parameter of every set, then those of all soils together.

        Parameters
        ----------
        confidence : float, default 0.95
            Probability inside ``lower`` and ``upper``. [-]

        Returns
        -------
        DataFrame
            set (empty for all soils together), sample, model, parameter, estimate (the median; missing where it is
            not identified), sd, lower, upper, contraction (one minus posterior over prior variance, of the
            logarithm or logit), own (part of the variance between soils that the set's own data take away: near 0
            the value is borrowed from the other soils), rhat, ess_bulk, ess_tail, identified, reason.

        Notes
        -----
        A parameter is identified if the posterior's standard deviation is at most half the prior's and its
        interval spans at most a factor of 2 for a Q10 and of 10 for a rate or a pool.
        """
        return parameter_table(self.draws, self.prior, self.soils, self.coordinates, confidence)

    def predictive(self, seed: int = 0, draws: int = 1000) -> pd.DataFrame:
        """What the model says of each reading: its mean, and where a new reading like it would lie.

        Parameters
        ----------
        seed : int, default 0
            Seed of the errors.
        draws : int, default 1000
            Draws of the posterior that are used.

        Returns
        -------
        DataFrame
            One row a reading: set, jar, temperature [°C], time_start, time_end [d], rate, mean, lower and upper
            of a new reading (95 %), and pit, the share of new readings below the measured one.
        """
        mean, made = replicated_rates(self.draws, self.soils, self.coordinates, seed, draws)
        soils = self.soils
        lower, upper = np.quantile(made, [0.025, 0.975], axis=0)
        return pd.DataFrame({
            "set": np.array(soils.names)[soils.soil[soils.jar]], "jar": np.array(soils.jars)[soils.jar],
            "temperature": soils.temperature[soils.jar], "time_start": soils.time_start, "time_end": soils.time_end,
            "rate": soils.rate, "mean": mean.mean(axis=0), "lower": lower, "upper": upper,
            "pit": np.mean(made < soils.rate, axis=0),
        })  # fmt: skip

    def checks(self, seed: int = 0, draws: int = 1000) -> pd.DataFrame:
        """Whether the model makes data like the measured ones: posterior predictive checks of each set.

        Parameters
        ----------
        seed : int, default 0
            Seed of the errors.
        draws : int, default 1000
            Draws of the posterior that are used.

        Returns
        -------
        DataFrame
            One row a set and statistic: measured, lower and upper of data sets that the model makes (95 %), p (share
            of them as far out, both sides) and flag. A p below 0.01 in several sets says that the curve or the
            errors are of the wrong kind, as neighbouring errors alike say that a pool is missing.
        """
        mean, made = replicated_rates(self.draws, self.soils, self.coordinates, seed, draws)
        return posterior_checks(mean, made, self.soils)

    def loo(self) -> LeaveOneOut:
        """How well the model foretells each reading from the others, to compare models of the same readings.

        Returns
        -------
        LeaveOneOut
            ``warning`` says in words where it is not to be believed.
        """
        return leave_one_out(log_likelihood(self.draws, self.soils, self.coordinates))

    def carbon_left(self, years: ArrayLike, temperature: float) -> DataArray:
        """Share of the carbon that is left after some years at a constant temperature.

        Parameters
        ----------
        years : array_like, shape (m,) or float
            Times since the start. [a]
        temperature : float
            Temperature, at or above 0 °C and best within those of the incubation. [°C]

        Returns
        -------
        DataArray
            Dimensions chain, draw, soil, year. [-]

        Raises
        ------
        SettingsError
            For a temperature below 0 °C, where no Q10 of thawed soil holds, or for negative years.
        """
        import xarray

        if not temperature >= 0:
            raise SettingsError(
                f"temperature {temperature:g} is below 0 °C, where the Q10 of thawed soil does not hold."
            )
        years = xarray.DataArray(np.atleast_1d(np.asarray(years, float)), dims="year")
        if not bool((years >= 0).all()):
            raise SettingsError("years must be 0 or more.")
        warming = self.draws["q10"] ** ((temperature - self.draws.attrs["reference_temperature"]) / 10)
        decayed = np.exp(-self.draws["decay_rate"] * warming * years * YEAR)
        left = (self.draws["fraction"] * decayed).sum("pool").assign_coords(year=years)
        return left.rename("carbon_left").assign_attrs(units="1", long_name="share of the carbon that is left")


def fit_hierarchical(
    respiration: pd.DataFrame,
    jars: pd.DataFrame,
    *,
    seed: int,
    samples: pd.DataFrame | None = None,
    predictors: pd.DataFrame | None = None,
    model: Literal["one-pool", "two-pool", "three-pool"] = "two-pool",
    coefficients: Literal["laplace", "horseshoe", "normal"] = "laplace",
    priors: Priors | Path | str | None = None,
    gas: str = "co2",
    reference_temperature: float | None = None,
    chains: int = 4,
    warmup: int = 1000,
    draws: int = 1000,
    target_accept: float = 0.9,
    gates: Gates | None = None,
) -> HierarchicalFit:
    r"""Fit one model to all soils, temperatures and replicates.

    Pools decay side by side, each faster by its own Q10; what a soil does not tell itself it takes from the others:

    .. math:: R_s(t, T) = C_s \sum_i f_{si} k_{si} Q_{si}^{(T - T_{ref}) / 10}
              e^{-k_{si} Q_{si}^{(T - T_{ref}) / 10} t}, \qquad
              \ln Q_{si} \sim N(\mu_i + x_s \beta_i + u_{study} + v_{site}, \tau_i^2)

    and alike for the logit of the fractions, the logarithm of the decay rates, which are ordered, and that of the
    errors. Drivers of Q10 are so estimated in one step with their uncertainty. The mean of R over an interval is
    taken exactly. Errors are Student-t on the rate, with a coefficient of variation and a floor, so that rates near
    or below zero are data like others. Effects of studies and of sites are there where a study or a site has
    several soils; effects of jars where jars were treated alike, for else they cannot be told from Q10.

    Parameters
    ----------
    respiration, jars : DataFrame
        The tables of these names; as in `talik.fit_pools`.
    seed : int
        Seed; the same seed gives the same draws.
    samples : DataFrame, optional
        The ``samples`` table, for the site of each sample.
    predictors : DataFrame, optional
        One row a sample, one numeric column a predictor of ln Q10; a column ``sample``, or the index, names it.
    model : {"one-pool", "two-pool", "three-pool"}
        The pools.
    coefficients : {"laplace", "horseshoe", "normal"}
        Prior of the coefficients of the predictors: Laplace of a common width, regularised horseshoe for many of
        which few matter, or normal without shrinking some more than others.
    priors : Priors or path_like, optional
        A file as ``priors.csv`` of talik, or what `talik.pools.hierarchical.read_priors` gives.
    gas : str, default "co2"
        Which gas.
    reference_temperature : float, optional
        Temperature of the decay rates; the mean of the soils if not given. [°C]
    chains, warmup, draws : int
        Chains, and the draws of each that tune the sampler and that are kept.
    target_accept : float, default 0.9
        Acceptance that the step of the sampler is tuned to. [-]
    gates : Gates, optional
        What the chains must meet: R-hat, effective draws, divergences.

    Returns
    -------
    HierarchicalFit

    Raises
    ------
    ChainError
        If the chains do not meet the gates; it says of which parameters and what to do.
    MissingExtraError
        Without ``talik[bayes]``.
    TableError
        If no set can be used, or a predictor is missing; sets left out are in ``fit.soils.left_out``.

    References
    ----------
    Piironen and Vehtari (2017), doi 10.1214/17-EJS1337SI (regularised horseshoe); Park and Casella (2008),
    doi 10.1198/016214508000000337 (Laplace); Chung et al. (2013), doi 10.1007/s11336-013-9328-2 (priors of spreads).

    Examples
    --------
    Two soils at 5 and 15 °C whose Q10 is 2.2, with too few draws for anything but an example:

    >>> days = np.arange(4.0, 100, 8)
    >>> rows = [(soil, warmth, day, size * q10 * np.exp(-0.02 * q10 * day) * (1 + 0.05 * np.sin(7 * day)))
    ...         for soil, size in (("ridge", 4.0), ("gully", 6.0))
    ...         for warmth, q10 in ((5.0, 1.0), (15.0, 2.2)) for day in days]
    >>> respiration = pd.DataFrame(rows, columns=["set", "temperature", "time", "specific_respiration"])
    >>> respiration["jar"] = respiration["set"] + respiration["temperature"].astype(str)
    >>> jars = respiration.drop_duplicates("jar")[["jar", "set"]].assign(sample="peat", basis="jar")
    >>> respiration = respiration.rename(columns={"specific_respiration": "jar_respiration"})
    >>> fit = fit_hierarchical(respiration, jars, seed=1, model="one-pool", chains=2, warmup=200, draws=200,
    ...                        gates=talik.pools.hierarchical.Gates(rhat=1.05, ess=20, diverging=0.05))
    >>> fit.draws["q10"].mean(("chain", "draw", "pool")).round().to_series().to_dict()
    {'gully': 2.0, 'ridge': 2.0}
    """
    require("bayes", "fit_hierarchical")
    at = coordinates(model)
    sampler, gates = _sampler(chains, warmup, draws, target_accept), gates or Gates()
    if coefficients not in COEFFICIENTS:
        raise SettingsError(f"coefficients={coefficients!r} is not known; known are {listed(COEFFICIENTS)}.")
    soils = gather_soils(respiration, jars, samples=samples, predictors=predictors, gas=gas)
    believed = priors if isinstance(priors, Priors) else read_priors(priors)
    reference = soils.reference_temperature if reference_temperature is None else float(reference_temperature)
    density = bind(soils, at, believed, coefficients, reference)
    found = sampler.prepare(density)(seed, scaled_rates(soils))
    mixed = mixing(sampled(found), labels(soils, at))
    check_mixing(mixed, gates, target_accept=target_accept, warmup=warmup)
    attributes = {
        "model": model, "seed": seed, "reference_temperature": reference, "coefficients": coefficients,
        "basis": ", ".join(dict.fromkeys(soils.basis)), "talik": talik.__version__,
        "sampler": f"NUTS, {chains} chains of {draws} draws after {warmup}, target acceptance {target_accept:g}",
        "diverging": mixed.diverging, "largest_rhat": mixed.largest_rhat, "least_ess": mixed.least_ess,
    }  # fmt: skip
    return _result(found, density, soils, at, believed, attributes, mixed, gates)


def _sampler(chains: int, warmup: int, draws: int, target_accept: float) -> Sampler:
    """The sampler, or every setting that cannot be."""
    wrong = [
        f"{name}={value} must be at least {least}"
        for name, value, least in (("chains", chains, 1), ("warmup", warmup, 100), ("draws", draws, 100))
        if value < least
    ]
    if not 0.5 <= target_accept < 1:
        wrong.append(f"target_accept={target_accept:g} must be at least 0.5 and below 1")
    if wrong:
        raise SettingsError("; ".join(wrong) + ".", wrong)
    return Sampler(chains, warmup, draws, target_accept)


def bind(soils: Soils, at: Coordinates, priors: Priors, coefficients: str, reference_temperature: float):
    """The density of the soils' parameters as a function of the rates alone.

    Parameters
    ----------
    soils : Soils
        What was measured where.
    at : Coordinates
        Of the pool model.
    priors : Priors
        The priors.
    coefficients : {"laplace", "horseshoe", "normal"}
        Prior of the coefficients of predictors.
    reference_temperature : float
        Temperature of the decay rates. [°C]

    Returns
    -------
    callable
        A NumPyro model ``density(rate)``; see `scaled_rates`.
    """
    from talik.pools.hierarchical.density import hierarchical_model

    if np.abs(soils.time_end).max() > DAYS:
        raise TableError(f"times of up to {np.abs(soils.time_end).max():g} are no days of an incubation.")
    return partial(
        hierarchical_model, soils=soils, at=at, priors=priors, coefficients=coefficients,
        reference_temperature=reference_temperature,
    )  # fmt: skip


def scaled_rates(soils: Soils) -> np.ndarray:
    """Rates divided by the level of their soil, laid in rows; what the density takes."""
    return soils.grid.rows(soils.rate / soils.level[soils.soil[soils.jar]], 1.0)


def sampled(chains: Chains) -> Chains:
    """Chains of what was sampled, without what follows from it."""
    followed = {name for name in chains.draws if name.endswith("_effect") and name != "jar_effect"}
    if "coefficient_unit" in chains.draws:
        followed.add("coefficient")
    return replace(chains, draws={name: v for name, v in chains.draws.items() if name not in followed})


def labels(soils: Soils, at: Coordinates) -> dict[str, list[str]]:
    """Name of each number that the sampler moves, as a message gives it."""
    columns = list(at.names)
    named = {
        "theta": [f"{column} of {soil}" for soil in soils.names for column in columns],
        "mean": [f"mean of {column}" for column in columns],
        "spread": [f"spread between soils of {column}" for column in columns],
        "jar_effect": [f"effect of jar {jar}" for jar in soils.jars],
        "log_carbon": [f"carbon of {soils.names[i]}" for i in np.flatnonzero(np.isnan(soils.carbon))],
    }
    of_predictors = [f"{name}, {pool} pool" for name in soils.predictor_names for pool in at.pools]
    named |= {name: [f"coefficient of {one}" for one in of_predictors] for name in ("coefficient", "coefficient_unit")}
    for kind, names in soils.group_names.items():
        named[f"{kind}_unit"] = [f"effect of {kind} {name} on {column}" for name in names for column in columns]
        named[f"{kind}_spread"] = [f"spread between {kind} effects on {column}" for column in columns]
    return named


def _result(
    found: Chains, density, soils: Soils, at: Coordinates, priors: Priors, attributes: dict, mixed: Mixing, gates: Gates
) -> HierarchicalFit:
    """Posterior and prior with names and units."""
    from talik.pools.hierarchical.posterior import named_draws

    before = draw_prior(density, int(attributes["seed"]) + 1, PRIOR_DRAWS, None)
    before = {name: values[None] for name, values in before.items()}
    return HierarchicalFit(
        draws=named_draws(found.draws, soils, at, attributes),
        prior=named_draws(before, soils, at, {**attributes, "sampler": "prior"}),
        soils=soils,
        priors=priors,
        mixing=mixed,
        gates=gates,
    )
