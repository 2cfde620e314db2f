"""Active against permafrost layer by every definition of Q10 and by release, and a sentence where no core has both."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from scipy import stats

from soils_with_known_q10 import DAYS, tables
from talik import compare_layers, q10
from talik.flux import release
from talik.tables import empty, typed
from talik.temperature import layers_in_words
from talik.temperature.figures import plot_layers, plot_layers_by_measure


def core(name, active, permafrost, *, level=(1.0, 2.0), study="transect"):
    """Two layers of one core, at constant rates, three temperatures and two jars each."""
    rates, jars = [], []
    for layer, true, rate in (("active", active, level[0]), ("permafrost", permafrost, level[1])):
        curves = {(t, r): (DAYS, np.full(DAYS.size, rate * (1 + 0.02 * r) * true ** ((t - 5) / 10)))
                  for t in (5, 15, 25) for r in (0, 1)}  # fmt: skip
        one, own = tables(curves, soil=f"{study} {name} {layer}", study=study)
        rates.append(one.assign(specific_respiration=one["respiration"] / 20))
        jars.append(own)
    samples = pd.DataFrame({"study": study, "sample": [f"{study} {name} active", f"{study} {name} permafrost"],
                            "site": "here", "core": name, "layer": ["active", "permafrost"]})  # fmt: skip
    return pd.concat(rates), pd.concat(jars), typed("samples", samples)


def transect(*cores):
    """Tables of several cores, and their Q10."""
    rates, jars, samples = (pd.concat(parts, ignore_index=True) for parts in zip(*cores, strict=True))
    rates, jars = typed("respiration", rates), typed("jars", jars)
    return q10(rates, jars), samples, release(rates), jars


def pools_of(samples, fast):
    return typed("pools", pd.DataFrame({"study": "transect", "set": samples["sample"], "sample": samples["sample"],
                 "model": "two-pool", "parameter": "q10_fast", "estimate": fast, "sd": 0.2,
                 "lower": np.array(fast) * 0.8, "upper": np.array(fast) * 1.25, "identified": True,
                 "basis": "dry soil"}))  # fmt: skip


def test_every_definition_is_compared():
    table, samples, released, jars = transect(core("one", 2.0, 3.0))
    found = compare_layers(table, samples, release=released, jars=jars)
    q10_rows = found[found["measure"].str.startswith("Q10")]
    assert set(q10_rows["measure"]) == {
        "Q10, equal-carbon", "Q10, equal-time", "Q10, rate", "Q10, rate at the first reading", "Q10, exponential-fit",
        "Q10, arrhenius",
    }  # fmt: skip
    assert_allclose(q10_rows["ratio"], 1.5, rtol=1e-3)  # a Q10 that is alike everywhere is no activation energy
    assert q10_rows[["t_low", "t_high"]].drop_duplicates().values.tolist() == [[5.0, 25.0]]


def test_pools_are_compared_where_both_layers_have_them():
    rates, jars, samples = core("one", 2.0, 3.0)
    table = q10(typed("respiration", rates), typed("jars", jars), pools=pools_of(samples, [2.0, 5.0]))
    found = compare_layers(table, samples)
    assert_allclose(found.loc[found["measure"] == "Q10, pool (two-pool, fast)", "ratio"], 2.5)


def test_release_is_compared_at_each_temperature_on_a_common_day():
    table, samples, released, jars = transect(core("one", 2.0, 3.0))
    short = released[~released["jar"].str.contains("permafrost at 15, 1") | (released["time"] <= 112)]
    found = compare_layers(table, samples, release=short, jars=jars)
    rows = found[found["measure"] == "release per carbon"].set_index("t_low")
    assert_allclose(rows["ratio"], [2.0, 3.0, 4.5], rtol=1e-9)
    assert rows["time"].tolist() == [364.0, 112.0, 364.0]


def test_the_interval_of_a_release_in_one_core_is_that_of_welch():
    table, samples, released, jars = transect(core("one", 2.0, 3.0))
    row = compare_layers(table, samples, release=released, jars=jars).query("measure == 'release per carbon'").iloc[0]
    half = np.log(1.02) / 2  # standard error of the mean of two whose logarithms differ by ln 1.02
    wanted = stats.t.ppf(0.975, 2) * half * 2**0.5
    assert_allclose(np.log(row["upper"] / row["ratio"]), wanted, rtol=1e-6)


def test_over_cores_release_is_paired():
    """Cores differ tenfold in level and alike in the ratio of their layers: pairing leaves no error."""
    cores = [core(str(i), 2.0, 2.0, level=(level, 1.7 * level)) for i, level in enumerate((1.0, 3.0, 10.0))]
    table, samples, released, jars = transect(*cores)
    found = compare_layers(table, samples, release=released, jars=jars)
    over_all = found[(found["measure"] == "release per carbon") & (found["core"] == "all")]
    assert over_all["t_low"].tolist() == [5.0, 15.0, 25.0]
    assert_allclose(over_all[["ratio", "lower", "upper"]], 1.7, rtol=1e-9)
    assert (over_all["n"] == 3).all()
    assert layers_in_words(found, samples) == "3 cores have both layers, compared within it."


def test_the_interval_over_cores_is_students():
    ratios = np.array([1.2, 1.9, 2.4])
    cores = [core(str(i), 2.0, 2.0 * ratio) for i, ratio in enumerate(ratios)]
    table, samples, *_ = transect(*cores)
    row = compare_layers(table, samples).query("core == 'all' and measure == 'Q10, rate'").iloc[0]
    low, high = stats.ttest_1samp(np.log(ratios), 0).confidence_interval(0.95)
    assert_allclose([row["lower"], row["upper"]], np.exp([low, high]), rtol=1e-6)


def test_cores_of_two_studies_with_one_name_are_two_cores():
    table, samples, *_ = transect(core("1", 2.0, 3.0), core("1", 2.0, 4.0, study="elsewhere"))
    row = compare_layers(table, samples).query("core == 'all' and measure == 'Q10, rate'").iloc[0]
    assert row["n"] == 2
    assert_allclose(row["ratio"], (1.5 * 2.0) ** 0.5)


def test_a_layer_that_released_nothing_has_a_sentence():
    table, samples, released, jars = transect(core("one", 2.0, 3.0))
    nothing = released.assign(specific_release=released["specific_release"].where(
        ~released["jar"].str.contains("permafrost"), 0.0))  # fmt: skip
    rows = compare_layers(table, samples, release=nothing, jars=jars).query("measure == 'release per carbon'")
    assert rows["ratio"].isna().all()
    assert rows["flag"].str.contains("released nothing").all()


def test_layers_of_unequal_windows_say_so():
    table, samples, *_ = transect(core("one", 2.0, 3.0))
    shorter = table.assign(time_end=table["time_end"].where(table["sample"].str.contains("active"), 50.0))
    rows = compare_layers(shorter, samples).query("measure == 'Q10, equal-time'")
    assert rows["flag"].item() == "windows differ: active to day 364, permafrost to day 50"


def test_no_core_with_both_layers_is_a_sentence():
    table, samples, released, jars = transect(core("one", 2.0, 3.0))
    alone = samples[samples["layer"] == "active"]
    found = compare_layers(table, alone, release=released, jars=jars)
    assert found.empty
    assert layers_in_words(found, alone) == (
        "No core can be compared: of 1 core, 1 has an active and 0 have a permafrost layer, and 0 have both."
    )
    assert "0 cores" in layers_in_words(empty("layers"), empty("samples"))


def test_one_jar_of_each_layer_has_a_ratio_and_no_interval():
    table, samples, released, jars = transect(core("one", 2.0, 3.0))
    first = jars["jar"].str.endswith(", 0")
    kept = released[released["jar"].isin(jars.loc[first, "jar"])]
    rows = compare_layers(table, samples, release=kept, jars=jars[first]).query("measure == 'release per carbon'")
    assert_allclose(rows["ratio"], [2.0, 3.0, 4.5])
    assert rows["lower"].isna().all()
    assert rows["flag"].str.contains("no interval").all()


@pytest.mark.parametrize("plot", [plot_layers, plot_layers_by_measure])
@pytest.mark.parametrize("cores", [1, 2])
def test_layers_are_drawn_with_every_measure_named(plot, cores):
    table, samples, released, jars = transect(*(core(str(i), 2.0, 3.0) for i in range(cores)))
    ax = plot(compare_layers(table, samples, release=released, jars=jars), Figure().subplots())
    labels = [label.get_text() for label in ax.get_yticklabels()]
    if plot is plot_layers_by_measure:
        assert "Q10, arrhenius" in labels
        assert "release per carbon, 15 °C" in labels
        assert [text.get_text() for text in ax.texts].count(str(cores)) == len(labels)
    else:
        assert labels == ["0", "1", "all"][:cores] + (["all"] if cores > 1 else [])
