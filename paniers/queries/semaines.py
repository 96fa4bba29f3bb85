"""A household's next weeks, each as it stands: expected, not coming, paused, waiting with its voucher, fetched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.queries import MaisonVue, maisons
from kernel.clock import PARIS
from kernel.documents import existing
from paniers.agenda import Agenda, RendezVous, agenda, dernier_jour
from paniers.documents.bons_retrait import texte_du_bon
from paniers.models.semaines import (
    Abonnement,
    AbonnementVersion,
    Choix,
    EtatPanier,
    NatureChoix,
    Panier,
    Pause,
    Semaine,
)
from paniers.regles.etats import EtatSemaine

SEMAINES_A_VENIR = 6


class EtatVu(StrEnum):
    """How a week stands for a household. SOLIDARITE: it gives its basket; DONNE: not fetched, the basket was given."""

    PREVU = "prevu"
    ABSENT = "absent"
    EN_PAUSE = "en_pause"
    EN_PREPARATION = "en_preparation"
    A_RETIRER = "a_retirer"
    REMIS = "remis"
    NON_RETIRE = "non_retire"
    ANNULE = "annule"
    SOLIDARITE = "solidarite"
    DONNE = "donne"


@dataclass(frozen=True, slots=True)
class BonVu:
    """A basket's voucher: `texte` is what its QR holds, `pdf` whether the document is made."""

    panier_id: int
    numero: int
    texte: str
    pdf: bool


@dataclass(frozen=True, slots=True)
class SemaineVue:
    """One week of a household: `rdv` says when, `maison` where.

    `modifiable` until the cut-off; `ailleurs`: not at its usual maison. `retrait_le` only names the week.
    """

    id: int
    code: str
    retrait_le: date
    cloture_le: datetime
    etat: EtatVu
    modifiable: bool
    maison: MaisonVue
    ailleurs: bool
    nombre: int
    bon: BonVu | None
    rdv: RendezVous


def mes_semaines(session: Session, foyer_id: int, instant: datetime) -> list[SemaineVue]:
    """The household's next weeks, today's included, as they stand now: eight queries, whatever their number."""
    weeks = session.scalars(
        select(Semaine)
        .where(dernier_jour() >= instant.astimezone(PARIS).date())
        .order_by(Semaine.retrait_le)
        .limit(SEMAINES_A_VENIR)
    ).all()
    if not weeks:
        return []
    known = _lire_foyer(session, foyer_id, weeks)
    seen = [_semaine_vue(week, known, instant) for week in weeks]
    return [week for week in seen if week is not None]


@dataclass(frozen=True, slots=True)
class _Connu:
    """All that is known of a household for some weeks."""

    versions: Sequence[AbonnementVersion]
    choix: Mapping[tuple[int, int], Choix]
    pauses: Sequence[Pause]
    paniers: Mapping[int, Panier]
    pdf: set[str]
    maisons: Mapping[int, MaisonVue]
    agenda: Agenda

    def version(self, day: date) -> AbonnementVersion | None:
        return next((v for v in self.versions if v.debut <= day <= v.fin), None)

    def en_pause(self, abonnement_id: int, day: date) -> bool:
        return any(p.abonnement_id == abonnement_id and p.du <= day <= p.au for p in self.pauses)


def _lire_foyer(session: Session, foyer_id: int, weeks: Sequence[Semaine]) -> _Connu:
    week_ids = [week.id for week in weeks]
    versions = session.scalars(
        select(AbonnementVersion)
        .join(Abonnement, Abonnement.id == AbonnementVersion.abonnement_id)
        .where(Abonnement.foyer_id == foyer_id, AbonnementVersion.jusqu_a.is_(None))
        .where(AbonnementVersion.fin >= weeks[0].retrait_le)
        .order_by(AbonnementVersion.debut)
    ).all()
    own = [v.abonnement_id for v in versions]
    choices = session.scalars(select(Choix).where(Choix.abonnement_id.in_(own), Choix.semaine_id.in_(week_ids)))
    pauses = session.scalars(select(Pause).where(Pause.abonnement_id.in_(own), Pause.levee_le.is_(None))).all()
    baskets = session.scalars(select(Panier).where(Panier.foyer_id == foyer_id, Panier.semaine_id.in_(week_ids))).all()
    return _Connu(
        versions,
        {(choice.abonnement_id, choice.semaine_id): choice for choice in choices},
        pauses,
        {basket.semaine_id: basket for basket in baskets},
        existing(session, [f"bon:{basket.id}" for basket in baskets]),
        {m.id: m for m in maisons(session, toutes=True)},
        agenda(session, week_ids),
    )


def _semaine_vue(week: Semaine, known: _Connu, instant: datetime) -> SemaineVue | None:
    """The week for this household; None when it has nothing to do with it."""
    basket, version = known.paniers.get(week.id), known.version(week.retrait_le)
    if basket is not None:
        return _avec_panier(week, basket, known)
    if version is None:
        return None
    choice = known.choix.get((version.abonnement_id, week.id))
    paused = known.en_pause(version.abonnement_id, week.retrait_le)
    wished = (choice.maison_id if choice is not None else None) or version.maison_id
    rdv = known.agenda.rendez_vous(week, wished)
    state = _sans_panier(week, choice, rdv, paused=paused, instant=instant)
    if state is None:
        return None
    return SemaineVue(
        id=week.id,
        code=week.code,
        retrait_le=week.retrait_le,
        cloture_le=week.cloture_le,
        etat=state,
        modifiable=week.etat == EtatSemaine.OUVERTE and instant < week.cloture_le,
        maison=known.maisons[rdv.maison_id],
        ailleurs=rdv.maison_id != version.maison_id,
        nombre=version.nombre,
        bon=None,
        rdv=rdv,
    )


def _sans_panier(
    week: Semaine, choice: Choix | None, rdv: RendezVous, *, paused: bool, instant: datetime
) -> EtatVu | None:
    if week.etat == EtatSemaine.ANNULEE:
        return EtatVu.ANNULE
    if paused:
        return EtatVu.EN_PAUSE
    if choice is not None and choice.nature == NatureChoix.PAS_CETTE_SEMAINE:
        return EtatVu.ABSENT
    if rdv.annulee:
        return EtatVu.ANNULE
    return _prevu(week, choice, instant)


def _prevu(week: Semaine, choice: Choix | None, instant: datetime) -> EtatVu | None:
    """A basket that is to be made, for the family or for somebody else."""
    if choice is not None and choice.nature == NatureChoix.SOLIDARITE:
        return EtatVu.SOLIDARITE
    if week.etat != EtatSemaine.OUVERTE:
        return None
    return EtatVu.PREVU if instant < week.cloture_le else EtatVu.EN_PREPARATION


_ETATS_DU_PANIER = {
    EtatPanier.A_REMETTRE: EtatVu.A_RETIRER,
    EtatPanier.REMIS: EtatVu.REMIS,
    EtatPanier.NON_RETIRE: EtatVu.NON_RETIRE,
    EtatPanier.ANNULE: EtatVu.ANNULE,
    EtatPanier.DONNE: EtatVu.DONNE,
}
_ENCORE_SIEN = (EtatPanier.REMIS, EtatPanier.ANNULE)
"""States that count for a household that gives its basket: it came after all, or there was no hand-out."""


def _avec_panier(week: Semaine, basket: Panier, known: _Connu) -> SemaineVue:
    rdv = known.agenda.rendez_vous(week, basket.maison_id)
    gives = basket.a_donner and basket.etat not in _ENCORE_SIEN
    usual = next((v.maison_id for v in known.versions if v.abonnement_id == basket.abonnement_id), basket.maison_id)
    return SemaineVue(
        id=week.id,
        code=week.code,
        retrait_le=week.retrait_le,
        cloture_le=week.cloture_le,
        etat=EtatVu.SOLIDARITE if gives else _ETATS_DU_PANIER[EtatPanier(basket.etat)],
        modifiable=False,
        maison=known.maisons[basket.maison_id],
        ailleurs=basket.maison_id != usual,
        nombre=basket.nombre,
        bon=BonVu(basket.id, basket.numero, texte_du_bon(week, basket.bon, rdv.jour), f"bon:{basket.id}" in known.pdf),
        rdv=rdv,
    )
