"""How a household pays: by its saved card, by SEPA debit, or at its maison; each week or once a month."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kernel import clock
from kernel.errors import Refus
from kernel.outbox import publish
from paiements import passerelle
from paiements.en_ligne.avancement import verrouiller_foyer
from paiements.events import CarteEnregistree, MandatSigne
from paiements.models.en_ligne import Carte, Echeance, Mandat, Mode, Rythme
from paiements.passerelle import CarteLue, MandatLu


def choisir_mode(session: Session, foyer_id: int, mode: Mode) -> None:
    """From the next échéance on, pay like this. Raises Refus for what is not offered, or not saved."""
    exiger_moyen(mode)
    reglement = verrouiller_foyer(session, foyer_id)
    if mode is Mode.CARTE and carte_en_usage(session, foyer_id) is None:
        raise Refus("Aucune carte n’est enregistrée. Enregistrez d’abord une carte, puis choisissez ce mode.")
    if mode is Mode.SEPA and mandat_en_usage(session, foyer_id) is None:
        raise Refus(
            "Aucun compte bancaire n’est enregistré. Autorisez d’abord le prélèvement, puis choisissez ce mode."
        )
    reglement.mode = mode
    if mode is Mode.MAISON:
        ne_plus_grouper(session, foyer_id)


def choisir_rythme(session: Session, foyer_id: int, rythme: Rythme) -> None:
    """From the next échéance on, be charged each week, or once a month. What waits for its month goes on waiting."""
    verrouiller_foyer(session, foyer_id).rythme = rythme


def ne_plus_grouper(session: Session, foyer_id: int) -> None:
    """The weeks that waited for the month's charge are paid at the maison: nothing is taken any more for them."""
    waiting = update(Echeance).where(Echeance.foyer_id == foyer_id, Echeance.a_grouper, Echeance.groupe_id.is_(None))
    session.execute(waiting.values(a_grouper=False, mode=Mode.MAISON))


def carte_en_usage(session: Session, foyer_id: int) -> Carte | None:
    return session.scalars(select(Carte).where(Carte.foyer_id == foyer_id, Carte.retiree_le.is_(None))).one_or_none()


def mandat_en_usage(session: Session, foyer_id: int) -> Mandat | None:
    return session.scalars(select(Mandat).where(Mandat.foyer_id == foyer_id, Mandat.retire_le.is_(None))).one_or_none()


def retirer(session: Session, foyer_id: int, moyen: Mode) -> None:
    """Use the saved card, or debit the account, no more: a debit that was announced and not made is not made either.

    Whoever paid by it pays at the maison from now on. Without one, nothing changes.
    """
    reglement = verrouiller_foyer(session, foyer_id)
    used = mandat_en_usage(session, foyer_id) if moyen is Mode.SEPA else carte_en_usage(session, foyer_id)
    if used is not None:
        used.retirer(clock.now())
    if reglement.mode == moyen:
        reglement.mode = Mode.MAISON
        ne_plus_grouper(session, foyer_id)


def adopter(session: Session, foyer_id: int, lu: CarteLue | MandatLu, demande_le: datetime) -> None:
    """The household pays by this card or account from now on, and the one of its kind before is retired.

    Two pages may be heard of in any order: the one asked for last (`demande_le`) is the one that stays. The same card,
    or the same mandate, twice is one.
    """
    reglement = verrouiller_foyer(session, foyer_id)
    if _connu(session, lu):
        return
    saved = _carte(foyer_id, lu, demande_le) if isinstance(lu, CarteLue) else _mandat(foyer_id, lu, demande_le)
    of_kind = carte_en_usage if isinstance(saved, Carte) else mandat_en_usage
    before = of_kind(session, foyer_id)
    if before is not None and before.depuis > demande_le:
        saved.retirer(clock.now())
        session.add(saved)
        return
    if before is not None:
        before.retirer(clock.now())
        session.flush()  # one in use per household: the old one leaves before the new one comes
    session.add(saved)
    session.flush()  # the fact needs its id
    reglement.mode = Mode.CARTE if isinstance(saved, Carte) else Mode.SEPA
    publish(session, CarteEnregistree(saved.id) if isinstance(saved, Carte) else MandatSigne(saved.id))


def exiger_moyen(moyen: Mode) -> None:
    """Raises Refus for a way to pay that this town's provider does not have."""
    can = passerelle.prestataire().capacites()
    if moyen is Mode.CARTE and not can.carte:
        raise Refus(f"Avec {can.nom}, aucune carte n’est gardée : payez en ligne à chaque fois, ou à votre maison.")
    if moyen is Mode.SEPA and not can.mandat:
        raise Refus(f"Avec {can.nom}, il n’y a pas de prélèvement : payez en ligne à chaque fois, ou à votre maison.")


def _connu(session: Session, lu: CarteLue | MandatLu) -> bool:
    if isinstance(lu, CarteLue):
        return session.scalars(select(Carte.id).where(Carte.stripe_id == lu.id)).one_or_none() is not None
    return session.scalars(select(Mandat.id).where(Mandat.stripe_id == lu.id)).one_or_none() is not None


def _carte(foyer_id: int, lue: CarteLue, demandee_le: datetime) -> Carte:
    return Carte(
        foyer_id=foyer_id,
        stripe_id=lue.id,
        marque=lue.marque,
        derniers_chiffres=lue.derniers_chiffres,
        expire_mois=lue.expire_mois,
        expire_annee=lue.expire_annee,
        enregistree_le=demandee_le,
    )


def _mandat(foyer_id: int, lu: MandatLu, demande_le: datetime) -> Mandat:
    return Mandat(
        foyer_id=foyer_id,
        stripe_id=lu.id,
        mandat_stripe=lu.mandat,
        reference=lu.reference,
        derniers_chiffres=lu.derniers_chiffres,
        signe_le=demande_le,
    )
