"""Two questions after an outing: did you like it, and a word. One answer for a household and an outing.

It is changed until its date. The coordination reads the answers without a name; the venue reads them only from five
on, and a family's words only if the family says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.soiree import AvisSortie
from culture.models.sorties import Sortie
from culture.regles.etats import EtatInscription, EtatSortie
from culture.regles.jalons import avis_jusqu_a
from culture.verrous import verrouiller_foyers
from kernel.errors import Introuvable, Refus
from kernel.web.words import _

POUR_LE_LIEU = 5
NOTES = (4, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Avis:
    """What is said of an outing: how many gave each note (4: much, 1: not at all), and words, without a name."""

    par_note: dict[int, int]
    mots: tuple[str, ...]

    @property
    def nombre(self) -> int:
        return sum(self.par_note.values())

    @property
    def contents(self) -> int:
        """How many liked it, much or well."""
        return self.par_note.get(4, 0) + self.par_note.get(3, 0)


def donner(
    session: Session, *, sortie_id: int, foyer_id: int, note: int, mot: str, partage: bool, instant: datetime
) -> AvisSortie:
    """Write the household's answer, or write it anew; `partage`: the venue may read its words. Raises Refus."""
    verrouiller_foyers(session, [foyer_id])
    sortie = session.get(Sortie, sortie_id)
    key = _porteuse(session, sortie_id, foyer_id)
    if sortie is None or sortie.etat != EtatSortie.TENUE or key is None:
        raise Introuvable
    if instant >= avis_jusqu_a(sortie.debut_le):
        raise Refus(_("Les réponses à cette sortie sont closes. Merci : la prochaine fois, nous lirons la vôtre."))
    if note not in NOTES:
        raise Refus(_("Choisissez une des quatre réponses."), status=422)
    found = session.get(AvisSortie, key)
    if found is None:
        found = AvisSortie(inscription_id=key, note=note, mot=mot, partage=partage, le=instant)
        session.add(found)
    else:
        found.note, found.mot, found.partage, found.le = note, mot, partage, instant
    return found


def reponse_de(session: Session, sortie_id: int, foyer_id: int) -> AvisSortie | None:
    """What the household has answered."""
    key = _porteuse(session, sortie_id, foyer_id)
    return session.get(AvisSortie, key) if key is not None else None


def lus_par_la_coordination(session: Session, sortie_id: int) -> Avis:
    """All answers. One query."""
    return _lire(_reponses(session, sortie_id), tous=True)


def lus_par_le_lieu(session: Session, sortie_id: int) -> Avis | None:
    """What the venue may read; nothing while fewer than five have answered, for it could tell who. One query."""
    answers = _reponses(session, sortie_id)
    return _lire(answers, tous=False) if len(answers) >= POUR_LE_LIEU else None


def _porteuse(session: Session, sortie_id: int, foyer_id: int) -> int | None:
    """The inscription that bears the household's one answer: its first that kept seats."""
    return session.scalar(
        select(func.min(Inscription.id))
        .join(PlaceSortie, PlaceSortie.inscription_id == Inscription.id)
        .where(Inscription.sortie_id == sortie_id, Inscription.foyer_id == foyer_id)
        .where(Inscription.etat == EtatInscription.CONFIRMEE, PlaceSortie.annulee_le.is_(None))
    )


def _reponses(session: Session, sortie_id: int) -> Sequence[AvisSortie]:
    # By what is written, never by who wrote first: the order tells nobody.
    return session.scalars(
        select(AvisSortie)
        .join(Inscription, Inscription.id == AvisSortie.inscription_id)
        .where(Inscription.sortie_id == sortie_id)
        .order_by(AvisSortie.note.desc(), AvisSortie.mot)
    ).all()


def _lire(answers: Sequence[AvisSortie], *, tous: bool) -> Avis:
    counts = {note: sum(one.note == note for one in answers) for note in NOTES}
    return Avis(counts, tuple(one.mot for one in answers if one.mot and (tous or one.partage)))
