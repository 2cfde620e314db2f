"""The tables on a sheet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talik.incubation.sheets.blocks import find_blocks
from talik.incubation.sheets.grid import Merged, Sheet, read_workbook

HEAD = ("jar", "depth (cm)", "temperature", "CO2 (ppm)")
ROWS = (("a", 5.0, 4.0, 410.0), ("b", 15.0, 4.0, 512.5), ("c", 5.0, 20.0, 999.0))


def sheet(*rows, merged=()):
    """A sheet of these rows, filled up to one width."""
    width = max(map(len, rows))
    return Sheet("a.xlsx", "s", tuple((*row, *[None] * (width - len(row))) for row in rows), merged)


def found(*rows, **options):
    """The one table of a sheet of these rows."""
    (block,) = find_blocks(sheet(*rows, **options))
    return block


def test_a_plain_table_is_one_block():
    block = found(HEAD, *ROWS)
    assert (block.headers, block.heads, block.first_row, block.last_row) == (HEAD, (0,), 1, 3)
    assert block.column(3) == (410.0, 512.5, 999.0)


def test_title_units_and_footnotes_are_told_apart():
    block = found(
        ("Table 2. Incubation",),
        (),
        ("jar", "depth", "T", "CO2"),
        (None, "(cm)", "(°C)", "(ppm)"),
        *ROWS,
        ("* by infrared analysis",),
        (),
        ("Source: own data",),
    )
    assert block.title == "Table 2. Incubation"
    assert block.headers == ("jar", "depth / (cm)", "T / (°C)", "CO2 / (ppm)")
    assert block.footnotes == ("* by infrared analysis", "Source: own data")
    assert (block.first_row, block.last_row) == (4, 6)


def test_a_merged_head_holds_for_all_columns_under_it():
    block = found(
        ("soil", "respiration (ug C g-1 d-1)", None, None),
        (None, 5.0, 15.0, 25.0),
        ("A", 1.0, 2.0, 4.0),
        ("B", 2.0, 3.0, 5.0),
        merged=(Merged(0, 1, 0, 3), Merged(0, 0, 1, 0)),
    )
    assert block.heads == (0, 1)
    assert block.headers == ("soil", *(f"respiration (ug C g-1 d-1) / {t}" for t in (5, 15, 25)))
    unmerged = found(
        ("soil", "respiration", None, None),
        (None, "5 °C", "15 °C", "25 °C"),
        ("A", 1.0, 2.0, 4.0),
        ("B", 2.0, 3.0, 5.0),
    )
    assert unmerged.headers == ("soil", *(f"respiration / {t} °C" for t in (5, 15, 25)))


def test_days_as_headers_are_a_head_and_no_data():
    block = found(("soil", 1.0, 3.0, 7.0, 14.0), ("A", 5.0, 4.0, 3.0, 2.0), ("B", 6.0, 5.0, 3.5, 2.5))
    assert block.headers == ("soil", "1", "3", "7", "14")
    assert block.first_row == 1


def test_tables_under_and_beside_one_another_are_several():
    under = find_blocks(sheet(("Site A",), HEAD, *ROWS, (), ("Site B",), HEAD, *ROWS[:2]))
    assert [(block.title, block.first_row, block.last_row) for block in under] == [("Site A", 2, 4), ("Site B", 8, 9)]
    beside = find_blocks(
        sheet(*((*row, None, *other) for row, other in zip((HEAD, *ROWS), (HEAD, *ROWS), strict=True)))
    )
    assert [(block.first_column, block.last_column) for block in beside] == [(0, 3), (5, 8)]


def test_a_head_that_is_repeated_without_a_gap_begins_a_table():
    blocks = find_blocks(sheet(HEAD, *ROWS, ("Site B",), HEAD, *ROWS[:2]))
    assert [(block.first_row, block.last_row, block.title) for block in blocks] == [(1, 3, ""), (6, 7, "Site B")]


def test_blank_rows_and_columns_within_a_table_do_not_part_it():
    rows = (HEAD, ROWS[0], (), *ROWS[1:])
    assert (found(*rows).first_row, found(*rows).last_row) == (1, 4)
    spaced = [(*row[:2], None, *row[2:]) for row in (HEAD, *ROWS)]
    assert found(*spaced).last_column == 4


def test_remarks_behind_a_hash_are_no_head():
    assert found(("# Core volume", "in cm3"), ("Core", "CoreVolume_cm3"), ("AL 1", 5.0), ("AL 2", 6.0)).headers == (
        "Core",
        "CoreVolume_cm3",
    )


def test_columns_without_a_name_are_called_by_letter_and_equal_ones_by_number():
    block = found((None, "Andisol", "Andisol", "pH"), ("x", 1.0, 2.0, 5.5), ("y", 2.0, 3.0, 5.0))
    assert block.headers == ("A", "Andisol", "Andisol#2", "pH")


def test_text_alone_is_no_table():
    assert find_blocks(sheet(("Notes on the incubation",), ("The jars were flushed weekly.",))) == ()


def test_all_numbers_are_a_table_without_a_head():
    assert found((1.0, 2.0), (3.0, 4.0), (5.0, 6.0)).heads == ()


CELLS = st.one_of(
    st.none(),
    st.floats(-100, 100),
    st.sampled_from(["jar", "depth (cm)", "n.a.", "a", "* note", "(cm)", "Table 1", "", "5"]),
)


@given(st.lists(st.lists(CELLS, min_size=5, max_size=5), min_size=1, max_size=12))
def test_blocks_never_overlap_and_lie_on_the_sheet(rows):
    grid = sheet(*map(tuple, rows))
    seen = set()
    for block in find_blocks(grid):
        cells = {(row, column) for row in (*block.heads, *block.rows) for column in block.columns}
        assert not cells & seen
        assert min(cells)[0] >= 0
        assert max(row for row, _ in cells) < grid.rows
        assert len(block.headers) == len(set(block.headers)) == len(block.columns)
        seen |= cells


@given(st.integers(0, 5), st.integers(0, 5))
def test_where_a_table_stands_does_not_change_it(down, right):
    moved = found(*[()] * down, *[(*[None] * right, *row) for row in (HEAD, *ROWS)])
    assert (moved.headers, moved.first_row - down, moved.last_row - down) == (HEAD, 1, 3)
    assert moved.first_column == right


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "tables"),
    [
        ("fireresp_canada/Canada data 2015.xlsx", [(94, 9), (67, 13), (25, 8), (92, 13)]),
        ("fireresp_canada/MicrobeData_Canada.xlsx", [(107, 15)]), ("european_gradient/EuropeanGradientData.xlsx", [(760, 11), (72, 39)]),
        ("wang2013_incubation/example-data-fluxes.csv", [(15, 17)]), ("q10_field_lab/CO2_data.csv", [(1054, 45)]),
        ("cpcrw_incubation/data/drymasses.csv", [(30, 6)]), ("cpcrw_incubation/data/CoreData.xlsx", [(32, 3), (1253, 8)]),
    ],
)  # fmt: skip
def test_tables_of_real_files_are_found_whole(data, file, tables):
    blocks = [block for one in read_workbook(data / file) for block in find_blocks(one)]
    assert [(len(block.rows), len(block.columns)) for block in blocks] == tables
