"""The synthetic transect is what it says, and says that it is synthetic."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik.drivers.components import first_component
from talik.drivers.path_likelihood import fit_path_likelihood
from talik.drivers.path_model import parse_paths
from talik.drivers.transect import (
    MEMBERS,
    PATHS,
    SYNTHETIC,
    TransectDesign,
    many_sites,
    simulate_transect,
    sources,
    transect_table,
    true_total_effects,
)
from talik.errors import SettingsError
from talik.spatial.distances import great_circle

DESIGN = TransectDesign(layers=("permafrost",))


@pytest.fixture(scope="module")
def many():
    return many_sites(DESIGN)


def test_true_total_effects_are_those_of_a_million_sites(many):
    variables = dict(zip(MEMBERS, many.subgroups[0], strict=True)) | {"logq10": many.true[0]}
    model = parse_paths(PATHS)
    slopes = {
        (row.cause, row.response): row.estimate for row in fit_path_likelihood(model, variables).paths.itertuples()
    }
    total = {"logq10": 1.0}
    for name in reversed(model.order[:-1]):
        total[name] = sum(slope * total[response] for (cause, response), slope in slopes.items() if cause == name)
    for name, value in true_total_effects(DESIGN, "permafrost").items():
        assert_allclose(total[name] * variables[name].std(), value, atol=1.5e-3)


def test_correlations_of_a_million_sites_are_those_of_the_sources(many):
    weights = sources(DESIGN)
    assert_allclose(np.diag(weights @ weights.T), 1.0, rtol=1e-12)
    assert_allclose(np.corrcoef(many.subgroups[0]), weights @ weights.T, atol=6e-3)


def test_a_first_component_is_the_subgroup_itself(many):
    for i in range(len(MEMBERS)):
        found = first_component(many.columns[0, i, :, :20000].T)
        assert abs(np.corrcoef(found.scores, many.subgroups[0, i, :20000])[0, 1]) > 0.9999


def test_collinearity_makes_all_subgroups_alike():
    weights = sources(TransectDesign(collinearity=0.6))
    r = (weights @ weights.T)[np.triu_indices(6, 1)]
    plain = sources(TransectDesign())
    assert r.min() > 0.3
    assert r.mean() > (plain @ plain.T)[np.triu_indices(6, 1)].mean() + 0.3


def test_a_response_is_known_as_well_as_it_says():
    made = simulate_transect(TransectDesign(sites=4000, layers=("permafrost",)), 1)
    z = (made.measured - made.true) / made.error
    assert abs(z.std() - 1) < 0.03
    assert_allclose(np.median(made.error), TransectDesign().error, rtol=0.03)


def test_the_table_says_that_it_is_synthetic_and_its_places_lie_on_the_transect():
    table = transect_table(TransectDesign(), 3)
    assert set(table["source"]) == {SYNTHETIC}
    assert len(table) == 48
    ends = great_circle(table[["latitude", "longitude"]])
    assert_allclose(ends[0], table["distance"], atol=1e-6)
    assert (table.groupby("site")["layer"].nunique() == 2).all()


def test_a_seed_is_a_transect():
    assert transect_table(TransectDesign(), 3).equals(transect_table(TransectDesign(), 3))
    assert not transect_table(TransectDesign(), 3).equals(transect_table(TransectDesign(), 4))


def test_layers_may_have_effects_of_their_own():
    design = TransectDesign(active_effects={"substrate": 0.2})
    assert design.effects_in("active")["substrate"] == 0.2
    assert design.effects_in("active")["mineral"] == 0.0
    assert design.effects_in("permafrost")["mineral"] < 0


def test_a_design_that_cannot_be_is_told_with_all_that_is_wrong():
    with pytest.raises(SettingsError, match="unknown subgroup light") as told:
        TransectDesign(effects={"light": 1.0}, collinearity=2.0, sites=2, noise=-1.0)
    assert len(told.value.offenders) == 4
