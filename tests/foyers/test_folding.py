"""Folding forgives accents, case, hyphens and apostrophes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foyers.folding import plier


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Zoé", "zoe"),
        ("  L’Hostis-Ben   ŒUF ", "l hostis ben oeuf"),
        ("D'Agostino", "d agostino"),
        ("Nguyễn Thị", "nguyen thi"),
        ("Łukasz Straße", "lukasz strasse"),
        ("İbrahim Yıldız", "ibrahim yildiz"),
        ("عائشة", "عايشة"),
        ("…", ""),
    ],
)
def test_a_name_is_folded_as_people_search_it(written: str, folded: str) -> None:
    assert plier(written) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    once = plier(text)
    assert plier(once) == once
    assert once == " ".join(once.split())


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x24F)))
def test_case_does_not_matter(text: str) -> None:
    assert plier(text.upper()) == plier(text.upper().lower())
