"""The reconciliation of a day: asked for once a night, done by a worker, or at once by the command.

The provider's movements are read with no transaction open and kept as read; its fees and payouts are booked then, gross
beside them, so that the ledger's STRIPE account stands as the provider's balance does. Then both sides are compared.
Doing it again is harmless.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel import clock
from kernel.clock import PARIS
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import jour as en_mots
from kernel.outbox import publish
from paiements import grand_livre, passerelle
from paiements.events import RapprochementDemande
from paiements.grand_livre import APasser, Ligne
from paiements.models.grand_livre import CompteGL, Ecriture
from paiements.models.regie import Regie
from paiements.passerelle import NatureOperation, OperationLue
from paiements.rapprochement import comparaison
from paiements.rapprochement.models import Ecart, Operation, Rapprochement

HEURE = time(3)
"""Paris; what was paid before midnight has been heard of since."""
PATIENCE = timedelta(minutes=15)
RELECTURE = timedelta(days=3)
"""Read again from so long before the last movement known: harmless, and nothing that was late is missed."""


def demander_la_nuit(session: Session, instant: datetime) -> bool:
    """Ask for yesterday's reconciliation, once, from three o'clock on: for the timetable. Returns whether it was."""
    local = instant.astimezone(PARIS)
    if local.time() < HEURE or session.scalar(select(Regie.id).limit(1)) is None:
        return False
    yesterday = local.date() - timedelta(days=1)
    last = session.scalar(select(func.max(Rapprochement.jour)))
    if last is not None and last >= yesterday:
        return False
    asked = _ouvrir(session, yesterday, instant)
    if asked is None:
        return False
    publish(session, RapprochementDemande(asked))
    return True


def rapprocher(rapprochement_id: int) -> None:
    """Lay that day side by side. Harmless when repeated. Raises Indisponible."""
    with reading() as session:
        newest = session.scalar(select(func.max(Operation.le)))
    read = passerelle.prestataire().lire_operations(newest - RELECTURE if newest else None)
    with transaction() as session:
        one = session.get_one(Rapprochement, rapprochement_id, with_for_update=True)
        _garder(session, read)
        _passer_frais_et_virements(session)
        last = session.scalar(select(func.max(Rapprochement.jour)).where(Rapprochement.fait_le.is_not(None)))
        if last is not None and last > one.jour:
            return  # a later day holds this one
        instant = clock.now()
        one.jusqu_a = min(clock.paris(one.jour + timedelta(days=1)), instant - PATIENCE)
        comparaison.constater(session, one.jusqu_a, instant)
        one.fait_le = instant


def rapprocher_le(jour: date) -> int:
    """Reconcile up to the end of that day, now; returns how many differences are open. Raises Refus, Indisponible."""
    if jour > clock.today():
        raise Refus("Ce jour n’est pas encore venu. Choisissez aujourd’hui ou un jour passé.")
    with transaction() as session:
        last = session.scalar(select(func.max(Rapprochement.jour)).where(Rapprochement.fait_le.is_not(None)))
        if last is not None and last > jour:
            raise Refus(f"Tout est déjà rapproché jusqu’au {en_mots(last)}. Choisissez ce jour-là ou un jour suivant.")
        asked = _ouvrir(session, jour, clock.now())
        known = asked or session.execute(select(Rapprochement.id).where(Rapprochement.jour == jour)).scalar_one()
    rapprocher(known)
    with reading() as session:
        return session.scalar(select(func.count()).where(ouvert())) or 0


def resoudre(session: Session, ecart_id: int, *, motif: str, par: int) -> None:
    """Say why a difference is no concern any more; who and when stay with it. Raises Introuvable, Refus."""
    found = session.get(Ecart, ecart_id, with_for_update=True)
    if found is None:
        raise Introuvable
    if found.resolu_le is not None:
        raise Refus("Cet écart est déjà résolu. Rien n’a été changé.")
    if found.disparu_le is not None:
        raise Refus("Cet écart a disparu de lui-même : les deux côtés sont de nouveau égaux.")
    found.resolu_le, found.resolu_par, found.motif = clock.now(), par, motif


def ouvert() -> ColumnElement[bool]:
    """In a query of `Ecart`: still there, and nobody has said why."""
    return Ecart.disparu_le.is_(None) & Ecart.resolu_le.is_(None)


def _ouvrir(session: Session, jour: date, instant: datetime) -> int | None:
    """The new row of that day; None when it is there already."""
    row = insert(Rapprochement).values(jour=jour, demande_le=instant).on_conflict_do_nothing()
    return session.scalar(row.returning(Rapprochement.id))


def _garder(session: Session, read: Sequence[OperationLue]) -> None:
    if read:
        rows = [{name: getattr(one, name) for name in OperationLue.__slots__} for one in read]
        session.execute(insert(Operation).on_conflict_do_nothing(), rows)


def _passer_frais_et_virements(session: Session) -> None:
    """Book what the provider kept and what it paid out, each movement once, on its own Paris day."""
    fees = (Operation.frais != 0) | (Operation.nature == NatureOperation.FRAIS)
    entries = [
        _ecriture(f"frais:{one.id}", one, "Frais de Stripe", CompteGL.FRAIS_STRIPE, _frais(one))
        for one in _a_passer(session, "frais:", fees)
        if _frais(one)
    ]
    entries += [
        _ecriture(f"virement:{one.id}", one, "Virement de Stripe", CompteGL.BANQUE, -one.montant)
        for one in _a_passer(session, "virement:", Operation.nature == NatureOperation.VIREMENT)
    ]
    if entries:
        grand_livre.passer_en_lot(session, entries)


def _a_passer(session: Session, prefixe: str, quoi: ColumnElement[bool]) -> Sequence[Operation]:
    booked = exists().where(Ecriture.cle == func.concat(prefixe, Operation.id))
    return session.scalars(select(Operation).where(quoi, ~booked).order_by(Operation.le)).all()


def _frais(one: Operation) -> int:
    """Centimes kept; a movement may itself be nothing but a fee."""
    return one.frais - (one.montant if one.nature == NatureOperation.FRAIS else 0)


def _ecriture(cle: str, one: Operation, libelle: str, compte: CompteGL, montant: int) -> APasser:
    jour = one.le.astimezone(PARIS).date()
    return APasser(cle, jour, libelle, [Ligne(compte, montant), Ligne(CompteGL.STRIPE, -montant)])
