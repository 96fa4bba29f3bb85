"""The waiting list of an outing: overdue offers expire, what is free is offered, a group whole or not at all.

`places.servir` decides, purely; here its decision is written. Whoever takes or gives back seats calls `servir` under
the outing's lock first, so that nobody overtakes the list; the timetable finds what time alone frees.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from culture.comptabilite import debiter_places
from culture.events import GroupeDepasse, InscriptionConfirmee, OffreDeSortieExpiree, PlacesDeSortieOffertes
from culture.models.inscriptions import Inscription, InscriptionEtape, PlaceSortie, remplacee
from culture.models.sorties import Sortie, SortieQuota
from culture.regles import places
from culture.regles.etats import TENANTES, VIVANTES, EtatInscription, EtatSortie, exiger_inscription
from culture.regles.places import Demande, Occupation, fin_de_l_offre
from culture.verrous import verrouiller_foyers, verrouiller_sortie
from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import instant as en_mots
from kernel.outbox import publish
from kernel.web.words import _


def accepter(session: Session, inscription_id: int, *, instant: datetime, par: int | None = None) -> Inscription:
    """Take the seats that are offered; they are debited now. Accepting twice is accepting once.

    Raises Refus when the offer is over or was never made.
    """
    inscription, sortie = verrouiller(session, inscription_id)
    if inscription.etat == EtatInscription.CONFIRMEE:
        return inscription
    if sortie.etat == EtatSortie.ANNULEE:
        raise Refus(_("Cette sortie est annulée. Rien ne vous est demandé."))
    offered = inscription.etat == EtatInscription.OFFERTE
    if not offered or inscription.expire_le is None or instant >= inscription.expire_le:
        raise Refus(_trop_tard(inscription))
    avancer(session, inscription, EtatInscription.CONFIRMEE, instant, par)
    debiter_places(session, inscription, sortie, places_tenues(session, inscription.id), instant)
    publish(session, InscriptionConfirmee(inscription.id))
    return inscription


def laisser(session: Session, inscription_id: int, *, instant: datetime, par: int | None = None) -> None:
    """Wait no longer, or leave the seats that are offered; the next group is served. Harmless twice."""
    inscription, sortie = verrouiller(session, inscription_id)
    ends = {
        EtatInscription.EN_ATTENTE: EtatInscription.RETIREE,
        EtatInscription.OFFERTE: EtatInscription.DECLINEE,
    }.get(EtatInscription(inscription.etat))
    if ends is None:
        return
    avancer(session, inscription, ends, instant, par)
    rendre(session, inscription.id, instant, par)
    servir(session, sortie, instant)


def servir(session: Session, sortie: Sortie, instant: datetime) -> list[int]:
    """Let overdue offers of the locked outing expire, then offer what is free; the inscriptions offered to."""
    if not on_attend(session, sortie.id):
        return []
    _expirer(session, sortie, instant)
    until = fin_de_l_offre(instant, sortie.rendez_vous_le)
    if sortie.etat not in VIVANTES or until is None:
        return []
    waiting = en_attente(session, sortie.id)
    if not waiting:
        return []
    decided = places.servir(occupation(session, sortie, instant), waiting)
    concerned = {*decided.offertes, *decided.depassees}
    read = select(Inscription).where(Inscription.id.in_(concerned)).execution_options(populate_existing=True)
    rows = {one.id: one for one in session.scalars(read)}
    for key in decided.offertes:
        avancer(session, rows[key], EtatInscription.OFFERTE, instant, None)
        rows[key].offerte_le, rows[key].expire_le = instant, until
        publish(session, PlacesDeSortieOffertes(key))
    depasser(session, [rows[key] for key in decided.depassees], instant)
    return list(decided.offertes)


def depasser(session: Session, larger: Sequence[Inscription], instant: datetime) -> None:
    """Groups that a smaller one was served before, as they did not fit: each is told once, and keeps its rank."""
    for inscription in larger:
        if inscription.depassee_le is None:
            inscription.depassee_le = instant
            publish(session, GroupeDepasse(inscription.id))


def servir_ce_qui_est_libre(instant: datetime) -> int:
    """For the timetable: outings where an offer is overdue, or where some wait; returns how many groups are served."""
    with transaction() as session:
        due = session.scalars(
            select(Inscription.sortie_id)
            .join(Sortie, Sortie.id == Inscription.sortie_id)
            .where(Sortie.etat.in_(VIVANTES), Sortie.rendez_vous_le > instant)
            .where(
                or_(
                    Inscription.etat == EtatInscription.EN_ATTENTE,
                    (Inscription.etat == EtatInscription.OFFERTE) & (Inscription.expire_le <= instant),
                )
            )
            .distinct()
            .order_by(Inscription.sortie_id)
        ).all()
    served = 0
    for sortie_id in due:
        with transaction() as session:
            served += len(servir(session, verrouiller_sortie(session, sortie_id), instant))
    return served


# Statements of the rush on the last seats, built once: building one takes longer than running it.
_TENUES = (
    select(Inscription.maison_id, func.count())
    .join(PlaceSortie, PlaceSortie.inscription_id == Inscription.id)
    .where(Inscription.sortie_id == bindparam("sortie"), Inscription.etat.in_(TENANTES))
    .where(PlaceSortie.annulee_le.is_(None), ~remplacee())
    .group_by(Inscription.maison_id)
)
_ON_ATTEND = select(
    exists().where(
        Inscription.sortie_id == bindparam("sortie"),
        Inscription.etat.in_((EtatInscription.EN_ATTENTE, EtatInscription.OFFERTE)),
    )
)
_EN_ATTENTE = (
    select(Inscription.id, Inscription.maison_id, func.count())
    .join(PlaceSortie, PlaceSortie.inscription_id == Inscription.id)
    .where(Inscription.sortie_id == bindparam("sortie"), Inscription.etat == EtatInscription.EN_ATTENTE)
    .where(PlaceSortie.annulee_le.is_(None))
    .group_by(Inscription.id)
    .order_by(Inscription.depuis, Inscription.id)
)


def on_attend(session: Session, sortie_id: int) -> bool:
    """Whether somebody waits for seats of that outing, or has yet to take those that are offered."""
    return bool(session.scalar(_ON_ATTEND, {"sortie": sortie_id}))


def occupation(session: Session, sortie: Sortie, instant: datetime) -> Occupation:
    """What the outing holds, by maison; two queries."""
    held = session.execute(_TENUES, {"sortie": sortie.id})
    quotas: dict[int, int] = {}
    if sortie.quotas_jusqu_a is not None and instant < sortie.quotas_jusqu_a:
        kept = select(SortieQuota.maison_id, SortieQuota.places).where(SortieQuota.sortie_id == sortie.id)
        quotas = dict(session.execute(kept).all())
    return Occupation(sortie.places, {maison_id: int(count) for maison_id, count in held}, quotas)


def en_attente(session: Session, sortie_id: int) -> list[Demande]:
    """Who waits, the first one first."""
    rows = session.execute(_EN_ATTENTE, {"sortie": sortie_id})
    return [Demande(key, maison_id, int(count)) for key, maison_id, count in rows]


def places_tenues(session: Session, inscription_id: int) -> list[PlaceSortie]:
    """The seats of an inscription that have not been given back, in the order in which they were asked for."""
    return list(
        session.scalars(
            select(PlaceSortie)
            .where(PlaceSortie.inscription_id == inscription_id, PlaceSortie.annulee_le.is_(None))
            .order_by(PlaceSortie.id)
            .execution_options(populate_existing=True)
        )
    )


def rendre(session: Session, inscription_id: int, instant: datetime, par: int | None) -> None:
    """Give back every seat of an inscription."""
    for place in places_tenues(session, inscription_id):
        place.annulee_le, place.annulee_par = instant, par


def avancer(
    session: Session, inscription: Inscription, vers: EtatInscription, instant: datetime, par: int | None
) -> None:
    """Move an inscription of the locked outing and write the step. Raises MouvementInterdit."""
    de = EtatInscription(inscription.etat)
    exiger_inscription(de, vers)
    inscription.etat = vers
    if vers is EtatInscription.CONFIRMEE:
        inscription.confirmee_le = instant
    elif vers is not EtatInscription.OFFERTE:
        inscription.close_le = instant
    session.add(InscriptionEtape(inscription_id=inscription.id, de=de, vers=vers, par=par, le=instant))


def verrouiller(session: Session, inscription_id: int) -> tuple[Inscription, Sortie]:
    """An inscription as it now stands, its household and then its outing locked. Raises Introuvable."""
    inscription = session.get(Inscription, inscription_id)
    if inscription is None:
        raise Introuvable
    if inscription.foyer_id is not None:
        verrouiller_foyers(session, [inscription.foyer_id])
    sortie = verrouiller_sortie(session, inscription.sortie_id)
    session.refresh(inscription)
    return inscription, sortie


def _expirer(session: Session, sortie: Sortie, instant: datetime) -> None:
    overdue = session.scalars(
        select(Inscription)
        .where(Inscription.sortie_id == sortie.id, Inscription.etat == EtatInscription.OFFERTE)
        .where(Inscription.expire_le <= instant)
        .order_by(Inscription.id)
        .execution_options(populate_existing=True)
    ).all()
    for inscription in overdue:
        avancer(session, inscription, EtatInscription.EXPIREE, instant, None)
        rendre(session, inscription.id, instant, None)
        publish(session, OffreDeSortieExpiree(inscription.id))


def _trop_tard(inscription: Inscription) -> str:
    if inscription.etat == EtatInscription.EN_ATTENTE:
        return _("Aucune place ne s’est encore libérée pour vous. Nous vous prévenons dès qu’il y en a.")
    if inscription.expire_le is not None and inscription.etat in (EtatInscription.OFFERTE, EtatInscription.EXPIREE):
        return _(
            "Ces places étaient gardées pour vous jusqu’à %(quand)s : elles sont allées à d’autres. Vous pouvez vous"
            " inscrire de nouveau sur la liste.",
            quand=en_mots(inscription.expire_le),
        )
    return _("Cette demande n’est plus ouverte. Vous pouvez vous inscrire de nouveau.")
