"""Cells of workbooks of every kind, and files that are none."""

import io
import struct
import zipfile
from datetime import datetime, time, timedelta

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from talik.errors import InputError
from talik.incubation.sheets import container
from talik.incubation.sheets.grid import delimiter_of, read_workbook
from talik.textfile import read_text


def written(path, cells, **options):
    """A workbook whose first sheet has these cells, by place."""
    book = xlsxwriter.Workbook(str(path), options)
    sheet = book.add_worksheet("first")
    for (row, column), value in cells.items():
        sheet.write(row, column, value)
    book.close()
    return path


def part_changed(path, name, change):
    """A workbook with one of its packed parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {item.filename: archive.read(item) for item in archive.infolist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return path


@pytest.mark.parametrize("late", [False, True], ids=["1900", "1904"])
def test_dates_are_the_same_in_both_date_systems(tmp_path, late):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"date_1904": late})
    sheet = book.add_worksheet()
    for row, (value, form) in enumerate(
        [
            (datetime(2015, 8, 31), "yyyy-mm-dd"),
            (datetime(2015, 8, 31, 17, 18, 45), "yyyy-mm-dd hh:mm:ss"),
            (time(17, 18), "hh:mm"),
        ]
    ):
        sheet.write_datetime(row, 0, value, book.add_format({"num_format": form}))
    sheet.write_number(3, 0, 1.5, book.add_format({"num_format": "[h]:mm"}))
    book.close()
    (found,) = read_workbook(tmp_path / "a.xlsx")
    column = [row[0] for row in found.cells]
    assert column == [datetime(2015, 8, 31), datetime(2015, 8, 31, 17, 18, 45), time(17, 18), timedelta(hours=36)]
    assert found.first_year == (1904 if late else 1900)


def test_error_cells_are_told_from_empty_ones(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = book.add_worksheet()
    for row, error in enumerate(["#DIV/0!", "#N/A", "#VALUE!", "#REF!"]):
        sheet.write_formula(row, 1, "=A1", None, error)
    sheet.write(4, 1, 5.5)
    book.close()
    (found,) = read_workbook(tmp_path / "a.xlsx")
    assert [row[1] for row in found.cells] == ["#DIV/0!", "#N/A", "#VALUE!", "#REF!", 5.5]
    assert found.value(0, 0) is None


def test_a_merged_value_is_spread_over_its_range_only(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = book.add_worksheet()
    sheet.merge_range(0, 1, 1, 3, "respiration")
    sheet.write(2, 0, "x")
    book.close()
    (found,) = read_workbook(tmp_path / "a.xlsx")
    spread = [[found.spread(row, column) for column in range(5)] for row in range(3)]
    assert spread == [[None, *["respiration"] * 3, None]] * 2 + [["x", None, None, None, None]]
    assert found.value(1, 2) is None


def test_rows_and_columns_keep_their_numbers(tmp_path):
    path = written(tmp_path / "a.xlsx", {(6, 3): "late"})
    (found,) = read_workbook(path)
    assert found.value(6, 3) == "late"
    assert found.where(6, 3) == "a.xlsx, first!D7"


def test_content_decides_and_not_the_ending(tmp_path):
    path = written(tmp_path / "a.xlsx", {(0, 0): "jar", (1, 0): 5})
    renamed = path.rename(tmp_path / "a.csv")
    assert read_workbook(renamed)[0].cells == (("jar",), (5.0,))
    text = tmp_path / "b.xlsx"
    text.write_text("jar,x\n1,2\n")
    assert read_workbook(text)[0].cells == (("jar", "x"), ("1", "2"))


def test_a_workbook_of_another_writer_reads_alike(tmp_path):
    book = openpyxl.Workbook()
    rows = [["jar", "T", "when"], ["a", 5.25, datetime(2020, 2, 29)], [None, True, None], ["µ", None, -1e-7]]
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert [list(row) for row in read_workbook(tmp_path / "a.xlsx")[0].cells] == rows


def test_an_opendocument_sheet_is_read(tmp_path):
    rows = "".join(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
        f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        '<table:table-cell table:number-columns-repeated="16382"/></table:table-row>'
        for name, value in [("a", 1.5), ("b", 2.5)]
    )
    write_ods(
        tmp_path / "a.ods",
        rows
        + '<table:table-row table:number-rows-repeated="1048574"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>',
    )
    assert read_workbook(tmp_path / "a.ods")[0].cells == (("a", 1.5), ("b", 2.5))


def write_ods(path, rows):
    """An OpenDocument workbook with these rows."""
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = f'<?xml version="1.0"?><office:document-content{spaces}><office:body><office:spreadsheet><table:table table:name="s">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", content)


@pytest.mark.parametrize(
    "rows",
    [
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="10000" office:value-type="float" office:value="1"/></table:table-row>',
        '<table:table-row table:number-rows-repeated="100000000"><table:table-cell/></table:table-row><table:table-row><table:table-cell office:value-type="float" office:value="1"/></table:table-row>',
    ],
    ids=["repeated cells", "far below"],
)
def test_an_opendocument_sheet_too_large_is_refused_before_it_is_read(tmp_path, rows):
    write_ods(tmp_path / "a.ods", rows)
    with pytest.raises(InputError, match="cells of a workbook are read"):
        read_workbook(tmp_path / "a.ods")


def test_a_stray_cell_far_off_is_refused_before_it_is_read(tmp_path):
    path = written(tmp_path / "a.xlsx", {(0, 0): 1, (1048575, 16383): 2})
    with pytest.raises(InputError, match=r"1,048,576 rows x 16,384 columns.*Ctrl\+End"):
        read_workbook(path)


def test_a_long_text_in_very_many_cells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(container, "MOST_TEXT", 1_000_000)
    path = written(tmp_path / "a.xlsx", {(row, 0): "x" * 5000 for row in range(300)})
    assert path.stat().st_size < 20_000
    with pytest.raises(InputError, match="repeats long texts"):
        read_workbook(path)
    write_ods(
        tmp_path / "a.ods",
        f'<table:table-row table:number-rows-repeated="20"><table:table-cell table:number-columns-repeated="15" office:value-type="string"><text:p>{"x" * 5000}</text:p></table:table-cell></table:table-row>',
    )
    with pytest.raises(InputError, match="repeats long texts"):
        read_workbook(tmp_path / "a.ods")


def test_many_sheets_count_together(tmp_path, monkeypatch):
    monkeypatch.setattr(container, "MOST_CELLS", 100)
    book = openpyxl.Workbook()
    for name in "abc":
        book.create_sheet(name).cell(8, 5, 1)
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match="8 rows x 5 columns"):
        read_workbook(tmp_path / "a.xlsx")


def test_a_cell_without_its_place_is_counted(tmp_path):
    path = written(tmp_path / "a.xlsx", {(0, 0): 1, (1, 1): 2})
    part_changed(path, "xl/worksheets/sheet1.xml", lambda part: part.replace(b' r="B2"', b"").replace(b' r="A1"', b""))
    assert read_workbook(path)[0].cells[0][0] == 1.0


def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(container, "LARGEST_UNPACKED", 50_000_000)
    path = written(tmp_path / "a.xlsx", {(0, 0): 1})
    part_changed(path, "xl/worksheets/sheet1.xml", lambda part: part + b" " * 60_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match="unpacks to 60 MB"):
        read_workbook(path)


def test_a_size_that_lies_is_not_believed(tmp_path):
    path = written(tmp_path / "a.xlsx", {(0, 0): 1})
    part_changed(path, "xl/worksheets/sheet1.xml", lambda part: part + b" " * 10_000_000)
    content = path.read_bytes()
    size = struct.pack("<I", 10_000_000 + 5)
    lying = content.replace(content[content.rindex(b"xl/worksheets/sheet1.xml") - 22 :][:4], size)
    path.write_bytes(lying)
    with pytest.raises(InputError, match="cannot be read as a workbook"):
        read_workbook(path)


@pytest.mark.parametrize("place", [b"E" + b"9" * 80, b"ZZZZZZZ1", b"e5x"])
def test_a_cell_at_a_place_that_cannot_be_is_refused_before_it_is_read(tmp_path, place):
    # Found by random damage: the reader of cells made room for 700 GB and took the process with it.
    path = written(tmp_path / "a.xlsx", {(0, 0): 1, (1, 1): 2})
    part_changed(path, "xl/worksheets/sheet1.xml", lambda part: part.replace(b'r="B2"', b'r="' + place + b'"'))
    with pytest.raises(InputError, match="cells of a workbook are read"):
        read_workbook(path)


def test_an_old_workbook_with_a_cell_far_off_is_refused(tmp_path):
    stream = b"".join(struct.pack("<HHHHHd", 0x0203, 14, row, column, 0, 1.0) for row, column in [(0, 0), (65535, 255)])
    stream = struct.pack("<HHHH", 0x0809, 4, 0x0600, 0x0010) + stream + struct.pack("<HH", 0x000A, 0)
    (tmp_path / "a.xls").write_bytes(compound(stream))
    with pytest.raises(InputError, match="65,536 rows x 256 columns"):
        read_workbook(tmp_path / "a.xls")


def compound(stream):
    """A compound file with one stream called Workbook."""
    stream = stream.ljust(4096, b"\0")
    sectors = [stream[at : at + 512].ljust(512, b"\0") for at in range(0, len(stream), 512)]
    table = [*range(1, len(sectors)), 0xFFFFFFFE, 0xFFFFFFFE, 0xFFFFFFFD]
    entries = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HBB", 2 * len(name) + 2, kind, 0) + b"\xff" * 12
        + b"\0" * 36 + struct.pack("<II", start, size) + b"\0" * 4
        for name, kind, start, size in [("Root Entry", 5, 0xFFFFFFFE, 0), ("Workbook", 2, 0, len(stream))]
    )  # fmt: skip
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + b"\0" * 6
    head += struct.pack("<IIIIIIIII", 0, 1, len(sectors), 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", len(sectors) + 1, *[0xFFFFFFFF] * 108)
    allocation = struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff")
    return head + b"".join(sectors) + entries.ljust(512, b"\0") + allocation


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 ...", "is a PDF"), (b"<html><table><tr><td>5</td></tr></table></html>", "is a web page"),
        (b"PK\x03\x04 cut off", "cut off or damaged"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "damaged"),
        (b"   \n", "is empty"), (b",,\n,,\n", "no filled cell"), (b"a\x00b", "binary"),
        (b'jar,note\n1,"never closed\n' + b"2,x\n" * 20000, "never closed"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_told_with_what_to_do(tmp_path, content, words):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_workbook(path)


def test_missing_files_and_folders_are_told(tmp_path):
    with pytest.raises(InputError, match="is not there"):
        read_workbook(tmp_path / "none.xlsx")
    with pytest.raises(InputError, match="is a folder"):
        read_workbook(tmp_path)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("瓶号;温度（℃）\n1;5\n", "gb18030"), ("温度,含水量\n1,2\n", "gbk"), ("T ℃,x\n5,1\n", "gbk"),
        ("呼吸速率 (μg CO2-C g-1 d-1) ±,x\n1,2\n", "gbk"), ("若尔盖泥炭地,囧\n1,2\n", "gb18030"),
        ("respiration [µg C g-1 d-1],T (°C)\n1,2\n", "cp1252"), ("Umeå;Kärkevagge;Jääskeläinen;5 µg\n", "cp1252"),
        ("T °C ± 0,5;55°30' N;m²\n", "cp1252"), ("Café;naïve;Ångström;Øvre Årdal\n", "cp1252"), ("µ,5\n", "cp1252"),
        ("温度\t含水量\n1\t2\n", "utf-8"), ("温度\t含水量\n1\t2\n", "utf-8-sig"), ("温度\t含水量\n1\t2\n", "utf-16"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_text_reads_as_it_was_written(tmp_path, text, encoding, ends):
    path = tmp_path / "a.csv"
    path.write_bytes(text.replace("\n", ends).encode(encoding))
    assert read_text(path).content == text


@given(
    rows=st.lists(st.lists(st.sampled_from(["5", "0,25", "jar a", "-1.5", "x;y", "a, b", 'say "no"']), min_size=3, max_size=3), min_size=2, max_size=8),
    mark=st.sampled_from([";", "\t", ","]),
)  # fmt: skip
def test_the_delimiter_of_what_a_csv_writer_wrote_is_found(rows, mark):
    import csv

    file = io.StringIO()
    csv.writer(file, delimiter=mark, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerows(
        [["h1", "h2", "h3"], *rows]
    )
    assert delimiter_of(file.getvalue()) == mark


@pytest.mark.data
def test_strict_open_xml_is_read_where_openpyxl_finds_no_sheet(data):
    path = data / "fireresp_canada" / "MicrobeData_Canada.xlsx"
    with pytest.warns(UserWarning, match="invalid specification"):
        assert openpyxl.load_workbook(path).sheetnames == []
    (found,) = read_workbook(path)
    assert (found.rows, found.columns, found.value(1, 0)) == (108, 15, "N12_A1_5")


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "shapes"),
    [
        ("fireresp_canada/Canada data 2015.xlsx", [(95, 9), (68, 13), (26, 8), (93, 13)]),
        ("fireresp_canada/Canada C kg m2.xlsx", [(126, 5)]),
        ("fireresp_canada/Modeling data Canada North.xlsx", [(37, 20)]),
        ("european_gradient/EuropeanGradientData.xlsx", [(761, 11), (73, 39)]),
        ("wang2013_incubation/example-data-fluxes.csv", [(16, 17)]),
        ("wang2013_incubation/example-initial-state.csv", [(5, 10)]),
        ("q10_field_lab/CO2_data.csv", [(1055, 45)]),
        ("q10_field_lab/CH4_data.csv", [(279, 28)]),
        ("q10_field_lab/Q10_data.csv", [(6093, 13)]),
        ("cpcrw_incubation/data/drymasses.csv", [(32, 6)]),
    ],
)
def test_real_files_have_their_rows_and_columns(data, file, shapes):
    assert [(sheet.rows, sheet.columns) for sheet in read_workbook(data / file)] == shapes


@pytest.mark.data
def test_the_error_cells_of_a_real_workbook_are_all_there(data):
    rates, _ = read_workbook(data / "european_gradient" / "EuropeanGradientData.xlsx")
    column = {name: i for i, name in enumerate(rates.cells[0])}
    # An error cell stands in the derived column wherever the measured one is the text NaN.
    for measured, derived in (("bacgrowth", "b_c"), ("fungrowth", "f_c"), ("resp", "r_c")):
        errors = [row[column[derived]] == "#VALUE!" for row in rates.cells[1:]]
        assert errors == [row[column[measured]] == "NaN" for row in rates.cells[1:]]
        assert any(errors)
