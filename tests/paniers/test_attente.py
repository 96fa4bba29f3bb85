"""The waiting list: served by date, an offer held for two days, one winner between acceptance and expiry."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from paniers import horaires
from paniers.abonnements import changer_maison, changer_nombre
from paniers.attente import DELAI_DE_REPONSE, accepter_place, quitter_attente, rang, rejoindre_attente
from paniers.choix import choisir
from paniers.models.attente import Attente
from paniers.models.semaines import NatureChoix
from paniers.places import occupations
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, compter, ensemble
from tests.paniers.file_attente import (
    abonner,
    accepter,
    attendre,
    bourg,
    etats,
    faits,
    foyer,
    lire,
    partir,
    petite,
    quitter_attente_,
    tient,
    visiter,
)

__all__ = ["bourg", "petite"]


# Joining.


def test_one_waits_only_where_it_is_full_and_for_one_place_at_a_time(bourg: Bourg, petite: int) -> None:
    who = foyer(bourg)
    with pytest.raises(Refus, match="Il reste de la place"):
        attendre(bourg, bourg.maisons[0], foyer_id=who)
    attendre(bourg, petite, foyer_id=who)
    with pytest.raises(Refus, match="attend déjà une place"):
        attendre(bourg, petite, foyer_id=who)
    for maison, said in ((10**9, "ne distribue pas"), (petite, "un ou deux")):
        with pytest.raises(Refus, match=said):
            attendre(bourg, maison, nombre=3)
    with pytest.raises(Introuvable), transaction() as session:
        rejoindre_attente(session, foyer_id=10**9, maison_id=petite, nombre=1, instant=bourg.avant(days=4))


def test_who_lives_there_already_does_not_wait_there(bourg: Bourg, petite: int) -> None:
    with transaction() as session:
        inhabitant = session.execute(
            text("SELECT a.foyer_id FROM abonnement a JOIN abonnement_version v ON v.abonnement_id = a.id"
                 " WHERE v.maison_id = :m LIMIT 1"), {"m": petite},
        ).scalar_one()  # fmt: skip
    with pytest.raises(Refus, match="déjà votre place"):
        attendre(bourg, petite, foyer_id=inhabitant)


def test_the_rank_is_told_and_moves_up(bourg: Bourg, petite: int) -> None:
    first, second, third = (attendre(bourg, petite, days=4 - n / 10) for n in range(3))
    with transaction() as session:
        assert [rang(session, session.get_one(Attente, one)) for one in (first, second, third)] == [1, 2, 3]
        quitter_attente(session, first, instant=bourg.avant(days=3))
    with transaction() as session:
        assert rang(session, session.get_one(Attente, third)) == 2
    assert etats(first) == ["retiree"]


# Being served.


def test_who_leaves_gives_its_place_to_the_first_at_once(bourg: Bourg, petite: int) -> None:
    first, second = attendre(bourg, petite, days=4), attendre(bourg, petite, days=3)
    partir(petite, bourg.avant(days=2))
    assert etats(first, second) == ["offerte", "en_attente"]
    assert faits("PlaceOfferte") == 1
    assert lire(first).expire_le == bourg.avant(days=2) + DELAI_DE_REPONSE
    assert tient(bourg.avant(days=2))


def test_an_offered_place_is_nobody_elses(bourg: Bourg, petite: int) -> None:
    attendre(bourg, petite)
    partir(petite, bourg.avant(days=2))
    with pytest.raises(Refus, match="complète"):
        abonner(bourg, petite, days=1)
    with transaction() as session:
        held = occupations(session, JEUDI)[petite]
    assert (held.abonnes, held.offertes, held.libres) == (1, 1, 0)


def test_a_request_for_two_is_overtaken_only_while_two_do_not_fit(bourg: Bourg, petite: int) -> None:
    two, one, later = attendre(bourg, petite, 2, days=4), attendre(bourg, petite, 1, days=3), attendre(bourg, petite)
    partir(petite, bourg.avant(days=2))
    assert etats(two, one, later) == ["en_attente", "en_attente", "offerte"], "the older request for one comes first"
    quitter_attente_(later, bourg.avant(days=2))
    assert etats(two, one) == ["en_attente", "offerte"], "two do not fit yet: one is served, two keep their rank"
    partir(petite, bourg.avant(days=1))
    assert etats(two) == ["en_attente"]
    quitter_attente_(one, bourg.avant(hours=20))
    assert etats(two, one) == ["offerte", "declinee"]
    assert tient(bourg.avant(hours=20))


@pytest.mark.parametrize("geste", ["move", "fewer", "raised", "term", "visitor"])
def test_every_way_in_which_a_place_comes_free_serves_the_list(bourg: Bourg, geste: str) -> None:
    with transaction() as session:
        place = fabriques.maison(session, places=2).id
        guest = fabriques.abonnement(session, fabriques.foyer(session).id, bourg.maisons[0]).id
    inhabitant = abonner(bourg, place, nombre=1 if geste == "visitor" else 2)
    if geste == "visitor":
        visiter(bourg, guest, place, bourg.avant(days=5))
    waiting = attendre(bourg, place)
    at = bourg.avant(days=2)
    if geste == "raised":
        with transaction() as session:
            session.execute(text("UPDATE maison SET places = 3 WHERE id = :m"), {"m": place})
        horaires.proposer_les_places(at)
    elif geste == "term":
        with transaction() as session:
            session.execute(text("UPDATE abonnement_version SET fin = :d WHERE maison_id = :m"),
                            {"d": JEUDI, "m": place})  # fmt: skip
        horaires.proposer_les_places(bourg.apres(seconds=30))
        assert etats(waiting) == ["en_attente"], "what was said just before the cut-off may still be on its way"
        horaires.proposer_les_places(bourg.apres(seconds=61))
    else:
        with transaction() as session:
            if geste == "move":
                changer_maison(session, inhabitant, maison_id=bourg.maisons[1], instant=at)
            elif geste == "fewer":
                changer_nombre(session, inhabitant, nombre=1, instant=at)
            else:
                choisir(session, guest, bourg.semaine, NatureChoix.COMME_D_HABITUDE, instant=at)
    assert etats(waiting) == ["offerte"]
    assert tient(bourg.apres(seconds=61) if geste == "term" else at)


# Races.


def test_an_acceptance_and_its_expiry_have_one_winner(bourg: Bourg, petite: int) -> None:
    """Reliability: hold expiry against confirmation. The clock of each says that it is just in time."""
    for turn in range(6):
        first, second = attendre(bourg, petite, days=4), attendre(bourg, petite, days=3.5)
        partir(petite, bourg.avant(days=3))
        end = lire(first).expire_le
        assert end is not None
        outcomes = ensemble(_course(first, petite, end)[:: 1 if turn % 2 else -1])
        won, next_ = etats(first, second)
        assert (won, next_) in {("acceptee", "en_attente"), ("expiree", "offerte")}, outcomes
        assert compter("SELECT count(*) FROM abonnement_version WHERE attente_id = :a", a=first) == (won == "acceptee")
        assert tient(end)
        with transaction() as session:
            session.execute(text("UPDATE maison SET places = places + 4 WHERE id = :m"), {"m": petite})
        _vider(petite, bourg.avant(days=1))


def _course(attente_id: int, maison: int, end: datetime) -> list[Callable[[Session], object]]:
    return [
        lambda session: accepter_place(session, attente_id, instant=end - timedelta(seconds=1)),
        lambda session: horaires.proposer_les_places(end),
    ]


def _vider(maison: int, instant: datetime) -> None:
    """Everybody who waits is served, and the maison is full again."""
    horaires.proposer_les_places(instant)
    with transaction() as session:
        open_ = session.execute(text("SELECT id FROM attente WHERE etat = 'offerte'")).scalars().all()
    for request in open_:
        accepter(request, instant)
    with transaction() as session:
        session.execute(
            text("UPDATE maison SET places = (SELECT sum(nombre) FROM abonnement_version WHERE maison_id = :m"
                 " AND jusqu_a IS NULL AND fin >= :j AND debut <= fin) WHERE id = :m"), {"m": maison, "j": JEUDI},
        )  # fmt: skip
