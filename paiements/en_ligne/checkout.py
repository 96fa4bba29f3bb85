"""The two pages that Stripe hosts for a household: pay now what is due, or save a card for what will fall due.

Both follow the pattern of every remote call: the row and its key are committed, then Stripe is asked, then its answer
is recorded. What a page has come to is always read at Stripe, by `conclure_page`: the return of the family, the
webhook and the reconciliation call it alike, and whoever comes first does it, once.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from kernel.money import Euros
from kernel.settings import get_settings
from paiements import grand_livre, passerelle
from paiements.en_ligne.avancement import (
    Encaissement,
    avancer,
    encaisser,
    verrouiller,
    verrouiller_foyer,
)
from paiements.en_ligne.conditions import en_vigueur
from paiements.en_ligne.prelevements import ObjetInconnu, lire_cle
from paiements.models.en_ligne import EnregistrementCarte, Mode, Paiement
from paiements.passerelle import PAGE, PageLue, StatutPage
from paiements.queries import familles as queries
from paiements.reglements import adopter, exiger_moyen
from paiements.regles.etats import CONCLUS, Etat, arrive_trop_tard

LIBELLE = "Paniers solidaires"
TOURS = 4
EN_LIGNE = ("en_ligne", "avance")
"""The natures of what a household pays itself, on a page of Stripe's."""


class Issue(StrEnum):
    """What a page of Stripe's has come to."""

    PAYE = "paye"
    CARTE = "carte"
    MANDAT = "mandat"
    OUVERTE = "ouverte"
    FERMEE = "fermee"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """For whoever asked: the issue, the amount paid (centimes), where the household was going, its mandate."""

    issue: Issue
    montant: int = 0
    suite: str = ""
    reference: str = ""


def reste_a_payer(session: Session, foyer_id: int, echeance_id: int | None = None) -> int:
    """Centimes that the household may pay now: its balance, or what one échéance of its leaves due.

    What is being taken from its card at this moment is not asked for again. Raises Introuvable for an échéance that is
    not its own.
    """
    if echeance_id is None:
        return max(0, grand_livre.solde(session, foyer_id) - queries.en_cours(session, foyer_id))
    echeance = queries.echeance(session, echeance_id)
    if echeance is None or echeance.foyer_id != foyer_id:
        raise Introuvable
    return echeance.reste


def ouvrir_paiement_en_ligne(foyer_id: int, echeance_id: int | None = None, *, avance: int | None = None) -> str:
    """The address of the page where the household pays now what is due, or `avance` centimes ahead.

    A page still open is given again. A household has one open page at most: those that no longer fit what is due are
    closed first. Raises Refus when there is nothing to pay, Indisponible when Stripe does not answer.
    """
    for _ in range(TOURS):
        with transaction() as session:
            paiement, perimees = _preparer_paiement(session, foyer_id, echeance_id, avance)
        if perimees:
            _fermer(perimees)
            continue  # one of them may have been paid meanwhile: count again what is due
        if paiement.session_stripe is None:
            lue = passerelle.prestataire().ouvrir_page_paiement(
                str(paiement.cle), paiement.montant, LIBELLE, retour=_retour(), renoncer=_renoncer()
            )
        else:
            lue = passerelle.prestataire().lire_page(paiement.session_stripe)
        if _conclure(lue, "ouverture").issue is Issue.OUVERTE and lue.url:
            return lue.url
    raise passerelle.Indisponible("no page stays open")


def enregistrer_carte(foyer_id: int, email: str | None, suite: str = "") -> str:
    """The address of the page where the household saves a card; `suite` is where it goes on afterwards (a local path).

    Raises Indisponible, and Refus where the provider saves none.
    """
    return _enregistrer(foyer_id, email, suite, Mode.CARTE)


def enregistrer_mandat(foyer_id: int, email: str | None, suite: str = "") -> str:
    """The address of the page where the household lets its bank account be debited. Raises Indisponible."""
    return _enregistrer(foyer_id, email, suite, Mode.SEPA)


def _enregistrer(foyer_id: int, email: str | None, suite: str, moyen: Mode) -> str:
    exiger_moyen(moyen)
    with transaction() as session:
        reglement = verrouiller_foyer(session, foyer_id)
        demande = EnregistrementCarte(
            foyer_id=foyer_id, cle=uuid.uuid4(), moyen=moyen, suite=suite, demande_le=clock.now()
        )
        session.add(demande)
    client = reglement.client_stripe
    if client is None:
        client = _noter_client(foyer_id, passerelle.prestataire().creer_client(str(demande.cle), email))
    ouvrir = (
        passerelle.prestataire().ouvrir_page_mandat
        if moyen is Mode.SEPA
        else passerelle.prestataire().ouvrir_page_carte
    )
    lue = ouvrir(str(demande.cle), client, retour=_retour(), renoncer=_renoncer())
    _conclure(lue, "ouverture")
    if lue.url is None:
        raise passerelle.Indisponible("a page without an address")
    return lue.url


def conclure_page(page_id: str, cause: str) -> Conclusion:
    """Read a page at Stripe and record what it has come to, once. Raises Indisponible, ObjetInconnu."""
    return _conclure(passerelle.prestataire().lire_page(page_id), cause)


def est_a_nous(session: Session, page_id: str) -> bool:
    """Whether a page of that id was opened for one of our households: no stranger makes us call Stripe."""
    paiement = select(Paiement.id).where(Paiement.session_stripe == page_id)
    carte = select(EnregistrementCarte.id).where(EnregistrementCarte.session_stripe == page_id)
    return session.scalars(paiement.union_all(carte)).first() is not None


def _exiger_avance(session: Session, foyer_id: int, montant: int) -> None:
    """Raises Refus for more than a household may have paid ahead."""
    most = en_vigueur(session, clock.today()).avance_max + grand_livre.solde(session, foyer_id)
    least = passerelle.prestataire().capacites().minimum
    if montant > most:
        raise Refus(
            f"Vous pouvez payer d’avance jusqu’à {Euros(most)}."
            if most >= least
            else "Votre avance est déjà au plus haut : vos prochains paniers l’utilisent d’abord."
        )


def _preparer_paiement(
    session: Session, foyer_id: int, echeance_id: int | None, avance: int | None
) -> tuple[Paiement, list[str]]:
    """The payment to open, and the open pages that no longer fit what is due."""
    verrouiller_foyer(session, foyer_id)
    if avance is not None:
        _exiger_avance(session, foyer_id, avance)
    du = reste_a_payer(session, foyer_id, echeance_id) if avance is None else avance
    nature = "en_ligne" if avance is None else "avance"
    if du <= 0:
        raise Refus("Il n’y a rien à payer en ce moment.")
    least = passerelle.prestataire().capacites().minimum
    if du < least:
        raise Refus(f"Le paiement par carte commence à {Euros(least)}. Cette somme s’ajoutera à la suivante.")
    ouverts = session.scalars(
        select(Paiement)
        .where(Paiement.foyer_id == foyer_id, Paiement.nature.in_(EN_LIGNE), Paiement.etat.not_in(CONCLUS))
        .order_by(Paiement.id)
        .with_for_update()
    ).all()
    wanted = (du, echeance_id, nature)
    convient = next((p for p in ouverts if (p.montant, p.echeance_id, p.nature) == wanted), None)
    perimes = [p for p in ouverts if p is not convient]
    for paiement in perimes:
        if paiement.session_stripe is None:
            avancer(session, paiement, Etat.ABANDONNE, "remplace")
    pages = [p.session_stripe for p in perimes if p.session_stripe]
    return convient or _nouveau_paiement(session, foyer_id, echeance_id, du, nature), pages


def _nouveau_paiement(session: Session, foyer_id: int, echeance_id: int | None, montant: int, nature: str) -> Paiement:
    maintenant = clock.now()
    paiement = Paiement(
        foyer_id=foyer_id,
        echeance_id=echeance_id,
        nature=nature,
        montant=montant,
        cle=uuid.uuid4(),
        etat=Etat.PREPARE,
        demande_le=maintenant,
        tente_le=maintenant,
    )
    session.add(paiement)
    session.flush()  # its steps need its id
    avancer(session, paiement, Etat.INCONNU, "essai")
    return paiement


def _fermer(pages: list[str]) -> None:
    """Close them. Raises Refus while one stays open, where they end by themselves alone: two might be paid."""
    provider = passerelle.prestataire()
    for page_id in pages:
        provider.fermer_page(page_id)
        if conclure_page(page_id, "remplace").issue is Issue.OUVERTE and not provider.capacites().fermeture:
            raise Refus(
                "Une page de paiement est encore ouverte pour une autre somme. Payez sur cette page, ou revenez dans un"
                " quart d’heure : elle se ferme d’elle-même. Rien n’est perdu."
            )


def _noter_client(foyer_id: int, client: str) -> str:
    """Keep who the household is at Stripe; the first one kept stays."""
    with transaction() as session:
        reglement = verrouiller_foyer(session, foyer_id)
        reglement.client_stripe = reglement.client_stripe or client
        return reglement.client_stripe


def _conclure(lue: PageLue, cause: str) -> Conclusion:
    cle = lire_cle(lue.reference)
    with transaction() as session:
        paiement_id = session.scalars(select(Paiement.id).where(Paiement.cle == cle)).one_or_none()
        if paiement_id is not None:
            return _conclure_paiement(session, verrouiller(session, paiement_id), lue, cause)
        demande = session.scalars(
            select(EnregistrementCarte).where(EnregistrementCarte.cle == cle).with_for_update()
        ).one_or_none()
        if demande is not None:
            return _conclure_carte(session, demande, lue)
    raise ObjetInconnu(lue.id)


def _conclure_paiement(session: Session, paiement: Paiement, lue: PageLue, cause: str) -> Conclusion:
    paiement.session_stripe = lue.id
    if lue.recu is not None:
        encaisser(session, paiement, Encaissement(lue.recu.intention, lue.recu.montant), cause)
        return Conclusion(Issue.PAYE, paiement.montant)
    vers = Etat.ABANDONNE if lue.statut is StatutPage.EXPIREE else Etat.A_AUTHENTIFIER
    if not arrive_trop_tard(Etat(paiement.etat), vers):
        avancer(session, paiement, vers, cause)
    if paiement.etat == Etat.REUSSI:
        return Conclusion(Issue.PAYE, paiement.montant)
    return Conclusion(Issue.FERMEE if paiement.etat == Etat.ABANDONNE else Issue.OUVERTE)


def _conclure_carte(session: Session, demande: EnregistrementCarte, lue: PageLue) -> Conclusion:
    demande.session_stripe = lue.id
    if lue.statut is StatutPage.OUVERTE:
        return Conclusion(Issue.OUVERTE, suite=demande.suite)
    if demande.conclu_le is None:
        demande.conclu_le = clock.now()
        saved = lue.carte or lue.mandat
        if saved is not None:
            adopter(session, demande.foyer_id, saved, demande.demande_le)
    if lue.mandat is not None:
        return Conclusion(Issue.MANDAT, suite=demande.suite, reference=lue.mandat.reference)
    return Conclusion(Issue.CARTE if lue.carte else Issue.FERMEE, suite=demande.suite)


def _retour() -> str:
    return f"{get_settings().public_url}/paiements/retour?page={PAGE}"


def _renoncer() -> str:
    return f"{get_settings().public_url}/paiements/renoncer"
