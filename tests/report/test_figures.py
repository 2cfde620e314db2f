import re

import pytest

from talik.report import figures, svg
from talik.report.figures import FEW_SETS, safe_name


@pytest.fixture(scope="module")
def drawn(study):
    return figures(study)


def test_maps_are_those_that_sites_need(drawn):
    assert {"sites-polar", "sites-antarctic", "sites-world"} <= set(drawn)


def test_study_without_anything_has_no_figures(nothing):
    assert figures(nothing) == {}


def test_names_can_be_files(drawn):
    assert {name for name in drawn if not re.fullmatch(r"[A-Za-z0-9-]+", name)} == set()


def test_safe_names_stay_apart():
    assert safe_name("q10 a/b") != safe_name("q10 a b")
    assert safe_name("q10 a/b") == safe_name("q10 a/b")


def test_text_is_text(drawn):
    assert ">Time since the start [d]<" in svg(drawn["release-Transect1999-soil-carbon"], "one")


def test_svg_holds_no_date_and_no_address(drawn):
    text = svg(drawn["q10"], "q10")
    addresses = set(re.findall(r"https?://[^\"' ]+", text))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "<metadata" not in text


def test_ids_of_two_figures_differ(drawn):
    ids = [set(re.findall(r'\bid="([^"]+)"', svg(drawn["q10"], name))) for name in ("one", "two")]
    assert ids[0]
    assert ids[0].isdisjoint(ids[1])


def test_forest_has_a_row_a_set_when_there_are_few(study, drawn):
    assert study.temperature["q10"]["set"].nunique() <= FEW_SETS
    text = svg(drawn["q10"], "q10")
    q10 = study.temperature["q10"]
    for name in q10.loc[q10["q10"].notna(), "set"].unique():
        assert f">{name}<" in text


def test_panels_stand_in_the_order_of_the_studies(study):
    panels = [name for name in figures(study) if name.startswith("release-") and name != "release-temperatures"]
    assert [panel.split("-")[1] for panel in panels] == ["Transect1999", "Lena"]
