"""The pictures of the demo town's outings: one for each kind, drawn here in a few shapes, with the words for it."""

from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw

LARGE, HAUT, TRAIT = 960, 540, 12
PAPIER, ENCRE, AUBERGINE, SOLEIL, FEUILLE = "#FBF7EF", "#1D2B22", "#5B2A5E", "#F2B632", "#23683F"
MOTS = {
    "theatre": "Dessin : un rideau ouvert sur une scène",
    "musique": "Dessin : des cordes et une note",
    "danse": "Dessin : trois arcs qui se suivent",
    "cirque": "Dessin : un chapiteau",
    "cinema": "Dessin : un projecteur et son faisceau",
    "musee": "Dessin : trois cadres au mur",
    "patrimoine": "Dessin : des montagnes et un soleil",
    "atelier": "Dessin : des pinceaux",
}


@cache
def affiche_de(genre: str) -> tuple[bytes, str]:
    """The picture of that kind of outing, as JPEG, and what it shows."""
    image = Image.new("RGB", (LARGE, HAUT), AUBERGINE)
    _DESSINS[genre](ImageDraw.Draw(image))
    content = BytesIO()
    image.save(content, "JPEG", quality=80)
    return content.getvalue(), MOTS[genre]


def _theatre(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 430, LARGE, HAUT), fill=SOLEIL)
    for fold in range(5):
        for hem in (fold * 60, LARGE - fold * 60 - 60):
            lean = fold * 12 if hem < LARGE // 2 else -fold * 12
            draw.polygon([(hem, 0), (hem + 52, 0), (hem + 52 - lean, 430), (hem - lean, 430)], fill=PAPIER)
    draw.ellipse((430, 330, 530, 430), fill=PAPIER)


def _musique(draw: ImageDraw.ImageDraw) -> None:
    for rank in range(5):
        draw.line([(0, 150 + rank * 55), (LARGE, 110 + rank * 75)], fill=PAPIER, width=TRAIT // 2)
    draw.ellipse((430, 310, 560, 400), fill=SOLEIL)
    draw.line([(552, 350), (552, 120), (640, 170)], fill=SOLEIL, width=TRAIT * 2)


def _danse(draw: ImageDraw.ImageDraw) -> None:
    for rank, colour in enumerate((PAPIER, SOLEIL, PAPIER)):
        left = 120 + rank * 240
        draw.arc((left, 120, left + 240, 480), 200, 20 + rank * 30, fill=colour, width=TRAIT * 3)
        draw.ellipse((left + 90, 60, left + 150, 120), fill=colour)


def _cirque(draw: ImageDraw.ImageDraw) -> None:
    for stripe in range(6):
        left = 180 + stripe * 100
        colour = SOLEIL if stripe % 2 else PAPIER
        draw.polygon([(480, 70), (left, 300), (left + 100, 300)], fill=colour)
        draw.rectangle((left, 300, left + 100, HAUT), fill=colour)
    draw.polygon([(480, 10), (480, 70), (560, 40)], fill=SOLEIL)


def _cinema(draw: ImageDraw.ImageDraw) -> None:
    draw.polygon([(250, 270), (LARGE, 60), (LARGE, 480)], fill=SOLEIL)
    draw.rounded_rectangle((110, 200, 280, 340), 24, fill=PAPIER)
    for left in (110, 200):
        draw.ellipse((left, 110, left + 90, 200), outline=PAPIER, width=TRAIT)


def _musee(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 0, LARGE, HAUT), fill=PAPIER)
    for left, width, colour in ((90, 200, AUBERGINE), (350, 280, SOLEIL), (690, 180, FEUILLE)):
        draw.rectangle((left, 120, left + width, 400), outline=ENCRE, width=TRAIT)
        draw.rectangle((left + 40, 160, left + width - 40, 360), fill=colour)


def _patrimoine(draw: ImageDraw.ImageDraw) -> None:
    draw.ellipse((620, 70, 780, 230), fill=SOLEIL)
    draw.polygon([(0, HAUT), (250, 180), (520, HAUT)], fill=PAPIER)
    draw.polygon([(330, HAUT), (640, 250), (LARGE, HAUT)], fill=FEUILLE)


def _atelier(draw: ImageDraw.ImageDraw) -> None:
    for rank, colour in enumerate((SOLEIL, PAPIER, FEUILLE)):
        x = 260 + rank * 200
        draw.line([(x, 480), (x + 50, 200)], fill=PAPIER, width=TRAIT * 2)
        draw.ellipse((x + 20, 90, x + 90, 220), fill=colour)


_DESSINS = {
    "theatre": _theatre,
    "musique": _musique,
    "danse": _danse,
    "cirque": _cirque,
    "cinema": _cinema,
    "musee": _musee,
    "patrimoine": _patrimoine,
    "atelier": _atelier,
}
