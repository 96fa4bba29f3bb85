"""Settings: environment variables, read once and checked at start.

Every name is listed in `.env.example`. Keys are written ``"<number>:<base64>[,<number>:<base64>…]"``; the first of
a list signs or encrypts, the others still verify or decrypt, so that a key can be replaced without a flag day.
"""

import base64
import binascii
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

KeyRing = dict[int, bytes]


class BadSettings(SystemExit):
    """The environment cannot be used; its message names each variable at fault."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: str
    redis_url: str
    secret_key: str = Field(min_length=32)
    qr_keys: Annotated[KeyRing, NoDecode]
    data_keys: Annotated[KeyRing, NoDecode]
    public_url: str = "http://127.0.0.1:8000"
    var_dir: Path = Path("var")

    stripe_secret_key: str
    stripe_webhook_secret: str
    stripe_api_base: str = "https://api.stripe.com"
    stripe_timeout: float = Field(default=4.0, gt=0, le=9)

    smtp_url: str
    mail_from: str = "paniers@ccas.example"
    nom_ccas: str = "CCAS de Grenoble"
    telephone_ccas: str = "04 00 00 00 00"
    adresse_ccas: str = "1 place de l’Exemple, 38000 Grenoble (adresse inventée)"
    siret_ccas: str = Field(default="00000000000000", pattern=r"^\d{14}$")
    nom_pass_culture: str = Field(default="Pass Culture", min_length=2, max_length=40)
    adresse_depot: str = "Dépôt des paniers, 2 quai de l’Exemple, 38000 Grenoble (adresse inventée)"

    db_pool_size: int = Field(default=5, ge=1, le=100)
    relay_poll_seconds: float = Field(default=2.0, gt=0, le=60)
    timetable_poll_seconds: float = Field(default=20.0, gt=0, le=3600)
    metrics_token: str | None = Field(default=None, min_length=16)
    clock_shift_file: Path | None = None

    @field_validator("qr_keys", "data_keys", mode="before")
    @classmethod
    def _parse_keys(cls, value: object) -> object:
        return parse_keys(value) if isinstance(value, str) else value

    @field_validator("public_url", "stripe_api_base")
    @classmethod
    def _without_trailing_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _real_deployments_keep_real_time(self) -> Self:
        if self.clock_shift_file is not None and self.https:
            raise ValueError("CLOCK_SHIFT_FILE moves the clock: it is for demo towns, never behind an https PUBLIC_URL")
        return self

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")


def parse_keys(text: str) -> KeyRing:
    """``"2:<base64>,1:<base64>"`` → ``{2: 32 bytes, 1: 32 bytes}``, in that order."""
    keys: KeyRing = {}
    for part in text.split(","):
        number, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError("a key is written <number>:<base64 of 32 bytes>") from None
        if not number.isdigit() or not 0 < int(number) < 256 or len(key) != 32:
            raise ValueError("a key is written <number 1-255>:<base64 of 32 bytes>")
        keys[int(number)] = key
    return keys


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process.

    Raises `BadSettings`, which ends the program with one line for each variable at fault.
    """
    try:
        return Settings.model_validate({})  # the sources (environment) fill it
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])).upper() or 'SETTINGS'}: {e['msg']}" for e in error.errors()]
        raise BadSettings("Settings that cannot be used (see .env.example):\n" + "\n".join(lines)) from None
