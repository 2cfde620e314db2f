"""talik's tables as a package that ESS-DIVE takes: every column described, every missing value coded."""

import numpy as np
import pandas as pd
import pytest

from talik.columns import _MEANINGS, meaning
from talik.errors import StoreError
from talik.essdive import write_data_dictionary, write_tables
from talik.essdive.describe import DICTIONARY_HEADER, METADATA_HEADER
from talik.problems import COLUMNS, problems_table
from talik.quantities import QUANTITIES
from talik.tables import TABLES, typed

TABLE = typed(
    "respiration",
    pd.DataFrame(
        {"jar": ["a", "b"], "time": [1.0, np.nan], "temperature": 5.0, "gas": ["co2", ""], "respiration": [1.25, 1e-7]}
    ),
)


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_every_column_of_every_table_has_a_meaning_of_its_own():
    columns = {column.name for table in TABLES.values() for column in table.columns} | set(COLUMNS)
    assert not columns - QUANTITIES.keys() - _MEANINGS.keys(), "say in columns.py what they hold"
    assert all(meaning(column).endswith(".") for column in columns)


def test_a_dictionary_has_the_header_and_a_row_for_each_column(tmp_path):
    write_data_dictionary({"respiration": TABLE}, tmp_path / "dd.csv")
    found = read(tmp_path / "dd.csv")
    assert tuple(found.columns) == DICTIONARY_HEADER
    assert list(found["column_or_row_name"]) == list(TABLE.columns)
    rows = found.set_index("column_or_row_name")
    assert rows.loc["respiration", ["unit", "data_type", "missing_value_code"]].tolist() == [
        "ug C g-1 soil d-1",
        "numeric",
        "-9999",
    ]
    assert rows.loc["gas", ["unit", "data_type", "missing_value_code"]].tolist() == ["N/A", "enum", "N/A"]
    assert (found["definition"].str.len() >= 10).all()


def test_a_column_of_two_tables_is_described_once(tmp_path):
    write_data_dictionary(
        {"respiration": TABLE, "jars": typed("jars", pd.DataFrame({"jar": ["a"]}))}, tmp_path / "dd.csv"
    )
    assert read(tmp_path / "dd.csv")["column_or_row_name"].is_unique


def test_a_package_describes_every_file_and_codes_what_is_missing(tmp_path):
    files = write_tables({"respiration": TABLE, "problems": problems_table([])}, tmp_path / "out", title="A study")
    metadata = read(tmp_path / "out" / "flmd.csv")
    assert tuple(metadata.columns) == METADATA_HEADER
    assert set(metadata["file_name"]) == {file.name for file in files}
    assert (metadata["file_description"].str.len() >= 10).all()
    dictionaries = metadata.set_index("file_name")["data_dictionary_file_name"]
    assert dictionaries["respiration.csv"] == "respiration_dd.csv"
    table = read(tmp_path / "out" / "respiration.csv")
    assert table["time"].tolist() == ["1.0", "-9999"]
    assert table["gas"].tolist() == ["co2", "N/A"]
    assert table["respiration"].astype(float).tolist() == [1.25, 1e-7]


def test_nothing_is_replaced(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(StoreError, match="holds something already"):
        write_tables({"respiration": TABLE}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
