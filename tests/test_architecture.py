"""The tree is the method: a room imports only what stands above it, and outside libraries have one door."""

import ast
from pathlib import Path

import pytest

from talik.problems import RULES
from talik.study import STAGES

SOURCE = Path(__file__).parent.parent / "src" / "talik"

FLOORS = (
    "constants", "errors", "extras", "problems", "quantities", "textfile", "units", "tables", "frames", "columns", "store", "essdive",
    "work", "inference", "geography", "survey", "flux", "incubation", "responses", "pools", "temperature", "spatial",
    "drivers", "warming", "land_models", "projection", "design", "library", "source", "result", "report", "study",
    "new", "check", "export", "progress", "demo", "cli", "__main__", "app",
)  # fmt: skip
"""Rooms from the ground up. ``flux`` turns rates into release, which checks of measurements need, so it
stands above ``incubation``."""

DOORS = {
    "pint": {"units"}, "pyproj": {"geography"}, "arviz": {"inference"}, "numpyro": {"inference", "pools", "drivers"},
    "dask": {"work"}, "typer": {"cli"}, "rich": {"progress"}, "jinja2": {"report"}, "pydantic": {"incubation", "study"},
}  # fmt: skip
"""Libraries that one room alone imports; a hierarchical model is written in NumPyro's words where its science stands,
and sampled in ``inference``."""

MODULES = sorted(SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    """Room of a module: its folder, or its own name."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Everything that a module imports, inside functions too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_room_imports_only_what_stands_above_it(path):
    if path == SOURCE / "__init__.py":
        assert not any(name.startswith("talik.") for name in imports(path)), "the front page loads rooms when used"
        return
    own = FLOORS.index(room(path))
    used = {name.split(".")[1] for name in imports(path) if name.startswith("talik.")} - {"__version__"}
    below = {name for name in used if FLOORS.index(name) > own}
    assert not below, f"{path.name} imports {below}, which stand below {room(path)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_library_has_one_door(path):
    tops = {name.split(".")[0] for name in imports(path)}
    wrong = {library for library in tops & DOORS.keys() if room(path) not in DOORS[library]}
    assert not wrong


def test_every_rule_has_a_name_of_its_own():
    source = (SOURCE / "problems.py").read_text(encoding="utf-8")
    assert source.count('    Rule("') == len(RULES)


def test_every_room_has_its_floor():
    rooms = {room(path) for path in MODULES} - {"__init__"}
    assert rooms <= set(FLOORS)


def test_stages_stand_in_the_order_of_the_method():
    order = ("survey", "incubation", "flux", "pools", "temperature", "drivers")
    assert tuple(stage.name for stage in STAGES) == order


def test_a_stage_needs_only_stages_before_it():
    seen = set()
    for stage in STAGES:
        assert set(stage.needs) <= seen
        seen.add(stage.name)


def test_no_module_is_a_drawer_for_odds_and_ends():
    assert not {path.stem for path in MODULES} & {"utils", "helpers", "common", "misc"}


def test_no_code_knows_a_study_by_name():
    named = [path for path in MODULES if "BradleyCook2016" in path.read_text(encoding="utf-8")]
    assert not named


def test_figures_are_drawn_by_plot_functions_that_take_an_ax():
    for path in (*SOURCE.rglob("figures.py"), *SOURCE.rglob("figures/*.py")):
        if room(path) == "report":
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("plot_"):
                assert "ax" in [argument.arg for argument in node.args.args + node.args.kwonlyargs], node.name
