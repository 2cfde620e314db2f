"""Read, write, read is the same; and what SIDb cannot hold is told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from entries import TIMES, entry, series
from talik import NO_CORRECTIONS, read_sidb, read_tables, write_sidb
from talik.demo import demo_study
from talik.errors import StoreError, TableError
from talik.incubation.checks import checked
from talik.incubation.measurements import Measurements, both_bases
from talik.incubation.sets import set_names
from talik.incubation.sidb.difference import differences
from talik.problems import problems_table
from talik.tables import TABLES, empty, typed

TOLD_OF_NAMES = ["study", "site", "sample", "core", "jar", "set", "incubation", "id", "doi", "licence"]


def again(measured, folder):
    """The measurements after writing and reading, and what was told."""
    told = write_sidb(measured, folder / "written")
    return read_sidb(folder / "written", corrections=NO_CORRECTIONS), told


def assert_same(before: Measurements, after: Measurements):
    """Both hold the same, keys included, whatever the order of rows: written without talik's own comparison."""
    for name, key in (
        ("sites", ["site"]), ("samples", ["sample"]), ("properties", ["id", "property"]), ("jars", ["jar"]),
        ("respiration", ["jar", "temperature", "gas", "time"]),
    ):  # fmt: skip
        one, other = (getattr(m, name).sort_values(key).reset_index(drop=True) for m in (before, after))
        assert_frame_equal(one, other[one.columns], check_exact=False, rtol=1e-9, atol=1e-9 * _largest(one))
        assert (other.drop(columns=one.columns).astype(str) == "").all(axis=None)


def _largest(table: pd.DataFrame) -> float:
    numbers = table[[c for c in table if "respiration" in c]]
    return float(np.nanmax(numbers.to_numpy(float))) if numbers.size and numbers.notna().any(axis=None) else 0.0


def falling(*columns):
    """Rows of a time series that falls, one value a column."""
    return [[t, *(c * (30.0 - 3 * i) for c in range(1, len(columns) + 1))] for i, t in enumerate(TIMES)]


WITH_SPREAD = [
    v
    for one in series(5, 15, unit="mgC/gC")
    for v in (one, one | {"name": one["name"] + "_SE", "statistic": "SE", "primaryVariableName": one["name"]})
]
ENTRIES = {
    "rates": {},
    "rates that only rise": {"rows": [[t, t, 2.0 * t] for t in TIMES], "variables": series(5, 15, unit="mgC/gSoil")},
    "amounts of intervals": {
        "variables": [v | {"varDesc": "carbon"} for v in series(5, 15, unit="microgC/gSoil")], "rows": falling(1, 2),
    },
    "rates under the unit of an amount": {"variables": series(5, 15, unit="microgC/gSoil"), "rows": falling(1, 2)},
    "cumulative with errors": {
        "variables": WITH_SPREAD, "rows": [[t, t / 9, 0.1 + t / 90, t / 5, 0.2 + t / 60] for t in (0, *TIMES)],
        "info": {"replicates": {"value": 4, "type": "lab"}},
    },
    "carbon remaining": {
        "variables": series(5, 15, unit="percentC14Remaining"), "rows": [[t, 100 - t / 9, 100 - t / 5] for t in TIMES],
    },
    "organic matter": {"variables": series(5, 15, unit="mgC/gSOM/d")},
    "jars without mass": {"variables": series(5, 15, unit="mgC/d")},
    "isotopes": {"variables": [*series(5, 15), series(5, unit="permille")[0] | {"name": "d13C_5", "gasMeasured": "13CO2"}]},
    "microbial biomass": {
        "variables": [*series(5, 15), series(5, unit="mgC/gSoil")[0] | {"name": "MBC", "varDesc": "microbial biomass C"}],
    },
    "a unit that nobody understands": {
        "variables": [*series(5, 15), series(5, unit="furlongs")[0] | {"name": "odd"}],
        "rows": [[t, 9 - t / 20, 19 - t / 10, t] for t in TIMES],
    },
    "methane and nitrogen": {
        "variables": [v | {"gasMeasured": "CH4", "anaerobic": "Yes"} for v in series(5, 15)]
        + [v | {"oxygen": 10, "name": v["name"] + "_low"} for v in series(5, 15)],
    },
    "a contested temperature": {
        "variables": [v | {"varDesc": ""} for v in series(5, 15, 25)]
        + [series(35)[0] | {"temperature": 15, "varDesc": ""}],
    },
    "moisture, treatment, replicates": {
        "variables": [
            v | {"name": f"{v['name']}_{m}_{r}", "moisture": m, "warming": w, "replicate": r, "varDesc": ""}
            for v in series(5, 15) for m, w in ((40, "no"), (80, "yes")) for r in "ab"
        ],
        "info": {"moisture": {"value": None, "units": "percentFieldCapacity"}},
    },
    "two sites, two depths, horizons": {
        "variables": [
            v | {"name": f"{s}_{h}_{v['temperature']}", "site": s, "top": top, "bottom": top + 10, "horizon": h}
            for v in series(5, 15) for s in ("Up", "Down") for top, h in ((0, "Oe"), (40, "Cf"))
        ],
        "site": {"site": ["Up", "Down"], "coordinates": {"latitude": [68.6, 69.4], "longitude": [-149.6, -148.1]},
                 "permafrost": {"permafrostExist": [None, "yes"], "activeLayer": [0.3, None]},
                 "soilTaxonomy": {"soilOrder": ["Gelisols", "Gelisols"], "soilFamily": ["Histoturbel", None]}},
        "info": {"depthInfo": {}},
        "initial": "site,top,bottom,horizon,carbonMean,carbonSD,carbonUnits,pH,percentClay,replicates\n"
        + "".join(f"{s},{t},{t + 10},{h},{c},0.5,percent,5.1,{20 + t},3\n"
                  for s, c in (("Up", 30), ("Down", 12)) for t, h in ((0, "Oe"), (40, "Cf"))),
    },
    "field treatments": {
        "variables": [v | {"name": f"{v['name']}_{w}", "plot": w} for v in series(5, 15) for w in ("warmed", "control")],
        "initial": "site,plot,carbonMean,carbonUnits\nPlot,warmed,39,mg/gSoil\nPlot,control,41,mg/gSoil\n",
    },
    "nothing but the series": {"initial": "site\n", "site": {"coordinates": {}, "permafrost": {}}, "info": {"depthInfo": {}}},
}  # fmt: skip


@pytest.fixture(scope="module")
def round_trip(tmp_path_factory):
    """All of these entries read, written and read, and what was told."""
    folder = tmp_path_factory.mktemp("trip")
    (folder / "given").mkdir()
    for i, quirk in enumerate(ENTRIES):
        entry(folder / "given" / f"Made{i}", **ENTRIES[quirk])
    before = read_sidb(folder / "given")
    return before, *again(before, folder)


@pytest.mark.parametrize("quirk", ENTRIES)
def test_an_entry_written_and_read_is_the_same(quirk, round_trip):
    before, after, told = round_trip
    name = f"Made{list(ENTRIES).index(quirk)}"
    told = told[told["entry"] == name]
    assert told.empty, told[["where", "column", "found", "done"]].to_string()
    assert len(before.jars.query("study == @name")) > 1
    assert_same(of_study(before, name), of_study(after, name))


def of_study(measured, name):
    tables = {t: getattr(measured, t) for t in ("sites", "samples", "properties", "jars", "respiration")}
    return replace(measured, **{t: table[table["study"] == name] for t, table in tables.items()})


@pytest.mark.data
def test_every_entry_of_sidb_written_and_read_is_the_same(sidb, data, tmp_path):
    told = write_sidb(sidb, tmp_path / "data")
    assert told.empty, told[["entry", "where", "column", "found", "done"]].to_string()
    assert len(list((tmp_path / "data").iterdir())) == len(sidb.studies)
    # Carbon remaining, and rates with corrected temperatures.
    for name in ("Dalias2001", "NeffHooper2002"):
        after = read_sidb(tmp_path / "data" / name, corrections=NO_CORRECTIONS)
        assert_same(read_sidb(data / "sidb" / "data" / name), after)


def test_the_packaged_study_written_and_read_is_the_same(tmp_path):
    told = write_sidb(demo_study().measurements, tmp_path / "entries")
    assert told.empty, told[["entry", "where", "column", "found", "done"]].to_string()


def test_the_layout_is_that_of_the_database(tmp_path):
    before = read_sidb(entry(tmp_path / "Made2024"))
    write_sidb(before, tmp_path / "out")
    folder = tmp_path / "out" / "Made2024"
    metadata = yaml.safe_load((folder / "metadata.yaml").read_text(encoding="utf-8"))
    lines = (folder / "timeSeries.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "time,CO2_plot_5,CO2_plot_15"
    assert [v["name"] for v in metadata["variables"].values()] == lines[0].split(",")
    assert metadata["variables"]["V1"] == {"name": "time", "units": "d"}
    assert metadata["variables"]["V2"]["units"] == "microgC/gSoil/d"
    assert metadata["siteInfo"]["coordinates"]["latitude"] == [68.6]
    assert {"citationKey", "doi", "entryAuthor", "entryCreationDate", "contactName", "study"} <= metadata.keys()
    # The units that the template of the database allows.
    assert (folder / "initConditions.csv").read_text().splitlines()[0] == "site,top,bottom,carbonMean,carbonUnits"


def laboratory(**changed) -> Measurements:
    """Tables of a laboratory: two soils of two cores at two temperatures, changed as asked."""
    jars = pd.DataFrame(
        [
            {"jar": f"jar {s}{t}", "sample": f"soil {s}", "temperature": float(t), "basis": "dry soil",
             "organic_carbon": c, "measures": "respiration", "moisture": "60", "moisture_unit": "percentGWC"}
            for s, c in (("A", 120.0), ("B", 15.0)) for t in (5, 15)
        ]
    )  # fmt: skip
    times = np.array([2.0, 9.0, 30.0])
    rates = pd.concat(
        [
            pd.DataFrame({"jar": jar.jar, "time": times, "temperature": jar.temperature, "gas": "co2", "n": 3.0,
                          "respiration": 2 ** (jar.temperature / 10) / (1 + times / 20), "sd": 0.1})
            for jar in jars.itertuples()
        ]
    )  # fmt: skip
    tables = {
        "studies": pd.DataFrame([{"study": "Lab 2024", "title": "A laboratory"}]),
        "sites": pd.DataFrame([{"site": "Hill", "latitude": 69.0, "longitude": 20.0, "mean_annual_temperature": -2.0}]),
        "samples": pd.DataFrame(
            [{"sample": f"soil {s}", "site": "Hill", "core": f"core {s}", "depth_top": 0.0, "depth_bottom": 10.0}
             for s in "AB"]
        ),
        "properties": pd.DataFrame(
            [{"subject": "sample", "id": "soil A", "property": "pH", "group": "environment", "value": 5.25}]
        ),
        "jars": jars.assign(set=set_names(jars)), "respiration": rates,
    } | changed  # fmt: skip
    made = {name: typed(name, table) for name, table in tables.items()}
    for name in ("sites", "samples", "properties", "jars", "respiration"):
        made[name] = made[name].assign(study="Lab 2024")
    made["respiration"] = both_bases(made["respiration"], made["jars"])
    return checked(Measurements(**made, problems=problems_table([])))


def test_soils_that_differ_in_nothing_but_their_names_stay_apart(tmp_path):
    before = laboratory()
    after, told = again(before, tmp_path)
    assert set(told["severity"]) <= {"info"} | set(told.loc[told["column"].isin(["method"]), "severity"])
    assert after.samples["core"].nunique() == after.samples["sample"].nunique() == 2
    assert after.jars["set"].nunique() == before.jars["set"].nunique()
    assert list(after.jars["organic_carbon"]) == list(before.jars["organic_carbon"])
    assert after.properties.query("property == 'pH'")["value"].tolist() == [5.25]


NOT_HELD = {
    "headspace_volume": ("jars", lambda m: {"jars": m.jars.assign(headspace_volume=250.0)}),
    "ph": ("jars", lambda m: {"jars": m.jars.assign(ph=5.0)}),
    "vessel": ("jars", lambda m: {"jars": m.jars.assign(vessel="closed")}),
    "flag": ("respiration", lambda m: {"respiration": m.respiration.assign(flag="look again")}),
    "lower": ("respiration", lambda m: {"respiration": m.respiration.assign(lower=0.1)}),
    "time_start": (
        "respiration",
        lambda m: {"respiration": m.respiration.assign(time_start=m.respiration["time"] - 1, time_end=m.respiration["time"] + 1)},
    ),
    "group": ("properties", lambda m: {"properties": m.properties.assign(property="wetness", group="environment")}),
    "permafrost_evidence": ("sites", lambda m: {"sites": m.sites.assign(permafrost="yes", permafrost_evidence="we dug")}),
    "licence": ("studies", lambda m: {"studies": m.studies.assign(licence="CC0")}),
}  # fmt: skip


@pytest.mark.parametrize("column", NOT_HELD)
def test_what_sidb_cannot_hold_is_told_by_table_and_column(column, tmp_path):
    table, change = NOT_HELD[column]
    whole = laboratory()
    told = write_sidb(replace(whole, **change(whole)), tmp_path / "out")
    found = told[(told["where"] == table) & (told["column"] == column)]
    assert found["severity"].tolist() == ["warning"]
    assert set(told["rule"]) == {"not-held"}


def test_a_jar_warmed_in_steps_becomes_a_column_for_each_step(tmp_path):
    whole = laboratory()
    steps = whole.respiration.assign(temperature=whole.respiration["time"].map({2.0: 5.0, 9.0: 15.0, 30.0: 25.0}))
    after, told = again(replace(whole, respiration=steps), tmp_path)
    assert len(after.jars) == 3 * len(whole.jars)
    assert "several temperatures" in told.loc[told["where"] == "jars", "found"].iloc[0]
    assert sorted(after.respiration["respiration"]) == pytest.approx(sorted(whole.respiration["respiration"]))


def test_a_sample_and_a_property_that_join_to_nothing_are_told(tmp_path):
    whole = laboratory()
    extra = pd.concat([whole.samples, whole.samples.iloc[:1].assign(sample="soil C")], ignore_index=True)
    lost = pd.concat([whole.properties, whole.properties.assign(id="soil Z")], ignore_index=True)
    told = write_sidb(replace(whole, samples=extra, properties=lost), tmp_path / "out")
    assert told.loc[told["where"] == "samples", "found"].str.contains("soil C").any()
    assert told.loc[told["where"] == "properties", "column"].str.contains("soil Z").any()


@st.composite
def lab_jars(draw):
    """Jars of one to three soils with rates, adjoining intervals or cumulative curves, some with errors."""
    number = st.floats(0.001, 1e4, allow_nan=False)
    soils = draw(st.integers(1, 3))
    jars, rows = [], []
    for i in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["rate", "amount", "step"]))
        basis = draw(st.sampled_from(["dry soil", "soil carbon", "jar"]))
        temperature = draw(st.sampled_from([-2.0, 0.0, 5.0, 15.5, 25.0]))
        lengths = draw(st.lists(st.floats(0.25, 60.0), min_size=1, max_size=6))
        end = np.cumsum(lengths)
        start = np.concatenate([[0.0], end[:-1]])
        values = draw(st.lists(number, min_size=len(end), max_size=len(end)))
        errors = draw(st.sampled_from([None, 0.5, 12.0]))
        name = draw(st.sampled_from(["jar", "CO2_20", "T5_60", 'Glas, "ä"', "瓶"])) + f" {i}"
        jars.append(
            {"jar": name, "sample": f"soil {i % soils}", "basis": basis, "measures": "respiration",
             "temperature": temperature, "moisture": draw(st.sampled_from(["", "40", "80", "wet"])),
             "oxygen": draw(st.sampled_from(["", "anaerobic", "10 %"])),
             "fertiliser": draw(st.sampled_from(["", "N", "12"]))}
        )  # fmt: skip
        column = {"dry soil": "respiration", "soil carbon": "specific_respiration", "jar": "jar_respiration"}[basis]
        rows.append(
            pd.DataFrame(
                {"jar": name, "temperature": temperature, "gas": draw(st.sampled_from(["co2", "ch4"])),
                 "time_start": np.nan if kind == "rate" else start, "time_end": np.nan if kind == "rate" else end,
                 "time": end if kind == "rate" else 0.5 * (start + end), column: values,
                 "sd": np.nan if errors is None else errors, "n": draw(st.sampled_from([np.nan, 1.0, 4.0])),
                 "method": {"rate": "rate as given", "amount": "amount of the interval", "step": "step of the curve"}[kind]}
            )
        )  # fmt: skip
    table = pd.DataFrame(jars)
    samples = [
        {"sample": f"soil {i}", "site": "Hill", "core": f"core {i}", "depth_top": 5.0 * i, "depth_bottom": 5.0 * i + 5}
        for i in range(soils)
    ]
    return laboratory(
        samples=pd.DataFrame(samples), jars=table.assign(set=set_names(table)), respiration=pd.concat(rows),
        properties=pd.DataFrame(),
    )  # fmt: skip


@settings(max_examples=8)
@given(before=lab_jars())
def test_rates_and_curves_of_any_jar_come_back(before, tmp_path_factory):
    after, told = again(before, tmp_path_factory.mktemp("law"))
    new = after.jars.assign(short=after.jars["jar"].str.removeprefix("Lab 2024 ")).set_index("short")
    assert set(new.index) == set(before.jars["jar"])
    for jar, rows in before.respiration.groupby("jar"):
        read = after.respiration[after.respiration["jar"] == new.loc[jar, "jar"]].sort_values("time")
        rows = rows.sort_values("time")
        for column in (
            "time",
            "respiration",
            "specific_respiration",
            "jar_respiration",
            "sd",
            "temperature",
            "time_end",
        ):
            largest = np.nanmax(np.abs(rows[column])) if rows[column].notna().any() else 0.0
            np.testing.assert_allclose(
                read[column], rows[column], rtol=1e-9, atol=1e-9 * largest, err_msg=f"{jar} {column}"
            )
        assert (read["gas"] == rows["gas"].to_numpy()).all()
    lost = told[(told["severity"] == "warning") & (told["where"] == "respiration")]
    assert lost.empty, lost[["column", "found", "done"]].to_string()


def test_every_change_of_a_value_is_found():
    """The comparison that the writer relies on sees a change in any column that is no name."""
    whole = laboratory()
    sites = dict(zip(whole.sites["site"], whole.sites["site"], strict=True))
    jars = dict(zip(whole.jars["jar"], whole.jars["jar"], strict=True))
    assert not differences(whole, whole, sites, jars)
    for name in ("sites", "samples", "properties", "jars", "respiration"):
        table = getattr(whole, name)
        columns = [c.name for c in TABLES[name].columns if c.name not in [*TOLD_OF_NAMES, "subject", "property"]]
        changed = {column: pd.Series([*table[column].iloc[:-1], another(table[column].iloc[-1])]) for column in columns}
        told = differences(whole, replace(whole, **{name: table.assign(**changed)}), sites, jars)
        assert [(one.where, one.column) for one in told] == [(name, column) for column in columns]


def another(value):
    """A value that is nearly the same."""
    if isinstance(value, str):
        return value + "?"
    return 1e-3 if np.isnan(value) else value * (1 + 1e-7) + 1e-7


def test_every_regrouping_is_found():
    whole = laboratory()
    sites = {"Hill": "Hill"}
    jars = dict(zip(whole.jars["jar"], whole.jars["jar"], strict=True))
    for name, column in (("jars", "set"), ("samples", "core")):
        joined = replace(whole, **{name: getattr(whole, name).assign(**{column: "all the same"})})
        assert [(one.where, one.column) for one in differences(whole, joined, sites, jars)] == [(name, column)]


def test_an_entry_that_is_there_is_not_replaced(tmp_path):
    before = read_sidb(entry(tmp_path / "Made2024"))
    write_sidb(before, tmp_path / "out")
    kept = (tmp_path / "out" / "Made2024" / "metadata.yaml").read_bytes()
    with pytest.raises(StoreError, match="Made2024 already"):
        write_sidb(before, tmp_path / "out")
    assert (tmp_path / "out" / "Made2024" / "metadata.yaml").read_bytes() == kept


def test_where_one_entry_cannot_be_written_none_is(tmp_path, monkeypatch):
    for name in ("One2024", "Two2024"):
        (tmp_path / "in").mkdir(exist_ok=True)
        entry(tmp_path / "in" / name)
    both = read_sidb(tmp_path / "in")
    move = Path.rename

    def full(path, target):
        if path.name == "Two2024":
            raise OSError(28, "No space left on device")
        return move(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(StoreError, match="No space left"):
        write_sidb(both, tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if path.name != "in" and any(path.iterdir())]
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")]


def test_names_that_no_folder_may_have_are_changed_and_told(tmp_path):
    whole = laboratory()
    tables = {
        name: getattr(whole, name).assign(study="../Lab: 2024/a")
        for name in ("studies", "sites", "samples", "properties", "jars", "respiration")
    }
    told = write_sidb(replace(whole, **tables), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["_Lab_ 2024_a"]
    assert told.loc[told["column"] == "study", "found"].tolist() == ["../Lab: 2024/a"]


def test_studies_that_would_share_a_folder_are_refused(tmp_path):
    whole = laboratory()
    studies = typed("studies", pd.DataFrame({"study": ["a/b", "a:b"]}))
    with pytest.raises(TableError, match="same folder"):
        write_sidb(replace(whole, studies=studies), tmp_path / "out")


def test_tables_without_a_jar_write_an_entry_that_reads(tmp_path):
    whole = laboratory()
    nothing = replace(
        whole,
        jars=empty("jars"),
        respiration=empty("respiration"),
        samples=empty("samples"),
        properties=empty("properties"),
    )
    told = write_sidb(nothing, tmp_path / "out")
    assert len(read_sidb(tmp_path / "out").sites) == 1
    assert set(told["severity"]) <= {"warning", "info"}


def test_soil_properties_of_a_laboratory_are_read(tmp_path):
    from talik.tables import write_table

    whole = laboratory()
    for name in ("studies", "sites", "samples", "properties", "jars", "respiration"):
        write_table(getattr(whole, name), tmp_path / f"{name}.csv")
    assert read_tables(tmp_path).properties["value"].tolist() == [5.25]
