"""PDF documents: a template and primitives in, a tagged PDF out, and nothing fetched from anywhere.

WeasyPrint is imported when the first document is made: that takes half a second, which web processes never pay. One
font configuration and one parsed style sheet serve every document of the process; documents are made one at a time,
as WeasyPrint's text engine is not made for threads (two threads are slower than one).

What may be loaded is a closed list: ``static:<path>`` names a font or a picture of our own `static/` folder,
``drawing:<name>`` a line drawing, ``data:`` a small image. Anything else (http, file, a link, an import, an SVG's
reference) is refused and logged, and the document is made without it. Size and time are bounded: see `Bounds`.
"""

import atexit
import binascii
import ctypes
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from kernel.drawings import line_drawing
from kernel.pdf_places import code
from kernel.templating import STATIC, environment

if TYPE_CHECKING:
    from pydyf import PDF
    from weasyprint import CSS, HTML, Document
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher, URLFetcherResponse

STYLE_SHEET = STATIC / "css" / "pdf.css"
OWN_FILES = {".woff2": "font/woff2", ".ttf": "font/ttf", ".svg": "image/svg+xml", ".png": "image/png"}
VARIANT = "pdf/ua-1"
DATA_IMAGES = ("data:image/png;base64,", "data:image/jpeg;base64,")

Primitive = str | int | float | bool | date | datetime | time | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a document may be: letters of HTML, letters of a `data:` image, pages, bytes, seconds."""

    html: int = 2_000_000
    image: int = 300_000
    pages: int = 200
    size: int = 10_000_000
    seconds: float = 60.0


BOUNDS = Bounds()


class TooLarge(Exception):
    """The document would go beyond the bounds of any real one: nothing is made."""


class Refused(Exception):
    """A document named a resource that is not ours; WeasyPrint goes on without it."""


def render(template: str, context: Mapping[str, Any], bounds: Bounds = BOUNDS) -> bytes:
    """The PDF that `templates/<template>` makes of `context`: the same bytes for the same context.

    The context holds primitives, and lists and dictionaries of them: a TypeError says where it does not. Templates
    receive a filter `qr` (a voucher's text → its drawing). Raises TooLarge.
    """
    return write(fill(template, context), bounds)


def fill(template: str, context: Mapping[str, Any]) -> str:
    """The HTML page that `templates/<template>` makes of a context of primitives."""
    assert_primitives(context)
    templates = environment()
    templates.filters["qr"] = code
    return templates.get_template(template).render(context)


def write(html: str, bounds: Bounds = BOUNDS) -> bytes:
    """The PDF of a whole HTML page. Raises TooLarge."""
    with _bounded(bounds):
        content = _paint(_lay_out(html, bounds), sha256(html.encode()).hexdigest()[:32].encode())
    if len(content) > bounds.size:
        raise TooLarge(f"{len(content)} bytes")
    return content


def lay_out(html: str, bounds: Bounds = BOUNDS) -> "Document":
    """The pages of a whole HTML page, to be painted with others. Raises TooLarge."""
    with _bounded(bounds):
        return _lay_out(html, bounds)


def paint(document: "Document", finisher: "Callable[[Document, PDF], None]", bounds: Bounds = BOUNDS) -> None:
    """Hand to `finisher` what was painted of the pages, object by object. Raises TooLarge."""
    with _bounded(bounds):
        _paint(document, b"", finisher)


def assert_primitives(value: object, place: str = "context") -> None:
    """Raise TypeError, saying where, unless `value` is made of primitives, lists and dictionaries alone.

    Rendering happens with no transaction open, where an ORM object would fail or read another day's data.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            assert_primitives(inner, f"{place}.{key}")
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            assert_primitives(inner, f"{place}[{number}]")
    elif not isinstance(value, Primitive):
        raise TypeError(f"{place} is a {type(value).__name__}, not a primitive")
    elif hasattr(value, "__html__"):
        raise TypeError(f"{place} is markup: templates write the markup, contexts hold text")


@dataclass(frozen=True, slots=True)
class _Press:
    """What every document of this process shares."""

    html: "type[HTML]"
    fonts: "FontConfiguration"
    style: "CSS"
    fetcher: "URLFetcher"
    images: dict[str, object]


@lru_cache(maxsize=1)
def _press() -> _Press:
    # Not at the top: half a second and 40 MB that only the process which makes documents should pay.
    from weasyprint import CSS, HTML  # noqa: PLC0415
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415

    class ClosedFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint is untyped
        """WeasyPrint's only way to the outside, overridden whole: it opens nothing but our own files."""

        def fetch(self, url: str, headers: object = None) -> "URLFetcherResponse":
            body, media_type = fetch_own(url)
            return URLFetcherResponse(url, body, {"Content-Type": media_type})

    logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)
    sheet = STYLE_SHEET.read_text("utf-8")
    for font in re.findall(r'url\("(static:[^"]+\.(?:woff2|ttf))"\)', sheet):
        fetch_own(font)  # WeasyPrint would go on without, and crash where no font is installed
    fonts, fetcher = FontConfiguration(), ClosedFetcher()
    atexit.register(_press.cache_clear)  # it cleans up after itself while Python can still do so
    return _Press(HTML, fonts, CSS(string=sheet, url_fetcher=fetcher, font_config=fonts), fetcher, {})


def fetch_own(url: str) -> tuple[bytes, str]:
    """The content and media type of one of our own files or of a small image. Raises Refused."""
    scheme, _, rest = url.partition(":")
    if scheme == "data" and url.startswith(DATA_IMAGES) and len(url) <= BOUNDS.image:
        head, _, encoded = rest.partition(",")
        return binascii.a2b_base64(unquote(encoded)), head.partition(";")[0]
    if scheme == "drawing":
        return line_drawing(rest).encode(), "image/svg+xml"
    path = (STATIC / rest).resolve()
    if scheme != "static" or not path.is_relative_to(STATIC) or path.suffix not in OWN_FILES or not path.is_file():
        raise Refused(f"refused in a document: {url[:60]!r}")
    return path.read_bytes(), OWN_FILES[path.suffix]


def _lay_out(html: str, bounds: Bounds) -> "Document":
    if len(html) > bounds.html:
        raise TooLarge(f"{len(html)} letters of HTML")
    press = _press()
    page = press.html(string=html, url_fetcher=press.fetcher, base_url="static:")
    document: Document = page.render(
        font_config=press.fonts, stylesheets=[press.style], cache=press.images, pdf_variant=VARIANT
    )
    if len(document.pages) > bounds.pages:
        raise TooLarge(f"{len(document.pages)} pages")
    return document


def _paint(document: "Document", identifier: bytes, finisher: "Callable[[Document, PDF], None] | None" = None) -> bytes:
    press = _press()
    content = document.write_pdf(
        finisher=finisher, cache=press.images, pdf_variant=VARIANT, pdf_identifier=identifier or False
    )
    for url in [url for url in press.images if not url.startswith(("static:", "drawing:"))]:
        del press.images[url]  # ours are few and come again, others would pile up
    assert isinstance(content, bytes)
    return content


_one_at_a_time = threading.Lock()


class _OutOfTime(BaseException):
    """Not an Exception: WeasyPrint survives those, image by image."""


@contextmanager
def _bounded(bounds: Bounds) -> Iterator[None]:
    """The press, for the block alone and for a time. Raises TooLarge."""
    with _one_at_a_time:
        try:
            with _deadline(bounds.seconds):
                yield
        except _OutOfTime:
            _press.cache_clear()  # what was interrupted may be half-made
            raise TooLarge(f"more than {bounds.seconds} s") from None


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise _OutOfTime in this thread if the block is still running after `seconds`.

    WeasyPrint is Python between short calls into C, so an exception set from outside the thread lands within
    milliseconds; it is set again every half second, as a call-back from C may swallow one.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    done, landing = threading.Event(), threading.Lock()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            with landing:
                if not done.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_OutOfTime))
            wait = 0.5

    threading.Thread(target=watch, name="pdf-deadline", daemon=True).start()
    try:
        yield
    finally:
        with landing:
            done.set()
