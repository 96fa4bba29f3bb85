"""A program of its own: an uploaded picture or PDF on standard input, its pages drawn anew as plain JPEG on the output.

What somebody sends is never kept and never given to a browser: only what this program drew of it is. Scripts, attached
files, metadata and whatever else hides in a file, or makes it several things at once, stay behind with it. It runs
apart (`kernel.uploads`), knowing no settings, with little memory and little time, so that a file made to harm can end
this program and nothing more. It imports nothing of ours, for the same reason.

Output: for each page its length in four bytes, then the JPEG. Exit 3: the output is a word that says why not.
"""

import io
import resource
import struct
import sys
import warnings

import pypdfium2
from PIL import Image, ImageOps

PAGES_MAX = 4
PIXELS_MAX = 64_000_000
SIDE = 2_000  # enough to read small print on a page of A4
QUALITY = 80
MEMORY = 1 << 30
CPU_SECONDS = 10
REFUSED = 3

_HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")


class NotDrawn(Exception):
    """The file cannot be drawn; the word says why."""


def kind(content: bytes) -> str | None:
    """What the first bytes say the file is: jpeg, png, pdf, heic; None for anything else, whatever its name was."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"%PDF-"):
        return "pdf"
    return "heic" if content[4:8] == b"ftyp" and content[8:12] in _HEIC else None


def redraw(content: bytes) -> list[bytes]:
    """The file's pages as JPEG. Raises NotDrawn: unknown, heic, pages, pixels, locked or broken."""
    found = kind(content)
    if found == "heic":
        raise NotDrawn("heic")
    if found is None:
        raise NotDrawn("unknown")
    return _pdf(content) if found == "pdf" else [_picture(content, found)]


def _picture(content: bytes, found: str) -> bytes:
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX // 2  # Pillow raises from twice as many on
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=[found]) as image:
            warnings.simplefilter("ignore")
            image.draft("RGB", (SIDE, SIDE))  # a big JPEG is decoded small: little memory, little time
            return _jpeg(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError:
        raise NotDrawn("pixels") from None
    except Exception:  # noqa: BLE001  a decoder that meets a hostile file raises anything
        raise NotDrawn("broken") from None


def _pdf(content: bytes) -> list[bytes]:
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise NotDrawn("locked" if "password" in str(error).lower() else "broken") from None
    try:
        if not len(document):
            raise NotDrawn("broken")
        if len(document) > PAGES_MAX:
            raise NotDrawn("pages")
        return [_page(document, number) for number in range(len(document))]
    finally:
        document.close()


def _page(document: pypdfium2.PdfDocument, number: int) -> bytes:
    try:
        page = document[number]
        # A page may say any size; drawn, its longest side is ours.
        return _jpeg(page.render(scale=SIDE / max(*page.get_size(), 1)).to_pil())
    except Exception:  # noqa: BLE001
        raise NotDrawn("broken") from None


def _jpeg(image: Image.Image) -> bytes:
    """On white, without metadata, its longest side at most SIDE."""
    image.thumbnail((SIDE, SIDE))
    flat = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        flat.paste(layer, mask=layer)
    else:
        flat.paste(image.convert("RGB"))
    drawn = io.BytesIO()
    flat.save(drawn, "JPEG", quality=QUALITY, optimize=True)
    return drawn.getvalue()


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> int:
    _confine()
    out = sys.stdout.buffer
    try:
        pages = redraw(sys.stdin.buffer.read())
    except NotDrawn as why:
        out.write(str(why).encode())
        return REFUSED
    for page in pages:
        out.write(struct.pack(">I", len(page)) + page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
