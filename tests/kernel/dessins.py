"""Files as people send them, and as those do who mean harm."""

import io
import struct
import zlib

import pypdfium2
from PIL import Image
from PIL.PngImagePlugin import PngInfo

CANARI = b"CANARI-DANS-LE-FICHIER"


def photo(format: str = "JPEG", size: tuple[int, int] = (640, 480), **options: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "#f2b632").save(written, format, **options)
    return written.getvalue()


def photo_qui_raconte() -> bytes:
    """A photo with where it was taken, a comment, and a program behind its last byte."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = CANARI.decode(), 6
    return photo(size=(640, 480), exif=exif, comment=CANARI) + CANARI + b"<script>alert(829)</script>"


def png_qui_raconte() -> bytes:
    told = PngInfo()
    told.add_text("Comment", CANARI.decode())
    return photo("PNG", pnginfo=told)


def pdf(pages: int = 1, size: tuple[float, float] = (595, 842)) -> bytes:
    made, written = pypdfium2.PdfDocument.new(), io.BytesIO()
    for _ in range(pages):
        made.new_page(*size)
    made.save(written)
    made.close()
    return written.getvalue()


def bombe_png(side: int = 30_000) -> bytes:
    """A picture of some kilobytes that would take gigabytes of memory."""
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(side // 8 + 1)) for _ in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
