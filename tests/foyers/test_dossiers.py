"""A household's file, on a real database: opened, corrected, its quotient given, checked, refused."""

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import func, select

from foyers.comptes import creer_compte
from foyers.dossiers import (
    ajouter_membre,
    corriger_coordonnees,
    declarer_qf,
    ouvrir_foyer,
    place_du_qf,
    refuser_qf,
    retirer_membre,
    verifier_qf,
)
from foyers.identifiants import Identifiant, lire_identifiant
from foyers.models import Canal, Compte, Foyer, JustificatifQF, Membre, Source
from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.sealed import Unsealable, unseal
from kernel.web.access import Role
from tests import fabriques
from tests.fabriques import MOT_DE_PASSE

pytestmark = pytest.mark.usefixtures("base")
MARDI = paris(date(2026, 11, 17), time(10))


@pytest.fixture(autouse=True)
def un_mardi(base: str) -> None:
    clock.set_now(MARDI)


def ouvrir(identifiant: str | None = "samira@exemple.fr", **given: object) -> Foyer:
    with transaction() as session:
        values: dict[str, object] = {
            "prenom": "Samira",
            "nom": "Ben Ali",
            "maison_id": given.pop("maison_id", None) or fabriques.maison(session).id,
            "identifiant": lire_identifiant(identifiant) if identifiant else None,
            "mot_de_passe": MOT_DE_PASSE if identifiant else None,
        }
        return ouvrir_foyer(session, **(values | given)).foyer  # type: ignore[arg-type]


def test_a_household_is_opened_with_its_referent_and_its_account() -> None:
    foyer = ouvrir()
    with reading() as session:
        member = session.scalars(select(Membre).where(Membre.foyer_id == foyer.id)).one()
        compte = session.scalars(select(Compte).where(Compte.foyer_id == foyer.id)).one()
    assert (foyer.nom_plie, foyer.canal, foyer.cree_le) == ("ben ali", "email", MARDI)
    assert (member.nom_plie, member.referent, member.adulte) == ("samira ben ali", True, True)
    assert (compte.role, compte.email, compte.nom) == ("habitant", "samira@exemple.fr", "Samira Ben Ali")


def test_without_internet_it_is_opened_on_paper_and_needs_no_account() -> None:
    foyer = ouvrir(None)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Compte)) == 0
    assert foyer.canal == "papier"


def test_an_e_mail_or_number_has_one_account_and_a_second_opens_nothing() -> None:
    ouvrir("06 12 34 56 78")
    with pytest.raises(Refus, match="Connectez-vous"):
        ouvrir("+33612345678")
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Foyer)) == 1


def test_a_closed_maison_takes_no_household() -> None:
    with transaction() as session:
        closed = fabriques.maison(session, active=False).id
    with pytest.raises(Refus, match="Choisissez-en une autre"):
        ouvrir(maison_id=closed)


def test_a_weak_password_opens_nothing() -> None:
    with pytest.raises(Refus, match="12 caractères"):
        ouvrir(mot_de_passe="court")


def donner(foyer_id: int, valeur: int = 640, mois: date = date(2026, 10, 1)) -> JustificatifQF:
    with transaction() as session:
        return declarer_qf(session, foyer_id, valeur, mois, None)


def test_a_quotient_is_sealed_for_its_household() -> None:
    foyer = ouvrir()
    given = donner(foyer.id, mois=date(2026, 10, 17))
    assert given.mois == date(2026, 10, 1)
    assert b"640" not in given.valeur_scellee
    assert unseal(given.valeur_scellee, place_du_qf(foyer.id)) == "640"
    with pytest.raises(Unsealable):
        unseal(given.valeur_scellee, place_du_qf(foyer.id + 1))


@pytest.mark.parametrize(
    ("valeur", "mois"),
    [(-1, date(2026, 10, 1)), (100_000, date(2026, 10, 1)), (640, date(2026, 12, 1)), (640, date(2025, 10, 1))],
)
def test_an_impossible_quotient_is_refused(valeur: int, mois: date) -> None:
    foyer = ouvrir()
    with pytest.raises(Refus):
        donner(foyer.id, valeur, mois)


def test_a_checked_quotient_counts_until_a_year_after_its_month() -> None:
    given = donner(ouvrir().id)
    with transaction() as session:
        agent = fabriques.compte(session, Role.AGENT).id
        checked = verifier_qf(session, given.id, agent=agent, source=Source.MSA)
    assert (checked.verifie_le, checked.verifie_par, checked.source) == (MARDI, agent, "msa")
    assert checked.valide_jusqu_au == date(2027, 10, 31)


def test_a_quotient_is_checked_or_refused_once() -> None:
    first, second = donner(ouvrir().id), donner(ouvrir("a@exemple.fr").id)
    with transaction() as session:
        verifier_qf(session, first.id, agent=None)
        refuser_qf(session, second.id, agent=None)
    for again in (verifier_qf, refuser_qf):
        for given in (first, second):
            with pytest.raises(Refus, match="déjà été traité"), transaction() as session:
                again(session, given.id, agent=None)


def test_a_quotient_too_old_to_count_is_not_checked() -> None:
    given = donner(ouvrir().id, mois=date(2025, 11, 1))
    clock.set_now(paris(date(2026, 12, 1)))
    with pytest.raises(Refus, match="plus valable"), transaction() as session:
        verifier_qf(session, given.id, agent=None)


def test_contact_is_corrected_and_must_fit_the_way_of_writing() -> None:
    foyer = ouvrir()
    with transaction() as session:
        elsewhere = fabriques.maison(session).id
        changed = corriger_coordonnees(
            session, foyer.id, canal=Canal.SMS, telephone="06 12 34 56 78", maison_id=elsewhere
        )
    assert (changed.canal, changed.telephone, changed.email) == ("sms", "+33612345678", None)
    assert changed.maison_id == elsewhere
    with pytest.raises(Refus, match="adresse e-mail"), transaction() as session:
        corriger_coordonnees(session, foyer.id, canal=Canal.EMAIL)


def test_members_come_and_go_but_the_referent_stays() -> None:
    foyer, other = ouvrir(), ouvrir("b@exemple.fr")
    with transaction() as session:
        child = ajouter_membre(session, foyer.id, prenom="Élias", nom="Ben Ali", adulte=False)
        session.flush()
        referent = session.scalars(select(Membre.id).where(Membre.foyer_id == foyer.id, Membre.referent)).one()
    assert child.nom_plie == "elias ben ali"
    with pytest.raises(Introuvable), transaction() as session:
        retirer_membre(session, other.id, child.id)
    with pytest.raises(Refus), transaction() as session:
        retirer_membre(session, foyer.id, referent)
    with transaction() as session:
        retirer_membre(session, foyer.id, child.id)
        assert session.scalar(select(func.count()).where(Membre.foyer_id == foyer.id)) == 1


def test_a_household_has_at_most_twenty_people() -> None:
    foyer = ouvrir()
    with transaction() as session:
        for _ in range(19):
            ajouter_membre(session, foyer.id, prenom="Lou", nom="Ben Ali", adulte=False)
    with pytest.raises(Refus, match="vingt"), transaction() as session:
        ajouter_membre(session, foyer.id, prenom="Lou", nom="Ben Ali", adulte=False)


def test_the_team_s_accounts_know_their_maisons() -> None:
    with transaction() as session:
        place = fabriques.maison(session).id
        named = Identifiant(email="agent@exemple.fr")
        compte = creer_compte(
            session, nom="Claude", role=Role.AGENT, identifiant=named, mot_de_passe=MOT_DE_PASSE, maisons=[place]
        )
    assert compte.mot_de_passe.startswith("$argon2id$")


def test_what_the_past_held_can_be_told() -> None:
    """The demo town opens households and checks quotients in past weeks."""
    then = datetime(2026, 9, 1, 8, tzinfo=UTC)
    with transaction() as session:
        place = fabriques.maison(session).id
        made = ouvrir_foyer(session, prenom="Ana", nom="Silva", maison_id=place, le=then)
        given = declarer_qf(session, made.foyer.id, 300, date(2026, 8, 1), None, le=then)
        verifier_qf(session, given.id, agent=None, le=then)
    assert made.foyer.cree_le == given.declare_le == given.verifie_le == then
