"""Over the wire: compressed pages that say the same, files kept for a year under a digest of their content."""

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kernel.web import weight

GZIP = {"Accept-Encoding": "gzip"}
TOKEN = re.compile(rb'(nonce|value)="[^"]*"')


def address(app: Flask, name: str) -> str:
    """As templates ask for it."""
    return app.jinja_env.from_string("{{ fichier(name) }}").render(name=name)


@pytest.fixture
def sheet(app: Flask) -> str:
    """The address under which pages name the style sheet."""
    with app.test_request_context():
        return address(app, "css/paniers.css")


def test_a_page_is_compressed_for_whoever_takes_it_and_says_the_same(client: FlaskClient) -> None:
    plain, small = client.get("/le-panier"), client.get("/le-panier", headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.data) == small.content_length < len(plain.data) / 2
    assert TOKEN.sub(b"", gzip.decompress(small.data)) == TOKEN.sub(b"", plain.data)
    for answer in (plain, small):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.headers["Cache-Control"] == "no-store, private"


def test_the_length_of_a_compressed_page_tells_little_of_what_is_in_it() -> None:
    body = b"<p>the same page</p>" * 100
    lengths = {len(weight._page(body)) for _ in range(200)}
    assert len(lengths) > weight.MOST_PADDING / 2
    assert max(lengths) - min(lengths) < weight.MOST_PADDING


def test_control_without_the_padding_it_tells_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight, "MOST_PADDING", 1)
    assert len({len(weight._page(b"<p>the same page</p>" * 100)) for _ in range(50)}) == 1


def test_a_file_is_kept_for_ever_under_its_own_digest_and_under_no_other(client: FlaskClient, sheet: str) -> None:
    assert re.fullmatch(r"/static/css/paniers\.css\?v=[0-9a-f]{12}", sheet)
    named = client.get(sheet, buffered=True)
    assert named.headers["Cache-Control"] == weight.FOR_EVER
    for other in (sheet[:-12] + "0" * 12, sheet.partition("?")[0]):
        assert "immutable" not in client.get(other, buffered=True).headers["Cache-Control"]
    missing = client.get("/static/css/absent.css?v=0")
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store, private")


def test_a_file_is_compressed_once_and_still_answers_not_modified(client: FlaskClient, sheet: str) -> None:
    plain, small = client.get(sheet, buffered=True), client.get(sheet, headers=GZIP, buffered=True)
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data) / 3
    again = client.get(sheet, headers=GZIP | {"If-None-Match": small.headers["ETag"]}, buffered=True)
    assert (again.status_code, again.data) == (304, b"")
    part = client.get(sheet, headers=GZIP | {"Range": "bytes=0-9"}, buffered=True)
    assert (part.status_code, part.data) == (206, plain.data[:10])


def test_fonts_keep_the_address_that_style_sheets_give_them(app: Flask) -> None:
    with app.test_request_context():
        name = weight.FONTS + "AtkinsonHyperlegibleNext-Regular.woff2"
        assert address(app, name) == f"/static/{name}"
        assert address(app, "css/no-such\0file.css").startswith("/static/css/no-such")
