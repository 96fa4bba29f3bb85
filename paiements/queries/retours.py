"""What the régisseur reads of online money that asks for a person: paid twice, taken or given back, not understood."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Foyer, Membre
from kernel import clock
from paiements.en_ligne.avancement import LIBELLES
from paiements.en_ligne.remboursements import remboursable
from paiements.models.en_ligne import EvenementStripe, Paiement
from paiements.models.retours import Litige, Remboursement

MONTRES = 50
PATIENCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class EnTrop:
    """A payment that brought more than was due, and of which something may still go back, in centimes."""

    paiement_id: int
    qui: str
    le: datetime
    montant: int
    rendable: int


@dataclass(frozen=True, slots=True)
class Repris:
    """A payment that a bank has taken back; `etat`: ouvert, perdu, gagne."""

    foyer_id: int
    qui: str
    le: datetime
    montant: int
    etat: str


@dataclass(frozen=True, slots=True)
class Rendu:
    """Money given back; `etat`: prepare, inconnu, fait, refuse. `revenu_le`: a bank could not take it."""

    qui: str
    le: datetime
    montant: int
    motif: str
    etat: str
    revenu_le: datetime | None


@dataclass(frozen=True, slots=True)
class Incompris:
    """News of Stripe's that name nothing of ours: kept, and shown until somebody has looked."""

    type: str
    objet: str
    le: datetime


@dataclass(frozen=True, slots=True)
class PaiementMontre:
    foyer_id: int
    qui: str
    quoi: str
    le: datetime
    montant: int
    rendable: int


def paiement(session: Session, paiement_id: int) -> PaiementMontre | None:
    """A payment that has brought its money."""
    found = session.get(Paiement, paiement_id)
    if found is None or found.conclu_le is None:
        return None
    who = session.execute(select(*_QUI).join(Foyer).where(Membre.referent, Foyer.id == found.foyer_id)).one()
    what = LIBELLES["sepa" if found.mandat_id else found.nature]
    back = remboursable(session, found)
    return PaiementMontre(found.foyer_id, _nom(who), what, found.conclu_le, found.montant, back)


def en_trop(session: Session) -> Sequence[EnTrop]:
    rows = session.execute(
        select(Paiement, *_QUI)
        .join(Membre, (Membre.foyer_id == Paiement.foyer_id) & Membre.referent)
        .where(Paiement.en_trop > 0)
        .order_by(Paiement.conclu_le.desc())
        .limit(MONTRES)
    ).all()
    shown = ((row.Paiement, _nom(row), remboursable(session, row.Paiement)) for row in rows)
    return [EnTrop(paid.id, who, paid.conclu_le, paid.en_trop, back) for paid, who, back in shown if back]


def repris(session: Session) -> Sequence[Repris]:
    rows = session.execute(
        select(Litige, *_QUI)
        .join(Membre, (Membre.foyer_id == Litige.foyer_id) & Membre.referent)
        .order_by(Litige.ouvert_le.desc())
        .limit(MONTRES)
    )
    return [
        Repris(row.Litige.foyer_id, _nom(row), row.Litige.ouvert_le, row.Litige.montant, row.Litige.etat)
        for row in rows
    ]


def rendus(session: Session) -> Sequence[Rendu]:
    rows = session.execute(
        select(Remboursement, *_QUI)
        .join(Membre, (Membre.foyer_id == Remboursement.foyer_id) & Membre.referent)
        .order_by(Remboursement.demande_le.desc())
        .limit(MONTRES)
    )
    shown = ((row.Remboursement, _nom(row)) for row in rows)
    return [Rendu(who, back.demande_le, back.montant, back.motif, back.etat, back.revenu_le) for back, who in shown]


def incompris(session: Session) -> Sequence[Incompris]:
    waits = select(EvenementStripe.type, EvenementStripe.objet, EvenementStripe.recu_le).where(
        EvenementStripe.traite_le.is_(None), EvenementStripe.recu_le < clock.now() - PATIENCE
    )
    return [Incompris(*row) for row in session.execute(waits.order_by(EvenementStripe.recu_le).limit(MONTRES))]


_QUI = (Membre.prenom, Membre.nom)


def _nom(row: object) -> str:
    return f"{getattr(row, 'prenom', '')} {getattr(row, 'nom', '')}"
