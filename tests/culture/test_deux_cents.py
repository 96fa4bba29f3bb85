"""Two hundred clients truly at once on an outing's last forty seats, in groups of one to six (reliability, row 18)."""

import random
import time
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from culture import attente
from culture.attente import accepter, laisser
from culture.inscriptions import annuler
from culture.models.sorties import Sortie
from culture.regles.places import Occupation
from kernel.db import transaction
from kernel.errors import Refus
from tests.conftest import forget_settings
from tests.culture.bourg import MAINTENANT, Saison, batir, fautes, habiter, reserver
from tests.culture.ruee import PARTAGEES, Ruee, a_la_fois, demander, rendre, tailles
from tests.culture.test_inscriptions import tenues
from tests.culture.test_ruees import sans_verrou
from tests.paniers.bourg import compter
from tests.patience import Geste

DERNIERES, CLIENTS, DEDANS, OFFERTES = 40, 200, 10, 4
PLACES = DERNIERES + 3 * DEDANS + 2 * OFFERTES
DEMANDEES = text("SELECT inscription_id, count(*) FROM place_sortie GROUP BY 1")


@pytest.fixture
def saison(base: str) -> Saison:
    """An outing of which forty seats will be left: see `ruee`."""
    with transaction() as session:
        return batir(session, places=PLACES)


def un_clin_d_oeil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking whether there is room and taking it, the blink of an eye: as on a machine at work."""
    real = attente.occupation

    def look_then_blink(session: Session, sortie: Sortie, instant: datetime) -> Occupation:
        seen = real(session, sortie, instant)
        time.sleep(0.01)
        return seen

    monkeypatch.setattr(attente, "occupation", look_then_blink)


def ruee(season: Saison, graine: int) -> Ruee:
    """Two hundred ask, two in three ready to wait; of ten who had booked, five give one seat back and two all; of the
    four who are offered two seats, two take them and two leave them."""
    inside = [reserver(season, who).id for who in habiter(season, [3] * DEDANS)]
    offered = offrir(season)
    assert tenues(season) == PLACES - DERNIERES
    people = habiter(season, tailles(graine, CLIENTS))
    acts: list[Geste] = [demander(season, who, MAINTENANT, attendre=bool(n % 3)) for n, who in enumerate(people)]
    acts += [rendre(key, MAINTENANT, combien=1) for key in inside[:5]]
    acts += [rendre(key, MAINTENANT, combien=None) for key in inside[5:7]]
    acts += [partial(accepter, inscription_id=key, instant=MAINTENANT) for key in offered[:2]]
    acts += [partial(laisser, inscription_id=key, instant=MAINTENANT) for key in offered[2:]]
    random.Random(graine).shuffle(acts)
    return a_la_fois(season, acts, MAINTENANT)


def offrir(season: Saison) -> list[int]:
    """Who had everything left gives it back: four who wait for two seats are offered theirs."""
    full = [reserver(season, who).id for who in habiter(season, [6] * ((PLACES - 3 * DEDANS) // 6))]
    waiting = [reserver(season, who, attendre=True).id for who in habiter(season, [2] * OFFERTES)]
    for key in full:
        with transaction() as session:
            annuler(session, key, instant=MAINTENANT)
    return waiting


@pytest.mark.long
@pytest.mark.parametrize("graine", [18, 19])
def test_two_hundred_groups_at_once_never_oversell_are_never_split_and_all_who_fit_are_offered(
    saison: Saison, monkeypatch: pytest.MonkeyPatch, graine: int
) -> None:
    un_clin_d_oeil(monkeypatch)
    rush = ruee(saison, graine)
    assert rush.fautes == []
    asked = [one for one in rush.issues if isinstance(one, tuple)]
    refused = [one for one in rush.issues if isinstance(one, Refus)]
    assert len(rush.issues) == CLIENTS + 7 + OFFERTES, "everybody has had an answer"
    assert len(rush.tenues) > 3, "somebody looked on"
    assert max(rush.tenues) <= PLACES
    assert max(rush.partagees) == 0
    assert compter("SELECT count(*) FROM inscription WHERE etat = 'declinee'"), "offers were answered meanwhile"
    attente.servir_ce_qui_est_libre(MAINTENANT)
    with transaction() as session:
        seats: dict[int, int] = dict(session.execute(DEMANDEES).all())
    assert [key for key, wanted in asked if seats[key] != wanted] == [], "each was written whole"
    assert compter(PARTAGEES) == 0
    assert fautes() == []
    waiting = compter("SELECT count(*) FROM inscription WHERE etat = 'en_attente'")
    print("let in or waiting", len(asked), "refused", len(refused), "held at most", max(rush.tenues), "of", PLACES)
    print("held at rest", tenues(saison), "still waiting", waiting, "meanwhile", dict(rush.autour))


@pytest.mark.long
def test_control_two_hundred_groups_without_the_guards_oversell(
    saison: Saison, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outing's lock and the database's own count taken away: forty look at once, and find the same seats free."""
    monkeypatch.setenv("DB_POOL_SIZE", "40")
    forget_settings()
    sans_verrou(monkeypatch)
    un_clin_d_oeil(monkeypatch)
    with transaction() as session:
        session.execute(
            text("ALTER TABLE place_sortie DISABLE TRIGGER places_never_oversold, DISABLE TRIGGER seats_never_oversold")
        )
    rush = ruee(saison, 18)
    assert max(rush.tenues) > PLACES, "and it was seen while it happened"
    print("held at most", max(rush.tenues), "of", PLACES)


def test_control_without_the_list_being_served_who_fits_is_left_without_an_offer(
    saison: Saison, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [reserver(saison, who) for who in habiter(saison, [6] * (PLACES // 6))]
    reserver(saison, habiter(saison, [6])[0], attendre=True)
    monkeypatch.setattr(attente, "servir", lambda *given: [])
    with transaction() as session:
        annuler(session, full[0].id, instant=MAINTENANT)
    assert any("places sont libres" in fault for fault in fautes())
