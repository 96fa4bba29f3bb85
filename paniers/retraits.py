"""Handing baskets out: scan or find, hand over, undo, close the day. A debt never changes the answer."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Row,
    Select,
    String,
    any_,
    bindparam,
    case,
    insert,
    null,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from kernel import qr
from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.formats import jour as le_jour
from kernel.outbox import publish
from paniers import cartes
from paniers.agenda import dernier_jour, rendez_vous, un_jour_de
from paniers.events import SemaineTerminee
from paniers.models.semaines import EtatPanier, Panier, Retrait, Semaine
from paniers.procurations import pour_le_panier
from paniers.regles.etats import EtatSemaine
from paniers.semaines import avancer, verrouiller

# A double tap, or a camera that reads the same code twice, is the same gesture.
MEME_GESTE = timedelta(seconds=15)


class Moyen(StrEnum):
    """How the basket was found."""

    SCAN = "scan"
    LISTE = "liste"
    ANNULATION = "annulation"


class Verdict(StrEnum):
    """The agent's answer: green, or sun. Never red."""

    REMIS = "remis"
    DEJA_REMIS = "deja_remis"
    AUTRE_MAISON = "autre_maison"
    AUTRE_JOUR = "autre_jour"
    PAS_AUJOURD_HUI = "pas_aujourd_hui"
    SANS_PANIER = "sans_panier"
    ANNULE = "annule"
    A_DONNER = "a_donner"
    DONNE = "donne"
    CARTE_REMPLACEE = "carte_remplacee"
    ILLISIBLE = "illisible"


@dataclass(frozen=True, slots=True)
class Reponse:
    """What the agent is told. `panier_id` is None when the code names no basket; `le` is when it was handed out."""

    verdict: Verdict
    panier_id: int | None = None
    le: datetime | None = None


def remettre(
    session: Session,
    panier_id: int,
    *,
    par: int,
    moyen: Moyen,
    maisons: frozenset[int] | None,
    instant: datetime,
    en_personne: bool = False,
) -> Reponse:
    """Hand a basket out. `maisons` are those where the agent works (None: all of them).

    Who is expected in the household's place is noted as having come, unless the household came `en_personne`.
    Raises Introuvable.
    """
    handed = _Remise(par, moyen, maisons, instant, en_personne)
    answer = _remettre(session, handed, panier=panier_id)
    if answer is None:
        raise Introuvable
    return answer


def scanner(
    session: Session, texte: str, *, par: int, maisons: frozenset[int] | None, jour: date, instant: datetime
) -> Reponse:
    """Read a voucher's QR, or a card's, and hand its basket out.

    Forged, expired, revoked or unknown codes are answered, never raised.
    """
    handed = _Remise(par, Moyen.SCAN, maisons, instant)
    if qr.is_card(texte):
        return _par_carte(session, texte, handed, jour)
    try:
        voucher = qr.verify(texte, jour)
    except qr.Expired as expired:
        voucher = expired.voucher
        if not _attendu_le(session, voucher.id, jour):
            return Reponse(Verdict.AUTRE_JOUR)
    except qr.BadVoucher:
        return Reponse(Verdict.ILLISIBLE)
    return _remettre(session, handed, bon=voucher.id) or Reponse(Verdict.ILLISIBLE)


@dataclass(frozen=True, slots=True)
class _Remise:
    """Who hands out, how, where and when."""

    par: int
    moyen: Moyen
    maisons: frozenset[int] | None
    instant: datetime
    en_personne: bool = False


def _remettre(
    session: Session, remise: _Remise, *, panier: int | None = None, bon: uuid.UUID | None = None
) -> Reponse | None:
    """Look, hand out and note it in one statement; None when there is no such basket.

    The guarded update has one winner when two agents scan at once; the other reads "déjà remis". A basket that its
    family gives is not handed out by a mere scan.
    """
    statement = _remise(
        par_bon=bon is not None,
        par_scan=remise.moyen is Moyen.SCAN,
        partout=remise.maisons is None,
        en_personne=remise.en_personne,
    )
    given = {"lequel": bon or panier, "moyen": remise.moyen.value, "par": remise.par, "le": remise.instant}
    seen = session.execute(statement, given | {"maisons": list(remise.maisons or ())}).one_or_none()
    if seen is None:
        return None
    if seen.remis:
        return Reponse(Verdict.REMIS, seen.id, remise.instant)
    return _pas_remis(session, seen, remise)


@lru_cache(maxsize=16)
def _remise(*, par_bon: bool, par_scan: bool, partout: bool, en_personne: bool) -> Select[*tuple[Any, ...]]:
    """The statement, built once for each way of handing out: building it takes longer than running it."""
    lequel = (Panier.bon if par_bon else Panier.id) == bindparam("lequel")
    kept = Panier.a_donner.is_(False) if par_scan else true()
    here = true() if partout else Panier.maison_id == any_(bindparam("maisons", type_=ARRAY(BigInteger)))
    handed = (
        update(Panier)
        .where(lequel, Panier.etat.in_((EtatPanier.A_REMETTRE, EtatPanier.NON_RETIRE)), here, kept)
        .values(etat=EtatPanier.REMIS)
        .returning(Panier.id, Panier.foyer_id, Panier.semaine_id)
        .cte("remise")
    )
    proxy = null() if en_personne else pour_le_panier(handed.c.foyer_id, handed.c.semaine_id)
    gesture = select(
        handed.c.id,
        bindparam("moyen", type_=String),
        bindparam("par", type_=BigInteger),
        bindparam("le", type_=DateTime(timezone=True)),
        proxy,
    )
    noted = (
        insert(Retrait)
        .from_select(["panier_id", "moyen", "par", "le", "procuration_id"], gesture)
        .returning(Retrait.panier_id)
        .cte("geste")
    )
    done = noted.c.panier_id.is_not(None).label("remis")
    return (
        select(Panier.id, Panier.maison_id, Panier.etat, Panier.a_donner, done)
        .outerjoin(noted, noted.c.panier_id == Panier.id)
        .where(lequel)
        .add_cte(handed)
    )


_SANS_REMISE = {EtatPanier.ANNULE: Verdict.ANNULE, EtatPanier.DONNE: Verdict.DONNE}


def _pas_remis(session: Session, seen: Row[Any], remise: _Remise) -> Reponse:
    """Why nothing was handed out just now."""
    if remise.maisons is not None and seen.maison_id not in remise.maisons:
        return Reponse(Verdict.AUTRE_MAISON, seen.id)
    if seen.etat in _SANS_REMISE:
        return Reponse(_SANS_REMISE[seen.etat], seen.id)
    if seen.a_donner and seen.etat != EtatPanier.REMIS and remise.moyen is Moyen.SCAN:
        return Reponse(Verdict.A_DONNER, seen.id)
    last = dernier(session, seen.id)
    if last is not None and last.par == remise.par and abs(remise.instant - last.le) < MEME_GESTE:
        return Reponse(Verdict.REMIS, seen.id, last.le)
    return Reponse(Verdict.DEJA_REMIS, seen.id, last.le if last else None)


def _par_carte(session: Session, texte: str, remise: _Remise, jour: date) -> Reponse:
    """The basket of the card's household that waits here today; else which one it is, and where."""
    try:
        code = qr.verify_card(texte)
    except qr.BadVoucher:
        return Reponse(Verdict.ILLISIBLE)
    card = cartes.lue(session, code, jour)
    if card is None:
        return Reponse(Verdict.ILLISIBLE)
    if card.perdue:
        return Reponse(Verdict.CARTE_REMPLACEE)
    today = [basket for basket in card.paniers if basket.le <= jour]
    here = [basket for basket in today if remise.maisons is None or basket.maison_id in remise.maisons]
    waiting = [basket for basket in here if basket.etat not in (EtatPanier.REMIS, EtatPanier.DONNE)]
    for basket in (*waiting, *here, *today):
        return _remettre(session, remise, panier=basket.id) or Reponse(Verdict.ILLISIBLE)
    return Reponse(Verdict.PAS_AUJOURD_HUI, card.paniers[0].id) if card.paniers else Reponse(Verdict.SANS_PANIER)


def _attendu_le(session: Session, bon: uuid.UUID, jour: date) -> bool:
    """Whether a voucher made before its hand-out was moved is shown on the new day."""
    panier = session.scalars(select(Panier).where(Panier.bon == bon)).one_or_none()
    if panier is None:
        return False
    rdv = rendez_vous(session, session.get_one(Semaine, panier.semaine_id), panier.maison_id)
    return rdv.deplacee and rdv.jour <= jour <= rdv.garde_jusqu_au


def annuler_remise(session: Session, panier_id: int, *, par: int, instant: datetime) -> None:
    """Undo a hand-out made by mistake: both gestures stay on record. Raises Refus when there is none to undo.

    In a week that is over the basket is one that nobody fetched.
    """
    over = select(Semaine.id).where(Semaine.id == Panier.semaine_id, Semaine.etat == EtatSemaine.TERMINEE).exists()
    undone = session.execute(
        update(Panier)
        .where(Panier.id == panier_id, Panier.etat == EtatPanier.REMIS)
        .values(etat=case((over, EtatPanier.NON_RETIRE), else_=EtatPanier.A_REMETTRE))
        .returning(Panier.id)
    ).one_or_none()
    last = dernier(session, panier_id)
    if undone is None or last is None:
        raise Refus("Ce panier n’est pas noté comme remis : il n’y a rien à annuler.")
    session.add(Retrait(panier_id=panier_id, moyen=Moyen.ANNULATION, par=par, le=instant, annule_id=last.id))


def venu_en_personne(session: Session, panier_id: int, *, par: int, instant: datetime) -> None:
    """The household came itself, not who was expected in its place: undone and noted again. Harmless twice.

    Raises Refus when the basket is not noted as handed out.
    """
    last = dernier(session, panier_id)
    if last is not None and last.procuration_id is None:
        return
    annuler_remise(session, panier_id, par=par, instant=instant)
    remettre(session, panier_id, par=par, moyen=Moyen.LISTE, maisons=None, instant=instant, en_personne=True)


def livrer(session: Session, semaine_id: int, *, par: int | None, instant: datetime) -> None:
    """The goods have arrived. Raises Refus before the orders."""
    semaine = verrouiller(session, semaine_id)
    if semaine.etat != EtatSemaine.LIVREE:
        avancer(session, semaine, EtatSemaine.LIVREE, instant, par)


def clore_journee(session: Session, semaine_id: int, maison_id: int) -> int:
    """Note what was not fetched at a maison (still due); returns how many baskets. A late-comer can still be served."""
    left = session.execute(
        update(Panier)
        .where(Panier.semaine_id == semaine_id, Panier.maison_id == maison_id, Panier.etat == EtatPanier.A_REMETTRE)
        .values(etat=EtatPanier.NON_RETIRE)
        .returning(Panier.nombre)
    ).scalars()
    return sum(left)


def terminer(session: Session, semaine_id: int, *, instant: datetime, par: int | None = None) -> None:
    """The week is over: what nobody fetched is noted. Harmless when it is over already.

    Raises Refus before the orders, and until the last maison's pick-up day is over.
    """
    semaine = verrouiller(session, semaine_id)
    if semaine.etat == EtatSemaine.TERMINEE:
        return
    last = session.execute(select(dernier_jour()).where(Semaine.id == semaine_id)).scalar_one()
    if instant.astimezone(PARIS).date() <= last:
        raise Refus(f"Le retrait est {le_jour(last)} : la semaine se termine le lendemain.")
    session.execute(
        update(Panier)
        .where(Panier.semaine_id == semaine_id, Panier.etat == EtatPanier.A_REMETTRE)
        .values(etat=EtatPanier.NON_RETIRE)
    )
    avancer(session, semaine, EtatSemaine.TERMINEE, instant, par)
    publish(session, SemaineTerminee(semaine.id))


def semaine_du_jour(session: Session, jour: date) -> Semaine | None:
    """The week whose baskets are handed out on `jour` (at some maison), else the next one ordered or closed."""
    handed = (EtatSemaine.CLOTUREE, EtatSemaine.COMMANDEE, EtatSemaine.LIVREE)
    return session.scalars(
        select(Semaine)
        .where(un_jour_de(jour) | Semaine.etat.in_(handed))
        .order_by(~un_jour_de(jour), Semaine.retrait_le)
        .limit(1)
    ).one_or_none()


def dernier(session: Session, panier_id: int) -> Retrait | None:
    """The last hand-out of a basket, undone or not."""
    return session.scalars(
        select(Retrait)
        .where(Retrait.panier_id == panier_id, Retrait.moyen != Moyen.ANNULATION)
        .order_by(Retrait.id.desc())
        .limit(1)
    ).one_or_none()
