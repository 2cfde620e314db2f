"""The verdict: what it says of planted truths, and in what words."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik.drivers.analyses import ANALYSES, DEFAULT
from talik.drivers.components import first_component
from talik.drivers.power import power, power_of_design, sites_needed
from talik.drivers.robustness import robustness
from talik.drivers.table import driver_table
from talik.drivers.transect import MEMBERS, TransectDesign, transect_table
from talik.drivers.verdict import (
    Shares,
    components_of,
    distances_of,
    group_sentences,
    primary_analysis,
    sentence,
    shares_of,
    verdict_of_table,
    verdict_table,
)
from talik.spatial.model import expected_errors

GROUPS = {f"microbial/{name}" if name in ("abundance", "activity", "diversity") else name: list(columns)
          for name, columns in MEMBERS.items()}  # fmt: skip
LOGS = [column for columns in MEMBERS.values() for column in columns]
CLEAR = TransectDesign(noise=0.04, spatial=0.02, site=0.02, error=0.03)


def attributed(design, seed):
    table = transect_table(design, seed)
    return driver_table(table, response="logq10", error="logq10_error", groups=GROUPS, log=LOGS, random="site")


@pytest.fixture(scope="module")
def clear():
    return attributed(CLEAR, 1)


def test_planted_signs_are_found_and_microbes_told_two_signed(clear):
    found = verdict_of_table(clear)
    assert {one.subgroup: one.finding for one in found.subgroups if one.finding in ("raises", "lowers")} == {
        "mineral": "lowers", "microbial/abundance": "raises", "microbial/activity": "raises",
        "microbial/diversity": "lowers",
    }  # fmt: skip
    assert found.two_signed == ("microbial",)
    assert group_sentences(found) == [
        "microbial acts both ways on Q10: abundance and activity raise it, diversity lowers it. It has no one sign."
    ]


def test_one_component_a_group_cannot_see_that(clear):
    hidden = {group: first_component(clear.matrix(columns)).scores for group, columns in clear.groups.items()}
    found = primary_analysis(clear.response, hidden, error=clear.error, distance=distances_of(clear), site=clear.site)
    assert found.two_signed == ()
    assert {one.subgroup: one.finding for one in found.subgroups}["microbial"] == "raises"


def test_no_effect_is_seldom_found():
    design = TransectDesign(layers=("permafrost",), effects={})
    found = [verdict_of_table(attributed(design, seed)) for seed in range(30)]
    # 5 % of 30 are 1.5; 7 or more would come once in a thousand.
    assert sum(any(one.finding in ("raises", "lowers") for one in verdict.subgroups) for verdict in found) <= 6


def test_twins_cannot_be_separated():
    rng = np.random.default_rng(1)
    x = rng.standard_normal(24)
    twin = x + 0.15 * rng.standard_normal(24)
    response = 0.2 * x + 0.15 * rng.standard_normal(24)
    found = primary_analysis(response, {"mineral": x / x.std(ddof=1), "substrate": twin / twin.std(ddof=1)})
    assert [one.finding for one in found.subgroups] == ["not separated", "not separated"]
    words = sentence(found, found.subgroups[1])
    assert words.startswith("substrate cannot be separated from mineral with these 24 sites: ")
    assert words.endswith(" would.")


def test_sentences_are_those_of_a_paper(clear):
    found = verdict_of_table(clear)
    shares = Shares(
        *np.array([[0.02, 0.14, 0.1, 0.3, 0.24, 0.2], [0.0, 0.05, 0.0, 0.2, 0.1, 0.1], [0.1, 0.25, 0.2, 0.4, 0.4, 0.3]])
    )
    one = next(one for one in found.subgroups if one.subgroup == "mineral")
    k = found.subgroups.index(one)
    shares = Shares(*(np.roll(part, k - 1) for part in (shares.share, shares.lower, shares.upper)))
    fixed = replace(one, estimate=-0.123, lower=-0.2, upper=-0.046)
    verdict = replace(found, subgroups=tuple(fixed if x is one else x for x in found.subgroups))
    assert sentence(verdict, fixed, shares) == "mineral lowers Q10: -0.12 [-0.20, -0.05] per sd; 14 % [5, 25] of R2."


def test_a_member_that_goes_against_its_subgroup_is_named():
    samples = transect_table(CLEAR, 3)
    samples["feox"] = 1 / samples["feox"]
    made = driver_table(
        samples,
        response="logq10",
        groups={"mineral": ["caex", "feox"], "substrate": ["doc"]},
        log=["caex", "feox", "doc"],
    )
    found = verdict_of_table(made)
    assert sentence(found, found.subgroups[0]).startswith("mineral (feox reversed) lowers Q10: ")


def test_a_table_without_places_or_errors_has_a_verdict_too():
    table = transect_table(CLEAR, 2).drop(columns=["latitude", "longitude", "logq10_error"])
    made = driver_table(table, response="logq10", groups=GROUPS, log=LOGS)
    found = verdict_of_table(made)
    assert found.words == "REML"
    assert len(verdict_table(found, made)) == 6


def test_the_table_of_the_verdict_holds_its_sentences(clear):
    found = verdict_of_table(clear)
    shares = shares_of(clear)
    table = verdict_table(found, clear, shares)
    assert_allclose(table["share"].sum(), 1.0, rtol=1e-9)
    assert ((table["share_lower"] <= table["share"]) & (table["share"] <= table["share_upper"])).all()
    assert table["verdict"].str.contains("of R2").all()
    assert set(table["method"]) == {"REML, spatial term, effect of sites, weighted by errors"}


def test_rivals_of_the_verdict_say_in_what_they_differ(clear):
    components = {name: one.scores for name, one in components_of(clear).items()}
    given = {"error": clear.error, "distance": distances_of(clear), "site": clear.site}
    found = robustness(verdict_of_table(clear), clear.response, components, **given, draws=20)
    assert set(found["method"]) == {"primary", *ANALYSES} - {DEFAULT}
    assert (found.loc[found["method"] == "primary", "agrees"] == "yes").all()
    assert (found["lower"] <= found["estimate"]).all()
    assert found["differs"].str.len().min() > 10


def test_power_is_that_of_simulation():
    rng = np.random.default_rng(1)
    x = rng.standard_normal(24)
    design = np.column_stack([np.ones(24), x])
    errors = expected_errors(design, {"nugget": 1.0})
    promise = power_of_design([0.6], [errors], together=lambda hit: hit[:, 0])
    assert_allclose(promise.each[0], power(0.6, errors.covariance[1, 1] ** 0.5, 22), atol=0.015)


def test_more_sites_find_smaller_effects():
    needed = [sites_needed(effect, 0.1, 17, 24, 7) for effect in (0.1, 0.15, 0.2, 0.4)]
    assert needed == sorted(needed, reverse=True)
    at = needed[1]
    assert power(0.15, 0.1 * (17 / (at - 7)) ** 0.5, at - 7) >= 0.8 > power(0.15, 0.1 * (17 / (at - 8)) ** 0.5, at - 8)
    assert sites_needed(0.001, 0.1, 17, 24, 7) is None


def test_an_effect_that_place_leaves_few_degrees_of_freedom_needs_more_sites_than_there_are():
    effect, error, freedom = 0.16, 0.05, 2.2
    assert power(effect, error, freedom) < 0.8
    assert sites_needed(effect, error, freedom, 28, 5) > 28 > sites_needed(effect, error, 23, 28, 5)
