"""What time alone brings to outings, found by "due and not done": for the timetable, as often as it likes."""

from datetime import datetime

from sqlalchemy import func, select

from culture.attente import servir_ce_qui_est_libre
from culture.models.sorties import Sortie
from culture.regles.etats import VIVANTES, EtatSortie
from culture.sorties import clore, tenir
from kernel.db import reading, transaction


def suivre_les_sorties(instant: datetime) -> None:
    """1. close inscriptions that have ended; 2. offer seats that came free; 3. note outings that have taken place."""
    for sortie_id in _dues(Sortie.etat == EtatSortie.PUBLIEE, Sortie.cloture_le <= instant):
        with transaction() as session:
            clore(session, sortie_id, instant=instant, par=None)
    servir_ce_qui_est_libre(instant)
    ends = Sortie.debut_le + func.make_interval(0, 0, 0, 0, 0, Sortie.duree_minutes)
    for sortie_id in _dues(Sortie.etat.in_(VIVANTES), ends <= instant):
        with transaction() as session:
            tenir(session, sortie_id, instant=instant, par=None)


def _dues(*conditions: object) -> list[int]:
    with reading() as session:
        return list(session.scalars(select(Sortie.id).where(*conditions).order_by(Sortie.id)))  # type: ignore[arg-type]
