"""Scenes of the facts of payments and of the régie."""

from datetime import date
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.outbox import Fact
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
from tests.paiements.guichet import reste_remis
from tests.paiements.monde import debiter, foyer_par_carte, page_id, prelevement_du
from tests.securite.scene import JEUDI, Scene
from tests.workers.scene_de_fait import UN_DOCUMENT, UN_MESSAGE, Monde, SceneDeFait, ecrite


def _prelevement(monde: Monde, carte: str = "pm_card_visa") -> int:
    household, _ = foyer_par_carte(monde.stripe, carte, maison_id=monde.scene.ici.maison)
    debiter(household)
    return prelevement_du(household)


def _preleve(monde: Monde) -> int:
    """A charge that has been made."""
    paid = _prelevement(monde)
    prelevements.prelever(paid)
    return paid


def _a_rendre(monde: Monde) -> int:
    """A refund of a payment that has become an advance, asked for and not made."""
    paid = _preleve(monde)
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
    paid = _preleve(monde)
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
    paid = _preleve(monde)
    return RecuDemande(paid)


def _attestation_demandee(monde: Monde) -> Fact:
    paid = _preleve(monde)
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
    paid = _preleve(monde)
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


DE_L_ARGENT: dict[type[Fact], SceneDeFait] = {
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
}
