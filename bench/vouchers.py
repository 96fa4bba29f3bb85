"""P2: vouchers to cut out, four a sheet, tagged, each with its signed code; the peer is WeasyPrint alone.

The names are ones that are stamped; with `ecritures` three in a hundred need another script, and are laid out.
"""

import io
import subprocess
import tempfile
import time
import uuid
from datetime import date
from datetime import time as hour
from pathlib import Path
from typing import Any, BinaryIO

import zxingcpp
from PIL import Image

from bench import reportlab_peer
from bench.figures import Figure, exponent, peak_of, take
from kernel import pdf, qr
from paniers.documents import bons_en_serie
from paniers.documents.bons_retrait import Bon, Contenu, Dossier, Lieu
from paniers.documents.dossier import rendre_bons, rendre_dossier

ROW = "P2"
JEUDI = date(2026, 11, 26)
COUVERTURE = '<html lang="fr"><title>Bons</title><body><p>Bons</p></body></html>'
PRENOMS = ("Samira", "Zoë", "Jean-Luc", "Inès", "Łucja", "Ahmed", "Maëlys", "Théo", "Fatou", "Anne-Sophie")
NOMS = ("Benali", "Énard", "O’Neill", "dos Santos", "Šťastná", "Martin", "Le Goff", "Diallo", "Nguyen", "Petit-Jean")


class Nowhere(io.BytesIO):
    """Counts what is written and keeps nothing."""

    size = 0

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)


def dossier(combien: int, *, ecritures: bool = False) -> Dossier:
    lieu = Lieu(
        "Maison des habitants Capuche", "1 rue de l’Exemple, 38000 Grenoble", "+33476000000", JEUDI, hour(17), hour(19)
    )
    produits = tuple(
        Contenu(nom, "", dessin, "Ferme des Tilleuls", "apporté du dépôt", "600 g", "360 kg")
        for nom, dessin in (("Carottes", "carotte"), ("Salade", "salade"), ("Pommes", "pomme"), ("Poireaux", "poireau"))
    )
    return Dossier(1, 1, lieu, produits, 3500, tuple(_bon(n, ecritures=ecritures) for n in range(combien)))


def _bon(number: int, *, ecritures: bool) -> Bon:
    prenom = "Олена" if ecritures and number % 33 == 0 else PRENOMS[number % 10]
    nom = f"{NOMS[number // 10 % 10]} {chr(65 + number // 100 % 26)}"
    code = qr.sign(uuid.UUID(int=number), JEUDI, JEUDI)
    return Bon(number, number + 1, prenom, nom, 1 + (number % 4 == 0), "papier", code)


def stamp(combien: int) -> int:
    """Write as many vouchers, a cover page before them; returns the bytes written."""
    return stamp_of(dossier(combien))


def stamp_of(made: Dossier, output: BinaryIO | None = None) -> int:
    counted = Nowhere()
    bons_en_serie.ecrire_planches(output or counted, pdf.lay_out(COUVERTURE), made, made.bons)
    return counted.size


def plain(made: Dossier) -> None:
    """The same by WeasyPrint alone, at best: one document of at most two hundred vouchers."""
    planches = [[bons_en_serie.coupon(bon) for bon in made.bons[at : at + 4]] for at in range(0, len(made.bons), 4)]
    pdf.paint(bons_en_serie.mettre_en_page(made, planches), lambda _document, _made: None)


def unread(combien: int) -> int:
    """How many codes of as many printed vouchers a reader does not find."""
    output = io.BytesIO()
    stamp_of(dossier(combien), output)
    found = set()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["pdftoppm", "-r", "100", "-gray", "-", f"{folder}/page"], input=output.getvalue(), check=True)
        for page in Path(folder).iterdir():
            found |= {qr.verify(code.text, JEUDI).id for code in zxingcpp.read_barcodes(Image.open(page))}
    return len({uuid.UUID(int=number) for number in range(combien)} - found)


def run() -> list[Figure]:
    few, many = dossier(300), dossier(2_000)
    at_300, at_2000 = take(lambda: stamp_of(few)), take(lambda: stamp_of(many))
    mixed, alone = dossier(2_000, ecritures=True), dossier(100)
    laid_out = take(lambda: stamp_of(mixed), runs=1)
    peer = take(lambda: plain(alone), runs=3)
    by_hand = take(lambda: reportlab_peer.draw(few), runs=3)
    own_files = take(lambda: list(rendre_bons(few)), runs=3)
    lists = take(lambda: rendre_dossier(_sent_by_mail(few)), runs=1)
    small, _ = peak_of(stamp, 2_000)
    huge = dossier(20_000)  # signed before, as those of the other sizes are
    start = time.process_time()
    size = stamp_of(huge)
    at_20000 = time.process_time() - start
    del huge
    large, _ = peak_of(stamp, 20_000)
    ours, weasyprint = at_2000.cpu / 2, peer.cpu * 10
    growth = exponent(at_2000.cpu, at_20000)
    return [
        _cpu("un bon, parmi 2 000", ours, "The template laid out once, all sheets written.", most=0.5),
        _cpu("un bon, parmi 300", at_300.cpu / 0.3, "The same; the template weighs more.", most=1.0),
        _cpu("le même par WeasyPrint seul", weasyprint, "The peer: one document of 100 vouchers, three runs."),
        _cpu("le même par reportlab", by_hand.cpu / 0.3, "A peer: drawn by hand, no template, no tags, three runs."),
        Figure(ROW, "fois plus vite que WeasyPrint", weasyprint / ours, "×", "The ratio of the two.", least=20),
        Figure(ROW, "de 2 000 à 20 000, exposant", growth, "", "1 is in proportion; one run of 20,000.", most=1.05),
        Figure(ROW, "poids d’un bon", size / 20_000, "octets", "The file of 20,000, by voucher.", most=3_000),
        Figure(ROW, "mémoire, de 2 000 à 20 000", (large - small) / 1e6, "Mo", "Peaks of two processes.", most=30),
        Figure(ROW, "codes non lus sur 300", unread(300), "", "Printed at 100 dpi and read by zxing.", most=0),
        _cpu("un bon, 3 % d’autres écritures", laid_out.cpu / 2, "Sheets with such a name are laid out; one run."),
        _cpu("un bon en fichier à lui", own_files.cpu / 0.3, "Each family's own PDF, fonts included; three runs."),
        _cpu("une ligne des listes", lists.cpu / 0.3, "Lists are laid out by WeasyPrint alone; one run."),
    ]


def _cpu(what: str, milliseconds: float, meaning: str, most: float | None = None) -> Figure:
    return Figure(ROW, what, milliseconds, "ms CPU", meaning, most=most)


def _sent_by_mail(made: Dossier) -> Dossier:
    """The same dossier where nobody needs a voucher on paper: lists alone."""
    bons = tuple(Bon(b.panier_id, b.numero, b.prenom, b.nom, b.nombre, "email", b.texte) for b in made.bons)
    return Dossier(made.semaine_id, made.maison_id, made.lieu, made.produits, made.poids, bons)
