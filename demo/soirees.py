"""The demo town's evenings that are over: who had booked, who came, who did not, who took an empty seat on the spot.

Written in bulk, a handful of statements an evening, and booked in the ledger as the use cases do.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from culture.comptabilite import ecriture_des_places, lignes_des_places
from culture.models.inscriptions import Inscription, InscriptionEtape, PlaceSortie
from culture.models.pass_culture import PassCulture
from culture.models.soiree import AvisSortie, Pointage
from culture.models.sorties import GrilleSortie, Sortie, SortieAccompagnateur
from culture.regles.etats import MANQUANTES, VIVANTES, EtatInscription, EtatSortie, Motif, Presence
from culture.regles.jalons import merci_des
from culture.regles.tarifs import BaremeSortie, bareme
from culture.sorties import tenir
from demo.lieux import NOMS_DE_FAMILLE, PRENOMS
from demo.programme import MOTS
from demo.sorties import detenteurs
from foyers.models import Foyer, Membre
from foyers.queries import quotients_au
from kernel.clock import PARIS
from paiements import grand_livre

PART_DES_INVITES, PART_DES_REMPLACES, PART_DES_REPONSES = 0.15, 0.35, 0.6
PRESENCES = (Presence.PRESENTE, Presence.RETARD, Presence.ABSENTE, Presence.EXCUSEE)
POIDS = (88, 4, 5, 3)

# Who pays by card pays online what its outings cost, some days later; the first household pays at the counter.
PAYER = text(
    """
    INSERT INTO paiement (foyer_id, nature, montant, cle, etat, demande_le)
    SELECT d.foyer_id, 'en_ligne', d.du - coalesce(p.paye, 0), gen_random_uuid(), 'prepare', :le
      FROM (SELECT m.foyer_id, sum(m.montant) AS du FROM mouvement m JOIN ecriture e ON e.id = m.ecriture_id
             WHERE m.compte = 'foyer' AND e.jour <= :avant AND (e.cle LIKE 'sortie:%' OR e.cle LIKE 'pass:%')
             GROUP BY 1) d
      JOIN reglement r ON r.foyer_id = d.foyer_id AND r.mode = 'carte'
      LEFT JOIN (SELECT foyer_id, sum(montant) AS paye FROM paiement
                  WHERE echeance_id IS NULL AND etat = 'reussi' GROUP BY 1) p ON p.foyer_id = d.foyer_id
     WHERE d.du > coalesce(p.paye, 0) AND d.foyer_id <> (SELECT min(id) FROM foyer) ORDER BY d.foyer_id
    RETURNING id, foyer_id, echeance_id, montant, nature
    """
)


@dataclass(frozen=True, slots=True)
class _Ville:
    """Who may come, and what their seats cost by."""

    membres: dict[int, list[Membre]]
    maisons: dict[int, int]
    gratuits: frozenset[int]
    quotients: dict[int, int]
    baremes: dict[int, BaremeSortie]


def passer(session: Session, rng: random.Random, instant: datetime) -> None:
    """Hold every outing that has ended by `instant` and is not held yet."""
    ends = Sortie.debut_le + func.make_interval(0, 0, 0, 0, 0, Sortie.duree_minutes)
    due = session.scalars(
        select(Sortie).where(Sortie.etat.in_(VIVANTES), ends <= instant).order_by(Sortie.debut_le)
    ).all()
    if not due:
        return
    town = _lire(session, instant)
    for sortie in due:
        _tenir(session, rng, town, sortie)


def _lire(session: Session, instant: datetime) -> _Ville:
    members = detenteurs(session)
    homes = session.execute(select(Foyer.id, Foyer.maison_id).where(Foyer.id.in_(members)))
    free = session.scalars(select(PassCulture.membre_id).where(PassCulture.prix == 0))
    return _Ville(
        members,
        {row.id: row.maison_id for row in homes},
        frozenset(key for key in free if key is not None),
        quotients_au(session, list(members), instant, instant.astimezone(PARIS).date()),
        {one.id: bareme(one.forme, one.seuils, one.prix) for one in session.scalars(select(GrilleSortie))},
    )


def _tenir(session: Session, rng: random.Random, town: _Ville, sortie: Sortie) -> None:
    """1. who had booked; 2. their seats, who is there; 3. the ledger; 4. the notes; 5. held."""
    groups = _groupes(rng, town, sortie)
    booked_at = [sortie.debut_le - timedelta(days=rng.randint(2, 6), minutes=rng.randint(0, 600)) for _ in groups]
    keys = _inscrire(session, town, sortie, [group[0]["foyer_id"] for group in groups], booked_at)
    guide = session.scalar(select(SortieAccompagnateur.compte_id).where(SortieAccompagnateur.sortie_id == sortie.id))
    seats = [
        _assise(rng, seat | {"inscription_id": key, "demandee_le": at}, sortie, guide)
        for group, key, at in zip(groups, keys, booked_at, strict=True)
        for seat in group
    ]
    made = _asseoir(session, seats)
    by_booking = session.scalars(select(Inscription).where(Inscription.id.in_(keys)).order_by(Inscription.id)).all()
    entries = []
    for booking, at in zip(by_booking, booked_at, strict=True):
        held = [place for place in made if place.inscription_id == booking.id]
        if lines := lignes_des_places(booking.foyer_id, sortie, held):
            booking.ecriture += 1
            entries.append(ecriture_des_places(booking, sortie, lines, at))
    grand_livre.passer_en_lot(session, entries)
    _remplacer(session, rng, sortie, made, guide)
    tenir(session, sortie.id, instant=sortie.debut_le + timedelta(minutes=sortie.duree_minutes), par=None)


def _groupes(rng: random.Random, town: _Ville, sortie: Sortie) -> list[list[dict[str, Any]]]:
    """Households that come, until the room is nearly full: some of their people, now and then a guest."""
    left = round(sortie.places * rng.uniform(0.6, 0.98))
    groups = []
    for foyer_id in rng.sample(sorted(town.membres), len(town.membres)):
        people = town.membres[foyer_id][: min(left, rng.choice((1, 1, 2, 2, 3, 4)))]
        if not people:
            break
        seats = [_de_la_famille(rng, town, sortie, one) for one in people]
        if len(seats) < left and rng.random() < PART_DES_INVITES:
            seats.append(_invite(rng, town, sortie, foyer_id))
        left -= len(seats)
        groups.append(seats)
    return groups


def _de_la_famille(rng: random.Random, town: _Ville, sortie: Sortie, one: Membre) -> dict[str, Any]:
    price = town.baremes[sortie.grille_id].prix_de(
        pass_gratuit=one.id in town.gratuits, quotient=town.quotients.get(one.foyer_id)
    )
    aged = not one.adulte and sortie.age_minimum is not None
    return {
        "foyer_id": one.foyer_id,
        "membre_id": one.id,
        "prenom": one.prenom,
        "nom": one.nom,
        "invite": False,
        "adulte": one.adulte,
        "age": rng.randint(sortie.age_minimum or 0, 17) if aged else None,
        "prix": price.centimes,
    }


def _invite(rng: random.Random, town: _Ville, sortie: Sortie, foyer_id: int) -> dict[str, Any]:
    return _quelqu_un(rng) | {
        "foyer_id": foyer_id,
        "membre_id": None,
        "invite": True,
        "adulte": True,
        "age": None,
        "prix": town.baremes[sortie.grille_id].plein.centimes,
    }


def _quelqu_un(rng: random.Random) -> dict[str, Any]:
    return {"prenom": rng.choice(PRENOMS), "nom": rng.choice(NOMS_DE_FAMILLE)}


def _inscrire(
    session: Session, town: _Ville, sortie: Sortie, foyer_ids: Sequence[int], instants: Sequence[datetime]
) -> list[int]:
    rows = [
        {
            "sortie_id": sortie.id,
            "foyer_id": foyer_id,
            "maison_id": town.maisons[foyer_id],
            "etat": EtatInscription.CONFIRMEE,
            "depuis": at,
            "confirmee_le": at,
        }
        for foyer_id, at in zip(foyer_ids, instants, strict=True)
    ]
    keys = list(session.scalars(insert(Inscription).returning(Inscription.id, sort_by_parameter_order=True), rows))
    steps = [
        {"inscription_id": key, "de": None, "vers": EtatInscription.CONFIRMEE, "le": at}
        for key, at in zip(keys, instants, strict=True)
    ]
    session.execute(insert(InscriptionEtape), steps)
    return keys


def _assise(rng: random.Random, seat: dict[str, Any], sortie: Sortie, guide: int | None) -> dict[str, Any]:
    """A seat with what was noted of it that evening."""
    presence = rng.choices(PRESENCES, POIDS)[0]
    seen = sortie.debut_le + timedelta(minutes=rng.randint(-35, -2) if presence is Presence.PRESENTE else 5)
    return {name: value for name, value in seat.items() if name != "foyer_id"} | {
        "sortie_id": sortie.id,
        "cout": sortie.cout_place,
        "presence": presence,
        "presence_le": seen,
        "presence_par": guide,
        "presence_motif": rng.choice(tuple(Motif)) if presence in MANQUANTES else None,
    }


def _asseoir(session: Session, seats: list[dict[str, Any]]) -> list[PlaceSortie]:
    """Write the seats, and the note of the evening of each."""
    made = insert(PlaceSortie).returning(PlaceSortie, sort_by_parameter_order=True)
    places = list(session.scalars(made, seats))
    notes = [
        {
            "place_id": place.id,
            "presence": place.presence,
            "motif": place.presence_motif,
            "par": place.presence_par,
            "le": place.presence_le,
        }
        for place in places
    ]
    session.execute(insert(Pointage), notes)
    return places


def _remplacer(
    session: Session, rng: random.Random, sortie: Sortie, places: Sequence[PlaceSortie], guide: int | None
) -> None:
    """Now and then somebody of the neighbourhood takes the seat of who has not come."""
    seats = [
        _quelqu_un(rng)
        | {
            "inscription_id": place.inscription_id,
            "sortie_id": sortie.id,
            "invite": True,
            "prix": 0,
            "cout": 0,
            "remplace_id": place.id,
            "demandee_le": sortie.debut_le,
            "presence": Presence.PRESENTE,
            "presence_le": sortie.debut_le,
            "presence_par": guide,
            "presence_motif": None,
        }
        for place in places
        if place.presence in MANQUANTES and rng.random() < PART_DES_REMPLACES
    ]
    if seats:
        _asseoir(session, seats)


def recueillir_les_avis(session: Session, rng: random.Random, maintenant: datetime) -> None:
    """Some of those who came have answered the two questions; those of late are thanked when the town starts."""
    went = session.execute(
        select(Inscription.sortie_id, Sortie.debut_le, Inscription.foyer_id, func.min(Inscription.id))
        .join(Sortie, Sortie.id == Inscription.sortie_id)
        .where(Sortie.etat == EtatSortie.TENUE, Inscription.etat == EtatInscription.CONFIRMEE)
        .where(Inscription.foyer_id.is_not(None))
        .group_by(Inscription.sortie_id, Sortie.debut_le, Inscription.foyer_id)
        .order_by(func.min(Inscription.id))
    ).all()
    asked = [row for row in went if merci_des(row.debut_le) <= maintenant]
    answers: list[dict[str, Any]] = [
        {
            "inscription_id": row[3],
            "note": rng.choices((4, 3, 2, 1), (55, 30, 12, 3))[0],
            "mot": rng.choice(MOTS),
            "partage": rng.random() < 0.5,
            "le": merci_des(row.debut_le) + timedelta(minutes=rng.randint(5, 90)),
        }
        for row in asked
        if rng.random() < PART_DES_REPONSES
    ]
    written = [one for one in answers if one["le"] <= maintenant]
    if written:
        session.execute(insert(AvisSortie), written)
