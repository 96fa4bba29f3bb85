"""How little goes over the wire: pages and files are compressed, and a file that a page names is kept for a year.

The address of a file carries a digest of its content (``…/paniers.css?v=1f0c…``), so a browser never asks again for
what has not changed, and asks at once for what has. Fonts are the exception: style sheets name them without a digest.

What an attacker may write into a page must not be guessed from its compressed length beside what is secret there
(BREACH): the cookies that open pages are not sent along from other sites (SameSite), and each page is longer by a few
bytes drawn at random.
"""

import gzip
import hashlib
import io
import secrets
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request

FOR_EVER = "public, max-age=31536000, immutable"
LEAST_BYTES = 500
"""Shorter answers fit into one packet as they are."""
MOST_PADDING = 64
COMPRESSED = frozenset(
    {"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/manifest+json"}
)
FONTS = "vendor/fonts/"


def init_weight(app: Flask) -> None:
    folder = Path(app.static_folder or "")

    @app.template_global()
    def fichier(name: str) -> str:
        """The address of a file of `static/` in a page."""
        mark = None if name.startswith(FONTS) else _digest_of(_named(folder, name))
        address = f"{request.script_root}{app.static_url_path}/{name}"
        return f"{address}?v={mark}" if mark else address

    @app.after_request
    def lighten(response: Response) -> Response:
        path = folder / str((request.view_args or {}).get("filename", "")) if request.endpoint == "static" else None
        if path is not None and response.status_code in (200, 304) and request.args.get("v") == _digest_of(path):
            response.headers["Cache-Control"] = FOR_EVER
        if response.status_code not in (204, 206, 304) and response.mimetype in COMPRESSED:
            _compress(response, path if response.status_code == 200 else None)
        return response


@lru_cache(maxsize=256)
def _named(folder: Path, name: str) -> Path:
    return folder / name


def _digest_of(path: Path) -> str | None:
    """None for what is no file. A page names a dozen: each costs a look at its date and no more."""
    try:
        return _digest(path, path.stat().st_mtime_ns)
    except (OSError, ValueError):  # a name with a zero byte
        return None


@lru_cache(maxsize=256)
def _digest(path: Path, _changed: int) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else None


def _compress(response: Response, path: Path | None) -> None:
    """Unless the browser wants it as it is; `path` is the file that it gives, None for a page."""
    response.vary.add("Accept-Encoding")
    short = (response.content_length or 0) < LEAST_BYTES
    if short or "Content-Encoding" in response.headers or request.accept_encodings["gzip"] <= 0:
        return
    if path is None:
        response.set_data(_page(response.get_data()))
    else:
        response.direct_passthrough = False
        response.response.close()  # type: ignore[union-attr]  # the open file, which is not read
        response.set_data(_file(path, path.stat().st_mtime_ns))
        etag, _ = response.get_etag()
        if etag:
            response.set_etag(etag, weak=True)  # the same file, not the same bytes
    response.headers["Content-Encoding"] = "gzip"


@lru_cache(maxsize=64)
def _file(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), 9, mtime=0)


def _page(body: bytes) -> bytes:
    """Compressed, under a file name of random length, which no browser shows."""
    out = io.BytesIO()
    name = "p" * (1 + secrets.randbelow(MOST_PADDING))
    with gzip.GzipFile(name, "wb", compresslevel=4, fileobj=out, mtime=0) as compressed:
        compressed.write(body)
    return out.getvalue()
