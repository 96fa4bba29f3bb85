"""Money taken at a counter: one receipt, one entry, one number without gap; undone by another receipt alone.

Locks are taken in one order: household, till, then the counter of numbers, last and for as short as can be. The
number is given in the transaction of the receipt: a crash or a refusal gives it back, so no number is ever missing.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from foyers.models import Compte
from kernel import clock
from kernel.errors import Introuvable, Refus
from kernel.formats import euros
from kernel.outbox import publish
from kernel.web.access import Role
from paiements import grand_livre
from paiements.en_ligne.avancement import resolder, solder, verrouiller_foyer
from paiements.events import QuittanceEmise
from paiements.grand_livre import Ligne
from paiements.models.grand_livre import CompteGL
from paiements.models.regie import ActeRegie, Caisse, Quittance, VersementPiece
from paiements.regie.acte import acte_en_vigueur, encaisse, est_close, exiger_mandataire, tiers, verrouiller_caisse
from paiements.regles.monnaie import AU_GUICHET, DOCUMENTES, MoyenPaiement, a_rendre, exiger_plafond

COMPTES = {
    MoyenPaiement.ESPECES: CompteGL.CAISSE,
    MoyenPaiement.CHEQUE: CompteGL.CHEQUES,
    MoyenPaiement.CARTE: CompteGL.TPE,
    MoyenPaiement.CAP: CompteGL.CAP,
}
LIBELLES = {
    MoyenPaiement.ESPECES: "Payé en espèces à la maison",
    MoyenPaiement.CHEQUE: "Payé par chèque à la maison",
    MoyenPaiement.CARTE: "Payé par carte à la maison",
    MoyenPaiement.CAP: "Payé par chèque d’accompagnement à la maison",
}

_NUMERO = text(
    """
    INSERT INTO compteur_regie (regie_id, serie, annee, dernier) VALUES (:regie, :serie, :annee, 1)
    ON CONFLICT (regie_id, serie, annee) DO UPDATE SET dernier = compteur_regie.dernier + 1
    RETURNING dernier
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AEncaisser:
    """What an agent is handed: `montant` is credited to the household, `donne` is what it gives (centimes).

    `cle` comes with the form: the same form sent twice is one receipt.
    """

    foyer_id: int
    maison_id: int
    moyen: MoyenPaiement
    montant: int
    donne: int
    cle: uuid.UUID
    reference: str | None = None
    derogation: str | None = None


def encaisser(session: Session, recu: AEncaisser, *, par: int | None) -> Quittance:
    """Take the money and give its receipt; what is beyond the debt stays as an advance. Raises Refus.

    1. household and till locked; 2. the same form again: the same receipt; 3. the act's rules; 4. number, receipt,
    entry; 5. what the household has paid off is settled.
    """
    verrouiller_foyer(session, recu.foyer_id)
    till = verrouiller_caisse(session, recu.maison_id)
    known = session.scalars(select(Quittance).where(Quittance.cle == recu.cle)).one_or_none()
    if known is not None:
        return _la_meme(known, recu)
    exiger_mandataire(session, recu.maison_id, par)
    acte = acte_en_vigueur(session, till.regie_id, clock.today())
    _exiger_moyen(acte, recu)
    exiger_plafond(recu.moyen, recu.montant, acte.especes_max, recu.derogation)
    rendu = a_rendre(recu.moyen, recu.montant, recu.donne, rendu_autorise=acte.rendu_monnaie)
    receipt = _emettre(
        session,
        till,
        par=par,
        foyer_id=recu.foyer_id,
        moyen=recu.moyen,
        montant=recu.montant,
        donne=recu.donne,
        rendu=rendu,
        reference=recu.reference,
        derogation=recu.derogation if recu.montant > acte.especes_max else None,
        cle=recu.cle,
    )
    grand_livre.passer(
        session,
        cle=f"quittance:{receipt.id}",
        jour=receipt.jour,
        libelle=LIBELLES[recu.moyen],
        mouvements=[
            Ligne(COMPTES[recu.moyen], recu.montant, tiers=tiers(recu.maison_id)),
            Ligne(CompteGL.FOYER, -recu.montant, foyer_id=recu.foyer_id),
        ],
    )
    solder(session, recu.foyer_id)
    return receipt


def annuler(session: Session, quittance_id: int, motif: str, *, par: int | None) -> Quittance:
    """Undo a receipt by one that bears the opposite amount and says why; the household owes again. Raises Refus.

    Cash goes back out of the till; a cheque, a CAP or the terminal's ticket is handed back.
    """
    receipt = session.get(Quittance, quittance_id)
    if receipt is None:
        raise Introuvable
    verrouiller_foyer(session, receipt.foyer_id)
    till = verrouiller_caisse(session, receipt.maison_id)
    exiger_mandataire(session, receipt.maison_id, par)
    _exiger_annulable(session, receipt)
    _exiger_du_jour(session, receipt, par)
    if not motif.strip():
        raise Refus("Écrivez pourquoi cette quittance est annulée : le motif est gardé.")
    entry = grand_livre.ecriture_de(session, f"quittance:{receipt.id}")
    assert entry is not None
    undone = _emettre(
        session,
        till,
        par=par,
        foyer_id=receipt.foyer_id,
        moyen=MoyenPaiement(receipt.moyen),
        montant=-receipt.montant,
        donne=-receipt.montant,
        rendu=0,
        reference=receipt.reference,
        annule_id=receipt.id,
        motif=motif.strip(),
        cle=uuid.uuid4(),
    )
    grand_livre.contrepasser(session, entry.id, f"Quittance annulée : {motif.strip()}")
    resolder(session, receipt.foyer_id, depuis=receipt.emise_le)
    return undone


def numero_suivant(session: Session, regie_id: int, serie: str, annee: int) -> int:
    """The next number of the series; its row stays locked until the transaction ends, so that none is skipped."""
    values = {"regie": regie_id, "serie": serie, "annee": annee}
    return int(session.execute(_NUMERO, values).scalar_one())


def _emettre(session: Session, till: Caisse, *, par: int | None, **values: object) -> Quittance:
    """Write the receipt under the next number of the year, and have it laid out."""
    today = clock.today()
    if est_close(session, till.maison_id, today):
        raise Refus("La caisse est close pour aujourd’hui. Elle rouvre demain ; une autre maison peut encaisser.")
    receipt = Quittance(
        regie_id=till.regie_id,
        maison_id=till.maison_id,
        annee=today.year,
        numero=numero_suivant(session, till.regie_id, "quittance", today.year),
        jour=today,
        emise_le=clock.now(),
        par=par,
        **values,
    )
    session.add(receipt)
    session.flush()  # the entry and the fact need its id
    publish(session, QuittanceEmise(receipt.id))
    return receipt


def _la_meme(known: Quittance, recu: AEncaisser) -> Quittance:
    if (known.foyer_id, known.montant, known.moyen) != (recu.foyer_id, recu.montant, recu.moyen):
        raise Refus("Cette page a déjà servi à un encaissement. Rouvrez-la pour en faire un autre.")
    return known


def _exiger_moyen(acte: ActeRegie, recu: AEncaisser) -> None:
    """The act allows this means at a counter, and its number is written down. Raises Refus."""
    if recu.moyen not in AU_GUICHET or recu.moyen not in acte.moyens:
        raise Refus("L’acte de la régie ne permet pas ce moyen de paiement. Choisissez-en un autre.")
    if recu.moyen in DOCUMENTES and not recu.reference:
        raise Refus("Écrivez le numéro du chèque, ou celui du ticket du terminal.")


def _exiger_annulable(session: Session, receipt: Quittance) -> None:
    if receipt.annule_id is not None:
        raise Refus("Cette quittance en annule une autre : encaissez de nouveau si c’était une erreur.")
    if session.scalar(select(Quittance.id).where(Quittance.annule_id == receipt.id)) is not None:
        raise Refus("Cette quittance est déjà annulée.")
    if session.get(VersementPiece, receipt.id) is not None:
        raise Refus("Ce chèque est déjà versé au Trésor : la correction se fait avec le comptable.")
    if receipt.moyen == MoyenPaiement.ESPECES:
        held = encaisse(session, receipt.maison_id)
        if held < receipt.montant:
            raise Refus(f"La caisse ne contient que {euros(held)} : elle ne peut pas rendre {euros(receipt.montant)}.")


def _exiger_du_jour(session: Session, receipt: Quittance, par: int | None) -> None:
    """Another day is counted and closed: only the régisseur comes back on it. Raises Refus."""
    role = session.scalar(select(Compte.role).where(Compte.id == par))
    if receipt.jour != clock.today() and role not in (Role.REGISSEUR, None):
        raise Refus("Cette quittance est d’un autre jour : seul le régisseur peut l’annuler. Appelez-le.")
