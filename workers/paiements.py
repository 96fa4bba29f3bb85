"""Actors of money."""

from sqlalchemy.orm import Session

from paiements import aides, courriels
from paiements.documents import bordereaux, recus
from paiements.documents import journal as journal_papier
from paiements.documents import restes as restes_papier
from paiements.en_ligne import checkout, evenements, preavis, prelevements, remboursements
from paiements.events import (
    AideAccordee,
    AideAnnulee,
    AttestationDemandee,
    EvenementStripeRecu,
    LitigeOuvert,
    PageStripeAVerifier,
    PaiementRefuse,
    PaiementReussi,
    PreavisDemande,
    PrelevementDemande,
    QuittanceEmise,
    QuittancePrete,
    RapprochementDemande,
    RecuDemande,
    RemboursementDemande,
    RemboursementFait,
    RemboursementRevenu,
    ResteRepris,
    RestesArretes,
    TirageDemande,
    VersementFait,
)
from paiements.rapprochement import nuit
from paiements.regie import quittances, restes
from workers.runtime import ARGENT, COURRIEL, DOCUMENTS, local, remote


@remote(ARGENT)
def prelever(fact: PrelevementDemande) -> None:
    """Charge the saved card, or learn what became of an earlier try."""
    prelevements.prelever(fact.paiement_id)


@remote(ARGENT)
def conclure_evenement(fact: EvenementStripeRecu) -> None:
    """Read at Stripe what the webhook names."""
    evenements.conclure_evenement(fact.evenement_id)


@remote(ARGENT)
def verifier_page(fact: PageStripeAVerifier) -> None:
    """Read at Stripe a page of which we have not heard for long."""
    checkout.conclure_page(fact.session_stripe, "verification")


@local(COURRIEL)
def annoncer_prelevement(session: Session, fact: PreavisDemande) -> None:
    preavis.annoncer(session, fact.paiement_id)


@local(COURRIEL)
def envoyer_recu(session: Session, fact: PaiementReussi) -> None:
    courriels.recu(session, fact.paiement_id)


@remote(ARGENT)
def rembourser(fact: RemboursementDemande) -> None:
    """Give money back, or learn what became of an earlier try."""
    remboursements.rembourser(fact.remboursement_id)


@local(COURRIEL)
def annoncer_remboursement(session: Session, fact: RemboursementFait) -> None:
    courriels.rembourse(session, fact.remboursement_id)


@local(COURRIEL)
def annoncer_retour_impossible(session: Session, fact: RemboursementRevenu) -> None:
    courriels.revenu(session, fact.remboursement_id)


@local(COURRIEL)
def annoncer_litige(session: Session, fact: LitigeOuvert) -> None:
    courriels.litige(session, fact.litige_id)


@local(COURRIEL)
def annoncer_aide(session: Session, fact: AideAccordee) -> None:
    aides.annoncer(session, fact.aide_id)


@local(COURRIEL)
def annoncer_aide_annulee(session: Session, fact: AideAnnulee) -> None:
    aides.annoncer_annulation(session, fact.aide_id)


@local(COURRIEL)
def annoncer_refus(session: Session, fact: PaiementRefuse) -> None:
    courriels.refus(session, fact.paiement_id)


@remote(DOCUMENTS, lease=60)
def preparer_quittance(fact: QuittanceEmise) -> None:
    """The receipt as PDF; rendering holds no transaction open."""
    quittances.preparer(fact.quittance_id)


@local(COURRIEL)
def envoyer_quittance(session: Session, fact: QuittancePrete) -> None:
    quittances.envoyer(session, fact.quittance_id)


@remote(DOCUMENTS, lease=60)
def preparer_bordereau(fact: VersementFait) -> None:
    """The slip of a deposit as PDF."""
    bordereaux.preparer(fact.versement_id)


@remote(DOCUMENTS, lease=60)
def preparer_restes(fact: RestesArretes) -> None:
    """The list of restes à recouvrer as PDF."""
    restes_papier.preparer(fact.etat_id)


@local(COURRIEL)
def annoncer_restes(session: Session, fact: RestesArretes) -> None:
    restes.annoncer(session, fact.etat_id)


@local(COURRIEL)
def annoncer_reprise(session: Session, fact: ResteRepris) -> None:
    restes.annoncer_reprise(session, fact.reste_id)


@remote(ARGENT)
def rapprocher(fact: RapprochementDemande) -> None:
    """Read what moved at the provider's, and lay both sides beside each other."""
    nuit.rapprocher(fact.rapprochement_id)


@remote(DOCUMENTS, lease=60)
def preparer_journal(fact: TirageDemande) -> None:
    """The journal between two days as PDF."""
    journal_papier.preparer(fact.tirage_id)


@remote(DOCUMENTS, lease=60)
def preparer_recu(fact: RecuDemande) -> None:
    """The receipt of an online payment as PDF."""
    recus.preparer_recu(fact.paiement_id)


@remote(DOCUMENTS, lease=60)
def preparer_attestation(fact: AttestationDemandee) -> None:
    """What a household has paid in a year, as PDF."""
    recus.preparer_attestation(fact.foyer_id, fact.annee)
