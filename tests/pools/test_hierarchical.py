"""One model of many soils: recovered from simulation, held against SciPy, refused where its chains cannot be believed."""

import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from calibration import bayes
from numpy.testing import assert_allclose
from scipy import optimize, stats

import talik
from talik import store
from talik.errors import (
    ChainError,
    InputError,
    MissingExtraError,
    SettingsError,
    StoreError,
    TableError,
    UnknownNameError,
)
from talik.inference.diagnostics import Gates, check_mixing, leave_one_out, mixing, mixing_of
from talik.inference.sampling import Chains, Sampler
from talik.pools import one_pool_mean
from talik.pools.hierarchical import gather_soils, priors_of, read_priors
from talik.pools.hierarchical.coordinates import POOLS, coordinates
from talik.pools.hierarchical.figures import (
    plot_checks,
    plot_contraction,
    plot_predictive,
    plot_prior_and_posterior,
)
from talik.pools.hierarchical.fit import bind, scaled_rates
from talik.pools.hierarchical.of_run import fit_run, write_posterior
from talik.pools.hierarchical.predictive import expected_rates, log_likelihood
from talik.tables import read_table, typed

DAYS = np.array([3.0, 8, 15, 30, 60, 100, 160, 240, 365])
SOILS = 9
SLOPE = 0.35
"""True change of ln Q10 of the slow pool with one standard deviation of clay."""


def simulated(seed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Respiration, jars, clay and the truth of soils of two pools at 5 and 15 °C, three days a reading, CV 5 %."""
    random = np.random.default_rng(seed)
    clay = np.linspace(-1.5, 1.5, SOILS)
    clay = (clay - clay.mean()) / clay.std()
    rows, truth = [], []
    for s in range(SOILS):
        share, slow = 0.03 * np.exp(random.normal(0, 0.3)), 3e-4 * np.exp(random.normal(0, 0.3))
        k = np.array([slow * np.exp(4.3 * np.exp(random.normal(0, 0.1))), slow])
        q10 = np.exp(np.log([2.0, 2.5]) + random.normal(0, 0.1, 2) + np.array([0.0, SLOPE * clay[s]]))
        truth.append((f"soil {s}", share, *k, *q10))
        for temperature in (5.0, 15.0):
            warm = k * q10 ** ((temperature - 10) / 10)
            mean = 1000 * (share * one_pool_mean(DAYS - 3, DAYS, 1, warm[0]))
            mean = mean + 1000 * (1 - share) * one_pool_mean(DAYS - 3, DAYS, 1, warm[1])
            rate = mean * (1 + 0.05 * random.standard_t(8, DAYS.size))
            rows.append(pd.DataFrame({
                "jar": f"{s}-{temperature:g}", "set": f"soil {s}", "time": DAYS, "time_start": DAYS - 3,
                "time_end": DAYS, "temperature": temperature, "specific_respiration": rate,
            }))  # fmt: skip
    respiration = pd.concat(rows, ignore_index=True)
    jars = respiration.drop_duplicates("jar")[["jar", "set"]].assign(basis="soil carbon")
    jars["sample"] = jars["set"]
    names = ["set", "fast_fraction", "k_fast", "k_slow", "q10_fast", "q10_slow"]
    predictors = pd.DataFrame({"sample": [f"soil {s}" for s in range(SOILS)], "clay": 30 + 10 * clay})
    return respiration, jars, predictors, pd.DataFrame(truth, columns=names).set_index("set")


@pytest.fixture(scope="module")
def study():
    return simulated()


@pytest.fixture(scope="module")
def fit(study):
    respiration, jars, predictors, _ = study
    return talik.fit_hierarchical(
        respiration, jars, seed=2, predictors=predictors, reference_temperature=10.0, chains=2, warmup=400, draws=400,
        target_accept=0.8, gates=Gates(rhat=1.05, ess=30, diverging=0.01),
    )  # fmt: skip


@pytest.fixture(scope="module")
def table(fit):
    return fit.table()


def of(table: pd.DataFrame, set: str, parameter: str) -> pd.Series:
    return table[(table["set"] == set) & (table["parameter"] == parameter)].iloc[0]


def test_intervals_hold_the_truth_of_soils(table, study):
    truth = study[3]
    told = table[table["set"] != ""].set_index(["set", "parameter"])
    held = [told["lower"][key] <= value <= told["upper"][key] for key, value in truth.T.unstack().items()]
    assert stats.binom.sf(len(held) - sum(held) - 1, len(held), 0.05) > 0.001


def test_the_coefficient_of_a_driver_is_recovered_in_one_step(table):
    slow, fast = of(table, "", "coefficient_clay_slow"), of(table, "", "coefficient_clay_fast")
    assert slow["lower"] < SLOPE < slow["upper"]
    assert slow["lower"] > 0.1
    assert fast["lower"] < 0 < fast["upper"]


def test_a_soil_that_is_well_told_agrees_with_least_squares(table, study):
    """Both see the same rates; the population, which least squares does not know, moves it by less than its error."""
    respiration, _, _, _ = study
    rows = respiration[respiration["set"] == "soil 4"]
    warming = (rows["temperature"].to_numpy() - 10) / 10
    start, end, rate = (rows[name].to_numpy() for name in ("time_start", "time_end", "specific_respiration"))

    def residuals(theta):
        share, fast, slow = 1 / (1 + np.exp(-theta[0])), np.exp(theta[1] + theta[3] * warming), np.exp(
            theta[2] + theta[4] * warming)  # fmt: skip
        mean = 1000 * (share * one_pool_mean(start, end, 1, fast) + (1 - share) * one_pool_mean(start, end, 1, slow))
        return rate / mean - 1

    found = optimize.least_squares(residuals, [-3.5, -4, -8, 0.7, 0.7], x_scale=[0.3, 0.3, 0.1, 0.3, 0.1])
    for name, value in (("k_slow", found.x[2]), ("q10_slow", found.x[4]), ("k_fast", found.x[1])):
        told = of(table, "soil 4", name)
        middle, sd = np.log(told["lower"] * told["upper"]) / 2, np.log(told["upper"] / told["lower"]) / 3.92
        assert abs(middle - value) < 1.5 * sd, name


def test_identified_means_half_the_prior_and_a_narrow_interval(table):
    for row in table.itertuples():
        name = row.parameter.removeprefix("mean_")
        rate = name.startswith("k") or name.endswith("_fraction")
        widest = 2.0 if name.startswith("q10") else 10.0 if rate else np.inf
        narrow = np.isinf(widest) or row.upper <= widest * row.lower
        assert row.identified == (np.sqrt(1 - row.contraction) <= 0.5 and narrow), row.parameter
        assert np.isnan(row.estimate) == (not row.identified) == (row.reason != ""), row.parameter
    assert 0 < table["identified"].sum() < len(table)
    assert table[["lower", "upper", "sd", "rhat", "ess_bulk", "ess_tail", "contraction"]].notna().all(axis=None)


def test_draws_have_names_and_units_and_survive_a_file(fit, tmp_path):
    draws = fit.draws
    assert draws["q10"].dims == ("chain", "draw", "soil", "pool")
    assert draws["decay_rate"].attrs["units"] == "d-1"
    assert draws.attrs["seed"] == 2
    assert draws.attrs["model"] == "two-pool"
    assert list(draws["soil"].values) == [f"soil {s}" for s in range(SOILS)]
    assert (draws["decay_rate"].diff("pool") < 0).all()
    assert_allclose(draws["fraction"].sum("pool"), 1.0)
    back = talik.read_draws(talik.write_draws(draws, tmp_path / "draws.nc"))
    assert back.identical(draws)
    (tmp_path / "spoilt.nc").write_bytes(b"CDF\x02" + b"\x00" * 9)
    with pytest.raises(InputError, match="netCDF"):
        talik.read_draws(tmp_path / "spoilt.nc")


def test_the_carbon_left_is_what_the_pools_leave(fit):
    left = fit.carbon_left([0, 10], temperature=10.0)
    assert_allclose(left.sel(year=0), 1.0)
    one = fit.draws.isel(chain=0, draw=7, soil=3)
    expected = np.sum(one["fraction"] * np.exp(-one["decay_rate"] * 3652.5))
    assert_allclose(left.isel(chain=0, draw=7, soil=3).sel(year=10), expected)
    assert (fit.carbon_left(10, 15.0) < fit.carbon_left(10, 5.0)).mean() > 0.99
    with pytest.raises(SettingsError, match="below 0 °C"):
        fit.carbon_left(10, -2.0)


def test_rates_and_their_density_are_those_of_numpy(fit):
    """Every reading of some draws, against one-pool means and SciPy's Student t."""
    soils, draws = fit.soils, fit.draws
    mean, scale = expected_rates(draws, soils, fit.coordinates)(np.array([0, 399, 799]))
    likelihood = np.concatenate(list(log_likelihood(draws, soils, fit.coordinates)), axis=2).reshape(800, -1)
    of_rate = soils.soil[soils.jar]
    for i, n in enumerate((0, 399, 799)):
        one = draws.isel(chain=n // 400, draw=n % 400)
        warm = one["q10"].to_numpy()[of_rate] ** ((soils.temperature[soils.jar] - 10.0) / 10)[:, None]
        k, share = one["decay_rate"].to_numpy()[of_rate] * warm, one["fraction"].to_numpy()[of_rate]
        pools = [share[:, p] * one_pool_mean(soils.time_start, soils.time_end, 1000.0, k[:, p]) for p in (0, 1)]
        assert_allclose(mean[i], sum(pools), rtol=1e-10)
        soil_mean = pd.Series(sum(pools)).groupby(of_rate).mean().to_numpy()[of_rate]
        sigma = np.hypot(one["error"].to_numpy()[of_rate] * sum(pools), float(one["floor"]) * soil_mean)
        assert_allclose(scale[i], sigma, rtol=1e-10)
        assert_allclose(likelihood[n], stats.t.logpdf(soils.rate, float(one["degrees"]), mean[i], sigma), rtol=1e-8)


def test_leaving_one_out_costs_about_the_parameters(fit):
    found = fit.loo()
    assert found.pointwise.size == fit.soils.rate.size
    assert_allclose(found.elpd, found.pointwise.sum())
    assert 5 * SOILS / 2 < found.effective_parameters < 6 * SOILS + 12


def test_leave_one_out_is_exact_for_a_normal_mean():
    """The posterior of a normal mean has a closed form, and so has the density of a reading left out."""
    random = np.random.default_rng(3)
    seen = random.normal(0, 1, 30)
    draws = random.normal(seen.mean(), 1 / np.sqrt(30), (4, 2000))
    found = leave_one_out([stats.norm.logpdf(seen, draws[..., None], 1.0)])
    without = (seen.sum() - seen) / 29
    assert_allclose(found.pointwise, stats.norm.logpdf(seen, without, np.sqrt(1 + 1 / 29)), atol=0.01)
    assert found.warning == ""
    far = np.append(seen, 9.0)
    assert "k-hat" in leave_one_out([stats.norm.logpdf(far, draws[..., None] * 3, 0.3)]).warning


def test_data_of_the_model_pass_its_own_checks_and_others_do_not(fit):
    checks = fit.checks(seed=1)
    assert (checks["p"] < 0.01).mean() < 0.07
    assert set(checks["set"]) == set(fit.soils.names)
    from dataclasses import replace

    wave = 1 + 0.4 * np.sin(np.arange(fit.soils.rate.size) * 0.7)
    odd = replace(fit, soils=replace(fit.soils, rate=fit.soils.rate * wave)).checks(seed=1)
    assert (odd.loc[odd["statistic"] == "spread around the curve", "p"] < 0.01).mean() > 0.8
    assert (odd.loc[odd["statistic"] == "errors of neighbours", "measured"] > 0.2).mean() > 0.8


def test_new_readings_lie_where_they_are_foretold(fit):
    told = fit.predictive(seed=3)
    inside = (told["rate"] > told["lower"]) & (told["rate"] < told["upper"])
    assert 0.9 <= inside.mean() <= 1.0
    assert stats.kstest(told["pit"], "uniform").pvalue > 0.001


def test_figures_show_prior_and_posterior(fit):
    figure, axes = plt.subplots(2, 2)
    assert plot_prior_and_posterior(fit, "mean_q10_slow", axes[0, 0]) is axes[0, 0]
    assert plot_contraction(fit, axes[0, 1]) is axes[0, 1]
    assert len(axes[0, 1].get_yticks()) == (fit.table()["set"] == "").sum()
    assert plot_predictive(fit, "soil 2", axes[1, 0]) is axes[1, 0]
    assert plot_checks(fit, axes[1, 1]) is axes[1, 1]
    with pytest.raises(UnknownNameError, match="mean_q10_slow"):
        plot_prior_and_posterior(fit, "q11", axes[0, 0])
    plt.close(figure)


def test_a_chain_too_short_is_an_error_that_says_what_to_do(fit):
    with pytest.raises(ChainError, match=r"effective draws.*draws=\d+") as error:
        check_mixing(fit.mixing, Gates(rhat=1.5, ess=1000, diverging=1.0))
    assert set(error.value.offenders) <= set(fit.mixing.table["parameter"])
    assert "decay_rate_slow of soil 8" in fit.mixing.table["parameter"].to_list()


def test_chains_that_disagree_are_an_error_that_names_them():
    random = np.random.default_rng(1)
    apart = random.normal(0, 1, (4, 500)) + np.array([0, 0, 0, 5])[:, None]
    chains = Chains({"k": apart, "q": random.normal(0, 1, (4, 500))}, np.zeros((4, 500), bool), np.ones((4, 500)), 1023)
    with pytest.raises(ChainError, match=r"R-hat is above 1.01: k \(.*warmup=1600") as error:
        check_mixing(mixing(chains), warmup=800)
    assert error.value.offenders == ("k",)


def test_a_funnel_diverges_and_is_refused():
    """Neal's funnel: a spread near zero has no step size that fits both ends."""
    import numpyro
    import numpyro.distributions as dist

    def funnel(width):
        spread = numpyro.sample("spread", dist.Normal(0.0, 3.0 * width))
        numpyro.sample("soil", dist.Normal(np.zeros(9), np.e ** (spread / 2)))

    chains = Sampler(chains=2, warmup=200, draws=300, target_accept=0.6).prepare(funnel)(0, np.array(1.0))
    with pytest.raises(ChainError, match=r"diverged.*target_accept from 0.6 to 0.9"):
        check_mixing(mixing(chains), target_accept=0.6)


def test_mixing_of_independent_draws_is_good():
    rhat, bulk, tail = mixing_of(np.random.default_rng(0).normal(size=(4, 1000)))
    assert rhat < 1.005
    assert 3000 < bulk < 5000
    assert 2500 < tail < 5000


def test_ranks_of_a_small_calibration_are_spread_evenly():
    """Twelve fits of three soils of one pool: the mean rank of every truth, against its error under uniform ranks."""
    case = bayes.Case("prior, small", soils=3, days=(2.0, 10.0, 30.0, 90.0), predictor=False, model="one-pool", sites=3)
    found = pd.concat(bayes.results(case, 12, Sampler(chains=2, warmup=150, draws=100, target_accept=0.8)))
    ranks = found.groupby("data_set")["rank"].mean()
    of_quantity = found[found["soil"] == 0].groupby("quantity")["rank"].mean()
    error = (bayes.KEPT + 1) / np.sqrt(12 * 12)
    assert np.abs(of_quantity - bayes.KEPT / 2).max() < 4 * error
    assert ranks.std() > 1
    assert 0.88 < found["held"].mean() <= 1


def test_calibration_sees_a_posterior_that_is_too_narrow():
    random = np.random.default_rng(2)
    truth = random.normal(0, 1, 200)
    honest = (random.normal(0, 1, (200, bayes.KEPT)) < truth[:, None]).sum(axis=1)
    narrow = (random.normal(0, 0.7, (200, bayes.KEPT)) < truth[:, None]).sum(axis=1)
    assert min(bayes.uniform_p(honest)) > 0.01
    assert max(bayes.uniform_p(narrow)) < 0.01


@pytest.mark.parametrize("model", POOLS)
def test_rates_are_ordered_and_fractions_sum_to_one_for_any_coordinates(model):
    at = coordinates(model)
    theta = np.random.default_rng(0).normal(0, 2, (50, 4, len(at.columns)))
    pools = at.to_pools(theta)
    assert_allclose(pools.fraction.sum(axis=-1), 1.0)
    assert pools.fraction.min() >= 0
    assert (np.diff(pools.log_decay_rate, axis=-1) < 0).all()
    assert pools.log_decay_rate.shape == pools.fraction.shape == pools.log_q10.shape == (50, 4, len(POOLS[model]))


def test_the_mean_of_an_interval_is_that_of_numpy_and_its_slope_is_finite_at_zero():
    import jax

    from talik.pools.hierarchical import density

    mean_decay = jax.jit(density.mean_decay)
    with jax.enable_x64(True):
        start, length = np.array([[0.0, 0, 5, 100]]), np.array([[0.0, 2, 20, 365]])
        for k in (1e-12, 1e-6, 0.9e-3 / 365, 1.1e-3 / 365, 0.01, 3.0):
            expected = one_pool_mean(start, start + length, 1.0, k)
            assert_allclose(mean_decay(start, length, np.log([[k]])), expected, rtol=1e-12)
        slope = jax.jit(jax.jacobian(lambda log_k: density.mean_decay(start, length, log_k[None, None])))
        assert np.isfinite(slope(-700.0)).all()
        near = slope(np.log(1e-3 / 20))
        step = 1e-6
        up, down = (one_pool_mean(start, start + length, 1.0, 1e-3 / 20 * np.exp(s)) for s in (step, -step))
        assert_allclose(near, (up - down) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize("coefficients", ["horseshoe"])
def test_chains_can_be_started_from_every_prior_of_coefficients(study, coefficients):
    from functools import partial

    import jax
    from numpyro.infer.util import initialize_model

    from talik.inference.sampling import _near_the_prior_mean

    respiration, jars, predictors, _ = study
    soils = gather_soils(respiration, jars, predictors=predictors)
    density = bind(soils, coordinates("two-pool"), read_priors(), coefficients, 10.0)
    with jax.enable_x64(True):
        start = initialize_model(jax.random.key(1), density, init_strategy=partial(_near_the_prior_mean),
                                 model_args=(scaled_rates(soils),))  # fmt: skip
        assert np.isfinite(start.potential_fn(start.param_info.z))


@pytest.mark.parametrize(("coefficients", "known"), [("normal", True), ("horseshoe", False)])
def test_the_density_is_that_of_scipy(study, coefficients, known):
    """Priors and errors of the whole model at one point, the carbon known and unknown, added up with SciPy."""
    import jax
    from numpyro.infer.util import log_density

    respiration, jars, predictors, _ = study
    if not known:
        respiration = respiration.rename(columns={"specific_respiration": "jar_respiration"})
        jars = jars.assign(basis="jar")
    soils = gather_soils(respiration, jars, predictors=predictors)
    at, priors, random = coordinates("two-pool"), read_priors(), np.random.default_rng(4)
    mean, spread = np.array([-3.5, -8.0, 1.4, 0.7, 0.9, -2.5]), np.array([0.5, 0.4, 0.1, 0.2, 0.3, 0.25])
    values = {"mean": mean, "spread": spread, "theta": random.normal(mean, spread, (SOILS, 6)), "floor": 0.02,
              "tails": 5.0}  # fmt: skip
    beta = random.normal(0, 0.1, (1, 2))
    if coefficients == "normal":
        values["coefficient"], prior_of_beta = beta, stats.norm.logpdf(beta, 0, 0.2).sum()
    else:
        unit, width, local, slab = beta, 0.15, np.array([[0.5, 2.0]]), 0.7
        values |= {"coefficient_unit": unit, "coefficient_width": width, "coefficient_local": local,
                   "coefficient_slab": slab}  # fmt: skip
        prior_of_beta = stats.norm.logpdf(unit).sum() + stats.halfnorm.logpdf(width, scale=0.2)
        prior_of_beta += stats.halfcauchy.logpdf(local).sum() + stats.invgamma.logpdf(slab, 2, scale=2 * 0.5**2)
        beta = unit * width * local * np.sqrt(slab / (slab + (width * local) ** 2))
    carbon = np.full(SOILS, 1000.0)
    prior_of_carbon = 0.0
    if not known:
        log_carbon = np.log(20 * soils.level * soils.duration) + random.normal(0, 1, SOILS)
        values["log_carbon"], carbon = log_carbon, np.exp(log_carbon)
        prior_of_carbon = stats.norm.logpdf(log_carbon, np.log(20 * soils.level * soils.duration), 1.5).sum()
    with jax.enable_x64(True):
        model = bind(soils, at, priors, coefficients, 10.0)
        density = jax.jit(lambda rate, at_: log_density(model, (rate,), {}, at_)[0])(scaled_rates(soils), values)
    logs = [priors.of("two-pool", *column) for column in at.columns]
    between = [priors.of("two-pool", *column, level="soils") for column in at.columns]
    total = sum(stats.norm.logpdf(m, p.centre(10.0), p.scale) for m, p in zip(mean, logs, strict=True))
    total += sum(stats.lognorm.logpdf(s, p.scale, scale=p.location) for s, p in zip(spread, between, strict=True))
    around = np.tile(mean, (SOILS, 1))
    around[:, 3:5] += soils.predictors @ beta
    total += stats.norm.logpdf(values["theta"], around, spread).sum() + prior_of_beta + prior_of_carbon
    total += stats.lognorm.logpdf(0.02, 1.0, scale=0.01) + stats.gamma.logpdf(5.0, 2.0, scale=10.0)
    pools = at.to_pools(values["theta"])
    of_rate = soils.soil[soils.jar]
    k = np.exp(pools.log_decay_rate[of_rate] + pools.log_q10[of_rate] * (soils.temperature[soils.jar, None] - 10) / 10)
    rate = sum(
        one_pool_mean(soils.time_start, soils.time_end, carbon[of_rate] * pools.fraction[of_rate, p], k[:, p])
        for p in (0, 1)
    )
    floor = 0.02 * pd.Series(rate).groupby(of_rate).mean().to_numpy()[of_rate]
    sigma = np.hypot(pools.error[of_rate] * rate, floor)
    total += (stats.t.logpdf(soils.rate, 7.0, rate, sigma) + np.log(soils.level[of_rate])).sum()
    assert_allclose(float(density), total, rtol=1e-10)


def test_centres_of_decay_rates_follow_the_reference_temperature():
    prior = read_priors().of("two-pool", "decay_rate", "slow")
    assert_allclose(prior.centre(15.0) - prior.centre(5.0), np.log(2))
    assert_allclose(prior.centre(5.0), -np.log(15 * 365.25), atol=0.01)


def test_every_model_has_every_prior_and_every_prior_a_source():
    priors = read_priors()
    for model in POOLS:
        for quantity, pool in coordinates(model).columns:
            for level in ("mean", "soils", "groups"):
                assert priors.of(model, quantity, pool, level).scale > 0
    table = priors.table
    sourced = table["doi"] != ""
    assert (table.loc[~sourced, "source"] == "weakly informative, ours").all()
    assert table.loc[sourced, "doi"].str.match(r"^10\.\d{4,}/\S+$").all()
    assert (table["note"] != "").all()


def test_the_page_on_the_model_gives_every_prior():
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "bayes.md").read_text(encoding="utf-8")
    for row in read_priors().table.itertuples():
        numbers = [cell.strip() for line in page.splitlines() if row.note in line for cell in line.split("|")]
        assert row.distribution in numbers
        assert {str(float(cell)) for cell in numbers if cell.replace(".", "").replace("e-", "").isdigit()} >= {
            str(row.location), str(row.scale)}  # fmt: skip


def test_priors_that_cannot_be_are_all_told():
    table = read_priors().table.copy()
    table.loc[0, "location"], table.loc[9, "scale"], table.loc[4, "distribution"] = 1.5, -1, "cauchy"
    with pytest.raises(TableError, match="between 0 and 1") as error:
        priors_of(table)
    assert len(error.value.offenders) == 3


def test_replicates_sites_and_studies_have_effects_where_they_can_be_told(study):
    respiration, jars, _, _ = study
    plain = gather_soils(respiration, jars)
    assert not plain.replicated
    assert plain.groups == {}
    twice = pd.concat([respiration, respiration.assign(jar=respiration["jar"] + " b")])
    both = pd.concat([jars, jars.assign(jar=jars["jar"] + " b")]).assign(study="one")
    sites = pd.DataFrame({"sample": sorted(set(jars["sample"])), "site": ["a", "a", "a", "b", "b", "b", "c", "c", "c"]})
    soils = gather_soils(twice, both, samples=sites)
    assert soils.replicated
    assert list(soils.groups) == ["site"]
    assert soils.groups["site"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_rows_of_the_grid_hold_every_rate_once():
    random = np.random.default_rng(0)
    rows = [(f"j{j}", t, 10.0, random.uniform(1, 2)) for j, n in enumerate((1, 3, 3, 4, 30)) for t in range(n)]
    respiration = pd.DataFrame(rows, columns=["jar", "time", "temperature", "jar_respiration"])
    jars = pd.DataFrame({"jar": [f"j{j}" for j in range(5)], "sample": "s", "set": "s", "basis": "jar"})
    soils = gather_soils(respiration, jars)
    assert_allclose(soils.grid.rows(soils.rate)[soils.grid.filled], soils.rate)
    assert np.array_equal(np.repeat(soils.grid.jar, soils.grid.filled.sum(axis=1)), soils.jar)
    assert soils.grid.filled.size < 3 * soils.rate.size


def test_sets_that_cannot_be_used_are_named_with_their_reason(study):
    respiration, jars, _, _ = study
    spoilt = respiration.copy()
    spoilt.loc[spoilt["set"] == "soil 0", "specific_respiration"] = 0.0
    spoilt.loc[spoilt["set"] == "soil 1", "specific_respiration"] *= -1
    soils = gather_soils(spoilt, jars)
    assert soils.names == tuple(f"soil {s}" for s in range(2, SOILS))
    assert soils.left_out["set"].tolist() == ["soil 0", "soil 1"]
    assert soils.left_out["reason"].str.contains("zero or negative").all()
    with pytest.raises(TableError, match="no set of jars"):
        gather_soils(spoilt[spoilt["set"] == "soil 0"], jars)
    with pytest.raises(TableError, match="no set of jars"):
        gather_soils(respiration.iloc[:0], jars)


def test_predictors_that_cannot_be_used_are_all_named(study):
    respiration, jars, predictors, _ = study
    wrong = predictors.assign(flat=1.0, word="x").astype({"clay": object})
    wrong.loc[3, "clay"] = None
    with pytest.raises(TableError, match="soil 3") as error:
        gather_soils(respiration, jars, predictors=wrong)
    assert len(error.value.offenders) == 3
    with pytest.raises(TableError, match="soil 8 have no row"):
        gather_soils(respiration, jars, predictors=predictors.iloc[:-1])


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_units_do_not_matter(study, scale):
    respiration, jars, _, _ = study
    made = respiration.rename(columns={"specific_respiration": "jar_respiration"})
    one = gather_soils(made, jars.assign(basis="jar"))
    other = gather_soils(made.assign(jar_respiration=made["jar_respiration"] * scale), jars.assign(basis="jar"))
    assert_allclose(scaled_rates(other), scaled_rates(one), rtol=1e-12)
    assert_allclose(other.level, one.level * scale, rtol=1e-12)


def test_settings_that_cannot_be_are_refused_together(study):
    respiration, jars, _, _ = study
    with pytest.raises(SettingsError, match="chains=0.*target_accept=1.5"):
        talik.fit_hierarchical(respiration, jars, seed=1, chains=0, target_accept=1.5)
    with pytest.raises(UnknownNameError, match="three-pool"):
        talik.fit_hierarchical(respiration, jars, seed=1, model="four-pool")
    with pytest.raises(SettingsError, match="horseshoe"):
        talik.fit_hierarchical(respiration, jars, seed=1, coefficients="lasso")


def test_without_the_extra_the_error_says_how_to_install_it(study, monkeypatch):
    respiration, jars, _, _ = study
    monkeypatch.setattr("talik.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'numpyro, arviz, xarray. Install with: pip install "talik\[bayes\]"'):
        talik.fit_hierarchical(respiration, jars, seed=1)


def test_arviz_does_not_speak_of_its_next_version():
    from talik.inference.diagnostics import _arviz

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _arviz().__name__ == "arviz"


# --- of a finished run -----------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, study):
    """A finished run of three of the soils, of which two have clay."""
    respiration, jars, predictors, _ = study
    kept = ["soil 1", "soil 4", "soil 7"]
    rates = respiration[respiration["set"].isin(kept)].drop(columns="set").assign(gas="co2")
    properties = predictors.rename(columns={"sample": "id", "clay": "value"})
    properties = properties[properties["id"].isin(kept[:2])].assign(subject="sample", property="clay")
    samples = pd.DataFrame({"sample": kept, "site": ["ridge", "ridge", "gully"]})
    folder = store.open_run(tmp_path / "run")
    for stage, tables in {
        "incubation": {"jars": jars[jars["set"].isin(kept)], "respiration": rates},
        "survey": {"samples": samples, "properties": properties},
    }.items():
        made = {name: typed(name, table) for name, table in tables.items()}
        store.write_stage(folder, stage, "key", made, {}, 0.0)
    return folder.path


QUICK = {"model": "one-pool", "chains": 1, "warmup": 100, "draws": 100,
         "gates": Gates(rhat=2.0, ess=2, diverging=1.0)}  # fmt: skip


def test_a_run_is_fitted_and_sets_whose_sample_lacks_a_predictor_are_told(run, study):
    fit = fit_run(run, seed=3, predictors=["clay"], **QUICK)
    measured = study[0][study[0]["set"].isin(["soil 1", "soil 4"])]
    assert sorted(fit.soils.rate) == pytest.approx(sorted(measured["specific_respiration"]))
    assert fit.soils.names == ("soil 1", "soil 4")
    assert fit.soils.left_out.to_dict("records") == [{"set": "soil 7", "reason": "its sample lacks clay"}]
    assert list(fit.draws["predictor"]) == ["clay"]


def test_a_property_that_no_sample_has_is_named_with_those_there_are(run):
    with pytest.raises(TableError, match="no sample has the properties silt; those of the run are clay"):
        fit_run(run, seed=3, predictors=["clay", "silt"], **QUICK)


def test_a_folder_without_a_finished_run_is_told(tmp_path):
    with pytest.raises(StoreError, match="holds no finished stage 'incubation'"):
        fit_run(tmp_path, seed=3)


def test_what_is_written_is_what_is_told(fit, table, tmp_path):
    files = write_posterior(fit, tmp_path / "posterior")
    assert all(path.stat().st_size for path in files)
    written = read_table(tmp_path / "posterior" / "tables" / "pools_posterior.csv", "pools_posterior")
    assert_allclose(written["upper"], table["upper"], rtol=1e-5)
    assert talik.read_draws(tmp_path / "posterior" / "draws.nc")["q10"].equals(fit.draws["q10"])
    words = (tmp_path / "posterior" / "posterior.txt").read_text(encoding="utf-8")
    slow = of(table, "", "mean_q10_slow")
    assert f"mean_q10_slow: {slow['lower']:.3g} to {slow['upper']:.3g} (95 %)" in words
    told = table[(table["parameter"] == "q10_fast") & (table["set"] != "")]["identified"]
    assert f"q10_fast is identified in {told.sum()} of {SOILS} sets." in words
