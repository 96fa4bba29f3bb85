"""A counter under test: a régie with its act, a till with its float, an agent who may take money, a household."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import clock
from kernel.web.access import Role
from paiements import grand_livre
from paiements.grand_livre import Ligne
from paiements.models.grand_livre import CompteGL
from paiements.models.regie import ActeRegie, Regie
from paiements.models.restes import Reste
from paiements.regie import restes
from paiements.regie.acte import confier, nommer_mandataire
from paiements.regie.caisse import AEncaisser
from paiements.regles.monnaie import MoyenPaiement
from tests import fabriques

FONDS = 5_000
PLAFOND = 50_000


@dataclass(frozen=True)
class Comptoir:
    """Keys only."""

    regie: int
    maison: int
    agent: int
    foyer: int


def regie(session: Session, **given: Any) -> int:
    """A régie whose act allows all means since the start of 2026."""
    made = Regie(code="PAN", nom="Régie de recettes des paniers")
    session.add(made)
    session.flush()
    values: dict[str, Any] = {
        "effet_le": date(2026, 1, 1),
        "reference": "Arrêté d’essai",
        "regisseur": "Régine Faure",
        "suppleant": "Selim Aydin",
        "moyens": ["especes", "cheque", "carte", "cap", "en_ligne"],
        "rendu_monnaie": True,
        "especes_max": 30_000,
        "versement_jours": 31,
    }
    session.add(ActeRegie(regie_id=made.id, **(values | given)))
    session.flush()
    return made.id


def comptoir(session: Session, **acte: Any) -> Comptoir:
    place = fabriques.maison(session).id
    made = regie(session, **acte)
    agent = fabriques.compte(session, Role.AGENT, maisons=(place,)).id
    confier(session, place, made, fonds=FONDS, plafond=PLAFOND)
    session.flush()
    nommer_mandataire(session, place, agent)
    return Comptoir(made, place, agent, fabriques.foyer(session, maison_id=place).id)


def recu(here: Comptoir, montant: int = 550, donne: int | None = None, **given: Any) -> AEncaisser:
    """Cash, the exact sum unless told otherwise; a number goes with what needs one."""
    moyen = given.pop("moyen", MoyenPaiement.ESPECES)
    values: dict[str, Any] = {
        "foyer_id": here.foyer,
        "maison_id": here.maison,
        "reference": None if moyen in (MoyenPaiement.ESPECES, MoyenPaiement.CAP) else "1234567",
        "cle": uuid.uuid4(),
    }
    return AEncaisser(moyen=moyen, montant=montant, donne=donne or montant, **(values | given))


def devoir(session: Session, foyer_id: int, montant: int = 3_000, *, jours: int = 200) -> None:
    """The household has owed so much, for so many days."""
    grand_livre.passer(
        session,
        cle=f"essai:{uuid.uuid4()}",
        jour=clock.today() - timedelta(days=jours),
        libelle="Place de sortie",
        mouvements=[Ligne(CompteGL.FOYER, montant, foyer_id=foyer_id), Ligne(CompteGL.BILLETTERIE, -montant)],
    )


def reste_remis(session: Session, foyer_id: int) -> Reste:
    """An old debt of that household, handed to the Treasury."""
    devoir(session, foyer_id)
    made = restes.arreter(session, {foyer_id}, par=None)
    return session.scalars(select(Reste).where(Reste.etat_id == made.id)).one()
