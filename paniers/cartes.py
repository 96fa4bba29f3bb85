"""A household's carte de retrait: made on demand, good until it is lost, replaced at once.

It is for those who print nothing: one QR, the same every week, that finds the basket which waits that day.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, delete, func, join, outerjoin, select
from sqlalchemy.orm import Session

from foyers.models import Foyer, Membre
from kernel import pdf, qr
from kernel.db import reading, transaction
from kernel.documents import Document
from kernel.errors import Introuvable
from kernel.outbox import publish
from paniers.agenda import agenda
from paniers.documents.fichiers import Fichier, nom_de_fichier, ranger
from paniers.events import CarteDemandee
from paniers.models.retrait import CarteRetrait
from paniers.models.semaines import EtatPanier, Panier, Semaine

# A hand-out is moved by less than a week.
AU_PLUS_TARD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Carte:
    """What a printed card says; `texte` is what its QR holds."""

    texte: str
    prenom: str
    nom: str


def faire(session: Session, foyer_id: int, *, par: int | None, instant: datetime) -> CarteRetrait:
    """The household's good card, made now if it has none; harmless twice. Raises Introuvable."""
    _verrouiller(session, foyer_id)
    return la_bonne(session, foyer_id) or _nouvelle(session, foyer_id, par, instant)


def remplacer(session: Session, carte_id: int, *, par: int | None, instant: datetime) -> CarteRetrait:
    """The card is lost: from now on it opens nothing, and another one is good. Harmless twice. Raises Introuvable."""
    foyer_id = revoquer(session, carte_id, par=par, instant=instant)
    return la_bonne(session, foyer_id) or _nouvelle(session, foyer_id, par, instant)


def revoquer(session: Session, carte_id: int, *, par: int | None, instant: datetime) -> int:
    """From now on the card opens nothing, and its printed file is gone; returns its household. Harmless twice."""
    foyer_id = session.scalar(select(CarteRetrait.foyer_id).where(CarteRetrait.id == carte_id))
    if foyer_id is None:
        raise Introuvable
    _verrouiller(session, foyer_id)
    card = session.get_one(CarteRetrait, carte_id, populate_existing=True)
    if card.perdue_le is None:
        card.perdue_le, card.perdue_par = instant, par
        session.execute(delete(Document).where(Document.key == cle(carte_id)))
        session.flush()  # one good card a household: the next one is written after this one has ended
    return foyer_id


def la_bonne(session: Session, foyer_id: int) -> CarteRetrait | None:
    """The card that opens the household's baskets today."""
    return session.scalars(
        select(CarteRetrait).where(CarteRetrait.foyer_id == foyer_id, CarteRetrait.perdue_le.is_(None))
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class PanierDeCarte:
    """A basket that a card may mean; `le` is the day on which its maison really hands out."""

    id: int
    maison_id: int
    etat: str
    le: date


@dataclass(frozen=True, slots=True)
class CarteLue:
    """A card of ours held before a scanner: whether it has been replaced, and the baskets that it may mean."""

    perdue: bool
    paniers: tuple[PanierDeCarte, ...]


def lue(session: Session, code: uuid.UUID, jour: date) -> CarteLue | None:
    """The card, and its household's baskets that are kept on `jour` or come later, the next first. Two queries."""
    coming = and_(
        Panier.foyer_id == CarteRetrait.foyer_id,
        Panier.etat != EtatPanier.ANNULE,
        Semaine.retrait_le >= jour - AU_PLUS_TARD,
    )
    rows = session.execute(
        select(CarteRetrait.perdue_le, Panier.id, Panier.maison_id, Panier.etat, Semaine)
        .select_from(outerjoin(CarteRetrait, join(Panier, Semaine, Semaine.id == Panier.semaine_id), coming))
        .where(CarteRetrait.code == code)
        .order_by(Semaine.retrait_le, Panier.id)
    ).all()
    if not rows:
        return None
    held = [row for row in rows if row[1]]
    known = agenda(session, {row[4].id for row in held})
    met = [(row, known.rendez_vous(row[4], row[2])) for row in held]
    kept = tuple(PanierDeCarte(row[1], row[2], row[3], rdv.jour) for row, rdv in met if rdv.garde_jusqu_au >= jour)
    return CarteLue(rows[0][0] is not None, tuple(sorted(kept, key=lambda basket: basket.le)))


def texte(code: uuid.UUID) -> str:
    """What the card's QR holds."""
    return qr.sign_card(code)


def cle(carte_id: int) -> str:
    """The key of the card's printed document."""
    return f"carte:{carte_id}"


def preparer(carte_id: int) -> None:
    """Make the card's PDF and keep it; safe to repeat. A card that was lost meanwhile is not printed.

    Opens its own sessions, one to read and one to keep, as an actor that renders must.
    """
    with reading() as session:
        card = _lire(session, carte_id)
    if card is None:
        return
    fichier = Fichier(cle(carte_id), nom_de_fichier("carte de retrait", extension="pdf"), rendre(card))
    with transaction() as session:
        still_good = select(CarteRetrait.id).where(CarteRetrait.id == carte_id, CarteRetrait.perdue_le.is_(None))
        if session.execute(still_good.with_for_update(read=True)).first() is not None:
            ranger(session, [fichier])


def rendre(carte: Carte) -> bytes:
    """The card, of the size of a bank card, on an A4 sheet to cut."""
    context = {
        "texte": carte.texte,
        "nom": f"{carte.prenom} {carte.nom[:1]}." if carte.prenom else carte.nom,
    }
    return pdf.render("pdf/carte.html", context)


def _lire(session: Session, carte_id: int) -> Carte | None:
    row = session.execute(
        select(CarteRetrait.code, func.coalesce(Membre.prenom, ""), func.coalesce(Membre.nom, Foyer.nom))
        .join(Foyer, Foyer.id == CarteRetrait.foyer_id)
        .outerjoin(Membre, and_(Membre.foyer_id == Foyer.id, Membre.referent))
        .where(CarteRetrait.id == carte_id, CarteRetrait.perdue_le.is_(None))
    ).one_or_none()
    return Carte(texte(row[0]), row[1], row[2]) if row is not None else None


def _nouvelle(session: Session, foyer_id: int, par: int | None, instant: datetime) -> CarteRetrait:
    card = CarteRetrait(foyer_id=foyer_id, faite_le=instant, faite_par=par)
    session.add(card)
    session.flush()  # its fact names it
    publish(session, CarteDemandee(card.id))
    return card


def _verrouiller(session: Session, foyer_id: int) -> None:
    """Cards and proxies of a household change one after the other. Raises Introuvable."""
    if session.get(Foyer, foyer_id, with_for_update={"key_share": True}) is None:
        raise Introuvable
