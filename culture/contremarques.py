"""The group voucher of an outing, for the venue's ticket office: how many come, by tariff. Made once bookings close.

It names nobody of the group and tells no price that a household pays. When what it says changes, the next version
*annule et remplace* it; the old paper stays as it was. Numbers are ``2026-12-1``: year, outing, version.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from culture.effectifs import compter, lire_detail
from culture.events import ContremarqueFaite, ContremarquePrete
from culture.models.soiree import Contremarque
from culture.models.sorties import Lieu, Sortie
from culture.queries.soiree import accompagnateurs
from culture.regles.etats import EtatSortie
from culture.verrous import verrouiller_sortie
from foyers.models import Maison
from kernel import documents, pdf
from kernel.clock import PARIS
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.outbox import publish
from kernel.settings import get_settings
from kernel.web.words import _

REPOS = timedelta(hours=1)
"""How long a voucher stands before the timetable corrects it: a burst of changes is one correction."""


def cle(contremarque_id: int) -> str:
    return f"contremarque:{contremarque_id}"


def numero(sortie: Sortie, version: int) -> str:
    """What the venue quotes. Pure."""
    return f"{sortie.creee_le.astimezone(PARIS).year}-{sortie.id}-{version}"


def etablir(session: Session, sortie_id: int, *, instant: datetime, par: int | None) -> Contremarque | None:
    """Make the voucher, or the one that replaces it; None when the last one says all this already. Raises Refus."""
    sortie = verrouiller_sortie(session, sortie_id)
    if sortie.etat in (EtatSortie.ANNULEE, EtatSortie.BROUILLON):
        raise Refus(_("Cette sortie est annulée, ou elle est encore un brouillon : elle n’a pas de contremarque."))
    if instant >= sortie.debut_le:
        raise Refus(_("Cette sortie a commencé : sa contremarque ne change plus."))
    last, detail = derniere(session, sortie_id), _detail(session, sortie, instant)
    if last is not None and last.detail == detail:
        return None
    made = Contremarque(
        sortie_id=sortie.id,
        version=1 if last is None else last.version + 1,
        nombre=lire_detail(detail).nombre,
        detail=detail,
        faite_le=instant,
        faite_par=par,
    )
    session.add(made)
    session.flush()  # its paper names it
    publish(session, ContremarqueFaite(made.id))
    return made


def derniere(session: Session, sortie_id: int) -> Contremarque | None:
    """The voucher that counts."""
    return session.scalars(
        select(Contremarque)
        .where(Contremarque.sortie_id == sortie_id)
        .order_by(Contremarque.version.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()


def corriger_ce_qui_a_change(instant: datetime) -> None:
    """For the timetable: closed outings without voucher, and those whose voucher has stood a while and no longer says
    how many come. Each in a transaction of its own."""
    made = func.max(Contremarque.faite_le)
    with reading() as session:
        stood = (
            select(Sortie.id)
            .outerjoin(Contremarque, Contremarque.sortie_id == Sortie.id)
            .where(Sortie.etat == EtatSortie.CLOSE, Sortie.debut_le > instant)
            .group_by(Sortie.id)
            .having(or_(made.is_(None), made <= instant - REPOS))
            .order_by(Sortie.id)
        )
        # Read before anything is locked: nearly always nothing has changed.
        changed = [key for key in session.scalars(stood) if not _tient(session, key, instant)]
    for key in changed:
        with transaction() as session:
            sortie = verrouiller_sortie(session, key)
            if sortie.etat == EtatSortie.CLOSE and sortie.debut_le > instant:
                etablir(session, key, instant=instant, par=None)


def _tient(session: Session, sortie_id: int, instant: datetime) -> bool:
    """Whether the last voucher still says how many come."""
    last = derniere(session, sortie_id)
    return last is not None and last.detail == _detail(session, session.get_one(Sortie, sortie_id), instant)


def preparer(contremarque_id: int) -> None:
    """Make the PDF with no transaction open, then keep it and say that it is there; harmless to repeat: a paper that
    stands is never drawn anew."""
    with reading() as session:
        if documents.existing(session, [cle(contremarque_id)]):
            return
        context = _contexte(session, session.get_one(Contremarque, contremarque_id))
    content = pdf.render("pdf/contremarque.html", context)
    with transaction() as session:
        session.get_one(Contremarque, contremarque_id, with_for_update=True)
        if documents.existing(session, [cle(contremarque_id)]):
            return
        documents.store(session, cle(contremarque_id), f"contremarque-{context['numero']}.pdf", content)
        publish(session, ContremarquePrete(contremarque_id))


def _detail(session: Session, sortie: Sortie, instant: datetime) -> dict[str, Any]:
    """All that the voucher says and that may change, as JSON: another detail is another voucher."""
    lieu = session.get_one(Lieu, sortie.lieu_id)
    return compter(session, sortie.id, instant).detail | {
        "titre": sortie.titre,
        "debut_le": sortie.debut_le.astimezone(PARIS).isoformat(),
        "lieu": lieu.nom,
        "adresse": f"{lieu.adresse}, {lieu.code_postal} {lieu.ville}",
        "cout_place": sortie.cout_place,
        "privilege": sortie.privilege,
        "equipe": accompagnateurs(session, sortie.id),
    }


def _contexte(session: Session, made: Contremarque) -> Mapping[str, Any]:
    sortie = session.get_one(Sortie, made.sortie_id)
    maison = session.get_one(Maison, sortie.maison_id)
    said, count = made.detail, lire_detail(made.detail)
    settings = get_settings()
    return {
        "numero": numero(sortie, made.version),
        "remplace": numero(sortie, made.version - 1) if made.version > 1 else None,
        "faite_le": made.faite_le,
        "titre": said["titre"],
        "debut_le": datetime.fromisoformat(said["debut_le"]),
        "lieu": said["lieu"],
        "adresse_lieu": said["adresse"],
        "privilege": said["privilege"],
        "equipe": said["equipe"],
        "nombre": count.nombre,
        "adultes": count.adultes,
        "enfants": count.enfants,
        "accueils": count.accueils,
        "cout_place": said["cout_place"],
        "total": count.nombre * said["cout_place"],
        "maison": maison.nom,
        "maison_adresse": f"{maison.adresse}, {maison.code_postal} {maison.ville}",
        "maison_telephone": maison.telephone,
        "ccas_adresse": settings.adresse_ccas,
        "ccas_siret": settings.siret_ccas,
    }
