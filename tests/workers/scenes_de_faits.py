"""One scene for each fact that is delivered: the rows that it names, and what its actor leaves behind, once.

A scene stands in the town of `tests.securite.scene`: a hand-out's afternoon, the next week still open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from foyers.events import CompteOuvert, LiasseDemandee
from foyers.models import Maison
from foyers.models_messages import Liasse
from kernel.clock import now
from kernel.db import transaction
from kernel.documents import Document
from kernel.mail import MailQueued, Outgoing, queue_mails
from kernel.outbox import Fact, FactRow
from kernel.web.access import Role
from paiements import caisse, checkout, evenements, prelevements, quittances
from paiements.events import (
    EvenementStripeRecu,
    PageStripeAVerifier,
    PaiementRefuse,
    PaiementReussi,
    PrelevementDemande,
    QuittanceEmise,
    QuittancePrete,
)
from paiements.monnaie import MoyenPaiement
from paiements.passerelle import Evenement
from paniers import cartes
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
from paniers.models import EtatPanier, Panier, Semaine
from paniers.models_attente import AvisTerme
from paniers.models_distributions import Distribution, Fermeture
from paniers.models_producteurs import Commande, Correction, DemandeOffre, EtatCommande
from paniers.models_retrait import Arrivee, ArriveeManque
from tests import fabriques
from tests.paiements.monde import StripeLocal, debiter, foyer_par_carte, page_id, prelevement_du
from tests.paniers.feuilles import TITRES, en_csv, ligne
from tests.securite.scene import JEUDI, Scene, place_offerte

UN_MESSAGE = {"message": 1, "mail": 1}
UN_COURRIEL = {"mail": 1}


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


SCENES: dict[type[Fact], SceneDeFait] = {
    CompteOuvert: SceneDeFait(ecrite(lambda _, scene: CompteOuvert(scene.ici.compte)), UN_MESSAGE),
    AbonnementSouscrit: SceneDeFait(ecrite(lambda _, scene: AbonnementSouscrit(scene.ici.abonnement)), UN_MESSAGE),
    PlaceOfferte: SceneDeFait(ecrite(lambda session, _: PlaceOfferte(place_offerte(session))), UN_MESSAGE),
    OffreExpiree: SceneDeFait(ecrite(lambda session, _: OffreExpiree(place_offerte(session))), UN_MESSAGE),
    FinDeTermeApprochee: SceneDeFait(ecrite(_fin_de_terme), UN_MESSAGE),
    PrelevementDemande: SceneDeFait(lambda monde: PrelevementDemande(_prelevement(monde)), {"ecriture": 1}),
    PaiementReussi: SceneDeFait(_reussi, UN_MESSAGE),
    PaiementRefuse: SceneDeFait(_refuse, UN_MESSAGE),
    EvenementStripeRecu: SceneDeFait(_evenement, {"ecriture": 1}),
    PageStripeAVerifier: SceneDeFait(lambda monde: PageStripeAVerifier(_page_payee(monde)), {"ecriture": 1}),
    QuittanceEmise: SceneDeFait(ecrite(lambda *given: QuittanceEmise(_quittance(*given))), {"document": 1}),
    QuittancePrete: SceneDeFait(_quittance_prete, UN_MESSAGE),
    CommandeEmise: SceneDeFait(ecrite(_commande_emise), {"document": 2}),
    BonCommandePret: SceneDeFait(ecrite(lambda _, scene: BonCommandePret(scene.ici.commande)), UN_COURRIEL),
    BonsDemandes: SceneDeFait(ecrite(_bons), {"document": 2}),
    ArriveeIncomplete: SceneDeFait(ecrite(_arrivee), UN_COURRIEL),
    CarteDemandee: SceneDeFait(ecrite(_carte), {"document": 1}),
    CommandeRepondue: SceneDeFait(ecrite(_commande_repondue), UN_COURRIEL),
    OffresDemandees: SceneDeFait(ecrite(_offres_demandees), UN_COURRIEL),
    CommandeRelancee: SceneDeFait(ecrite(lambda _, scene: CommandeRelancee(scene.ici.commande)), UN_COURRIEL),
    PanierCorrige: SceneDeFait(ecrite(_panier_corrige), UN_MESSAGE),
    DistributionDecidee: SceneDeFait(ecrite(_distribution), UN_MESSAGE),
    SemaineSansComposition: SceneDeFait(ecrite(lambda _, scene: SemaineSansComposition(scene.semaine)), UN_COURRIEL),
    SemaineADecider: SceneDeFait(ecrite(_a_decider), UN_COURRIEL),
    SemaineTerminee: SceneDeFait(ecrite(_terminee), UN_MESSAGE),
    LiasseDemandee: SceneDeFait(ecrite(_liasse), {"document": 1}),
    EssaiDemande: SceneDeFait(ecrite(_essai)),
    ImportationConfirmee: SceneDeFait(ecrite(_importation), {"foyer": 2, "abonnement": 2}),
    MailQueued: SceneDeFait(ecrite(_courriel)),
}
