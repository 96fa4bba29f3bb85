"""Where a member of the team stands at the door: the maison chosen among theirs, on the day of that week.

An agent acts at one maison at a time, kept in the cookie once chosen.
"""

import re
from dataclasses import dataclass

from flask import render_template, request
from flask import session as cookie
from flask_login import current_user
from sqlalchemy.orm import Session

from foyers.portee import atteint, maisons_de
from kernel.clock import today
from kernel.db import reading
from kernel.errors import Introuvable, Refus
from kernel.web.access import Person, Role
from kernel.web.refusals import STALE_FORM
from kernel.web.words import _
from paniers.queries import guichet as queries_guichet
from paniers.queries import remise as queries_remise
from paniers.queries.guichet import Jour, Place

EQUIPE = (Role.AGENT, Role.BENEVOLE, Role.COORDINATION)
BUREAU = (Role.AGENT, Role.COORDINATION)
_NUMERO = re.compile(r"[0-9]{1,9}", re.ASCII)


def panier_de_mes_maisons(person: Person, *, panier_id: int, **_args: object) -> bool:
    """The basket of the address is handed out at a maison where the person works."""
    with reading() as session:
        return atteint(person, queries_remise.maison_du_panier(session, panier_id))


def maison_a_moi(person: Person, *, maison_id: int, **_args: object) -> bool:
    reach = maisons_de(person)
    return reach is None or maison_id in reach


def foyer_attendu(person: Person, foyer_id: int) -> bool:
    """The household's basket of the day's week is handed out at a maison where the person works."""
    with reading() as session:
        return queries_guichet.attend(session, foyer_id, maisons_de(person), today())


@dataclass(frozen=True, slots=True)
class Guichet:
    """Where the person stands: the maison chosen among theirs, on the day of that week."""

    lieux: list[Place]
    lieu: Place | None
    jour: Jour | None

    def la(self) -> tuple[Place, Jour]:
        """Both, for pages that mean nothing without. Raises Refus."""
        if self.lieu is None:
            raise Refus(_("Choisissez d’abord la maison où vous êtes."))
        if self.jour is None:
            raise Refus(_("Aucune distribution n’est prévue pour le moment."))
        return self.lieu, self.jour


def guichet(session: Session) -> Guichet:
    """The maison that the request names, else the one of the cookie, else the only one. Raises Introuvable."""
    day = queries_guichet.jour_de_retrait(session, today())
    lieux = queries_guichet.places(session, day.semaine_id if day else None, maisons_de(current_user))
    asked = request.values.get("maison", "")
    kept = str(cookie.get("maison", ""))
    lieu = next((place for place in lieux if str(place.id) == (asked or kept)), None)
    if asked and lieu is None:
        raise Introuvable
    if lieu is None and len(lieux) == 1:
        lieu = lieux[0]
    if asked and lieu is not None and asked != kept:
        cookie["maison"] = asked
    if lieu is not None and day is not None:
        lieu, day = queries_guichet.au_rendez_vous(session, lieu, day)
    return Guichet(lieux, lieu, day)


def maison_du_scan() -> int | None:
    """The maison at which a code is scanned, read without the database; None when none is chosen yet.

    Raises Introuvable for a maison where the person does not work.
    """
    reach = maisons_de(current_user)
    asked = request.form.get("maison") or str(cookie.get("maison", ""))
    if not asked:
        return next(iter(reach)) if reach is not None and len(reach) == 1 else None
    known = int(asked) if _NUMERO.fullmatch(asked) else None
    if known is None or (reach is not None and known not in reach):
        raise Introuvable
    return known


def choisir(door: Guichet) -> str:
    return render_template("paniers/guichet/maisons.html", lieux=door.lieux, jour=door.jour)


def au_bureau() -> bool:
    """Whether the reader may see full names and, at a second tap, amounts."""
    return current_user.role in BUREAU


def meme_semaine(day: Jour) -> None:
    """The page was made for this week. Raises Refus when another one has begun since."""
    if request.form.get("semaine") != day.code:
        raise Refus(STALE_FORM)


def impression(lieu: Place) -> dict[str, object]:
    return {"maison_nom": lieu.nom, "aujourdhui": today()}
