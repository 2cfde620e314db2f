"""Figures of drivers are drawn, say what they show, and that data are synthetic."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from talik.drivers.components import components_of
from talik.drivers.correlation import driver_correlations, driver_partial_correlations
from talik.drivers.figures import (
    plot_correlations,
    plot_importance,
    plot_partial,
    plot_robustness,
    plot_transect,
    plot_variation,
    plot_verdict,
)
from talik.drivers.importance import driver_importance
from talik.drivers.path_diagram import box_places, plot_paths
from talik.drivers.path_model import parse_paths
from talik.drivers.paths import fit_paths, path_table
from talik.drivers.robustness import robustness
from talik.drivers.table import driver_table
from talik.drivers.transect import MEMBERS, PATHS, SYNTHETIC, TransectDesign, transect_table
from talik.drivers.variation import variation_partitioning
from talik.drivers.verdict import distances_of, verdict_of_table, verdict_table

GROUPS = {f"microbial/{name}" if name in ("abundance", "activity", "diversity") else name: list(columns)
          for name, columns in MEMBERS.items()}  # fmt: skip


@pytest.fixture(scope="module")
def samples():
    return transect_table(TransectDesign(), 1)


@pytest.fixture(scope="module")
def table(samples):
    logs = [column for columns in MEMBERS.values() for column in columns]
    return driver_table(samples, response="logq10", error="logq10_error", groups=GROUPS, log=logs, random="site")


@pytest.fixture(scope="module")
def paths(table):
    variables = {name.split("/")[-1]: one.scores for name, one in components_of(table).items()}
    return path_table(fit_paths(parse_paths(PATHS), variables | {"logq10": table.response}, draws=200), "logq10")


@pytest.fixture
def ax():
    figure, axes = plt.subplots(layout="constrained")
    yield axes
    figure.canvas.draw()
    plt.close(figure)


def words(ax):
    named = [text.get_text() for text in (*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels())]
    return " ".join([*named, ax.get_xlabel()])


def test_correlations_name_predictors_and_groups(table, ax):
    said = words(plot_correlations(driver_correlations(table), ax, note=SYNTHETIC))
    assert all(name in said for name in ("feox", "richness", "microbial", "correlation with ln Q10", SYNTHETIC))


def test_partial_correlations_name_what_is_held(table, ax):
    said = words(plot_partial(driver_partial_correlations(table), ax, note=SYNTHETIC))
    assert all(name in said for name in ("nothing held", "mineral\nheld", "all others\nheld", SYNTHETIC))


def test_fractions_of_the_variation_have_their_p(table, ax):
    said = words(plot_variation(variation_partitioning(table, permutations=49, resamples=49), ax, note=SYNTHETIC))
    assert all(name in said for name in ("unexplained", "p 0.02", SYNTHETIC))


def test_importance_falls_from_the_top(table, ax):
    plot_importance(driver_importance(table), ax, note=SYNTHETIC)
    lengths = [bar.get_width() for bar in ax.patches]
    assert lengths == sorted(lengths, reverse=True)


def test_the_transect_shows_both_layers(samples, ax):
    plot_transect(samples, ax, response="logq10", error="logq10_error", note=SYNTHETIC)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["active", "permafrost"]


def test_the_verdict_and_its_rivals_are_drawn(table, ax):
    verdict = verdict_of_table(table)
    assert "lowers" in words(plot_verdict(verdict_table(verdict, table), ax, note=SYNTHETIC))
    components = {name: one.scores for name, one in components_of(table).items()}
    given = {"error": table.error, "distance": distances_of(table), "site": table.site}
    ax.clear()
    assert "In each lane" in words(
        plot_robustness(robustness(verdict, table.response, components, **given, draws=5), ax)
    )


def test_a_path_diagram_bears_effects_and_r2(paths, ax):
    said = words(plot_paths(paths, ax, note=SYNTHETIC))
    assert said.count("R²") == 6
    assert "Fisher's C" in said
    assert len(ax.patches) == 14


def test_boxes_of_a_path_diagram_stand_apart(paths):
    places = np.array(list(box_places(paths[paths["kind"] == "direct"]).values()))
    apart = np.abs(places[:, None] - places)
    assert ((apart[..., 0] > 0.12) | (apart[..., 1] > 0.1) | np.eye(len(places), dtype=bool)).all()
