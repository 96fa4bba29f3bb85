"""Tickets that a venue sends: counted in at the maison référente, handed out to households, one a seat.

What is counted is a row, and a miscount is another row. A seat says whether its ticket is out, when and by whom; one
that was given back with its ticket still counts as out until the ticket comes back. Never more are out than came.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.soiree import BilletsRecus
from culture.models.sorties import Sortie
from culture.regles.etats import EtatInscription, EtatSortie
from culture.verrous import verrouiller_sortie
from kernel.errors import Refus
from kernel.web.words import _


@dataclass(frozen=True, slots=True)
class Stock:
    """How many tickets came, and how many are out."""

    recus: int
    remis: int

    @property
    def restants(self) -> int:
        """Those that lie at the maison."""
        return self.recus - self.remis


def stock(session: Session, sortie_id: int) -> Stock:
    """The tickets of an outing. Two queries."""
    came = select(func.coalesce(func.sum(BilletsRecus.nombre), 0)).where(BilletsRecus.sortie_id == sortie_id)
    out = select(func.count()).where(PlaceSortie.sortie_id == sortie_id, PlaceSortie.billet_le.is_not(None))
    return Stock(int(session.scalar(came) or 0), int(session.scalar(out) or 0))


def compter(
    session: Session, sortie_id: int, nombre: int, *, deja: int, instant: datetime, par: int | None
) -> BilletsRecus:
    """Count tickets in; a negative number corrects a miscount. `deja` is how many the page said had come: a second
    press, or a colleague's count, is then seen. Raises Refus."""
    sortie = _ouvrir(session, sortie_id)
    held = stock(session, sortie.id)
    if held.recus != deja:
        raise Refus(_("Des billets viennent d’être comptés : il y en a %(n)d. Relisez, puis comptez.", n=held.recus))
    if held.restants + nombre < 0:
        raise Refus(_("%(n)d billets sont déjà remis : le compte ne peut pas passer dessous.", n=held.remis))
    made = BilletsRecus(sortie_id=sortie.id, nombre=nombre, le=instant, par=par)
    session.add(made)
    return made


def remettre(
    session: Session,
    sortie_id: int,
    *,
    inscription_id: int | None = None,
    place_id: int | None = None,
    instant: datetime,
    par: int | None,
) -> int:
    """Hand out the tickets of a whole booking, or of one seat; those that are out stay so. How many went out.

    Raises Refus, and nothing is written, when the maison holds too few.
    """
    sortie = _ouvrir(session, sortie_id)
    waiting = [seat for seat in _places(session, sortie.id, inscription_id, place_id) if seat.billet_le is None]
    left = stock(session, sortie.id).restants
    if len(waiting) > left:
        raise Refus(
            _("Il reste %(n)d billets à la maison. Comptez d’abord ceux que le lieu a envoyés.", n=left)
            if left
            else _("Il n’y a pas de billet à la maison. Comptez d’abord ceux que le lieu a envoyés.")
        )
    for seat in waiting:
        seat.billet_le, seat.billet_par = instant, par
    return len(waiting)


def reprendre(
    session: Session, sortie_id: int, *, inscription_id: int | None = None, place_id: int | None = None
) -> int:
    """The tickets are back at the maison, or were ticked by mistake. How many. Harmless twice."""
    sortie = verrouiller_sortie(session, sortie_id)
    out = [
        seat
        for seat in _places(session, sortie.id, inscription_id, place_id, rendues=True)
        if seat.billet_le is not None
    ]
    for seat in out:
        seat.billet_le, seat.billet_par = None, None
    return len(out)


def _places(
    session: Session, sortie_id: int, inscription_id: int | None, place_id: int | None, *, rendues: bool = False
) -> list[PlaceSortie]:
    """The seats meant, of that outing only; with `rendues` those given back too."""
    query = (
        select(PlaceSortie)
        .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
        .where(PlaceSortie.sortie_id == sortie_id, PlaceSortie.remplace_id.is_(None))
        .where(PlaceSortie.id == place_id if inscription_id is None else PlaceSortie.inscription_id == inscription_id)
    )
    if not rendues:
        query = query.where(PlaceSortie.annulee_le.is_(None), Inscription.etat == EtatInscription.CONFIRMEE)
    found = list(session.scalars(query.order_by(PlaceSortie.id).execution_options(populate_existing=True)))
    if not found:
        raise Refus(_("Ces places ont été rendues. Regardez la liste : elle est à jour."))
    return found


def _ouvrir(session: Session, sortie_id: int) -> Sortie:
    sortie = verrouiller_sortie(session, sortie_id)
    if sortie.etat == EtatSortie.ANNULEE:
        raise Refus(_("Cette sortie est annulée : ses billets se rendent au lieu."))
    return sortie
