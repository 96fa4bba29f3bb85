"""Lines that look like a household that is there, or like one another: proposed, decided, merged."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from foyers.models import Membre
from foyers.queries import foyer as lire_foyer
from kernel.db import reading, transaction
from paniers.models.semaines import AbonnementVersion
from tests import fabriques
from tests.empreintes import empreinte
from tests.paniers.feuilles import ligne
from tests.paniers.tableurs import faire, lot, maisons

__all__ = ["maisons"]


def test_a_line_that_repeats_another_counts_once(maisons: dict[str, int]) -> None:
    told = faire(lot(3, ligne(2, "Abbaye" if 2 % 2 == 0 else "Capuche"), ligne(2, "Capuche")))
    assert (told.bilan.nouveaux, told.bilan.repetees, told.bilan.abonnements) == (3, 2, 3)
    assert any("celui de la ligne 3" in fault.phrase for fault in told.fautes)


DOUBLONS: dict[str, tuple[dict[str, Any], str]] = {
    "a typing error in the name": ({"nom": "Benalli", "email": ""}, "presque"),
    "the same name at another number": ({"nom": "Benali", "telephone": "0699999999", "email": ""}, "nom"),
    "names the other way round": ({"nom": "Samira", "prenom": "Benali", "telephone": "", "email": ""}, "nom"),
    "another person at this number": ({"nom": "Benali", "prenom": "Karim", "telephone": "0611111111"}, "telephone"),
    "another name at this e-mail": ({"nom": "Haddad", "telephone": "", "email": "SAMIRA@exemple.test"}, "email"),
}


@pytest.fixture
def benali(maisons: dict[str, int]) -> int:
    with transaction() as session:
        return fabriques.foyer(
            session,
            nom="Bénali",
            maison_id=maisons["Capuche"],
            telephone="+33611111111",
            email="samira@exemple.test",
        ).id


@pytest.mark.parametrize("nom", DOUBLONS)
def test_a_likely_duplicate_waits_for_a_decision(benali: int, nom: str) -> None:
    changes, why = DOUBLONS[nom]
    rows = lot(0, ligne(1, **({"prenom": "Samira", "telephone": ""} | changes)))
    before = empreinte()
    told = faire(rows)
    assert empreinte() == before
    (proposed,) = told.propositions
    assert [(c.cible, c.motif) for c in proposed.candidats] == [(f"foyer:{benali}", why)]
    assert (told.bloque, told.a_decider, told.bilan.nouveaux) == (True, 1, 0)
    merged = faire(rows, ecrire=False, decisions={2: f"foyer:{benali}"})
    apart = faire(rows, ecrire=False, decisions={2: "distinct"})
    assert (merged.bilan.nouveaux, merged.bilan.reconnus, merged.bloque) == (0, 1, False)
    assert (apart.bilan.nouveaux, apart.bilan.reconnus, apart.bloque) == (1, 0, False)


def test_a_decision_for_another_household_decides_nothing(benali: int) -> None:
    rows = lot(0, ligne(1, nom="Benalli", prenom="Samira", telephone="", email=""))
    assert faire(rows, decisions={2: "foyer:999999"}).a_decider == 1
    assert faire(rows, decisions={3: "distinct"}).a_decider == 1


def test_a_certain_one_completes_the_household_and_overwrites_nothing(benali: int, maisons: dict[str, int]) -> None:
    told = faire(lot(0, ligne(1, "Abbaye", nom="BENALI", prenom="samira", telephone="06 11 11 11 11", email="x@y.fr")))
    assert (told.bilan.reconnus, told.bloque) == (1, False)
    with reading() as session:
        household = lire_foyer(session, benali)
        members = session.scalars(select(Membre.prenom).where(Membre.foyer_id == benali)).all()
        subscribed = session.scalars(select(AbonnementVersion.maison_id)).all()
    assert (household.maison.nom, household.email) == ("Capuche", "samira@exemple.test")
    assert members == ["Samira"]
    assert subscribed == [maisons["Abbaye"]], "the subscription is where the sheet says"
    assert {fault.colonne for fault in told.fautes} == {"Maison", "E-mail"}


def test_a_merged_line_adds_its_person(benali: int) -> None:
    faire(lot(0, ligne(1, nom="Benali", prenom="Karim", telephone="0611111111")), decisions={2: f"foyer:{benali}"})
    with reading() as session:
        members = lire_foyer(session, benali).membres
    assert [(m.prenom, m.referent) for m in members] == [("Samira", True), ("Karim", False)]


def test_an_older_quotient_never_hides_a_later_one(benali: int) -> None:
    with transaction() as session:
        fabriques.quotient(session, benali, 640, mois=date(2026, 10, 1))
    told = faire(lot(0, ligne(1, nom="Benali", prenom="Samira", telephone="0611111111", qf="200")))
    assert told.bilan.quotients == 0
    assert any("déjà un quotient" in fault.phrase for fault in told.fautes)


def test_lines_of_the_sheet_are_compared_with_one_another(maisons: dict[str, int]) -> None:
    one = ligne(1, nom="Diallo", prenom="Mamadou", telephone="0612121212", email="")
    rows = lot(0, one, ligne(2, nom="Dialo", prenom="Mamadou", telephone="", email=""))
    told = faire(rows)
    (proposed,) = told.propositions
    assert (proposed.ligne, proposed.candidats[0].cible) == (3, "ligne:2")
    assert faire(rows, ecrire=False, decisions={3: "ligne:2"}).bilan.nouveaux == 1
    assert faire(rows, decisions={3: "distinct"}).bilan.nouveaux == 2
