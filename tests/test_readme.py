"""What the README says is so."""

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_two_commands_are_targets_of_make():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"install", "demo", "test", "check", "format", "bench", "docs", "clean"} <= targets
    assert {"make demo", "make test"} <= set(re.findall(r"make [a-z]+", README))


def test_the_five_lines_of_python_run(tmp_path, monkeypatch, capsys):
    """On an entry written here, since the database is not in the repository."""
    entry = runpy.run_path(str(ROOT / "tests" / "incubation" / "test_sidb_unseen.py"))["entry"]

    (tmp_path / "sidb" / "data").mkdir(parents=True)
    entry(tmp_path / "sidb" / "data" / "Plain2024")
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    exec(compile(code, "README.md", "exec"), {})
    assert "equal-carbon" in capsys.readouterr().out


def test_every_picture_is_there():
    for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / name).is_file(), name


def test_times_of_the_two_commands_are_stated():
    assert re.search(r"`make demo` takes [0-9]+ s and `make test` [0-9.]+ min", README)


def test_ci_runs_what_the_readme_says():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make check" in script
    assert "make test" in script
