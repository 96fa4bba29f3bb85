"""Change, the cash ceiling, the rules of CAP: for every amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refus
from paiements.regles.monnaie import COUPURES, MONTANT_MAX, MoyenPaiement, a_rendre, en_coupures, exiger_plafond, total

montants = st.integers(1, MONTANT_MAX)
donnes = st.integers(0, 2 * MONTANT_MAX)
AUTRES = [moyen for moyen in MoyenPaiement if moyen is not MoyenPaiement.ESPECES]


@given(montants, donnes)
def test_cash_gives_back_exactly_what_is_beyond_or_says_what_is_missing(montant: int, donne: int) -> None:
    if donne < montant:
        with pytest.raises(Refus, match="Il manque"):
            a_rendre(MoyenPaiement.ESPECES, montant, donne, rendu_autorise=True)
    else:
        assert a_rendre(MoyenPaiement.ESPECES, montant, donne, rendu_autorise=True) == donne - montant


@given(montants, donnes)
def test_an_act_without_change_takes_the_exact_sum_alone(montant: int, donne: int) -> None:
    if donne == montant:
        assert a_rendre(MoyenPaiement.ESPECES, montant, donne, rendu_autorise=False) == 0
    else:
        with pytest.raises(Refus):
            a_rendre(MoyenPaiement.ESPECES, montant, donne, rendu_autorise=False)


@given(st.sampled_from(AUTRES), montants, donnes)
def test_nothing_is_ever_given_back_on_a_cap_a_cheque_or_a_card(moyen: MoyenPaiement, montant: int, donne: int) -> None:
    if donne == montant:
        assert a_rendre(moyen, montant, donne, rendu_autorise=True) == 0
    else:
        with pytest.raises(Refus):
            a_rendre(moyen, montant, donne, rendu_autorise=True)


@given(st.integers(-MONTANT_MAX, 0) | st.integers(MONTANT_MAX + 1))
def test_nobody_pays_nothing_or_too_much(montant: int) -> None:
    with pytest.raises(Refus, match="montant entre"):
        a_rendre(MoyenPaiement.ESPECES, montant, montant, rendu_autorise=True)


@given(st.sampled_from(MoyenPaiement), montants, st.none() | st.just("") | st.just("sans compte bancaire"))
def test_beyond_300_euros_cash_needs_its_reason_and_nothing_else_does(
    moyen: MoyenPaiement, montant: int, derogation: str | None
) -> None:
    refused = moyen is MoyenPaiement.ESPECES and montant > 30_000 and not derogation
    if refused:
        with pytest.raises(Refus, match="précarité"):
            exiger_plafond(moyen, montant, 30_000, derogation)
    else:
        exiger_plafond(moyen, montant, 30_000, derogation)


@given(st.integers(0, 10 * MONTANT_MAX))
def test_notes_and_coins_make_the_sum_the_largest_first(montant: int) -> None:
    made = en_coupures(montant)
    assert total(dict(made)) == montant
    assert [coupure for coupure, _ in made] == sorted((c for c, _ in made), reverse=True)
    assert all(count > 0 and coupure in COUPURES for coupure, count in made)
    assert sum(count for _, count in made) <= 40
