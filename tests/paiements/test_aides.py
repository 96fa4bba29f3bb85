"""Aid by the CCAS settles a balance, and no more; a household that owes much is invited to talk, once."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from kernel import clock
from kernel.db import transaction
from kernel.errors import Refus
from kernel.web.access import Role
from paiements import aides, grand_livre, verifications
from paiements.models.grand_livre import CompteGL
from tests import fabriques
from tests.foyers.visite import connecte_en
from tests.paiements.monde import compter, debiter


@pytest.fixture
def foyer_id(base: str) -> int:
    """A household that owes 60 € for six weeks."""
    with transaction() as session:
        made = fabriques.foyer(session, email="samira@exemple.test", canal="email").id
    for week in range(6):
        debiter(made, 1_000, f"2026-W{43 + week}")
    return made


def inviter(jours: int = 0) -> int:
    with transaction() as session:
        return aides.inviter(session, clock.now() + timedelta(days=jours))


def test_aid_settles_what_is_due_by_the_ledgers_own_account_and_never_more(foyer_id: int) -> None:
    with transaction() as session:
        given = aides.accorder(session, foyer_id, montant=4_000, motif="Fin de mois difficile", par=None)
        assert (grand_livre.solde(session, foyer_id), grand_livre.solde_du_compte(session, CompteGL.AIDES)) == (
            2_000,
            4_000,
        )
        aides.annoncer(session, given)
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 2
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%prend en charge 40,00%'") == 1
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%difficile%'") == 0, "never why"
    with pytest.raises(Refus, match="ne peut pas dépasser"), transaction() as session:
        aides.accorder(session, foyer_id, montant=2_001, motif="Encore", par=None)
    with transaction() as session:
        assert verifications.verifier(session) == []
        session.execute(text("UPDATE aide SET montant = montant + 1"))
        assert any("L’aide" in fault for fault in verifications.verifier(session))
        session.rollback()


def test_a_household_that_owes_much_is_invited_once_until_it_owes_less(foyer_id: int) -> None:
    assert [inviter(), inviter(), inviter(40)] == [1, 0, 0]
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%60,00%Vos paniers continuent%'") == 1
    with transaction() as session:
        aides.accorder(session, foyer_id, montant=2_000, motif="Fin de mois", par=None)
    assert inviter(50) == 0
    assert compter("SELECT count(*) FROM reglement WHERE invite_le IS NOT NULL") == 0
    debiter(foyer_id, 1_000, "2026-W50")
    assert inviter(60) == 1, "it owes much again"


def test_what_waits_for_the_month_is_no_debt(foyer_id: int) -> None:
    with transaction() as session:
        session.execute(text("UPDATE echeance SET a_grouper = true"))
    assert inviter() == 0


def test_an_aid_that_is_undone_is_due_again_and_told_once_without_why(foyer_id: int) -> None:
    with transaction() as session:
        given = aides.accorder(session, foyer_id, montant=4_000, motif="Fin de mois difficile", par=None)
        aides.annoncer(session, given)
    for number in range(2):
        with transaction() as session:
            if number:
                with pytest.raises(Refus, match="déjà annulée"):
                    aides.annuler(session, given, motif="Encore", par=None)
            else:
                aides.annuler(session, given, motif="Un autre foyer", par=None)
            aides.annoncer_annulation(session, given)
    with transaction() as session:
        assert grand_livre.solde(session, foyer_id) == 6_000
        assert grand_livre.solde_du_compte(session, CompteGL.AIDES) == 0
        assert "Aide du CCAS annulée" in [line.libelle for line in grand_livre.lignes_du_compte(session, foyer_id)]
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 6, "what it had settled is due again"
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%est annulée%Il reste 60,00%'") == 1
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%autre foyer%'") == 0, "never why"
    with transaction() as session:
        assert verifications.verifier(session) == []
        session.execute(text("UPDATE aide SET annulee_le = NULL, motif_annulation = NULL"))
        assert any("annulation" in fault for fault in verifications.verifier(session))
        session.rollback()


def test_an_aid_undone_before_it_was_told_is_told_as_undone_alone(foyer_id: int) -> None:
    with transaction() as session:
        given = aides.accorder(session, foyer_id, montant=1_000, motif="Erreur", par=None)
        aides.annuler(session, given, motif="Erreur", par=None)
        for tell in (aides.annoncer_annulation, aides.annoncer):
            tell(session, given)
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%prend en charge%'") == 0
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%est annulée%'") == 1


def test_the_coordination_helps_and_the_agent_sees_the_invitation_without_an_amount(app: Flask, foyer_id: int) -> None:
    inviter()
    with transaction() as session:
        place = session.execute(text("SELECT maison_id FROM foyer WHERE id = :f"), {"f": foyer_id}).scalar_one()
    agent = connecte_en(app, Role.AGENT, maisons=(place,))
    page = agent.lire(f"/guichet/foyers/{foyer_id}").text
    assert "Invitée à en parler" in page
    assert "60,00" not in page
    assert agent.lire(f"/guichet/foyers/{foyer_id}/compte/aide").status_code in (403, 404)
    coordination = connecte_en(app, Role.COORDINATION)
    address = f"/guichet/foyers/{foyer_id}/compte/aide"
    assert coordination.poster(address, montant="61", motif="Trop").status_code == 422
    assert coordination.poster(address, montant="60", motif="Fin de mois").status_code == 303
    assert "Aide du CCAS" in coordination.lire(f"/guichet/foyers/{foyer_id}/compte/lignes").text
    agent_page = agent.lire(f"/guichet/foyers/{foyer_id}/compte/lignes").text
    assert "Fin de mois" not in agent_page, "why is for the coordination alone"
    given = compter("SELECT id FROM aide")
    undo = f"/guichet/foyers/{foyer_id}/compte/aides/{given}/annuler"
    assert undo in coordination.lire(f"/guichet/foyers/{foyer_id}/compte/lignes").text
    assert agent.lire(undo).status_code in (403, 404)
    assert coordination.poster(undo, motif=" ").status_code == 422
    assert coordination.poster(undo, motif="Notée sur un autre foyer").status_code == 303
    assert "Cette aide a été annulée" in coordination.lire(undo).text
    again = coordination.poster(undo, f"/guichet/foyers/{foyer_id}", motif="Encore")
    assert (again.status_code, "déjà annulée" in again.text) == (422, True)
