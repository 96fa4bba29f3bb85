"""The whole flow on one screen: which actors each fact is delivered to.

account opens ────── CompteOuvert ────────────────► a welcome by mail
family subscribes ── AbonnementSouscrit ──────────► confirmation by mail
a place comes free ─ PlaceOfferte ────────────────► mail with a link, 48 hours ── OffreExpiree ─► a kind mail
a term ends ──────── FinDeTermeApprochee ─────────► mail with a link that renews, three weeks and one week ahead
cut-off ──────────── SemaineCloturee ─────────────► (baskets, debits and échéances stand already)
                     PreavisDemande ──────────────► a SEPA debit is announced, days before PrelevementDemande
                     PrelevementDemande ──────────► the card is charged ── PaiementReussi ─► receipt by mail
                                                                        └─ PaiementRefuse ─► a kind mail, a link
money goes back ──── RemboursementDemande ────────► Stripe gives it back ── RemboursementFait ─► mail
it cannot arrive ─── RemboursementRevenu ─────────► a message: it stays as an advance
a bank takes back ── LitigeOuvert ────────────────► a kind mail: what is due again, and what to do
the CCAS helps ───── AideAccordee ────────────────► a message: what is taken over, never why ── AideAnnulee ─► undone
the counter's till ─ QuittanceEmise ──────────────► the receipt's PDF ── QuittancePrete ─► mail
                     VersementFait ───────────────► the slip of a deposit
                     TirageDemande ───────────────► the journal between two days, as PDF
family, or counter ─ RecuDemande ─────────────────► the receipt of an online payment, as PDF
                     AttestationDemandee ─────────► what a household has paid in a year, as PDF
long unpaid ──────── RestesArretes ───────────────► the list for the Treasury, and a kind message to each family
                     ResteRepris ─────────────────► a message: it is paid here again
each night ───────── RapprochementDemande ────────► Stripe, ledger and tills side by side
Stripe's webhook ─── EvenementStripeRecu ─────────► what it names is read again at Stripe
Monday 6:00 ──────── CommandeEmise ───────────────► PDF and CSV ── BonCommandePret ─► mail to the producer
                     BonsDemandes (per maison) ───► vouchers and dossier
two days before ──── OffresDemandees (per farm) ──► mail to the producer, and once more on the eve
no answer ────────── CommandeRelancee ────────────► mail to the producer, once for each version
hand-out changes ─── DistributionDecidee ─────────► each household told once, by mail, call or letter
spreadsheet ──────── EssaiDemande ────────────────► tried, nothing written ── ImportationConfirmee ─► all or nothing
producer answers ─── CommandeRepondue ────────────► mail to the coordination
maison ───────────── ArriveeIncomplete ───────────► mail to the coordination
the day is closed ── FeuilleDemandee ─────────────► the sheet of the day, as PDF
family, or counter ─ CarteDemandee ───────────────► the carte de retrait to print
the basket changes ─ CommandeEmise, BonsDemandes ─► as on Monday, each version once
                     PanierCorrige (per maison) ──► mail to its families
Friday ───────────── SemaineTerminee ─────────────► a kind message to whoever did not come
outing changes ───── SortieModifiee ──────────────► each household told what is new, once a version
outing cancelled ─── SortieAnnulee ───────────────► each household told once, money back already
outing and venue ─── LieuSollicite ───────────────► mail with a link ── LieuARepondu ─► mail to the coordination
                     EffectifArrete ──────────────► how many come, a week ahead and on the eve, once each
                     ContremarqueFaite ───────────► the group voucher's PDF ── ContremarquePrete ─► mail to the venue
an outing's evening ─ PapiersDemandes ────────────► its list and the parents' authorisations, as PDF
counter ──────────── PassDelivre ─────────────────► the card of a season to print
family, or counter ─ InscriptionConfirmee ────────► confirmation with the event for a calendar
seats come free ──── PlacesDeSortieOffertes ──────► mail with a link, or a call ── OffreDeSortieExpiree ─► a kind mail
                     GroupeDepasse ───────────────► a larger group is told why a smaller one came first, once
family, or counter ─ PlacesRendues ───────────────► who still comes, and the money that came back
agent prints ─────── LiasseDemandee ──────────────► letters or calls of a maison, as PDF
"""

from collections.abc import Mapping, Sequence

from culture.events import (
    ContremarqueFaite,
    ContremarquePrete,
    EffectifArrete,
    GroupeDepasse,
    InscriptionConfirmee,
    LieuARepondu,
    LieuSollicite,
    OffreDeSortieExpiree,
    PapiersDemandes,
    PassDelivre,
    PlacesDeSortieOffertes,
    PlacesRendues,
    SortieAnnulee,
    SortieModifiee,
    SortiePubliee,
    SortieTenue,
)
from foyers.events import CompteOuvert, LiasseDemandee
from kernel.mail import MailQueued
from kernel.outbox import Fact
from paiements.events import (
    AideAccordee,
    AideAnnulee,
    AttestationDemandee,
    CarteEnregistree,
    EvenementStripeRecu,
    LitigeOuvert,
    MandatSigne,
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
from paniers.events import (
    AbonnementRenouvele,
    AbonnementSouscrit,
    ArriveeIncomplete,
    BonCommandePret,
    BonsDemandes,
    CarteDemandee,
    CommandeEmise,
    CommandeRelancee,
    CommandeRepondue,
    CompositionPubliee,
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
    SemaineCloturee,
    SemaineCommandee,
    SemaineSansComposition,
    SemaineTerminee,
)
from workers import courriels, culture, foyers, lieux, paiements, paniers, soirees
from workers.runtime import Actor

CIRCUIT: Mapping[type[Fact], Sequence[Actor]] = {
    CompteOuvert: (foyers.annoncer_compte,),
    AbonnementSouscrit: (paniers.confirmer_abonnement,),
    PlaceOfferte: (paniers.annoncer_place,),
    OffreExpiree: (paniers.annoncer_expiration,),
    FinDeTermeApprochee: (paniers.annoncer_fin_de_terme,),
    PreavisDemande: (paiements.annoncer_prelevement,),
    PrelevementDemande: (paiements.prelever,),
    PaiementReussi: (paiements.envoyer_recu,),
    PaiementRefuse: (paiements.annoncer_refus,),
    EvenementStripeRecu: (paiements.conclure_evenement,),
    PageStripeAVerifier: (paiements.verifier_page,),
    AideAccordee: (paiements.annoncer_aide,),
    AideAnnulee: (paiements.annoncer_aide_annulee,),
    RemboursementDemande: (paiements.rembourser,),
    RemboursementFait: (paiements.annoncer_remboursement,),
    RemboursementRevenu: (paiements.annoncer_retour_impossible,),
    LitigeOuvert: (paiements.annoncer_litige,),
    QuittanceEmise: (paiements.preparer_quittance,),
    QuittancePrete: (paiements.envoyer_quittance,),
    VersementFait: (paiements.preparer_bordereau,),
    TirageDemande: (paiements.preparer_journal,),
    RecuDemande: (paiements.preparer_recu,),
    AttestationDemandee: (paiements.preparer_attestation,),
    RestesArretes: (paiements.preparer_restes, paiements.annoncer_restes),
    ResteRepris: (paiements.annoncer_reprise,),
    RapprochementDemande: (paiements.rapprocher,),
    CommandeEmise: (paniers.preparer_bon_commande,),
    BonCommandePret: (paniers.envoyer_commande,),
    BonsDemandes: (paniers.preparer_bons,),
    ArriveeIncomplete: (paniers.annoncer_manque,),
    CarteDemandee: (paniers.preparer_carte,),
    FeuilleDemandee: (paniers.preparer_feuille,),
    CommandeRepondue: (paniers.annoncer_reponse,),
    OffresDemandees: (paniers.demander_offres,),
    CommandeRelancee: (paniers.relancer_commande,),
    PanierCorrige: (paniers.annoncer_panier_corrige,),
    DistributionDecidee: (paniers.annoncer_distribution,),
    SemaineSansComposition: (paniers.alerter_sans_composition,),
    SemaineADecider: (paniers.alerter_d_un_doute,),
    SemaineTerminee: (paniers.annoncer_non_retires,),
    SortieModifiee: (soirees.annoncer_sortie_modifiee,),
    SortieAnnulee: (soirees.annoncer_sortie_annulee, lieux.annoncer_annulation_au_lieu),
    LieuSollicite: (lieux.solliciter_lieu,),
    LieuARepondu: (lieux.annoncer_reponse_du_lieu,),
    EffectifArrete: (lieux.envoyer_effectif,),
    ContremarqueFaite: (lieux.preparer_contremarque,),
    ContremarquePrete: (lieux.envoyer_contremarque,),
    PapiersDemandes: (soirees.preparer_papiers,),
    LiasseDemandee: (foyers.preparer_liasse,),
    EssaiDemande: (paniers.essayer_importation,),
    ImportationConfirmee: (paniers.importer_foyers,),
    PassDelivre: (culture.preparer_pass,),
    InscriptionConfirmee: (culture.confirmer_inscription,),
    PlacesDeSortieOffertes: (culture.annoncer_places_de_sortie,),
    OffreDeSortieExpiree: (culture.annoncer_offre_de_sortie_expiree,),
    GroupeDepasse: (culture.annoncer_depassement,),
    PlacesRendues: (culture.annoncer_places_rendues,),
    MailQueued: (courriels.envoyer_courriel,),
    # These only tell. A fact that is not on this screen waits for a newer relay that knows it.
    AbonnementRenouvele: (),
    CarteEnregistree: (),
    MandatSigne: (),
    CompositionPubliee: (),
    SemaineCloturee: (),
    SemaineCommandee: (),
    SortiePubliee: (),
    SortieTenue: (),
}

ROUTES = {fact.__name__: [(actor.name, actor.queue) for actor in actors] for fact, actors in CIRCUIT.items()}
