"""A centre's spreadsheet taken over: all or nothing, each fault on its line, nothing guessed in silence."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Foyer, JustificatifQF, Maison, Membre
from foyers.queries import foyer as lire_foyer
from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.outbox import FactRow
from kernel.table_files import read_table
from paniers.abonnements import Terme, souscrire
from paniers.abonnements_en_lot import AReprendre, souscrire_en_lot, verrouiller
from paniers.importation.rapport import Rapport, de_json, en_json
from paniers.importation.reprise import Demande, essayer, importer
from paniers.models.attente import Attente
from paniers.models.semaines import Abonnement, AbonnementVersion
from paniers.verifications import verifier
from tests import fabriques
from tests.paniers.feuilles import TITRES, Ligne, datees, en_csv, en_xlsx, feuille, ligne
from tests.paniers.monde_equipe import JEUDI, comptees
from tests.securite.scene import empreinte

VENDREDI = paris(date(2026, 11, 20), time(12))
NORMAL, LONG = 200, 2_000


@pytest.fixture
def maisons(app: Flask) -> Iterator[dict[str, int]]:
    """Two maisons with room, six open weeks, a Friday noon."""
    clock.set_now(VENDREDI)
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
        for number in range(6):
            fabriques.semaine(session, JEUDI + timedelta(weeks=number))
        made = {name: fabriques.maison(session, nom=name, places=5_000).id for name in ("Capuche", "Abbaye")}
        fabriques.maison(session, nom="Baladins", active=False)
    with app.app_context():
        yield made


def faire(
    rows: list[Ligne] | bytes, *, ecrire: bool = True, decisions: dict[int, str] | None = None, **options: Any
) -> Rapport:
    content = rows if isinstance(rows, bytes) else en_csv(rows)
    with transaction() as session:
        demande = Demande(read_table(content), clock.now(), decisions=decisions or {}, **options)
        return (importer if ecrire else essayer)(session, demande)


def lot(combien: int, *extra: Ligne) -> list[Ligne]:
    return [*feuille(combien), *extra]


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


# What is wrong with a line.

FAUTES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no name": ({"nom": ""}, "Nom", "Le nom manque"),
    "a figure in a name": ({"nom": "Benali2"}, "Nom", "avec des lettres"),
    "a formula for a name": ({"nom": "=HYPERLINK(1)"}, "Nom", "avec des lettres"),
    "a name too long": ({"nom": "a" * 81}, "Nom", "trop long"),
    "a cell far too long": ({"nom": "a" * 100_000}, "Nom", "très long"),
    "invisible signs": ({"prenom": "Zo\u202eé"}, "Prénom", "invisibles"),
    "no first name": ({"prenom": " "}, "Prénom", "prénom manque"),
    "an error for a first name": ({"prenom": "#N/A"}, "Prénom", "en erreur"),
    "no maison": ({"maison": ""}, "Maison", "maison manque"),
    "an unknown maison": ({"maison": "Tombouctou"}, "Maison", "pas connue"),
    "a closed maison": ({"maison": "Baladins"}, "Maison", "n’accueille plus"),
    "a short telephone": ({"telephone": "0612"}, "Téléphone", "un seul numéro"),
    "two telephones": ({"telephone": "0611223344 / 0611223345"}, "Téléphone", "un seul numéro"),
    "a telephone spoilt by Excel": ({"telephone": "6,12E+08"}, "Téléphone", "abîmé"),
    "a word for a telephone": ({"telephone": "voisine"}, "Téléphone", "un seul numéro"),
    "half an e-mail": ({"email": "samira@"}, "E-mail", "incomplète"),
    "two e-mails": ({"email": "a@b.fr, c@d.fr"}, "E-mail", "incomplète"),
    "a mail header": ({"email": "a@b.fr\nBcc: x@y.fr"}, "E-mail", "incomplète"),
    "a rare language": ({"langue": "klingon"}, "Langue", "en un mot"),
    "a word for a quotient": ({"qf": "moyen"}, "Quotient familial", "en chiffres"),
    "a negative quotient": ({"qf": "-5"}, "Quotient familial", "en chiffres"),
    "a huge quotient": ({"qf": "100000"}, "Quotient familial", "en chiffres"),
    "no month": ({"mois_qf": ""}, "Mois du QF", "le mois de l’attestation"),
    "a thirteenth month": ({"mois_qf": "13/2026"}, "Mois du QF", "09/2026"),
    "a month to come": ({"mois_qf": "12/2026"}, "Mois du QF", "avenir"),
    "checked tomorrow": ({"verifie_le": "21/11/2026"}, "Vérifié le", "avenir"),
    "checked by a word": ({"verifie_le": "oui"}, "Vérifié le", "03/09/2026"),
    "three baskets": ({"nombre": "3"}, "Paniers", "un ou deux"),
    "half a basket": ({"nombre": "1,5"}, "Paniers", "un ou deux"),
    "the thirty-first of February": ({"debut": "31/02/2027"}, "Début", "qu’elle existe"),
    "an American date": ({"debut": "12/31/2026"}, "Début", "le jour, le mois"),
    "a number for a date": ({"fin": "46352"}, "Fin", "le jour, le mois"),
    "the year 99999": ({"fin": "01/01/99999"}, "Fin", "le jour, le mois"),
    "an end before the start": ({"debut": "03/02/2027", "fin": "03/01/2027"}, "Fin", "avant le début"),
    "ten years": ({"fin": "01/01/2037"}, "Paniers", "un an au plus"),
    "a start in ten years": ({"debut": "01/01/2037", "fin": ""}, "Paniers", "dans l’année"),
    "a date in Arabic figures": ({"debut": "٠٣/٠٩/٢٠٢٦"}, "Début", "le jour, le mois"),
    "zero width": ({"nom": "\u200b"}, "Nom", "invisibles"),
    "a NUL": ({"prenom": "Zo\x01é"}, "Prénom", "invisibles"),
    "markup": ({"prenom": "<b>Zoé</b>"}, "Prénom", "avec des lettres"),
}
REMARQUES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an old quotient": ({"mois_qf": "09/2024"}, "Mois du QF", "plus d’un an"),
    "a subscription that is over": ({"fin": "01/10/2026"}, "Fin", "est fini"),
    "a card": ({"reglement": "Carte bancaire"}, "Mode de règlement", "Une carte ne se reprend pas"),
    "a maison with a typing error": ({"maison": "Capuhce"}, "Maison", "Lu : Capuche"),
    "nothing to reach them by": ({"telephone": "", "email": ""}, "Téléphone", "sur papier"),
}


def test_there_are_forty_kinds_of_fault() -> None:
    assert len(FAUTES) >= 40


@pytest.mark.parametrize("combien", [20, pytest.param(LONG, marks=pytest.mark.long)])
def test_each_fault_is_named_on_its_line_and_nothing_is_written(maisons: dict[str, int], combien: int) -> None:
    """All kinds at once, each on a line of its own among good ones; the trial and the import say the same."""
    rows, wanted = lot(combien), {}
    for rank, (changes, column, said) in enumerate(FAUTES.values()):
        rows.append(ligne(90_000 + rank, **changes))
        wanted[len(rows)] = (column, said)
        rows.append([])
    before = empreinte()
    for told in (faire(rows, ecrire=False), faire(rows)):
        assert empreinte() == before, "all or nothing"
        assert told.bloque
        assert told.bilan.abonnements == combien
        grave = {fault.ligne: fault for fault in told.fautes if fault.grave}
        assert grave.keys() == wanted.keys()
        for number, (column, said) in wanted.items():
            assert grave[number].colonne == column, (number, grave[number])
            assert said in grave[number].phrase.replace("\u00a0", " "), (number, grave[number])
            assert len(grave[number].lu) <= 61


@pytest.mark.parametrize("nom", REMARQUES)
def test_what_is_put_right_or_left_aside_is_said(maisons: dict[str, int], nom: str) -> None:
    changes, column, said = REMARQUES[nom]
    told = faire(lot(0, ligne(1, **changes)))
    (remark,) = told.fautes
    assert (remark.grave, remark.colonne, remark.ligne) == (False, column, 2)
    assert said in remark.phrase.replace("\u00a0", " ")
    assert (told.bloque, told.bilan.nouveaux) == (False, 1)


@pytest.mark.parametrize("combien", [30, pytest.param(LONG, marks=pytest.mark.long)])
def test_the_last_line_s_fault_leaves_nothing_of_the_others(maisons: dict[str, int], combien: int) -> None:
    """Its fault shows only when its subscription is taken, after everything else is written."""
    before = empreinte()
    told = faire(lot(combien, ligne(99_999, fin="01/01/2037")))
    (fault,) = [fault for fault in told.fautes if fault.grave]
    assert (fault.ligne, fault.colonne) == (combien + 2, "Paniers")
    assert "un an au plus" in fault.phrase
    assert told.bilan.nouveaux == combien + 1
    assert empreinte() == before


def test_without_the_savepoint_the_others_would_stay(maisons: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what rolls back is the savepoint."""

    class Nothing:
        def commit(self) -> None: ...

        def rollback(self) -> None: ...

    monkeypatch.setattr(Session, "begin_nested", lambda self: Nothing())
    before = empreinte()
    assert faire(lot(5, ligne(99_999, fin="01/01/2037"))).bloque
    assert empreinte() != before


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


# Duplicates.


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
