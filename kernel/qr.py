"""Vouchers as signed QR codes: who holds one may fetch what it names, and it tells nothing else.

A voucher's text is ``PC1:`` and the base32, without padding, of

    version (1 byte) · key number (1) · voucher id (16, random) · valid from (2) · valid until (2) · signature (64)

with days counted since 2020-01-01 and an Ed25519 signature of everything before it. Nothing in it is about a person
or a price. Base32 fits the QR alphanumeric mode, so a voucher is always a QR version 6 (41 × 41 modules) at error
level M, which a telephone reads from a creased sheet; and a text has one spelling only, so no changed bit passes.
"""

import base64
import binascii
import struct
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby

import zxingcpp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from markupsafe import Markup

from kernel.settings import get_settings

PREFIX = "PC1:"
VERSION = 1
LONGEST_INPUT = 400
QR_VERSION = 6
QUIET_ZONE = 4

# Signed in front of the voucher, so that no signature made by the same key for another purpose can pass as one.
_DOMAIN = b"paniers-et-culture voucher 1\0"
_EPOCH = date(2020, 1, 1)
_LAYOUT = struct.Struct(">BB16sHH")
# A fixed mask spares the trial of all eight; without a fixed version the error level may silently drop.
_OPTIONS = f"ecLevel=M,version={QR_VERSION},dataMask=3"
_SIZE = _LAYOUT.size + 64


@dataclass(frozen=True, slots=True)
class Voucher:
    """What a genuine voucher says; both days are included and are Paris days."""

    id: uuid.UUID
    valid_from: date
    valid_until: date
    key_number: int


class BadVoucher(Exception):
    """The text does not give a right to anything; its class says why, the caller words it for a person."""


class Unreadable(BadVoucher):
    """Not a voucher of ours: another QR code, a damaged or truncated one, or one of a later version."""


class UnknownKey(BadVoucher):
    """Signed under a key number that this installation does not hold, or holds no more."""


class Forged(BadVoucher):
    """It has the form of a voucher, and its signature does not hold."""


class Expired(BadVoucher):
    """Genuine, but `day` is outside its dates; `voucher` is what it says."""

    def __init__(self, voucher: Voucher) -> None:
        super().__init__("outside its dates")
        self.voucher = voucher


class NotYetValid(Expired):
    """Genuine, but for later."""


def sign(voucher: uuid.UUID, valid_from: date, valid_until: date) -> str:
    """The text of a voucher, signed by the first of QR_KEYS. Raises ValueError for days outside 2020–2199."""
    if not valid_from <= valid_until:
        raise ValueError("a voucher ends before it begins")
    number, seed = next(iter(get_settings().qr_keys.items()))
    body = _LAYOUT.pack(VERSION, number, voucher.bytes, _days(valid_from), _days(valid_until))
    signature = _private(seed).sign(_DOMAIN + body)
    return PREFIX + base64.b32encode(body + signature).decode().rstrip("=")


def verify(text: str, day: date) -> Voucher:
    """The genuine voucher that `text` is, good on `day`. Raises Unreadable, UnknownKey, Forged, Expired."""
    raw = _decode(text)
    version, number, identity, first, last = _LAYOUT.unpack(raw[: _LAYOUT.size])
    if version != VERSION:
        raise Unreadable("another version")
    seed = get_settings().qr_keys.get(number)
    if seed is None:
        raise UnknownKey(f"no key {number}")
    try:
        _public(seed).verify(raw[_LAYOUT.size :], _DOMAIN + raw[: _LAYOUT.size])
    except InvalidSignature:
        raise Forged("the signature does not hold") from None
    voucher = Voucher(uuid.UUID(bytes=identity), _day(first), _day(last), number)
    if day < voucher.valid_from:
        raise NotYetValid(voucher)
    if day > voucher.valid_until:
        raise Expired(voucher)
    return voucher


def svg(text: str, label: str = "Code QR") -> Markup:
    """The voucher's QR as one drawn path, quiet zone included, for a page or a PDF; `label` is read aloud instead.

    Its size is the style sheet's: the drawing only has a view box. Raises ValueError for a text that is no voucher's.
    """
    modules = _modules(text)
    side = len(modules) + 2 * QUIET_ZONE
    path = "".join(_strokes(row, y + QUIET_ZONE) for y, row in enumerate(modules))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="qr" role="img" aria-label="{label}" viewBox="0 0 {side} {side}"'
        ' shape-rendering="crispEdges"><title>{label}</title><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        '<path fill="none" stroke="#000" stroke-width="1.02" d="{path}"/></svg>'
    ).format(label=label, side=side, path=path)


def _decode(text: str) -> bytes:
    """The bytes of a voucher's text, in its one spelling (a scanner's line end is forgiven). Raises Unreadable."""
    if len(text) > LONGEST_INPUT:
        raise Unreadable("too long")
    text = text.strip()
    if not text.startswith(PREFIX):
        raise Unreadable("no prefix")
    letters = text.removeprefix(PREFIX)
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except (binascii.Error, ValueError):
        raise Unreadable("not base32") from None
    if len(raw) != _SIZE or base64.b32encode(raw).decode().rstrip("=") != letters:
        raise Unreadable("not the size of a voucher, or spelt otherwise")
    return raw


def _modules(text: str) -> list[list[bool]]:
    """The rows of the QR, True where it is black."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, options=_OPTIONS)
    image = code.to_image(scale=1, add_quiet_zones=False)
    pixels = memoryview(image)  # type: ignore[arg-type]  # it is a buffer, which its stub does not say
    height, width = pixels.shape or (0, 0)
    if code.ec_level != "M" or not height == width == 17 + 4 * QR_VERSION:
        raise ValueError("only a voucher's text has its QR version and error level")
    flat = pixels.tobytes()
    return [[value == 0 for value in flat[y * width : (y + 1) * width]] for y in range(height)]


def _strokes(row: list[bool], y: int) -> str:
    """One row of the drawing: a stroke along each black run, a hair thicker than a module so that no seam shows."""
    path, at = f"M0 {y}.5", 0
    for black, run in groupby(enumerate(row, QUIET_ZONE), key=lambda module: module[1]):
        places = list(run)
        if black:
            path += f"m{places[0][0] - at} 0h{len(places)}"
            at = places[-1][0] + 1
    return path


def _days(day: date) -> int:
    days = (day - _EPOCH).days
    if not 0 <= days <= 0xFFFF:
        raise ValueError("a day that a voucher cannot hold")
    return days


def _day(days: int) -> date:
    return _EPOCH + timedelta(days=days)


@lru_cache(maxsize=16)
def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=16)
def _public(seed: bytes) -> Ed25519PublicKey:
    return _private(seed).public_key()
