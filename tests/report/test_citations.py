import pytest

from talik.report.citations import links_of


@pytest.mark.parametrize("cell", ["", "javascript:alert(1)", "in preparation", "ftp://10.1/x"])
def test_what_is_no_address_is_no_link(cell):
    assert links_of(cell) == ()


def test_doi_in_an_address_is_linked_once():
    assert links_of("https://doi.org/10.1890/08-0137.1") == (
        ("https://doi.org/10.1890/08-0137.1", "doi:10.1890/08-0137.1"),
    )
