"""A centre's spreadsheet taken over: all or nothing, each fault on its line, nothing guessed in silence."""

from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Foyer, JustificatifQF, Maison
from foyers.queries import foyer as lire_foyer
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.outbox import FactRow
from paniers.abonnements import Terme, souscrire
from paniers.abonnements_en_lot import AReprendre, souscrire_en_lot, verrouiller
from paniers.importation.rapport import de_json, en_json
from paniers.models.attente import Attente
from paniers.models.semaines import Abonnement, AbonnementVersion
from paniers.verifications import verifier
from tests import fabriques
from tests.empreintes import empreinte
from tests.paniers.feuilles import TITRES, Ligne, datees, en_csv, en_xlsx, feuille, ligne
from tests.paniers.monde_equipe import JEUDI, comptees
from tests.paniers.tableurs import LONG, NORMAL, VENDREDI, faire, lot, maisons

__all__ = ["maisons"]


# A clean sheet.


@pytest.mark.parametrize("combien", [NORMAL, pytest.param(LONG, marks=pytest.mark.long)])
@pytest.mark.parametrize("forme", ["csv", "xlsx"])
def test_a_clean_sheet_is_taken_over_as_its_trial_told(maisons: dict[str, int], forme: str, combien: int) -> None:
    rows = feuille(combien)
    content = en_csv(rows) if forme == "csv" else en_xlsx(datees(rows))
    before = empreinte()
    trial = faire(content, ecrire=False)
    assert empreinte() == before, "a trial writes nothing"
    done = faire(content)
    assert (done.bilan, done.fautes) == (trial.bilan, trial.fautes)
    assert (done.bilan.nouveaux, done.bilan.abonnements, done.bilan.quotients) == (combien,) * 3
    assert not done.bloque
    changed = {name for name, digest in empreinte().items() if digest != before[name]}
    assert changed == {"foyer", "membre", "justificatif_qf", "abonnement", "abonnement_version"}


def test_what_a_line_says_is_what_the_household_has(maisons: dict[str, int]) -> None:
    faire(en_xlsx(datees([list(TITRES), ligne(21, "mdh capuche", nombre="2")])))
    with reading() as session:
        key = session.scalars(select(Foyer.id)).one()
        household = lire_foyer(session, key)
        version = session.scalars(select(AbonnementVersion)).one()
        quotient = session.scalars(select(JustificatifQF)).one()
    assert (household.maison.nom, household.langue, household.canal) == ("Capuche", "fr", "sms")
    assert household.telephone == "+33600000021", "the nought that Excel has eaten is back"
    assert household.comptes == ()
    assert (version.nombre, version.debut, version.fin) == (2, JEUDI, date(2027, 2, 25))
    assert (quotient.source, quotient.mois) == ("caf", date(2026, 9, 1))
    assert quotient.declare_le == quotient.verifie_le == VENDREDI, "no past cut-off ever sees it"


def test_a_quotient_that_nobody_has_seen_stays_to_be_checked(maisons: dict[str, int]) -> None:
    faire(lot(0, ligne(2, verifie_le="")))
    with reading() as session:
        quotient = session.scalars(select(JustificatifQF)).one()
    assert (quotient.source, quotient.verifie_le) == ("declaration", None)


def test_nobody_is_written_to(maisons: dict[str, int]) -> None:
    faire(lot(5))
    with reading() as session:
        assert session.scalars(select(FactRow.name)).all() == []


def test_ten_times_the_lines_take_no_more_statements(maisons: dict[str, int]) -> None:
    with comptees() as few:
        faire(lot(10), ecrire=False)
    with comptees() as many:
        faire(lot(100), ecrire=False)
    assert len(many) <= len(few) + 2, (len(few), len(many))


def test_a_second_import_of_the_same_sheet_adds_nothing(maisons: dict[str, int]) -> None:
    faire(lot(20))
    before = empreinte()
    again = faire(lot(20))
    assert (again.bilan.nouveaux, again.bilan.reconnus, again.bilan.abonnements, again.bilan.quotients) == (0, 20, 0, 0)
    assert empreinte() == before
    assert not again.bloque


def test_where_a_maison_is_full_households_wait_in_the_order_of_the_sheet(maisons: dict[str, int]) -> None:
    with transaction() as session:
        fabriques.maison(session, nom="Petite", places=2)
    rows = lot(0, *(ligne(number, "Petite", nombre="1") for number in (41, 42, 43, 44)))
    trial = faire(rows, ecrire=False)
    done = faire(rows)
    assert (trial.bilan, trial.fautes) == (done.bilan, done.fautes)
    assert (done.bilan.nouveaux, done.bilan.abonnements, done.bilan.attente) == (4, 2, 2)
    assert [(fault.ligne, fault.grave) for fault in done.fautes] == [(4, False), (5, False)]
    with reading() as session:
        names = select(Foyer.telephone).join(Attente, Attente.foyer_id == Foyer.id).order_by(Attente.depuis, Attente.id)
        assert session.scalars(names).all() == ["+33600000043", "+33600000044"]
        assert verifier(session) == []


# Columns.


def test_columns_are_found_under_titles_and_in_any_order(maisons: dict[str, int]) -> None:
    head: list[Ligne] = [["Liste des familles"], [], ["prénoms", "Adresse", "TÉL.", "NOM", "Maison des habitans"]]
    told = faire([*head, ["Samira", "1 rue", "06 12 34 56 78", "Benali", "Capuche"]])
    assert not told.bloque
    notes = " ".join(told.notes).replace("\u00a0", " ")
    assert "Colonnes laissées de côté : Adresse" in notes
    assert "« Maison des habitans » a été lu comme Maison" in notes
    assert "seuls les foyers sont repris" in notes


def test_a_missing_column_is_said_and_can_be_pointed_at(maisons: dict[str, int]) -> None:
    rows = [["Nom", "Petit nom", "Lieu"], ["Benali", "Samira", "Capuche"]]
    told = faire(rows)
    assert told.colonnes.manquantes == ("Prénom", "Maison")
    done = faire(rows, choix={0: "nom", 1: "prenom", 2: "maison"})
    assert (done.bloque, done.bilan.nouveaux) == (False, 1)


def test_a_wrong_choice_of_columns_is_harmless(maisons: dict[str, int]) -> None:
    told = faire(lot(1), choix={0: "nom", 1: "nom", 99: "maison", 2: "mot_de_passe"})
    assert told.colonnes.manquantes == ("Prénom", "Maison")


# Subscriptions at once, as one by one.


@pytest.mark.parametrize("places", [0, 3, 100])
def test_many_at_once_get_what_each_alone_would(maisons: dict[str, int], places: int) -> None:
    terms = (Terme(), Terme(JEUDI + timedelta(9), JEUDI + timedelta(40)), Terme(fin=JEUDI - timedelta(1)), Terme())
    with transaction() as session:
        places_here = [fabriques.maison(session, places=places).id for _ in range(2)]
        asked = [(fabriques.foyer(session, maison_id=places_here[0]).id, 1 + n % 2, terms[n % 4]) for n in range(8)]
        fabriques.abonnement(session, asked[5][0], places_here[0])
    alone = [_seul(places_here[0], *one) for one in asked]
    with transaction() as session:
        demandes = [AReprendre(foyer, places_here[0], nombre, terme) for foyer, nombre, terme in asked]
        session.query(AbonnementVersion).filter(AbonnementVersion.depuis == VENDREDI).delete()
        answers = souscrire_en_lot(session, demandes, verrouiller(session, [f for f, *_ in asked]), instant=VENDREDI)
        together = [_dit(session, foyer, refus) for (foyer, *_), refus in zip(asked, answers, strict=True)]
    assert [type(a) for a in alone] == [type(b) for b in together]
    assert [a for a in alone if not isinstance(a, str)] == [b for b in together if not isinstance(b, str)]


def _seul(maison: int, foyer: int, nombre: int, terme: Terme) -> object:
    try:
        with transaction() as session:
            souscrire(
                session, foyer_id=foyer, maison_id=maison, nombre=nombre, instant=VENDREDI, terme=terme, annoncer=False
            )
            session.flush()
            return _dit(session, foyer, None)
    except Refus as refus:
        return refus.sentence


def _dit(session: Session, foyer: int, refus: Refus | None) -> object:
    if refus is not None:
        return refus.sentence
    session.flush()
    version = session.scalars(
        select(AbonnementVersion)
        .join(Abonnement, Abonnement.id == AbonnementVersion.abonnement_id)
        .where(Abonnement.foyer_id == foyer, AbonnementVersion.depuis == VENDREDI)
    ).one()
    return foyer, version.nombre, version.maison_id, version.debut, version.fin


# Whatever a sheet holds.

CASES = st.one_of(
    st.sampled_from(["", "0612345678", "Capuche", "a@b.fr", "640", "09/2026", "03/09/2026", "1", "é", "=1+1", "#N/A"]),
    st.text(max_size=20),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.booleans(),
    st.none(),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(CASES, min_size=1, max_size=14), max_size=6),
    st.dictionaries(st.integers(0, 9), st.text(max_size=9)),
)
def test_no_sheet_brings_anything_but_a_report_or_a_sentence(
    maisons: dict[str, int], rows: list[Ligne], decisions: dict[int, str]
) -> None:
    with suppress(Refus):
        told = faire([list(TITRES), *rows], ecrire=False, decisions=decisions)
        assert de_json(en_json(told)) == told, "a report is kept and read again"


def test_the_example_of_the_manual_is_taken_over_as_it_stands(maisons: dict[str, int]) -> None:
    with transaction() as session:
        for name in ("Abbaye-Jouhaux", "Le Patio", "Chorier-Berriat"):
            fabriques.maison(session, nom=name)
        session.query(Maison).filter_by(nom="Abbaye").update({"nom": "Bajatière"})
        session.query(Maison).filter_by(nom="Baladins").update({"active": True})
    told = faire((Path(__file__).parents[2] / "docs" / "importation.exemple.csv").read_bytes())
    assert [fault for fault in told.fautes if fault.grave] == []
    assert (told.bilan.nouveaux, told.bilan.abonnements, told.colonnes.ignorees) == (5, 4, ())
