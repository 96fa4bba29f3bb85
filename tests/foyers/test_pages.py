"""A family's pages and the counter's, through the web: each journey from its first form to the row that it leaves."""

import re
from datetime import date, time

import pytest
from flask import Flask
from sqlalchemy import func, select

from foyers import pieces
from foyers.models import Compte, Foyer, JustificatifQF, LectureQF, Membre
from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.web.access import Role
from tests import fabriques
from tests.foyers.visite import Visite, connecte

PHRASE = "la chatte dort au soleil"


@pytest.fixture(autouse=True)
def un_mardi(base: str) -> None:
    clock.set_now(paris(date(2026, 11, 17), time(10)))


@pytest.fixture
def maison_id(base: str) -> int:
    with transaction() as session:
        return fabriques.maison(session, nom="Capuche", code="CAP").id


@pytest.fixture
def famille(app: Flask, maison_id: int) -> tuple[Visite, int]:
    """A signed-in family's browser, and its household."""
    with transaction() as session:
        foyer_id = fabriques.foyer(session, nom="Benali", maison_id=maison_id).id
        compte = fabriques.compte(session, foyer_id=foyer_id)
    return connecte(app, compte), foyer_id


@pytest.fixture
def guichet(app: Flask, maison_id: int) -> Visite:
    """The browser of an agent of Capuche."""
    with transaction() as session:
        agent = fabriques.compte(session, Role.AGENT, maisons=(maison_id,))
    return connecte(app, agent)


def test_a_family_signs_up_in_five_answers_and_is_signed_in(app: Flask, maison_id: int) -> None:
    visit = Visite(app)
    page = visit.lire("/inscription?maison=CAP&suite=/mon-foyer")
    assert page.text.count('class="champ__label"') == 5
    assert f'<option selected value="{maison_id}">Capuche' in page.text
    answer = visit.poster(
        "/inscription?suite=/mon-foyer",
        prenom="Zoé",
        nom="L’Hostis",
        identifiant="zoe@exemple.fr",
        mot_de_passe=PHRASE,
        maison=maison_id,
    )
    assert answer.location == "/inscription/quotient?suite=/mon-foyer"
    answer = visit.poster(answer.location, valeur="640", mois="2026-10")
    assert answer.location == "/mon-foyer"
    page = visit.lire("/mon-foyer")
    assert "640&nbsp;€" in page.text
    assert "Envoyez votre attestation, ou montrez-la à la maison Capuche" in page.text


def test_the_quotient_may_be_given_later(app: Flask, famille: tuple[Visite, int]) -> None:
    page = famille[0].lire("/inscription/quotient?suite=/mon-foyer")
    assert '<a class="bouton bouton--second" href="/mon-foyer">' in page.text
    assert "au prix le plus haut" in famille[0].lire("/mon-foyer").text


def test_a_second_account_for_the_same_address_opens_nothing(app: Flask, maison_id: int) -> None:
    fields = {"prenom": "Zoé", "nom": "L’Hostis", "identifiant": "06 12 34 56 78", "mot_de_passe": PHRASE}
    assert Visite(app).poster("/inscription", **fields, maison=maison_id).status_code == 302
    again = Visite(app).poster("/inscription", **fields, maison=maison_id)
    assert again.status_code == 422
    assert "a déjà un compte" in again.text
    assert PHRASE not in again.text
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Foyer)) == 1


def test_a_family_corrects_its_contact_and_its_members(famille: tuple[Visite, int], maison_id: int) -> None:
    visit, foyer_id = famille
    fields = {"canal": "sms", "telephone": "06 12 34 56 78", "maison": maison_id}
    assert visit.poster("/mon-foyer/coordonnees", **fields).status_code == 302
    assert visit.poster("/mon-foyer/membres", prenom="Lou", nom="Benali", enfant="y").status_code == 302
    page = visit.lire("/mon-foyer").text
    assert "06\N{NO-BREAK SPACE}12" in page
    assert "Lou Benali" in page
    with reading() as session:
        child = session.scalars(select(Membre).where(Membre.foyer_id == foyer_id, Membre.prenom == "Lou")).one()
    assert not child.adulte
    assert visit.poster(f"/mon-foyer/membres/{child.id}/retirer", "/mon-foyer").status_code == 302
    assert "Lou Benali" not in visit.lire("/mon-foyer").text


def test_sms_without_a_number_is_explained_on_the_form(famille: tuple[Visite, int], maison_id: int) -> None:
    answer = famille[0].poster("/mon-foyer/coordonnees", canal="sms", maison=maison_id)
    assert answer.status_code == 422
    assert "il nous faut votre numéro" in answer.text


def test_the_family_reads_each_state_of_its_quotient(famille: tuple[Visite, int]) -> None:
    visit, foyer_id = famille
    states = {
        "vérifié, il compte": {"verifie_le": clock.now(), "valide_jusqu_au": date(2027, 10, 31)},
        "plus d’un an": {"verifie_le": clock.now(), "valide_jusqu_au": date(2026, 11, 1)},
        "n’a pas pu être retenu": {"refuse_le": clock.now()},
        "Quatre semaines ont passé": {"declare_le": paris(date(2026, 10, 1))},
        "Il compte déjà": {"declare_le": clock.now()},
    }
    for said, given in states.items():
        with transaction() as session:
            session.query(JustificatifQF).delete()
            fabriques.quotient(session, foyer_id, 640, verifie=False, **given)  # type: ignore[arg-type]
        assert said in visit.lire("/mon-foyer").text


def test_an_agent_opens_a_household_and_hands_its_password_over(app: Flask, guichet: Visite, maison_id: int) -> None:
    answer = guichet.poster(
        "/guichet/foyers/ouvrir", prenom="Ana", nom="Gonçalves", identifiant="06 12 34 56 78", maison=maison_id
    )
    assert answer.status_code == 200
    phrase = answer.text.split('<dd class="chapo"><b>')[1].split("<")[0]
    with reading() as session:
        compte = session.scalars(select(Compte).where(Compte.telephone == "+33612345678")).one()
    assert Visite(app).entrer(compte, phrase).status_code == 302


def test_an_agent_opens_a_household_on_paper_then_its_account(app: Flask, guichet: Visite, maison_id: int) -> None:
    answer = guichet.poster("/guichet/foyers/ouvrir", prenom="Ana", nom="Gonçalves", maison=maison_id)
    assert answer.status_code == 302
    page = guichet.lire(answer.location)
    assert "sur papier" in page.text
    opened = guichet.poster(f"{answer.location}/compte", identifiant="ana@exemple.fr")
    assert "À remettre à Ana Gonçalves" in opened.text


def test_a_forgotten_password_is_replaced_at_the_counter(app: Flask, guichet: Visite, maison_id: int) -> None:
    with transaction() as session:
        foyer_id = fabriques.foyer(session, maison_id=maison_id).id
        compte = fabriques.compte(session, foyer_id=foyer_id)
    family = connecte(app, compte)
    path = f"/guichet/foyers/{foyer_id}"
    answer = guichet.poster(f"{path}/comptes/{compte.id}/mot-de-passe", path)
    phrase = answer.text.split('<dd class="chapo"><b>')[1].split("<")[0]
    assert family.lire("/mon-foyer").status_code == 302
    assert Visite(app).entrer(compte).status_code == 422
    assert Visite(app).entrer(compte, phrase).status_code == 302
    assert phrase not in guichet.lire(path).text


def test_a_quotient_is_seen_by_a_click_that_is_written_down(guichet: Visite, maison_id: int) -> None:
    with transaction() as session:
        foyer_id = fabriques.foyer(session, maison_id=maison_id).id
        given = fabriques.quotient(session, foyer_id, 6437, verifie=False, declare_le=clock.now())
    path = f"/guichet/foyers/{foyer_id}"
    for unlogged in (path, "/guichet/justificatifs", "/guichet/foyers?q=essai"):
        assert "6437" not in guichet.lire(unlogged).text
    assert guichet.lire(f"{path}/quotient").status_code == 405
    read = f"/guichet/justificatifs/{given.id}"
    for address, reason in ((f"{path}/quotient", "à la demande de la famille"), (read, pieces.MOTIF_DE_LECTURE)):
        page = guichet.poster(address, path)
        assert re.search(r"6437(&nbsp;|\xa0)€", page.text)
        with reading() as session:
            assert session.scalars(select(LectureQF.motif).order_by(LectureQF.id.desc())).first() == reason
        assert reason in guichet.lire(path).text
    seen = {"valeur": "6437", "mois": "2026-09", "source": "caf", "jusqu_au": "usuelle"}
    assert guichet.poster(f"{read}/accepter", path, **seen).status_code == 302
    assert "Tout est vérifié" in guichet.lire("/guichet/justificatifs").text
    assert guichet.poster(f"{read}/accepter", path, **seen).status_code == 302
    assert "déjà été traité" in guichet.lire(path).text


def test_accepting_asks_what_was_seen(guichet: Visite, maison_id: int) -> None:
    with transaction() as session:
        foyer_id = fabriques.foyer(session, maison_id=maison_id).id
        given = fabriques.quotient(session, foyer_id, 640, verifie=False)
    for source in ("", "autre", "declaration"):
        seen = {"valeur": "640", "mois": "2026-09", "source": source, "jusqu_au": "usuelle"}
        guichet.poster(f"/guichet/justificatifs/{given.id}/accepter", f"/guichet/foyers/{foyer_id}", **seen)
    with reading() as session:
        assert session.get_one(JustificatifQF, given.id).verifie_le is None


def test_a_refused_quotient_leaves_the_queue(guichet: Visite, maison_id: int) -> None:
    with transaction() as session:
        foyer_id = fabriques.foyer(session, maison_id=maison_id).id
        given = fabriques.quotient(session, foyer_id, 640, verifie=False, declare_le=clock.now())
    answer = f"/guichet/justificatifs/{given.id}/refuser"
    assert guichet.poster(answer, f"/guichet/foyers/{foyer_id}").status_code == 422, "the family is told why"
    guichet.poster(answer, f"/guichet/foyers/{foyer_id}", motif="illisible")
    with reading() as session:
        refused = session.get_one(JustificatifQF, given.id)
    assert (refused.refuse_le, refused.refus_motif) == (clock.now(), "illisible")


def test_an_agent_notes_a_quotient_that_it_sees(guichet: Visite, maison_id: int) -> None:
    with transaction() as session:
        foyer_id = fabriques.foyer(session, maison_id=maison_id).id
    path = f"/guichet/foyers/{foyer_id}/quotient/noter"
    assert guichet.poster(path, valeur="1 250,40 €", mois="2026-11", source="msa").status_code == 302
    with reading() as session:
        given = session.scalars(select(JustificatifQF)).one()
    assert (given.source, given.valide_jusqu_au) == ("msa", date(2027, 11, 30))


def test_a_household_moves_to_a_maison_that_the_agent_does_not_see(guichet: Visite, maison_id: int) -> None:
    with transaction() as session:
        foyer_id = fabriques.foyer(session, maison_id=maison_id).id
        other = fabriques.maison(session).id
    fields = {"canal": "papier", "maison": other}
    answer = guichet.poster(f"/guichet/foyers/{foyer_id}/coordonnees", **fields)
    assert answer.location == "/guichet/foyers"
    assert guichet.lire(f"/guichet/foyers/{foyer_id}").status_code == 404


def test_an_empty_search_says_which_maisons_are_searched(guichet: Visite) -> None:
    page = guichet.lire("/guichet/foyers?q=inconnue")
    assert "Personne de ce nom ici" in page.text
    assert "Capuche" in page.text


def test_private_pages_are_kept_by_no_cache(famille: tuple[Visite, int]) -> None:
    assert famille[0].lire("/mon-foyer").headers["Cache-Control"] == "no-store, private"
