"""The subscriptions of the demo town, and how each household pays, drawn from its seed."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from demo.habitants import ESSAYEE, SEMAINES_PASSEES, SUR_PAPIER, Ligne, inserer
from foyers.models import Canal, Foyer
from kernel.clock import paris
from paiements.models.en_ligne import Carte, Mode, Reglement
from paniers.models.semaines import Abonnement, AbonnementVersion, Pause

PART_DES_ABONNES = 0.93
PART_DES_CARTES = 0.66


def abonner(session: Session, rng: random.Random, jour: date, foyers: list[Foyer]) -> None:
    """Nearly all subscribe: most since the start, some in the course of the past weeks; a few pause or have left."""
    premier = premier_retrait(jour)
    taken = [
        _souscription(rng, foyer, premier, fidele=number in (ESSAYEE, SUR_PAPIER))
        for number, foyer in enumerate(foyers)
        if number in (ESSAYEE, SUR_PAPIER) or rng.random() < PART_DES_ABONNES
    ]
    made = session.execute(
        insert(Abonnement).returning(Abonnement.id, sort_by_parameter_order=True),
        [{"foyer_id": one.foyer.id, "souscrit_le": one.depuis} for one in taken],
    )
    for one, abonnement_id in zip(taken, made.scalars(), strict=True):
        one.version["abonnement_id"] = abonnement_id
        for pause in one.pauses:
            pause["abonnement_id"] = abonnement_id
    inserer(session, AbonnementVersion, [one.version for one in taken])
    inserer(session, Pause, [pause for one in taken for pause in one.pauses])
    by_card = {one.foyer.id for one in taken if one.carte}
    inserer(session, Reglement, [_reglement(one.foyer.id, carte=one.carte) for one in taken])
    inserer(session, Carte, [_carte(one.foyer.id, one.depuis) for one in taken if one.foyer.id in by_card])


@dataclass(slots=True)
class _Souscription:
    """A subscription as drawn, before the database gives it its key."""

    foyer: Foyer
    depuis: datetime
    version: Ligne
    pauses: list[Ligne]
    carte: bool


def _souscription(rng: random.Random, foyer: Foyer, premier: date, *, fidele: bool) -> _Souscription:
    """`fidele`: subscribed all along, without a pause, and paying by card where a card can be written to."""
    late = 0 if fidele else rng.choices((0, rng.randint(1, 11)), (78, 22))[0]
    debut = premier + timedelta(weeks=late)
    depuis = paris(debut - timedelta(days=9), time(rng.randint(8, 21), rng.randint(0, 59)))
    terme = debut + timedelta(weeks=12 if not fidele and rng.random() < 0.06 else 25)
    version: Ligne = {"depuis": depuis, "maison_id": foyer.maison_id, "nombre": 1, "debut": debut, "fin": terme}
    pauses: list[Ligne] = []
    if not fidele and rng.random() < 0.06:
        week = debut + timedelta(weeks=rng.randint(1, 10))
        until = week + timedelta(weeks=rng.randint(0, 2))
        pauses.append({"du": week, "au": until, "posee_le": paris(week - timedelta(days=10), time(20))})
    card = (fidele or rng.random() < PART_DES_CARTES) and foyer.canal != Canal.PAPIER
    return _Souscription(foyer, depuis, version, pauses, card)


def _reglement(foyer_id: int, *, carte: bool) -> Ligne:
    mode = Mode.CARTE if carte else Mode.MAISON
    return {"foyer_id": foyer_id, "mode": mode, "client_stripe": f"cus_demo{foyer_id:06d}"}


def _carte(foyer_id: int, depuis: datetime) -> Ligne:
    return {
        "foyer_id": foyer_id,
        "stripe_id": f"pm_demo{foyer_id:06d}",
        "marque": "visa",
        "derniers_chiffres": "4242",
        "expire_mois": 12,
        "expire_annee": 2034,
        "enregistree_le": depuis,
    }


def premier_retrait(jour: date) -> date:
    """The pick-up day twelve weeks before the last one that is over."""
    thursday = jour - timedelta(days=(jour.weekday() - 3) % 7 or 7)
    return thursday - timedelta(weeks=SEMAINES_PASSEES - 1)
