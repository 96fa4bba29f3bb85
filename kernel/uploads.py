"""What people upload, made harmless: checked by content, drawn anew as plain JPEG pages by a process of its own.

The name and the type that a browser tells are not even looked at.
"""

import struct
import subprocess
import sys
from pathlib import Path

import structlog

from kernel.errors import Refus

log = structlog.get_logger()

BYTES_MAX = 10 * 1024 * 1024
SECONDS = 20
REFUSED = 3
PROGRAM = Path(__file__).with_name("redraw.py")

_PHOTO = "Photographiez le papier avec votre téléphone, et envoyez la photo."
SENTENCES = {
    "empty": "Ce fichier est vide. Choisissez-en un autre.",
    "big": f"Ce fichier est trop gros : dix mégaoctets au plus. {_PHOTO}",
    "unknown": f"Ce fichier n’est ni une photo ni un PDF. {_PHOTO}",
    "heic": (
        "Cette photo est au format HEIC, que nous ne savons pas lire. Faites-en une capture d’écran et envoyez-la, "
        "ou choisissez « Le plus compatible » dans les réglages de votre appareil photo."
    ),
    "pages": "Ce document compte plus de quatre pages. Envoyez seulement celle qui vous est demandée.",
    "pixels": "Cette photo est trop grande pour être lue. Faites-en une capture d’écran, et envoyez-la.",
    "locked": f"Ce PDF est fermé par un mot de passe. {_PHOTO}",
    "broken": f"Ce fichier ne se lit pas, il est peut-être abîmé. {_PHOTO}",
}


def pages_of(content: bytes) -> list[bytes]:
    """The uploaded picture or PDF as JPEG pages that we drew ourselves. Raises Refus: what to do instead (422)."""
    if not content:
        raise _refus("empty")
    if len(content) > BYTES_MAX:
        raise _refus("big")
    try:
        # Isolated and without environment: no key, no address of ours is in reach of what a decoder may be led to do.
        ended = subprocess.run(
            [sys.executable, "-I", str(PROGRAM)],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        log.warning("upload_took_too_long", size=len(content))
        raise _refus("broken") from None
    if ended.returncode == REFUSED:
        raise _refus(ended.stdout.decode("ascii", "replace"))
    if ended.returncode:
        log.warning("upload_ended_its_reader", size=len(content), code=ended.returncode)
        raise _refus("broken")
    return _split(ended.stdout)


def _split(output: bytes) -> list[bytes]:
    pages, at = [], 0
    while at < len(output):
        (length,) = struct.unpack_from(">I", output, at)
        pages.append(output[at + 4 : at + 4 + length])
        at += 4 + length
    return pages


def _refus(why: str) -> Refus:
    return Refus(SENTENCES.get(why, SENTENCES["broken"]), status=422)
