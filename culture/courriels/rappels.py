"""What is told as an outing comes near, and once it is over: three days before, that morning, and a word of thanks.

Entry points of the timetable. Each finds households that are due a message and have none: twice, late, or two
timetables at once, says nothing twice. Who left, or whose outing is cancelled, is not among them.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, String, cast, func, or_, select
from sqlalchemy.orm import Session

from culture.courriels.familles import contexte_de
from culture.liens import lien_d_avis
from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.sorties import Sortie
from culture.queries.sorties import SortieVue, sorties_par_cle
from culture.regles.etats import MANQUANTES, VIVANTES, EtatInscription, EtatSortie
from culture.regles.jalons import AVANT, JOURS_POUR_REPONDRE, Jalon, avis_jusqu_a, merci_des, rappel_du
from foyers.messages import Annonce, dire_a_plusieurs
from foyers.models_messages import Message
from kernel.clock import PARIS
from kernel.db import reading, transaction

Presents = dict[int, list[str]]
"""Household → the names of who has a seat."""


def rappeler(instant: datetime) -> None:
    """Remind who goes, three days before and that very morning. Who booked since then has just read it all."""
    near = Sortie.rendez_vous_le.between(instant, instant + AVANT + timedelta(days=1))
    with reading() as session:
        coming = session.execute(select(Sortie.id, Sortie.rendez_vous_le).where(Sortie.etat.in_(VIVANTES), near)).all()
    for sortie_id, meeting in coming:
        due = rappel_du(meeting, instant)
        if due is not None:
            with transaction() as session:
                _rappeler(session, sortie_id, *due)


def remercier(instant: datetime) -> None:
    """The morning after, thank who came and ask the two questions; nobody is asked once the answers are closed."""
    recent = Sortie.debut_le.between(instant - timedelta(days=JOURS_POUR_REPONDRE + 2), instant)
    with reading() as session:
        over = session.execute(select(Sortie.id, Sortie.debut_le).where(Sortie.etat == EtatSortie.TENUE, recent)).all()
    for sortie_id, begins in over:
        if merci_des(begins) <= instant < avis_jusqu_a(begins):
            with transaction() as session:
                _remercier(session, sortie_id)


def _rappeler(session: Session, sortie_id: int, jalon: Jalon, depuis: datetime) -> None:
    prefix = f"sortie:{sortie_id}:{jalon}:"
    going = _a_prevenir(session, sortie_id, prefix, Inscription.confirmee_le < depuis)
    if not going:
        return
    seen = sorties_par_cle(session, [sortie_id])[sortie_id]
    today = jalon is Jalon.LE_JOUR
    # On the day itself a letter would come too late: the page and the maison tell it.
    _dire(session, seen, prefix, going, modele="culture/jour_meme" if today else "culture/rappel", lettre=not today)


def _remercier(session: Session, sortie_id: int) -> None:
    prefix = f"sortie:{sortie_id}:merci:"
    came = or_(PlaceSortie.presence.is_(None), PlaceSortie.presence.not_in(MANQUANTES))
    there = _a_prevenir(session, sortie_id, prefix, came)
    if not there:
        return
    seen = sorties_par_cle(session, [sortie_id])[sortie_id]
    until = avis_jusqu_a(seen.debut_le) - timedelta(days=1)
    links = {foyer_id: {"lien": lien_d_avis(sortie_id, foyer_id)} for foyer_id in there}
    _dire(session, seen, prefix, there, modele="culture/merci", lettre=False, utile=until, propres=links)


def _a_prevenir(session: Session, sortie_id: int, prefix: str, *conditions: object) -> Presents:
    """Households with a seat that have not been told yet."""
    key = func.concat(prefix, cast(Inscription.foyer_id, String))
    told = select(Message.id).where(Message.cle == key).exists()
    rows = session.execute(
        select(cast(Inscription.foyer_id, BigInteger), PlaceSortie.prenom, PlaceSortie.nom)
        .join(PlaceSortie, PlaceSortie.inscription_id == Inscription.id)
        .where(Inscription.sortie_id == sortie_id, Inscription.foyer_id.is_not(None), ~told)
        .where(Inscription.etat == EtatInscription.CONFIRMEE, PlaceSortie.annulee_le.is_(None), *conditions)  # type: ignore[arg-type]
        .where(PlaceSortie.remplace_id.is_(None))
        .order_by(PlaceSortie.id)
    )
    found: Presents = defaultdict(list)
    for foyer_id, prenom, nom in rows:
        found[foyer_id].append(f"{prenom} {nom}")
    return found


def _dire(
    session: Session,
    seen: SortieVue,
    prefix: str,
    presents: Presents,
    *,
    modele: str,
    lettre: bool,
    utile: datetime | None = None,
    propres: dict[int, dict[str, str]] | None = None,
) -> None:
    day = (utile or seen.debut_le).astimezone(PARIS).date()
    of_outing = contexte_de(seen) | {"jusqu_au": day}
    dire_a_plusieurs(
        session,
        [
            Annonce(
                foyer_id=foyer_id,
                cle=f"{prefix}{foyer_id}",
                modele=modele,
                contexte=of_outing | {"noms": names, "nombre": len(names)} | (propres or {}).get(foyer_id, {}),
                lettre=lettre,
                utile_jusqu_au=day,
            )
            for foyer_id, names in sorted(presents.items())
        ],
    )
