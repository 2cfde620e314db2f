"""An attribution on disk: tables, figures and the verdict in words; and the table that it begins with."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from talik.drivers.attribution import Attribution
from talik.drivers.diversity import diversity
from talik.drivers.drawn import drawn_attribution
from talik.errors import InputError, SettingsError, TableError, itemised, listed
from talik.tables import write_table
from talik.textfile import read_text


def read_samples(path: Path | str) -> pd.DataFrame:
    """A table of samples as it stands in a CSV file, all cells as text.

    Parameters
    ----------
    path : Path or str
        The file.

    Returns
    -------
    DataFrame

    Raises
    ------
    InputError
        If the file is not there or is no table.
    """
    text = read_text(path).content
    try:
        found = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise InputError(f"{path} is no table with a header and commas: {error}") from None
    if not len(found):
        raise InputError(f"{path} has a header and no rows; a row a sample is needed.")
    return found


def read_groups(given: Sequence[str]) -> dict[str, list[str]]:
    """Groups of columns as they are written on the command line.

    Parameters
    ----------
    given : sequence of str
        As ``mineral=clay,feox`` or ``microbial/diversity=shannon``.

    Returns
    -------
    dict of str to list of str

    Raises
    ------
    SettingsError
        With all that are not written so.

    Examples
    --------
    >>> read_groups(["mineral=clay,feox", "microbial/diversity=shannon"])
    {'mineral': ['clay', 'feox'], 'microbial/diversity': ['shannon']}
    """
    groups: dict[str, list[str]] = {}
    wrong = []
    for text in given:
        name, equals, columns = text.partition("=")
        if not equals or not name.strip():
            wrong.append(f"--group {text!r}: write it as mineral=clay,feox, or microbial/diversity=shannon")
            continue
        members = [column.strip() for column in columns.split(",") if column.strip()]
        groups.setdefault(name.strip(), []).extend(members)
    if wrong:
        raise SettingsError(f"Groups cannot be read:\n{itemised(wrong)}", wrong)
    return groups


def with_diversity(
    samples: pd.DataFrame, counts: Path | str, *, sample: str = "sample", depth: int | None = None
) -> pd.DataFrame:
    """Samples with the diversity of their communities, from a CSV file of counts.

    Parameters
    ----------
    samples : DataFrame
        As read.
    counts : Path or str
        File with a row a sample and a column a taxon; the column `sample` names the sample.
    sample : str, default "sample"
        Column of the sample's name in both.
    depth : int, optional
        Counts that every sample is rarefied to.

    Returns
    -------
    DataFrame
        With ``richness``, ``shannon`` and ``simpson``; missing where a sample has no counts.

    Raises
    ------
    TableError
        Where no row is of one of the samples, a sample has two rows, or counts are none; see
        `talik.drivers.diversity`.
    """
    table = read_samples(counts)
    if sample not in table or sample not in samples:
        raise TableError(f"both tables need the column {sample!r}; {counts} has {listed(list(table), 5)}.")
    twice = table.loc[table[sample].duplicated(), sample].unique()
    if len(twice):
        raise TableError(f"{counts}: samples {listed(list(twice))} have several rows; add them up.", list(twice))
    names = ["richness", "shannon", "simpson"]
    there = [name for name in names if name in samples]
    if there:
        raise TableError(f"the samples have columns {listed(there)} already; take them out, or leave the counts.")
    known = table[table[sample].isin(set(samples[sample]))]
    if not len(known):
        raise TableError(f"{counts}: none of its samples is among those to be explained; the names must be the same.")
    return samples.join(diversity(known.set_index(sample), depth=depth), on=sample)


def synthetic_note(samples: pd.DataFrame) -> str:
    """What is to be said of samples whose column ``source`` says that they are synthetic; else nothing.

    Parameters
    ----------
    samples : DataFrame
        As read.

    Returns
    -------
    str

    Examples
    --------
    >>> synthetic_note(pd.DataFrame({"source": ["synthetic: made up", "synthetic: made up"]}))
    'synthetic: made up'
    """
    if "source" not in samples:
        return ""
    return next((text for text in samples["source"].astype(str) if text.lower().startswith("synthetic")), "")


def write_attribution(found: Attribution, out: Path | str, *, note: str = "") -> list[Path]:
    """Write an attribution into a folder: ``tables/drivers_*.csv``, ``figures/*.svg`` and ``verdict.txt``.

    Parameters
    ----------
    found : Attribution
        As from `talik.drivers.attribution.attribute`.
    out : Path or str
        Folder; made where it is not there.
    note : str, optional
        What every table and figure is to say, as that data are synthetic.

    Returns
    -------
    list of Path
        The files.

    Examples
    --------
    >>> import tempfile
    >>> from talik.drivers import Effort, TransectDesign, attribute, driver_table, transect_table
    >>> soils = transect_table(TransectDesign(sites=12, layers=("permafrost",)), seed=1)
    >>> groups = {"mineral": ["feox"], "microbial": ["plfa"]}
    >>> table = driver_table(soils, response="logq10", error="logq10_error", groups=groups)
    >>> found = attribute(table, effort=Effort(draws=10, permutations=19, resamples=19, trees=10, forests=0))
    >>> files = write_attribution(found, tempfile.mkdtemp(), note=synthetic_note(soils))
    >>> sorted(path.name for path in files)[-2:]
    ['verdict.svg', 'verdict.txt']
    """
    out = Path(out)
    (out / "tables").mkdir(parents=True, exist_ok=True)
    (out / "figures").mkdir(exist_ok=True)
    files = []
    for name, frame in found.tables.items():
        path = out / "tables" / f"{name}.csv"
        write_table(frame.assign(source=note) if note else frame, path)
        files.append(path)
    files += list(_write_figures(found.tables, out / "figures", note))
    words = [*([note.capitalize() + "."] if note else []), *found.sentences]
    words += [f"Left out: {one}" for one in found.left_out]
    (out / "verdict.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return [*files, out / "verdict.txt"]


def _write_figures(tables: Mapping[str, pd.DataFrame], folder: Path, note: str) -> Iterator[Path]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    for one in drawn_attribution(tables, note=note):
        figure = Figure(figsize=one.size, layout="constrained")
        one.draw(figure.add_subplot())
        path = folder / f"{one.name}.svg"
        figure.savefig(path)
        yield path
