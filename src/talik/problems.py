"""Problems: what was found in the data, by rule and severity, where, and what was done.

A problem is not an error. An error stops talik, because it cannot go on; a problem is written
to ``problems.csv`` and into the report, and the work goes on as its column ``done`` says.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from talik.errors import UnknownNameError, listed

SEVERITIES = ("error", "warning", "info")
"""An error takes values out of the results or makes them unbelievable; a warning asks a
question; an info records how something was decided."""


@dataclass(frozen=True)
class Rule:
    """One rule that data can break, or one decision that is always recorded."""

    name: str
    """Name of the rule, as in ``problems.csv``."""
    severity: str
    """Severity unless the finding says otherwise."""
    meaning: str
    """What the rule says, for the documentation."""


_RULES = (
    Rule("text-repaired", "info", "The file has odd line ends, encoding or characters, or blank rows."),
    Rule("header-repaired", "info", "A column's header differs from its name in the metadata by blanks or case."),
    Rule("mapping-doubt", "warning", "The author of a mapping was not sure of a block."),
    Rule("column-unused", "info", "A file, sheet or column is there, and the mapping takes nothing of it."),
    Rule("row-note", "info", "A row of one text alone was taken for a title or a footnote."),
    Rule("row-empty", "info", "A row has no name or no value, so the mapping made none of it."),
    Rule("row-unjoined", "info", "A row should fill in another and finds none."),
    Rule("rows-contradict", "warning", "Rows of one name hold different values."),
    Rule("key-incomplete", "warning", "A part of a name is missing."),
    Rule("cell-missing", "info", "A cell holds a word for no value, or an error."),
    Rule("cell-understood", "info", "A cell is written oddly, and how it was understood."),
    Rule("word-unmapped", "warning", "A word is not among those that the mapping explains."),
    Rule("pattern-unmatched", "warning", "A text does not match the pattern of the mapping."),
    Rule("date-unreadable", "warning", "A cell is not understood as a date."),
    Rule("coordinates-unreadable", "warning", "A cell is not understood as a coordinate, as minutes of 60 and more."),
    Rule("value-impossible", "error", "A value that its quantity cannot have; it was left out."),
    Rule("time-unknown", "warning", "Nobody stated the days of the readings, which stand at day 0."),
    Rule("start-concluded", "info", "Day 0 of a jar is not stated and was taken from when it was put on a port."),
    Rule("entry-refused", "error", "The content of an entry does not fit together, so it was left out."),
    Rule("column-unknown", "warning", "A column of the time series is not described in the metadata, or the reverse."),
    Rule("value-not-a-number", "warning", "A cell holds something that is not a number."),
    Rule("time-order", "warning", "Times are unsorted or repeated."),
    Rule("time-unit", "error", "Times are longer than the incubation by the factor between hours and days."),
    Rule("site-joined", "info", "Two spellings of a site were taken for one place."),
    Rule("site-unknown", "warning", "A row names a site that is not described."),
    Rule("properties-unused", "warning", "A row of soil properties joins to no sample."),
    Rule("coordinates-missing", "warning", "A site has no coordinates."),
    Rule("coordinates-country", "error", "A site's coordinates lie outside its country."),
    Rule("coordinates-off-land", "warning", "A site's coordinates lie in the sea."),
    Rule("climate-improbable", "warning", "A site's mean annual temperature does not fit its latitude and height."),
    Rule("permafrost-evidence", "info", "What a site's permafrost was concluded from."),
    Rule("layer-evidence", "info", "What a sample's layer was concluded from."),
    Rule("kind", "info", "Whether a series is a rate, an amount per interval, a cumulative curve or carbon remaining."),
    Rule("kind-contradiction", "warning", "A series does not behave as its unit or its description says."),
    Rule("temperature-contradiction", "warning", "Field, name and description of a column differ in temperature."),
    Rule("moisture-contradiction", "warning", "Field, name and description of a column differ in moisture."),
    Rule("depth-contradiction", "warning", "Field, name and description of a column differ in depth."),
    Rule("temperature-missing", "error", "A series has no temperature."),
    Rule("temperature-logged", "error", "Temperatures of a jar or a set lie within 1 °C, as a log has them."),
    Rule("spread-zero", "warning", "Replicates have a standard deviation of zero, which measured ones never have."),
    Rule("shared-temperature", "warning", "Two series of one set have the same temperature."),
    Rule("replicates-unequal", "warning", "Replicates of one temperature were not read equally long."),
    Rule("same-jar-twice", "info", "A series gives again what another series of the same jar gives."),
    Rule("respired-above-carbon", "error", "More carbon was respired than was there."),
    Rule("respired-much", "warning", "So much of the carbon was respired that its unit or content may be wrong."),
    Rule("carbon-improbable", "warning", "The carbon content does not fit the horizon."),
    Rule("scales-apart", "warning", "Depths of one core respire so differently that their units may differ."),
    Rule("cumulative-falls", "warning", "A cumulative curve falls."),
    Rule("cumulative-offset", "warning", "A cumulative curve starts above zero on day zero."),
    Rule("negative-rate", "warning", "A respiration rate is negative."),
    Rule("no-signal", "warning", "A series respires too little to carry a temperature response."),
    Rule("other-quantity", "error", "Values under a CO2 unit are another quantity."),
    Rule("carbon-remaining", "warning", "A series is carbon remaining in the soil, not carbon respired."),
    Rule("unit-unknown", "error", "A unit is not understood."),
    Rule("unit-lacks-time", "warning", "A rate's unit has no time in it."),
    Rule("unit-contradiction", "warning", "Unit and description of a column differ."),
    Rule("mass-missing", "warning", "A rate is given for the whole jar, whose soil mass is not stated."),
    Rule("spread-missing", "info", "A study states replicates but no standard deviation."),
    Rule("one-temperature", "warning", "A study or a soil was incubated at one temperature, so it has no Q10."),
    Rule("metadata-contradiction", "warning", "The metadata describe an incubation that the time series do not hold."),
    Rule("no-accumulation", "error", "The CO2 of a closed jar does not rise while it is closed."),
    Rule("dilution", "error", "The gas of a closed jar rises at first and then falls: other air is drawn through."),
    Rule("carbonate", "warning", "A soil holds carbonate or is alkaline, so CO2 and carbon may not be organic."),
    Rule("dissolved-unknown", "info", "Water or pH of a jar is not stated, so dissolved CO2 is not fully counted."),
    Rule("start-unknown", "warning", "A closing has one reading, and the gas it began with is not known."),
    Rule("closing-unclear", "warning", "Two readings and a flush stand at one time, and no closing tells them apart."),
    Rule("jar-unread", "info", "A jar is described and has no readings."),
    Rule("below-detection", "warning", "A rate is not told from zero."),
    Rule("error-missing", "info", "The readings of a rate state no error and are too few to show one."),
    Rule("trap-exhausted", "warning", "More than two thirds of an alkali trap were used up."),
    Rule("lag-phase", "info", "Methane begins late."),
    Rule("replicate-outlier", "warning", "A jar differs from its siblings throughout, more than jars of the study do."),
    Rule("reading-spike", "warning", "A single reading stands out from those before and after it."),
    Rule("labels-exchanged", "warning", "Two jars would fit far better in each other's place."),
    Rule("unit-factor", "error", "Two series are one measurement, a factor between units apart."),
    Rule("series-twice", "warning", "Series of a study hold the same numbers, throughout or for a while."),
    Rule("batch-effect", "warning", "Batches of an instrument differ among jars that are alike in all else."),
    Rule("batch-confounded", "warning", "Batches go with what is compared, so their effect cannot be told apart."),
    Rule("cabinet-effect", "warning", "Cabinets of one temperature differ among jars that are alike in all else."),
    Rule("cabinet-confounded", "info", "No temperature had two cabinets, so their effects cannot be told apart."),
    Rule("cabinet-unknown", "warning", "A temperature log is of a cabinet in which no jar stands."),
    Rule("cabinet-contradiction", "warning", "Jars of several temperatures stand in one cabinet at the same time."),
    Rule("temperature-excursion", "warning", "A cabinet's log leaves the nominal temperature for hours or longer."),
    Rule("temperature-offset", "warning", "A cabinet's log stands beside the nominal temperature throughout."),
    Rule("temperature-log-gap", "info", "A cabinet's log has gaps while jars stood in it."),
    Rule("temperature-log", "info", "How far Q10 moves when temperatures are those of the log."),
    Rule("improbable", "warning", "A value lies outside the plausible range of its quantity."),
    Rule("citation-differs", "info", "The citation key is not the name of the entry."),
    Rule("file-cut", "warning", "A file of an instrument ends within a line, or its compression is damaged."),
    Rule("file-passed-over", "warning", "A file beside those of an instrument is not one."),
    Rule("line-unreadable", "warning", "Lines of an instrument's file hold no reading that can be used."),
    Rule("clock-jump", "warning", "The clock of an instrument went back, or on by more than an hour."),
    Rule("column-absent", "info", "The firmware of an instrument does not write a column."),
    Rule("instrument-alarm", "warning", "An instrument marked readings with an alarm."),
    Rule("mole-fraction-impossible", "warning", "A mole fraction lies outside what can be."),
    Rule("port-unmatched", "warning", "No jar was put on a port about the time of a visit."),
    Rule("port-doubtful", "warning", "Two jars were put on a port about the time of a visit."),
    Rule("port-left", "info", "An instrument was left on one port for half a day or longer."),
    Rule("port-unwanted", "info", "Visits are of jars that are not in the table of jars."),
    Rule("calibration", "info", "How peak areas were turned into mole fractions."),
    Rule("calibration-poor", "warning", "Standards leave a chromatograph's response, or its drift, loosely known."),
    Rule("outside-standards", "warning", "Samples lie above the highest standard."),
    Rule("peaks-below-detection", "info", "Samples lie below the detection limit of a chromatograph."),
    Rule("correction-applied", "info", "A correction of the reviewed table was applied."),
    Rule("profiles-differ", "info", "Profiles of one site differ in what a site has one of."),
    Rule("total-carbon", "warning", "Total carbon is taken for organic carbon."),
    Rule("file-missing", "warning", "The metadata of a package describe a file that is not there."),
    Rule("timestamp-digits", "info", "Time stamps have fewer or more digits than the format asks for."),
    Rule("rows-left-out", "warning", "Rows lack what says where and when they belong."),
    Rule("chamber-unknown", "warning", "A chamber has fluxes and no description, or several descriptions."),
    Rule("not-held", "warning", "The format written has no place for a value: it is left out, or read back otherwise."),
    Rule("correction-unused", "warning", "A correction does not find what it corrects."),
    Rule("study-twice", "warning", "Two studies of a library have one DOI."),
    Rule("series-in-two-studies", "warning", "A series stands under two studies, up to a factor or rounding."),
    Rule("values-reused", "warning", "Two series of different studies share many values, digit by digit."),
    Rule("driver-rows-lost", "info", "Samples lack a predictor and are left out of every method."),
    Rule("driver-error-unknown", "info", "The response has no error, so all samples weigh the same."),
    Rule("driver-error-of-logarithm", "info", "The error was taken as that of the logarithm of the response."),
    Rule("driver-temperatures-differ", "warning", "Q10 that are compared are over different temperatures."),
    Rule("driver-many", "warning", "There are more predictors than samples can tell apart."),
    Rule("driver-not-told", "info", "The study does not carry an attribution of Q10 to its drivers."),
    Rule("driver-property-unused", "info", "A property tells of too few samples to be a driver unless it is named."),
    Rule("driver-site-of-one", "info", "Each site has one sample, so its effect is not told from the residual."),
    Rule("key-unjoined", "error", "A row of a library joins to nothing, or to two."),
    Rule("row-impossible", "error", "A row of a library holds what its table does not allow."),
    Rule("library-foreign", "warning", "A library holds tables, views or macros that talik did not make."),
)  # fmt: skip

RULES = {rule.name: rule for rule in _RULES}
"""Every rule by its name."""

COLUMNS = ("stage", "entry", "column", "rule", "severity", "where", "found", "needed", "done")
"""Columns of ``problems.csv``."""


@dataclass(frozen=True)
class Problem:
    """One finding."""

    stage: str
    """Stage that found it."""
    rule: str
    """Name of the rule."""
    severity: str
    """``error``, ``warning`` or ``info``."""
    entry: str = ""
    """Entry of a database, or file, that it was found in."""
    column: str = ""
    """Column, site, sample, jar or set that it concerns."""
    where: str = ""
    """File, line or rows."""
    found: str = ""
    """What was found."""
    needed: str = ""
    """What is needed."""
    done: str = ""
    """What talik did."""


def problem(rule: str, *, stage: str, severity: str = "", **parts: str) -> Problem:
    """A finding under a rule, with the rule's severity unless another is given.

    Examples
    --------
    >>> problem("negative-rate", stage="flux", column="jar 3", found="-0.8 at day 14").severity
    'warning'
    """
    if rule not in RULES:
        raise UnknownNameError(f"no rule {rule!r}; rules are {listed(sorted(RULES), 60)}", [rule])
    return Problem(stage=stage, rule=rule, severity=severity or RULES[rule].severity, **parts)


@dataclass
class Findings:
    """Problems of one entry, collected while it is read."""

    entry: str
    """Name of the entry."""
    problems: list[Problem] = field(default_factory=list)
    """What was found so far."""

    def tell(self, rule: str, *, stage: str = "incubation", **parts: str) -> None:
        """Add a finding under a rule."""
        self.problems.append(problem(rule, stage=stage, entry=self.entry, **parts))

    def add(self, problems: Iterable[Problem]) -> None:
        """Add findings made elsewhere."""
        self.problems.extend(problems)


def problems_table(problems: Iterable[Problem]) -> pd.DataFrame:
    """Problems as a table, errors first, in a stable order."""
    table = pd.DataFrame([vars(found) for found in problems], columns=list(COLUMNS)).astype("str")
    rank = table["severity"].map({name: i for i, name in enumerate(SEVERITIES)})
    order = table.assign(rank=rank).sort_values(["rank", "entry", "rule"], kind="stable").index
    return table.loc[order].drop_duplicates(["entry", "rule", "column", "where", "found"]).reset_index(drop=True)


def merged(*tables: pd.DataFrame) -> pd.DataFrame:
    """Several tables of problems as one."""
    rows = [Problem(**row) for table in tables for row in table.to_dict("records")]
    return problems_table(rows)
