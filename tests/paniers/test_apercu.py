"""The preview of a grid counts, and shows nobody: small lines are merged, small changes have no amounts."""

from hypothesis import given
from hypothesis import strategies as st

from paniers.regles.apercu import SEUIL, Apercu, Foyer, Ligne, Sens, Total, comparer, fondre

COMPTES = st.fixed_dictionaries({sens: st.integers(0, 12) for sens in Sens})


def foyers(*, plus: int = 0, moins: int = 0, pareil: int = 0, nombre: int = 1) -> list[Foyer]:
    more, less, same = (Foyer(550, after, nombre) for after in (700, 400, 550))
    return [more] * plus + [less] * moins + [same] * pareil


def apercu(**given: int) -> Apercu:
    return comparer(foyers(**given), cout_avant=750, cout_apres=800)


def en_clair(seen: Apercu) -> dict[str, int]:
    return {"+".join(sorted(line.sens)): line.foyers for line in seen.lignes}


def test_each_direction_is_counted_with_the_mean_and_the_week_now_and_then() -> None:
    seen = apercu(plus=6, moins=5, pareil=9, nombre=2)
    assert en_clair(seen) == {"plus": 6, "moins": 5, "pareil": 9}
    assert seen.avant == Total(paniers=40, prix=40 * 550, cout=40 * 750)
    assert seen.apres == Total(paniers=40, prix=2 * (6 * 700 + 5 * 400 + 9 * 550), cout=40 * 800)
    assert (seen.apres.moyenne.centimes, seen.apres.participation) == (558, 9_700)


def test_a_line_of_few_households_is_merged_with_the_next_smallest() -> None:
    assert en_clair(apercu(plus=3, moins=8, pareil=20)) == {"moins+plus": 11, "pareil": 20}
    assert en_clair(apercu(plus=30, pareil=2)) == {"pareil+plus": 32, "moins": 0}
    assert en_clair(apercu(plus=2, moins=1, pareil=2)) == {"moins+pareil+plus": 5}


def test_amounts_are_not_told_when_few_households_change_price() -> None:
    assert apercu(plus=4, pareil=60).apres is None
    assert apercu(plus=4, pareil=60).avant is None
    assert apercu(plus=3, moins=2, pareil=60).apres is not None
    assert apercu(pareil=60).apres is not None


def test_of_a_town_of_few_households_nothing_is_told() -> None:
    seen = apercu(plus=4)
    assert seen.trop_peu
    assert (seen.avant, seen.apres) == (None, None)
    assert all(line.trop_peu for line in seen.lignes if line.foyers)


def test_the_first_grid_has_nothing_to_be_compared_with() -> None:
    seen = comparer([Foyer(None, 550, 1)] * 6, cout_avant=0, cout_apres=750)
    assert seen.lignes == ()
    assert seen.avant is None
    assert seen.apres == Total(6, 3_300, 4_500)


@given(COMPTES)
def test_whatever_the_counts_no_line_shows_few_households_and_all_are_counted(counts: dict[Sens, int]) -> None:
    lines = fondre(counts)
    assert sum(line.foyers for line in lines) == sum(counts.values())
    assert set().union(*(line.sens for line in lines)) == set(Sens)
    if sum(counts.values()) >= SEUIL:
        assert not any(line.trop_peu for line in lines)


def test_without_merging_a_line_of_few_households_would_be_there_to_read() -> None:
    """The negative control: the counts as they are do hold a small line."""
    counts = {Sens.PLUS: 2, Sens.MOINS: 0, Sens.PAREIL: 40}
    assert any(Ligne(frozenset({sens}), count).trop_peu for sens, count in counts.items())
    assert not any(line.trop_peu for line in fondre(counts))
