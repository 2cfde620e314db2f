"""The guide to readings runs as written and shows what it says."""

import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "readings.md"


def test_the_guide_to_readings_runs_as_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    text = GUIDE.read_text(encoding="utf-8")
    for language, title, body in re.findall(
        r'^```(csv|python)(?: title="(.*?)")?\n(.*?)^```', text, re.DOTALL | re.MULTILINE
    ):
        if language == "csv":
            Path(title).write_text(body, encoding="utf-8")
        else:
            exec(compile(body, GUIDE.name, "exec"), names)
    shown = re.search(r"^```text\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[1]
    assert capsys.readouterr().out.startswith(shown)
    assert names["problems"].empty
