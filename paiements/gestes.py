"""What the actors of money were doing, for the page of deliveries en souffrance. No household is named there."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.formats import euros, jour
from kernel.operations import Geste, Payload
from paiements.models.en_ligne import EvenementStripe, Paiement
from paiements.models.regie import Quittance, Versement


def _paiements(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = [payload.get("paiement_id") for payload in payloads]
    rows = session.execute(select(Paiement.id, Paiement.montant, Paiement.demande_le).where(Paiement.id.in_(keys)))
    words = {row.id: f"{euros(row.montant)}, demandé {jour(row.demande_le)}" for row in rows}
    return [words.get(key, "") if isinstance(key, int) else "" for key in keys]


def _evenements(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = [payload.get("evenement_id") for payload in payloads]
    received = select(EvenementStripe.id, EvenementStripe.recu_le).where(EvenementStripe.id.in_(keys))
    words = {row.id: f"reçu {jour(row.recu_le)}" for row in session.execute(received)}
    return [words.get(key, "") if isinstance(key, str) else "" for key in keys]


def _quittances(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = [payload.get("quittance_id") for payload in payloads]
    rows = session.execute(select(Quittance.id, Quittance.montant, Quittance.emise_le).where(Quittance.id.in_(keys)))
    words = {row.id: f"{euros(row.montant)}, {jour(row.emise_le)}" for row in rows}
    return [words.get(key, "") if isinstance(key, int) else "" for key in keys]


def _versements(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = [payload.get("versement_id") for payload in payloads]
    made = select(Versement.id, Maison.nom, Versement.verse_le).join(Maison, Maison.id == Versement.maison_id)
    words = {row.id: f"{row.nom}, {jour(row.verse_le)}" for row in session.execute(made.where(Versement.id.in_(keys)))}
    return [words.get(key, "") if isinstance(key, int) else "" for key in keys]


def _rien(session: Session, payloads: Sequence[Payload]) -> list[str]:
    return [""] * len(payloads)


GESTES = {
    "prelever": Geste("Débiter la carte d’une famille", _paiements),
    "annoncer_prelevement": Geste("Prévenir une famille d’un prélèvement sur son compte", _paiements),
    "rembourser": Geste("Rendre de l’argent à une famille", _rien),
    "annoncer_remboursement": Geste("Écrire à une famille que de l’argent lui est rendu", _rien),
    "annoncer_litige": Geste("Écrire à une famille que sa banque a repris un paiement", _rien),
    "annoncer_aide": Geste("Écrire à une famille que le CCAS l’aide", _rien),
    "annoncer_aide_annulee": Geste("Écrire à une famille qu’une aide du CCAS est annulée", _rien),
    "annoncer_retour_impossible": Geste("Écrire à une famille que sa banque n’a pas pris l’argent rendu", _rien),
    "envoyer_recu": Geste("Écrire à une famille que son paiement est reçu", _paiements),
    "annoncer_refus": Geste("Écrire à une famille que sa carte n’a pas pu être débitée", _paiements),
    "conclure_evenement": Geste("Lire chez Stripe ce qu’une annonce dit", _evenements),
    "preparer_quittance": Geste("Mettre en page une quittance", _quittances),
    "envoyer_quittance": Geste("Envoyer une quittance à une famille", _quittances),
    "preparer_bordereau": Geste("Mettre en page le bordereau d’un versement", _versements),
    "preparer_journal": Geste("Mettre en page le journal de la régie", _rien),
    "preparer_recu": Geste("Mettre en page le reçu d’un paiement en ligne", _paiements),
    "preparer_attestation": Geste("Mettre en page ce qu’une famille a payé dans l’année", _rien),
    "preparer_restes": Geste("Mettre en page un état des restes à recouvrer", _rien),
    "annoncer_restes": Geste("Écrire à des familles que le Trésor leur demandera ce qui reste dû", _rien),
    "annoncer_reprise": Geste("Écrire à une famille que ce qui reste dû se paie de nouveau ici", _rien),
    "rapprocher": Geste("Rapprocher Stripe, le grand livre et les caisses", _rien),
    "verifier_page": Geste("Vérifier chez Stripe une page de paiement restée ouverte", _rien),
}
