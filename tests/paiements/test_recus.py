"""Receipts and yearly summaries: what the ledger says, as it stands when they are asked for, for nobody else."""

import subprocess
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask

from kernel import clock, documents
from kernel.db import reading, transaction
from kernel.errors import Introuvable
from kernel.web.access import Role
from paiements import grand_livre, portee
from paiements.documents import recus
from paiements.en_ligne import prelevements, remboursements
from paiements.models.en_ligne import ConditionEnLigne
from paiements.queries import recus as queries_recus
from paiements.regie import caisse
from paiements.regles.monnaie import MoyenPaiement
from tests import fabriques
from tests.foyers.visite import connecte, connecte_en
from tests.paiements.guichet import Comptoir, comptoir, recu
from tests.paiements.monde import StripeLocal, compter, debiter, foyer_par_carte, prelevement_du
from tests.paiements.test_retours import contester, entendre

JEUDI = clock.paris(date(2026, 11, 26)) + timedelta(hours=10)


@dataclass(frozen=True)
class Paye:
    """A household that has paid by card and at the counter, and got something back; keys only."""

    ici: Comptoir
    foyer: int
    paiement: int


@pytest.fixture
def paye(stripe: StripeLocal) -> Paye:
    """10 € by card of which 4 € went back, 7 € in cash undone, 8 € by cheque: 14 € are paid."""
    clock.set_now(JEUDI)
    with transaction() as session:
        here = comptoir(session)
        given = {"jour_du_mois": 5, "avance_max": 10_000, "reprises": {}, "remboursement": True}
        session.add(ConditionEnLigne(effet_le=date(2026, 1, 1), **given))
    made, _ = foyer_par_carte(stripe, prenom="Samira", maison_id=here.maison)
    debiter(made, 1_000)
    paid = prelevement_du(made)
    prelevements.prelever(paid)
    with transaction() as session:
        debit = next(one for one in grand_livre.lignes_du_compte(session, made) if one.cle.startswith("panier:"))
        grand_livre.contrepasser(session, debit.ecriture_id, "Panier annulé")
        wrong = caisse.encaisser(session, recu(here, 700, foyer_id=made), par=here.agent)
        caisse.annuler(session, wrong.id, "Erreur de famille", par=here.agent)
        caisse.encaisser(session, recu(here, 800, foyer_id=made, moyen=MoyenPaiement.CHEQUE), par=here.agent)
        back = remboursements.demander(session, paid, montant=400, motif="Panier annulé", par=None)
    remboursements.rembourser(back)
    return Paye(here, made, paid)


def lu(key: str) -> str:
    """The words of a PDF that was made, its no-break spaces made plain."""
    with reading() as session:
        made = documents.find(session, key)
    assert made is not None, key
    said = subprocess.run(["pdftotext", "-layout", "-", "-"], input=made.content, capture_output=True, check=True)
    return " ".join(said.stdout.decode().split())


def cles(paye: Paye) -> tuple[str, str]:
    """Where today's receipt and summary are to be found."""
    with reading() as session:
        read = queries_recus.lignes(session, paye.foyer)
        return (
            queries_recus.cle_du_recu(read, paye.paiement),
            queries_recus.cle_de_l_attestation(paye.foyer, 2026, read),
        )


def test_the_year_is_what_came_in_of_the_household_less_what_went_back(paye: Paye) -> None:
    with reading() as session:
        (year,) = queries_recus.annees(session, paye.foyer)
    independent = compter(
        "SELECT -sum(m.montant) FROM mouvement m JOIN ecriture e ON e.id = m.ecriture_id WHERE m.foyer_id = :foyer"
        " AND e.libelle <> 'Panier annulé' AND e.cle NOT LIKE 'panier:%'",
        foyer=paye.foyer,
    )
    assert (year.annee, year.total, independent) == (2026, 1_400, 1_400)
    assert [one.paiement_id for one in year.recus] == [paye.paiement]
    recus.preparer_attestation(paye.foyer, 2026)
    said = lu(cles(paye)[1])
    for words in (
        "Année 2026", "la somme de : 14,00 €", "Par carte, en ligne 6,00 €", "Par chèque 8,00 €", "En tout 14,00 €",
        "Remboursement : Panier annulé", "−4,00 €", "Quittance annulée : Erreur de famille", "−7,00 €",
    ):  # fmt: skip
        assert words in said, said


def test_a_receipt_says_what_was_paid_and_what_became_of_it_since(paye: Paye, stripe: StripeLocal) -> None:
    recus.preparer_recu(paye.paiement)
    first = cles(paye)[0]
    for words in ("10,00 €", "Samira", "Visa se terminant par 4242", "Panier du jeudi 26 novembre", "Reste payé 6,00"):
        assert words in lu(first)
    entendre(contester(stripe, paye.paiement), 0)
    with transaction() as session:
        assert recus.recu(session, paye.paiement) is None, "what is there tells yesterday's truth"
        recus.demander_recu(session, paye.paiement)
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'RecuDemande'") == 1
    recus.preparer_recu(paye.paiement)
    assert cles(paye)[0] != first
    assert "Paiement repris par la banque : −10,00 €" in lu(cles(paye)[0])
    with transaction() as session:
        recus.demander_recu(session, paye.paiement)
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'RecuDemande'") == 1, "it is there as it stands"


def test_a_year_without_payment_and_a_payment_without_money_have_no_paper(paye: Paye, stripe: StripeLocal) -> None:
    debiter(paye.foyer, 2_000, "2026-W49")
    with pytest.raises(Introuvable), transaction() as session:
        recus.demander_attestation(session, paye.foyer, 2025)
    with pytest.raises(Introuvable), transaction() as session:
        recus.demander_recu(session, prelevement_du(paye.foyer))


def test_the_family_and_the_agent_ask_and_read_and_nobody_else_does(
    app: Flask, paye: Paye, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        mine = fabriques.compte(session, foyer_id=paye.foyer)
        stranger = fabriques.compte(session, foyer_id=fabriques.foyer(session, maison_id=paye.ici.maison).id)
    desk = f"/guichet/foyers/{paye.foyer}/compte"
    readers = (
        (connecte(app, mine), "/paiements"),
        (connecte_en(app, Role.AGENT, maisons=(paye.ici.maison,)), desk),
        (connecte_en(app, Role.COORDINATION), desk),
    )
    for visit, root in readers:
        page = f"{root}/recus"
        assert "14,00" in visit.lire(page).text
        asked = visit.poster(f"{root}/recus/{paye.paiement}", page)
        assert (asked.status_code, f"attend=recu-{paye.paiement}" in asked.location) == (303, True)
        assert visit.poster(f"{root}/attestations/2026", page).status_code == 303
        assert visit.poster(f"{root}/attestations/1999", page).status_code == 404
    visit, root = readers[0]
    assert "Le document se prépare" in visit.lire(f"/paiements/recus?attend=recu-{paye.paiement}").text
    assert visit.lire(f"/paiements/recus/{paye.paiement}.pdf").status_code == 404
    recus.preparer_recu(paye.paiement)
    recus.preparer_attestation(paye.foyer, 2026)
    assert "Le document est prêt" in visit.lire(f"/paiements/recus?attend=recu-{paye.paiement}").text
    for reader, root in readers:
        for path in (f"{root}/recus/{paye.paiement}.pdf", f"{root}/attestations/2026.pdf"):
            assert reader.lire(path).data.startswith(b"%PDF")

    other = connecte(app, stranger)
    elsewhere = connecte_en(app, Role.AGENT, maisons=(_autre_maison(),))
    strange = f"/guichet/foyers/{_foyer_de(stranger.id)}/compte/recus/{paye.paiement}.pdf"
    closed = [(other, f"/paiements/recus/{paye.paiement}.pdf"), (readers[1][0], strange), (elsewhere, f"{desk}/recus")]
    assert [who.lire(path).status_code for who, path in closed] == [404, 404, 404]
    assert other.lire("/paiements/attestations/2026.pdf").status_code == 404
    monkeypatch.setattr(portee, "_payeur", lambda paiement_id: _foyer_de(stranger.id))
    assert other.lire(f"/paiements/recus/{paye.paiement}.pdf").status_code == 200, "control: the owner is what is asked"


def _autre_maison() -> int:
    with transaction() as session:
        return fabriques.maison(session).id


def _foyer_de(compte_id: int) -> int:
    return compter("SELECT foyer_id FROM compte WHERE id = :c", c=compte_id)
