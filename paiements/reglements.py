"""How a household pays: by its saved card, by SEPA debit, or at its maison; each week or once a month."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kernel import clock
from kernel.errors import Refus
from kernel.outbox import publish
from paiements.avancement import verrouiller_foyer
from paiements.events import CarteEnregistree
from paiements.models import Carte, Echeance, Mandat, Mode, Rythme
from paiements.passerelle import CarteLue


def choisir_mode(session: Session, foyer_id: int, mode: Mode) -> None:
    """From the next échéance on, pay like this. Raises Refus for a card or an account that is not saved."""
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


def retirer_carte(session: Session, foyer_id: int) -> None:
    """Use the saved card no more; whoever paid by it pays at the maison from now on."""
    reglement = verrouiller_foyer(session, foyer_id)
    carte = carte_en_usage(session, foyer_id)
    if carte is not None:
        carte.retiree_le = clock.now()
    if reglement.mode == Mode.CARTE:
        reglement.mode = Mode.MAISON
        ne_plus_grouper(session, foyer_id)


def adopter_carte(session: Session, foyer_id: int, lue: CarteLue, demandee_le: datetime) -> None:
    """The household pays with this card from now on, and the one before is retired.

    Two pages may be heard of in any order: the card asked for last (`demandee_le`) is the one that stays. The same
    card twice is one card.
    """
    reglement = verrouiller_foyer(session, foyer_id)
    if session.scalars(select(Carte.id).where(Carte.stripe_id == lue.id)).one_or_none() is not None:
        return
    ancienne = carte_en_usage(session, foyer_id)
    depassee = ancienne is not None and ancienne.enregistree_le > demandee_le
    if ancienne is not None and not depassee:
        ancienne.retiree_le = clock.now()
        session.flush()  # one card in use per household: the old one leaves before the new one comes
    carte = Carte(
        foyer_id=foyer_id,
        stripe_id=lue.id,
        marque=lue.marque,
        derniers_chiffres=lue.derniers_chiffres,
        expire_mois=lue.expire_mois,
        expire_annee=lue.expire_annee,
        enregistree_le=demandee_le,
        retiree_le=clock.now() if depassee else None,
    )
    session.add(carte)
    if not depassee:
        session.flush()  # the fact needs its id
        reglement.mode = Mode.CARTE
        publish(session, CarteEnregistree(carte.id))
