"""The same vouchers drawn by reportlab, by hand: no template, no tags; the code's modules are ours, as one path."""

import io
from itertools import groupby
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from kernel import qr
from kernel.formats import jour, telephone
from paniers.documents.bons_retrait import Bon, Dossier, Lieu

FONTS = Path(__file__).resolve().parent.parent / "static" / "vendor" / "fonts"
A_SHEET = 4
WIDTH, HEIGHT = A4[0] / 2, A4[1] / 2
LEFT, TOP, CODE = 28.0, 36.0, 110.0


def draw(made: Dossier) -> bytes:
    """A file of sheets, four vouchers each."""
    for name, file in (("Texte", "DejaVuSans.ttf"), ("Gras", "DejaVuSans-Bold.ttf")):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, FONTS / file))
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=A4)
    for rank, bon in enumerate(made.bons):
        place = rank % A_SHEET
        if rank and not place:
            canvas.showPage()
        _voucher(canvas, made.lieu, bon, place % 2 * WIDTH, (1 - place // 2) * HEIGHT)
    canvas.save()
    return output.getvalue()


def _voucher(canvas: Canvas, lieu: Lieu, bon: Bon, x: float, y: float) -> None:
    left, top = x + LEFT, y + HEIGHT - TOP
    lines = [
        ("Texte", 9, 0, "Bon de retrait"),
        ("Gras", 18, 24, f"{bon.prenom} {bon.nom}"),
        ("Gras", 13, 48, f"{bon.nombre} panier{'s' if bon.nombre > 1 else ''}"),
        ("Gras", 16, 110, str(bon.numero)),
        ("Texte", 10, 200, jour(lieu.jour).capitalize()),
        ("Texte", 10, 214, f"De {lieu.debut:%H:%M} à {lieu.fin:%H:%M}"),
        ("Gras", 10, 236, lieu.nom),
        ("Texte", 10, 250, lieu.adresse),
        ("Texte", 10, 264, telephone(lieu.telephone)),
    ]
    for font, size, down, text in lines:
        canvas.setFont(font, size)
        canvas.drawString(left + (CODE + 14 if down == 110 else 0), top - down, text)
    path, side = canvas.beginPath(), CODE / qr.MODULES
    for row, modules in enumerate(qr.modules(bon.texte)):
        at = 0
        for black, run in groupby(modules):
            length = len(list(run))
            if black:
                path.rect(left + at * side, top - 70 - (row + 1) * side, length * side, side)
            at += length
    canvas.drawPath(path, stroke=0, fill=1)
