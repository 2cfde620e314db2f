"""The workbook that a laboratory fills in."""

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talik.errors import InputError, StoreError, TableError
from talik.incubation.sheets.grid import read_workbook
from talik.incubation.sheets.template import COLUMNS, read_template, write_template
from talik.problems import Findings
from talik.tables import TABLES, check


@pytest.fixture
def template(tmp_path):
    """A workbook as it is written."""
    return write_template(tmp_path / "incubation.xlsx")


def changed(path, cells):
    """The workbook with cells changed, by sheet and place."""
    book = openpyxl.load_workbook(path)
    for (sheet, place), value in cells.items():
        book[sheet][place] = value
    book.save(path)
    return path


def without_examples(path):
    """The workbook without its worked rows."""
    book = openpyxl.load_workbook(path)
    for name in COLUMNS:
        book[name].delete_rows(2, 10)
    book.save(path)
    return path


def place(path, sheet, column, row):
    """Name of the cell of a column in a row."""
    head = [str(cell.value).split(" [")[0] for cell in openpyxl.load_workbook(path)[sheet][1]]
    return openpyxl.utils.get_column_letter(head.index(column) + 1) + str(row)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A workbook without worked rows, and its column of mole fractions."""
    path = without_examples(write_template(tmp_path_factory.mktemp("typed") / "a.xlsx"))
    return path, place(path, "readings", "mole_fraction", 1)[:-1]


def test_the_template_as_written_reads_as_sound_tables(template):
    tables = read_template(template)
    assert list(tables) == list(COLUMNS)
    assert all(len(check(name, table)) for name, table in tables.items())
    assert set(tables["readings"]["jar"]) <= set(tables["jars"]["jar"])
    assert set(tables["jars"]["sample"]) <= set(tables["samples"]["sample"])


def test_every_worked_row_says_that_it_is_synthetic(template):
    for name, table in read_template(template).items():
        key = "id" if name == "properties" else table.columns[0]
        assert table[key].str.startswith("SYNTHETIC").all()


def test_every_vocabulary_and_key_has_its_drop_down(template):
    book = openpyxl.load_workbook(template)
    lists = {}
    for sheet in book:
        head = {cell.column_letter: str(cell.value).split(" [")[0] for cell in sheet[1]}
        for rule in sheet.data_validations.dataValidation:
            if rule.type == "list":
                lists[sheet.title, head[str(rule.sqref)[0]]] = rule.formula1
                assert rule.error
    for table in COLUMNS:
        for column in TABLES[table].columns:
            if column.values and column.name in COLUMNS[table].split():
                assert lists[table, column.name] == '"' + ",".join(word for word in column.values if word) + '"'
    assert lists["samples", "site"] == "sites!$A$2:$A$5001"
    assert lists["jars", "sample"] == "samples!$A$2:$A$5001"
    assert lists["readings", "jar"] == "jars!$A$2:$A$5001"
    assert {"layer", "gas", "event", "vessel", "oxygen", "basis"} <= {column for _, column in lists}


def test_heads_stay_in_sight_and_explain_themselves(template):
    book = openpyxl.load_workbook(template)
    for name in COLUMNS:
        assert book[name].freeze_panes == "B2"
        assert all(len(cell.comment.text) > 5 for cell in book[name][1])


def test_another_reader_sees_the_same_cells(template):
    book = openpyxl.load_workbook(template)
    for sheet in read_workbook(template):
        assert [[cell.value for cell in row] for row in book[sheet.name].iter_rows()] == [
            list(row) for row in sheet.cells
        ]


def test_names_that_excel_would_make_dates_are_kept_as_text(template):
    sheet = openpyxl.load_workbook(template)["jars"]
    assert sheet.column_dimensions["A"].number_format == "@"


def test_units_in_the_header_are_converted(template):
    at = place(template, "jars", "organic_carbon", 1)
    changed(template, {("jars", at): "organic_carbon [percent]", ("jars", at[:-1] + "2"): 4.5})
    assert read_template(template)["jars"]["organic_carbon"].tolist() == [45.0]


def test_odd_writings_are_understood_and_told(template):
    findings = Findings("incubation.xlsx")
    changed(
        template,
        {
            ("jars", place(template, "jars", "dry_mass", 2)): "２０，５",
            ("jars", place(template, "jars", "ph", 2)): "n.a.",
        },
    )
    jars = read_template(template, findings=findings)["jars"]
    assert jars["dry_mass"].tolist() == [20.5]
    assert jars["ph"].isna().all()
    assert sorted(found.column for found in findings.problems) == ["dry_mass", "ph"]


def test_every_wrong_cell_is_told_at_once_by_its_place(template):
    mass, ph = place(template, "jars", "dry_mass", 2), place(template, "jars", "ph", 2)
    changed(template, {("jars", mass): "20 spoons", ("jars", ph): "acid", ("sites", "B2"): "north"})
    with pytest.raises(TableError) as raised:
        read_template(template)
    assert len(raised.value.offenders) == 3
    assert f"jars!{mass}" in str(raised.value)


def test_dates_of_readings_are_counted_from_the_start_of_the_jar(template):
    from datetime import datetime

    changed(template, {("readings", f"B{row}"): datetime(2024, 6, day, 21) for row, day in ((2, 1), (3, 2), (4, 5))})
    assert read_template(template)["readings"]["time"].tolist() == [0.5, 1.5, 4.5]
    changed(template, {("jars", place(template, "jars", "start", 2)): None})
    with pytest.raises(TableError, match="has no start"):
        read_template(template)


def test_worked_rows_beside_own_ones_are_refused(template):
    changed(template, {("sites", "A3"): "Toolik"})
    with pytest.raises(InputError, match="SYNTHETIC: delete them"):
        read_template(template)


def test_an_emptied_template_has_all_columns_and_no_rows(template):
    tables = read_template(without_examples(template))
    assert {name: (len(table), table.columns[0]) for name, table in tables.items()} == {
        "sites": (0, "site"), "samples": (0, "sample"), "properties": (0, "subject"), "jars": (0, "jar"), "readings": (0, "jar"),
    }  # fmt: skip


def test_a_file_is_never_written_over(template):
    with pytest.raises(StoreError, match="is there already"):
        write_template(template)


def test_another_workbook_is_sent_to_a_mapping(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["jar", "x"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match="through a mapping"):
        read_template(tmp_path / "a.xlsx")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5)
@given(
    ppm=st.lists(st.floats(0, 1e6).map(lambda x: round(x, 3)), min_size=1, max_size=5),
    name=st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=8),
)
def test_what_is_typed_is_what_is_read(empty, ppm, name):
    path, ppm_column = empty
    name = f"jar {name}"
    cells = {("readings", f"A{row}"): name if row < 2 + len(ppm) else None for row in range(2, 8)}
    cells |= {("readings", f"{ppm_column}{row}"): None for row in range(2, 8)}
    cells |= {("readings", f"{ppm_column}{row}"): value for row, value in enumerate(ppm, 2)}
    readings = read_template(changed(path, cells))["readings"]
    assert readings["mole_fraction"].tolist() == ppm
    assert set(readings["jar"]) == {name}
