"""Deposits: what leaves a till for the Treasury, with its slip; the float stays.

A deposit takes the cash that it says and every cheque and CAP that the till holds, each named. Its number has no gap,
as a receipt's.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from kernel import clock
from kernel.errors import Refus
from kernel.formats import euros
from kernel.outbox import publish
from paiements import grand_livre
from paiements.events import VersementFait
from paiements.grand_livre import Ligne
from paiements.models.grand_livre import CompteGL
from paiements.models.regie import Caisse, Quittance, Versement, VersementPiece
from paiements.regie.acte import encaisse, exiger_mandataire, tiers, verrouiller_caisse
from paiements.regie.caisse import numero_suivant
from paiements.regles.monnaie import MoyenPaiement

PIECES = (MoyenPaiement.CHEQUE, MoyenPaiement.CAP)


@dataclass(frozen=True, slots=True)
class AVerser:
    """What a till could deposit now, in centimes; `especes` is the cash beyond its float."""

    especes: int
    cheques: int
    cap: int
    pieces: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.especes + self.cheques + self.cap


def a_verser(session: Session, till: Caisse) -> AVerser:
    """What the till holds beyond its float, and the cheques and CAP beside it."""
    held = session.execute(
        select(Quittance.id, Quittance.moyen, Quittance.montant).where(
            Quittance.maison_id == till.maison_id, Quittance.moyen.in_(PIECES), en_main()
        )
    ).all()
    sums = {moyen: sum(one.montant for one in held if one.moyen == moyen) for moyen in PIECES}
    return AVerser(
        especes=max(encaisse(session, till.maison_id) - till.fonds, 0),
        cheques=sums[MoyenPaiement.CHEQUE],
        cap=sums[MoyenPaiement.CAP],
        pieces=tuple(one.id for one in held),
    )


def en_main() -> ColumnElement[bool]:
    """In a query of `Quittance`: a cheque or CAP taken, not handed back, not deposited."""
    undoing = aliased(Quittance)
    gone = exists().where(undoing.annule_id == Quittance.id)
    deposited = exists().where(VersementPiece.quittance_id == Quittance.id)
    return Quittance.annule_id.is_(None) & ~gone & ~deposited


def verser(session: Session, maison_id: int, especes: int, *, par: int | None) -> Versement:
    """Deposit so much cash (centimes) and all cheques and CAP of the till. Raises Refus.

    1. till locked; 2. the float stays; 3. number, deposit, its pieces, its entry; 4. the slip is asked for.
    """
    till = verrouiller_caisse(session, maison_id)
    exiger_mandataire(session, maison_id, par)
    held = a_verser(session, till)
    if not 0 <= especes <= held.especes:
        raise Refus(f"Le fonds de {euros(till.fonds)} reste en caisse : versez {euros(held.especes)} au plus.")
    if especes + held.cheques + held.cap == 0:
        raise Refus("Cette caisse n’a rien à verser.")
    today = clock.today()
    deposit = Versement(
        regie_id=till.regie_id,
        maison_id=maison_id,
        annee=today.year,
        numero=numero_suivant(session, till.regie_id, "versement", today.year),
        jour=today,
        verse_le=clock.now(),
        par=par,
        especes=especes,
        cheques=held.cheques,
        cap=held.cap,
    )
    session.add(deposit)
    session.flush()  # its pieces, its entry and its fact need its id
    session.add_all(VersementPiece(versement_id=deposit.id, quittance_id=one) for one in held.pieces)
    _passer(session, deposit)
    publish(session, VersementFait(deposit.id))
    return deposit


def _passer(session: Session, deposit: Versement) -> None:
    accounts = ((CompteGL.CAISSE, deposit.especes), (CompteGL.CHEQUES, deposit.cheques), (CompteGL.CAP, deposit.cap))
    taken = [Ligne(compte, -sum_, tiers=tiers(deposit.maison_id)) for compte, sum_ in accounts if sum_]
    grand_livre.passer(
        session,
        cle=f"versement:{deposit.id}",
        jour=deposit.jour,
        libelle="Versement au Trésor",
        mouvements=[Ligne(CompteGL.TRESOR, deposit.especes + deposit.cheques + deposit.cap), *taken],
    )
