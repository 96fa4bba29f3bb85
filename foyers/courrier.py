"""What paper and telephone ask of a maison: letters to print, calls to make.

Letters are printed together, in a `Liasse` whose PDF a worker makes and which stays: a jammed printer loses nothing.
Letters and calls follow the household's present maison, and are left alone once they are of no more use.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session

from foyers.events import LiasseDemandee
from foyers.models import Foyer, Maison, Membre
from foyers.models_messages import Appel, AppelEssai, Lettre, Liasse, Message, NatureLiasse, ResultatAppel
from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.outbox import publish

AU_PLUS = 150
"""Letters of one PDF: well within the pages that a document may have."""


def demander_les_lettres(session: Session, maison_id: int, *, instant: datetime, par: int | None) -> Liasse:
    """Put the letters that wait at this maison in one PDF to print. Raises Refus when none waits.

    The letters are locked: of two agents who press at once, the second waits, and finds none left.
    """
    waiting = session.scalars(
        a_imprimer(select(Lettre.message_id), instant)
        .where(Foyer.maison_id == maison_id)
        .order_by(Foyer.nom_plie, Lettre.message_id)
        .limit(AU_PLUS)
        .with_for_update(of=Lettre)
    ).all()
    if not waiting:
        raise Refus("Aucune lettre n’attend ici : quelqu’un vient peut-être de les mettre en page.")
    bundle = _demander(session, maison_id, NatureLiasse.LETTRES, instant, par)
    session.execute(update(Lettre).where(Lettre.message_id.in_(waiting)).values(liasse_id=bundle.id))
    return bundle


def demander_la_liste_d_appels(session: Session, maison_id: int, *, instant: datetime, par: int | None) -> Liasse:
    """Have the calls that remain to be made printed as a list. Raises Refus when there are none."""
    left = a_appeler(select(Appel.message_id), instant).where(Foyer.maison_id == maison_id)
    if session.execute(left.limit(1)).first() is None:
        raise Refus("Tous les appels de cette maison sont faits. Il n’y a rien à imprimer.")
    return _demander(session, maison_id, NatureLiasse.APPELS, instant, par)


def noter_appel(
    session: Session, appel_id: int, resultat: ResultatAppel, *, instant: datetime, par: int | None
) -> None:
    """Write down that somebody has called and what came of it; the last word counts, so a slip is mended by another.

    Raises Introuvable.
    """
    appel = session.get(Appel, appel_id, with_for_update=True)
    if appel is None:
        raise Introuvable
    session.add(AppelEssai(appel_id=appel_id, resultat=resultat, par=par, le=instant))
    appel.fait_le = instant if resultat is ResultatAppel.APPELE else None


def a_imprimer(query: Select[tuple[int]], instant: datetime) -> Select[tuple[int]]:
    """Narrow a query of letters to those that wait and are still of use; adds `Message` and `Foyer`."""
    joined = query.join(Message, Message.id == Lettre.message_id).join(Foyer, Foyer.id == Message.foyer_id)
    return joined.where(Lettre.liasse_id.is_(None), _utile(instant))


def a_appeler(query: Select[tuple[int]], instant: datetime) -> Select[tuple[int]]:
    """Narrow a query of calls to those that remain to be made and are still of use; adds `Message` and `Foyer`."""
    joined = query.join(Message, Message.id == Appel.message_id).join(Foyer, Foyer.id == Message.foyer_id)
    return joined.where(Appel.fait_le.is_(None), _utile(instant))


def nom_du_referent() -> ColumnElement[str]:
    """In a query with `Foyer`: the first and last name of whom letters name."""
    named = select(func.concat(Membre.prenom, " ", Membre.nom)).where(Membre.foyer_id == Foyer.id, Membre.referent)
    return func.coalesce(named.correlate(Foyer).scalar_subquery(), Foyer.nom)


def _utile(instant: datetime) -> ColumnElement[bool]:
    today = instant.astimezone(PARIS).date()
    return or_(Message.utile_jusqu_au.is_(None), Message.utile_jusqu_au >= today)


def _demander(session: Session, maison_id: int, nature: NatureLiasse, instant: datetime, par: int | None) -> Liasse:
    if session.get(Maison, maison_id) is None:
        raise Introuvable
    bundle = Liasse(maison_id=maison_id, nature=nature, demandee_le=instant, demandee_par=par)
    session.add(bundle)
    session.flush()  # its id goes into the fact
    publish(session, LiasseDemandee(bundle.id))
    return bundle
