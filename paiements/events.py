"""What has happened to money; ids only."""

from dataclasses import dataclass

from kernel.outbox import Fact


@dataclass(frozen=True, slots=True)
class PrelevementDemande(Fact):
    """A payment is to be taken from a saved card, or its unknown outcome is to be read."""

    paiement_id: int


@dataclass(frozen=True, slots=True)
class PreavisDemande(Fact):
    """A SEPA debit is to be announced to its household, days before it is made."""

    paiement_id: int


@dataclass(frozen=True, slots=True)
class PaiementReussi(Fact):
    """The money is there, and booked."""

    paiement_id: int


@dataclass(frozen=True, slots=True)
class PaiementRefuse(Fact):
    """The saved card could not be charged: declined, or the bank wants to hear the cardholder."""

    paiement_id: int


@dataclass(frozen=True, slots=True)
class PageStripeAVerifier(Fact):
    """A household went to a page of Stripe's a while ago and we have not heard of it since."""

    session_stripe: str


@dataclass(frozen=True, slots=True)
class EvenementStripeRecu(Fact):
    """A signed webhook has been stored under Stripe's own id."""

    evenement_id: str


@dataclass(frozen=True, slots=True)
class CarteEnregistree(Fact):
    """A household has saved a card, and pays with it from now on."""

    carte_id: int


@dataclass(frozen=True, slots=True)
class MandatSigne(Fact):
    """A household lets its bank account be debited, and pays so from now on."""

    mandat_id: int


@dataclass(frozen=True, slots=True)
class RemboursementDemande(Fact):
    """Money of a payment is to be given back, or what became of it is to be read."""

    remboursement_id: int


@dataclass(frozen=True, slots=True)
class RemboursementFait(Fact):
    """Money is on its way back to a household, and booked."""

    remboursement_id: int


@dataclass(frozen=True, slots=True)
class RemboursementRevenu(Fact):
    """Money that was on its way back could not be received: it stays as an advance."""

    remboursement_id: int


@dataclass(frozen=True, slots=True)
class LitigeOuvert(Fact):
    """A bank has taken a payment back; what it had paid is due again."""

    litige_id: int


@dataclass(frozen=True, slots=True)
class AideAccordee(Fact):
    """The CCAS has taken over something of what a household owed."""

    aide_id: int


@dataclass(frozen=True, slots=True)
class AideAnnulee(Fact):
    """Aid by the CCAS was undone: what it had settled is due again."""

    aide_id: int


@dataclass(frozen=True, slots=True)
class QuittanceEmise(Fact):
    """Money was taken at a counter, or that was cancelled: its receipt is to be laid out."""

    quittance_id: int


@dataclass(frozen=True, slots=True)
class QuittancePrete(Fact):
    """The receipt's PDF is there; a household that reads e-mail receives it."""

    quittance_id: int


@dataclass(frozen=True, slots=True)
class TirageDemande(Fact):
    """The régie's journal between two days is to be laid out."""

    tirage_id: int


@dataclass(frozen=True, slots=True)
class RestesArretes(Fact):
    """What households have long owed is handed to the Treasury: its list is to be laid out, and each told."""

    etat_id: int


@dataclass(frozen=True, slots=True)
class ResteRepris(Fact):
    """What had been handed to the Treasury is due here again."""

    reste_id: int


@dataclass(frozen=True, slots=True)
class VersementFait(Fact):
    """A till has deposited at the Treasury: its slip is to be laid out."""

    versement_id: int


@dataclass(frozen=True, slots=True)
class RecuDemande(Fact):
    """Somebody wants the receipt of an online payment."""

    paiement_id: int


@dataclass(frozen=True, slots=True)
class AttestationDemandee(Fact):
    """Somebody wants the summary of what a household has paid in a year."""

    foyer_id: int
    annee: int


@dataclass(frozen=True, slots=True)
class RapprochementDemande(Fact):
    """A day is over: what the provider and the tills say of it is to be laid beside the ledger."""

    rapprochement_id: int
