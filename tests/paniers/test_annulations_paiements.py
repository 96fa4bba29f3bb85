"""What becomes of charges, échéances and debts when a hand-out is cancelled."""

from sqlalchemy import text

from kernel import clock
from kernel.db import reading, transaction
from paiements.en_ligne.avancement import Encaissement, encaisser, verrouiller
from paiements.models.en_ligne import Paiement
from paiements.regles.etats import Etat
from paniers.annulations import annuler
from paniers.cloture import cloturer
from tests import fabriques
from tests.paniers.bourg import Bourg, compter
from tests.paniers.jours_annules import NEIGE, bourg, cloturee, commandee, fermer, prelever, tout_tient

__all__ = ["bourg"]


def test_a_charge_that_was_taken_stays_as_an_advance_and_the_next_echeance_uses_it(bourg: Bourg) -> None:
    commandee(bourg)
    prelever()
    fermer(bourg, bourg.maisons[0])
    card = compter("SELECT foyer_id FROM paiement")
    assert compter("SELECT sum(montant) FROM mouvement WHERE foyer_id = :f", f=card) == -400
    with transaction() as session:
        cloturer(session, bourg.semaines[1], instant=bourg.apres(days=7, minutes=1))
    assert compter("SELECT sum(montant) FROM mouvement WHERE foyer_id = :f", f=card) == 0
    assert compter("SELECT count(*) FROM paiement") == 1, "nothing more is asked of the card"
    tout_tient()


def test_a_charge_that_was_not_tried_is_given_up(bourg: Bourg) -> None:
    cloturee(bourg)
    fermer(bourg, bourg.maisons[0])
    with reading() as session:
        (etat,) = session.scalars(text("SELECT etat FROM paiement")).all()
    assert etat == Etat.ABANDONNE
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 1
    tout_tient()


def test_a_charge_in_flight_runs_its_course_and_becomes_an_advance(bourg: Bourg) -> None:
    cloturee(bourg)
    prelever(Etat.INCONNU)
    fermer(bourg, bourg.maisons[0])
    with transaction() as session:
        (paiement_id,) = session.scalars(text("SELECT id FROM paiement")).all()
        paiement = session.get_one(Paiement, paiement_id)
        assert paiement.etat == Etat.INCONNU
        encaisser(session, verrouiller(session, paiement_id), Encaissement("pi_1", paiement.montant), "webhook")
    assert compter("SELECT sum(montant) FROM mouvement WHERE compte = 'foyer'") == 700 - 400
    tout_tient()


def test_a_charge_is_lowered_to_what_another_maison_s_basket_leaves_due(bourg: Bourg) -> None:
    here, there = bourg.maisons
    card = compter("SELECT foyer_id FROM reglement")
    with transaction() as session:
        fabriques.abonnement(session, card, there)
    cloturee(bourg)
    assert compter("SELECT montant FROM paiement") == 800
    fermer(bourg, here)
    assert compter("SELECT montant FROM paiement WHERE etat = 'prepare'") == 400
    assert compter("SELECT montant FROM echeance WHERE foyer_id = :f", f=card) == 400
    tout_tient()


def test_an_older_debt_stays_due_when_this_week_s_basket_is_cancelled(bourg: Bourg) -> None:
    foyer = compter("SELECT max(foyer_id) FROM abonnement a JOIN abonnement_version v ON v.abonnement_id = a.id "
                    "WHERE v.maison_id = :m", m=bourg.maisons[0])  # fmt: skip
    cloturee(bourg)
    with transaction() as session:
        cloturer(session, bourg.semaines[1], instant=bourg.apres(days=7, minutes=1))
    clock.set_now(bourg.apres(days=8))
    with transaction() as session:
        annuler(session, bourg.semaines[1], bourg.maisons[0], motif=NEIGE, instant=bourg.apres(days=8))
    with reading() as session:
        due = session.execute(
            text("SELECT cle FROM echeance WHERE foyer_id = :f AND reglee_le IS NULL"), {"f": foyer}
        ).scalars()
        assert list(due) == ["2026-W48"]
    tout_tient()
