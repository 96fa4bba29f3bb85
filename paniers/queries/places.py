"""The waiting list as it is read: by the family that waits, by whoever holds its link, by the coordination."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Foyer, Maison, Membre
from foyers.queries import MaisonVue, maisons
from paniers.attente import DUREE, rang
from paniers.models.attente import Attente
from paniers.models.semaines import Abonnement, AbonnementVersion
from paniers.places import Occupation, jour_de_compte, occupations
from paniers.regles.etats import OUVERTES, EtatAttente
from paniers.renouvellement import est_renouvelable
from paniers.versions import en_cours


@dataclass(frozen=True, slots=True)
class MaPlace:
    """A request, with its rank (1 is the first) while it waits; `ailleurs` is where the household picks up today."""

    id: int
    maison: MaisonVue
    nombre: int
    etat: EtatAttente
    depuis: datetime
    expire_le: datetime | None
    rang: int
    ailleurs: str | None


@dataclass(frozen=True, slots=True)
class TermeVu:
    """A term, whether it may be renewed now or has been since, and until when it would run then."""

    abonnement_id: int
    maison: MaisonVue
    nombre: int
    fin: date
    nouvelle_fin: date
    renouvelable: bool
    renouvele: bool


@dataclass(frozen=True, slots=True)
class AReponse:
    """What waits for a household's answer: a place kept at `place` until `expire_le`; a last pick-up day, `fin`."""

    place: str | None
    expire_le: datetime | None
    fin: date | None


@dataclass(frozen=True, slots=True)
class EnAttente:
    """A line of a maison's list; `rang` is 0 once a place is offered. `joignable`: a mail tells the household."""

    famille: str
    telephone: str | None
    joignable: bool
    nombre: int
    depuis: datetime
    expire_le: datetime | None
    rang: int
    ailleurs: str | None


@dataclass(frozen=True, slots=True)
class ListeVue:
    """A maison: what it holds, and who waits there, the next to be served first."""

    maison: str
    active: bool
    occupation: Occupation
    passage: int
    lignes: tuple[EnAttente, ...]


def ma_place(session: Session, foyer_id: int, jour: date) -> MaPlace | None:
    """The household's open request; None when it waits nowhere. Four queries."""
    attente = session.scalars(
        select(Attente).where(Attente.foyer_id == foyer_id, Attente.etat.in_(OUVERTES))
    ).one_or_none()
    return _vue(session, attente, jour) if attente is not None else None


def a_reponse(session: Session, foyer_id: int, instant: datetime) -> AReponse:
    """What the page of its week asks a household, who has not answered yet. Three queries."""
    offered = session.execute(
        select(Maison.nom, Attente.expire_le)
        .join(Attente, Attente.maison_id == Maison.id)
        .where(Attente.foyer_id == foyer_id, Attente.etat == EtatAttente.OFFERTE, Attente.expire_le > instant)
    ).one_or_none()
    coming = jour_de_compte(session, instant)
    version = en_cours(session, foyer_id, coming) if coming is not None else None
    ends = version is not None and coming is not None and not version.quitte and est_renouvelable(version, coming)
    return AReponse(
        offered.nom if offered else None,
        offered.expire_le if offered else None,
        version.fin if version is not None and ends else None,
    )


def place(session: Session, attente_id: int, jour: date) -> MaPlace | None:
    """The request of a link, whatever became of it."""
    attente = session.get(Attente, attente_id)
    return _vue(session, attente, jour) if attente is not None else None


def terme(session: Session, abonnement_id: int, fin: date, prochain: date | None) -> TermeVu | None:
    """The term of a subscription that ended, or ends, on `fin`; None when there was never such a subscription."""
    version = session.scalars(
        select(AbonnementVersion).where(
            AbonnementVersion.abonnement_id == abonnement_id, AbonnementVersion.jusqu_a.is_(None)
        )
    ).one_or_none()
    if version is None:
        return None
    where = {m.id: m for m in maisons(session, toutes=True)}[version.maison_id]
    renewed = version.fin > fin
    return TermeVu(
        version.abonnement_id,
        where,
        version.nombre,
        version.fin,
        version.fin + DUREE,
        renouvelable=not renewed and prochain is not None and est_renouvelable(version, prochain),
        renouvele=renewed,
    )


def listes(session: Session, instant: datetime, jour: date) -> list[ListeVue]:
    """Every maison with its list, the longest first. Six queries, however long the lists."""
    waiting = _lignes(session, jour)
    held = occupations(session, jour_de_compte(session, instant) or jour)
    places = session.execute(select(Maison.id, Maison.nom, Maison.active).order_by(Maison.nom)).all()
    found = [
        ListeVue(
            row.nom,
            row.active,
            held[row.id],
            max(held[row.id].visites.values(), default=0),
            tuple(waiting.get(row.id, ())),
        )
        for row in places
    ]
    return sorted(found, key=lambda one: -len(one.lignes))


def _vue(session: Session, attente: Attente, jour: date) -> MaPlace:
    known = {m.id: m for m in maisons(session, toutes=True)}
    version = en_cours(session, attente.foyer_id, jour)
    elsewhere = version is not None and version.maison_id != attente.maison_id
    return MaPlace(
        attente.id,
        known[attente.maison_id],
        attente.nombre,
        EtatAttente(attente.etat),
        attente.depuis,
        attente.expire_le,
        rang(session, attente),
        known[version.maison_id].nom if version is not None and elsewhere else None,
    )


def _lignes(session: Session, jour: date) -> dict[int, list[EnAttente]]:
    """Maison → its open requests: those offered a place first, then by rank."""
    rows = session.execute(
        select(Attente, Foyer, func.coalesce(Membre.nom, Foyer.nom), func.coalesce(Membre.prenom, ""))
        .join(Foyer, Foyer.id == Attente.foyer_id)
        .outerjoin(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .where(Attente.etat.in_(OUVERTES))
        .order_by(Attente.etat.desc(), Attente.depuis, Attente.id)
    ).all()
    elsewhere = _ailleurs(session, [attente.foyer_id for attente, *_ in rows], jour)
    lists: dict[int, list[EnAttente]] = {}
    ranks: dict[int, int] = {}
    for attente, foyer, nom, prenom in rows:
        if attente.etat == EtatAttente.EN_ATTENTE:
            ranks[attente.maison_id] = ranks.get(attente.maison_id, 0) + 1
        lists.setdefault(attente.maison_id, []).append(
            EnAttente(
                f"{nom} {prenom}".strip(),
                foyer.telephone,
                foyer.email is not None,
                attente.nombre,
                attente.depuis,
                attente.expire_le,
                0 if attente.etat == EtatAttente.OFFERTE else ranks[attente.maison_id],
                elsewhere.get(attente.foyer_id),
            )
        )
    return lists


def _ailleurs(session: Session, foyers: Sequence[int], jour: date) -> dict[int, str]:
    """Household → the maison where it picks up today, for those who wait to change."""
    rows = session.execute(
        select(Abonnement.foyer_id, Maison.nom)
        .join(AbonnementVersion, AbonnementVersion.abonnement_id == Abonnement.id)
        .join(Maison, Maison.id == AbonnementVersion.maison_id)
        .where(Abonnement.foyer_id.in_(foyers), AbonnementVersion.jusqu_a.is_(None))
        .where(AbonnementVersion.fin >= jour, AbonnementVersion.debut <= AbonnementVersion.fin)
    )
    return {row.foyer_id: row.nom for row in rows}
