"""The counter's pages: three taps from what is due to what to give back; undo; count and close; hostile answers."""

import re
import uuid

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from foyers.models import Compte
from kernel import clock, documents
from kernel.db import reading, transaction
from kernel.web.access import Role
from paiements.models.regie import Quittance
from paiements.regie import quittances
from tests import fabriques
from tests.foyers.visite import Visite, connecte, connecte_en
from tests.paiements.guichet import Comptoir, comptoir
from tests.paiements.monde import compter, debiter
from tests.paiements.test_caisse import MIDI

NBSP = "\xa0"


@pytest.fixture
def ici(base: str) -> Comptoir:
    clock.set_now(MIDI)
    with transaction() as session:
        here = comptoir(session)
    debiter(here.foyer)
    return here


@pytest.fixture
def agente(app: Flask, ici: Comptoir) -> Visite:
    with transaction() as session:
        compte = session.get_one(Compte, ici.agent)
    return connecte(app, compte)


def page_de(here: Comptoir, moyen: str = "especes") -> str:
    return f"/caisse/foyers/{here.foyer}/encaisser?moyen={moyen}"


def payer(visit: Visite, here: Comptoir, moyen: str = "especes", **fields: str) -> TestResponse:
    given = {"montant": "5,50", "moyen": moyen, "cle": str(uuid.uuid4()), "maison": str(here.maison)} | fields
    return visit.poster(page_de(here, moyen), page_de(here, moyen), **given)


def test_twenty_euros_for_five_fifty_and_the_agent_reads_what_to_give_back(agente: Visite, ici: Comptoir) -> None:
    page = agente.lire(page_de(ici)).text
    assert f"5,50{NBSP}€" in page
    assert f"rendre 14,50{NBSP}€" in page, "said on the button of the note, before it is tapped"
    said = payer(agente, ici, billet="2000")
    assert said.status_code == 303
    receipt = agente.lire(said.location).text
    assert f"À rendre</span><b>14,50{NBSP}€" in receipt
    assert f"1 billet de 10{NBSP}€, 2 pièces de 2{NBSP}€, 1 pièce de 50 centimes" in receipt
    assert "PAN-2026-00001" in receipt
    assert "à jour" in receipt


@pytest.mark.parametrize(
    ("moyen", "fields", "said"),
    [
        ("especes", {"donne": "5"}, "Il manque 0,50"),
        ("especes", {}, "Touchez le billet"),
        ("especes", {"montant": "301", "billet": "appoint"}, "précarité"),
        ("especes", {"montant": "des sous", "billet": "appoint"}, "en chiffres"),
        ("especes", {"montant": "0", "billet": "appoint"}, "un montant entre"),
        ("especes", {"montant": "999999", "billet": "appoint"}, "un montant entre|précarité"),
        ("cheque", {}, "numéro"),
        ("carte", {}, "numéro"),
        ("especes", {"cle": "rien", "billet": "appoint"}, "incomplète"),
        ("especes", {"cle": "", "billet": "appoint"}, "incomplète"),
    ],
)
def test_what_cannot_be_taken_is_said_on_the_page_and_nothing_is_written(
    agente: Visite, ici: Comptoir, moyen: str, fields: dict[str, str], said: str
) -> None:
    answer = payer(agente, ici, moyen, **fields)
    assert answer.status_code == 422
    assert re.search(said, answer.text)
    assert compter("SELECT count(*) FROM quittance") == 0


def test_cash_beyond_the_ceiling_is_taken_with_its_reason(agente: Visite, ici: Comptoir) -> None:
    said = payer(agente, ici, montant="301", billet="appoint", derogation="Sans compte bancaire")
    assert "Sans compte bancaire" in agente.lire(said.location).text


def test_each_means_credits_the_household(agente: Visite, ici: Comptoir) -> None:
    payer(agente, ici, "cheque", reference="0012345")
    payer(agente, ici, "carte", reference="T-77")
    payer(agente, ici, "cap", montant="10")
    page = agente.lire("/caisse").text
    assert f"Encaissé aujourd’hui</dt><dd>21,00{NBSP}€" in page
    assert f"Avance{NBSP}: 15,50{NBSP}€" in agente.lire(f"/guichet/foyers/{ici.foyer}/compte/lignes").text


def test_the_same_page_sent_twice_is_one_receipt(agente: Visite, ici: Comptoir) -> None:
    key = str(uuid.uuid4())
    places = {payer(agente, ici, billet="2000", cle=key).location for _ in range(2)}
    assert len(places) == 1
    assert compter("SELECT count(*) FROM quittance") == 1


def test_a_mistake_is_undone_with_its_reason(agente: Visite, ici: Comptoir) -> None:
    path = payer(agente, ici, billet="2000").location.split("?")[0]
    assert agente.poster(f"{path}/annuler", motif=" ").status_code == 422
    undone = agente.lire(agente.poster(f"{path}/annuler", motif="Mauvais foyer").location).text
    assert "Annulation PAN-2026-00002 –" in undone
    assert f"À rendre à la famille</span><b>5,50{NBSP}€" in undone
    assert "Annulée par" in agente.lire(path).text
    assert "déjà annulée" in agente.poster(f"{path}/annuler", motif="Encore").text


def test_the_day_is_counted_and_closed_with_its_gap(agente: Visite, ici: Comptoir) -> None:
    payer(agente, ici, billet="2000")
    missing = agente.poster("/caisse/cloture", c5000="1", c200="2")
    assert missing.status_code == 422
    assert f"il manque 1,50{NBSP}€" in missing.text
    assert 'value="2"' in missing.text, "what was counted is kept"
    closed = agente.poster("/caisse/cloture", c5000="1", c200="2", explication="Rendu de trop")
    assert closed.status_code == 303
    assert "Rendu de trop" in agente.lire(closed.location).text
    assert "close pour aujourd’hui" in agente.lire(page_de(ici)).text
    assert "déjà close" in agente.lire("/caisse/cloture").text


@pytest.mark.parametrize("wrong", ["-1", "1,5", "beaucoup", "99999"])
def test_a_count_that_is_no_number_is_said(agente: Visite, ici: Comptoir, wrong: str) -> None:
    answer = agente.poster("/caisse/cloture", c5000=wrong)
    assert answer.status_code == 422
    assert "en chiffres" in answer.text


def test_without_a_mandate_the_page_says_whom_to_ask(app: Flask, ici: Comptoir) -> None:
    other = connecte_en(app, Role.AGENT, maisons=(ici.maison,))
    assert "Vous ne tenez aucune caisse" in other.lire("/caisse").text
    assert "Demandez au régisseur" in other.lire(page_de(ici)).text


@pytest.mark.parametrize("role", [Role.BENEVOLE, Role.COORDINATION, Role.PRODUCTEUR, Role.HABITANT])
def test_nobody_else_takes_money(app: Flask, ici: Comptoir, role: Role) -> None:
    reader = connecte_en(app, role)
    for path in ("/caisse", "/caisse/cloture", page_de(ici)):
        assert reader.lire(path).status_code == 403


def test_a_household_finds_its_receipts_and_nobody_elses(app: Flask, agente: Visite, ici: Comptoir) -> None:
    payer(agente, ici, billet="2000")
    with transaction() as session:
        made = session.query(Quittance).one().id
        compte = fabriques.compte(session, foyer_id=ici.foyer)
    quittances.preparer(made)
    family = connecte(app, compte)
    assert "PAN-2026-00001" in family.lire("/paiements/mon-compte").text
    answer = family.lire(f"/paiements/quittances/{made}.pdf")
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"] == "inline; filename=quittance-PAN-2026-00001.pdf"
    assert connecte_en(app, Role.HABITANT).lire(f"/paiements/quittances/{made}.pdf").status_code == 404


def test_the_receipt_goes_out_by_mail_once_with_its_pdf(agente: Visite, ici: Comptoir) -> None:
    payer(agente, ici, billet="2000")
    made = compter("SELECT id FROM quittance")
    quittances.preparer(made)
    for _ in range(2):
        with transaction() as session:
            quittances.envoyer(session, made)
    with reading() as session:
        assert documents.existing(session, [quittances.cle(made)])
    assert compter("SELECT count(*) FROM message WHERE modele = 'paiements/quittance' AND voie = 'courriel'") == 1
