"""A week on a holiday or a closing day never passes unseen: shown, told three weeks ahead, decided by one button."""

from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from paniers import horaires
from paniers.agenda import rendez_vous
from paniers.courriels.distributions import alerter_d_un_doute
from paniers.fermetures import Empechement, autre_jour, empechements, en_doute, ferie, fermer, lever
from paniers.models.distributions import Fermeture
from paniers.models.semaines import Semaine
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import Bourg, batir, compter

REVEILLON, ASCENSION = date(2026, 12, 24), date(2026, 5, 14)
AVANT = paris(date(2026, 12, 1), time(9))


@pytest.fixture
def bourg(base: str) -> Bourg:
    """Two maisons, three weeks: 24 and 31 December, 7 January."""
    clock.set_now(AVANT)
    with transaction() as session:
        return batir(session, REVEILLON)


@pytest.fixture
def elle(app: Flask, bourg: Bourg) -> Visite:
    return connecte_en(app, Role.COORDINATION)


def douteuses() -> list[tuple[str, tuple[Empechement, ...]]]:
    with reading() as session:
        return [(doubt.code, doubt.empechements) for doubt in en_doute(session, clock.now())]


@pytest.mark.parametrize(
    ("jour", "nom"),
    [
        (ASCENSION, "Ascension"),
        (date(2026, 12, 25), "Noël"),
        (date(2027, 3, 29), "Lundi de Pâques"),
        (date(2027, 5, 6), "Ascension"),
        (date(2027, 1, 1), "Jour de l’an"),
        (date(2026, 12, 26), None),
        (date(2026, 3, 17), None),
    ],
)
def test_public_holidays_are_those_of_france(jour: date, nom: str | None) -> None:
    assert ferie(jour) == nom


def test_a_holiday_its_eve_and_a_closing_each_stand_in_the_way() -> None:
    here = Fermeture(maison_id=1, du=date(2026, 6, 4), au=date(2026, 6, 4), motif="travaux")
    assert empechements(ASCENSION, [1], []) == (Empechement(ASCENSION, "Ascension", ferie=True),)
    assert empechements(REVEILLON, [1], []) == (Empechement(REVEILLON, "Noël", veille=True),)
    assert empechements(here.du, [1, 2], [here]) == (Empechement(here.du, "travaux", 1),)
    assert empechements(here.du, [2], [here]) == ()
    assert empechements(ASCENSION, [], []) == ()


def test_the_day_proposed_is_a_working_day_of_the_same_week() -> None:
    shut = Fermeture(maison_id=None, du=date(2026, 12, 23), au=date(2026, 12, 23), motif="inventaire")
    assert autre_jour(REVEILLON, []) == date(2026, 12, 23)
    assert autre_jour(REVEILLON, [shut]) == date(2026, 12, 22)
    assert autre_jour(ASCENSION, []) == date(2026, 5, 13)
    all_week = Fermeture(maison_id=None, du=date(2026, 12, 20), au=date(2026, 12, 27), motif="congés")
    assert autre_jour(REVEILLON, [all_week]) is None


def test_weeks_in_doubt_are_found_until_something_is_decided(bourg: Bourg) -> None:
    assert [code for code, _ in douteuses()] == ["2026-W52", "2026-W53"]
    with transaction() as session:
        fermer(session, maison_id=bourg.maisons[0], du=date(2027, 1, 4), au=date(2027, 1, 8), motif="travaux",
               instant=AVANT)  # fmt: skip
    assert [code for code, _ in douteuses()] == ["2026-W52", "2026-W53", "2027-W01"]


def test_a_closing_that_is_taken_back_is_forgotten(bourg: Bourg) -> None:
    with transaction() as session:
        made = fermer(session, maison_id=None, du=date(2027, 1, 7), au=date(2027, 1, 7), motif="x", instant=AVANT)
        session.flush()
        for _ in range(2):
            lever(session, made.id, instant=AVANT)
    assert "2027-W01" not in [code for code, _ in douteuses()]


@pytest.mark.parametrize(
    ("du", "au", "motif"),
    [
        (date(2026, 12, 10), date(2026, 12, 9), "x"),
        (date(2026, 11, 1), date(2026, 11, 2), "x"),
        (date(2026, 12, 10), date(2030, 12, 10), "x"),
        (date(2026, 12, 10), date(2026, 12, 10), " "),
    ],
)
def test_days_that_cannot_be_closed_are_refused(bourg: Bourg, du: date, au: date, motif: str) -> None:
    with pytest.raises(Refus), transaction() as session:
        fermer(session, maison_id=None, du=du, au=au, motif=motif, instant=AVANT)


def test_the_coordination_is_told_three_weeks_ahead_once(bourg: Bourg) -> None:
    with transaction() as session:
        fabriques.compte(session, Role.COORDINATION)
    for day, told in ((date(2026, 12, 2), 0), (date(2026, 12, 3), 1), (date(2026, 12, 4), 1), (date(2026, 12, 10), 2)):
        clock.set_now(paris(day, time(9)))
        for _ in range(2):
            horaires.alerter_des_doutes(clock.now())
        assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'SemaineADecider'") == told
    for _ in range(2):
        with transaction() as session:
            alerter_d_un_doute(session, bourg.semaine)
    with reading() as session:
        (said,) = session.scalars(text("SELECT subject FROM mail")).all()
    assert said == "À décider : la distribution du jeudi 24 décembre"


def test_one_button_moves_the_week_and_it_is_in_doubt_no_more(bourg: Bourg, elle: Visite) -> None:
    page = elle.lire("/coordination/calendrier").text.replace("\xa0", " ")
    assert "veille de jour férié (Noël)" in page
    assert "Déplacer au mercredi 23 décembre" in page
    answer = elle.poster(
        "/coordination/2026-W52/distribution/deplacer", "/coordination/calendrier", jour="2026-12-23",
        motif="veille de jour férié (Noël)",
    )  # fmt: skip
    assert answer.status_code == 303
    with reading() as session:
        week = session.get_one(Semaine, bourg.semaine)
        assert rendez_vous(session, week, bourg.maisons[0]).jour == REVEILLON - timedelta(days=1)
    assert [code for code, _ in douteuses()] == ["2026-W53"]


def test_keeping_the_day_is_a_decision_that_nobody_is_told_of(bourg: Bourg, elle: Visite) -> None:
    for _ in range(2):
        assert elle.poster("/coordination/2026-W52/maintenir", "/coordination/calendrier").status_code == 303
    assert [code for code, _ in douteuses()] == ["2026-W53"]
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'DistributionDecidee'") == 0
    assert compter("SELECT count(*) FROM distribution") == 1


def test_a_closing_is_noted_by_a_form_and_taken_back(bourg: Bourg, elle: Visite) -> None:
    here = bourg.maisons[0]
    given = {"maison": here, "du": "04/01/2027", "au": "08/01/2027", "motif": "travaux"}
    assert elle.poster("/coordination/calendrier/fermer", "/coordination/calendrier", **given).status_code == 303
    page = elle.lire("/coordination/calendrier").text
    assert "travaux" in page
    assert "Décider pour" in page
    key = compter("SELECT id FROM fermeture")
    path = f"/coordination/calendrier/fermetures/{key}/rouvrir"
    assert elle.poster(path, "/coordination/calendrier").status_code == 303
    assert "Aucune fermeture n’est notée" in elle.lire("/coordination/calendrier").text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"maison": "9999", "du": "04/01/2027", "au": "08/01/2027", "motif": "x"}, "Choisissez une maison"),
        ({"maison": "0", "du": "", "au": "08/01/2027", "motif": "x"}, "Choisissez le premier jour."),
        ({"maison": "0", "du": "08/01/2027", "au": "04/01/2027", "motif": "x"}, "échangez-les"),
        ({"maison": "0", "du": "04/01/2027", "au": "08/01/2027", "motif": ""}, "Dites pourquoi"),
    ],
)
def test_a_closing_that_cannot_be_is_answered_beside_its_field(
    bourg: Bourg, elle: Visite, given: dict[str, str], words: str
) -> None:
    answer = elle.poster("/coordination/calendrier/fermer", "/coordination/calendrier", **given)
    assert answer.status_code == 422
    assert words in answer.text
    assert compter("SELECT count(*) FROM fermeture") == 0


def test_the_week_s_page_says_that_its_day_is_to_be_decided(bourg: Bourg, elle: Visite) -> None:
    page = elle.lire("/coordination?semaine=2026-W52").text.replace("\xa0", " ")
    assert "jeudi 24 décembre : veille de jour férié (Noël)" in page
