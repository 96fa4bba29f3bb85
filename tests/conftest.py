"""The ground of all tests: real PostgreSQL and Redis, a fresh migrated database for each test that asks for one."""

import base64
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from redis import Redis
from xdist.remote import Producer

from app import create_app
from kernel import clock
from kernel.db import get_engine
from kernel.embedded import start_postgres, start_redis
from kernel.settings import get_settings
from kernel.web.security import limiter
from tests.bases import TEMPLATE, Databases
from tests.ordonnanceur import Ordonnanceur

ROOT = Path(__file__).resolve().parent.parent

# No test is timed: a busy machine is not a fault of the code.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


@dataclass(frozen=True)
class Engines:
    """The engines of this test process; `database(name)` is the address of one of its databases."""

    postgres_url: str
    redis_url: str

    @cached_property
    def databases(self) -> Databases:
        return Databases(self.postgres_url)

    def database(self, name: str) -> str:
        return self.databases.address(name)


def environment_of(engines: Engines, database: str, var: Path) -> dict[str, str]:
    """The settings of an installation under test; child processes receive the same."""
    return {
        "DATABASE_URL": engines.database(database),
        "REDIS_URL": engines.redis_url,
        "SECRET_KEY": "a key of the tests, long enough to sign with",
        "QR_KEYS": "1:" + base64.b64encode(b"q" * 32).decode(),
        "DATA_KEYS": "1:" + base64.b64encode(b"d" * 32).decode(),
        "STRIPE_SECRET_KEY": "sk_test_tests",
        "STRIPE_WEBHOOK_SECRET": "whsec_tests",
        "STRIPE_API_BASE": "http://127.0.0.1:9",
        "SMTP_URL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "paniers@ccas.example",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "VAR_DIR": str(var),
    }


def forget_settings() -> None:
    """Make this process read its environment again."""
    if get_engine.cache_info().currsize:
        get_engine().dispose()
    for cached in (get_engine, get_settings):
        cached.cache_clear()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Ordonnanceur:
    return Ordonnanceur(config, log)


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    # Not under pytest's own folder, which every new run closes to the account that PostgreSQL has when root runs us.
    var = Path(tempfile.mkdtemp(prefix="moteurs-"))
    postgres, redis = start_postgres(var, durable=False), start_redis(var)
    made = Engines(postgres.url, redis.url)
    with psycopg.connect(made.postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment_of(made, TEMPLATE, var).items():
            patch.setenv(name, value)
        forget_settings()
        command.upgrade(Config(str(ROOT / "migrations" / "alembic.ini")), "head")
        forget_settings()
    yield made
    redis.stop()
    postgres.stop()
    shutil.rmtree(var, ignore_errors=True)


@pytest.fixture
def base(engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh database with all tables and no rows, named by this process's settings; yields its address."""
    name = engines.databases.lend()
    for variable, value in environment_of(engines, name, tmp_path).items():
        monkeypatch.setenv(variable, value)
    forget_settings()
    with Redis.from_url(engines.redis_url) as redis:
        redis.flushall()
    yield engines.database(name)
    clock.set_now(None)
    forget_settings()
    engines.databases.give_back(name)


@pytest.fixture
def app(base: str) -> Iterator[Flask]:
    """The web application on a fresh database; CSRF tokens are asked for as in real life.

    Its addresses and templates take a second to compile, so one application serves all tests of the same settings;
    where database and folder are it asks at each request. What a test changes in it is put back.
    """
    made, counting = application(repr(get_settings().model_dump(exclude={"database_url", "var_dir"})))
    vars(limiter).update(counting)  # where the last application counted, or that its Redis was away, is not this one's
    limiter._fallback_storage.reset()
    config, views = made.config.copy(), made.view_functions.copy()
    yield made
    made.config.clear()
    made.config.update(config)
    made.view_functions.clear()
    made.view_functions.update(views)


@lru_cache(maxsize=8)
def application(settings: str) -> tuple[Flask, dict[str, Any]]:
    """The application of these settings, and how knocks are counted for it."""
    asked, limiter.enabled = limiter.enabled, True  # the next test may want what this one does without
    made = create_app()
    limiter.enabled = asked
    made.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    return made, {name: value for name, value in vars(limiter).items() if name != "enabled"}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
