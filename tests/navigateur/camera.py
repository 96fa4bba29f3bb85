"""A voucher printed, then held before a camera: its PDF as a picture, and the picture as a film that Chromium plays."""

import subprocess
from io import BytesIO
from pathlib import Path

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
    """Write `picture`, as a hand would hold it before a telephone, as an uncompressed film."""
    shown = Image.new("RGB", TAILLE, "#777777")
    held = picture.convert("RGB")
    held.thumbnail(TAILLE, Image.Resampling.LANCZOS)
    shown.paste(held, ((TAILLE[0] - held.width) // 2, (TAILLE[1] - held.height) // 2))
    light, blue, red = shown.convert("YCbCr").split()
    half = (TAILLE[0] // 2, TAILLE[1] // 2)
    frame = light.tobytes() + blue.resize(half).tobytes() + red.resize(half).tobytes()
    header = f"YUV4MPEG2 W{TAILLE[0]} H{TAILLE[1]} F10:1 Ip A1:1 C420jpeg\n".encode()
    film.write_bytes(header + (b"FRAME\n" + frame) * IMAGES)
