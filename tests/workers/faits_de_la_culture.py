"""Scenes of the facts of outings."""

from dataclasses import fields
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture import attente, contremarques, inscriptions, partenaires, pass_culture, sorties
from culture.effectifs import Effectif
from culture.events import (
    ContremarqueFaite,
    ContremarquePrete,
    EffectifArrete,
    GroupeDepasse,
    InscriptionConfirmee,
    LieuARepondu,
    LieuSollicite,
    OffreDeSortieExpiree,
    PapiersDemandes,
    PassDelivre,
    PlacesDeSortieOffertes,
    PlacesRendues,
    SortieAnnulee,
    SortieModifiee,
)
from culture.formulaires.coordination import connu_de
from culture.models.inscriptions import PlaceSortie
from culture.models.soiree import EffectifEnvoye
from culture.models.sorties import Sortie
from culture.partenaires import GenreReponse, Reponse
from culture.sorties import Programme
from kernel import documents
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.outbox import Fact, FactRow
from tests.culture.bourg import Saison, batir, gens, habiter, place_de_ce_soir, reserver
from tests.securite.scene import Scene
from tests.workers.scene_de_fait import UN_COURRIEL, UN_DOCUMENT, UN_MESSAGE, Monde, SceneDeFait, ecrite


def _publie(kind: type[Fact]) -> Fact:
    """The fact of that kind that a use case has just told."""
    with reading() as session:
        told = session.scalars(select(FactRow).where(FactRow.name == kind.__name__).order_by(FactRow.id.desc())).first()
        assert told is not None, kind
        return kind(**told.payload)


def _salle(places: int) -> Saison:
    with transaction() as session:
        return batir(session, places=places)


def _complete(*attendent: int) -> tuple[Saison, int]:
    """An outing whose three seats one household has booked, and households of such sizes that wait for them."""
    season = _salle(3)
    booked = reserver(season, habiter(season, [3])[0], instant=now())
    for rank, who in enumerate(habiter(season, attendent), 1):
        reserver(season, who, attendre=True, instant=now() + timedelta(minutes=rank))
    return season, booked.id


def _rendre(inscription_id: int, nombre: int) -> None:
    with transaction() as session:
        seats = [seat.id for seat in attente.places_tenues(session, inscription_id)]
        inscriptions.annuler(session, inscription_id, places=seats[:nombre], instant=now() + timedelta(hours=1))


def _inscription_confirmee(monde: Monde) -> Fact:
    season = _salle(3)
    reserver(season, habiter(season, [2])[0], instant=now())
    return _publie(InscriptionConfirmee)


def _places_rendues(monde: Monde) -> Fact:
    _, booked = _complete()
    _rendre(booked, 1)
    return _publie(PlacesRendues)


def _places_offertes(monde: Monde) -> Fact:
    _, booked = _complete(2)
    _rendre(booked, 3)
    return _publie(PlacesDeSortieOffertes)


def _offre_de_sortie_expiree(monde: Monde) -> Fact:
    _, booked = _complete(2)
    _rendre(booked, 3)
    attente.servir_ce_qui_est_libre(now() + timedelta(days=5))
    return _publie(OffreDeSortieExpiree)


def _groupe_depasse(monde: Monde) -> Fact:
    _, booked = _complete(2, 1)
    _rendre(booked, 1)  # too little for the two that are first
    return _publie(GroupeDepasse)


def _sortie_annulee(monde: Monde) -> Fact:
    season, _ = _complete(2)
    with transaction() as session:
        later = now() + timedelta(hours=1)
        partenaires.solliciter(session, season.sortie, par_courriel=True, instant=now(), par=None)
        sorties.annuler_sortie(session, season.sortie, "La troupe est malade.", instant=later, par=None)
    return _publie(SortieAnnulee)


def _sortie_modifiee(monde: Monde) -> Fact:
    season, _ = _complete(1)
    with transaction() as session:
        outing = session.get_one(Sortie, season.sortie)
        kept = connu_de(outing, {})
        written = {name: kept[name] for name in kept.keys() & {one.name for one in fields(Programme)}}
        written |= {"lieu_id": outing.lieu_id, "maison_id": outing.maison_id, "grille_id": outing.grille_id}
        later = {"duree_minutes": outing.duree_minutes, "rendez_vous_lieu": "Devant la mairie"}
        sorties.modifier(session, season.sortie, Programme(**written | later), instant=now() + timedelta(hours=1))
    return _publie(SortieModifiee)


def _papiers(session: Session, scene: Scene) -> Fact:
    seat = place_de_ce_soir(session, scene.ici.foyer, scene.ici.maison)
    return PapiersDemandes(session.get_one(PlaceSortie, seat).sortie_id)


def _pass(session: Session, scene: Scene) -> Fact:
    who = gens(session, batir(session), passes=False)
    (made,) = pass_culture.delivrer(
        session, foyer_id=who.foyer, membre_ids=who.membres, avis_id=None, saison=2026, instant=now(), par=None
    )
    return PassDelivre(made.id)


def _lieu_sollicite(session: Session, scene: Scene) -> Fact:
    season = batir(session)
    return LieuSollicite(partenaires.solliciter(session, season.sortie, par_courriel=True, instant=now(), par=None).id)


def _lieu_repond(monde: Monde) -> Fact:
    with transaction() as session:
        season = batir(session)
        word = Reponse(genre=GenreReponse.MOT, message="Entrée par la cour.")
        partenaires.repondre(session, season.sortie, word, lieu_id=season.lieu, lue=None, instant=now())
    return _publie(LieuARepondu)


def _effectif(session: Session, scene: Scene) -> Fact:
    told = EffectifEnvoye(
        sortie_id=batir(session).sortie, jalon=7, nombre=3, detail=Effectif(adultes=3).detail, le=now()
    )
    session.add(told)
    session.flush()
    return EffectifArrete(told.id)


def _contremarque(session: Session, scene: Scene) -> Fact:
    made = contremarques.etablir(session, batir(session).sortie, instant=now(), par=None)
    assert made is not None
    return ContremarqueFaite(made.id)


def _contremarque_prete(session: Session, scene: Scene) -> Fact:
    made = contremarques.etablir(session, batir(session).sortie, instant=now(), par=None)
    assert made is not None
    documents.store(session, contremarques.cle(made.id), "contremarque.pdf", b"%PDF-1.7 une contremarque")
    return ContremarquePrete(made.id)


DE_LA_CULTURE: dict[type[Fact], SceneDeFait] = {
    SortieModifiee: SceneDeFait(_sortie_modifiee, {"message": 2, "mail": 2, "document": 1}),
    SortieAnnulee: SceneDeFait(_sortie_annulee, {"message": 2, "mail": 3}),
    LieuSollicite: SceneDeFait(ecrite(_lieu_sollicite), UN_COURRIEL),
    LieuARepondu: SceneDeFait(_lieu_repond, UN_COURRIEL),
    EffectifArrete: SceneDeFait(ecrite(_effectif), UN_COURRIEL),
    ContremarqueFaite: SceneDeFait(ecrite(_contremarque), UN_DOCUMENT),
    ContremarquePrete: SceneDeFait(ecrite(_contremarque_prete), UN_COURRIEL),
    PapiersDemandes: SceneDeFait(ecrite(_papiers), UN_DOCUMENT),
    PassDelivre: SceneDeFait(ecrite(_pass), UN_DOCUMENT),
    InscriptionConfirmee: SceneDeFait(_inscription_confirmee, UN_MESSAGE | UN_DOCUMENT),
    PlacesDeSortieOffertes: SceneDeFait(_places_offertes, UN_MESSAGE),
    OffreDeSortieExpiree: SceneDeFait(_offre_de_sortie_expiree, UN_MESSAGE),
    GroupeDepasse: SceneDeFait(_groupe_depasse, UN_MESSAGE),
    PlacesRendues: SceneDeFait(_places_rendues, UN_MESSAGE),
}
