"""A small season to test outings in: a maison, a venue, grids, people with passes, an outing; and shortcuts."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from culture import verifications
from culture.conditions import Personne
from culture.inscriptions import inscrire
from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.pass_culture import GrillePass, PassCulture
from culture.models.sorties import GrilleSortie, Lieu, Sortie
from culture.regles.tarifs import saison_de
from foyers.folding import plier
from foyers.models import Membre
from kernel import clock
from kernel.db import transaction
from paiements import verifications as verifications_paiements
from tests import fabriques

_numbers = itertools.count(1)

SOIR = datetime(2026, 12, 12, 19, 30, tzinfo=UTC)
"""When the outing begins."""

MAINTENANT = datetime(2026, 11, 25, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Saison:
    """Keys of a place: its maisons, its venue, a grid at 4 € for all, an outing of ten seats."""

    maisons: tuple[int, int]
    lieu: int
    grille: int
    sortie: int


@dataclass(frozen=True)
class Gens:
    """A household whose members all have their pass, the referent first."""

    foyer: int
    membres: tuple[int, ...]

    def personnes(self, nombre: int | None = None) -> list[Personne]:
        return [Personne(key) for key in self.membres[:nombre]]


def batir(session: Session, **given: Any) -> Saison:
    """`given` go to the outing."""
    if session.query(GrillePass).first() is None:
        session.add(GrillePass(effet_le=date(2020, 9, 1), reduit=0, plein=1200))
    maisons = tuple(fabriques.maison(session).id for _ in range(2))
    venue = Lieu(
        nom=f"Théâtre {next(_numbers)}",
        adresse="1 rue des Essais",
        code_postal="38000",
        ville="Grenoble",
        email="theatre@exemple.test",
    )
    grid = GrilleSortie(nom=f"4 € pour tous {next(_numbers)}", forme="unique", seuils=[], prix=[400])
    session.add_all([venue, grid])
    session.flush()
    season = Saison((maisons[0], maisons[1]), venue.id, grid.id, 0)
    made = sortie(session, season, **given)
    return Saison(season.maisons, venue.id, grid.id, made.id)


def sortie(session: Session, season: Saison, **given: Any) -> Sortie:
    """A published outing of ten seats, open for inscriptions; `cout_place` 12 €."""
    begins = given.get("debut_le", SOIR)
    values = {
        "titre": f"Pièce {next(_numbers)}",
        "genre": "theatre",
        "lieu_id": season.lieu,
        "maison_id": season.maisons[0],
        "grille_id": season.grille,
        "etat": "publiee",
        "debut_le": begins,
        "duree_minutes": 90,
        "places": 10,
        "cout_place": 1200,
        "rendez_vous_le": begins - timedelta(minutes=45),
        "rendez_vous_lieu": "Devant la maison",
        "ouverture_le": MAINTENANT - timedelta(days=10),
        "cloture_le": begins - timedelta(days=2),
        "annulable_jusqu_a": begins - timedelta(days=3),
        "creee_le": MAINTENANT - timedelta(days=20),
    }
    made = Sortie(**(values | given))
    session.add(made)
    session.flush()
    if made.etat != "brouillon":
        steps = "INSERT INTO sortie_etape (sortie_id, de, vers) VALUES (:s, 'brouillon', :e)"
        session.execute(text(steps), {"s": made.id, "e": made.etat})
    return made


def gens(
    session: Session, season: Saison, nombre: int = 1, *, maison: int = 0, prix: int = 0, passes: bool = True
) -> Gens:
    """A household of so many people, all adults; with `passes` each has a pass of this season at that price."""
    foyer = fabriques.foyer(session, maison_id=season.maisons[maison])
    for number in range(nombre - 1):
        membre(session, foyer.id, f"Ana{'bcdefgh'[number % 7]}")
    keys = tuple(session.scalars(text("SELECT id FROM membre WHERE foyer_id = :f ORDER BY id"), {"f": foyer.id}))
    if passes:
        for key in keys:
            donner_pass(session, foyer.id, key, prix=prix)
    return Gens(foyer.id, keys)


def membre(session: Session, foyer_id: int, prenom: str, *, adulte: bool = True) -> Membre:
    nom = "Essai"
    made = Membre(foyer_id=foyer_id, prenom=prenom, nom=nom, nom_plie=plier(f"{prenom} {nom}"), adulte=adulte)
    session.add(made)
    session.flush()
    return made


def donner_pass(
    session: Session, foyer_id: int, membre_id: int, *, prix: int = 0, annee: int | None = None
) -> PassCulture:
    """A pass as a row; one that costs is booked as the use case does."""
    season = saison_de(SOIR.date())
    year = annee or season.annee
    made = PassCulture(
        foyer_id=foyer_id,
        membre_id=membre_id,
        saison=year,
        du=season.du.replace(year=year),
        au=season.au.replace(year=year + 1),
        prix=prix,
        delivre_le=MAINTENANT - timedelta(days=30),
    )
    session.add(made)
    session.flush()
    return made


def sortie_de_ce_soir(session: Session, maison_id: int) -> int:
    """An outing that meets in an hour at that maison, with nothing else around it."""
    venue = Lieu(nom=f"Lieu {next(_numbers)}", adresse="1 rue des Essais", code_postal="38000", ville="Grenoble")
    grid = GrilleSortie(nom=f"Gratuit {next(_numbers)}", forme="unique", seuils=[], prix=[0])
    session.add_all([venue, grid])
    session.flush()
    at = clock.now() + timedelta(hours=2)
    season = Saison((maison_id, maison_id), venue.id, grid.id, 0)
    return sortie(session, season, debut_le=at, ouverture_le=at - timedelta(days=20), autorisation_parentale=True).id


def place_de_ce_soir(session: Session, foyer_id: int, maison_id: int) -> int:
    """A child's seat there, of somebody of that household."""
    made = sortie_de_ce_soir(session, maison_id)
    act = Inscription(
        sortie_id=made, foyer_id=foyer_id, maison_id=maison_id, etat="confirmee", depuis=MAINTENANT,
        confirmee_le=MAINTENANT,
    )  # fmt: skip
    session.add(act)
    session.flush()
    step = "INSERT INTO inscription_etape (inscription_id, vers, le) VALUES (:i, 'confirmee', now())"
    session.execute(text(step), {"i": act.id})
    seat = PlaceSortie(inscription_id=act.id, sortie_id=made, prenom="Lou", nom="Essai", adulte=False, prix=0)
    session.add(seat)
    session.flush()
    return seat.id


def reserver(season: Saison, who: Gens, nombre: int | None = None, **given: Any) -> Inscription:
    with transaction() as session:
        return inscrire(
            session,
            sortie_id=given.pop("sortie", season.sortie),
            foyer_id=who.foyer,
            personnes=given.pop("personnes", None) or who.personnes(nombre),
            instant=given.pop("instant", MAINTENANT),
            **given,
        )


def habiter(season: Saison, tailles: Sequence[int], **given: Any) -> list[Gens]:
    with transaction() as session:
        return [gens(session, season, size, **given) for size in tailles]


def etat(inscription: Inscription | int) -> str:
    key = inscription if isinstance(inscription, int) else inscription.id
    with transaction() as session:
        return session.get_one(Inscription, key).etat


def fautes(instant: datetime = MAINTENANT) -> list[str]:
    """What does not hold once the timetable's grace after `instant` is over, in culture and in the ledger."""
    clock.set_now(instant + verifications.GRACE)
    try:
        with transaction() as session:
            return [*verifications.verifier(session), *verifications_paiements.verifier(session)]
    finally:
        clock.set_now(None)


@pytest.fixture(autouse=True)
def horloge() -> Iterator[None]:
    clock.set_now(MAINTENANT)
    yield
    clock.set_now(None)
