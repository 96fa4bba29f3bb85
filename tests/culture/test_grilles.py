"""Prices of seats with a day of effect: read by the day of booking, never changing what was asked of anybody."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from culture import grilles, verifications
from culture.grilles import PrixSaisis, bareme_au, retirer_prix, saisir_prix
from culture.inscriptions import annuler
from culture.models.sorties import GrilleSortie
from culture.queries.grilles import apercu
from culture.queries.sorties import Filtre, sorties_a_venir
from culture.regles.apercu import SEUIL, Sens, comparer
from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from tests.culture.bourg import MAINTENANT, Saison, batir, fautes, habiter, reserver
from tests.culture.test_verifications import SANS_GARDE
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import compter

AUJOURD_HUI = MAINTENANT.date()
DEMAIN = AUJOURD_HUI + timedelta(days=1)
PLUS_TARD = MAINTENANT + timedelta(days=1, hours=3)


@pytest.fixture
def saison(base: str) -> Saison:
    """An outing of ten seats at 4 € for all, looked at on a November morning."""
    clock.set_now(MAINTENANT)
    with transaction() as session:
        return batir(session)


def changer(season: Saison, prix: Sequence[int], *, le: date = DEMAIN, instant: datetime = MAINTENANT) -> int:
    with transaction() as session:
        made = saisir_prix(session, season.grille, PrixSaisis(le, (), prix), instant=instant, par=None)
        session.flush()
        return made.id


def prix_payes() -> list[int]:
    with reading() as session:
        return list(session.scalars(text("SELECT prix FROM place_sortie ORDER BY id")))


def plein(season: Saison, jour: date) -> int:
    with reading() as session:
        return bareme_au(session, season.grille, jour).plein.centimes


def test_a_booking_keeps_the_price_of_its_day_and_a_later_one_pays_the_new(saison: Saison) -> None:
    early = reserver(saison, habiter(saison, [3])[0])
    changer(saison, [250])
    assert (plein(saison, AUJOURD_HUI), plein(saison, DEMAIN)) == (400, 250)
    reserver(saison, habiter(saison, [1])[0])
    clock.set_now(PLUS_TARD)
    reserver(saison, habiter(saison, [1])[0], instant=PLUS_TARD)
    assert prix_payes() == [400, 400, 400, 400, 250]
    with transaction() as session:
        seat = session.scalar(text("SELECT max(id) FROM place_sortie WHERE inscription_id = :i"), {"i": early.id})
        annuler(session, early.id, places=[seat], instant=PLUS_TARD)
    assert compter("SELECT sum(montant) FROM mouvement WHERE compte = 'foyer'") == 2 * 400 + 400 + 250
    assert fautes(PLUS_TARD) == []


def test_who_waits_keeps_the_price_at_which_they_asked(saison: Saison) -> None:
    full = reserver(saison, habiter(saison, [6])[0])
    reserver(saison, habiter(saison, [4])[0])
    asked = reserver(saison, habiter(saison, [2])[0], attendre=True)
    changer(saison, [100])
    with transaction() as session:
        annuler(session, full.id, instant=PLUS_TARD)
        assert session.scalar(text("SELECT etat FROM inscription WHERE id = :i"), {"i": asked.id}) == "offerte"
    assert prix_payes()[-2:] == [400, 400]


def test_the_programme_shows_the_price_of_the_day_and_says_what_comes(app: Flask, saison: Saison) -> None:
    changer(saison, [0])
    page = Visite(app).lire(f"/sorties/{saison.sortie}").text.replace("\N{NO-BREAK SPACE}", " ")
    assert "4,00 €" in page
    assert "Les prix changent pour qui réserve à partir du jeudi 26 novembre : gratuit" in page
    with reading() as session:
        assert sorties_a_venir(session, MAINTENANT, Filtre(gratuit=True)) == []
    clock.set_now(PLUS_TARD)
    with reading() as session:
        assert [one.prix for one in sorties_a_venir(session, PLUS_TARD, Filtre(gratuit=True))] == [(0,)]
    later = Visite(app).lire(f"/sorties/{saison.sortie}").text
    assert "Les prix changent" not in later
    clock.set_now(MAINTENANT + timedelta(days=60))
    changer(saison, [500], le=AUJOURD_HUI + timedelta(days=61), instant=MAINTENANT + timedelta(days=60))
    clock.set_now(MAINTENANT + timedelta(days=90))
    assert "Gratuit" in Visite(app).lire(f"/sorties/{saison.sortie}").text, "as on the last day one could book"


@pytest.mark.parametrize(
    ("prix", "jour", "said"),
    [
        ([300], AUJOURD_HUI, "demain au plus tôt"),
        ([300], AUJOURD_HUI - timedelta(days=30), "demain au plus tôt"),
        ([300], AUJOURD_HUI + timedelta(days=900), "deux ans"),
        ([501], DEMAIN, "ne font pas un tarif"),
        ([100, 200], DEMAIN, "ne font pas un tarif"),
        ([400], DEMAIN, "Ce sont déjà les prix"),
    ],
)
def test_what_would_change_the_past_or_is_no_grid_is_refused(
    saison: Saison, prix: list[int], jour: date, said: str
) -> None:
    with pytest.raises(Refus, match=said):
        changer(saison, prix, le=jour)
    assert compter("SELECT count(*) FROM grille_sortie_prix") == 0


def test_control_without_the_rule_the_database_refuses_a_day_that_has_come(
    saison: Saison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grilles, "_exiger_a_venir", lambda *given: None)
    with pytest.raises(IntegrityError, match="a_venir"):
        changer(saison, [300], le=AUJOURD_HUI)


def test_prices_to_come_are_taken_back_until_the_eve_and_their_day_is_free_again(saison: Saison) -> None:
    first = changer(saison, [300])
    with pytest.raises(Refus, match="commencent déjà le"):
        changer(saison, [200])
    for _ in range(2):
        with transaction() as session:
            retirer_prix(session, first, instant=MAINTENANT, par=None)
    assert plein(saison, DEMAIN) == 400
    second = changer(saison, [200])
    with pytest.raises(Refus, match="comptent déjà"), transaction() as session:
        retirer_prix(session, second, instant=PLUS_TARD, par=None)
    assert plein(saison, DEMAIN) == 200
    assert fautes() == []


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE grille_sortie_prix SET prix = '{300,200}'", "n’ont pas une ligne chacun"),
        ("UPDATE grille_sortie_prix SET seuils = '{5}', prix = '{1,2}'", "n’ont pas une ligne chacun"),
        (
            "ALTER TABLE grille_sortie_prix DROP CONSTRAINT ck_grille_sortie_prix_a_venir;"
            " UPDATE grille_sortie_prix SET effet_le = '2020-01-01'",
            "ont été écrits ou retirés ce jour-là ou après",
        ),
    ],
)
def test_prices_that_somebody_tampered_with_are_told(saison: Saison, tampering: str, said: str) -> None:
    changer(saison, [300])
    assert fautes() == []
    with transaction() as session:
        session.execute(text(SANS_GARDE + tampering))
        session.execute(text("SET session_replication_role = DEFAULT"))
        told = verifications.verifier(session)
        session.rollback()
    assert any(said in fault for fault in told), told


def test_the_preview_counts_who_pays_more_and_names_the_outings(saison: Saison) -> None:
    reserver(saison, habiter(saison, [4], prix=0)[0])
    habiter(saison, [2], prix=1200)
    with reading() as session:
        seen = apercu(session, saison.grille, PrixSaisis(DEMAIN, (), [500]), MAINTENANT)
    assert seen.personnes == 6
    assert [(set(line.sens), line.personnes) for line in seen.lignes] == [({Sens.PLUS}, 6)]
    assert [(one.id, one.gardees) for one in seen.sorties] == [(saison.sortie, 4)]
    with reading() as session:
        far = apercu(session, saison.grille, PrixSaisis(AUJOURD_HUI + timedelta(days=40), (), [500]), MAINTENANT)
    assert far.sorties == (), "nobody books that outing any more by then"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=40))
def test_whatever_the_prices_no_line_shows_few_people_and_all_are_counted(prix: list[tuple[int, int]]) -> None:
    lines = comparer(prix)
    assert all(line.personnes >= SEUIL for line in lines)
    assert sum(line.personnes for line in lines) in (len(prix), 0)
    assert bool(lines) == (len(prix) >= SEUIL)


def test_the_coordination_previews_then_writes_and_takes_back(app: Flask, saison: Saison) -> None:
    she = connecte_en(app, Role.COORDINATION)
    home = "/coordination/sorties/tarifs"
    page = f"{home}/{saison.grille}/prix"
    assert "4,00" in she.lire(page).text
    typed = {"effet_le": DEMAIN.isoformat(), "prix_1": "2,50"}
    for wrong, said in (
        ({"effet_le": AUJOURD_HUI.isoformat()}, "demain au plus tôt"),
        ({"effet_le": ""}, "à partir de quel jour"),
        ({"prix_1": "6"}, "de 0 à 5"),
        ({"prix_1": ""}, "Écrivez ce prix"),
        ({"prix_1": "4,00"}, "déjà les prix"),
    ):
        refused = she.poster(page, **(typed | wrong))
        assert refused.status_code == 422, said
        assert said in refused.text.replace("\N{NO-BREAK SPACE}", " ")
    preview = she.poster(page, geste="apercu", **typed)
    assert preview.status_code == 200
    assert "Rien n’est encore enregistré" in preview.text.replace("\N{NO-BREAK SPACE}", " ")
    assert she.poster(page, geste="enregistrer", **typed).status_code == 422, "the box is not ticked"
    assert compter("SELECT count(*) FROM grille_sortie_prix") == 0
    assert she.poster(page, geste="enregistrer", accord="y", **typed).location == home
    assert compter("SELECT count(*) FROM grille_sortie_prix WHERE saisi_par IS NOT NULL") == 1
    key = compter("SELECT id FROM grille_sortie_prix")
    assert she.poster(f"{home}/prix/{key}/retirer", home).location == home
    assert "retirés" in she.lire(home).text


def test_a_new_grid_by_quotient_is_written_line_by_line_and_outings_may_choose_it(app: Flask, saison: Saison) -> None:
    she = connecte_en(app, Role.COORDINATION)
    page = "/coordination/sorties/tarifs/nouveau?forme=quotient"
    right = {"nom": "Doux", "jusqu_a_1": "600", "prix_1": "0", "jusqu_a_2": "1 200", "prix_2": "2", "prix_3": "5"}
    for wrong, said in (
        ({"prix_2": ""}, "Écrivez le prix de cette tranche"),
        ({"jusqu_a_2": "500"}, "dépasser celui de la tranche"),
        ({"jusqu_a_3": "2000"}, "prend tout le reste"),
        ({"jusqu_a_1": ""}, "jusqu’à quel quotient"),
        ({"prix_3": "1"}, "ne baisse jamais"),
        ({"nom": ""}, "Donnez un nom"),
    ):
        refused = she.poster(page, **(right | wrong))
        assert refused.status_code == 422, said
        assert said in refused.text
    assert she.poster(page, **right).location == "/coordination/sorties/tarifs"
    with reading() as session:
        made = session.scalars(select(GrilleSortie).where(GrilleSortie.nom == "Doux")).one()
    assert (made.seuils, made.prix) == ([600, 1200], [0, 200, 500])
    assert "déjà ce nom" in she.poster(page, **right).text
    assert "Doux" in she.lire("/coordination/sorties/nouvelle").text
