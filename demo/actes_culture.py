"""What people do about outings in a played week, by the use cases that their pages call: book, take an offer, tick."""

import random
from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.attente import accepter, places_tenues
from culture.conditions import Personne
from culture.inscriptions import annuler, inscrire
from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.sorties import Sortie, SortieAccompagnateur
from culture.presences import arriver, manquer, remplacer
from culture.queries.soiree import attendues, soiree
from culture.regles.etats import EtatInscription, Presence
from demo.programme import A_VENIR, CE_SOIR, EN_FAMILLE
from demo.sorties import detenteurs
from foyers.models_messages import Message
from kernel import clock
from kernel.db import reading, transaction

RESERVENT = 3


def reserver(rng: random.Random) -> Counter[str]:
    """Some families book for themselves, and one of them then gives a place back; who is offered seats takes them."""
    told: Counter[str] = Counter()
    with transaction() as session:
        sortie = _sortie(session, EN_FAMILLE)
        held = detenteurs(session)
        there = set(session.scalars(select(Inscription.foyer_id).where(Inscription.sortie_id == sortie.id)))
        free = sorted(key for key, members in held.items() if key not in there and len(members) > 1)
        made = []
        for foyer_id in rng.sample(free, min(RESERVENT, len(free))):
            people = [Personne(one.id) for one in held[foyer_id][:2]]
            booked = inscrire(session, sortie_id=sortie.id, foyer_id=foyer_id, personnes=people, instant=clock.now())
            told["reservees"] += len(people)
            made.append(booked.id)
        for key in made[-1:]:
            annuler(session, key, places=[places_tenues(session, key)[-1].id], instant=clock.now())
            told["rendues"] += 1
        offered = select(Inscription.id).where(Inscription.etat == EtatInscription.OFFERTE).order_by(Inscription.id)
        for key in session.scalars(offered).all():
            told["acceptees"] += len(places_tenues(session, accepter(session, key, instant=clock.now()).id))
    return told


def tenir_la_liste() -> Counter[str]:
    """This evening: all are ticked one by one but the last two; one had said so, the other's seat is taken."""
    told: Counter[str] = Counter()
    with reading() as session:
        sortie_id = _sortie(session, CE_SOIR).id
        guide = session.scalars(
            select(SortieAccompagnateur.compte_id).where(SortieAccompagnateur.sortie_id == sortie_id)
        ).one()
        expected = [one.place_id for one in attendues(session, soiree(session, sortie_id), clock.now())]
    *there, excused, absent = expected
    for place_id in there:
        with transaction() as session:
            arriver(session, place_id, instant=clock.now(), par=guide)
    with transaction() as session:
        manquer(session, excused, prevenu=True, instant=clock.now(), par=guide)
        remplacer(session, absent, prenom="Rose", nom="Voisin", instant=clock.now(), par=guide)
        told["arrivees"] = _comptees(session, sortie_id, (Presence.PRESENTE, Presence.RETARD))
        told["manquantes"] = _comptees(session, sortie_id, (Presence.ABSENTE, Presence.EXCUSEE))
    told["attendues"] = len(expected)
    return told


def remercies(session: Session) -> bool:
    """Whether this evening's outing is held and the group has been thanked."""
    told = Message.cle.startswith(f"sortie:{_sortie(session, CE_SOIR).id}:merci:")
    return session.scalars(select(Message.id).where(told).limit(1)).first() is not None


def _comptees(session: Session, sortie_id: int, presences: tuple[Presence, ...]) -> int:
    session.flush()
    noted = select(PlaceSortie.id).where(PlaceSortie.sortie_id == sortie_id, PlaceSortie.presence.in_(presences))
    return len(session.scalars(noted.where(PlaceSortie.annulee_le.is_(None))).all())


def _sortie(session: Session, rang: int) -> Sortie:
    """The outing of that part in the season; titles are told once."""
    return session.scalars(select(Sortie).where(Sortie.titre == A_VENIR[rang].titre)).one()
