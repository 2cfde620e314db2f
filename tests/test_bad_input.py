"""Bad input: which row or file, what was found, what is needed, what to do; all offenders together."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from talik import fit_pools, q10, read_sidb, read_tables, run_study
from talik.check import check_input, in_words
from talik.errors import InputError, SettingsError, StoreError, TableError
from talik.new import write_templates
from talik.study import read_study
from talik.temperature import outcomes


@pytest.fixture
def study(tmp_path):
    """A folder as ``talik new`` writes it, which runs."""
    write_templates(tmp_path / "study")
    return tmp_path / "study"


def change(study, table, old, new):
    file = study / "tables" / f"{table}.csv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def message(study):
    with pytest.raises(TableError) as raised:
        read_tables(study / "tables")
    return str(raised.value)


def test_the_templates_run_as_they_are(study):
    assert read_tables(study / "tables").problems.empty


def test_a_missing_column(study):
    change(study, "jars", "jar,", "pot,")
    text = message(study)
    assert "jars.csv" in text
    assert "column 'jar' is missing; found are: study, pot, sample" in text


def test_a_column_that_is_nearly_right(study):
    change(study, "sites", "latitude [degree]", "latitud [degree]")
    assert "column 'latitud' is not known; do you mean 'latitude'?" in message(study)


def test_an_unknown_unit(study):
    change(study, "respiration", "ug C g-1 soil d-1", "furlong")
    text = message(study)
    assert "unit 'furlong' is not understood" in text
    assert "Write it like 'ug C g-1 soil d-1'" in text


def test_a_unit_of_something_else(study):
    change(study, "respiration", "ug C g-1 soil d-1", "mgC/gC/d")
    assert "it is carbon per soil carbon per time, and carbon per dry soil per time is needed" in message(study)


def test_two_rows_for_one_jar_and_time(study):
    file = study / "tables" / "respiration.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*lines, lines[2]]), encoding="utf-8")
    text = message(study)
    assert (
        f"lines 3, {len(lines) + 1}: jar 5a, time 1, temperature 5, gas co2 stands 2 times, all alike; once is needed"
        in text
    )


def test_temperature_in_kelvin_under_degrees(study):
    change(study, "respiration", ",5.0,co2", ",278.15,co2")
    text = message(study)
    assert "temperature: 278.15 is impossible; between -80 and 100 degC is needed" in text
    assert "Kelvin? Then call the column 'temperature [K]'" in text
    assert "and 4 more" in text  # 14 rows: ten are shown


def test_temperature_in_kelvin_that_says_so(study):
    change(study, "respiration", "temperature [degC]", "temperature [K]")
    change(study, "respiration", ",5.0,co2", ",278.15,co2")
    change(study, "respiration", ",15.0,co2", ",288.15,co2")
    assert sorted(read_tables(study / "tables").respiration["temperature"].round(9).unique()) == [5, 15]


def test_hours_in_a_column_of_days(study):
    file = study / "tables" / "respiration.csv"
    table = pd.read_csv(file, comment="#")
    table["time [d]"] *= 24 * 2
    table.to_csv(file, index=False)
    problems = read_tables(study / "tables").problems
    row = problems[problems["rule"] == "improbable"].iloc[0]
    assert row["column"] == "time"
    assert "the furthest is 5376; hours in a column of days?" in row["found"]


def test_hours_that_say_so_are_days(study):
    change(study, "respiration", "time [d]", "time [h]")
    times = read_tables(study / "tables").respiration["time"]
    assert times.max() == pytest.approx(112 / 24)


def test_a_sample_in_two_layers(study):
    file = study / "tables" / "samples.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + text.splitlines()[-1].replace(",active,", ",permafrost,") + "\n", encoding="utf-8")
    text = message(study)
    assert "samples.csv" in text
    assert (
        "lines 3, 4: sample nowhere 10-20 cm stands 2 times, with layer active and permafrost; once is needed" in text
    )


def test_a_layer_that_there_is_not(study):
    change(study, "samples", ",active,", ",frozen,")
    assert "layer: 'frozen' is none of 'organic', 'active', 'permafrost', ''" in message(study)


def test_depths_upside_down(study):
    change(study, "samples", ",10.0,20.0,", ",20.0,10.0,")
    assert "has depth_top 20 below depth_bottom 10 cm; depths count downwards" in message(study)


def test_rows_that_join_to_nothing(study):
    change(study, "jars", "nowhere 10-20 cm", "somewhere")
    text = message(study)
    assert "jars: sample 'somewhere' (of jar '5a' and more) is not in samples; add it there" in text


def test_text_where_a_number_belongs(study):
    change(study, "respiration", "1.0,5.0,co2", "one,5.0,co2")
    assert "line 3, time: 'one' is not a number" in message(study)


def test_mistakes_of_several_tables_are_told_together(study):
    change(study, "respiration", "ug C g-1 soil d-1", "furlong")
    change(study, "sites", "68.6", "168.6")
    text = message(study)
    assert "furlong" in text
    assert "latitude: 168.6 is impossible" in text


def rewrite(study, table, change):
    """Change a table of the templates as a frame."""
    file = study / "tables" / f"{table}.csv"
    change(pd.read_csv(file, comment="#")).to_csv(file, index=False)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("respiration [ug C g-1 soil d-1]", np.inf, "respiration: inf is impossible; a finite number is needed"),
        ("sd", -1.0, "sd: -1 is impossible; 0 or more, and finite, is needed"),
        ("sd", np.inf, "sd: inf is impossible; 0 or more, and finite, is needed"),
        ("n", 0.0, "n: 0 is impossible; 1 or more, and finite, is needed"),
        ("n", np.inf, "n: inf is impossible; 1 or more, and finite, is needed"),
    ],
)
def test_numbers_that_no_measurement_gives_are_refused_by_their_line(study, column, value, words):
    rewrite(study, "respiration", lambda rows: rows.assign(**{column: [*rows[column][:3], value, *rows[column][4:]]}))
    assert f"line 5, {words}" in message(study)


def test_a_standard_deviation_of_zero_is_asked_about(study):
    rewrite(study, "respiration", lambda rows: rows.assign(sd=0.0, n=[1.0, *[3.0] * (len(rows) - 1)]))
    told = read_tables(study / "tables").problems
    assert told["rule"].tolist() == ["spread-zero"]
    assert told["found"].item().startswith("27 of 28 rates are means of replicates with sd 0")


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.0), (1.0, 0.0)], ids=["from day 0", "reversed"])
def test_intervals_that_count_carbon_twice_are_refused_with_their_jars(study, start, end):
    def with_intervals(rows):
        days = rows["time [d]"]
        return rows.assign(**{"time_start [d]": start * (days + 1), "time_end [d]": end + days})

    rewrite(study, "respiration", with_intervals)
    text = message(study)
    assert "4 problems between the tables" in text
    assert "respiration: the intervals of jar '5a' from day " in text
    assert "so that carbon would be counted twice" in text


def logged(rows):
    wandering = 0.1 * np.random.default_rng(1).normal(size=len(rows))
    return rows.assign(**{"temperature [degC]": rows["temperature [degC]"] + wandering})


def test_temperatures_of_a_log_are_one_error_that_says_what_to_give(study):
    rewrite(study, "respiration", logged)
    told = check_input(study)
    assert told[["rule", "severity"]].values.tolist() == [["temperature-logged", "error"]]
    assert told["column"].item() == "jars 5a, 5b, 15a, 15b"
    assert "in 4 of 4 jars the temperature is that of a log (jar 5a: 7 temperatures from 4.87" in told["found"].item()
    assert "the temperature that the incubator was set to" in told["needed"].item()


def test_a_study_of_logged_temperatures_says_why_it_has_no_q10(study):
    rewrite(study, "respiration", logged)
    measured = read_tables(study / "tables")
    found = q10(measured.respiration, measured.jars)
    assert found.empty
    assert fit_pools(measured.respiration, measured.jars).empty
    reasons = outcomes(measured.studies, measured.jars, found)["reason"]
    assert reasons.tolist() == ["temperatures of a log: that of the incubator is needed"]


def test_the_temperature_of_the_jar_takes_the_place_of_a_log_that_wanders_about_it(study):
    sound = read_tables(study / "tables").respiration
    rewrite(study, "respiration", logged)
    rewrite(study, "jars", lambda rows: rows.assign(**{"temperature [degC]": [5.0, 5, 15, 15]}))
    measured = read_tables(study / "tables")
    assert measured.problems[["rule", "severity"]].values.tolist() == [["temperature-logged", "info"]]
    pd.testing.assert_frame_equal(measured.respiration, sound)


def test_a_log_that_leaves_the_nominal_temperature_costs_its_jar_alone(study):
    def with_excursion(rows):
        rows = logged(rows)
        rows.loc[2, "temperature [degC]"] = 8.0
        return rows

    rewrite(study, "respiration", with_excursion)
    rewrite(study, "jars", lambda rows: rows.assign(**{"temperature [degC]": [5.0, 5, 15, 15]}))
    jars = read_tables(study / "tables").jars
    assert jars.loc[jars["excluded"] != "", "jar"].tolist() == ["5a"]


def test_jars_at_means_of_their_logs_are_asked_about(study):
    means = {"5a": 5.03, "5b": 4.98, "15a": 15.0, "15b": 15.1}
    rewrite(study, "respiration", lambda rows: rows.assign(**{"temperature [degC]": rows["jar"].map(means)}))
    told = read_tables(study / "tables").problems
    assert told[["rule", "severity"]].values.tolist() == [["temperature-logged", "warning"]]
    assert told["found"].item() == "temperatures 4.98, 5.03, 15, 15.1 degC, of which some are nearer than 1 degC"


def test_a_study_of_methane_alone_runs_without_pools(study, tmp_path):
    change(study, "respiration", ",co2,", ",ch4,")
    result = run_study(read_study(study), tmp_path / "run")
    assert result.pools["pools"].empty
    assert result.temperature["q10"]["q10"].notna().any()


def test_missing_tables_are_named_together(study):
    (study / "tables" / "jars.csv").unlink()
    (study / "tables" / "respiration.csv").unlink()
    with pytest.raises(
        InputError, match=r"lacks jars.csv, readings.csv \(or respiration.csv, or release.csv\)"
    ) as raised:
        read_tables(study / "tables")
    assert "'talik new DIR' writes templates" in str(raised.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty. Put the data in"),
        (b"\x00\x01\x02" * 50, "is a binary file, and plain text is needed. A spreadsheet has to be saved as CSV."),
        (b"a" * 10_000_000, "has a line of 10,000,000 characters"),
        (b'a,b\n1,2\n"3,4\n', "is not a table"),
        (b"a,b\n1,2,3\n1,2,3,4\n", "is not a table"),
    ],
    ids=["empty", "binary", "10 MB of one line", "open quote", "ragged"],
)
def test_files_that_are_no_tables(study, content, words):
    (study / "tables" / "respiration.csv").write_bytes(content)
    text = message(study)
    assert words in text
    assert "respiration.csv" in text


def test_a_path_that_is_not_there(tmp_path):
    for read in (read_sidb, read_tables, read_study, check_input):
        with pytest.raises(InputError, match="is not there. Check the path"):
            read(tmp_path / "nothing")


def test_a_folder_without_entries(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InputError, match=r"holds no SIDb entry.*Found: notes.txt"):
        read_sidb(tmp_path)
    with pytest.raises(InputError, match="'talik new DIR' begins a study"):
        read_study(tmp_path)


def test_yaml_that_is_not_yaml(tmp_path):
    (tmp_path / "metadata.yaml").write_text("site: [a, b\nother: {", encoding="utf-8")
    with pytest.raises(InputError, match=r"metadata.yaml is not YAML at line \d+, column \d+"):
        read_sidb(tmp_path)


def test_three_mistakes_in_study_toml_are_all_told(tmp_path):
    file = tmp_path / "study.toml"
    file.write_text(
        '[study]\ntitle = ""\nseed = -3\n\n[source]\ntables = "x"\n\n[temperature]\nheadline = "best"\nmethod = 1\n',
        encoding="utf-8",
    )
    with pytest.raises(SettingsError) as raised:
        read_study(file)
    text = str(raised.value)
    assert "study.toml: 4 mistakes" in text
    assert "study.title: string should have at least 1 character" in text
    assert "study.seed: input should be greater than or equal to 0; found -3" in text
    assert "temperature.headline: input should be 'equal-carbon', 'equal-time' or 'rate'; found 'best'" in text
    assert "temperature.method: there is no such setting; take it out or correct its name" in text
    assert len(raised.value.offenders) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = ", "is not TOML"),
        ('[study]\ntitle = "a"\n', "source: is missing"),
        ('[study]\ntitle = "a"\n[source]\n', 'name one source, as in tables = "DIR"'),
        ('[study]\ntitle = "a"\n[source]\nsidb = "a"\ntables = "b"\n', "name one source"),
    ],
)
def test_other_mistakes_in_study_toml(tmp_path, text, words):
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        read_study(tmp_path)
    assert words in str(raised.value)


def test_a_path_with_spaces_and_chinese_characters(study, tmp_path):
    odd = tmp_path / "多年冻土 研究 (1)"
    study.rename(odd)
    result = run_study(odd)
    assert len(result.temperature["q10"])
    assert (odd / "run" / "report.html").read_text(encoding="utf-8").startswith("<!")


def test_an_output_folder_that_cannot_be_written(study, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written.*Name another folder with --out"):
        run_study(study, blocked / "run")


def test_a_new_study_does_not_overwrite(study):
    with pytest.raises(StoreError, match="is there already and not empty"):
        write_templates(study)


def test_check_says_everything_in_words(study):
    change(study, "sites", "-149.6", "149.6")
    text = in_words(check_input(study))
    assert "error: synthetic, coordinates-country" in text
    assert "with the other sign of longitude it lies there" in text
    assert text.endswith("1 errors, 0 warnings, 0 decisions")


def run_talik(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "talik", *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )


def test_the_command_line_says_it_in_words_and_exits_with_one(study):
    change(study, "respiration", "ug C g-1 soil d-1", "furlong")
    done = run_talik("check", study)
    assert done.returncode == 1
    assert done.stderr.startswith("talik: ")
    assert "furlong" in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(study):
    change(study, "respiration", "ug C g-1 soil d-1", "furlong")
    done = run_talik("check", study, "--debug")
    assert done.returncode != 0
    assert "Traceback" in done.stderr


def test_a_command_that_there_is_not_exits_with_two():
    done = run_talik("thaw")
    assert done.returncode == 2
    assert "No such command" in done.stderr


def test_a_mistake_of_talik_itself_is_told_as_such(study, monkeypatch, capsys):
    import talik.check
    from talik import cli

    def broken(path):
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(talik.check, "check_input", broken)
    monkeypatch.setattr(sys, "argv", ["talik", "check", str(study)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 3
    assert "talik made a mistake of its own: ZeroDivisionError" in capsys.readouterr().err
