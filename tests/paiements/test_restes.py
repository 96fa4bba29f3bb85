"""What is long unpaid goes to the Treasury in one act: no longer due here, told once, taken back while it may be."""

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from paiements import grand_livre, verifications
from paiements.documents import restes as restes_papier
from paiements.models.grand_livre import CompteGL
from paiements.models.regie import ActeRegie
from paiements.models.restes import EtatRestes, Reste
from paiements.queries import familles as queries
from paiements.queries.restes import ARecouvrer, a_recouvrer
from paiements.regie import restes
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paiements.guichet import Comptoir, comptoir, devoir, reste_remis
from tests.paiements.monde import compter, debiter
from tests.paiements.test_caisse import MIDI


@pytest.fixture
def ici(base: str) -> Comptoir:
    """A household that owes 30 € for 200 days and a basket of this week."""
    clock.set_now(MIDI)
    with transaction() as session:
        here = comptoir(session)
        devoir(session, here.foyer)
    debiter(here.foyer, 550)
    return here


def dus() -> list[ARecouvrer]:
    with reading() as session:
        return a_recouvrer(session, session.query(ActeRegie).one(), clock.today())


def payer(foyer_id: int, montant: int) -> None:
    with transaction() as session:
        devoir(session, foyer_id, -montant, jours=0)


def remettre(*foyers: int) -> tuple[int, int]:
    """(list, its first debt)"""
    with transaction() as session:
        made = restes.arreter(session, foyers, par=None).id
        return made, session.query(Reste).filter_by(etat_id=made).order_by(Reste.id).first().id  # type: ignore[union-attr]


def fautes() -> list[str]:
    with reading() as session:
        return verifications.verifier(session)


def test_only_what_is_old_and_large_enough_by_the_act_is_listed(ici: Comptoir) -> None:
    [owed] = dus()
    assert (owed.montant, owed.depuis) == (3_000, clock.today() - timedelta(days=200)), "not this week's basket"
    payer(ici.foyer, 1_400)
    assert [one.montant for one in dus()] == [1_600], "money settles the oldest first"
    payer(ici.foyer, 101)
    assert dus() == [], "14,99 € is below what a public body makes a titre for"
    with transaction() as session:
        session.query(ActeRegie).one().titres_des = 1_499
    assert [one.montant for one in dus()] == [1_499]
    with transaction() as session:
        session.query(ActeRegie).one().titres_apres_jours = 201
    assert dus() == []


def test_what_is_being_taken_from_a_card_is_not_handed_over(ici: Comptoir) -> None:
    charge = (
        "INSERT INTO paiement (foyer_id, echeance_id, nature, montant, cle, etat, demande_le)"
        " SELECT :f, min(id), 'prelevement', 2500, gen_random_uuid(), 'refuse', now() FROM echeance"
    )
    with transaction() as session:
        session.execute(text(charge), {"f": ici.foyer})
    assert [one.montant for one in dus()] == [3_000]
    with transaction() as session:
        session.execute(text("UPDATE paiement SET etat = 'en_cours'"))
    assert dus() == [], "3 000 owed in old debts, 2 500 of 3 550 on its way"


def test_one_act_moves_the_debt_settles_it_here_and_tells_the_family_once(ici: Comptoir) -> None:
    made, _ = remettre(ici.foyer)
    with transaction() as session:
        assert grand_livre.solde(session, ici.foyer) == 550
        assert grand_livre.solde_du_compte(session, CompteGL.TITRES) == 3_000
        assert queries.compte(session, ici.foyer).a_payer == 550
        restes.annoncer(session, made)
    with transaction() as session:
        restes.annoncer(session, made)
    assert compter("SELECT count(*) FROM message WHERE cle LIKE 'reste:%'") == 1
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 1, "this week's is still charged here"
    assert dus() == []
    with pytest.raises(Refus, match="Plus rien"), transaction() as session:
        restes.arreter(session, {ici.foyer}, par=None)
    assert compter("SELECT dernier FROM compteur_regie WHERE serie = 'restes'") == 1, "no number was used"
    assert fautes() == []


def test_an_old_echeance_is_settled_by_the_act_and_opened_again_by_taking_it_back(ici: Comptoir) -> None:
    clock.set_now(MIDI - timedelta(days=300))
    debiter(ici.foyer, 2_000, "2026-W05")
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE ecriture SET jour = '2026-01-29' WHERE id = (SELECT max(id) FROM ecriture)"))
    clock.set_now(MIDI)
    open_ = "SELECT count(*) FROM echeance WHERE reglee_le IS NULL"
    made, debt = remettre(ici.foyer)
    assert compter(open_) == 1
    with transaction() as session:
        assert session.get_one(Reste, debt).montant == 5_000
        restes.reprendre(session, debt, "Payé le même jour", par=None)
    with transaction() as session:
        assert (grand_livre.solde(session, ici.foyer), grand_livre.solde_du_compte(session, CompteGL.TITRES)) == (
            5_550,
            0,
        )
        restes.annoncer(session, made)
        restes.annoncer_reprise(session, debt)
    assert compter(open_) == 2
    assert compter("SELECT count(*) FROM message WHERE cle LIKE 'reste:%'") == 1, "only that it is paid here again"
    with pytest.raises(Refus, match="déjà été reprise"), transaction() as session:
        restes.reprendre(session, debt, "Encore", par=None)
    assert fautes() == []


def test_what_the_treasury_has_taken_is_not_taken_back(ici: Comptoir) -> None:
    made, debt = remettre(ici.foyer)
    with transaction() as session:
        restes.prendre_en_charge(session, made)
    with pytest.raises(Refus, match="pris cet état en charge"), transaction() as session:
        restes.reprendre(session, debt, "Trop tard", par=None)
    with transaction() as session:  # without that guard, the rule names it
        session.get_one(EtatRestes, made).prise_en_charge_le = None
        restes.reprendre(session, debt, "Trop tard", par=None)
        session.get_one(EtatRestes, made).prise_en_charge_le = MIDI - timedelta(hours=1)
        session.flush()
        assert any("après sa prise en charge" in fault for fault in verifications.verifier(session))
        session.rollback()


ALTERATIONS = {
    "UPDATE etat_restes SET numero = 7": "Les états de restes PAN de 2026 ont un trou",
    "UPDATE reste SET montant = montant + 1": "ne disent pas la même chose",
    "UPDATE reste SET repris_le = now(), motif = 'Faux'": "ne disent pas la même chose",
    "DELETE FROM reste": "0 selon les états remis",
    "UPDATE reste SET depuis = '2026-11-26'": "n’était pas assez ancien",
}


@pytest.mark.parametrize(("alteration", "word"), ALTERATIONS.items())
def test_each_alteration_is_named(ici: Comptoir, alteration: str, word: str) -> None:
    remettre(ici.foyer)
    with transaction() as session:
        session.execute(text(alteration))
        found = verifications.verifier(session)
        assert any(word in fault for fault in found), found
        session.rollback()


@pytest.fixture
def regisseuse(app: Flask, ici: Comptoir) -> Visite:
    return connecte_en(app, Role.REGISSEUR)


def test_the_regisseur_chooses_hands_over_downloads_and_takes_back(regisseuse: Visite, ici: Comptoir) -> None:
    with transaction() as session:
        other = fabriques.foyer(session, maison_id=ici.maison).id
        devoir(session, other, 2_000)
    path = "/regie/restes"
    assert regisseuse.poster(path, path, foyers="").status_code == 422
    assert regisseuse.poster(path, path, foyers="999999").status_code == 409
    answer = regisseuse.poster(path, path, foyers=str(other))
    assert answer.status_code == 303
    made, debt = compter("SELECT id FROM etat_restes"), compter("SELECT id FROM reste")
    assert "R-PAN-2026-00001" in regisseuse.lire(path).text
    assert [one.foyer_id for one in dus()] == [ici.foyer], "who was left out is still listed"
    restes_papier.preparer(made)
    assert regisseuse.lire(f"{path}/{made}.pdf").data.startswith(b"%PDF")
    [row] = csv.DictReader(io.StringIO(regisseuse.lire(f"{path}/{made}.csv").data.decode("utf-8-sig")), delimiter=";")
    assert (row["etat"], row["foyer"], row["montant"]) == ("R-PAN-2026-00001", str(other), "20,00")
    back = f"{path}/lignes/{debt}/reprendre"
    assert regisseuse.poster(back, back, motif="").status_code == 422
    assert regisseuse.poster(back, back, motif="Payé au guichet").status_code == 303
    assert "Payé au guichet" in regisseuse.lire(f"{path}/{made}").text
    assert regisseuse.poster(f"{path}/{made}/prise-en-charge", f"{path}/{made}").status_code == 303
    assert fautes() == []


def test_the_administration_reads_and_acts_on_nothing(app: Flask, ici: Comptoir) -> None:
    with transaction() as session:
        made = reste_remis(session, ici.foyer).etat_id
    reader = connecte_en(app, Role.ADMINISTRATION)
    page = reader.lire(f"/regie/restes/{made}").text
    assert "R-PAN-2026-00001" in page
    assert "pris en charge</" not in page
    assert reader.poster("/regie/restes", "/regie/restes", foyers="1").status_code in (403, 404)
