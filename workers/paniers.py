"""Actors of baskets: vouchers, orders, and what is told of them."""

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.db import transaction
from kernel.outbox import publish
from paniers import cartes
from paniers.courriels import annonces
from paniers.courriels import arrivee as courriels_arrivee
from paniers.courriels import distributions as annonces_distributions
from paniers.courriels import familles as courriels
from paniers.courriels import places as courriels_places
from paniers.courriels import producteurs as courriels_producteurs
from paniers.documents import bon_commande, dossier, feuille_jour
from paniers.events import (
    AbonnementSouscrit,
    ArriveeIncomplete,
    BonCommandePret,
    BonsDemandes,
    CarteDemandee,
    CommandeEmise,
    CommandeRelancee,
    CommandeRepondue,
    DistributionDecidee,
    EssaiDemande,
    FeuilleDemandee,
    FinDeTermeApprochee,
    ImportationConfirmee,
    OffreExpiree,
    OffresDemandees,
    PanierCorrige,
    PlaceOfferte,
    SemaineADecider,
    SemaineSansComposition,
    SemaineTerminee,
)
from paniers.importation import depot
from workers.runtime import COURRIEL, DOCUMENTS, local, remote


@remote(DOCUMENTS, lease=120)
def preparer_bons(fact: BonsDemandes) -> None:
    """Every voucher of one maison and its dossier; rendering holds no transaction open."""
    dossier.bons_de_la_maison(fact.semaine_id, fact.maison_id)


@remote(DOCUMENTS, lease=60)
def preparer_carte(fact: CarteDemandee) -> None:
    cartes.preparer(fact.carte_id)


@remote(DOCUMENTS, lease=60)
def preparer_feuille(fact: FeuilleDemandee) -> None:
    feuille_jour.preparer(fact.semaine_id, fact.maison_id)


@remote(DOCUMENTS, lease=60)
def preparer_bon_commande(fact: CommandeEmise) -> None:
    """The order as PDF and CSV; then it may be sent."""
    bon_commande.preparer(fact.commande_id)
    with transaction() as session:
        publish(session, BonCommandePret(fact.commande_id))


@local(COURRIEL)
def envoyer_commande(session: Session, fact: BonCommandePret) -> None:
    courriels_producteurs.commande(session, fact.commande_id)


@local(COURRIEL)
def confirmer_abonnement(session: Session, fact: AbonnementSouscrit) -> None:
    courriels.abonnement_confirme(session, fact.abonnement_id)


@local(COURRIEL)
def annoncer_place(session: Session, fact: PlaceOfferte) -> None:
    courriels_places.place_offerte(session, fact.attente_id)


@local(COURRIEL)
def annoncer_expiration(session: Session, fact: OffreExpiree) -> None:
    courriels_places.offre_expiree(session, fact.attente_id)


@local(COURRIEL)
def annoncer_fin_de_terme(session: Session, fact: FinDeTermeApprochee) -> None:
    courriels_places.fin_de_terme(session, fact.avis_id)


@local(COURRIEL)
def annoncer_manque(session: Session, fact: ArriveeIncomplete) -> None:
    courriels_arrivee.manque_a_l_arrivee(session, fact.arrivee_id)


@local(COURRIEL)
def annoncer_reponse(session: Session, fact: CommandeRepondue) -> None:
    courriels_producteurs.reponse_du_producteur(session, fact.commande_id)


@local(COURRIEL, lease=120)
def annoncer_distribution(session: Session, fact: DistributionDecidee) -> None:
    """Every household that a decision about a hand-out concerns; some thousands at most, in batches."""
    annonces_distributions.annoncer(session, fact.distribution_id)


@local(COURRIEL)
def alerter_d_un_doute(session: Session, fact: SemaineADecider) -> None:
    annonces_distributions.alerter_d_un_doute(session, fact.semaine_id)


@local(COURRIEL)
def alerter_sans_composition(session: Session, fact: SemaineSansComposition) -> None:
    courriels.semaine_sans_composition(session, fact.semaine_id)


@local(COURRIEL)
def annoncer_panier_corrige(session: Session, fact: PanierCorrige) -> None:
    courriels.panier_corrige(session, fact.correction_id, fact.maison_id)


@local(COURRIEL)
def annoncer_non_retires(session: Session, fact: SemaineTerminee) -> None:
    annonces.annoncer_non_retires(session, fact.semaine_id)


@local(COURRIEL)
def demander_offres(session: Session, fact: OffresDemandees) -> None:
    courriels_producteurs.offres_demandees(session, fact.demande_id)


@local(COURRIEL)
def relancer_commande(session: Session, fact: CommandeRelancee) -> None:
    courriels_producteurs.commande_relancee(session, fact.commande_id)


@local(DOCUMENTS, lease=900)
def essayer_importation(session: Session, fact: EssaiDemande) -> None:
    depot.faire_essai(session, fact.importation_id, fact.essai, instant=now())


@local(DOCUMENTS, lease=900)
def importer_foyers(session: Session, fact: ImportationConfirmee) -> None:
    """All of it in one transaction, the end of this delivery included."""
    depot.faire_importation(session, fact.importation_id, instant=now())
