"""What a venue invoices: booked once, settled against what seats were reckoned at, corrected by reversal."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from culture.factures import FactureSaisie, reprendre_facture, saisir_facture
from culture.inscriptions import annuler
from culture.queries.factures import CoutDeSortie, cout_de_la_sortie
from culture.queries.saison import saison_en_lignes, total
from culture.regles.tarifs import Saison as Annee
from culture.sorties import annuler_sortie, tenir
from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import Role
from paiements import grand_livre
from paiements.models.grand_livre import CompteGL
from tests.culture.bourg import MAINTENANT, SOIR, Saison, batir, fautes, habiter, reserver, sortie
from tests.culture.test_verifications import SANS_GARDE
from tests.foyers.visite import connecte_en
from tests.paniers.bourg import compter, ensemble

APRES = SOIR + timedelta(days=8)


@pytest.fixture
def saison(base: str) -> Saison:
    """An evening of three seats at 4 €, reckoned at 12 € each, that has been held."""
    with transaction() as session:
        made = batir(session, titre="Cyrano")
    reserver(made, habiter(made, [3])[0])
    with transaction() as session:
        tenir(session, made.sortie, instant=SOIR + timedelta(hours=2), par=None)
    return made


def saisir(season: Saison, reference: str, montant: int) -> int:
    with transaction() as session:
        entered = FactureSaisie(reference, APRES.date(), montant)
        return saisir_facture(session, season.sortie, entered, instant=APRES, par=None).id


def reprendre(season: Saison, facture_id: int, motif: str = "Mal lue") -> None:
    with transaction() as session:
        reprendre_facture(session, season.sortie, facture_id, motif, instant=APRES, par=None)


def soldes() -> dict[str, int]:
    with reading() as session:
        read = {one: grand_livre.solde_du_compte(session, one) for one in CompteGL}
    return {one.value: amount for one, amount in read.items() if amount}


def test_an_invoice_settles_what_seats_were_reckoned_at_and_the_ccas_bears_the_rest(saison: Saison) -> None:
    assert soldes() == {"foyer": 1200, "participation_ccas": 2400, "billetterie": -3600}
    saisir(saison, "F-118", 4150)
    assert soldes() == {"foyer": 1200, "participation_ccas": 2950, "lieux": -4150}
    with reading() as session:
        assert cout_de_la_sortie(session, saison.sortie) == CoutDeSortie(3600, 4150, 1200, 2950)
        (line,) = saison_en_lignes(session, Annee(2026), None)
    assert (line.cout, line.facture, line.familles, line.ccas) == (4150, 4150, 1200, 2950)
    assert compter("SELECT count(*) FROM mouvement WHERE tiers = :l", l=f"lieu:{saison.lieu}") == 1
    assert fautes(APRES) == []


def test_a_second_invoice_adds_up_and_one_entered_by_mistake_is_reversed(saison: Saison) -> None:
    tickets = saisir(saison, "F-118", 41_500)
    saisir(saison, "F-119", 2000)
    assert soldes()["lieux"] == -43_500
    reprendre(saison, tickets)
    reprendre(saison, tickets, "encore")
    assert soldes() == {"foyer": 1200, "participation_ccas": 800, "lieux": -2000}
    saisir(saison, "F-118", 4150)
    assert soldes() == {"foyer": 1200, "participation_ccas": 4950, "lieux": -6150}
    assert compter("SELECT count(*) FROM ecriture WHERE cle LIKE 'lieux:%'") == 4
    assert compter("SELECT count(*) FROM ecriture WHERE contrepasse_id IS NOT NULL") == 3
    for key in compter_tout("SELECT id FROM facture_lieu WHERE reprise_le IS NULL"):
        reprendre(saison, key)
    assert soldes() == {"foyer": 1200, "participation_ccas": 2400, "billetterie": -3600}, "as before any invoice"
    assert fautes(APRES) == []


def test_a_cancelled_outing_may_cost_and_the_season_says_so(saison: Saison) -> None:
    with transaction() as session:
        lost = sortie(session, saison, titre="Perdue", debut_le=SOIR + timedelta(days=2)).id
    reserver(saison, habiter(saison, [2])[0], sortie=lost)
    with transaction() as session:
        annuler_sortie(session, lost, "La troupe est malade.", instant=MAINTENANT, par=None)
        entered = FactureSaisie("DÉDIT 7", APRES.date(), 5000)
        saisir_facture(session, lost, entered, instant=APRES, par=None)
    with reading() as session:
        lines = saison_en_lignes(session, Annee(2026), None)
    assert [(one.cout, one.familles, one.ccas) for one in lines] == [(3600, 1200, 2400), (5000, 0, 5000)]
    assert (total(lines).sorties, total(lines).cout, total(lines).ccas) == (1, 8600, 7400)
    assert fautes(APRES) == []


def test_what_makes_no_sense_is_refused_and_nothing_is_written(saison: Saison) -> None:
    with transaction() as session:
        coming = sortie(session, saison, debut_le=SOIR + timedelta(days=40)).id
        other = sortie(session, saison, debut_le=SOIR + timedelta(days=1), etat="tenue").id
    first = saisir(saison, "F-118", 4150)
    before = (soldes(), compter("SELECT count(*) FROM ecriture"))
    for where, reference, day, said in (
        (coming, "F-1", APRES.date(), "une fois la sortie passée"),
        (saison.sortie, "F-118", APRES.date(), "a déjà une facture"),
        (saison.sortie, "F-2", APRES.date() + timedelta(days=1), "aujourd’hui ou avant"),
        (saison.sortie, "F-2", SOIR.date() - timedelta(days=400), "aujourd’hui ou avant"),
    ):
        with pytest.raises(Refus, match=said), transaction() as session:
            saisir_facture(session, where, FactureSaisie(reference, day, 100), instant=APRES, par=None)
    with pytest.raises(Refus, match="Écrivez pourquoi"):
        reprendre(saison, first, " ")
    with pytest.raises(Introuvable), transaction() as session:
        reprendre_facture(session, other, first, "d’une autre sortie", instant=APRES, par=None)
    assert (soldes(), compter("SELECT count(*) FROM ecriture")) == before


def test_invoices_entered_and_taken_back_at_once_leave_a_ledger_that_agrees(saison: Saison) -> None:
    first = saisir(saison, "F-0", 1000)

    def enter(number: int) -> Callable[[Session], object]:
        entered = FactureSaisie(f"F-{number % 4}", APRES.date(), 100 * number)
        return lambda session: saisir_facture(session, saison.sortie, entered, instant=APRES, par=None)

    def take_back(session: Session) -> None:
        reprendre_facture(session, saison.sortie, first, "Double", instant=APRES, par=None)

    said = ensemble([*(enter(number) for number in range(1, 7)), take_back, take_back])
    assert [one for one in said if isinstance(one, Exception) and not isinstance(one, Refus)] == []
    assert compter("SELECT count(*) FROM facture_lieu WHERE reprise_le IS NULL") in (3, 4)
    assert -soldes()["lieux"] == compter("SELECT sum(montant) FROM facture_lieu WHERE reprise_le IS NULL")
    assert fautes(APRES) == []


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE facture_lieu SET montant = 4000", "son lieu a facturé 4000 centimes, et le grand livre en dit 4150"),
        ("UPDATE facture_lieu SET reprise_le = now(), reprise_motif = 'x'", "a facturé 0 centimes"),
        ("UPDATE ecriture SET cle = 'autre' WHERE cle LIKE 'lieux:%'", "le grand livre en dit 0"),
        ("UPDATE mouvement SET montant = 3500 WHERE montant = 3600", "compte encore 100 centimes pour elle"),
        ("UPDATE sortie SET etat = 'close'", "ni passée ni annulée"),
    ],
)
def test_an_invoice_that_the_ledger_does_not_say_is_told(saison: Saison, tampering: str, said: str) -> None:
    saisir(saison, "F-118", 4150)
    assert fautes(APRES) == []
    with transaction() as session:
        session.execute(text(SANS_GARDE + tampering))
        session.execute(text("SET session_replication_role = DEFAULT"))
    assert any(said in fault for fault in fautes(APRES)), fautes(APRES)


def test_a_seat_keeps_the_cost_at_which_it_was_booked(base: str) -> None:
    with transaction() as session:
        season = batir(session)
    early = reserver(season, habiter(season, [3])[0])
    with transaction() as session:
        session.execute(text("UPDATE sortie SET cout_place = 1500"))
    reserver(season, habiter(season, [1])[0])
    assert soldes()["billetterie"] == -(3 * 1200 + 1500)
    with transaction() as session:
        seat = session.scalar(text("SELECT max(id) FROM place_sortie WHERE inscription_id = :i"), {"i": early.id})
        annuler(session, early.id, places=[seat], instant=MAINTENANT)
    assert soldes()["billetterie"] == -(2 * 1200 + 1500), "the seats that stay cost what they did"
    assert fautes() == []


def test_the_coordination_enters_reads_and_takes_back_an_invoice(app: Flask, saison: Saison) -> None:
    clock.set_now(APRES)
    page = f"/coordination/sorties/{saison.sortie}/factures"
    she = connecte_en(app, Role.COORDINATION)
    assert "Pas encore de facture" in she.lire(page).text
    typed = {"reference": " F-118 ", "datee_du": "2026-12-18", "montant": "41,50 €"}
    for wrong, said in (
        ({"montant": "beaucoup"}, "Écrivez la somme en chiffres"),
        ({"montant": "0"}, "Le montant va de 0,01"),
        ({"montant": "100 000,01"}, "Le montant va de 0,01"),
        ({"datee_du": "2027-01-01"}, "aujourd’hui ou avant"),
        ({"datee_du": "hier"}, "Choisissez un jour dans le calendrier"),
        ({"reference": ""}, "Écrivez le numéro"),
    ):
        refused = she.poster(page, **(typed | wrong))
        assert refused.status_code == 422
        assert said in refused.text.replace("\N{NO-BREAK SPACE}", " ")
    assert compter("SELECT count(*) FROM facture_lieu") == 0
    assert she.poster(page, **typed).location == page
    seen = she.lire(page).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "F-118" in seen
    assert "29,50 €" in seen, "what the CCAS bears"
    sheet = she.lire("/coordination/sorties/saison.csv?saison=2026").text
    assert "41,5;41,5;12;29,5" in sheet
    key = compter("SELECT id FROM facture_lieu")
    assert she.poster(f"{page}/reprendre", page, facture=str(key)).status_code == 422
    assert she.poster(f"{page}/reprendre", page, facture=str(key), motif="Mauvais total").location == page
    assert "Mauvais total" in she.lire(page).text
    assert "pas de facture à reprendre" in she.poster(f"{page}/reprendre", page, facture=str(key), motif="Encore").text
    assert compter("SELECT saisie_par FROM facture_lieu") == compter("SELECT reprise_par FROM facture_lieu")


def compter_tout(query: str) -> list[int]:
    with reading() as session:
        return list(session.scalars(text(query)))
