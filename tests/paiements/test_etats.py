"""The states of a payment: a success is for ever, late news change nothing, what the table does not allow raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.db import transaction
from paiements.en_ligne import avancement
from paiements.regles.etats import CONCLUS, PERMIS, Etat, MouvementInterdit, arrive_trop_tard, verifier_mouvement
from paiements.regles.refus import Famille, famille_du_refus
from tests.paiements.monde import StripeLocal, compter, debiter, foyer_par_carte, prelevement_du

ETATS = st.sampled_from(Etat)


@given(vers=ETATS)
def test_nothing_undoes_a_success(vers: Etat) -> None:
    with pytest.raises(MouvementInterdit):
        verifier_mouvement(Etat.REUSSI, vers)
    assert arrive_trop_tard(Etat.REUSSI, vers)


@given(de=ETATS.filter(lambda etat: etat not in {Etat.PREPARE, Etat.REUSSI}))
def test_a_success_is_believed_whatever_was_thought_before(de: Etat) -> None:
    verifier_mouvement(de, Etat.REUSSI)
    assert not arrive_trop_tard(de, Etat.REUSSI)


@given(nouvelles=st.lists(st.sampled_from([Etat.A_AUTHENTIFIER, Etat.REFUSE, Etat.ABANDONNE, Etat.REUSSI]), min_size=1))
def test_a_success_among_the_news_wins_in_whatever_order_they_come(nouvelles: list[Etat]) -> None:
    etat = Etat.INCONNU
    for vers in nouvelles:
        if not arrive_trop_tard(etat, vers):
            verifier_mouvement(etat, vers)
            etat = vers
    assert (etat is Etat.REUSSI) == (Etat.REUSSI in nouvelles)


def test_every_state_is_in_the_table_and_a_payment_starts_by_being_tried() -> None:
    assert set(PERMIS) == set(Etat)
    assert Etat.REUSSI not in PERMIS[Etat.PREPARE]
    # A rule may ask once more after a refusal.
    assert {etat for etat in Etat if not PERMIS[etat] - {Etat.REUSSI, Etat.PREPARE}} == set(CONCLUS)


def test_a_forbidden_move_raises_and_writes_nothing(stripe: StripeLocal) -> None:
    foyer_id, _ = foyer_par_carte(stripe)
    debiter(foyer_id)
    with transaction() as session:
        paiement = avancement.verrouiller(session, prelevement_du(foyer_id))
        with pytest.raises(MouvementInterdit):
            avancement.avancer(session, paiement, Etat.REUSSI, "essai")
    assert compter("SELECT count(*) FROM paiement_etape") == 0


@given(code=st.none() | st.text())
def test_every_code_tells_some_story(code: str | None) -> None:
    assert famille_du_refus(code) in Famille
