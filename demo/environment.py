"""The settings that every program of the demo town receives. What the environment says already wins.

Keys and passwords are drawn once, into a file that only its owner can read.
"""

import base64
import json
import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OUTSIDE = {"stripe": ("STRIPE_SECRET_KEY", "STRIPE_API_BASE"), "courrier": ("SMTP_URL",)}


@dataclass(frozen=True)
class Ports:
    """The ports of a town: its own, and those of the world outside beside it."""

    web: int

    @property
    def second_web(self) -> int:
        return self.web + 1

    @property
    def stripe(self) -> int:
        return self.web + 2

    @property
    def courrier(self) -> int:
        return self.web + 3

    @property
    def smtp(self) -> int:
        return self.web + 25


def drawn_secrets(var_dir: Path) -> dict[str, str]:
    """The town's keys, drawn at the first call and kept in `var_dir`/secrets.json (mode 600)."""
    path = var_dir / "secrets.json"
    if not path.exists():
        drawn = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "QR_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "DATA_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
            "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        }
        write_private(path, json.dumps(drawn, indent=2) + "\n")
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def town_environment(given: Mapping[str, str], var_dir: Path, ports: Ports) -> dict[str, str]:
    """Everything but the engines' addresses: `given`, completed by what this town draws, and where it stands."""
    given = {name: value for name, value in given.items() if value}
    public_url = given.get("PUBLIC_URL", f"http://127.0.0.1:{ports.web}")
    own = drawn_secrets(var_dir) | {
        "PUBLIC_URL": public_url,
        "SMTP_URL": f"smtp://127.0.0.1:{ports.smtp}",
        "MAIL_FROM": "paniers@ccas.example",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # a heap for each thread keeps what the others could use: a tenth of the memory
    }
    if stands_in("stripe", given):
        own["STRIPE_API_BASE"] = f"http://127.0.0.1:{ports.stripe}"
    if public_url.startswith("http://"):  # behind https a moved clock is refused
        own["CLOCK_SHIFT_FILE"] = str(var_dir / "horloge")
    complete = own | given | {"PORT": str(ports.web), "VAR_DIR": str(var_dir)}
    complete.pop("PYTHONDONTWRITEBYTECODE", None)  # a second start in a few seconds needs the compiled files
    return complete


def stands_in(name: str, given: Mapping[str, str]) -> bool:
    """Whether the town plays this part of the world itself, as the environment names no other."""
    return not any(given.get(variable) for variable in OUTSIDE[name])


def write_environment_file(var_dir: Path, environment: Mapping[str, str], given: Mapping[str, str]) -> Path:
    """Keep the town's settings for commands of other terminals: ``flask --env-file var/demo.env …``."""
    lines = [f"{name}={shlex.quote(value)}" for name, value in environment.items() if given.get(name) != value]
    path = var_dir / "demo.env"
    write_private(path, "\n".join([*sorted(lines), ""]))
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file whole, for its owner's eyes only."""
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
