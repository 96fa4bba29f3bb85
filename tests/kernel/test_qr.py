"""Vouchers' QR codes: genuine ones pass, nothing else does, and nothing in them is about a person."""

import base64
import uuid
from dataclasses import fields
from datetime import date, timedelta

import pytest
import zxingcpp
from hypothesis import example, given
from hypothesis import strategies as st

from kernel import qr
from kernel.settings import get_settings

LUNDI, JEUDI, VENDREDI = date(2026, 11, 23), date(2026, 11, 26), date(2026, 11, 27)
CLE, AUTRE = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(monkeypatch, f"1:{CLE}")


def with_keys(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    values = {
        "DATABASE_URL": "postgresql:///none", "REDIS_URL": "redis:///0", "SECRET_KEY": "s" * 32, "QR_KEYS": keys,
        "DATA_KEYS": f"1:{CLE}", "STRIPE_SECRET_KEY": "x", "STRIPE_WEBHOOK_SECRET": "x", "SMTP_URL": "smtp://127.0.0.1:9",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()


def signed(first: date = LUNDI, last: date = VENDREDI) -> str:
    return qr.sign(uuid.UUID(int=42), first, last)


def test_a_voucher_says_what_was_signed_on_each_of_its_days() -> None:
    for day in (LUNDI, JEUDI, VENDREDI):
        assert qr.verify(signed(), day) == qr.Voucher(uuid.UUID(int=42), LUNDI, VENDREDI, 1)


def test_a_scanner_may_add_a_line_end() -> None:
    assert qr.verify(signed() + "\r\n", JEUDI).id == uuid.UUID(int=42)


@given(st.integers(0, 86 * 8 - 1))
def test_no_changed_bit_is_accepted(bit: int) -> None:
    letters = signed().removeprefix(qr.PREFIX)
    raw = bytearray(base64.b32decode(letters + "=" * (-len(letters) % 8)))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(qr.BadVoucher):
        qr.verify(qr.PREFIX + base64.b32encode(bytes(raw)).decode().rstrip("="), JEUDI)


@given(st.integers(0, 141), st.integers(0, 6))
def test_no_changed_letter_is_accepted(place: int, bit: int) -> None:
    text = signed()
    changed = text[:place] + chr(ord(text[place]) ^ 1 << bit) + text[place + 1 :]
    with pytest.raises(qr.BadVoucher):
        qr.verify(changed, JEUDI)


@given(st.text(max_size=500))
@example("PC1:")
@example("PC1:" + "A" * 138)
@example("PC1:" + "A" * 396)
@example("PC1:" + "\N{FULLWIDTH LATIN CAPITAL LETTER A}" * 138)
@example("A" * 10_000_000)
@example("\x00")
def test_any_text_is_answered_by_a_typed_refusal(text: str) -> None:
    with pytest.raises(qr.BadVoucher):
        qr.verify(text, JEUDI)


def test_a_truncated_voucher_is_unreadable() -> None:
    for length in range(len(signed())):
        with pytest.raises(qr.Unreadable):
            qr.verify(signed()[:length], JEUDI)


def test_a_voucher_is_refused_outside_its_dates_and_tells_which() -> None:
    with pytest.raises(qr.Expired) as late:
        qr.verify(signed(), VENDREDI + timedelta(days=1))
    assert late.value.voucher.valid_until == VENDREDI
    with pytest.raises(qr.NotYetValid):
        qr.verify(signed(), LUNDI - timedelta(days=1))


def test_another_installations_key_of_the_same_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = signed()
    with_keys(monkeypatch, f"1:{AUTRE}")
    with pytest.raises(qr.Forged):
        qr.verify(text, JEUDI)


def test_a_key_is_replaced_without_a_flag_day(monkeypatch: pytest.MonkeyPatch) -> None:
    old = signed()
    with_keys(monkeypatch, f"2:{AUTRE},1:{CLE}")
    assert qr.verify(old, JEUDI).key_number == 1
    assert qr.verify(signed(), JEUDI).key_number == 2
    with_keys(monkeypatch, f"2:{AUTRE}")
    with pytest.raises(qr.UnknownKey):
        qr.verify(old, JEUDI)


def test_a_signature_made_for_another_purpose_is_refused() -> None:
    body = qr._LAYOUT.pack(qr.VERSION, 1, uuid.UUID(int=42).bytes, qr._days(LUNDI), qr._days(VENDREDI))
    for prefix in (b"", b"other purpose\0"):
        forged = body + qr._private(bytes([1]) * 32).sign(prefix + body)
        with pytest.raises(qr.Forged):
            qr.verify(qr.PREFIX + base64.b32encode(forged).decode().rstrip("="), JEUDI)


def test_it_holds_an_id_dates_and_a_key_number_and_nothing_about_a_person_or_a_price() -> None:
    assert [field.name for field in fields(qr.Voucher)] == ["id", "valid_from", "valid_until", "key_number"]
    letters = signed().removeprefix(qr.PREFIX)
    raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    assert len(raw) == 1 + 1 + 16 + 2 + 2 + 64
    assert qr.sign(uuid.UUID(int=42), LUNDI, VENDREDI) == qr.sign(uuid.UUID(int=42), LUNDI, VENDREDI)


def test_days_that_make_no_sense_are_not_signed() -> None:
    with pytest.raises(ValueError, match="ends before"):
        qr.sign(uuid.UUID(int=1), VENDREDI, LUNDI)
    with pytest.raises(ValueError, match="cannot hold"):
        qr.sign(uuid.UUID(int=1), date(2019, 12, 31), LUNDI)


def test_every_voucher_is_a_version_6_code_at_level_m_in_alphanumeric_mode() -> None:
    code = zxingcpp.create_barcode(signed(), zxingcpp.BarcodeFormat.QRCode, options=qr._OPTIONS)
    assert (code.ec_level, len(qr.modules(signed()))) == ("M", 41)
    assert set(signed()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:")


def test_the_drawing_has_a_quiet_zone_and_its_label_cannot_carry_markup() -> None:
    drawn = qr.svg(signed(), 'Code <de> "12"')
    assert 'viewBox="0 0 49 49"' in drawn
    assert 'role="img"' in drawn
    assert "<de>" not in drawn
    assert 'aria-label="Code &lt;de&gt; &#34;12&#34;"' in drawn


def test_a_text_that_is_no_vouchers_is_not_drawn() -> None:
    for text in ("PC1:" + "A" * 300, "court"):
        with pytest.raises(ValueError):  # noqa: PT011
            qr.svg(text)


def card() -> str:
    return qr.sign_card(uuid.UUID(int=42))


def test_a_card_says_its_id_and_nothing_about_a_person_or_a_day() -> None:
    assert qr.verify_card(card() + "\r\n") == uuid.UUID(int=42)
    letters = card().removeprefix(qr.CARD_PREFIX)
    assert len(base64.b32decode(letters + "=" * (-len(letters) % 8))) == 1 + 1 + 16 + 64
    assert len(qr.modules(card())) == 41


def test_no_bit_of_a_card_may_change() -> None:
    letters = card().removeprefix(qr.CARD_PREFIX)
    genuine = base64.b32decode(letters + "=" * (-len(letters) % 8))
    for bit in range(len(genuine) * 8):
        raw = bytearray(genuine)
        raw[bit // 8] ^= 1 << bit % 8
        with pytest.raises(qr.BadVoucher):
            qr.verify_card(qr.CARD_PREFIX + base64.b32encode(bytes(raw)).decode().rstrip("="))


def test_without_its_signature_a_changed_card_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr(qr, "_check", lambda *_: None)
    with pytest.raises(pytest.fail.Exception):
        test_no_bit_of_a_card_may_change()


def test_neither_kind_passes_for_the_other_whatever_its_prefix() -> None:
    voucher_letters, card_letters = signed().removeprefix(qr.PREFIX), card().removeprefix(qr.CARD_PREFIX)
    for text in (card(), qr.PREFIX + card_letters):
        with pytest.raises(qr.Unreadable):
            qr.verify(text, JEUDI)
    for text in (signed(), qr.CARD_PREFIX + voucher_letters):
        with pytest.raises(qr.Unreadable):
            qr.verify_card(text)


@pytest.mark.parametrize("domain", [b"", qr._DOMAIN])
def test_a_card_signed_for_another_purpose_is_refused(domain: bytes) -> None:
    """Its size apart, only the purpose tells a card from a voucher: the same key signs both."""
    body = qr._CARD_LAYOUT.pack(qr.VERSION, 1, uuid.UUID(int=42).bytes)
    with pytest.raises(qr.Forged):
        qr.verify_card(qr._spell(qr.CARD_PREFIX, body + qr._private(bytes([1]) * 32).sign(domain + body)))


@given(st.text(max_size=500))
@example("CR1:")
@example("CR1:" + "A" * 132)
@example("CR1:" + "\N{FULLWIDTH LATIN CAPITAL LETTER A}" * 132)
@example("A" * 10_000_000)
@example("\x00")
def test_any_text_shown_as_a_card_is_answered_by_a_typed_refusal(text: str) -> None:
    with pytest.raises(qr.BadVoucher):
        qr.verify_card(text)
