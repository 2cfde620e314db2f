"""Simulation-based calibration of the hierarchical model, and how often its intervals hold a fixed truth.

Prior cases draw the truth from the priors of ``priors.csv`` with code of their own, in NumPy: the rank of the truth
among the draws of the posterior is then uniform, and every interval holds as often as it says, if model, sampler and
simulator agree. Fixed cases hold the truth at values that the priors did not choose, or break what the model supposes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from calibration.coverage import Coverage
from talik.inference.diagnostics import mixing
from talik.inference.sampling import Chains, Sampler
from talik.pools.hierarchical import Soils, gather_soils, read_priors
from talik.pools.hierarchical.coordinates import Coordinates, coordinates
from talik.pools.hierarchical.fit import bind, labels, sampled
from talik.pools.hierarchical.posterior import named_draws
from talik.pools.models import one_pool_mean

DATA_SETS = 200
SEED = 20260401
CARBON = 1000.0
REFERENCE = 10.0
KEPT = 99
"""Draws of a posterior, spread evenly over its chains, that a truth is ranked among."""
BINS = 20
APART = 1.05
"""R-hat above which two chains of this length do not agree; the fit stays in the table all the same."""
YEARS = (1.0, 10.0, 50.0)
SAMPLER = Sampler(chains=2, warmup=400, draws=400, target_accept=0.85)


@dataclass(frozen=True)
class Case:
    """One design, and where its truth comes from."""

    name: str
    soils: int = 10
    sites: int = 10
    """As many as soils: no effects of sites."""
    temperatures: tuple[float, ...] = (5.0, 15.0)
    replicates: int = 1
    days: tuple[float, ...] = (2.0, 5.0, 10.0, 20.0, 40.0, 70.0, 110.0, 170.0, 250.0, 365.0)
    predictor: bool = True
    model: str = "two-pool"
    truth: str = "prior"
    """``prior``: from the priors; ``fixed``: the means below."""
    mean_q10: tuple[float, float] = (2.0, 2.0)
    error: float = 0.1
    wander: float = 0.0
    """Standard deviation of ln respiration that each jar drifts by until its end, a random walk."""


def cases() -> tuple[Case, ...]:
    """The designs; the first is simulation-based calibration."""
    short = (1.0, 2.0, 4.0, 7.0, 10.0, 14.0, 21.0, 28.0)
    plain = {"predictor": False, "truth": "fixed"}
    return (
        Case("prior, 365 d, a predictor"),
        Case("prior, three pools", predictor=False, model="three-pool"),
        Case("prior, four sites, two jars a temperature", sites=4, replicates=2, predictor=False),
        Case("slow Q10 4 where the prior has 2, 28 d, CV 20 %", days=short, mean_q10=(2.0, 4.0), error=0.2, **plain),
        Case("errors that wander along a jar, 365 d", wander=0.2, **plain),
    )


@dataclass(frozen=True)
class Truth:
    """Parameters behind one data set, with the names of the draws."""

    values: dict[str, NDArray]
    rate: NDArray
    """Rates, in the order of the soils' rates."""


def layout(case: Case) -> Soils:
    """The soils of a design, with rates that are only there to be replaced."""
    rows, jars, samples = [], [], []
    for s in range(case.soils):
        samples.append((f"soil {s}", f"site {s % case.sites}"))
        for temperature in case.temperatures:
            for replicate in range(case.replicates):
                jar = f"{s}-{temperature:g}-{replicate}"
                jars.append((jar, f"soil {s}", f"soil {s}", "soil carbon"))
                rows += [(jar, day, temperature, 1.0, day - min(1.0, day), day) for day in case.days]
    respiration = pd.DataFrame(
        rows, columns=["jar", "time", "temperature", "specific_respiration", "time_start", "time_end"]
    )
    predictors = pd.DataFrame({"sample": [s for s, _ in samples], "clay": np.linspace(-1.5, 1.5, case.soils)})
    return gather_soils(
        respiration, pd.DataFrame(jars, columns=["jar", "sample", "set", "basis"]),
        samples=pd.DataFrame(samples, columns=["sample", "site"]), predictors=predictors if case.predictor else None,
    )  # fmt: skip


def simulate(case: Case, soils: Soils, at: Coordinates, random: np.random.Generator) -> Truth:
    """One data set and its truth."""
    drawn = from_priors(case, soils, at, random) if case.truth == "prior" else fixed(case, soils, random)
    theta = drawn["theta"]
    pools = at.to_pools(theta)
    k = np.exp(
        pools.log_decay_rate[soils.soil] + pools.log_q10[soils.soil] * (soils.temperature[:, None] - REFERENCE) / 10
    )
    fraction = pools.fraction[soils.soil]
    jar = soils.jar
    mean = sum(
        one_pool_mean(soils.time_start, soils.time_end, CARBON * fraction[jar, i], k[jar, i])
        for i in range(len(at.pools))
    )
    mean = mean * np.exp(drawn["jar_effect"])[jar] if "jar_effect" in drawn else mean
    if case.wander:
        steps = random.normal(0, case.wander / np.sqrt(len(case.days)), soils.rate.size)
        mean = mean * np.exp(pd.Series(steps).groupby(jar).cumsum().to_numpy())
    of_rate = soils.soil[jar]
    soil_mean = pd.Series(mean).groupby(of_rate).mean().to_numpy()
    sigma = np.hypot(np.exp(theta[of_rate, -1]) * mean, drawn["floor"] * soil_mean[of_rate])
    rate = mean + sigma * random.standard_t(2 + drawn["tails"], mean.size)
    return Truth(drawn, rate)


def from_priors(case: Case, soils: Soils, at: Coordinates, random: np.random.Generator) -> dict[str, NDArray]:
    """Parameters drawn from the priors."""
    priors = read_priors()

    def normal_scale(level: str) -> tuple[NDArray, NDArray]:
        found = [priors.of(at.model, *column, level=level) for column in at.columns]
        return np.array([p.centre(REFERENCE) for p in found]), np.array([p.scale for p in found])

    def positive(quantity: str, level: str = "mean") -> float:
        prior = priors.of(at.model, quantity, level=level)
        return prior.location * np.exp(random.normal(0, prior.scale))

    mean = random.normal(*normal_scale("mean"))
    spread = np.exp(random.normal(*normal_scale("soils")))
    around = np.tile(mean, (len(soils.names), 1))
    drawn = {"mean": mean, "spread": spread}
    for kind, index in soils.groups.items():
        scale = np.abs(random.normal(0, normal_scale("groups")[1]))
        effect = random.normal(0, 1, (len(soils.group_names[kind]), mean.size)) * scale
        around += effect[index]
        drawn |= {f"{kind}_spread": scale, f"{kind}_effect": effect}
    if case.predictor:
        width = abs(random.normal(0, priors.of(at.model, "coefficient", level="groups").scale))
        drawn["coefficient"] = random.laplace(0, width, (1, len(at.pools)))
        around[:, at.of("q10")] += soils.predictors @ drawn["coefficient"]
    drawn["theta"] = random.normal(around, spread)
    if soils.replicated:
        drawn["jar_spread"] = np.array(positive("jar_effect", "soils"))
        drawn["jar_effect"] = random.normal(0, drawn["jar_spread"], len(soils.jars))
    tails = priors.of(at.model, "tails")
    drawn["floor"] = np.array(positive("floor"))
    drawn["tails"] = np.array(random.gamma(tails.location, 1 / tails.scale))
    return drawn


def fixed(case: Case, soils: Soils, random: np.random.Generator) -> dict[str, NDArray]:
    """Parameters around means that the design fixes: 2 % of carbon lasting 50 days, the rest 15 years at 10 °C."""
    share, slow, ratio = np.log(0.02 / 0.98), -np.log(15 * 365.25), np.log(np.log(15 * 365.25 / 50))
    mean = np.array([share, slow, ratio, *np.log(case.mean_q10), np.log(case.error)])
    spread = np.array([0.4, 0.4, 0.1, 0.2, 0.2, 0.2])
    theta = random.normal(mean, spread, (len(soils.names), mean.size))
    return {"mean": mean, "spread": spread, "theta": theta, "floor": np.array(0.01), "tails": np.array(6.0)}


def quantities(found: dict[str, NDArray], soils: Soils, at: Coordinates) -> dict[str, NDArray]:
    """Numbers that are judged, from draws of shape (chains, draws, ...); those of soils end with the soils."""
    draws = named_draws(found, soils, at, {"reference_temperature": REFERENCE})
    judged = {}
    for variable, dimension in (("mean", "column"), ("spread", "column"), ("site_spread", "column")):
        for name in at.names if variable in draws else ():
            judged[f"{variable} {name}"] = draws[variable].sel({dimension: name}).to_numpy()
    for pool in at.pools if "coefficient" in draws else ():
        judged[f"coefficient {pool}"] = draws["coefficient"].sel(pool=pool).to_numpy()[..., 0]
    for name in ("jar_spread", "floor", "degrees"):
        if name in draws:
            judged[name] = draws[name].to_numpy()
    for variable in ("q10", "decay_rate"):
        for pool in at.pools:
            judged[f"{variable}_{pool} of a soil"] = draws[variable].sel(pool=pool).to_numpy()
    for pool in at.pools[:-1]:
        judged[f"fraction_{pool} of a soil"] = draws["fraction"].sel(pool=pool).to_numpy()
    judged["error of a soil"] = draws["error"].to_numpy()
    warming = draws["q10"] ** ((5.0 - REFERENCE) / 10)
    for year in YEARS:
        left = (draws["fraction"] * np.exp(-draws["decay_rate"] * warming * year * 365.25)).sum("pool")
        judged[f"carbon left after {year:g} a at 5 °C of a soil"] = left.to_numpy()
    return judged


def results(case: Case, data_sets: int = DATA_SETS, sampler: Sampler = SAMPLER) -> Iterator[pd.DataFrame]:
    """Rank and interval of every judged number, a frame a data set."""
    soils, at = layout(case), coordinates(case.model)
    draw = sampler.prepare(bind(soils, at, read_priors(), "laplace", REFERENCE))
    for i in range(data_sets):
        random = np.random.default_rng([SEED, i, sum(map(ord, case.name))])
        truth = simulate(case, soils, at, random)
        chains = draw(i, scaled_rates_of(soils, truth.rate))
        yield judged(chains, truth, soils, at).assign(data_set=i, case=case.name)


def scaled_rates_of(soils: Soils, rate: NDArray) -> NDArray:
    """Other rates of the same soils as the density takes them; what they are divided by does not matter to it."""
    return soils.grid.rows(rate / soils.level[soils.soil[soils.jar]], 1.0)


def judged(chains: Chains, truth: Truth, soils: Soils, at: Coordinates) -> pd.DataFrame:
    """One row a judged number, and one for each soil where it is of soils."""
    mixed = mixing(sampled(chains), labels(soils, at))
    true = quantities({name: np.asarray(v)[None, None] for name, v in truth.values.items()}, soils, at)
    rows = []
    for name, draws in quantities(chains.draws, soils, at).items():
        flat = draws.reshape(-1, draws.shape[2]) if draws.ndim == 3 else draws.reshape(-1, 1)
        values = np.atleast_1d(true[name][0, 0])
        kept = flat[np.linspace(0, len(flat) - 1, KEPT).astype(int)]
        lower, upper = np.quantile(flat, [0.025, 0.975], axis=0)
        for soil, value in enumerate(values):
            held = lower[soil] <= value <= upper[soil]
            rows.append((name, soil, int((kept[:, soil] < value).sum()), held, upper[soil] - lower[soil]))
    frame = pd.DataFrame(rows, columns=["quantity", "soil", "rank", "held", "width"])
    return frame.assign(diverging=mixed.diverging, rhat=mixed.largest_rhat, ess=mixed.least_ess)


def uniform_p(ranks: NDArray) -> tuple[float, float]:
    """p of uniform ranks: of chi-squared over bins, and of the farthest point of the ECDF, by simulation."""
    counts = np.bincount(ranks * BINS // (KEPT + 1), minlength=BINS)
    random = np.random.default_rng(SEED)
    simulated = random.integers(0, KEPT + 1, (4000, ranks.size))
    farthest = np.array([_farthest(one) for one in simulated])
    return float(stats.chisquare(counts).pvalue), float(np.mean(farthest <= _farthest(ranks)))


def _farthest(ranks: NDArray) -> float:
    """Smallest probability of the ECDF at any rank, as Säilynoja et al. (2022), doi 10.1007/s11222-022-10090-6."""
    at = np.arange(1, KEPT + 1)
    below = np.searchsorted(np.sort(ranks), at, side="left")
    share = at / (KEPT + 1)
    return float(np.min(2 * np.minimum(_CDF[ranks.size](below, share), _SF[ranks.size](below, share))))


class _Binomial(dict):
    """Binomial tails of a number of data sets, looked up in a table made once."""

    def __init__(self, tail):
        super().__init__()
        self.tail = tail

    def __missing__(self, n: int):
        shares = np.arange(1, KEPT + 1) / (KEPT + 1)
        table = self.tail(np.arange(n + 1)[:, None], n, shares)
        self[n] = lambda below, _: table[below, np.arange(KEPT)]
        return self[n]


_CDF = _Binomial(stats.binom.cdf)
_SF = _Binomial(lambda k, n, p: stats.binom.sf(k - 1, n, p))


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """One row a case and quantity: uniformity of ranks, and coverage of the 95 % intervals over the first soils and
    over all."""
    rows = []
    for (case, name), here in found.groupby(["case", "quantity"], sort=False):
        first = here[here["soil"] == 0]
        one, every = Coverage(int(first["held"].sum()), len(first)), Coverage(int(here["held"].sum()), len(here))
        chi2, ecdf = uniform_p(first["rank"].to_numpy()) if case.startswith("prior") else (np.nan, np.nan)
        rows.append({
            "case": case, "quantity": name, "fits": len(first), "chi2_p": chi2, "ecdf_p": ecdf,
            "coverage": one.estimate, "low": one.interval[0], "high": one.interval[1], "passes": one.passes,
            "coverage_all_soils": every.estimate, "intervals": every.n, "apart": int((first["rhat"] > APART).sum()),
        })  # fmt: skip
    return pd.DataFrame(rows)


def table(data_sets: int = DATA_SETS) -> pd.DataFrame:
    """The table of docs/calibration/bayes.csv."""
    return summary(pd.concat([one for case in cases() for one in results(case, data_sets)]))
