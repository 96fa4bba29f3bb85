"""Vouchers made by the hundred: they look, read and are tagged like those that are laid out one by one."""

import re
import subprocess
import tracemalloc
import uuid
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from kernel import pdf, pdf_master, qr
from kernel.pdf_places import NotAMaster, placeholder
from paniers.documents import bons_en_serie
from paniers.documents.bons_retrait import Bon, Contenu, Dossier, Lieu
from paniers.documents.dossier import rendre_bon, rendre_bons, rendre_dossier
from tests.kernel.test_qr import with_keys
from tests.paniers.test_bons_retrait import codes, pages, run_on, words
from tests.papiers import differing_dots

JEUDI = date(2026, 11, 26)
LIEU = Lieu(
    "Maison des habitants Capuche", "1 rue de l’Exemple, 38000 Grenoble", "+33476000000", JEUDI, time(17), time(19)
)
PRODUITS = tuple(
    Contenu(nom, "", dessin, "Ferme des Tilleuls", "apporté du dépôt", "600 g", "6 kg")
    for nom, dessin in (("Carottes", "carotte"), ("Salade", "salade"))
)
COURTS = [
    ("Samira", "Benali"), ("Zoë", "Énard"), ("Jean-Luc", "O’Neill & Fils"), ("AVA", "ToWa"), ("Łucja", "Šťastná"),
    ("", "Foyer"), ("Ana  Maria", " dos Santos"), ("<b>", "100 % (x) \\\\"), ("Nguyễn", "Đặng"), ("Олена", "Шевченко"),
    ("Fifi", "Affligé"), ("q0", "x1"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch, "1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")


def faire(noms: list[tuple[str, str]]) -> Dossier:
    bons = tuple(
        Bon(n, n + 7, prenom, nom, 1 + (n % 5 == 4), "papier", qr.sign(uuid.UUID(int=n), JEUDI, JEUDI))
        for n, (prenom, nom) in enumerate(noms, 1)
    )
    return Dossier(1, 1, LIEU, PRODUITS, 3500, bons)


def en_nombre(combien: int) -> Dossier:
    return faire([(f"Prénom{n}", f"Nom{n}") for n in range(combien)])


def sans_serie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bons_en_serie, "ASSEZ", 10_000)


def test_each_voucher_looks_and_reads_like_one_laid_out_for_itself() -> None:
    dossier = faire(COURTS)
    made = dict(rendre_bons(dossier))
    assert set(made) == set(dossier.bons)
    for bon, content in made.items():
        plain = rendre_bon(dossier, bon)
        assert differing_dots(content, plain) < 10, bon
        assert words(content) == words(plain)


def test_most_names_are_stamped_and_other_scripts_are_laid_out() -> None:
    dossier = faire([nom for nom in COURTS for _ in range(2)])
    serie = bons_en_serie.serie_de_bons(dossier, 1, dossier.bons)
    assert serie
    plain = {bon.prenom for bon in dossier.bons if serie.rendre(bon) is None}
    assert {"Nguyễn", "Олена"} <= plain
    assert {"Samira", "Zoë", "Jean-Luc", "AVA", "", "Ana  Maria", "<b>", "q0"}.isdisjoint(plain)


def test_a_dossier_looks_like_one_laid_out_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dossier = faire([*COURTS, *[(f"Ana{n}", "Martin") for n in range(11)]])
    made = rendre_dossier(dossier)
    sans_serie(monkeypatch)
    plain = rendre_dossier(dossier)
    assert made != plain
    assert pages(made) == pages(plain)
    for page in range(1, pages(made) + 1):
        assert differing_dots(made, plain, page) < 30, page
    assert words(made) == words(plain)
    assert list(codes(made, tmp_path)) == list(codes(plain, tmp_path)) != []


def test_each_sheet_has_tags_of_its_own_in_the_order_of_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    dossier = en_nombre(17)
    content = dict(rendre_bons(dossier))[dossier.bons[4]]
    assert "Code de retrait du bon numéro 12".encode("utf-16-be") in alternatives(content)
    made = structure(rendre_dossier(dossier))
    sans_serie(monkeypatch)
    assert made == structure(rendre_dossier(dossier))
    assert [f"Prénom{n} Nom{n}" in made for n in range(17)] == [True] * 17


def structure(content: bytes) -> str:
    """The tags and their texts, without the numbers by which cells of a table name their heads."""
    return re.sub(r"[<(]\d+-\d+-\d+[>)]", "", run_on(content, "pdfinfo", "-struct-text", "-"))


def alternatives(content: bytes) -> bytes:
    """What is read aloud instead of drawings, one after the other."""
    found = re.findall(rb"/ObjStm.*?stream\n(.*?)\nendstream", content, re.DOTALL)
    text = b"".join(zlib.decompress(data) for data in found)
    return b"".join(bytes.fromhex(code.decode()) for code in re.findall(rb"/Alt<feff([0-9a-f]+)>", text))


def test_a_long_name_is_set_smaller_on_one_line_and_a_very_long_one_as_ever() -> None:
    longer, longest = ("Marie-Antoinette", "de La Rochefoucauld"), ("Marie " * 6, "de La Tour " * 6)
    dossier = faire([*COURTS[:4], longer, longest, *COURTS[:4]])
    dossier = replace(dossier, bons=tuple(replace(bon, nombre=1) for bon in dossier.bons))
    serie = bons_en_serie.serie_de_bons(dossier, 1, dossier.bons)
    assert serie
    content, none = serie.rendre(dossier.bons[4]), serie.rendre(dossier.bons[5])
    assert content
    assert none is None
    assert right_edge(content, "Marie-Antoinette de La Rochefoucauld") < INNER_EDGE


INNER_EDGE = (148 - 11) / 25.4 * 72


def right_edge(content: bytes, said: str) -> float:
    """Where the words end on the first page, in points; they stand on one line."""
    text = pypdfium2.PdfDocument(content)[0].get_textpage()
    start, count = text.search(said).get_next()
    boxes = [text.get_charbox(at) for at in range(start, start + count)]
    assert max(box[3] for box in boxes) - min(box[1] for box in boxes) < 28
    return float(max(box[2] for box in boxes))


def test_set_at_its_own_size_it_would_run_off_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above."""
    read = pdf_master._Content.field
    monkeypatch.setattr(pdf_master._Content, "field", lambda self, *boxes: replace(read(self, *boxes), width=9999.0))
    dossier = faire([("Marie-Antoinette", "de La Rochefoucauld")] * 6)
    content = dict(rendre_bons(dossier))[dossier.bons[0]]
    assert right_edge(content, "Marie-Antoinette de La Rochefoucauld") > INNER_EDGE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda html: html.replace(placeholder(0, 1), "12"),
        lambda html: html.replace(f"<h1>{placeholder(0, 0)}", f"<h1>Pour {placeholder(0, 0)}"),
        lambda html: re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL),
    ],
    ids=["no number", "words around the name", "no code"],
)
def test_a_template_that_is_no_master_is_laid_out_one_by_one(
    spoil: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fill = pdf.fill

    def spoilt(template: str, context: dict[str, Any]) -> str:
        html = fill(template, context)
        return spoil(html) if placeholder(0, 0) in html else html

    monkeypatch.setattr(pdf, "fill", spoilt)
    dossier = en_nombre(16)
    with pytest.raises(NotAMaster):
        bons_en_serie.SerieDeBons(dossier, 1, dossier.bons)
    assert bons_en_serie.serie_de_bons(dossier, 1, dossier.bons) is None
    assert "Prénom15 Nom15" in words(rendre_dossier(dossier))
    assert "laid out one by one" in caplog.text


def ecrire(combien: int, output: BytesIO) -> int:
    """A thousand vouchers and more, with no list before them."""
    dossier = en_nombre(combien)
    lists = pdf.lay_out('<html lang="fr"><title>Bons</title><body><p>Bons</p></body></html>')
    return bons_en_serie.ecrire_planches(output, lists, dossier, dossier.bons)


def test_a_voucher_more_weighs_less_than_three_kilobytes() -> None:
    small, large = BytesIO(), BytesIO()
    assert (ecrire(40, small), ecrire(240, large)) == (11, 61)
    assert (large.tell() - small.tell()) / 200 < 3000


def vouchers_on(page: Path) -> set[uuid.UUID]:
    """Vouchers on a printed page; a reader may also take a part of a code for another, which is none of ours."""
    said = [code.text for code in zxingcpp.read_barcodes(Image.open(page))]
    return {qr.verify(text, JEUDI).id for text in said if text.startswith(qr.PREFIX)}


@pytest.mark.long
def test_every_code_of_ten_thousand_vouchers_decodes_and_every_name_is_found(tmp_path: Path) -> None:
    output = BytesIO()
    ecrire(10_000, output)
    content, ids = output.getvalue(), set()
    for first in range(1, 2_502, 100):  # a hundred pages at once: all would be gigabytes of dots
        lot = ["-f", str(first), "-l", str(first + 99)]
        subprocess.run(["pdftoppm", "-r", "100", "-gray", *lot, "-", str(tmp_path / "page")], input=content, check=True)
        for page in tmp_path.glob("page*.pgm"):
            ids |= vouchers_on(page)
            page.unlink()
    assert ids == {uuid.UUID(int=n) for n in range(1, 10_001)}
    said = set(re.findall(r"Prénom\d+ Nom\d+", run_on(content, "pdftotext", "-", "-")))
    assert said == {f"Prénom{n} Nom{n}" for n in range(10_000)}


@pytest.mark.long
def test_memory_does_not_grow_with_the_number_of_sheets() -> None:
    class Nowhere(BytesIO):
        def write(self, data: Any) -> int:
            return len(data)

    peaks = []
    for combien in (2_000, 20_000):
        dossier = en_nombre(combien)
        lists = pdf.lay_out('<html lang="fr"><title>Bons</title><body><p>Bons</p></body></html>')
        tracemalloc.start()
        bons_en_serie.ecrire_planches(Nowhere(), lists, dossier, dossier.bons)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 30_000_000
