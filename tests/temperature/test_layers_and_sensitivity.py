"""Active against permafrost layer within cores, and what one constant Q10 would lose."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from talik import compare_layers, flux_sensitivity
from talik.errors import UnknownNameError
from talik.tables import typed
from talik.temperature.sensitivity import sensitivity_of_soils


def estimates(cores, active, permafrost, error=0.1):
    rows = [
        {"study": "s", "set": f"{core} {layer}, moisture 60", "sample": f"{core} {layer}", "definition": "equal-time", "t_low": 5.0,
         "t_high": 15.0, "temperatures": 2, "time_start": 0.0, "time_end": 100.0, "q10": value * (1 + 0.05 * i),
         "lower": value * (1 + 0.05 * i) * np.exp(-1.959964 * error), "n": 1,
         "upper": value * (1 + 0.05 * i) * np.exp(1.959964 * error)}
        for i, core in enumerate(cores)
        for layer, value in (("active", active), ("permafrost", permafrost))
    ]  # fmt: skip
    samples = [
        {"study": "s", "sample": f"{core} {layer}", "site": "here", "core": core, "layer": layer}
        for core in cores
        for layer in ("active", "permafrost")
    ]
    return typed("q10", pd.DataFrame(rows)), typed("samples", pd.DataFrame(samples))


def test_layers_are_compared_within_a_core():
    found = compare_layers(*estimates(["a"], 2.0, 3.0))
    row = found.iloc[0]
    assert_allclose(row["ratio"], 1.5)
    # Errors of two independent estimates of 0.1 each: ln ratio has sqrt(2) * 0.1.
    assert_allclose(row["upper"], 1.5 * np.exp(1.959964 * np.sqrt(2) * 0.1), rtol=1e-6)


def test_over_cores_the_differences_are_paired():
    found = compare_layers(*estimates(["a", "b", "c"], 2.0, 3.0))
    over_all = found[found["core"] == "all"].iloc[0]
    # Cores differ in level, not in the ratio of their layers: pairing leaves no error.
    assert_allclose([over_all["ratio"], over_all["lower"], over_all["upper"]], 1.5)
    assert over_all["n"] == 3


def test_in_a_core_of_peat_the_organic_layer_is_the_active_one():
    table, samples = estimates(["a"], 2.0, 3.0)
    peat = samples.assign(layer=samples["layer"].replace("active", "organic"))
    assert_allclose(compare_layers(table, peat)["ratio"], 1.5)


def test_a_core_with_one_layer_has_no_comparison():
    table, samples = estimates(["a"], 2.0, 3.0)
    assert compare_layers(table[table["sample"] == "a active"], samples).empty


def study(log_q10, rates, carbon=50.0):
    """Soils of two studies with given Q10 and rates at 5 and 15 °C."""
    names = [f"soil {i}" for i in range(len(log_q10))]
    table = [
        {"study": f"study {i % 2}", "set": n, "sample": n, "definition": "equal-time", "t_low": 5.0, "t_high": 15.0,
         "temperatures": 2, "time_start": 0.0, "time_end": 100.0, "q10": np.exp(q), "sd_ln_q10": 0.0, "n": 1}
        for i, (n, q) in enumerate(zip(names, log_q10, strict=True))
    ]  # fmt: skip
    jars = [
        {"study": f"study {i % 2}", "jar": f"{n} {t}", "sample": n, "set": n, "basis": "soil carbon",
         "measures": "respiration", "organic_carbon": carbon, "temperature": t}
        for i, n in enumerate(names) for t in (5.0, 15.0)
    ]  # fmt: skip
    released = [
        {"jar": f"{n} {t}", "time": time, "temperature": t, "gas": "co2", "specific_release": r * np.exp(q * (t - 10) / 10) * time}
        for n, q, r in zip(names, log_q10, rates, strict=True) for t in (5.0, 15.0) for time in (14.0, 28.0)
    ]  # fmt: skip
    return (
        typed("q10", pd.DataFrame(table)),
        typed("release", pd.DataFrame(released)),
        typed("jars", pd.DataFrame(jars)),
    )


def ratio(found, constant):
    return found.loc[found["constant"] == constant, "ratio"].item()


def test_with_one_q10_everywhere_a_constant_loses_nothing():
    found = flux_sensitivity(*study(np.log([2.5] * 6), [1, 2, 3, 4, 5, 6.0]), definition="equal-time")
    means = found[~found["constant"].isin(["2", "1.5"])]
    assert_allclose(means["ratio"], 1.0)
    assert_allclose(ratio(found, "2"), np.log(2.5) / np.log(2.0))


def test_a_definition_that_there_is_not_is_refused_with_those_that_there_are():
    with pytest.raises(UnknownNameError, match="is called 'equal carbon'; there are .*equal-carbon, rate"):
        flux_sensitivity(*study(np.log([2.5] * 6), [1, 2, 3, 4, 5, 6.0]), definition="equal carbon")


def test_the_gain_is_the_covariance_of_flux_and_ln_q10():
    """With the geometric mean as the constant, science has it exactly: sum w lnQ / mean lnQ."""
    logs, rates = np.log([1.5, 2.0, 3.0, 4.0]), np.array([1.0, 1.0, 2.0, 4.0])
    found = flux_sensitivity(*study(logs, rates), definition="equal-time")
    wanted = (rates / rates.sum()) @ logs / logs.mean()
    assert wanted > 1
    assert_allclose(ratio(found, "geometric mean of Q10"), wanted, rtol=1e-9)


def test_the_choice_of_the_constant_flips_the_sign():
    logs, rates = np.log([1.5, 2.0, 3.0, 4.0]), np.array([4.0, 2.0, 1.0, 1.0])
    found = flux_sensitivity(*study(logs, rates), definition="equal-time")
    assert ratio(found, "geometric mean of Q10") < 1 < ratio(found, "1.5")


def test_the_interval_is_the_same_whatever_the_order_of_rows():
    table, released, jars = study(np.log([1.5, 2.0, 3.0, 4.0]), [4.0, 2.0, 1.0, 1.0])
    once = flux_sensitivity(table, released, jars, definition="equal-time")
    again = flux_sensitivity(table.iloc[::-1], released.iloc[::-1], jars.iloc[::-1], definition="equal-time")
    pd.testing.assert_frame_equal(once, again)


def soils(logs, studies):
    """Soils that respire alike."""
    names = [f"soil {i}" for i in range(len(logs))]
    return pd.DataFrame({"study": studies, "sample": names, "log": logs, "rate": 1.0, "carbon": 50.0})


def test_of_one_study_of_soils_that_respire_alike_the_interval_is_students():
    """With a fixed constant the ratio is a plain mean, of which the jackknife is the usual standard error."""
    logs = np.log([1.5, 1.8, 2.2, 2.5, 3.0])
    row = sensitivity_of_soils(soils(logs, "one"), "equal-time").set_index("constant").loc["2"]
    wanted = stats.ttest_1samp(logs, 0).confidence_interval(0.95)
    assert_allclose([row["lower"], row["upper"]], np.array(wanted) / np.log(2.0), rtol=1e-9)


def test_of_several_studies_these_are_what_was_drawn():
    """Soils of one study are no more than that one study, however many they are."""
    logs, studies = np.log([1.5, 2.5, 3.0]), np.array(["a", "b", "c"])
    once = sensitivity_of_soils(soils(logs, studies), "equal-time")
    tenfold = sensitivity_of_soils(soils(np.repeat(logs, 10), np.repeat(studies, 10)), "equal-time")
    assert_allclose(tenfold[["ratio", "lower", "upper"]], once[["ratio", "lower", "upper"]])


def test_a_soil_with_most_of_the_flux_leaves_few_degrees_of_freedom():
    alike, uneven = soils(np.log([1.5, 1.8, 2.2, 2.5, 3.0]), "one"), [10.0, 1.0, 1.0, 1.0, 1.0]
    before, after = (sensitivity_of_soils(one, "equal-time") for one in (alike, alike.assign(rate=uneven)))
    width = [
        one.set_index("constant").loc["2", ["lower", "upper"]].astype(float).diff().iloc[1] for one in (before, after)
    ]
    assert width[1] > 2 * width[0]


@pytest.mark.parametrize("column", ["scale", "excluded"])
def test_soils_whose_scale_is_not_believed_have_no_weight(column):
    table, released, jars = study(np.log([1.5, 2.0, 3.0, 4.0]), [4.0, 2.0, 1.0, 1.0])
    marked = jars.assign(**{column: "impossible"})
    assert flux_sensitivity(table, released, marked, definition="equal-time").empty
