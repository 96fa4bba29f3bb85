"""Places under a rush: families, agents, visitors and the waiting list at once on the last ones; nothing oversold, and
at rest nothing left free while somebody waits who would fit."""

import threading
import time
from functools import partial

import pytest

from kernel.db import transaction
from kernel.errors import Refus
from paniers import abonnements, horaires, places
from paniers.abonnements import quitter, souscrire
from tests import fabriques
from tests.conftest import forget_settings
from tests.paniers.bourg import Bourg, compter, ensemble
from tests.paniers.file_attente import bourg
from tests.paniers.ruee import DERNIERES, a_la_fois, ruee, tenues, trop_pleine, verifier

__all__ = ["bourg"]

ENSEMBLE, CLIENTS = 40, 200


def test_a_rush_on_the_last_places_never_oversells_and_leaves_none_free(
    bourg: Bourg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_POOL_SIZE", str(ENSEMBLE))  # each client has a connection before the race begins
    forget_settings()
    house, acts = ruee(bourg, ENSEMBLE, graine=ENSEMBLE)
    outcomes = ensemble(acts)
    assert [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Refus)] == []
    at = bourg.avant(hours=5)
    horaires.proposer_les_places(at)
    held = tenues(house)
    assert not trop_pleine(held), held
    assert held.abonnes > DERNIERES / 2, held
    assert verifier(at) == []


def un_clin_d_oeil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking whether there is room and taking it, the blink of an eye: as on a machine at work."""
    real = places.exiger_des_places

    def look_then_blink(*given: object, **named: object) -> None:
        real(*given, **named)  # type: ignore[arg-type]
        time.sleep(0.02)

    monkeypatch.setattr(abonnements, "exiger_des_places", look_then_blink)


@pytest.mark.long
def test_two_hundred_clients_at_once_through_the_webs_own_pool_never_oversell(
    bourg: Bourg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are let go together and share ten connections, as a web process does; offers run out meanwhile."""
    un_clin_d_oeil(monkeypatch)
    house, acts = ruee(bourg, CLIENTS, graine=CLIENTS, offres=6)
    rush = a_la_fois(acts, house, bourg.avant(hours=5))
    assert [one for one in rush.issues if isinstance(one, Exception) and not isinstance(one, Refus)] == []
    assert len(rush.issues) == CLIENTS
    assert rush.vues, "somebody looked on"
    assert [held for held in rush.vues if trop_pleine(held)] == []
    horaires.proposer_les_places(bourg.avant(hours=5))
    held = tenues(house)
    assert not trop_pleine(held), held
    assert held.abonnes > DERNIERES / 2, held
    assert compter("SELECT count(*) FROM attente WHERE etat = 'expiree'") == 3
    assert verifier(bourg.avant(hours=5)) == []


@pytest.mark.long
def test_control_two_hundred_clients_without_the_maisons_lock_oversell(
    bourg: Bourg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "VERROU", None)
    un_clin_d_oeil(monkeypatch)
    house, acts = ruee(bourg, CLIENTS, graine=CLIENTS, offres=6)
    rush = a_la_fois(acts, house, bourg.avant(hours=5))
    assert trop_pleine(tenues(house)), tenues(house)
    assert [held for held in rush.vues if trop_pleine(held)], "and it was seen while it happened"


def test_control_without_the_maisons_lock_a_rush_oversells(bourg: Bourg, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        house = fabriques.maison(session, places=2).id
        families = [fabriques.foyer(session, maison_id=house).id for _ in range(6)]
    checked, real = threading.Barrier(6), places.exiger_des_places

    def check_then_wait(*given: object, **named: object) -> None:
        real(*given, **named)  # type: ignore[arg-type]
        checked.wait(30)

    monkeypatch.setattr(places, "VERROU", None)
    monkeypatch.setattr(abonnements, "exiger_des_places", check_then_wait)
    at = bourg.avant(hours=5)
    ensemble([partial(souscrire, foyer_id=foyer, maison_id=house, nombre=1, instant=at) for foyer in families])
    assert tenues(house).abonnes > 2
    assert any("pour 2 places" in said for said in verifier(at)), "and the verification sees it"


def test_control_without_the_list_being_served_places_stay_free(bourg: Bourg, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        house = fabriques.maison(session, places=1).id
        inside = fabriques.abonnement(session, fabriques.foyer(session).id, house).id
        fabriques.attente(session, fabriques.foyer(session).id, house, depuis=bourg.avant(days=2))
    monkeypatch.setattr(abonnements, "servir_tous", lambda *given: None)
    with transaction() as session:
        quitter(session, inside, instant=bourg.avant(days=1))
    assert any("places sont libres" in said for said in verifier(bourg.avant(days=1)))
    monkeypatch.undo()
    horaires.proposer_les_places(bourg.avant(days=1))
    assert verifier(bourg.avant(days=1)) == []
