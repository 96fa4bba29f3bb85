"""Many subscriptions at once, for households taken over from elsewhere: the rules of `souscrire`, asked once for all.

Nobody is written to: these families know that they are subscribed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from foyers.models import Foyer, Maison
from kernel.errors import Refus
from paniers.abonnements import Terme, retraits_du_terme
from paniers.attente import satisfaire_en_lot, servir_tous
from paniers.models.semaines import Abonnement, AbonnementVersion
from paniers.places import jour_de_compte, occupations
from paniers.semaines import prochaine_ouverte


@dataclass(frozen=True, slots=True)
class AReprendre:
    """A household's subscription as it was kept elsewhere."""

    foyer_id: int
    maison_id: int
    nombre: int
    terme: Terme


class Complete(Refus):
    """There is no room at that maison: the household may wait for a place."""


def verrouiller(session: Session, foyer_ids: Sequence[int]) -> dict[int, Maison]:
    """Lock these households, then every maison, each in the order of their keys; the maisons by key.

    Whoever takes a place locks a household before a maison: nobody waits for another in a ring.
    """
    if foyer_ids:
        households = select(Foyer.id).where(Foyer.id.in_(foyer_ids)).order_by(Foyer.id).with_for_update(key_share=True)
        session.execute(households).all()
    locked = select(Maison).order_by(Maison.id).with_for_update(key_share=True)
    return {maison.id: maison for maison in session.scalars(locked.execution_options(populate_existing=True))}


def souscrire_en_lot(
    session: Session, demandes: Sequence[AReprendre], maisons: dict[int, Maison], *, instant: datetime
) -> list[Refus | None]:
    """Subscribe each household, in this order; for each, what `souscrire` would refuse, or None when it is done.

    `maisons` are locked, and households that others may know as well (`verrouiller`). Who waits at these maisons is
    served first. A dozen statements in all.
    """
    try:
        premier = prochaine_ouverte(session, instant).retrait_le
    except Refus as refus:
        return [refus] * len(demandes)
    subscribed = deja_abonnes(session, [demande.foyer_id for demande in demandes], premier)
    servir_tous(session, maisons.values(), instant)
    free = {key: held.libres for key, held in occupations(session, jour_de_compte(session, instant) or premier).items()}
    answers: list[Refus | None] = []
    accepted: list[tuple[AReprendre, tuple[date, date]]] = []
    for demande in demandes:
        try:
            days = _exiger(demande, maisons.get(demande.maison_id), free, subscribed, premier)
        except Refus as refus:
            answers.append(refus)
            continue
        free[demande.maison_id] -= demande.nombre
        subscribed.add(demande.foyer_id)
        accepted.append((demande, days))
        answers.append(None)
    _ecrire(session, accepted, instant)
    satisfaire_en_lot(session, {demande.foyer_id: demande.maison_id for demande, _days in accepted}, instant)
    return answers


def deja_abonnes(session: Session, foyer_ids: Sequence[int], jour: date) -> set[int]:
    """Those of the households that have pick-ups on or after `jour`."""
    standing = (
        select(Abonnement.foyer_id)
        .join(AbonnementVersion, AbonnementVersion.abonnement_id == Abonnement.id)
        .where(AbonnementVersion.jusqu_a.is_(None), AbonnementVersion.fin >= jour)
        .where(AbonnementVersion.debut <= AbonnementVersion.fin)
    )
    return set(session.scalars(standing)).intersection(foyer_ids)


def _exiger(
    demande: AReprendre, maison: Maison | None, libres: dict[int, int], abonnes: set[int], premier: date
) -> tuple[date, date]:
    """The first and last pick-up day. Raises Refus."""
    if maison is None or not maison.active:
        raise Refus("Cette maison ne distribue pas de paniers. Choisissez-en une autre.")
    if demande.foyer_id in abonnes:
        raise Refus("Ce foyer est déjà abonné.")
    if demande.nombre not in (1, 2):
        raise Refus("Un abonnement compte un ou deux paniers.")
    days = retraits_du_terme(demande.terme, premier)
    if demande.nombre > libres[maison.id]:
        raise Complete(f"La maison {maison.nom} est complète. Choisissez une autre maison, ou retirez cet abonnement.")
    return days


def _ecrire(session: Session, accepted: list[tuple[AReprendre, tuple[date, date]]], instant: datetime) -> None:
    if not accepted:
        return
    opened = insert(Abonnement).returning(Abonnement.id, sort_by_parameter_order=True)
    rows = [{"foyer_id": demande.foyer_id, "souscrit_le": instant} for demande, _days in accepted]
    keys = session.scalars(opened, rows).all()
    versions = [
        {
            "abonnement_id": key,
            "depuis": instant,
            "maison_id": demande.maison_id,
            "nombre": demande.nombre,
            "debut": debut,
            "fin": fin,
        }
        for key, (demande, (debut, fin)) in zip(keys, accepted, strict=True)
    ]
    session.execute(insert(AbonnementVersion), versions)
