"""A voucher printed, then held before a camera: its PDF as a picture, and the picture as a film that Chromium plays."""

import subprocess
from io import BytesIO
from pathlib import Path

import zxingcpp
from PIL import Image

TAILLE = (640, 480)
IMAGES = 12


def photographier(pdf: bytes, folder: Path) -> Image.Image:
    """The first page of a PDF as a picture."""
    source = folder / "bon.pdf"
    source.write_bytes(pdf)
    command = ["pdftoppm", "-png", "-r", "150", "-f", "1", "-l", "1", str(source)]
    return Image.open(BytesIO(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout))


def filmer(picture: Image.Image, film: Path) -> None:
    """Write `picture`, its code held before a telephone, as an uncompressed film.

    The hand is near enough, and moves: from far away one distance alone blurs some codes beyond reading.
    """
    near = _cadrer(picture)
    header = f"YUV4MPEG2 W{TAILLE[0]} H{TAILLE[1]} F10:1 Ip A1:1 C420jpeg\n".encode()
    film.write_bytes(header + b"".join(b"FRAME\n" + _image(near, 1 - rank / 80) for rank in range(IMAGES)))


def _cadrer(picture: Image.Image) -> Image.Image:
    """The code on that sheet, and as much around it as it is wide."""
    (code,) = zxingcpp.read_barcodes(picture)
    first, last = code.position.top_left, code.position.bottom_right
    margin = last.x - first.x
    return picture.crop((first.x - margin, first.y - margin // 2, last.x + margin, last.y + margin // 2))


def _image(picture: Image.Image, pres: float) -> bytes:
    """One image of the film; at 1 the picture fills it."""
    shown = Image.new("RGB", TAILLE, "#777777")
    held = picture.convert("RGB")
    held.thumbnail((round(TAILLE[0] * pres), round(TAILLE[1] * pres)), Image.Resampling.LANCZOS)
    shown.paste(held, ((TAILLE[0] - held.width) // 2, (TAILLE[1] - held.height) // 2))
    light, blue, red = shown.convert("YCbCr").split()
    half = (TAILLE[0] // 2, TAILLE[1] // 2)
    return light.tobytes() + blue.resize(half).tobytes() + red.resize(half).tobytes()
