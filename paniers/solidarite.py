"""Baskets that go to solidarity: those that nobody fetched, and those that their families wished to give.

A given basket stays due by its household, as one that was not fetched does. The coordination alone may give its price
back, once, by reversal; what was ordered for it is then the CCAS's to bear.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.formats import jour as le_jour
from kernel.outbox import publish
from paiements import avoirs, grand_livre
from paiements.grand_livre import Ligne
from paiements.models.grand_livre import CompteGL
from paniers.agenda import rendez_vous
from paniers.events import FeuilleDemandee
from paniers.models.producteurs import Correction
from paniers.models.retrait import AvoirPanier, Don
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.regles.etats import EtatSemaine
from paniers.retraits import clore_journee

EN_ATTENTE = (EtatPanier.A_REMETTRE, EtatPanier.NON_RETIRE)
A_QUI_LE_PLUS_LONG = 80
MOTIF_LE_PLUS_LONG = 200


@dataclass(frozen=True, slots=True)
class Fin:
    """How a maison's day ended: baskets kept until tomorrow, baskets given."""

    gardes: int
    donnes: int


def clore(
    session: Session,
    semaine_id: int,
    maison_id: int,
    donnes: Collection[int],
    a: str,
    *,
    par: int | None,
    instant: datetime,
) -> Fin:
    """Close a maison's day: the baskets `donnes` went to `a`, the others are kept until tomorrow; harmless twice.

    Raises Refus before the day, and when baskets are given to nobody.
    """
    given = donner(session, semaine_id, maison_id, donnes, a, par=par, instant=instant) if donnes else 0
    kept = clore_journee(session, semaine_id, maison_id)
    publish(session, FeuilleDemandee(semaine_id, maison_id))
    return Fin(kept, given)


def donner(
    session: Session,
    semaine_id: int,
    maison_id: int,
    paniers: Collection[int],
    a: str,
    *,
    par: int | None,
    instant: datetime,
) -> int:
    """Give baskets of a maison that still wait there; returns how many baskets that makes.

    A basket handed out or given meanwhile stays as it is. Raises Refus before the maison's day, and without `a`.
    """
    to_whom = _lire_a_qui(a)
    _exiger_le_jour(session, semaine_id, maison_id, instant)
    given = session.execute(
        update(Panier)
        .where(Panier.id.in_(paniers), Panier.semaine_id == semaine_id, Panier.maison_id == maison_id)
        .where(Panier.etat.in_(EN_ATTENTE))
        .values(etat=EtatPanier.DONNE)
        .returning(Panier.id, Panier.nombre)
    ).all()
    session.add_all(Don(panier_id=row.id, a=to_whom, le=instant, par=par) for row in sorted(given))
    return sum(row.nombre for row in given)


def reprendre(session: Session, panier_id: int, *, par: int | None, instant: datetime) -> None:
    """The basket was not given after all: both stay on record, and it can be handed out.

    Raises Refus when there is nothing to undo, and once its price has been given back.
    """
    if session.get(AvoirPanier, panier_id) is not None:
        raise Refus("Le prix de ce panier a été rendu à sa famille : le don ne se défait plus.")
    over = select(Semaine.id).where(Semaine.id == Panier.semaine_id, Semaine.etat == EtatSemaine.TERMINEE).exists()
    undone = session.execute(
        update(Panier)
        .where(Panier.id == panier_id, Panier.etat == EtatPanier.DONNE)
        .values(etat=case((over, literal(EtatPanier.NON_RETIRE.value)), else_=literal(EtatPanier.A_REMETTRE.value)))
        .returning(Panier.id)
    ).one_or_none()
    gift = dernier_don(session, panier_id)
    if undone is None or gift is None:
        raise Refus("Ce panier n’est pas noté comme donné : il n’y a rien à défaire.")
    session.add(Don(panier_id=panier_id, le=instant, par=par, annule_id=gift.id))


def crediter(session: Session, panier_id: int, motif: str, *, par: int | None, instant: datetime) -> bool:
    """Give a household the price of its given basket back; False when that had been done.

    1. lock the basket; 2. check; 3. reverse its debit, and book what was ordered for it on the CCAS; 4. lower its
    échéance and an untried charge. Raises Refus for a basket that was not given or that the family gave itself.
    """
    panier = session.get(Panier, panier_id, with_for_update=True, populate_existing=True)
    if panier is None:
        raise Introuvable
    reason = _lire_motif(motif)
    if panier.etat != EtatPanier.DONNE:
        raise Refus("Ce panier n’a pas été donné : il n’y a rien à rendre.")
    if panier.a_donner:
        raise Refus("C’est la famille qui a donné ce panier : son prix ne se rend pas.")
    new = insert(AvoirPanier).values(panier_id=panier_id, motif=reason, le=instant, par=par)
    if session.execute(new.on_conflict_do_nothing().returning(AvoirPanier.panier_id)).one_or_none() is None:
        return False
    semaine = session.get_one(Semaine, panier.semaine_id)
    _contrepasser(session, panier, semaine, reason, instant)
    avoirs.alleger(session, cle=semaine.code, montants={panier.foyer_id: panier.nombre * panier.prix}, instant=instant)
    return True


def dernier_don(session: Session, panier_id: int) -> Don | None:
    """The last gift of a basket, undone or not."""
    return session.scalars(
        select(Don).where(Don.panier_id == panier_id, Don.annule_id.is_(None)).order_by(Don.id.desc()).limit(1)
    ).one_or_none()


def _contrepasser(session: Session, panier: Panier, semaine: Semaine, motif: str, instant: datetime) -> None:
    corrections = session.scalars(select(Correction.id).where(Correction.semaine_id == semaine.id)).all()
    keys = [f"panier:{panier.id}", *(f"geste:{correction}:{panier.id}" for correction in corrections)]
    grand_livre.contrepasser_en_lot(session, keys, f"Panier du {le_jour(semaine.retrait_le)} rendu : {motif}")
    cost = panier.nombre * panier.cout
    grand_livre.passer(
        session,
        cle=f"don:{panier.id}",
        jour=instant.astimezone(PARIS).date(),
        libelle=f"Panier donné à la solidarité, semaine {semaine.code}",
        mouvements=[Ligne(CompteGL.PARTICIPATION_CCAS, cost), Ligne(CompteGL.ACHATS, -cost)],
    )


def _exiger_le_jour(session: Session, semaine_id: int, maison_id: int, instant: datetime) -> None:
    day = rendez_vous(session, session.get_one(Semaine, semaine_id), maison_id).jour
    if instant.astimezone(PARIS).date() < day:
        raise Refus(f"La distribution est {le_jour(day)} : aucun panier ne se donne avant.")


def _lire_a_qui(a: str) -> str:
    written = " ".join(a.split())
    if not written:
        raise Refus("Écrivez à qui vont ces paniers. Exemple : l’épicerie solidaire.", status=422)
    if len(written) > A_QUI_LE_PLUS_LONG or not written.isprintable():
        raise Refus("Dites à qui en quatre-vingts lettres au plus.", status=422)
    return written


def _lire_motif(motif: str) -> str:
    written = " ".join(motif.split())
    if not written:
        raise Refus("Écrivez pourquoi le prix est rendu : la famille le lit sur son compte.", status=422)
    if len(written) > MOTIF_LE_PLUS_LONG or not written.isprintable():
        raise Refus("Dites pourquoi en deux cents lettres au plus.", status=422)
    return written
