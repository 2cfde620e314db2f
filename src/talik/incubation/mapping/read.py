"""Measurements from a folder of workbooks, by a mapping."""

from pathlib import Path
from typing import Any

from talik.errors import TableError, listed
from talik.incubation.lab_tables import MEASURED, measurements_of
from talik.incubation.mapping.apply import mapped_tables
from talik.incubation.mapping.schema import Mapping
from talik.incubation.measurements import Measurements


def read_mapped(mapping: Path | str | Mapping, data: Path | str | None = None, **flux: Any) -> Measurements:
    r"""Read a folder of workbooks as a mapping says, to measurements.

    Parameters
    ----------
    mapping : path_like or Mapping
        A mapping file, the name of an example, or a mapping.
    data : path_like, optional
        Folder of the data, or one workbook; by default the folder of the mapping file.
    **flux : object
        Settings of ``respiration``, by which rates are computed from readings.

    Returns
    -------
    Measurements
        Checked as a laboratory's own tables are.

    Raises
    ------
    InputError, SettingsError, TableError
        With everything that is wrong in the mapping or the data.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> _ = (folder / "rates.csv").write_text("core,5 C,15 C\nA,1.0,2.5\nB,0.75,n.a.\n")
    >>> _ = (folder / "m.toml").write_text('''[study]
    ... study = "mine"
    ... [[read]]
    ... wide.columns = '(?P<temperature>[0-9]+) C'
    ... sites.site = "here"
    ... samples = { sample = "{core}", site = "here" }
    ... jars = { jar = "{core} {temperature}", sample = "{core}" }
    ... [read.respiration]
    ... jar = "{core} {temperature}"
    ... time = 7
    ... temperature = "{temperature}"
    ... respiration = { column = "value", unit = "ug C g-1 soil h-1" }
    ... ''')
    >>> read_mapped(folder / "m.toml").respiration[["jar", "respiration"]].to_dict("records")
    [{'jar': 'A 5', 'respiration': 24.0}, {'jar': 'A 15', 'respiration': 60.0}, {'jar': 'B 5', 'respiration': 18.0}]
    """
    found = mapped_tables(mapping, data)
    if not set(MEASURED) & set(found.tables):
        raise TableError(
            f"the mapping gives {listed(list(found.tables))}, and no {' or '.join(MEASURED)}, so there is nothing to "
            "compute from. 'talik import' writes its tables as they are.",
            [str(mapping)],
        )
    return measurements_of(found.tables, found.problems, **flux)
