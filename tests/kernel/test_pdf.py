"""Documents: nothing is fetched from outside, size and time are bounded, any name in any script can be printed."""

import logging
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
from markupsafe import Markup, escape
from weasyprint import HTML
from weasyprint.urls import URLFetcher

from kernel import pdf
from kernel.drawings import line_drawing

ROOT = Path(__file__).resolve().parents[2]
SVG = "http://www.w3.org/2000/svg"
PAGE = '<html lang="fr"><title>Essai</title><body><h1>Bonjour</h1>{}</body></html>'


def run_on(content: bytes, *command: str) -> str:
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout.decode()


def text_of(content: bytes) -> str:
    return run_on(content, "pdftotext", "-layout", "-", "-")


@contextmanager
def listening() -> Iterator[tuple[int, list[str]]]:
    """A server that writes down who knocks."""
    knocks: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        stop = threading.Event()

        def accept() -> None:
            while not stop.is_set():
                try:
                    connection, address = server.accept()
                    connection.close()
                    knocks.append(str(address))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1], knocks
        finally:
            stop.set()
            thread.join()


def hostile(port: int) -> str:
    url = f"http://127.0.0.1:{port}/"
    return f"""
        <img src="{url}a.png"><img src="//127.0.0.1:{port}/">
        <img src="file:///etc/passwd"><img src="ftp://127.0.0.1:{port}/x">
        <img src="static:../kernel/settings.py"><img src="static:/etc/passwd"><img src="static:css/../../.env">
        <object data="{url}o"></object><embed src="{url}e"><iframe src="{url}i"></iframe>
        <link rel="stylesheet" href="{url}s.css"><link rel="attachment" href="file:///etc/passwd">
        <style>@import "{url}i.css"; @font-face {{ font-family: x; src: url({url}f.woff2) }}
        p {{ background: url({url}b.png); font-family: x; content: url({url}c) }}
        li {{ list-style: url({url}l.png) }}</style>
        <p>texte</p><ul><li>point</li></ul>
        <svg viewBox="0 0 9 9"><image href="{url}s.png" width="9" height="9"/><use href="{url}u.svg#a"/>
        <style>@import "{url}z.css";</style></svg>
        <img src="data:image/svg+xml,&lt;svg xmlns='{SVG}'&gt;&lt;image href='{url}d'/&gt;&lt;/svg&gt;">
        <base href="{url}"><img src="relative.png"><a href="{url}">lien</a>"""


def test_without_the_closed_fetcher_the_same_markup_would_knock() -> None:
    with listening() as (port, knocks):
        HTML(string=PAGE.format(hostile(port)), url_fetcher=URLFetcher(timeout=2)).render()
        threading.Event().wait(0.2)
    assert len(knocks) > 5


@pytest.mark.parametrize("escaped", [True, False])
def test_hostile_markup_makes_no_request_and_reads_no_file(escaped: bool, caplog: pytest.LogCaptureFixture) -> None:
    with listening() as (port, knocks):
        markup = hostile(port)
        content = pdf.write(PAGE.format(escape(markup) if escaped else markup))
        threading.Event().wait(0.2)
    assert knocks == []
    assert "Bonjour" in text_of(content)
    assert b"EmbeddedFile" not in content
    assert "root:" not in text_of(content)
    refused = [record for record in caplog.records if "Refused" in record.getMessage()]
    assert len(refused) > 10 or escaped


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "https://example.org/", "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://x", "",
        "static:", "static:../pyproject.toml", "static:/etc/passwd", "static:css/pdf.css", "static:img/../../.npmrc",
        "data:text/html,x", "data:image/svg+xml;base64,AAAA", "data:image/png;base64," + "A" * 400_000,
    ],
)  # fmt: skip
def test_only_our_own_fonts_and_pictures_and_small_images_are_read(url: str) -> None:
    with pytest.raises((pdf.Refused, ValueError)):
        pdf.fetch_own(url)


def test_our_own_files_are_read() -> None:
    assert pdf.fetch_own("static:img/produits.svg")[1] == "image/svg+xml"
    assert pdf.fetch_own("static:vendor/fonts/DejaVuSans.ttf")[1] == "font/ttf"
    assert pdf.fetch_own("data:image/png;base64,AAEC") == (b"\x00\x01\x02", "image/png")
    assert pdf.fetch_own("drawing:carotte")[0].startswith(b"<svg")


def test_a_drawing_on_paper_has_no_colour_and_an_unknown_one_is_a_basket() -> None:
    for name in ("carotte", "salade", "courge-butternut"):
        assert set(re.findall(r'fill="([^"]+)"', line_drawing(name))) == {"none"}
    assert line_drawing("carotte-fane") == line_drawing("carotte")
    assert line_drawing("ananas") == line_drawing("") == line_drawing("panier")


def test_the_same_page_is_the_same_bytes_in_another_process_too() -> None:
    program = f"import sys, kernel.pdf as p; sys.stdout.buffer.write(p.write({PAGE.format('é')!r}))"
    elsewhere = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, capture_output=True, check=True,
        env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert elsewhere.stdout == pdf.write(PAGE.format("é")) == pdf.write(PAGE.format("é"))
    assert pdf.write(PAGE.format("a")) != pdf.write(PAGE.format("b"))


def test_it_is_a_tagged_document_with_a_title_and_a_language() -> None:
    shown = run_on(pdf.write(PAGE.format("")), "pdfinfo", "-")
    assert re.search(r"Tagged:\s+yes", shown)
    assert re.search(r"Title:\s+Essai", shown)


def test_it_asks_nothing_of_the_fonts_of_the_machine(tmp_path: Path) -> None:
    """A machine without any font: WeasyPrint alone would crash."""
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><cachedir>{tmp_path}</cachedir></fontconfig>")
    page = PAGE.format("Žofia Đặng Thị Hồng Шевченко فاطمة გიორგი Արամ 李小龙 😀 தமிழ்")
    program = f"import sys, kernel.pdf as p; sys.stdout.buffer.write(p.write({page!r}))"
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, capture_output=True, check=True,
        env=os.environ | {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "PYTHONPATH": str(ROOT)},
    ).stdout  # fmt: skip
    text = text_of(made)
    for word in ("Žofia", "Đặng", "Hồng", "Шевченко", "გიორგი", "Արամ"):
        assert word in text


def test_documents_beyond_their_bounds_are_not_made() -> None:
    rows = "<p>ligne</p>" * 400
    with pytest.raises(pdf.TooLarge, match="pages"):
        pdf.write(PAGE.format(rows), pdf.Bounds(pages=3))
    with pytest.raises(pdf.TooLarge, match="letters"):
        pdf.write(PAGE.format(rows), pdf.Bounds(html=1000))
    with pytest.raises(pdf.TooLarge, match="bytes"):
        pdf.write(PAGE.format(rows), pdf.Bounds(size=1000))


# The first attempt to stop it may land where Python swallows exceptions, and says so; the next one does not.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_document_that_takes_too_long_is_stopped_and_the_next_one_is_made() -> None:
    endless = "<table>" + "<tr><td>x</td></tr>" * 30_000 + "</table>"
    with pytest.raises(pdf.TooLarge, match="more than"):
        pdf.write(PAGE.format(endless), pdf.Bounds(seconds=0.5))
    assert "Bonjour" in text_of(pdf.write(PAGE.format("")))


def test_several_threads_may_ask_at_once() -> None:
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(pdf.write(PAGE.format("x")))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1


def test_contexts_hold_primitives_only() -> None:
    pdf.assert_primitives({"a": [1, "x", None, {"b": (date(2026, 1, 1), time(17), 1.5, True)}]})
    for bad, place in ((object(), "object"), (Decimal(1), "Decimal"), (Markup("<b>"), "markup"), (b"x", "bytes")):
        with pytest.raises(TypeError, match=place):
            pdf.assert_primitives({"a": [bad]})


def test_the_web_process_does_not_load_the_engine() -> None:
    program = "import sys, kernel.pdf, kernel.qr; print('weasyprint' in sys.modules)"
    made = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert made.stdout.strip() == "False"


def test_logs_of_a_refused_address_are_short(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        pdf.write(PAGE.format(f'<img alt="x" src="data:text/html,{"secret" * 5000}">'))
    assert all("secret" * 20 not in record.getMessage().partition("Refused")[2] for record in caplog.records)
