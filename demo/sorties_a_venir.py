"""What is still to come of the demo town's outings: who has booked, who waits, what is cancelled, a group that goes.

All of it by the use cases that families' and agents' pages call, some days before `maintenant`.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from culture.attente import places_tenues
from culture.conditions import Personne
from culture.groupes import ajouter, creer_groupe, inscrire_groupe
from culture.inscriptions import annuler, inscrire
from culture.models.inscriptions import GroupePersonne, Inscription
from culture.models.sorties import Sortie
from culture.regles.etats import EtatSortie
from culture.sorties import annuler_sortie, clore
from demo.lieux import NOMS_DE_FAMILLE, PRENOMS
from demo.programme import A_VENIR, ANNULEE, CE_SOIR, COMPLETE, EN_FAMILLE, EN_GROUPE, PLUS_TARD
from demo.reponses_lieux import faire_repondre
from demo.sorties import detenteurs
from foyers.models import Compte, Foyer, Maison, Membre
from kernel.web.access import Role

FOYERS_PAR_SORTIE = 3
ATTENDENT = 4
DU_GROUPE = 7


@dataclass(slots=True)
class _Public:
    """Households that hold passes, drawn one after another; the first one of the town has its own part to play."""

    rng: random.Random
    membres: dict[int, list[Membre]]
    maintenant: datetime

    @property
    def premier(self) -> int:
        return min(self.membres)

    def tirer(self, combien: int) -> list[int]:
        others = sorted(self.membres.keys() - {self.premier})
        return self.rng.sample(others, min(combien, len(others)))

    def personnes(self, foyer_id: int, combien: int, sortie: Sortie) -> list[Personne]:
        least = sortie.age_minimum
        return [
            Personne(one.id, age=None if one.adulte or least is None else self.rng.randint(least, 17))
            for one in self.membres[foyer_id][:combien]
        ]


def remplir(session: Session, rng: random.Random, maintenant: datetime) -> None:
    """Let the coming outings look as they would at `maintenant`."""
    public = _Public(rng, detenteurs(session), maintenant)
    coming = session.scalars(
        select(Sortie).where(Sortie.etat == EtatSortie.PUBLIEE, Sortie.debut_le > maintenant).order_by(Sortie.debut_le)
    ).all()
    by_title = {sortie.titre: sortie for sortie in coming}
    for rank, affiche in enumerate(A_VENIR):
        sortie = by_title.get(affiche.titre)
        if sortie is not None and sortie.ouverture_le < maintenant:
            _preparer(session, public, rank, sortie)
    session.flush()
    faire_repondre(session, maintenant)
    _taire(session)


def _preparer(session: Session, public: _Public, rank: int, sortie: Sortie) -> None:
    if rank == COMPLETE:
        _completer(session, public, sortie)
        return
    drawn = public.tirer(FOYERS_PAR_SORTIE if rank > COMPLETE else 5)
    if rank == EN_GROUPE:
        _emmener_un_groupe(session, public, sortie, drawn.pop())
    if rank == EN_FAMILLE:
        _inscrire(session, public, sortie, [public.premier], 3)
    elif rank == PLUS_TARD:
        _inscrire(session, public, sortie, [public.premier, *_du_patio(session, public, sortie.places - 4)], 1)
        return
    booked = _inscrire(session, public, sortie, drawn)
    if rank == CE_SOIR and public.maintenant >= sortie.cloture_le:
        clore(session, sortie.id, instant=public.maintenant, par=None)
    elif rank == EN_FAMILLE and booked:
        _rendre_une_place(session, public, booked)
    elif rank == ANNULEE:
        motif = "La salle est inondée : le théâtre ferme pour deux semaines."
        annuler_sortie(session, sortie.id, motif, instant=public.maintenant, par=None)


def _du_patio(session: Session, public: _Public, combien: int) -> Sequence[int]:
    """Other households of Le Patio, whose agent the town's visitor may be."""
    theirs = select(Membre.foyer_id).join(Foyer, Foyer.id == Membre.foyer_id).join(Maison, Maison.id == Foyer.maison_id)
    others = public.membres.keys() - {public.premier}
    theirs = theirs.where(Maison.nom == "Le Patio", Foyer.id.in_(others))
    return session.scalars(theirs.distinct().order_by(Membre.foyer_id).limit(combien)).all()


def _inscrire(
    session: Session, public: _Public, sortie: Sortie, foyer_ids: Iterable[int], combien: int | None = None
) -> list[Inscription]:
    """One booking a household, as long as it finds room; each at an hour of its own, before inscriptions closed."""
    made = []
    left = sortie.places - 1
    last = min(public.maintenant, sortie.cloture_le) - timedelta(minutes=5)
    for foyer_id in foyer_ids:
        people = public.personnes(foyer_id, combien or public.rng.choice((1, 2, 2, 3)), sortie)
        left -= len(people)
        at = max(sortie.ouverture_le, last - timedelta(minutes=public.rng.randint(60, 6_000)))
        if left >= 0:
            made.append(inscrire(session, sortie_id=sortie.id, foyer_id=foyer_id, personnes=people, instant=at))
    return made


def _completer(session: Session, public: _Public, sortie: Sortie) -> None:
    """Sold out, a few wait; then two seats come back, and go to the first household, which has two days to answer."""
    since = max(sortie.ouverture_le, public.maintenant - timedelta(days=4))
    left = sortie.places
    drawn = public.tirer(len(public.membres))
    booked = []
    while left and drawn:
        foyer_id = drawn.pop()
        people = public.personnes(foyer_id, min(3, left), sortie)
        left -= len(people)
        booked.append(inscrire(session, sortie_id=sortie.id, foyer_id=foyer_id, personnes=people, instant=since))
    if left:
        return  # a town too small to fill it
    for rank, foyer_id in enumerate([public.premier, *drawn[: ATTENDENT - 1]]):
        people = public.personnes(foyer_id, 1 if rank == 0 else 4, sortie)
        at = since + timedelta(hours=1 + rank)
        inscrire(session, sortie_id=sortie.id, foyer_id=foyer_id, personnes=people, instant=at, attendre=True)
    _rendre_une_place(session, public, booked)


def _rendre_une_place(session: Session, public: _Public, booked: Sequence[Inscription]) -> None:
    """The last of a household that comes in numbers cannot come after all."""
    for one in booked:
        seats = places_tenues(session, one.id)
        if len(seats) > 1:
            annuler(session, one.id, places=[seats[-1].id], instant=public.maintenant - timedelta(hours=1))
            return


def _emmener_un_groupe(session: Session, public: _Public, sortie: Sortie, foyer_id: int) -> None:
    """The French class of Le Patio: names without household, and one of its people who has one."""
    agent = session.scalars(select(Compte.id).where(Compte.role == Role.AGENT).order_by(Compte.id).limit(1)).one()
    patio = session.scalars(select(Maison.id).where(Maison.nom == "Le Patio")).one()
    group = creer_groupe(
        session,
        nom="Cours de français du mardi",
        maison_id=patio,
        referent="Hélène Arnaud",
        instant=public.maintenant - timedelta(days=30),
        par=agent,
    )
    ajouter(session, group.id, membre_id=public.membres[foyer_id][0].id)
    for _ in range(DU_GROUPE):
        prenom, nom = public.rng.choice(PRENOMS), public.rng.choice(NOMS_DE_FAMILLE)
        ajouter(session, group.id, prenom=prenom, nom=nom)
    session.flush()
    people = session.scalars(select(GroupePersonne.id).where(GroupePersonne.groupe_id == group.id)).all()
    at = max(sortie.ouverture_le, public.maintenant - timedelta(days=6))
    inscrire_groupe(session, groupe_id=group.id, sortie_id=sortie.id, personnes=people, instant=at, par=agent)


def _taire(session: Session) -> None:
    """What was told long ago is not told again: only an offer, and the outing that is cancelled, are news."""
    told = ["InscriptionConfirmee", "PlacesRendues", "SortiePubliee", "SortieTenue", "GroupeDepasse"]
    told += ["LieuSollicite", "LieuARepondu"]
    session.execute(text("DELETE FROM outbox_fact WHERE expanded_at IS NULL AND name = ANY(:told)"), {"told": told})
