"""Who may fetch a household's baskets, as its page and the counter show it: its card, its proxies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from kernel.documents import existing
from paniers import cartes, procurations
from paniers.models.retrait import Procuration
from paniers.models.semaines import Semaine
from paniers.regles.etats import EtatSemaine

SEMAINES_A_CHOISIR = 4


@dataclass(frozen=True, slots=True)
class CarteVue:
    """The good card; `texte` is what its QR holds, `pdf` whether the printed one is made."""

    id: int
    texte: str
    faite_le: datetime
    pdf: bool


@dataclass(frozen=True, slots=True)
class ProcheVu:
    """Somebody who comes in the household's place; `au` is None until further notice."""

    id: int
    prenom: str
    nom: str
    du: date
    au: date | None

    @property
    def une_fois(self) -> bool:
        return self.du == self.au


@dataclass(frozen=True, slots=True)
class RetraitVu:
    code: str
    retrait_le: date


def ma_carte(session: Session, foyer_id: int) -> CarteVue | None:
    """The household's card; None while it has none."""
    card = cartes.la_bonne(session, foyer_id)
    if card is None:
        return None
    printed = bool(existing(session, [cartes.cle(card.id)]))
    return CarteVue(card.id, cartes.texte(card.code), card.faite_le, printed)


def proches(session: Session, foyer_id: int, jour: date) -> list[ProcheVu]:
    """Those who may come on `jour` or later."""
    given: Sequence[Procuration] = procurations.en_cours(session, foyer_id, jour)
    return [ProcheVu(p.id, p.prenom, p.nom, p.du, p.au) for p in given]


def proche_attendu(session: Session, foyer_id: int, semaine_id: int) -> str | None:
    """The first name of who is expected in the household's place that week."""
    expected = procurations.pour_le_panier(literal(foyer_id), literal(semaine_id))
    return session.scalar(select(Procuration.prenom).where(Procuration.id == expected))


def retraits_a_venir(session: Session, jour: date) -> list[RetraitVu]:
    """The next pick-ups for which somebody may be named."""
    rows = session.execute(
        select(Semaine.code, Semaine.retrait_le)
        .where(Semaine.retrait_le >= jour, Semaine.etat != EtatSemaine.ANNULEE)
        .order_by(Semaine.retrait_le)
        .limit(SEMAINES_A_CHOISIR)
    )
    return [RetraitVu(*row) for row in rows]
