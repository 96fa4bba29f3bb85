"""One scene for each fact that is delivered: the rows that it names, and what its actor leaves behind, once.

A scene stands in the town of `tests.securite.scene`: a hand-out's afternoon, the next week still open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from culture import attente, contremarques, inscriptions, partenaires, pass_culture, sorties
from culture.effectifs import Effectif
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
)
from culture.formulaires.coordination import connu_de
from culture.models.inscriptions import PlaceSortie
from culture.models.soiree import EffectifEnvoye
from culture.models.sorties import Sortie
from culture.partenaires import GenreReponse, Reponse
from culture.sorties import Programme
from foyers.events import CompteOuvert, LiasseDemandee
from foyers.models import Maison
from foyers.models_messages import Liasse
from kernel import documents
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.documents import Document
from kernel.mail import MailQueued, Outgoing, queue_mails
from kernel.outbox import Fact, FactRow
from kernel.web.access import Role
from paiements import aides, grand_livre
from paiements.documents import journal as journal_papier
from paiements.en_ligne import checkout, evenements, prelevements, remboursements
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
from paiements.models.en_ligne import ConditionEnLigne, Mandat, Mode, Paiement, Reglement
from paiements.models.retours import Litige, Remboursement
from paiements.passerelle import Evenement
from paiements.rapprochement import nuit
from paiements.rapprochement.models import Rapprochement
from paiements.regie import caisse, quittances, restes, versements
from paiements.regles.monnaie import MoyenPaiement
from paniers import cartes
from paniers.documents import feuille_jour
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
from paniers.models.attente import AvisTerme
from paniers.models.distributions import Distribution, Fermeture
from paniers.models.producteurs import Commande, Correction, DemandeOffre, EtatCommande
from paniers.models.retrait import Arrivee, ArriveeManque
from paniers.models.semaines import EtatPanier, Panier, Semaine
from tests import fabriques
from tests.culture.bourg import Saison, batir, gens, habiter, place_de_ce_soir, reserver
from tests.paiements.guichet import reste_remis
from tests.paiements.monde import StripeLocal, debiter, foyer_par_carte, page_id, prelevement_du
from tests.paniers.feuilles import TITRES, en_csv, ligne
from tests.securite.scene import JEUDI, Scene, place_offerte

UN_MESSAGE = {"message": 1, "mail": 1}
UN_COURRIEL = {"mail": 1}
UN_DOCUMENT = {"document": 1}


@dataclass(frozen=True)
class Monde:
    scene: Scene
    stripe: StripeLocal


@dataclass(frozen=True)
class SceneDeFait:
    """`planter` makes what the fact names; `effets` counts the rows that it adds, however many times it comes.

    Without `effets` it changes rows and adds none.
    """

    planter: Callable[[Monde], Fact]
    effets: Mapping[str, int] = field(default_factory=dict)


def ecrite(make: Callable[[Session, Scene], Fact]) -> Callable[[Monde], Fact]:
    """A scene that rows of ours are enough for."""

    def planter(monde: Monde) -> Fact:
        with transaction() as session:
            return make(session, monde.scene)

    return planter


def _fin_de_terme(session: Session, scene: Scene) -> Fact:
    fin = date(2027, 8, 26)
    avis = AvisTerme(abonnement_id=scene.ici.abonnement, fin=fin, semaines=3, le=now())
    session.add(avis)
    session.flush()
    return FinDeTermeApprochee(avis.id)


def _sans_document(session: Session, prefixe: str) -> None:
    session.execute(delete(Document).where(Document.key.startswith(prefixe)))


def _commande_emise(session: Session, scene: Scene) -> Fact:
    _sans_document(session, f"commande:{scene.ici.commande}:")
    return CommandeEmise(scene.ici.commande)


def _bons(session: Session, scene: Scene) -> Fact:
    _sans_document(session, "dossier:")
    return BonsDemandes(scene.semaine, scene.ici.maison)


def _carte(session: Session, scene: Scene) -> Fact:
    card = cartes.la_bonne(session, scene.ici.foyer)
    assert card is not None
    _sans_document(session, cartes.cle(card.id))
    return CarteDemandee(card.id)


def _feuille(session: Session, scene: Scene) -> Fact:
    _sans_document(session, feuille_jour.cle(scene.semaine, scene.ici.maison))
    return FeuilleDemandee(scene.semaine, scene.ici.maison)


def _arrivee(session: Session, scene: Scene) -> Fact:
    came = Arrivee(semaine_id=scene.semaine, maison_id=scene.ici.maison, le=now())
    session.add(came)
    session.flush()
    session.add(ArriveeManque(arrivee_id=came.id, offre_id=scene.ici.offre, paniers=1, tous=True))
    return ArriveeIncomplete(came.id)


def _commande_repondue(session: Session, scene: Scene) -> Fact:
    order = session.get_one(Commande, scene.ici.commande)
    order.etat, order.repondue_le = EtatCommande.ECART, now()
    return CommandeRepondue(order.id)


def _offres_demandees(session: Session, scene: Scene) -> Fact:
    week = session.scalars(select(Semaine.id).where(Semaine.etat == "ouverte")).one()
    asked = DemandeOffre(semaine_id=week, producteur_id=fabriques.producteur(session).id, rang=1, le=now())
    session.add(asked)
    session.flush()
    return OffresDemandees(asked.id)


def _panier_corrige(session: Session, scene: Scene) -> Fact:
    changed = Correction(semaine_id=scene.semaine, numero=1, motif="gel", credit=50, faite_le=now())
    session.add(changed)
    session.flush()
    return PanierCorrige(changed.id, scene.ici.maison)


def _distribution(session: Session, scene: Scene) -> Fact:
    moved = Distribution(
        semaine_id=scene.semaine, maison_id=scene.ici.maison, nature="deplacee", jour=JEUDI + timedelta(days=1),
        motif="la neige", etat_semaine="commandee", depuis=now(),
    )  # fmt: skip
    session.add(moved)
    session.flush()
    return DistributionDecidee(moved.id)


def _a_decider(session: Session, scene: Scene) -> Fact:
    week = session.scalars(select(Semaine).where(Semaine.etat == "ouverte")).one()
    session.add(
        Fermeture(
            maison_id=scene.ici.maison, du=week.retrait_le, au=week.retrait_le, motif="des travaux", posee_le=now()
        )
    )
    return SemaineADecider(week.id)


def _terminee(session: Session, scene: Scene) -> Fact:
    basket = session.scalars(select(Panier).where(Panier.foyer_id == scene.ici.foyer)).one()
    basket.etat = EtatPanier.NON_RETIRE
    return SemaineTerminee(scene.semaine)


def _liasse(session: Session, scene: Scene) -> Fact:
    bundle = Liasse(maison_id=scene.ici.maison, nature="lettres", demandee_le=now())
    session.add(bundle)
    session.flush()
    return LiasseDemandee(bundle.id)


def _courriel(session: Session, scene: Scene) -> Fact:
    context = {"nom": "Samira", "maison": "Capuche", "maison_telephone": "+33400000000"}
    queue_mails(
        session,
        [Outgoing(key="essai", to="samira@exemple.test", template="foyers/identifiant_change", context=context)],
    )
    told = session.scalars(select(FactRow).where(FactRow.name == "MailQueued").order_by(FactRow.id.desc())).first()
    assert told is not None
    return MailQueued(told.payload["mail_id"])


def _essai(session: Session, scene: Scene) -> Fact:
    return EssaiDemande(_deposer(session, scene), 1)


def _importation(session: Session, scene: Scene) -> Fact:
    sheet = _deposer(session, scene)
    depot.faire_essai(session, sheet, 1, instant=now())
    depot.confirmer(session, sheet)
    return ImportationConfirmee(sheet)


def _deposer(session: Session, scene: Scene) -> int:
    place = session.get_one(Maison, scene.ici.maison).nom
    rows = [list(TITRES), ligne(7001, place), ligne(7002, place)]
    return depot.deposer(session, en_csv(rows), "foyers.csv", par=None, instant=now()).id


def _prelevement(monde: Monde, carte: str = "pm_card_visa") -> int:
    household, _ = foyer_par_carte(monde.stripe, carte, maison_id=monde.scene.ici.maison)
    debiter(household)
    return prelevement_du(household)


def _a_rendre(monde: Monde) -> int:
    """A refund of a payment that has become an advance, asked for and not made."""
    paid = _prelevement(monde)
    prelevements.prelever(paid)
    with transaction() as session:
        household = session.get_one(Paiement, paid).foyer_id
        debit = next(one for one in grand_livre.lignes_du_compte(session, household) if one.cle.startswith("panier:"))
        grand_livre.contrepasser(session, debit.ecriture_id, "Panier annulé")
        given = {"jour_du_mois": 5, "avance_max": 10_000, "reprises": {}, "remboursement": True}
        session.add(ConditionEnLigne(effet_le=date(2026, 1, 1), **given))
        session.flush()
        return remboursements.demander(session, paid, montant=550, motif="Panier annulé", par=None)


def _rendu(monde: Monde) -> Fact:
    back = _a_rendre(monde)
    remboursements.rembourser(back)
    return RemboursementFait(back)


def _litige(monde: Monde) -> Fact:
    paid = _prelevement(monde)
    prelevements.prelever(paid)
    with transaction() as session:
        row = session.get_one(Paiement, paid)
        taken = Litige(
            stripe_id="dp_1", paiement_id=paid, foyer_id=row.foyer_id, montant=550, motif="fraudulent", etat="ouvert",
            ouvert_le=now(),
        )  # fmt: skip
        session.add(taken)
        session.flush()
        return LitigeOuvert(taken.id)


def _a_rapprocher(monde: Monde) -> Fact:
    """All that this Stripe has is known already: doing it again adds nothing."""
    nuit.rapprocher_le(today())
    with transaction() as session:
        asked = session.scalars(select(Rapprochement)).one()
        asked.fait_le = None
        return RapprochementDemande(asked.id)


def _aide(session: Session, scene: Scene) -> Fact:
    given = aides.accorder(session, scene.ici.foyer, montant=300, motif="Fin de mois difficile", par=None)
    return AideAccordee(given)


def _aide_annulee(session: Session, scene: Scene) -> Fact:
    given = aides.accorder(session, scene.ici.foyer, montant=300, motif="Fin de mois difficile", par=None)
    aides.annoncer(session, given)
    aides.annuler(session, given, motif="Un autre foyer", par=None)
    return AideAnnulee(given)


def _revenu(monde: Monde) -> Fact:
    back = _a_rendre(monde)
    remboursements.rembourser(back)
    with reading() as session:
        at_stripe = session.get_one(Remboursement, back).stripe_id or ""
    monde.stripe.poster_local(f"remboursements/{at_stripe}")
    remboursements.conclure_retour(at_stripe)
    return RemboursementRevenu(back)


def _recu_demande(monde: Monde) -> Fact:
    paid = _prelevement(monde)
    prelevements.prelever(paid)
    return RecuDemande(paid)


def _attestation_demandee(monde: Monde) -> Fact:
    paid = _prelevement(monde)
    prelevements.prelever(paid)
    with reading() as session:
        return AttestationDemandee(session.get_one(Paiement, paid).foyer_id, today().year)


def _tirage(session: Session, scene: Scene) -> Fact:
    return TirageDemande(journal_papier.demander(session, JEUDI, JEUDI, scene.ici.maison, par=None).id)


def _restes_arretes(session: Session, scene: Scene) -> Fact:
    return RestesArretes(reste_remis(session, scene.ici.foyer).etat_id)


def _reste_repris(session: Session, scene: Scene) -> Fact:
    handed = reste_remis(session, scene.ici.foyer)
    return ResteRepris(restes.reprendre(session, handed.id, "Payé le même jour", par=None).id)


def _a_annoncer(monde: Monde) -> Fact:
    """A household whose bank account is to be debited for its basket."""
    with transaction() as session:
        household = monde.scene.ici.foyer
        account = {"stripe_id": "pm_sepa", "mandat_stripe": "mandate_1", "reference": "ABCD", "signe_le": now()}
        session.add(Mandat(foyer_id=household, derniers_chiffres="2606", **account))
        session.get_one(Reglement, household).mode = Mode.SEPA
    debiter(household, 550, "2026-W49")
    return PreavisDemande(prelevement_du(household))


def _reussi(monde: Monde) -> Fact:
    paid = _prelevement(monde)
    prelevements.prelever(paid)
    return PaiementReussi(paid)


def _refuse(monde: Monde) -> Fact:
    declined = _prelevement(monde, "pm_card_chargeCustomerFail")
    prelevements.prelever(declined)
    return PaiementRefuse(declined)


def _page_payee(monde: Monde) -> str:
    address = checkout.ouvrir_paiement_en_ligne(monde.scene.ici.foyer)
    monde.stripe.payer_page(address)
    return page_id(address)


def _evenement(monde: Monde) -> Fact:
    page = _page_payee(monde)
    event = Evenement("evt_essai", "checkout.session.completed", page, {"id": "evt_essai"})
    with transaction() as session:
        evenements.recevoir(session, event)
    return EvenementStripeRecu(event.id)


def _quittance(session: Session, scene: Scene) -> int:
    here = scene.ici
    given = caisse.AEncaisser(
        foyer_id=here.foyer, maison_id=here.maison, moyen=MoyenPaiement.ESPECES, montant=550, donne=550, cle=uuid4()
    )
    return caisse.encaisser(session, given, par=scene.comptes[Role.AGENT]).id


def _quittance_prete(monde: Monde) -> Fact:
    with transaction() as session:
        receipt = _quittance(session, monde.scene)
    quittances.preparer(receipt)
    return QuittancePrete(receipt)


def _versement(session: Session, scene: Scene) -> Fact:
    _quittance(session, scene)
    return VersementFait(versements.verser(session, scene.ici.maison, 550, par=scene.comptes[Role.AGENT]).id)


def _publie(kind: type[Fact]) -> Fact:
    """The fact of that kind that a use case has just told."""
    with reading() as session:
        told = session.scalars(select(FactRow).where(FactRow.name == kind.__name__).order_by(FactRow.id.desc())).first()
        assert told is not None, kind
        return kind(**told.payload)


def _salle(places: int) -> Saison:
    with transaction() as session:
        return batir(session, places=places)


def _complete(*attendent: int) -> tuple[Saison, int]:
    """An outing whose three seats one household has booked, and households of such sizes that wait for them."""
    season = _salle(3)
    booked = reserver(season, habiter(season, [3])[0], instant=now())
    for rank, who in enumerate(habiter(season, attendent), 1):
        reserver(season, who, attendre=True, instant=now() + timedelta(minutes=rank))
    return season, booked.id


def _rendre(inscription_id: int, nombre: int) -> None:
    with transaction() as session:
        seats = [seat.id for seat in attente.places_tenues(session, inscription_id)]
        inscriptions.annuler(session, inscription_id, places=seats[:nombre], instant=now() + timedelta(hours=1))


def _inscription_confirmee(monde: Monde) -> Fact:
    season = _salle(3)
    reserver(season, habiter(season, [2])[0], instant=now())
    return _publie(InscriptionConfirmee)


def _places_rendues(monde: Monde) -> Fact:
    _, booked = _complete()
    _rendre(booked, 1)
    return _publie(PlacesRendues)


def _places_offertes(monde: Monde) -> Fact:
    _, booked = _complete(2)
    _rendre(booked, 3)
    return _publie(PlacesDeSortieOffertes)


def _offre_de_sortie_expiree(monde: Monde) -> Fact:
    _, booked = _complete(2)
    _rendre(booked, 3)
    attente.servir_ce_qui_est_libre(now() + timedelta(days=5))
    return _publie(OffreDeSortieExpiree)


def _groupe_depasse(monde: Monde) -> Fact:
    _, booked = _complete(2, 1)
    _rendre(booked, 1)  # too little for the two that are first
    return _publie(GroupeDepasse)


def _sortie_annulee(monde: Monde) -> Fact:
    season, _ = _complete(2)
    with transaction() as session:
        later = now() + timedelta(hours=1)
        partenaires.solliciter(session, season.sortie, par_courriel=True, instant=now(), par=None)
        sorties.annuler_sortie(session, season.sortie, "La troupe est malade.", instant=later, par=None)
    return _publie(SortieAnnulee)


def _sortie_modifiee(monde: Monde) -> Fact:
    season, _ = _complete(1)
    with transaction() as session:
        outing = session.get_one(Sortie, season.sortie)
        kept = connu_de(outing, {})
        written = {name: kept[name] for name in kept.keys() & {one.name for one in fields(Programme)}}
        written |= {"lieu_id": outing.lieu_id, "maison_id": outing.maison_id, "grille_id": outing.grille_id}
        later = {"duree_minutes": outing.duree_minutes, "rendez_vous_lieu": "Devant la mairie"}
        sorties.modifier(session, season.sortie, Programme(**written | later), instant=now() + timedelta(hours=1))
    return _publie(SortieModifiee)


def _papiers(session: Session, scene: Scene) -> Fact:
    seat = place_de_ce_soir(session, scene.ici.foyer, scene.ici.maison)
    return PapiersDemandes(session.get_one(PlaceSortie, seat).sortie_id)


def _pass(session: Session, scene: Scene) -> Fact:
    who = gens(session, batir(session), passes=False)
    (made,) = pass_culture.delivrer(
        session, foyer_id=who.foyer, membre_ids=who.membres, avis_id=None, saison=2026, instant=now(), par=None
    )
    return PassDelivre(made.id)


def _lieu_sollicite(session: Session, scene: Scene) -> Fact:
    season = batir(session)
    return LieuSollicite(partenaires.solliciter(session, season.sortie, par_courriel=True, instant=now(), par=None).id)


def _lieu_repond(monde: Monde) -> Fact:
    with transaction() as session:
        season = batir(session)
        word = Reponse(genre=GenreReponse.MOT, message="Entrée par la cour.")
        partenaires.repondre(session, season.sortie, word, lieu_id=season.lieu, lue=None, instant=now())
    return _publie(LieuARepondu)


def _effectif(session: Session, scene: Scene) -> Fact:
    told = EffectifEnvoye(
        sortie_id=batir(session).sortie, jalon=7, nombre=3, detail=Effectif(adultes=3).detail, le=now()
    )
    session.add(told)
    session.flush()
    return EffectifArrete(told.id)


def _contremarque(session: Session, scene: Scene) -> Fact:
    made = contremarques.etablir(session, batir(session).sortie, instant=now(), par=None)
    assert made is not None
    return ContremarqueFaite(made.id)


def _contremarque_prete(session: Session, scene: Scene) -> Fact:
    made = contremarques.etablir(session, batir(session).sortie, instant=now(), par=None)
    assert made is not None
    documents.store(session, contremarques.cle(made.id), "contremarque.pdf", b"%PDF-1.7 une contremarque")
    return ContremarquePrete(made.id)


SCENES: dict[type[Fact], SceneDeFait] = {
    CompteOuvert: SceneDeFait(ecrite(lambda _, scene: CompteOuvert(scene.ici.compte)), UN_MESSAGE),
    AbonnementSouscrit: SceneDeFait(ecrite(lambda _, scene: AbonnementSouscrit(scene.ici.abonnement)), UN_MESSAGE),
    PlaceOfferte: SceneDeFait(ecrite(lambda session, _: PlaceOfferte(place_offerte(session))), UN_MESSAGE),
    OffreExpiree: SceneDeFait(ecrite(lambda session, _: OffreExpiree(place_offerte(session))), UN_MESSAGE),
    FinDeTermeApprochee: SceneDeFait(ecrite(_fin_de_terme), UN_MESSAGE),
    RemboursementDemande: SceneDeFait(lambda monde: RemboursementDemande(_a_rendre(monde)), {"ecriture": 1}),
    RemboursementFait: SceneDeFait(_rendu, UN_MESSAGE),
    LitigeOuvert: SceneDeFait(_litige, UN_MESSAGE),
    AideAccordee: SceneDeFait(ecrite(_aide), UN_MESSAGE),
    AideAnnulee: SceneDeFait(ecrite(_aide_annulee), UN_MESSAGE),
    RemboursementRevenu: SceneDeFait(_revenu, UN_MESSAGE),
    TirageDemande: SceneDeFait(ecrite(_tirage), UN_DOCUMENT),
    RecuDemande: SceneDeFait(_recu_demande, UN_DOCUMENT),
    AttestationDemandee: SceneDeFait(_attestation_demandee, UN_DOCUMENT),
    RestesArretes: SceneDeFait(ecrite(_restes_arretes), UN_MESSAGE | UN_DOCUMENT),
    ResteRepris: SceneDeFait(ecrite(_reste_repris), UN_MESSAGE),
    PreavisDemande: SceneDeFait(_a_annoncer, UN_MESSAGE),
    PrelevementDemande: SceneDeFait(lambda monde: PrelevementDemande(_prelevement(monde)), {"ecriture": 1}),
    PaiementReussi: SceneDeFait(_reussi, UN_MESSAGE),
    PaiementRefuse: SceneDeFait(_refuse, UN_MESSAGE),
    EvenementStripeRecu: SceneDeFait(_evenement, {"ecriture": 1}),
    PageStripeAVerifier: SceneDeFait(lambda monde: PageStripeAVerifier(_page_payee(monde)), {"ecriture": 1}),
    QuittanceEmise: SceneDeFait(ecrite(lambda *given: QuittanceEmise(_quittance(*given))), UN_DOCUMENT),
    QuittancePrete: SceneDeFait(_quittance_prete, UN_MESSAGE),
    VersementFait: SceneDeFait(ecrite(_versement), UN_DOCUMENT),
    RapprochementDemande: SceneDeFait(_a_rapprocher),
    CommandeEmise: SceneDeFait(ecrite(_commande_emise), {"document": 2}),
    BonCommandePret: SceneDeFait(ecrite(lambda _, scene: BonCommandePret(scene.ici.commande)), UN_COURRIEL),
    BonsDemandes: SceneDeFait(ecrite(_bons), {"document": 2}),
    ArriveeIncomplete: SceneDeFait(ecrite(_arrivee), UN_COURRIEL),
    CarteDemandee: SceneDeFait(ecrite(_carte), UN_DOCUMENT),
    FeuilleDemandee: SceneDeFait(ecrite(_feuille), UN_DOCUMENT),
    CommandeRepondue: SceneDeFait(ecrite(_commande_repondue), UN_COURRIEL),
    OffresDemandees: SceneDeFait(ecrite(_offres_demandees), UN_COURRIEL),
    CommandeRelancee: SceneDeFait(ecrite(lambda _, scene: CommandeRelancee(scene.ici.commande)), UN_COURRIEL),
    PanierCorrige: SceneDeFait(ecrite(_panier_corrige), UN_MESSAGE),
    DistributionDecidee: SceneDeFait(ecrite(_distribution), UN_MESSAGE),
    SemaineSansComposition: SceneDeFait(ecrite(lambda _, scene: SemaineSansComposition(scene.semaine)), UN_COURRIEL),
    SemaineADecider: SceneDeFait(ecrite(_a_decider), UN_COURRIEL),
    SemaineTerminee: SceneDeFait(ecrite(_terminee), UN_MESSAGE),
    SortieModifiee: SceneDeFait(_sortie_modifiee, {"message": 2, "mail": 2, "document": 1}),
    SortieAnnulee: SceneDeFait(_sortie_annulee, {"message": 2, "mail": 3}),
    LieuSollicite: SceneDeFait(ecrite(_lieu_sollicite), UN_COURRIEL),
    LieuARepondu: SceneDeFait(_lieu_repond, UN_COURRIEL),
    EffectifArrete: SceneDeFait(ecrite(_effectif), UN_COURRIEL),
    ContremarqueFaite: SceneDeFait(ecrite(_contremarque), UN_DOCUMENT),
    ContremarquePrete: SceneDeFait(ecrite(_contremarque_prete), UN_COURRIEL),
    PapiersDemandes: SceneDeFait(ecrite(_papiers), UN_DOCUMENT),
    LiasseDemandee: SceneDeFait(ecrite(_liasse), UN_DOCUMENT),
    EssaiDemande: SceneDeFait(ecrite(_essai)),
    ImportationConfirmee: SceneDeFait(ecrite(_importation), {"foyer": 2, "abonnement": 2}),
    PassDelivre: SceneDeFait(ecrite(_pass), UN_DOCUMENT),
    InscriptionConfirmee: SceneDeFait(_inscription_confirmee, UN_MESSAGE | UN_DOCUMENT),
    PlacesDeSortieOffertes: SceneDeFait(_places_offertes, UN_MESSAGE),
    OffreDeSortieExpiree: SceneDeFait(_offre_de_sortie_expiree, UN_MESSAGE),
    GroupeDepasse: SceneDeFait(_groupe_depasse, UN_MESSAGE),
    PlacesRendues: SceneDeFait(_places_rendues, UN_MESSAGE),
    MailQueued: SceneDeFait(ecrite(_courriel)),
}
