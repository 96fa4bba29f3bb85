"""Procuration: "un proche retire mon panier", for one week or until further notice.

The person who comes needs no account. Of those who may come, the door names one: who was named for that very week,
else who was named last.
"""

from datetime import date, datetime

from sqlalchemy import ScalarSelect, SQLColumnExpression, or_, select
from sqlalchemy.orm import Session, aliased

from foyers.models import Foyer
from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from paniers.models.retrait import Procuration
from paniers.models.semaines import Semaine

LE_PLUS = 5


def donner(
    session: Session,
    foyer_id: int,
    *,
    prenom: str,
    nom: str,
    du: date,
    au: date | None,
    par: int | None,
    instant: datetime,
) -> Procuration:
    """Let that person fetch the household's baskets of the pick-up days `du` to `au` (None: until revoked).

    Raises Refus for days that are over or turned around, or when enough people are named already.
    """
    if session.get(Foyer, foyer_id, with_for_update={"key_share": True}) is None:
        raise Introuvable
    today = instant.astimezone(PARIS).date()
    if au is not None and au < max(du, today):
        raise Refus("Ce jour de retrait est passé. Choisissez une semaine à venir.")
    if len(en_cours(session, foyer_id, today)) >= LE_PLUS:
        raise Refus("Cinq proches peuvent déjà venir à votre place. Retirez d’abord une procuration.")
    given = Procuration(foyer_id=foyer_id, prenom=prenom, nom=nom, du=du, au=au, donnee_le=instant, donnee_par=par)
    session.add(given)
    return given


def revoquer(session: Session, procuration_id: int, *, par: int | None, instant: datetime) -> Procuration:
    """From now on that person is no longer expected; harmless twice. Raises Introuvable."""
    given = session.get(Procuration, procuration_id, with_for_update=True, populate_existing=True)
    if given is None:
        raise Introuvable
    if given.revoquee_le is None:
        given.revoquee_le, given.revoquee_par = instant, par
    return given


def en_cours(session: Session, foyer_id: int, jour: date) -> list[Procuration]:
    """Those that still count on `jour` or later, in the order in which they were given."""
    return list(
        session.scalars(
            select(Procuration)
            .where(Procuration.foyer_id == foyer_id, Procuration.revoquee_le.is_(None))
            .where(or_(Procuration.au.is_(None), Procuration.au >= jour))
            .order_by(Procuration.id)
        )
    )


def pour_le_panier(foyer_id: SQLColumnExpression[int], semaine_id: SQLColumnExpression[int]) -> ScalarSelect[int]:
    """In SQL: the procuration under which that household's basket of that week is expected to be fetched."""
    given, week = aliased(Procuration), aliased(Semaine)
    return (
        select(given.id)
        .join(week, week.id == semaine_id)
        .where(given.foyer_id == foyer_id, given.revoquee_le.is_(None))
        .where(given.du <= week.retrait_le, or_(given.au.is_(None), given.au >= week.retrait_le))
        .order_by(given.au.is_(None), given.id.desc())
        .limit(1)
        .scalar_subquery()
    )
