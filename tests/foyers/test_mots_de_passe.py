"""Passwords: long, not well known, not one's own name; and how people are named at sign-in."""

from contextlib import suppress

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from foyers.chemins import chemin_local
from foyers.identifiants import Identifiant, lire_identifiant
from foyers.mots_de_passe import a_rehacher, est_le_bon, hacher, verifier_force
from foyers.phrases_de_passe import nouvelle_phrase
from kernel.errors import Refus


@pytest.mark.parametrize(
    "password", ["la chatte dort au soleil", "x" * 4 + "y9!K" * 4, "éléphant à vélo", "lune wagon sel"]
)
def test_a_phrase_is_taken_as_it_is(password: str) -> None:
    verifier_force(password, ["Samira Benali", "samira@exemple.fr"])


@pytest.mark.parametrize(
    "password",
    [
        "court",
        "x" * 201,
        "MotDePasse123",
        "mot de passe 123",
        "azertyuiop123",
        "aaaaaaaaaaaaaa",
        "Le chat dort sur le toit",
        "Samira Benali",
        "benalisamira38",
        "samira@exemple.fr",
        "0612345678 06",
    ],
)
def test_short_known_and_personal_ones_are_refused(password: str) -> None:
    with pytest.raises(Refus):
        verifier_force(password, ["Samira Benali", "samira@exemple.fr", "06 12 34 56 78"])


def test_only_the_right_password_fits() -> None:
    stored = hacher("la chatte dort au soleil")
    assert "chat" not in stored
    assert est_le_bon(stored, "la chatte dort au soleil")
    assert not est_le_bon(stored, "la chatte dort au salon")
    assert not est_le_bon(None, "la chatte dort au soleil")
    assert not est_le_bon("pas une empreinte", "la chatte dort au soleil")


def test_accents_typed_on_two_keyboards_give_the_same_password() -> None:
    assert est_le_bon(hacher("l’été à la mer"), "l’e\u0301te\u0301 a\u0300 la mer")


def test_a_hash_of_other_parameters_is_made_anew() -> None:
    assert a_rehacher(PasswordHasher(time_cost=1, memory_cost=64).hash("la chatte dort au soleil"))
    assert not a_rehacher(hacher("la chatte dort au soleil"))


def test_the_counter_s_passwords_are_strong_and_differ() -> None:
    phrases = {nouvelle_phrase() for _ in range(200)}
    assert len(phrases) == 200
    for phrase in phrases:
        verifier_force(phrase)
        assert phrase.isascii()


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (" Samira@Exemple.FR ", Identifiant(email="samira@exemple.fr")),
        ("06 12 34 56 78", Identifiant(telephone="+33612345678")),
        ("+33 (0)6.12.34.56.78", Identifiant(telephone="+33612345678")),
        ("0033612345678", Identifiant(telephone="+33612345678")),
        ("+213 551 23 45 67", Identifiant(telephone="+213551234567")),
    ],
)
def test_an_identifiant_is_read_in_any_usual_way(typed: str, read: Identifiant) -> None:
    assert lire_identifiant(typed) == read


@pytest.mark.parametrize(
    "typed", ["", "samira", "samira@", "@b", "06 12", "a@b\n.fr", "\0@b.fr", "9" * 5000, "a" * 9000 + "@b.fr"]
)
def test_what_is_neither_is_refused(typed: str) -> None:
    with pytest.raises(Refus):
        lire_identifiant(typed)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(typed: str) -> None:
    with suppress(Refus):
        assert str(lire_identifiant(typed))


@pytest.mark.parametrize("path", ["/", "/mon-foyer", "/abonnements?maison=3&suite=%2F", "/été"])
def test_a_path_of_ours_is_followed(path: str) -> None:
    assert chemin_local(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "https://pirate.example",
        "//pirate.example",
        "/\\pirate.example",
        "\\\\pirate.example",
        "/\t/pirate.example",
        "/a//pirate.example",
        " /mon-foyer",
        "/mon-foyer\n",
        "/\u202e",
        "javascript:alert(1)",
        "mon-foyer",
        "//[",
        "/" + "a" * 3000,
    ],
)
def test_a_path_that_leaves_the_site_is_not(path: str) -> None:
    assert chemin_local(path) is None
