"""No personal data in the logs of web and workers: names, addresses, numbers, quotients, passwords, tokens."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.securite.canaris import TOUS


def journaux(*arguments: str) -> str:
    """All that the processes wrote, from a fresh database that this process's environment names."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.securite.canari_web", *arguments],
        cwd=Path(ROOT), env=os.environ.copy(), capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert ended.stdout.strip().endswith("the end"), ended.stderr[-3_000:]
    return ended.stdout + ended.stderr


def test_no_canary_sings_in_the_logs(base: str) -> None:
    said = journaux()
    assert [canary for canary in TOUS if canary.lower() in said.lower()] == []
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    events = {line["event"] for line in lines}
    assert {"request", "bug", "delivery_failed"} <= events, "the days were bad enough"
    told = next(line for line in lines if line["event"] == "bug")["exception"]
    assert any("canari_web.py" in place for place in told), "and where it broke is told"


def test_control_with_the_text_of_exceptions_canaries_sing(base: str) -> None:
    said = journaux("bavard")
    assert "Canaricourt" in said
