"""The key that seals quotients is replaced: nothing is lost, and the old key is needed no more."""

import base64

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from foyers.models import JustificatifQF
from foyers.verifications import verifier
from kernel.db import reading, transaction
from tests import fabriques
from tests.conftest import forget_settings

OLD = "1:" + base64.b64encode(b"d" * 32).decode()  # the one of tests/conftest.py
NEW = "2:" + base64.b64encode(b"n" * 32).decode()


def with_keys(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("DATA_KEYS", keys)
    forget_settings()


def faults() -> list[str]:
    with reading() as session:
        return verifier(session)


def run(app: Flask) -> tuple[int, str]:
    said = app.test_cli_runner().invoke(args=["foyers", "resceller"])
    return said.exit_code, said.output


@pytest.fixture
def three(app: Flask) -> Flask:
    """Three households with a quotient under the old key."""
    with transaction() as session:
        for value in (320, 640, 1280):
            fabriques.quotient(session, fabriques.foyer(session).id, value)
    return app


def test_after_the_change_the_old_key_can_be_taken_away(three: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch, f"{NEW},{OLD}")
    assert run(create_app()) == (0, "3 quotients sealed anew; none is left under an older key.\n")
    assert run(create_app())[1].startswith("0 quotients")
    with_keys(monkeypatch, NEW)
    assert faults() == []
    with reading() as session:
        assert {sealed[0] for sealed in session.scalars(select(JustificatifQF.valeur_scellee))} == {2}


def test_control_without_it_the_old_key_is_missed(three: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch, NEW)
    assert faults() != []


def test_a_quotient_whose_key_is_gone_is_told_and_left(three: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch, NEW)
    code, said = run(create_app())
    assert (code, "give its key back in DATA_KEYS" in said) == (1, True)
    with_keys(monkeypatch, OLD)
    assert faults() == []
