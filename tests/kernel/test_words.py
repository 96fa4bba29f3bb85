"""Sentences are looked up once in the life of a process, and once for each language."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale, get_locale

from kernel.web import words


@pytest.fixture
def asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Catalogues that answer in any language, and what they were asked."""
    found: list[str] = []

    def gettext(message: str) -> str:
        found.append(message)
        return f"{get_locale()} : {message}"

    monkeypatch.setattr(words, "gettext", gettext)
    words._said.cache_clear()
    yield found
    words._said.cache_clear()  # what was made up here is forgotten


def test_a_sentence_is_looked_up_once_for_each_language(app: Flask, asked: list[str]) -> None:
    for _ in range(3):
        with app.test_request_context():
            assert words._("Bonjour %(nom)s !", nom="Lou") == "fr\N{NO-BREAK SPACE}: Bonjour Lou\N{NO-BREAK SPACE}!"
            with force_locale("ar"):
                assert words.said("Bonjour %(nom)s !").startswith("ar")
    assert asked == ["Bonjour %(nom)s !"] * 2
