"""The only door to a payment provider: the contract that any provider keeps, and Stripe, the first that keeps it.

Callers write ``passerelle.prelever(ordre)`` and know no provider. Every POST carries a key of ours, so asking twice
does once; a call whose outcome we cannot know raises `Indisponible`: the caller asks again later, by reading first.
"""

from typing import TYPE_CHECKING

from paiements.passerelle.contrat import (
    AAuthentifier,
    CarteLue,
    Encaisse,
    EnCours,
    Evenement,
    Indisponible,
    IntentionLue,
    LitigeLu,
    MandatLu,
    NatureOperation,
    OperationLue,
    Ordre,
    PageLue,
    Prestataire,
    Refuse,
    RemboursementLu,
    Resultat,
    Retour,
    SignatureInvalide,
    StatutPage,
)
from paiements.passerelle.prestataire_stripe import (
    creer_client,
    fermer_page,
    intention_du_paiement,
    intention_du_retour,
    lire_evenement,
    lire_intention,
    lire_litige,
    lire_operations,
    lire_page,
    lire_remboursements,
    oublier_client,
    ouvrir_page_carte,
    ouvrir_page_mandat,
    ouvrir_page_paiement,
    prelever,
    rembourser,
    retrouver,
)

if TYPE_CHECKING:
    from paiements.passerelle import prestataire_stripe

    _stripe_keeps_the_contract: Prestataire = prestataire_stripe

__all__ = [
    "AAuthentifier",
    "CarteLue",
    "EnCours",
    "Encaisse",
    "Evenement",
    "Indisponible",
    "IntentionLue",
    "LitigeLu",
    "MandatLu",
    "NatureOperation",
    "OperationLue",
    "Ordre",
    "PageLue",
    "Prestataire",
    "Refuse",
    "RemboursementLu",
    "Resultat",
    "Retour",
    "SignatureInvalide",
    "StatutPage",
    "creer_client",
    "fermer_page",
    "intention_du_paiement",
    "intention_du_retour",
    "lire_evenement",
    "lire_intention",
    "lire_litige",
    "lire_operations",
    "lire_page",
    "lire_remboursements",
    "oublier_client",
    "ouvrir_page_carte",
    "ouvrir_page_mandat",
    "ouvrir_page_paiement",
    "prelever",
    "rembourser",
    "retrouver",
]
