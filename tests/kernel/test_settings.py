"""Settings that cannot be used end the program at once, and name each variable at fault."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.settings import BadSettings, Settings, get_settings, parse_keys
from tests.conftest import ROOT, Engines, environment_of

KEY = base64.b64encode(b"k" * 32).decode()
NEEDED = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "QR_KEYS",
    "DATA_KEYS",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "SMTP_URL",
)


@pytest.fixture
def valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in Settings.model_fields:
        monkeypatch.delenv(variable.upper(), raising=False)
    for variable, value in environment_of(Engines("postgresql://x@/postgres?", "redis://x"), "d", tmp_path).items():
        monkeypatch.setenv(variable, value)


def refus() -> str:
    get_settings.cache_clear()
    try:
        with pytest.raises(BadSettings) as refused:
            get_settings()
        return str(refused.value)
    finally:
        get_settings.cache_clear()


@pytest.mark.parametrize("variable", NEEDED)
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_each_needed_variable_is_asked_for_by_its_name(
    valid: None, monkeypatch: pytest.MonkeyPatch, variable: str, how: str
) -> None:
    if how == "missing":
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, "")
    assert f"  {variable}: " in refus()


@pytest.mark.parametrize(
    ("variable", "wrong"),
    [
        ("SECRET_KEY", "short"),
        ("QR_KEYS", "not a key"),
        ("QR_KEYS", "1:" + base64.b64encode(b"short").decode()),
        ("QR_KEYS", f"0:{KEY}"),
        ("QR_KEYS", f"256:{KEY}"),
        ("DATA_KEYS", f"{KEY}"),
        ("DATA_KEYS", f"1:{KEY},"),
        ("PUBLIC_URL", "paniers.example"),
        ("STRIPE_API_BASE", "api.stripe.com"),
        ("STRIPE_TIMEOUT", "0"),
        ("STRIPE_TIMEOUT", "30"),
        ("STRIPE_TIMEOUT", "soon"),
        ("DB_POOL_SIZE", "0"),
        ("DB_POOL_SIZE", "many"),
        ("RELAY_POLL_SECONDS", "0"),
        ("RELAY_POLL_SECONDS", "3600"),
        ("TIMETABLE_POLL_SECONDS", "-1"),
        ("SIRET_CCAS", "123"),
    ],
)
def test_each_wrong_variable_is_named(valid: None, monkeypatch: pytest.MonkeyPatch, variable: str, wrong: str) -> None:
    monkeypatch.setenv(variable, wrong)
    said = refus()
    assert f"  {variable}: " in said
    assert KEY not in said, "a key is not for the screen"


def test_all_that_is_wrong_is_told_at_once(valid: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in NEEDED:
        monkeypatch.delenv(variable)
    assert [line.split(":")[0].strip() for line in refus().splitlines()[1:]] == [*NEEDED]


def test_what_is_valid_is_accepted(valid: None) -> None:
    get_settings.cache_clear()
    assert get_settings().public_url == "http://127.0.0.1:8000"
    get_settings.cache_clear()


def test_a_moved_clock_is_refused_behind_https(valid: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLOCK_SHIFT_FILE", str(tmp_path / "horloge"))
    get_settings.cache_clear()
    assert get_settings().clock_shift_file is not None
    monkeypatch.setenv("PUBLIC_URL", "https://paniers.example")
    assert "CLOCK_SHIFT_FILE" in refus()


def test_keys_keep_their_order_for_the_first_is_the_one_in_use() -> None:
    assert list(parse_keys(f"2:{KEY}, 1:{KEY}")) == [2, 1]


def test_a_program_with_wrong_settings_ends_with_those_lines_and_no_stack(valid: None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SMTP_URL"}
    done = subprocess.run(
        [sys.executable, "-c", "import workers.main"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("Settings that cannot be used")
    assert "SMTP_URL" in done.stderr
    assert "Traceback" not in done.stderr
