"""The end of a till's day: counted, compared, explained, booked; and nothing is taken afterwards."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from paiements import grand_livre, verifications
from paiements.models.grand_livre import CompteGL
from paiements.regie.acte import encaisse
from paiements.regie.caisse import annuler, encaisser
from paiements.regie.cloture import EcartSansExplication, clore
from paiements.regles.monnaie import MoyenPaiement, en_coupures, total
from tests import fabriques
from tests.paiements.guichet import FONDS, Comptoir, comptoir, recu
from tests.paiements.test_caisse import MIDI


@pytest.fixture
def ici(base: str) -> Iterator[Comptoir]:
    clock.set_now(MIDI)
    with transaction() as session:
        here = comptoir(session)
        encaisser(session, recu(here, 550, 2000), par=here.agent)
        encaisser(session, recu(here, 700, moyen=MoyenPaiement.CARTE), par=here.agent)
    yield here
    with reading() as session:
        assert verifications.verifier(session) == []


def compter_et_clore(here: Comptoir, centimes: int, explication: str | None = None) -> int:
    with transaction() as session:
        counted = dict(en_coupures(centimes))
        return clore(session, here.maison, counted, explication=explication, par=here.agent).ecart


def test_a_right_count_closes_the_day_and_the_terminal_goes_to_the_treasury(ici: Comptoir) -> None:
    assert compter_et_clore(ici, FONDS + 550) == 0
    with reading() as session:
        assert encaisse(session, ici.maison, CompteGL.TPE) == 0
        assert grand_livre.solde_du_compte(session, CompteGL.TRESOR) == 700 - FONDS
        assert grand_livre.solde_du_compte(session, CompteGL.ECART_CAISSE) == 0
    with pytest.raises(Refus, match="déjà close"):
        compter_et_clore(ici, FONDS + 550)


def test_two_euros_missing_are_explained_and_booked_on_their_own_account(ici: Comptoir) -> None:
    with pytest.raises(EcartSansExplication, match="il manque 2,00"):
        compter_et_clore(ici, FONDS + 350)
    assert compter_et_clore(ici, FONDS + 350, "Deux euros rendus de trop") == -200
    with reading() as session:
        assert encaisse(session, ici.maison) == FONDS + 350, "the ledger now says what is in the drawer"
        assert encaisse(session, ici.maison, CompteGL.ECART_CAISSE) == 200


def test_too_much_is_said_too(ici: Comptoir) -> None:
    with pytest.raises(EcartSansExplication, match="de trop"):
        compter_et_clore(ici, FONDS + 600)
    assert compter_et_clore(ici, FONDS + 600, "Une pièce trouvée au sol") == 50


def test_a_closed_till_takes_nothing_until_tomorrow(ici: Comptoir) -> None:
    compter_et_clore(ici, FONDS + 550)
    with pytest.raises(Refus, match="close"), transaction() as session:
        encaisser(session, recu(ici), par=ici.agent)
    clock.set_now(MIDI + timedelta(days=1))
    with transaction() as session:
        encaisser(session, recu(ici), par=ici.agent)
    assert compter_et_clore(ici, FONDS + 1100) == 0


def test_yesterdays_receipt_is_undone_by_the_regisseur_alone(ici: Comptoir) -> None:
    with transaction() as session:
        regisseur = fabriques.compte(session, Role.REGISSEUR).id
    clock.set_now(MIDI + timedelta(days=1))
    with pytest.raises(Refus, match="régisseur"), transaction() as session:
        annuler(session, 1, "Mauvais foyer", par=ici.agent)
    with transaction() as session:
        annuler(session, 1, "Mauvais foyer", par=regisseur)


@given(st.dictionaries(st.sampled_from([5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1]), st.integers(0, 9999)))
def test_a_count_is_worth_the_sum_of_its_coins(comptage: dict[int, int]) -> None:
    assert total(comptage) == sum(note for note, count in comptage.items() for _ in range(count))


ALTERATIONS = {
    "UPDATE cloture_caisse SET theorique = theorique + 1, ecart = ecart - 1": "le grand livre disait",
    "UPDATE cloture_caisse SET trouve = trouve + 1, ecart = ecart + 1": "somme de ses billets",
    "UPDATE cloture_caisse SET comptage = '{\"500\": 1}'": "somme de ses billets",
    "UPDATE mouvement m SET montant = montant * 2 FROM ecriture e WHERE e.id = ecriture_id AND cle LIKE 'ecart:%'": (
        "n’est pas dans le grand livre"
    ),
    "UPDATE quittance SET emise_le = emise_le + interval '2 hours'": "après la clôture",
    "DELETE FROM cloture_caisse": "aucune clôture",
}


def test_each_alteration_of_a_closing_is_named(ici: Comptoir) -> None:
    compter_et_clore(ici, FONDS + 350, "Deux euros rendus de trop")
    for alteration, mot in ALTERATIONS.items():
        with transaction() as session:
            for table in ("mouvement", "ecriture", "quittance", "cloture_caisse"):
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            session.execute(text(alteration))
            fautes = verifications.verifier(session)
            assert any(mot in faute for faute in fautes), f"{alteration} → {fautes}"
            session.rollback()


def test_the_database_refuses_to_change_a_closing(ici: Comptoir) -> None:
    compter_et_clore(ici, FONDS + 550)
    with pytest.raises(Exception, match="never changed"), transaction() as session:
        session.execute(text("UPDATE cloture_caisse SET ecart = 0"))
