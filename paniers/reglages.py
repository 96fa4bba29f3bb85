"""Grids and rhythms take effect on a day: what is closed, or can no longer be changed, stays as it was.

They are entered ahead of time, read by whoever prices or dates a week of that day or later, and withdrawn for as long
as no week depends on them. Each of these leaves a trace (`ReglageEcrit`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session, aliased

from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.formats import jour_annee
from paniers.models.reglages import GesteReglage, ReglageEcrit
from paniers.models.semaines import Calendrier, Grille, Semaine
from paniers.regles import calendrier
from paniers.regles.etats import EtatSemaine
from paniers.regles.tarifs import GrilleIncoherente, bareme

UN_AN = 52
COUT_LE_PLUS_HAUT = 10_000


@dataclass(frozen=True, slots=True)
class GrilleSaisie:
    """A grid to be; the reference cost in centimes."""

    nom: str
    effet_le: date
    regle: Mapping[str, Any]
    cout_reference: int


@dataclass(slots=True)
class RythmeSaisi:
    """A rhythm to be, from the Monday `effet_le` on; weekdays are ISO, Monday 1. Read by `calendrier.py` like a row."""

    effet_le: date
    retrait_jour: int
    offres_jour: int
    offres_heure: time
    publication_jour: int
    publication_heure: time
    cloture_jour: int
    cloture_heure: time
    commande_jour: int
    commande_heure: time


def saisir_grille(session: Session, saisie: GrilleSaisie, *, instant: datetime, par: int | None) -> Grille:
    """Write a grid that prices the weeks from its pick-up day on. Raises Refus.

    1. lock out whoever enters another; 2. check the day, then the prices; 3. write it, with its trace.
    """
    session.execute(text("LOCK TABLE grille IN SHARE ROW EXCLUSIVE MODE"))
    exiger_grille_a_venir(session, saisie.effet_le, instant)
    if saisie.effet_le not in jours_d_effet(session, instant):
        raise Refus("Une grille commence un jour de retrait à venir : choisissez-en un dans la liste.")
    _exiger_libre(session, Grille, saisie.effet_le, "Une grille commence déjà")
    _exiger_coherente(saisie)
    made = Grille(
        nom=saisie.nom, effet_le=saisie.effet_le, regle=dict(saisie.regle), cout_reference=saisie.cout_reference
    )
    session.add(made)
    tracer(session, made, GesteReglage.SAISI, instant=instant, par=par)
    return made


def retirer_grille(session: Session, grille_id: int, *, instant: datetime, par: int | None) -> None:
    """Take back a grid that has priced nothing yet. Raises Introuvable, and Refus from its first cut-off on."""
    session.execute(text("LOCK TABLE grille IN SHARE ROW EXCLUSIVE MODE"))
    grille = session.get(Grille, grille_id, populate_existing=True)
    if grille is None:
        raise Introuvable("Cette grille n’existe plus : elle a déjà été retirée.")
    if not grille_retirable(session, grille.effet_le, instant):
        raise Refus("Cette grille fixe déjà des prix : elle ne se retire plus. Saisissez-en une autre pour la suite.")
    tracer(session, grille, GesteReglage.RETIRE, instant=instant, par=par)
    session.delete(grille)


def saisir_rythme(session: Session, saisi: RythmeSaisi, *, instant: datetime, par: int | None) -> Calendrier:
    """Write a rhythm that dates the weeks from that Monday on. Raises Refus.

    1. wait for whoever opens weeks by the present rhythm, so that none is missed; 2. check; 3. write, with the trace.
    """
    session.execute(text("LOCK TABLE calendrier IN ACCESS EXCLUSIVE MODE"))
    exiger_rythme_a_venir(session, saisi.effet_le)
    if saisi.effet_le not in lundis_d_effet(session, instant):
        raise Refus("Un rythme commence un lundi à venir : choisissez-le dans la liste.")
    _exiger_libre(session, Calendrier, saisi.effet_le, "Un rythme commence déjà")
    calendrier.exiger_dans_l_ordre(saisi)
    made = Calendrier(**asdict(saisi))
    session.add(made)
    tracer(session, made, GesteReglage.SAISI, instant=instant, par=par)
    return made


def retirer_rythme(session: Session, calendrier_id: int, *, instant: datetime, par: int | None) -> None:
    """Take back a rhythm by which no week was opened yet. Raises Introuvable, Refus."""
    session.execute(text("LOCK TABLE calendrier IN ACCESS EXCLUSIVE MODE"))
    rythme = session.get(Calendrier, calendrier_id, populate_existing=True)
    if rythme is None:
        raise Introuvable("Ce rythme n’existe plus : il a déjà été retiré.")
    if rythme.effet_le <= instant.astimezone(PARIS).date() or _derniere_ouverte(session, rythme.effet_le):
        raise Refus("Des semaines suivent déjà ce rythme : il ne se retire plus. Saisissez-en un autre pour la suite.")
    tracer(session, rythme, GesteReglage.RETIRE, instant=instant, par=par)
    session.delete(rythme)


def tracer(
    session: Session, row: Grille | Calendrier, geste: GesteReglage, *, instant: datetime, par: int | None
) -> None:
    """Keep who did it, and all that the grid or rhythm says."""
    kept = {
        column.key: value if isinstance(value := getattr(row, column.key), (int, dict)) else str(value)
        for column in row.__table__.columns
        if column.key != "id"
    }
    session.add(
        ReglageEcrit(quoi=row.__tablename__, geste=geste, effet_le=row.effet_le, contenu=kept, le=instant, par=par)
    )


def jours_d_effet(session: Session, instant: datetime) -> list[date]:
    """The pick-up days of the coming year from which a grid may count: their cut-off has not passed. Two queries."""
    today = instant.astimezone(PARIS).date()
    opened = session.execute(
        select(Semaine.retrait_le, Semaine.etat, Semaine.cloture_le).where(
            Semaine.retrait_le >= calendrier.lundi(today)
        )
    ).all()
    rhythms = session.scalars(select(Calendrier)).all()
    foreseen = [day for day, _ in calendrier.retraits_a_venir(today, rhythms, UN_AN)]
    dated = {calendrier.lundi(week.retrait_le) for week in opened}
    own = [week.retrait_le for week in opened if week.etat == EtatSemaine.OUVERTE and week.cloture_le > instant]
    first = max((week.retrait_le for week in opened if week.cloture_le <= instant), default=today)
    return sorted(day for day in {*own, *(d for d in foreseen if calendrier.lundi(d) not in dated)} if day > first)


def lundis_d_effet(session: Session, instant: datetime) -> list[date]:
    """The Mondays of the coming year from which a rhythm may count: no week is open from there on. One query."""
    first = calendrier.lundi(instant.astimezone(PARIS).date())
    last = _derniere_ouverte(session, first)
    if last is not None:
        first = calendrier.lundi(last) + timedelta(weeks=1)
    return [first + timedelta(weeks=n) for n in range(UN_AN)]


def grille_retirable(session: Session, effet_le: date, instant: datetime) -> bool:
    """Whether a grid of that day is still to come and has priced nothing."""
    to_come = effet_le > instant.astimezone(PARIS).date()
    return to_come and _deja_decidee(session, effet_le, instant) is None


def exiger_grille_a_venir(session: Session, effet_le: date, instant: datetime) -> None:
    """A new grid prices no week that is closed, nor one whose cut-off has passed: a late closing gives what a punctual
    one gave. Raises Refus."""
    touched = _deja_decidee(session, effet_le, instant)
    if touched is not None:
        raise Refus(
            f"Cette grille changerait les prix du {jour_annee(touched)}, dont la clôture est passée : "
            "donnez-lui une date d’effet plus tardive."
        )


def exiger_rythme_a_venir(session: Session, effet_le: date) -> None:
    """A new rhythm dates no week that is open already: families and producers have read its dates. Raises Refus."""
    last = _derniere_ouverte(session, effet_le)
    if last is not None:
        raise Refus(
            f"Les semaines sont ouvertes jusqu’au {jour_annee(last)} : le nouveau rythme commence après ce jour. "
            "Pour changer une seule semaine, déplacez sa distribution."
        )


def _deja_decidee(session: Session, effet_le: date, instant: datetime) -> date | None:
    """The last pick-up day that a grid of that day would price and whose prices are settled; None when there is none.

    A week that was skipped before its cut-off may still come back: it is settled by its cut-off, like the others.
    """
    later = aliased(Grille)
    taken_over = exists().where(later.effet_le > effet_le, later.effet_le <= Semaine.retrait_le)
    settled = Semaine.etat.not_in((EtatSemaine.OUVERTE, EtatSemaine.ANNULEE)) | (Semaine.cloture_le <= instant)
    return session.scalars(
        select(Semaine.retrait_le)
        .where(Semaine.retrait_le >= effet_le, settled, ~taken_over)
        .order_by(Semaine.retrait_le.desc())
        .limit(1)
    ).first()


def _derniere_ouverte(session: Session, du: date) -> date | None:
    """The last pick-up day, from `du` on, of which there is a week."""
    return session.scalars(
        select(Semaine.retrait_le).where(Semaine.retrait_le >= du).order_by(Semaine.retrait_le.desc()).limit(1)
    ).first()


def _exiger_libre(session: Session, table: type[Grille] | type[Calendrier], effet_le: date, quoi: str) -> None:
    if session.scalars(select(table.id).where(table.effet_le == effet_le)).first() is not None:
        raise Refus(
            f"{quoi} le {jour_annee(effet_le)} : choisissez un autre jour, ou retirez d’abord ce qui y commence."
        )


def _exiger_coherente(saisie: GrilleSaisie) -> None:
    """The last gate: the tariff itself reads what it will have to price with."""
    try:
        bareme(saisie.regle)
    except GrilleIncoherente:
        raise Refus(
            "Ces prix ne font pas une grille : ils vont de 4,00 à 9,00\N{NO-BREAK SPACE}€, "
            "sans jamais baisser quand le quotient monte."
        ) from None
    if not 0 < saisie.cout_reference <= COUT_LE_PLUS_HAUT:
        raise Refus("Le coût de référence va de 0,01 à 100,00\N{NO-BREAK SPACE}€.")
