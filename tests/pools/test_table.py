import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from talik import pools
from talik.errors import SettingsError, TableError
from talik.pools import POOL_MODELS, pool_fits
from talik.pools.models import two_pool
from talik.pools.soils import series_of, soil_rates
from talik.responses import van_t_hoff
from talik.tables import check

DAYS = np.array([1, 3, 7, 14, 30, 60, 120, 240, 365], float)
JARS = pd.DataFrame(
    {
        "jar": ["1", "2"],
        "sample": "peat",
        "incubation": "a",
        "set": "peat-a",
        "organic_carbon": 250.0,
        "measures": "respiration",
        "basis": "soil carbon",
    }
)


def rates(jar, temperature, column="specific_respiration", scale=1.0):
    warming_fast, warming_slow = (float(van_t_hoff(temperature, q10)) for q10 in (2.0, 3.0))
    rate = two_pool(DAYS, 1000.0, 0.03, 0.08 * warming_fast, 3e-4 * warming_slow)
    return pd.DataFrame({"jar": jar, "time": DAYS, "temperature": temperature, "gas": "co2", column: scale * rate})


def fit_pools(respiration, jars, model="two-pool"):
    """The parameters of one model."""
    table = pools.fit_pools(respiration, jars, models=[model])
    return table[~table["parameter"].str.startswith("carbon_left")]


RESPIRATION = pd.concat([rates("1", 5.0), rates("2", 15.0)])


def estimates(pools):
    return pools.set_index("parameter")["estimate"]


def test_pools_and_their_q10_come_from_the_tables():
    found = fit_pools(RESPIRATION, JARS)
    assert_allclose(estimates(found), [0.03, 0.08, 3e-4, 2.0, 3.0], rtol=1e-5)
    assert found["identified"].all()
    assert set(found["reference_temperature"]) == {10.0}
    assert set(found["n"]) == {18.0}
    assert set(found["basis"]) == {"soil carbon"}


def test_it_is_a_pools_table():
    check("pools", fit_pools(RESPIRATION, JARS))


def test_per_soil_and_per_carbon_agree_where_the_carbon_is_known():
    # 250 mg carbon in a gram of soil: x mg per g carbon are 250 x µg per g soil.
    per_soil = pd.concat([rates(jar, t, "respiration", 250.0) for jar, t in (("1", 5.0), ("2", 15.0))])
    found = fit_pools(per_soil, JARS.assign(basis="dry soil"))
    assert_allclose(estimates(found), estimates(fit_pools(RESPIRATION, JARS)), rtol=1e-5)


def test_sizes_are_free_where_the_carbon_is_unknown():
    per_jar = pd.concat([rates(jar, t, "jar_respiration") for jar, t in (("1", 5.0), ("2", 15.0))])
    found = fit_pools(per_jar, JARS.assign(basis="jar"))
    assert list(found["parameter"][:2]) == ["c0_fast", "c0_slow"]


def test_the_basis_is_told_by_the_column_that_is_filled():
    found = fit_pools(RESPIRATION, JARS.drop(columns="basis"))
    assert_allclose(estimates(found), estimates(fit_pools(RESPIRATION, JARS)))


def test_a_scale_known_to_be_impossible_is_not_held_against_the_carbon():
    found = fit_pools(RESPIRATION, JARS.assign(scale="impossible"))
    assert "c0_fast" in set(found["parameter"])


def test_intervals_are_used_where_they_are_given():
    with_intervals = RESPIRATION.assign(time_start=RESPIRATION["time"] - 0.5, time_end=RESPIRATION["time"] + 0.5)
    [soil] = pool_fits(with_intervals, JARS, models=["one-pool"])
    assert_allclose(soil.rates.time_end - soil.rates.time_start, 1.0)
    [soil] = pool_fits(with_intervals.assign(time_start=np.nan), JARS, models=["one-pool"])
    assert_allclose(soil.rates.time_start, RESPIRATION["time"])


def test_what_replicates_keep_apart_is_told_by_their_deviations():
    noise = 1 + 0.02 * np.random.default_rng(6).standard_normal(len(RESPIRATION))
    noisy = RESPIRATION.assign(specific_respiration=RESPIRATION["specific_respiration"] * noise)
    [alone] = series_of(list(soil_rates(noisy, JARS)))
    assert alone.kept is None
    assert alone.jar_freedom == 0
    measured = noisy.assign(sd=0.2 * noisy["specific_respiration"], n=4)
    [series] = series_of(list(soil_rates(measured, JARS)))
    # Three of each temperature, however often they are read.
    assert series.jar_freedom == 6
    assert series.kept.shape == (18, 2)
    wide, narrow = (
        pools.fit_pools(table, JARS, models=["two-pool"]).set_index("parameter") for table in (measured, noisy)
    )
    widths = [np.log(found["upper"] / found["lower"])["q10_slow"] for found in (narrow, wide)]
    assert widths[1] > 2 * widths[0]


@pytest.mark.parametrize("model", POOL_MODELS)
def test_the_order_of_rows_changes_nothing(model):
    shuffled = fit_pools(RESPIRATION.sample(frac=1, random_state=1), JARS.iloc[::-1], model=model)
    straight = fit_pools(RESPIRATION, JARS, model=model)
    pd.testing.assert_frame_equal(shuffled, straight, check_exact=True)


def test_what_is_not_identified_has_no_estimate_but_an_interval_and_a_reason():
    noise = 1 + 0.2 * np.random.default_rng(0).normal(size=len(RESPIRATION))
    noisy = RESPIRATION.assign(specific_respiration=RESPIRATION["specific_respiration"] * noise)
    found = fit_pools(noisy, JARS.assign(scale="impossible"))
    missing = found.loc[~found["identified"]]
    assert len(missing)
    assert missing["estimate"].isna().all()
    assert missing[["lower", "upper"]].notna().all(axis=None)
    assert (missing["reason"] != "").all()


def test_too_few_points_give_rows_with_the_reason():
    found = fit_pools(RESPIRATION.loc[RESPIRATION["time"] < 3], JARS)
    assert len(found) == 5
    assert found["reason"].str.contains("2 rates; the two-pool model").all()


def test_jars_that_measure_something_else_are_left_out():
    assert fit_pools(RESPIRATION, JARS.assign(measures="carbon remaining")).empty


def test_another_gas_is_left_out():
    methane = RESPIRATION.assign(gas="ch4", specific_respiration=99.0)
    found = fit_pools(pd.concat([RESPIRATION, methane]), JARS)
    assert_allclose(estimates(found), estimates(fit_pools(RESPIRATION, JARS)))


def test_jars_warmed_in_steps_are_refused_in_words():
    found = fit_pools(RESPIRATION.assign(jar="1"), JARS)
    assert found["reason"].str.contains("jars 1 changed temperature").all()
    assert found["estimate"].isna().all()


def test_jars_on_two_bases_are_refused_in_words():
    found = fit_pools(RESPIRATION, JARS.assign(basis=["soil carbon", "jar"]))
    assert found["reason"].str.contains("different bases: soil carbon, jar").all()


def test_a_jar_without_a_row_is_an_error_that_names_it():
    with pytest.raises(TableError, match="jars 2 have respiration but are not in the jars table"):
        fit_pools(RESPIRATION, JARS.loc[JARS["jar"] == "1"])


def test_an_empty_table_gives_an_empty_table():
    assert fit_pools(RESPIRATION.iloc[:0], JARS).empty


def test_where_the_scale_is_not_believed_no_amount_of_carbon_is_identified():
    time = np.tile([2.0, 10, 30, 60, 120], 2)
    warm = np.repeat([1.0, 2.5], 5)
    respiration = pd.DataFrame(
        {"jar": np.repeat(["A", "B"], 5), "time": time, "temperature": np.repeat([5.0, 15.0], 5),
         "specific_respiration": 40.0 * warm * np.exp(-2e-2 * warm * time)}
    )  # fmt: skip
    jars = pd.DataFrame(
        {"jar": ["A", "B"], "sample": "peat", "set": "peat", "basis": "soil carbon", "scale": "impossible"}
    )
    found = fit_pools(respiration, jars, model="one-pool").set_index("parameter")
    assert found.loc["q10", "identified"]
    assert not found.loc["c0", "identified"]
    assert found.loc["c0", "reason"] == "the scale of the respiration is impossible"


def test_models_of_a_soil_are_weighed_and_averaged():
    found = pools.fit_pools(RESPIRATION, JARS, models=["one-pool", "two-pool"])
    weights = found.groupby("model", sort=False)["weight"].first()
    assert weights[["one-pool", "two-pool"]].sum() == pytest.approx(1)
    assert weights["two-pool"] > 0.99
    left = found[found["parameter"] == "carbon_left_1"].set_index("model")
    truth = 0.03 * np.exp(-0.08 * 365.25) + 0.97 * np.exp(-3e-4 * 365.25)
    assert left.loc["averaged", "estimate"] == pytest.approx(truth, rel=1e-4)
    assert left.loc["averaged", "lower"] <= truth <= left.loc["averaged", "upper"]


def test_carbon_is_not_believed_where_more_than_it_was_respired():
    per_soil = RESPIRATION.rename(columns={"specific_respiration": "respiration"})
    found = pools.fit_pools(per_soil, JARS.assign(basis="dry soil", organic_carbon=0.05), models=["two-pool"])
    found = found.set_index("parameter")
    assert found.loc["c0_fast", "reason"].startswith("the scale of the respiration is impossible: a jar respired ")
    assert found.loc["q10_fast", "identified"]


def test_the_jar_that_respired_most_tells_how_much_more_than_its_carbon_it_was():
    days = np.array([1.0, 2.0, 4.0])
    respiration = pd.DataFrame({
        "jar": np.repeat(["1", "2"], 3), "time_start": np.tile([0.0, 1.0, 2.0], 2), "time_end": np.tile(days, 2),
        "time": np.tile(days, 2), "temperature": np.repeat([5.0, 15.0], 3), "specific_respiration": [500.0] * 3 + [1e3] * 3,
    })  # fmt: skip
    (soil,) = soil_rates(respiration, JARS)
    assert soil.scale == "impossible: a jar respired 4 times its carbon"
    (soil,) = soil_rates(respiration.drop(columns=["time_start", "time_end"]), JARS)
    assert soil.scale == "impossible: a jar respired 3 times its carbon"


def test_one_model_may_be_named_alone():
    alone = pools.fit_pools(RESPIRATION, JARS, models="one-pool")
    pd.testing.assert_frame_equal(alone, pools.fit_pools(RESPIRATION, JARS, models=["one-pool"]))


def test_no_model_is_refused():
    with pytest.raises(SettingsError, match="models is empty; name one or more of one-pool"):
        pools.fit_pools(RESPIRATION, JARS, models=[])


def test_an_infinite_number_of_replicates_tells_nothing():
    [soil] = soil_rates(RESPIRATION.assign(n=np.inf, sd=0.1), JARS)
    assert (soil.replicates == 1.0).all()


def test_averaged_intervals_have_the_coverage_that_is_asked_for():
    noisy = RESPIRATION.assign(
        specific_respiration=lambda rates: (
            rates["specific_respiration"] * np.exp(0.1 * np.random.default_rng(1).normal(size=len(rates)))
        )
    )
    wide, narrow = (pools.fit_pools(noisy, JARS, confidence=c).query("model == 'averaged'") for c in (0.95, 0.5))
    assert (narrow["lower"] > wide["lower"]).all()
    assert (narrow["upper"] < wide["upper"]).all()


def test_carbon_left_needs_the_carbon_at_the_start():
    found = pools.fit_pools(RESPIRATION, JARS.assign(scale="impossible"), models=["two-pool"])
    assert not found["parameter"].str.startswith("carbon_left").any()


def test_an_empty_study_has_no_pools():
    assert pools.fit_pools(RESPIRATION.iloc[:0], JARS).empty
