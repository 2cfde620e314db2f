"""Filled templates of ISRaD, made by hand: their versions, their units, their names, and thousands spoilt."""

import os
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from israd_template import KEYS, sheets, tabs, write_template
from talik import q10, read_israd, write_sidb
from talik.errors import InputError, TableError, TalikError
from talik.incubation.checks import checked
from talik.incubation.israd.reader import _measurements, understood
from talik.incubation.israd.tabs import tabs_of
from talik.incubation.sheets.grid import Sheet
from talik.problems import Findings

RUNS = int(os.environ.get("TALIK_FUZZ", "500"))
WHOLE = int(os.environ.get("TALIK_FUZZ_WHOLE", "40"))
"""One of so many workbooks goes through all that a reader does."""


def written(folder, rows, *, newer=True):
    return write_template(folder / "Made_2024.xlsx", sheets(rows, newer=newer))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return read_israd(written(tmp_path_factory.mktemp("israd"), tabs()))


def of(table, **having):
    """The one row with these values."""
    for name, value in having.items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return row


def test_the_keys_become_sites_samples_and_jars(made):
    assert made.studies["doi"].tolist() == ["10.0/made"]
    assert made.sites["site"].tolist() == ["Made_2024 Toolik"]
    assert made.samples["sample"].tolist() == ["Made_2024 Toolik Tussock 1_0-10", "Made_2024 Toolik Tussock 1_60-70"]
    assert made.samples["core"].nunique() == 1
    assert (made.jars["sample"].isin(made.samples["sample"])).all()


def test_rows_that_differ_in_the_day_are_one_jar(made):
    upper = made.respiration[made.respiration["jar"].str.contains("0-10_5C")]
    assert upper["time"].tolist() == [7.0, 30.0]
    assert made.jars["jar"].tolist()[:2] == [
        "Made_2024 Toolik Tussock 1_0-10_5C",
        "Made_2024 Toolik Tussock 1_0-10_15C",
    ]


def test_fluxes_are_read_by_their_unit(made):
    first = made.respiration.iloc[0]
    assert first["respiration"] == pytest.approx(120.0)  # 0.12 mg C per g of dry soil and day
    assert first["specific_respiration"] == pytest.approx(0.12 / 0.38)  # of 38 % carbon
    roots = of(made.respiration, jar="Made_2024 Toolik Tussock 1_60-70 roots")
    assert roots["specific_respiration"] == 2.0


def test_carbon_respired_is_a_curve_from_day_0(made):
    deep = made.respiration[made.respiration["jar"].str.endswith("deep 15C")]
    assert deep["time_end"].tolist() == [120.0]
    assert deep["specific_respiration"].tolist() == pytest.approx([31.0 / 120])


def test_the_scheme_gives_a_q10(made):
    found = q10(made.respiration, made.jars)
    ratio = found[(found["definition"] == "equal-time") & found["set"].str.contains("60-70")]["q10"]
    assert ratio.tolist() == pytest.approx([3.1 / 1.4])


def test_roots_are_left_out(made):
    assert of(made.jars, material="live roots")["excluded"] == "incubation of live roots"
    assert set(made.jars.loc[made.jars["material"] == "root-picked soil", "excluded"]) == {""}


def test_depths_and_thaw_are_understood(made):
    upper, lower = made.samples.to_dict("records")
    assert (upper["depth_top"], upper["depth_bottom"], upper["layer"]) == (-10.0, 0.0, "organic")
    assert (lower["depth_top"], lower["layer"]) == (60.0, "permafrost")
    assert made.sites["active_layer_depth"].tolist() == [0.45]
    assert made.sites["permafrost"].tolist() == ["yes"]


@pytest.mark.parametrize(
    ("name", "group", "value", "unit"),
    [
        ("percentClay", "mineral", 31.0, "%"), ("fe_ox", "mineral", 6.5, "mg/g"), ("carbon", "substrate", 38.0, "%"),
        ("pH", "environment", 4.9, ""), ("microbialBiomass", "microbial", 1.9, "mgC/g"), ("14c", "substrate", 52.5, "permille"),
    ],
)  # fmt: skip
def test_layer_properties_are_grouped_with_their_units(made, name, group, value, unit):
    row = of(made.properties, property=name)
    assert (row["group"], row["value"], row["unit"]) == (group, value, unit)


def test_a_spread_goes_with_its_value(made):
    assert of(made.properties, property="14c")["sd"] == 4.0


def test_marks_for_an_abundance_are_told(made):
    told = of(made.problems, rule="value-not-a-number")
    assert told["column"] == "lyr_quartz"
    assert told["where"] == "Made_2024.xlsx, layer!A4"


def test_total_carbon_for_organic_is_told_unless_inorganic_is_known(tmp_path):
    rows = tabs()
    rows["layer"][1] |= {"lyr_c_inorg": 0.6}
    found = read_israd(written(tmp_path, rows))
    assert "total-carbon" not in set(found.problems["rule"])
    assert of(found.jars, jar="Made_2024 Toolik Tussock 1_60-70 deep 5C")["organic_carbon"] == pytest.approx(15.0)


def test_versions_without_newer_columns_read_the_same(made, tmp_path):
    older = read_israd(written(tmp_path, tabs(newer=False), newer=False))
    assert older.respiration["respiration"].tolist() == pytest.approx(
        made.respiration["respiration"].tolist(), nan_ok=True
    )
    assert older.jars["set"].tolist() == made.jars["set"].tolist()


def test_newer_columns_say_oxygen_and_gas(tmp_path):
    rows = tabs()
    rows["incubation"][0] |= {"inc_anaerobic": "yes", "inc_analyte": "CH4"}
    rows["incubation"][2] |= {"inc_analyte": "N2O"}
    found = read_israd(written(tmp_path, rows))
    jar = of(found.jars, oxygen="anaerobic")
    assert found.respiration.loc[found.respiration["jar"] == jar["jar"], "gas"].tolist() == ["ch4"]
    assert of(found.jars, excluded="gas N2O")["measures"] == "other"


def test_a_flux_that_contradicts_the_carbon_respired_is_told(tmp_path):
    rows = tabs()
    # 0.12 mg per g of soil for 7 days is 0.22 % of 38 % carbon.
    rows["incubation"][0] |= {"inc_C_respired": 0.22}
    rows["incubation"][2] |= {"inc_C_respired": 0.5, "inc_flux_units": "mgC/gC soil/day"}
    assert "inc_flux_units" not in set(read_israd(written(tmp_path, rows)).problems["column"])
    rows["incubation"][2] |= {"inc_flux": 27.0}
    told = of(read_israd(written(tmp_path, rows)).problems, column="inc_flux_units")
    assert told["rule"] == "unit-contradiction"
    assert told["where"].endswith("incubation!A6")


def test_rows_without_days_or_with_a_strange_unit_are_told(tmp_path):
    rows = tabs()
    rows["incubation"][0] |= {"inc_duration": None}
    rows["incubation"][1] |= {"inc_flux_units": "furlongs"}
    found = read_israd(written(tmp_path, rows))
    assert {"rows-left-out", "unit-unknown"} <= set(found.problems["rule"])
    assert len(found.respiration) == 5


def test_only_radiocarbon_is_no_respiration(tmp_path):
    rows = tabs()
    rows["incubation"].append({"inc_name": "old", "inc_temp": 20, "inc_duration": 12, "inc_14c": -210.0})
    jar = of(read_israd(written(tmp_path, rows)).jars, temperature=20.0)
    assert (jar["measures"], jar["excluded"]) == ("other", "no respiration given")


def test_a_layer_without_carbon_is_read(tmp_path):
    rows = tabs()
    rows["layer"][0] |= {"lyr_c_org": 0.0}
    rows["incubation"][0] |= {"inc_C_respired": 1.0}
    assert read_israd(written(tmp_path, rows)).jars["organic_carbon"].min() == 0.0


def test_a_number_that_nothing_can_be_is_told(tmp_path):
    rows = tabs()
    rows["incubation"][0] |= {"inc_flux": 1e300}
    told = read_israd(written(tmp_path, rows)).problems.query("column == 'inc_flux'")
    assert told["found"].tolist() == ["'1e+300'"]


def test_soils_of_a_core_that_respire_nothing_are_read(tmp_path):
    rows = tabs()
    for row in rows["incubation"]:
        row |= {"inc_flux": 0.0, "inc_flux_units": "mgC/gC soil/day", "inc_C_respired": None}
    found = read_israd(written(tmp_path, rows))
    assert set(found.respiration["specific_respiration"]) == {0.0}
    assert "scales-apart" not in set(found.problems["rule"])


def test_a_fraction_has_not_the_carbon_of_its_layer(tmp_path):
    rows = tabs()
    rows["incubation"][0] |= {"frc_name": "light"}
    found = read_israd(written(tmp_path, rows))
    assert np.isnan(of(found.jars, fraction="light")["organic_carbon"])


def test_all_rows_that_join_to_nothing_are_named(tmp_path):
    rows = tabs()
    rows["incubation"][0] |= {"lyr_name": "lost"}
    rows["layer"][1] |= {"pro_name": "another"}
    rows["site"].append({})
    with pytest.raises(TableError) as caught:
        read_israd(written(tmp_path, rows))
    found = "\n".join(caught.value.offenders)
    assert "incubation!A4: Made_2024 / Toolik / Tussock 1 / lost is not in the tab layer" in found
    assert "layer!A5: Made_2024 / Toolik / another is not in the tab profile" in found
    assert "site!A5: Made_2024 / Toolik stands in Made_2024.xlsx, site!A4 already" in found


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda cells: cells.pop("layer"), InputError, "the tab layer is missing"),
        (lambda cells: cells["incubation"][0].__setitem__(5, "name"), TableError, "incubation: inc_name"),
        (lambda cells: cells["incubation"].__delitem__(slice(3, None)), InputError, "no row in the tab incubation"),
    ],
    ids=["a tab missing", "a column missing", "an empty tab"],
)
def test_what_is_no_filled_template_is_refused_in_words(tmp_path, change, error, says):
    cells = sheets(tabs())
    change(cells)
    with pytest.raises(error, match=says):
        read_israd(write_template(tmp_path / "a.xlsx", cells))


def test_a_template_becomes_an_sidb_entry(made, tmp_path):
    told = write_sidb(made, tmp_path / "entries")
    assert (tmp_path / "entries" / "Made_2024" / "timeSeries.csv").is_file()
    # An entry has no organic matter, so rates per organic matter are lost with it.
    lost = told[(told["severity"] == "warning") & (told["column"] != "organic_matter_respiration")]
    assert "respiration" not in set(lost["where"])


STRANGE = [
    None, "", 0.0, -1.0, 1e308, float("nan"), float("inf"), "NA", "text", True, "5 to 10", "µ", "10.5 °C", "+++", "yes",
    "mgC/gC soil/day", "Author_year", "inc_flux", "x" * 9000, "12,5", "−4", "\n", "Toolik", "1e400", "²",
]  # fmt: skip
PLACES = st.tuples(
    st.sampled_from(["metadata", "site", "profile", "layer", "incubation", "incubation", "incubation"]),
    st.integers(0, 12), st.integers(0, 30), st.one_of(st.sampled_from(STRANGE), st.floats(), st.text(max_size=5)),
    # Names decide whether a row joins: most changes leave them alone, so that most workbooks are read.
    st.integers(0, 3),
)  # fmt: skip


def spoilt(changes):
    """Sheets of the template with cells changed."""
    cells = sheets(tabs())
    for name, row, column, value, any_cell in changes:
        if row < len(cells[name]):
            header = cells[name][0]
            free = [i for i, c in enumerate(header) if any_cell == 0 or (row > 2 and c not in KEYS and c != "inc_name")]
            if free:
                cells[name][row][free[column % len(free)]] = value
    return [Sheet("Made_2024.xlsx", name, tuple(map(tuple, rows))) for name, rows in cells.items()]


def test_a_spoilt_template_gives_an_answer_or_a_sentence():
    read = []

    @settings(max_examples=RUNS)
    @given(changes=st.lists(PLACES, min_size=1, max_size=5))
    def is_answered(changes):
        findings = Findings("Made_2024")
        try:
            tabs = tabs_of(Path("Made_2024.xlsx"), spoilt(changes))
            found = understood(tabs, findings)
            read.append(changes)
            # The checks of whole tables are the same for every source: a part of the workbooks goes through them.
            if crc32(repr(changes).encode()) % WHOLE == 0:
                checked(_measurements(found, tabs["metadata"].rows, findings))
        except TalikError:
            return
        assert found["jars"]["jar"].is_unique
        assert set(found["respiration"].get("jar", [])) <= set(found["jars"]["jar"])

    is_answered()
    assert len(read) > RUNS / 2
