"""Taking what falls due from a saved card, its holder absent.

The remote call follows one pattern: the payment and its key are committed, then Stripe is called with no transaction
open, then the outcome is recorded. Whoever was killed in between leaves a payment ``inconnu``; the next one reads
Stripe first, and asks again only with the same key. A refusal is never tried again blindly: the household is told,
with a link to pay, and only some are asked for once more, by their rule (`reprises.py`).
"""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import transaction
from paiements import grand_livre, passerelle
from paiements.en_ligne import preavis
from paiements.en_ligne.avancement import Encaissement, avancer, encaisser, refuser, verrouiller
from paiements.models.en_ligne import Carte, Echeance, Mandat, Paiement, Reglement
from paiements.passerelle import AAuthentifier, Encaisse, EnCours, Indisponible, Ordre, Refuse, Resultat
from paiements.regles.etats import CONCLUS, Etat

SANS_CARTE = "carte_retiree"


class ObjetInconnu(Exception):
    """Stripe speaks of something that is not ours, or no longer: kept and shown to the operator, never dropped."""


def prelever(paiement_id: int) -> None:
    """Take the payment, or learn what became of an earlier try. Harmless when repeated, or run twice at once.

    1. Commit that it is being tried, and with which card. 2. If it had been tried before, read Stripe. 3. Else, or if
    Stripe never heard of it, ask with the payment's own key. 4. Record the outcome. Raises Indisponible when the
    outcome stays unknown: to be run again later.
    """
    with transaction() as session:
        prepare = _preparer(session, paiement_id)
    if prepare is None:
        return
    ordre, deja_tente, tentative = prepare
    resultat = _retrouver(ordre, tentative) if deja_tente else None
    if resultat is None:
        resultat = passerelle.prestataire().prelever(ordre)
    with transaction() as session:
        conclure(session, verrouiller(session, paiement_id), resultat, "prelevement")
    if isinstance(resultat, EnCours) and not resultat.differe:
        raise Indisponible(f"{resultat.intention} is not decided yet")


def conclure(session: Session, paiement: Paiement, resultat: Resultat, cause: str) -> None:
    """Record what Stripe says of a locked payment; news that comes late changes nothing."""
    match resultat:
        case Encaisse(intention, montant):
            encaisser(session, paiement, Encaissement(intention, montant), cause)
        case Refuse():
            refuser(session, paiement, Etat.REFUSE, resultat, cause=cause)
        case AAuthentifier(intention, code):
            refuser(session, paiement, Etat.A_AUTHENTIFIER, Refuse(code, intention), cause=cause)
        case EnCours(intention, differe):
            if differe and paiement.etat == Etat.INCONNU:
                avancer(session, paiement, Etat.EN_COURS, cause)
                paiement.stripe_id = intention


def conclure_intention(intention_id: str, cause: str) -> None:
    """Read an intent at Stripe and record it: for webhooks, whatever their order. Raises Indisponible, ObjetInconnu."""
    lue = passerelle.prestataire().lire_intention(intention_id)
    with transaction() as session:
        paiement_id = session.scalars(select(Paiement.id).where(Paiement.cle == lire_cle(lue.reference))).one_or_none()
        if paiement_id is None:
            raise ObjetInconnu(intention_id)
        paiement = verrouiller(session, paiement_id)
        # On a payment page a refused card is not the end: the family tries another; the page says when it is over.
        if paiement.nature == "prelevement" or isinstance(lue.resultat, Encaisse):
            conclure(session, paiement, lue.resultat, cause)


def lire_cle(reference: str | None) -> uuid.UUID | None:
    """Our key in what Stripe says; None when it is none of ours."""
    try:
        return uuid.UUID(reference or "")
    except ValueError:
        return None


def _retrouver(ordre: Ordre, tentative: str | None) -> Resultat | None:
    """What an earlier call of this try has done; None: nothing. `tentative` is the refusal of the try before."""
    if ordre.intention is None:
        return passerelle.prestataire().retrouver(ordre.client, ordre.cle)
    resultat = passerelle.prestataire().lire_intention(ordre.intention).resultat
    return None if isinstance(resultat, Refuse) and resultat.tentative == tentative else resultat


def _preparer(session: Session, paiement_id: int) -> tuple[Ordre, bool, str | None] | None:
    """Commit to a try: what to ask Stripe, whether it may have been asked before, and the refusal that came before.

    None: nothing to do any more.
    """
    paiement = verrouiller(session, paiement_id)
    if paiement.etat in CONCLUS or paiement.etat == Etat.A_AUTHENTIFIER:
        return None
    deja_tente = paiement.tente_le is not None
    if not deja_tente and not encore_du(session, paiement):
        avancer(session, paiement, Etat.ABANDONNE, "deja regle")
        return None
    if paiement.mandat_id is not None and not deja_tente and not preavis.donne(paiement):
        return None
    moyen = _moyen(session, paiement, deja_tente=deja_tente)
    client = session.get_one(Reglement, paiement.foyer_id).client_stripe if moyen else None
    if moyen is None or client is None:
        refuser(session, paiement, Etat.REFUSE, Refuse(SANS_CARTE, None), cause="plus de carte")
        return None
    if paiement.etat == Etat.PREPARE:
        avancer(session, paiement, Etat.INCONNU, "essai")
    paiement.carte_id = moyen.id if isinstance(moyen, Carte) else None
    paiement.tente_le = clock.now()
    echeance = session.get_one(Echeance, paiement.echeance_id)
    ordre = Ordre(
        str(paiement.cle),
        paiement.montant,
        client,
        moyen.stripe_id,
        echeance.libelle,
        intention=paiement.stripe_id if paiement.essais else None,
        essai=paiement.essais,
        mandat=moyen.mandat_stripe if isinstance(moyen, Mandat) else None,
    )
    return ordre, deja_tente, paiement.tentative


def encore_du(session: Session, paiement: Paiement) -> bool:
    """Whether the household still owes it: it may have paid otherwise while the charge waited."""
    echeance = session.get_one(Echeance, paiement.echeance_id)
    return echeance.reglee_le is None and grand_livre.solde(session, paiement.foyer_id) >= paiement.montant


def _moyen(session: Session, paiement: Paiement, *, deja_tente: bool) -> Carte | Mandat | None:
    """The card of the first try, for the same key must carry the same request; else the one in use.

    A SEPA debit is made under the mandate that was announced, unless that one was withdrawn before the first try. None
    where the provider in service charges nothing that was saved with the one before.
    """
    can = passerelle.prestataire().capacites()
    if not (can.carte if paiement.mandat_id is None else can.mandat):
        return None
    if paiement.mandat_id is not None:
        mandat = session.get_one(Mandat, paiement.mandat_id)
        return mandat if deja_tente or mandat.retire_le is None else None
    if deja_tente:
        return session.get_one(Carte, paiement.carte_id)
    en_usage = select(Carte).where(Carte.foyer_id == paiement.foyer_id, Carte.retiree_le.is_(None))
    return session.scalars(en_usage).one_or_none()
