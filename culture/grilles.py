"""The prices of seats: grids with a name, which outings choose, and what they cost from a day on.

What counts is the day on which somebody books: prices entered today begin tomorrow at the earliest, so no price that
was ever asked of anybody is changed. They are taken back for as long as their day has not come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Date, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from culture.models.sorties import GrilleSortie, GrilleSortiePrix
from culture.regles.tarifs import BaremeSortie, Forme, GrilleIncoherente, bareme
from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.formats import jour_annee
from kernel.web.words import _

DEUX_ANS = timedelta(days=731)


@dataclass(frozen=True, slots=True)
class PrixSaisis:
    """Prices to be, in centimes, one more than `seuils`; they begin on `effet_le`."""

    effet_le: date
    seuils: Sequence[int]
    prix: Sequence[int]


def creer_grille(
    session: Session, *, nom: str, forme: Forme, seuils: Sequence[int], prix: Sequence[int]
) -> GrilleSortie:
    """A new grid, for outings that will choose it: it counts at once, as nobody has booked by it. Raises Refus."""
    if session.scalar(select(GrilleSortie.id).where(GrilleSortie.nom == nom)) is not None:
        raise Refus(_("Un tarif porte déjà ce nom : choisissez-en un autre, ou changez ses prix."), status=422)
    _exiger_coherente(forme, seuils, prix)
    made = GrilleSortie(nom=nom, forme=forme, seuils=list(seuils), prix=list(prix))
    session.add(made)
    session.flush()  # its page is opened next
    return made


def saisir_prix(
    session: Session, grille_id: int, saisis: PrixSaisis, *, instant: datetime, par: int | None
) -> GrilleSortiePrix:
    """Write what seats of a grid cost who books from a day on. Raises Introuvable, Refus.

    1. lock the grid; 2. check the day, then the prices; 3. write them, with who did.
    """
    _verrouiller(session, grille_id)
    exiger_des_prix(session, grille_id, saisis, instant)
    made = GrilleSortiePrix(
        grille_id=grille_id,
        effet_le=saisis.effet_le,
        seuils=list(saisis.seuils),
        prix=list(saisis.prix),
        saisi_le=instant,
        saisi_par=par,
    )
    session.add(made)
    return made


def exiger_des_prix(session: Session, grille_id: int, saisis: PrixSaisis, instant: datetime) -> None:
    """The day is to come and free, and these are prices, other ones than that day's. Raises Introuvable, Refus."""
    grille = session.get(GrilleSortie, grille_id)
    if grille is None:
        raise Introuvable
    _exiger_a_venir(saisis.effet_le, instant)
    standing = select(GrilleSortiePrix.id).where(
        GrilleSortiePrix.grille_id == grille_id, GrilleSortiePrix.retire_le.is_(None)
    )
    if session.scalar(standing.where(GrilleSortiePrix.effet_le == saisis.effet_le)) is not None:
        raise Refus(
            _(
                "D’autres prix commencent déjà le %(jour)s : choisissez un autre jour, ou retirez-les d’abord.",
                jour=jour_annee(saisis.effet_le),
            ),
            status=422,
        )
    fresh = _exiger_coherente(Forme(grille.forme), saisis.seuils, saisis.prix)
    if fresh == bareme_au(session, grille_id, saisis.effet_le):
        raise Refus(_("Ce sont déjà les prix de ce jour-là : il n’y a rien à changer."), status=422)


def retirer_prix(session: Session, prix_id: int, *, instant: datetime, par: int | None) -> None:
    """Take back prices whose day has not come. Harmless twice. Raises Introuvable, and Refus from that day on."""
    found = session.get(GrilleSortiePrix, prix_id)
    if found is None:
        raise Introuvable
    _verrouiller(session, found.grille_id)
    session.refresh(found)
    if found.retire_le is not None:
        return
    if found.effet_le <= instant.astimezone(PARIS).date():
        raise Refus(_("Ces prix comptent déjà : ils ne se retirent plus. Saisissez-en d’autres pour la suite."))
    found.retire_le, found.retire_par = instant, par


def bareme_au(session: Session, grille_id: int, jour: date) -> BaremeSortie:
    """What seats of that grid cost who books on that day. One query. Raises Introuvable."""
    row = session.execute(_BAREME, {"grille": grille_id, "jour": jour}).one_or_none()
    if row is None:
        raise Introuvable
    return bareme(*row)


def en_vigueur(
    changee: InstrumentedAttribute[list[int]],
    premiere: InstrumentedAttribute[list[int]],
    jour: date | ColumnElement[date],
) -> ColumnElement[list[int]]:
    """In a query of `GrilleSortie`: that column as it counts for who books on that day."""
    last = (
        select(changee)
        .where(GrilleSortiePrix.grille_id == GrilleSortie.id, GrilleSortiePrix.retire_le.is_(None))
        .where(GrilleSortiePrix.effet_le <= jour)
        .order_by(GrilleSortiePrix.effet_le.desc())
        .limit(1)
        .correlate(GrilleSortie)
        .scalar_subquery()
    )
    return func.coalesce(last, premiere)


# Asked with each booking, and built once.
_BAREME = select(
    GrilleSortie.forme,
    en_vigueur(GrilleSortiePrix.seuils, GrilleSortie.seuils, bindparam("jour", type_=Date)),
    en_vigueur(GrilleSortiePrix.prix, GrilleSortie.prix, bindparam("jour", type_=Date)),
).where(GrilleSortie.id == bindparam("grille"))


def _verrouiller(session: Session, grille_id: int) -> GrilleSortie:
    grille = session.get(GrilleSortie, grille_id, with_for_update={"key_share": True}, populate_existing=True)
    if grille is None:
        raise Introuvable
    return grille


def _exiger_a_venir(effet_le: date, instant: datetime) -> None:
    """Whoever has booked, or books today, has read a price: new ones begin after. Raises Refus."""
    today = instant.astimezone(PARIS).date()
    if effet_le <= today:
        raise Refus(
            _("Ce jour est passé, ou c’est aujourd’hui : de nouveaux prix commencent demain au plus tôt."), status=422
        )
    if effet_le > today + DEUX_ANS:
        raise Refus(_("Choisissez un jour dans les deux ans."), status=422)


def _exiger_coherente(forme: Forme, seuils: Sequence[int], prix: Sequence[int]) -> BaremeSortie:
    """The last gate: the tariff itself reads what it will have to price with. Raises Refus."""
    try:
        return bareme(forme, seuils, prix)
    except GrilleIncoherente:
        raise Refus(
            _("Ces prix ne font pas un tarif : ils vont de 0 à 5 €, sans jamais baisser quand les moyens montent."),
            status=422,
        ) from None
