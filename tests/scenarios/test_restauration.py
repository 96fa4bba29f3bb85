"""The drill of row 32: back up a town at work, lose everything, restore; what was waiting is done, nothing is twice."""

from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo
from redis import Redis

import app
from demo.installer import installer
from kernel import backup, clock
from kernel.db import reading
from paniers import horaires
from tests.conftest import Engines, forget_settings
from tests.demo.test_ville import MOMENTS
from tests.kernel.boite_smtp import boite_ouverte
from tests.scenarios.ouvriers import Atelier, nombre
from tests.scenarios.test_relais_courriels import VITE, ecrire, ids


def tout_perdre(engines: Engines, address: str) -> None:
    """The database is gone; an empty one of its name stands there."""
    forget_settings()
    name = conninfo.conninfo_to_dict(address)["dbname"]
    with psycopg.connect(engines.postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())


def fautes() -> list[str]:
    with reading() as session:
        return [fault for check in app.VERIFICATIONS for fault in check(session)]


def s_installer(monkeypatch: pytest.MonkeyPatch, foyers: int) -> None:
    """A town on a Friday at noon; no Stripe is told of it."""
    monkeypatch.setenv("STRIPE_API_BASE", "https://stripe.example")
    forget_settings()
    clock.set_now(MOMENTS["friday at noon"])
    installer(foyers=foyers, graine=3, jour=None)
    for task in (horaires.proposer_les_places, horaires.annoncer_les_fins_de_terme):
        task(clock.now())  # what the timetable does within a minute, and this workshop has none


@pytest.mark.parametrize(
    "redis_lost",
    [pytest.param(False, id="redis as it was", marks=pytest.mark.long), pytest.param(True, id="redis lost")],
)
def test_what_waited_is_done_after_a_restore_and_the_accounts_stand(
    atelier: Atelier, base: str, engines: Engines, monkeypatch: pytest.MonkeyPatch, *, redis_lost: bool
) -> None:
    file = atelier.var / "b.dump"
    with boite_ouverte() as boite:
        monkeypatch.setenv("SMTP_URL", boite.url)
        s_installer(monkeypatch, foyers=12)
        before = nombre("SELECT count(*) FROM panier"), nombre("SELECT sum(abs(montant)) FROM mouvement")
        relay, worker = atelier.relais(VITE), atelier.ouvrier("courriel", turned=VITE)
        ecrire(8)
        atelier.attendre(lambda: nombre("SELECT count(*) FROM mail WHERE sent_at IS NOT NULL") == 8)
        worker.arreter()
        ecrire(8, first=9)
        atelier.attendre(lambda: nombre("SELECT count(*) FROM outbox_delivery WHERE state = 'sent'") == 8)

        backup.create(base, file)
        late = atelier.ouvrier("courriel", turned=VITE)  # life goes on after the backup
        atelier.attendre(lambda: nombre("SELECT count(*) FROM mail WHERE sent_at IS NOT NULL") == 16)
        for enfant in (relay, late):
            enfant.arreter()
        tout_perdre(engines, base)
        if redis_lost:
            with Redis.from_url(atelier.redis.url) as client:
                client.flushall()
        backup.restore(base, file, force=False)

        assert nombre("SELECT count(*) FROM mail WHERE sent_at IS NULL") == 8
        assert (nombre("SELECT count(*) FROM panier"), nombre("SELECT sum(abs(montant)) FROM mouvement")) == before
        atelier.relais(VITE)
        atelier.ouvrier("courriel", turned=VITE)
        # What the town itself had to tell is for actors that this workshop does not have.
        atelier.attendre(lambda: nombre("SELECT count(*) FROM mail WHERE sent_at IS NULL") == 0)
        assert fautes() == []
        # What left after the backup leaves again under its own id, which a mailbox shows once.
        assert len(set(ids(boite))) == 16
        assert len(boite.received) == 24


def test_control_what_a_restore_loses_is_found(
    base: str, engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dump that leaves one movement out is not green: the drill's last step can fail."""
    s_installer(monkeypatch, foyers=5)
    with psycopg.connect(base) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM mouvement WHERE id = (SELECT max(id) FROM mouvement)")
    backup.create(base, tmp_path / "b.dump")
    tout_perdre(engines, base)
    backup.restore(base, tmp_path / "b.dump", force=False)
    assert fautes() != []
