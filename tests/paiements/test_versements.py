"""Deposits, the journal and the régisseur's pages: the float stays, each cheque goes once, all sums agree."""

import csv
import io
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from paiements import grand_livre, verifications
from paiements.documents import bordereaux
from paiements.models.grand_livre import CompteGL
from paiements.models.regie import Quittance
from paiements.regie.acte import encaisse
from paiements.regie.caisse import annuler, encaisser
from paiements.regie.versements import verser
from paiements.regles.monnaie import MoyenPaiement
from tests.foyers.visite import Visite, connecte_en
from tests.paiements.guichet import FONDS, Comptoir, comptoir, recu
from tests.paiements.monde import compter
from tests.paiements.test_caisse import MIDI

NBSP = "\xa0"


@pytest.fixture
def ici(base: str) -> Iterator[Comptoir]:
    """A till that holds its float, 5,50 € of cash, two cheques of which one was handed back, and a CAP."""
    clock.set_now(MIDI)
    with transaction() as session:
        here = comptoir(session)
        encaisser(session, recu(here, 550, 2000), par=here.agent)
        encaisser(session, recu(here, 700, moyen=MoyenPaiement.CHEQUE, reference="0012345"), par=here.agent)
        wrong = encaisser(session, recu(here, 900, moyen=MoyenPaiement.CHEQUE), par=here.agent)
        annuler(session, wrong.id, "Mauvais montant", par=here.agent)
        encaisser(session, recu(here, 1000, moyen=MoyenPaiement.CAP), par=here.agent)
    yield here
    with reading() as session:
        assert verifications.verifier(session) == []


def test_a_deposit_takes_the_cash_it_says_and_every_cheque_and_the_float_stays(ici: Comptoir) -> None:
    with transaction() as session:
        made = verser(session, ici.maison, 550, par=ici.agent)
    assert (made.numero, made.especes, made.cheques, made.cap) == (1, 550, 700, 1000)
    with reading() as session:
        assert encaisse(session, ici.maison) == FONDS
        assert encaisse(session, ici.maison, CompteGL.CHEQUES) == encaisse(session, ici.maison, CompteGL.CAP) == 0
        assert grand_livre.solde_du_compte(session, CompteGL.TRESOR) == 2250 - FONDS
    with pytest.raises(Refus, match="rien à verser"), transaction() as session:
        verser(session, ici.maison, 0, par=ici.agent)


@pytest.mark.parametrize("especes", [551, FONDS + 550, -1])
def test_the_float_never_leaves(ici: Comptoir, especes: int) -> None:
    with pytest.raises(Refus, match="reste en caisse"), transaction() as session:
        verser(session, ici.maison, especes, par=ici.agent)
    assert compter("SELECT count(*) FROM compteur_regie WHERE serie = 'versement'") == 0, "no number was used"


def test_a_cheque_that_was_deposited_is_not_handed_back(ici: Comptoir) -> None:
    with transaction() as session:
        verser(session, ici.maison, 0, par=ici.agent)
        cheque = session.query(Quittance).filter_by(montant=700).one().id
    with pytest.raises(Refus, match="versé au Trésor"), transaction() as session:
        annuler(session, cheque, "Rejeté", par=ici.agent)


ALTERATIONS = {
    "UPDATE versement SET numero = 5": "Les versements PAN de 2026 ont un trou",
    "UPDATE versement SET cheques = cheques + 1": "somme de ses chèques",
    "DELETE FROM versement_piece WHERE quittance_id = 2": "somme de ses chèques",
    "UPDATE versement SET especes = especes + 1": "n’est pas dans le grand livre",
    "DELETE FROM versement_piece; DELETE FROM versement": "un versement qui n’existe pas",
}


def test_each_alteration_of_a_deposit_is_named(ici: Comptoir) -> None:
    with transaction() as session:
        verser(session, ici.maison, 550, par=ici.agent)
    for alteration, mot in ALTERATIONS.items():
        with transaction() as session:
            for table in ("versement", "versement_piece"):
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            for statement in alteration.split("; "):
                session.execute(text(statement))
            fautes = verifications.verifier(session)
            assert any(mot in faute for faute in fautes), f"{alteration} → {fautes}"
            session.rollback()


@pytest.fixture
def regisseuse(app: Flask, ici: Comptoir) -> Visite:
    return connecte_en(app, Role.REGISSEUR)


def test_the_regisseur_deposits_and_finds_the_slip(regisseuse: Visite, ici: Comptoir) -> None:
    assert f"22,50{NBSP}€" not in regisseuse.lire("/regie/versements").text
    path = f"/regie/caisses/{ici.maison}/versements"
    assert regisseuse.poster(path, "/regie/versements", especes="5,50").status_code == 303
    page = regisseuse.lire("/regie/versements").text
    assert "V-PAN-2026-00001" in page
    assert f"22,50{NBSP}€" in page
    made = compter("SELECT id FROM versement")
    bordereaux.preparer(made)
    assert regisseuse.lire(f"/regie/versements/{made}.pdf").data.startswith(b"%PDF")


@pytest.mark.parametrize(("written", "status"), [("", 422), ("tout", 422), ("9999", 409), ("-3", 422)])
def test_a_sum_that_cannot_be_deposited_is_said(regisseuse: Visite, ici: Comptoir, written: str, status: int) -> None:
    answer = regisseuse.poster(f"/regie/caisses/{ici.maison}/versements", "/regie/versements", especes=written)
    assert answer.status_code == status
    assert compter("SELECT count(*) FROM versement") == 0


@pytest.mark.parametrize(
    ("asked", "found"), [("", 5), ("PAN-2026-00002", 1), ("2", 1), ("Essai", 5), ("Personne", 0), ("%", 0), ("99", 0)]
)
def test_receipts_are_found_by_name_or_number(regisseuse: Visite, asked: str, found: int) -> None:
    page = regisseuse.client.get("/regie/quittances", query_string={"q": asked}).text
    assert page.count('<th scope="row"><a href="/caisse/quittances/') == found


def test_the_journal_balances_and_its_csv_is_the_same(regisseuse: Visite, ici: Comptoir) -> None:
    with transaction() as session:
        verser(session, ici.maison, 550, par=ici.agent)
    page = regisseuse.lire("/regie/journal").text
    assert "Versement au Trésor" in page
    answer = regisseuse.lire("/regie/journal.csv?du=2026-11-01&au=2026-11-30")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    sums = [sum(float(row[name].replace(",", ".") or 0) for row in rows) for name in ("debit", "credit")]
    assert sums[0] == pytest.approx(sums[1])
    assert {"caisse", "cheques", "cap", "tresor", "foyer"} <= {row["compte"] for row in rows}
    assert {row["piece"] for row in rows if row["libelle"] == "Quittance annulée : Mauvais montant"} == {
        "PAN-2026-00004"
    }
    assert "Samira" not in answer.text, "no family is named"


@pytest.mark.parametrize("query", ["du=hier", "du=2026-12-31&au=2026-01-01", "du=0001-01-01&au=9999-12-31", "page=-3"])
def test_odd_dates_are_taken_kindly(regisseuse: Visite, query: str) -> None:
    assert regisseuse.lire(f"/regie/journal?{query}").status_code == 200
    assert regisseuse.lire(f"/regie/quittances?{query}").status_code == 200
