"""Scenes of the facts of households, baskets and the house itself."""

from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from foyers.events import CompteOuvert, LiasseDemandee
from foyers.models import Maison
from foyers.models_messages import Liasse
from kernel.clock import now
from kernel.documents import Document
from kernel.mail import MailQueued, Outgoing, queue_mails
from kernel.outbox import Fact, FactRow
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
from tests.paniers.feuilles import TITRES, en_csv, ligne
from tests.securite.objets_des_paniers import place_offerte
from tests.securite.scene import JEUDI, Scene
from tests.workers.scene_de_fait import UN_COURRIEL, UN_DOCUMENT, UN_MESSAGE, SceneDeFait, ecrite


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


DES_PANIERS: dict[type[Fact], SceneDeFait] = {
    CompteOuvert: SceneDeFait(ecrite(lambda _, scene: CompteOuvert(scene.ici.compte)), UN_MESSAGE),
    LiasseDemandee: SceneDeFait(ecrite(_liasse), UN_DOCUMENT),
    AbonnementSouscrit: SceneDeFait(ecrite(lambda _, scene: AbonnementSouscrit(scene.ici.abonnement)), UN_MESSAGE),
    PlaceOfferte: SceneDeFait(ecrite(lambda session, _: PlaceOfferte(place_offerte(session))), UN_MESSAGE),
    OffreExpiree: SceneDeFait(ecrite(lambda session, _: OffreExpiree(place_offerte(session))), UN_MESSAGE),
    FinDeTermeApprochee: SceneDeFait(ecrite(_fin_de_terme), UN_MESSAGE),
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
    EssaiDemande: SceneDeFait(ecrite(_essai)),
    ImportationConfirmee: SceneDeFait(ecrite(_importation), {"foyer": 2, "abonnement": 2}),
    MailQueued: SceneDeFait(ecrite(_courriel)),
}
