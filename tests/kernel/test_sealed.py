"""Sealed values open in their own place, under their own key, untouched; or not at all."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel import sealed
from kernel.sealed import Unsealable, seal, unseal
from tests.conftest import forget_settings

PLACE = "justificatif_qf:12"


def cles(monkeypatch: pytest.MonkeyPatch, *keys: tuple[int, bytes]) -> None:
    written = ",".join(f"{number}:{base64.b64encode(letter * 32).decode()}" for number, letter in keys)
    monkeypatch.setenv("DATA_KEYS", written)
    forget_settings()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text())
def test_what_was_sealed_for_a_place_opens_there(base: str, value: str, place: str) -> None:
    assert unseal(seal(value, place), place) == value


def test_a_value_moved_to_another_place_does_not_open(base: str) -> None:
    with pytest.raises(Unsealable):
        unseal(seal("650", PLACE), "justificatif_qf:13")


def test_control_without_its_place_a_moved_value_opens(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Placeless:
        def __init__(self, key: bytes) -> None:
            self._cipher = AESGCM(key)

        def encrypt(self, nonce: bytes, data: bytes, place: bytes) -> bytes:
            return self._cipher.encrypt(nonce, data, None)

        def decrypt(self, nonce: bytes, data: bytes, place: bytes) -> bytes:
            return self._cipher.decrypt(nonce, data, None)

    monkeypatch.setattr(sealed, "AESGCM", Placeless)
    assert unseal(seal("650", PLACE), "justificatif_qf:13") == "650"


def test_no_changed_bit_goes_unnoticed(base: str) -> None:
    whole = seal("650", PLACE)
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unsealable):
            unseal(bytes(changed), PLACE)


@pytest.mark.parametrize("length", range(30))
def test_a_piece_of_a_sealed_value_does_not_open(base: str, length: int) -> None:
    with pytest.raises(Unsealable):
        unseal(seal("650", PLACE)[:length], PLACE)


def test_the_same_value_is_never_sealed_alike(base: str) -> None:
    assert len({seal("650", PLACE) for _ in range(100)}) == 100
    assert b"650650650" not in seal("650650650", PLACE)


def test_a_key_is_replaced_without_losing_what_it_sealed(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cles(monkeypatch, (1, b"a"))
    old = seal("650", PLACE)
    cles(monkeypatch, (2, b"b"), (1, b"a"))
    assert unseal(old, PLACE) == "650"
    new = seal("650", PLACE)
    assert (old[0], new[0]) == (1, 2)
    cles(monkeypatch, (2, b"b"))
    assert unseal(new, PLACE) == "650"
    with pytest.raises(Unsealable):
        unseal(old, PLACE)


def test_another_key_of_the_same_number_opens_nothing(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cles(monkeypatch, (1, b"a"))
    value = seal("650", PLACE)
    cles(monkeypatch, (1, b"b"))
    with pytest.raises(Unsealable):
        unseal(value, PLACE)
