import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from talik.report import report_html
from talik.report.rows import reasons_not_identified
from talik.tables import header, typed

VOID = {"meta", "link", "br", "img", "hr", "input"}
HELD = ("#", "data:text/csv;")


class Page(HTMLParser):
    """Every attribute of a page, and whether its elements close in the order they were opened."""

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.texts, self.misnested, self.tags = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.misnested.append((tag, self.getpos()))

    def handle_data(self, data):
        self.texts.append(data)

    def values(self, name):
        return [value for _, attribute, value in self.attributes if attribute == name]

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))


@pytest.fixture(scope="module")
def html(study):
    return report_html(study)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def csv_of(page, name):
    links = {
        dict(attributes)["download"]: dict(attributes)["href"]
        for attributes in _links(page)
        if "download" in dict(attributes)
    }
    return base64.b64decode(links[name].split("base64,")[1]).decode()


def _links(page):
    """Attributes of each link, which the parser keeps one after another."""
    links, current = [], []
    for tag, name, value in page.attributes:
        if tag == "a" and name == "href":
            current = []
            links.append(current)
        if tag == "a":
            current.append((name, value))
    return links


def addresses(page):
    linked = [
        value for name in ("href", "xlink:href", "src", "srcset", "action", "poster") for value in page.values(name)
    ]
    styled = re.findall(r"url\(([^)]*)\)", " ".join([*page.values("style"), *page.values("clip-path"), *page.texts]))
    return linked + styled


@pytest.mark.parametrize("which", ["study", "nothing", "one_temperature"])
def test_nothing_is_fetched(which, request):
    page = Page(report_html(request.getfixturevalue(which)))
    read_only_when_clicked = ("https://doi.org/",)
    assert {a for a in addresses(page) if not a.startswith((*HELD, *read_only_when_clicked))} == set()
    assert {"script", "link", "img", "iframe", "image", "object", "embed"}.isdisjoint(page.tags)
    assert "@import" not in page.text
    assert page.values("href")


@pytest.mark.parametrize("which", ["study", "nothing", "one_temperature"])
def test_elements_are_nested(which, request):
    html = report_html(request.getfixturevalue(which))
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>\n<html lang=")
    assert page.misnested == []
    assert page.open == []


def test_no_two_elements_share_an_id(page):
    ids = page.values("id")
    assert len(ids) > 100
    assert pd.Series(ids)[pd.Series(ids).duplicated()].tolist() == []


def test_every_reference_within_the_page_is_there(page):
    inner = {a.strip("\"'")[1:] for a in addresses(page) if a.strip("\"'").startswith("#")}
    assert len(inner) > 20
    assert inner - set(page.values("id")) == set()


def test_every_study_is_cited_with_its_doi(study, page):
    cited = page.text[page.text.index("What to cite") :]
    for row in study.survey["studies"].itertuples():
        assert row.study in cited
        assert row.title in cited
    assert "https://doi.org/10.5555/12345678" in page.values("href")
    assert "https://doi.org/10.5194/essd-12-1511-2020" in page.values("href")


def test_sidb_is_cited_only_where_it_is_the_source(study):
    own = study.survey["studies"].assign(source="tables")
    assert "essd-12-1511" not in report_html(replace(study, survey=study.survey | {"studies": own}))


def test_downloaded_q10_are_those_of_the_table(study, page):
    table = study.temperature["q10"]
    read = pd.read_csv(io.StringIO(csv_of(page, "q10.csv")), keep_default_na=False)
    assert list(read.columns) == [header(column) for column in table.columns]
    for column in ("q10", "lower", "upper", "sd_ln_q10"):
        numbers = pd.to_numeric(read[column]).to_numpy()
        np.testing.assert_array_equal(numbers, table[column].to_numpy(), err_msg=column)
    assert read["definition"].tolist() == table["definition"].tolist()


def test_downloaded_problems_are_all_problems(study, page):
    read = pd.read_csv(io.StringIO(csv_of(page, "problems.csv")), keep_default_na=False)
    assert read.to_dict("records") == study.problems.to_dict("records")


def test_headline_q10_of_every_set_stands_in_the_table(study, page):
    table = study.temperature["q10"]
    whole = table[
        (table["definition"] == "equal-carbon") & (table["temperatures"] == 3)
        & (table["quota_start"] == 0) & (table["quota_end"] == 1)
    ]  # fmt: skip
    assert len(whole) == 6
    for row in whole.itertuples():
        assert f"{row.q10:.2f} [{row.lower:.2f}, {row.upper:.2f}]" in page.text


def test_same_result_gives_same_bytes(study, html):
    assert report_html(study) == html


def test_axes_carry_units(page):
    for words in (
        "Carbon released [mg C g⁻¹ SOC]",
        "Time since the start [d]",
        "Incubation temperature [°C]",
        "Middle of the two temperatures [°C]",
        "Latitude north or south [°]",
        "Mean annual air temperature [°C]",
        "Q10 of the pair [-]",
        "Flux sensitivity, each soil's Q10 over one constant [-]",
    ):
        assert words in page.text


def test_scale_that_is_not_believed_is_said(study, page):
    sound = study.incubation["jars"].assign(scale="")
    other = Page(report_html(replace(study, incubation=study.incubation | {"jars": sound})))
    assert "scale not believed" in page.text
    assert "scale not believed:" not in other.text


def test_names_are_text_and_not_markup(html, page):
    assert "<Aldan>" in page.text
    assert "<Aldan>" not in html
    assert "<b>jar</b>" not in html
    assert page.text.count('Lena & <Aldan> "$x_1$" 2003') >= 4


def test_missing_permafrost_layer_is_said(study, page):
    layered = study.survey["samples"].assign(layer=["permafrost", *study.survey["samples"]["layer"][1:]])
    other = Page(report_html(replace(study, survey=study.survey | {"samples": layered})))
    assert "There is no Q10 of the permafrost layer here" in page.text
    assert "There is no Q10 of the permafrost layer here" not in other.text
    assert "1 soil is known to be from the permafrost layer, of which 1 has a Q10" in other.text


def test_corrections_are_listed_in_full(page):
    for words in ("T3", "longitude", "-21.0", "21.0", "a sign was lost (country in the entry)"):
        assert words in page.text[page.text.index("Corrections applied") :]


def test_errors_and_warnings_are_counted(page):
    assert "1 error" in page.text
    assert "1 warning" in page.text


def test_note_of_a_study_is_shown(page):
    assert "temperature of the room, not of the jars" in page.text


def test_every_figure_and_table_says_what_it_is(page):
    figures = [value for tag, name, value in page.attributes if (tag, name) == ("svg", "aria-label")]
    assert len(figures) == page.tags.count("svg") > 10
    assert min(map(len, figures)) > 20
    assert page.tags.count("caption") >= 4


def test_study_without_anything_has_a_report(nothing):
    text = Page(report_html(nothing)).text
    assert "0 studies with 0 soils" in text
    assert "No soil has a Q10" in text
    assert "nan" not in text.lower().split()


def test_study_at_one_temperature_says_why_it_has_no_q10(one_temperature):
    text = Page(report_html(one_temperature)).text
    assert "no Q10: one temperature, all series at 20 °C" in text
    assert "No site has coordinates" in text


def test_identified_pools_are_counted_and_shown(study):
    rows = {
        "study": "Transect1999", "set": ["T0 10 cm", "T1 10 cm"], "sample": "peat", "model": "one-pool",
        "parameter": "q10", "estimate": [2.31, np.nan], "lower": [1.98, 0.4], "upper": [2.7, np.inf],
        "identified": [True, False], "reason": ["", "the interval is open above"], "n": 15.0,
    }  # fmt: skip
    pools = typed("pools", pd.DataFrame(rows))
    text = Page(report_html(replace(study, pools={"pools": pools}))).text
    assert "1 of 2 Q10 of fitted pools is identified" in text
    assert "(one-pool 1 of 2)" in text
    assert "2.31 [1.98, 2.70]" in text
    assert "1 × the interval is open above" in text


def test_too_wide_intervals_are_one_reason():
    wide = [f"95 % interval spans a factor of {factor}; at most 2 is needed" for factor in (2.23, 31.4)]
    pools = typed("pools", pd.DataFrame({"set": ["a", "b"], "model": "one-pool", "parameter": "q10", "reason": wide}))
    assert reasons_not_identified(pools) == [("95 % interval spans too large a factor; at most 2 is needed", 2)]


def test_layers_are_shown_where_a_core_has_both(study):
    rows = {
        "study": "Transect1999", "core": ["A"] * 3, "measure": ["Q10, equal-carbon", "Q10, equal-time", "Q10, rate"],
        "t_low": 5.0, "t_high": 25.0, "ratio": [1.3, 1.2, np.nan], "lower": [1.1, 0.02, np.nan],
        "upper": [1.6, 90.0, np.nan], "n": 1.0,
    }  # fmt: skip
    layers = typed("layers", pd.DataFrame(rows))
    text = Page(report_html(replace(study, temperature=study.temperature | {"layers": layers}))).text
    assert "1.30 [1.10, 1.60]" in text
    assert "No core has both" not in text
    assert "Q10 of the permafrost layer over that of the active layer [-]" in text
