"""Values encrypted at rest: AES-256-GCM under a numbered key, bound to the row that holds them.

A sealed value copied to another row or column does not open. Layout: key number (1 byte), nonce (12), ciphertext
and tag.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.settings import get_settings

SHORTEST = 1 + 12 + 16  # of an empty text: number, nonce, tag


class Unsealable(Exception):
    """The value was not sealed for this place, or its key is gone."""


def seal(text: str, place: str) -> bytes:
    """Encrypt `text` for `place` (``justificatif_qf.valeur:12``) under the first of DATA_KEYS."""
    return seal_bytes(text.encode(), place)


def unseal(sealed: bytes, place: str) -> str:
    """What was sealed for `place`. Raises Unsealable."""
    return unseal_bytes(sealed, place).decode()


def seal_bytes(content: bytes, place: str) -> bytes:
    """Encrypt `content` for `place` under the first of DATA_KEYS."""
    number, key = next(iter(get_settings().data_keys.items()))
    nonce = os.urandom(12)
    return bytes([number]) + nonce + AESGCM(key).encrypt(nonce, content, place.encode())


def unseal_bytes(sealed: bytes, place: str) -> bytes:
    """What was sealed for `place`. Raises Unsealable."""
    if len(sealed) < SHORTEST:
        raise Unsealable("only a piece of a sealed value")
    key = get_settings().data_keys.get(sealed[0])
    if key is None:
        raise Unsealable("no key of that number")
    try:
        return AESGCM(key).decrypt(sealed[1:13], sealed[13:], place.encode())
    except InvalidTag:
        raise Unsealable("not sealed for this place") from None
