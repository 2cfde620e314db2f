"""Every command and public name is documented, and what the documentation says exists and runs."""

import ast
import importlib
import importlib.util
import inspect
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import talik
from talik.cli import app

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NAMES = [name for name in talik.__all__ if name != "__version__"]
FUNCTIONS = [name for name in NAMES if inspect.isroutine(getattr(talik, name))]
CLASSES = [name for name in NAMES if inspect.isclass(getattr(talik, name))]


def page_writers():
    """The module that writes the pages of the reference."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATED = page_writers()


def fenced(text: str, language: str) -> list[str]:
    """Code blocks of a language in a page."""
    return re.findall(rf"^```{language}\b[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list:
    """Code blocks of a language in all pages, named by page and place."""
    return [
        pytest.param(block, id=f"{page.relative_to(DOCS).as_posix()}-{i}")
        for page in PAGES
        for i, block in enumerate(fenced(page.read_text(encoding="utf-8"), language))
    ]


def sections(docstring: str) -> set[str]:
    """Headings of a numpydoc docstring."""
    return set(re.findall(r"^(\w[\w ]*)\n-{3,}$", inspect.cleandoc(docstring), re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_in_the_reference(name):
    assert f"heading: talik.{name}\n" in GENERATED.python_page()


@pytest.mark.parametrize("command", GENERATED.commands())
def test_every_command_is_in_the_reference(command):
    page = GENERATED.commands_page()
    assert f"## talik {command}\n" in page
    assert f"Usage: talik {command}" in page or f"Usage: talik [OPTIONS] {command}" in page


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_says_what_it_takes_and_gives_with_an_example(name):
    function = getattr(talik, name)
    has = sections(inspect.getdoc(function) or "")
    takes, gives = bool(inspect.signature(function).parameters), inspect.signature(function).return_annotation
    needed = {"Examples"} | ({"Parameters"} if takes else set()) | ({"Returns"} if gives is not None else set())
    assert needed <= has, f"talik.{name} lacks {', '.join(sorted(needed - has))}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_described(name):
    function = getattr(talik, name)
    text = inspect.getdoc(function) or ""
    described = set(re.findall(r"\b\w+\b", " ".join(re.findall(r"^([\w, *]+?) : ", text, re.MULTILINE))))
    assert set(inspect.signature(function).parameters) <= described


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_class_and_its_methods_have_a_docstring(name):
    kind = getattr(talik, name)
    methods = [m for key, m in vars(kind).items() if inspect.isfunction(m) and not key.startswith("_")]
    assert all(inspect.getdoc(one) for one in [kind, *methods])


def test_every_quantity_table_rule_and_stage_is_in_the_reference():
    for page, names in (
        (GENERATED.quantities_page(), GENERATED.QUANTITIES),
        (GENERATED.problems_page(), GENERATED.RULES),
        (GENERATED.stages_page(), [stage.name for stage in GENERATED.STAGES]),
    ):
        assert not [name for name in names if f"`{name}`" not in page]
    assert not [name for name in GENERATED.TABLES if f"## {name}\n" not in GENERATED.tables_page()]


@pytest.mark.parametrize("block", blocks("python"))
def test_names_in_python_blocks_exist(block):
    tree = ast.parse(block)
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: importlib.import_module(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found = importlib.import_module(node.module)
            assert not [alias.name for alias in node.names if not hasattr(found, alias.name)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            assert hasattr(modules[node.value.id], node.attr), f"{node.value.id} has no {node.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name) and modules.get(of.id) is talik:
                taken = inspect.signature(getattr(talik, node.func.attr)).parameters
                assert {keyword.arg for keyword in node.keywords} <= set(taken)


@pytest.mark.parametrize("block", blocks("sh"))
def test_commands_in_shell_blocks_exist(block):
    for words in map(shlex.split, block.splitlines()):
        if words and words[0] == "talik":
            inner = " ".join(words[1:3]) in GENERATED.commands()
            usage = GENERATED.help_of(*words[1 : 3 if inner else 2])
            assert words[1] in GENERATED.commands()
            assert inner or not any(name.startswith(f"{words[1]} ") for name in GENERATED.commands())
            assert not [word for word in words if word.startswith("--") and word not in usage]


@pytest.mark.parametrize("block", blocks("toml"))
def test_settings_in_toml_blocks_exist(block):
    import tomllib

    if "[[read]]" in block:
        from talik.incubation.mapping import mapping_of

        assert mapping_of(block, "a mapping").read
        return
    known = {(section, name) for section, name, _, _ in GENERATED.settings_rows()}
    for section, values in tomllib.loads(block).items():
        assert {(f"`[{section}]`", f"`{name}`") for name in values} <= known


def test_the_tutorial_runs_as_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    pieces = re.findall(r'^```(sh|csv|python)(?: title="(.*?)")?\n(.*?)^```', text, re.DOTALL | re.MULTILINE)
    for language, title, body in pieces:
        if language == "csv":
            Path(title).write_text(body, encoding="utf-8")
        elif language == "sh":
            result = CliRunner().invoke(app, shlex.split(body)[1:], prog_name="talik", catch_exceptions=False)
            assert result.exit_code == 0, result.output
        else:
            exec(compile(body, "tutorial.md", "exec"), {})
    assert "thaw-study/run/report.html" in result.output.replace("\\", "/")
    q10 = talik.read_result("thaw-study/run").temperature["q10"]
    whole = q10[(q10["definition"] == "equal-carbon") & (q10["quota_end"] - q10["quota_start"] == 1)]
    told = [f"{row.q10:.2f} ({row.lower:.2f} to {row.upper:.2f})" for row in whole.itertuples()]
    assert f"| `equal-carbon` | {' | '.join(told)} |" in text
    assert "ridge 20-30 cm" in capsys.readouterr().out
