"""Vouchers and cards as signed QR codes: who holds one may fetch what it names, and it tells nothing else.

A voucher's text is ``PC1:`` and the base32, without padding, of

    version (1 byte) · key number (1) · voucher id (16, random) · valid from (2) · valid until (2) · signature (64)

with days counted since 2020-01-01 and an Ed25519 signature of everything before it. A card lasts until it is revoked:
its text is ``CR1:`` and the same without the days. A pass has dates like a voucher, under ``PA1:``. Each kind is signed
for its own purpose, so that none passes for another.
Nothing in them is about a person or a price. Base32 fits the QR alphanumeric mode, so both are always a QR version 6
(41 × 41 modules) at error level M, which a telephone reads from a creased sheet; and a text has one spelling only, so
no changed bit passes.
"""

import base64
import binascii
import re
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
CARD_PREFIX = "CR1:"
SEASON_PREFIX = "PA1:"
VERSION = 1
LONGEST_INPUT = 400
QR_VERSION = 6
QUIET_ZONE = 4
MODULES = 17 + 4 * QR_VERSION
SIDE = MODULES + 2 * QUIET_ZONE

# Signed in front of what is read, so that no signature made by the same key for another purpose can pass for this one.
_DOMAIN = b"paniers-et-culture voucher 1\0"
_CARD_DOMAIN = b"paniers-et-culture card 1\0"
_PASS_DOMAIN = b"paniers-et-culture pass 1\0"
_EPOCH = date(2020, 1, 1)
_LAYOUT = struct.Struct(">BB16sHH")
_CARD_LAYOUT = struct.Struct(">BB16s")
# A fixed mask spares the trial of all eight; without a fixed version the error level may silently drop.
_OPTIONS = f"ecLevel=M,version={QR_VERSION},dataMask=3"
_SIGNATURE = 64
_BLACK = re.compile(rb"\0+")
_CHUNK = 8


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
    """Not one of ours: another QR code, a damaged or truncated one, or one of a later version."""


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
    return _sign_dated(PREFIX, _DOMAIN, voucher, valid_from, valid_until)


def sign_pass(code: uuid.UUID, valid_from: date, valid_until: date) -> str:
    """The text of a pass, signed likewise for its own purpose."""
    return _sign_dated(SEASON_PREFIX, _PASS_DOMAIN, code, valid_from, valid_until)


def sign_card(card: uuid.UUID) -> str:
    """The text of a card, signed by the first of QR_KEYS."""
    number, seed = _signing_key()
    body = _CARD_LAYOUT.pack(VERSION, number, card.bytes)
    return _spell(CARD_PREFIX, body + _private(seed).sign(_CARD_DOMAIN + body))


def verify(text: str, day: date) -> Voucher:
    """The genuine voucher that `text` is, good on `day`. Raises Unreadable, UnknownKey, Forged, Expired."""
    return _verify_dated(text, day, PREFIX, _DOMAIN)


def verify_pass(text: str, day: date) -> Voucher:
    """The genuine pass that `text` is, good on `day`. Raises as `verify` does."""
    return _verify_dated(text, day, SEASON_PREFIX, _PASS_DOMAIN)


def verify_card(text: str) -> uuid.UUID:
    """The id of the genuine card that `text` is; whether it is still good, its table says.

    Raises Unreadable, UnknownKey, Forged.
    """
    raw = _decode(text, CARD_PREFIX, _CARD_LAYOUT)
    version, number, identity = _CARD_LAYOUT.unpack(raw[: _CARD_LAYOUT.size])
    _check(raw, version, number, _CARD_DOMAIN)
    return uuid.UUID(bytes=identity)


def is_card(text: str) -> bool:
    """Whether the text says that it is a card; it may still be forged."""
    return text.lstrip().startswith(CARD_PREFIX)


def svg(text: str, label: str = "Code QR") -> Markup:
    """The QR as one drawn path, quiet zone included, for a page or a PDF; `label` is read aloud instead.

    Its size is the style sheet's: the drawing only has a view box. Raises ValueError for any other text.
    """
    rows = modules(text)
    side = len(rows) + 2 * QUIET_ZONE
    path = "".join(_strokes(row, y + QUIET_ZONE) for y, row in enumerate(rows))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="qr" role="img" aria-label="{label}" viewBox="0 0 {side} {side}"'
        ' shape-rendering="crispEdges"><title>{label}</title><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        '<path fill="none" stroke="#000" stroke-width="1.02" d="{path}"/></svg>'
    ).format(label=label, side=side, path=path)


def strokes(text: str) -> bytes:
    """The same drawing as a PDF's content draws it: a stroke along each black run, row after row.

    Widths and colour are the caller's. Raises ValueError as `svg` does.
    """
    flat = _pixels(text)
    rows = [b"1 0 0 1 %d %d.5 cm" % (QUIET_ZONE, QUIET_ZONE)]
    for start in range(0, MODULES * MODULES, MODULES):
        row = flat[start : start + MODULES]
        rows += [_chunk(at, row[at : at + _CHUNK + 1]) for at in range(0, MODULES, _CHUNK)]
        rows.append(b"S 1 0 0 1 0 1 cm")
    return b"\n".join(rows) + b"\n"


@lru_cache(maxsize=4096)
def _chunk(at: int, modules: bytes) -> bytes:
    """The strokes of a few modules of a row, which begin at this place: there are few such pieces, and many codes.

    The last module is the next piece's first: a run that goes on covers it too, so that no seam shows between the two.
    """
    runs = [run.span() for run in _BLACK.finditer(modules) if run.start() < _CHUNK]
    return b" ".join([b"%d 0 m" % at, *(b"%d 0 m %d 0 l" % (at + first, at + last) for first, last in runs)])


def _sign_dated(prefix: str, domain: bytes, identity: uuid.UUID, valid_from: date, valid_until: date) -> str:
    if not valid_from <= valid_until:
        raise ValueError("a voucher ends before it begins")
    number, seed = _signing_key()
    body = _LAYOUT.pack(VERSION, number, identity.bytes, _days(valid_from), _days(valid_until))
    return _spell(prefix, body + _private(seed).sign(domain + body))


def _verify_dated(text: str, day: date, prefix: str, domain: bytes) -> Voucher:
    raw = _decode(text, prefix, _LAYOUT)
    version, number, identity, first, last = _LAYOUT.unpack(raw[: _LAYOUT.size])
    _check(raw, version, number, domain)
    voucher = Voucher(uuid.UUID(bytes=identity), _day(first), _day(last), number)
    if day < voucher.valid_from:
        raise NotYetValid(voucher)
    if day > voucher.valid_until:
        raise Expired(voucher)
    return voucher


def _signing_key() -> tuple[int, bytes]:
    return next(iter(get_settings().qr_keys.items()))


def _spell(prefix: str, raw: bytes) -> str:
    return prefix + base64.b32encode(raw).decode().rstrip("=")


def _check(raw: bytes, version: int, number: int, domain: bytes) -> None:
    """Raise unless the bytes are of our version and signed, for that purpose, by a key that we hold."""
    if version != VERSION:
        raise Unreadable("another version")
    seed = get_settings().qr_keys.get(number)
    if seed is None:
        raise UnknownKey(f"no key {number}")
    try:
        _public(seed).verify(raw[-_SIGNATURE:], domain + raw[:-_SIGNATURE])
    except InvalidSignature:
        raise Forged("the signature does not hold") from None


def _decode(text: str, prefix: str, layout: struct.Struct) -> bytes:
    """The bytes of a text, in its one spelling (a scanner's line end is forgiven). Raises Unreadable."""
    if len(text) > LONGEST_INPUT:
        raise Unreadable("too long")
    text = text.strip()
    if not text.startswith(prefix):
        raise Unreadable("no prefix")
    letters = text.removeprefix(prefix)
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except (binascii.Error, ValueError):
        raise Unreadable("not base32") from None
    if len(raw) != layout.size + _SIGNATURE or _spell(prefix, raw) != text:
        raise Unreadable("not its size, or spelt otherwise")
    return raw


def modules(text: str) -> list[list[bool]]:
    """The rows of the QR, True where it is black."""
    flat = _pixels(text)
    return [[value == 0 for value in flat[start : start + MODULES]] for start in range(0, len(flat), MODULES)]


def _pixels(text: str) -> bytes:
    """The modules of the QR, row after row, nought where it is black."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, options=_OPTIONS)
    image = code.to_image(scale=1, add_quiet_zones=False)
    pixels = memoryview(image)  # type: ignore[arg-type]  # it is a buffer, which its stub does not say
    if code.ec_level != "M" or pixels.shape != (MODULES, MODULES):
        raise ValueError("only a voucher's or a card's text has its QR version and error level")
    return pixels.tobytes()


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
