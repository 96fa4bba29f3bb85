"""Stripe as a `Prestataire`: its functions, gathered from the modules that hold them."""

from paiements.passerelle.contrat import Capacites
from paiements.passerelle.stripe_appels import creer_client, oublier_client
from paiements.passerelle.stripe_debits import lire_intention, prelever, retrouver
from paiements.passerelle.stripe_evenements import lire_evenement, sujet
from paiements.passerelle.stripe_operations import lire_operations
from paiements.passerelle.stripe_pages import (
    fermer_page,
    lire_page,
    ouvrir_page_carte,
    ouvrir_page_mandat,
    ouvrir_page_paiement,
)
from paiements.passerelle.stripe_retours import (
    intention_du_paiement,
    intention_du_retour,
    lire_litige,
    lire_remboursements,
    rembourser,
)

__all__ = [
    "capacites",
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
    "sujet",
]


def capacites() -> Capacites:
    return Capacites(nom="Stripe", minimum=50, carte=True, mandat=True, remboursement=True, fermeture=True)
