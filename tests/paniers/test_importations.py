"""The import's pages and its worker: tried, corrected, confirmed once, forgotten within a day."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

from foyers.models import Foyer
from kernel import clock
from kernel.db import reading, transaction
from kernel.outbox import FactRow
from kernel.sealed import Unsealable, unseal
from kernel.tables import MAX_BYTES
from kernel.web.access import Role
from paniers import verifications
from paniers.importation import depot
from paniers.models.importation import EtatImportation, Importation
from paniers.models.semaines import AbonnementVersion
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.feuilles import Ligne, en_csv, feuille, ligne
from tests.paniers.monde_equipe import JEUDI
from tests.paniers.tableurs import VENDREDI

PAGE = "/coordination/importations"


@pytest.fixture
def elle(app: Flask) -> Visite:
    """The coordination, a Friday noon, in a town of two maisons."""
    clock.set_now(VENDREDI)
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
        fabriques.semaine(session, JEUDI)
        for name in ("Capuche", "Abbaye"):
            fabriques.maison(session, nom=name)
    return connecte_en(app, Role.COORDINATION)


def envoyer(visit: Visite, content: bytes, name: str = "foyers.csv") -> TestResponse:
    return poster_fichier(visit, content, name, visit.jeton(PAGE))


def poster_fichier(visit: Visite, content: bytes, name: str = "foyers.csv", token: str = "") -> TestResponse:
    """The form as a browser writes it; werkzeug's own writer leaves the temporary file of a large one open."""
    head = f'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
    file = f'--b\r\nContent-Disposition: form-data; name="fichier"; filename="{name}"\r\n\r\n'
    body = (head + file).encode() + content + b"\r\n--b--\r\n"
    return visit.client.post(PAGE, data=body, content_type="multipart/form-data; boundary=b")


def deposer(visit: Visite, rows: list[Ligne]) -> str:
    """The address of the page of a deposited sheet, once the workers have passed."""
    answer = envoyer(visit, en_csv(rows))
    assert answer.status_code == 303, answer.text
    ouvriers()
    return answer.location


def ouvriers() -> None:
    """What the workers do for each fact that waits."""
    with transaction() as session:
        waiting = session.scalars(select(FactRow).where(FactRow.expanded_at.is_(None)).order_by(FactRow.id)).all()
        for fact in waiting:
            if fact.name == "EssaiDemande":
                depot.faire_essai(session, **fact.payload, instant=clock.now())
            elif fact.name == "ImportationConfirmee":
                depot.faire_importation(session, **fact.payload, instant=clock.now())
            fact.expanded_at = clock.now()


def depot_unique() -> Importation:
    with reading() as session:
        return session.scalars(select(Importation)).one()


def combien(model: type = Foyer) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_sheet_is_tried_shown_confirmed_and_forgotten(elle: Visite) -> None:
    path = deposer(elle, feuille(12))
    page = elle.lire(path).text
    assert "Tout est prêt" in page
    assert "Importer 12 lignes" in page
    assert combien() == 0, "a trial writes no household"
    elle.poster(f"{path}/confirmer", path)
    assert "L’importation est en cours" in elle.lire(path).text
    ouvriers()
    assert "Tout est importé" in elle.lire(path).text
    assert (combien(), combien(AbonnementVersion)) == (12, 12)
    kept = depot_unique()
    assert (kept.etat, kept.contenu) == (EtatImportation.FAITE, None)
    assert kept.bilan is not None
    assert kept.bilan["nouveaux"] == 12
    assert "foyers.csv" in elle.lire(PAGE).text


def test_a_second_click_imports_once(elle: Visite) -> None:
    path = deposer(elle, feuille(3))
    token = elle.jeton(path)
    for _ in range(2):
        assert elle.client.post(f"{path}/confirmer", data={"csrf_token": token}).status_code == 303
    with reading() as session:
        asked = session.scalar(select(func.count()).where(FactRow.name == "ImportationConfirmee"))
    assert asked == 1
    ouvriers()
    elle.client.post(f"{path}/confirmer", data={"csrf_token": token})
    ouvriers()
    assert combien() == 3


def test_a_delivery_that_comes_twice_imports_once(elle: Visite) -> None:
    path = deposer(elle, feuille(3))
    elle.poster(f"{path}/confirmer", path)
    for _ in range(2):
        with transaction() as session:
            depot.faire_importation(session, depot_unique().id, instant=clock.now())
    assert combien() == 3


def test_faults_are_shown_by_page_and_given_as_csv_and_nothing_can_be_confirmed(elle: Visite) -> None:
    path = deposer(elle, [*feuille(2), *(ligne(100 + n, qf="=1+1") for n in range(60))])
    page = elle.lire(path).text
    assert "60 remarques sont à corriger" in page
    assert "page 1 sur 2" in page
    assert f"{path}/confirmer" not in page
    assert "Ligne\u00a063" in elle.lire(f"{path}?page=2").text
    exported = elle.lire(f"{path}/remarques.csv")
    assert exported.mimetype == "text/csv"
    assert "'=1+1" in exported.text, "opened in a spreadsheet, it does not run"
    elle.poster(f"{path}/confirmer", path)
    ouvriers()
    assert combien() == 0
    assert "points à régler" in elle.lire(path).text


def test_columns_are_put_right_on_the_page(elle: Visite) -> None:
    path = deposer(elle, [["Qui", "Petit nom", "Où"], ["Benali", "Samira", "Capuche"]])
    assert "Il manque des colonnes : Nom, Prénom, Maison" in elle.lire(path).text.replace("\u00a0", " ")
    elle.poster(f"{path}/colonnes", path, **{"colonne-0": "nom", "colonne-1": "prenom", "colonne-2": "maison"})
    ouvriers()
    assert "Importer 1 ligne" in elle.lire(path).text


def test_columns_without_a_needed_one_are_asked_again_and_the_others_kept(elle: Visite) -> None:
    path = deposer(elle, [["Qui", "Petit nom", "Où"], ["Benali", "Samira", "Capuche"]])
    tried = depot_unique().essai
    for fields, missing in (({}, "Nom, Prénom, Maison"), ({"colonne-1": "prenom"}, "Nom, Maison")):
        answer = elle.poster(f"{path}/colonnes", path, **fields)
        assert answer.status_code == 422
        assert f"Dites dans quelle colonne lire : {missing}." in answer.text.replace("\u00a0", " ")
        assert answer.text.count(" selected>") == len(fields)
    assert depot_unique().essai == tried


def test_no_answer_about_any_duplicate_is_asked_again(elle: Visite) -> None:
    one = ligne(1, nom="Diallo", prenom="Awa", telephone="0612121212", email="")
    path = deposer(elle, [*feuille(0), one, ligne(2, nom="Dialo", prenom="Awa", telephone="", email="")])
    answer = elle.poster(f"{path}/doublons", path)
    assert answer.status_code == 422
    assert "Répondez pour une ligne au moins" in answer.text
    assert depot_unique().etat == EtatImportation.ESSAYEE


@pytest.mark.parametrize(
    ("fields", "nouveaux"),
    [
        ({"decision-3": "ligne:2"}, 1),
        ({"decision-3": "distinct"}, 2),
        ({"toutes": "fusionner"}, 1),
        ({"toutes": "distinct"}, 2),
    ],
)
def test_likely_duplicates_are_decided_on_the_page(elle: Visite, fields: dict[str, str], nouveaux: int) -> None:
    one = ligne(1, nom="Diallo", prenom="Awa", telephone="0612121212", email="")
    path = deposer(elle, [*feuille(0), one, ligne(2, nom="Dialo", prenom="Awa", telephone="", email="")])
    assert "1 doublon probable est à décider" in elle.lire(path).text.replace("\u00a0", " ")
    elle.poster(f"{path}/doublons", path, **{"decision-3": "foyer:1"})
    ouvriers()
    assert "à décider" in elle.lire(path).text, "no answer to that line"
    elle.poster(f"{path}/doublons", path, **fields)
    ouvriers()
    elle.poster(f"{path}/confirmer", path)
    ouvriers()
    assert combien() == nouveaux


def test_what_has_changed_since_the_trial_is_shown_and_stops_it(elle: Visite) -> None:
    path = deposer(elle, feuille(3))
    elle.poster(f"{path}/confirmer", path)
    with transaction() as session:
        session.execute(text("UPDATE maison SET active = false"))
    ouvriers()
    assert combien() == 0
    assert "n’accueille plus" in elle.lire(path).text


def test_an_answer_to_an_earlier_trial_is_not_wanted(elle: Visite) -> None:
    path = deposer(elle, feuille(1))
    key = depot_unique().id
    elle.poster(f"{path}/doublons", path, toutes="distinct")
    with transaction() as session:
        depot.faire_essai(session, key, 1, instant=clock.now())
    assert depot_unique().etat == EtatImportation.A_ESSAYER
    ouvriers()
    assert depot_unique().etat == EtatImportation.ESSAYEE


def test_giving_up_forgets_the_file_at_once(elle: Visite) -> None:
    path = deposer(elle, feuille(1))
    elle.poster(f"{path}/abandonner", path)
    kept = depot_unique()
    assert (kept.etat, kept.contenu, kept.rapport) == (EtatImportation.ABANDONNEE, None, None)
    assert "abandonnée" in elle.lire(path).text
    assert elle.lire(f"{path}/remarques.csv").status_code == 404


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "vide"), (b"<html><table>", "page web"), (b"PK\x03\x04xx", "abîmé")]
)
def test_a_file_that_is_no_table_is_refused_on_its_field(elle: Visite, content: bytes, said: str) -> None:
    answer = envoyer(elle, content, "foyers.xls")
    assert answer.status_code == 422
    assert said in answer.text
    assert combien(Importation) == 0


def test_a_heavy_file_is_told_so(elle: Visite) -> None:
    assert "10 Mo" in envoyer(elle, b"a;b\n" * (MAX_BYTES // 4 + 1)).text.replace("\u00a0", " ")
    assert envoyer(elle, b"a" * (MAX_BYTES + 400_000)).status_code == 413


def test_a_stranger_s_large_file_is_not_taken_in(app: Flask, elle: Visite) -> None:
    family = connecte_en(app, Role.HABITANT)
    for visit in (family, Visite(app)):
        assert poster_fichier(visit, b"a" * 1_000_000).status_code == 413


def test_what_is_kept_is_sealed_and_bound_to_its_row(elle: Visite) -> None:
    deposer(elle, [*feuille(0), ligne(1, nom="Canarival")])
    kept = depot_unique()
    assert kept.contenu is not None
    assert kept.rapport is not None
    assert b"Canarival" not in kept.contenu + kept.rapport
    with pytest.raises(Unsealable):
        unseal(kept.contenu, f"importation.contenu:{kept.id + 1}")


@pytest.mark.parametrize("confirmee", [False, True])
def test_after_a_day_file_and_report_are_gone(elle: Visite, confirmee: bool) -> None:
    path = deposer(elle, feuille(2))
    if confirmee:
        elle.poster(f"{path}/confirmer", path)
        ouvriers()
    with transaction() as session:
        assert depot.purger(session, VENDREDI + timedelta(hours=23)) == 0
        assert depot.purger(session, VENDREDI + timedelta(hours=24)) == 1
        assert depot.purger(session, VENDREDI + timedelta(hours=24)) == 0
    kept = depot_unique()
    assert (kept.contenu, kept.rapport) == (None, None)
    assert kept.etat == (EtatImportation.FAITE if confirmee else EtatImportation.ABANDONNEE)
    assert elle.lire(path).status_code == 200


def test_a_file_kept_too_long_is_found(elle: Visite) -> None:
    deposer(elle, feuille(1))
    with transaction() as session:
        assert verifications.verifier(session) == []
        session.execute(update(Importation).values(deposee_le=VENDREDI - timedelta(hours=26)))
        (said,) = verifications.verifier(session)
    assert "plus d’un jour" in said
