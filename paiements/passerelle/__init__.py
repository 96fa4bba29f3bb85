"""The only door to a payment provider: the contract that any provider keeps, and the one that is in service.

Callers write ``prestataire().prelever(ordre)`` and know no provider; Stripe is the first. Every call that changes
something carries a key of ours, so asking twice does once; a call whose outcome we cannot know raises `Indisponible`:
the caller asks again later, by reading first.
"""

from paiements.passerelle import prestataire_stripe
from paiements.passerelle.contrat import (
    PAGE,
    AAuthentifier,
    Capacites,
    CarteLue,
    Encaisse,
    EnCours,
    Evenement,
    Indisponible,
    IntentionLue,
    LitigeLu,
    MandatLu,
    NatureOperation,
    NonPropose,
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
    Sujet,
)

__all__ = [
    "PAGE",
    "AAuthentifier",
    "Capacites",
    "CarteLue",
    "EnCours",
    "Encaisse",
    "Evenement",
    "Indisponible",
    "IntentionLue",
    "LitigeLu",
    "MandatLu",
    "NatureOperation",
    "NonPropose",
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
    "Sujet",
    "mettre_en_service",
    "prestataire",
]

_en_service: Prestataire = prestataire_stripe


def prestataire() -> Prestataire:
    """The provider that takes this town's online payments."""
    return _en_service


def mettre_en_service(autre: Prestataire) -> Prestataire:
    """Put a provider in service in this process; returns the one before."""
    global _en_service
    before, _en_service = _en_service, autre
    return before
