"""What people upload: known by content, drawn anew, and never able to harm more than the program that reads it."""

import io
import warnings
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kernel import redraw, uploads
from kernel.errors import Refus
from kernel.redraw import NotDrawn
from tests.kernel.dessins import CANARI, bombe_png, pdf, photo, photo_qui_raconte, png_qui_raconte

JPEG = b"\xff\xd8\xff"


@pytest.mark.parametrize(
    ("content", "pages"), [(photo(), 1), (photo("PNG"), 1), (pdf(), 1), (pdf(4), 4)], ids=["jpeg", "png", "pdf", "four"]
)
def test_photos_and_pdf_become_jpeg_pages(content: bytes, pages: int) -> None:
    drawn = uploads.pages_of(content)
    assert len(drawn) == pages
    for page in drawn:
        with Image.open(io.BytesIO(page)) as image:
            assert image.format == "JPEG"
            assert max(image.size) <= redraw.SIDE


@pytest.mark.parametrize("content", [photo_qui_raconte(), png_qui_raconte()], ids=["jpeg", "png"])
def test_nothing_of_the_file_but_its_picture_is_kept(content: bytes) -> None:
    assert CANARI in content
    (page,) = redraw.redraw(content)
    assert CANARI not in page
    assert b"script" not in page
    with Image.open(io.BytesIO(page)) as image:
        assert not image.getexif()


def test_a_photo_taken_sideways_is_upright() -> None:
    (page,) = redraw.redraw(photo_qui_raconte())
    with Image.open(io.BytesIO(page)) as image:
        assert image.size == (480, 640)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "vide"),
        (b"MZ\x90\0" + b"x" * 500, "ni une photo ni un PDF"),
        (b"GIF89a" + b"\0" * 50, "ni une photo ni un PDF"),
        (b"<svg onload=alert(1)>", "ni une photo ni un PDF"),
        (b"\n%PDF-1.7 not at its place", "ni une photo ni un PDF"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 64, "HEIC"),
        (JPEG + b"not a picture", "ne se lit pas"),
        (photo()[:200], "ne se lit pas"),
        (b"%PDF-1.7 not a document", "ne se lit pas"),
        (pdf(5), "plus de quatre pages"),
        (bombe_png(), "trop grande"),
        (JPEG + b"\0" * uploads.BYTES_MAX, "trop gros"),
    ],
    ids=["empty", "exe", "gif", "svg", "offset", "heic", "fake", "cut", "fakepdf", "pages", "bomb", "big"],
)
def test_whatever_else_is_refused_with_what_to_do_instead(content: bytes, said: str) -> None:
    with pytest.raises(Refus, match=said) as refused:
        uploads.pages_of(content)
    assert refused.value.status == 422


def test_a_page_as_big_as_a_field_is_drawn_small() -> None:
    (page,) = redraw.redraw(pdf(size=(14_000, 20)))
    with Image.open(io.BytesIO(page)) as image:
        assert max(image.size) <= redraw.SIDE


def test_control_without_the_bound_the_bomb_takes_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small one, so that the control itself does no harm: 2,000 pixels a side where 1,000 are allowed."""
    small = bombe_png(2_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        monkeypatch.setattr(redraw, "PIXELS_MAX", 1_000_000)
        with pytest.raises(NotDrawn, match="pixels"):
            redraw.redraw(small)
        monkeypatch.setattr(redraw, "PIXELS_MAX", 64_000_000)
        assert redraw.redraw(small)


@pytest.mark.parametrize(
    "program",
    ["while True: pass", "x = bytearray(1 << 40)", "import os; os.kill(os.getpid(), 11)", "raise SystemExit(9)"],
    ids=["endless", "greedy", "crash", "exit"],
)
def test_a_file_that_ends_its_reader_is_a_sentence(
    program: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stand_in = tmp_path_factory.mktemp("lecteur") / "redraw.py"
    stand_in.write_text(program)
    monkeypatch.setattr(uploads, "PROGRAM", stand_in)
    monkeypatch.setattr(uploads, "SECONDS", 1)
    with pytest.raises(Refus, match="ne se lit pas"):
        uploads.pages_of(photo())


def test_the_reader_knows_no_setting(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("DATA_KEYS", "1:secret")
    stand_in = tmp_path_factory.mktemp("lecteur") / "redraw.py"
    stand_in.write_text("import os, sys; sys.exit(9 if 'DATA_KEYS' in os.environ else 0)")
    monkeypatch.setattr(uploads, "PROGRAM", stand_in)
    assert uploads.pages_of(photo()) == []


# Two hundred files made to harm: real ones cut, mended, crossed, and headers before anything at all.

REELS: list[Callable[[], bytes]] = [photo, lambda: photo("PNG"), pdf, lambda: pdf(2), photo_qui_raconte]
DEBUTS = [JPEG, b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"\0\0\0\x18ftypheic", b"GIF89a", b"PK\x03\x04", b"<html>", b""]


@st.composite
def hostiles(draw: st.DrawFn) -> bytes:
    way = draw(st.sampled_from(["header", "cut", "flip", "cross"]))
    real = draw(st.sampled_from(REELS))()
    if way == "header":
        return draw(st.sampled_from(DEBUTS)) + draw(st.binary(max_size=400))
    if way == "cut":
        return real[: draw(st.integers(0, len(real)))] + draw(st.binary(max_size=40))
    if way == "cross":
        return real + draw(st.sampled_from(REELS))() + CANARI
    changed = bytearray(real)
    for _ in range(draw(st.integers(1, 30))):
        changed[draw(st.integers(0, len(changed) - 1))] = draw(st.integers(0, 255))
    return bytes(changed)


def dessiner(content: bytes) -> tuple[list[bytes], str]:
    try:
        return redraw.redraw(content), ""
    except NotDrawn as why:
        return [], str(why)


def tirer(content: bytes) -> None:
    """Either pages that we drew, or a word that has its sentence; nothing else ever comes out."""
    pages, word = dessiner(content)
    if word:
        assert word in uploads.SENTENCES
        return
    assert 1 <= len(pages) <= redraw.PAGES_MAX
    for page in pages:
        assert page.startswith(JPEG)
        assert CANARI not in page


@settings(max_examples=200, deadline=None)
@given(content=hostiles())
def test_two_hundred_hostile_files_bring_pages_or_a_sentence(content: bytes) -> None:
    tirer(content)


@pytest.mark.long
@settings(max_examples=5_000, deadline=None)
@given(content=hostiles())
def test_thousands_of_hostile_files_bring_pages_or_a_sentence(content: bytes) -> None:
    tirer(content)
