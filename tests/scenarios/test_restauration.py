"""The drill of row 32: back up a town at work, lose everything, restore; what was waiting is done, nothing is twice."""

from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo
from redis import Redis

import app
from culture.horaires import suivre_les_sorties
from demo.installer import installer
from kernel import backup, clock
from kernel.db import reading
from paniers import horaires
from paniers.events import FeuilleDemandee
from tests.conftest import Engines, forget_settings
from tests.demo.test_ville import MOMENTS
from tests.kernel.boite_smtp import boite_ouverte
from tests.scenarios.ouvriers import Atelier, Enfant, en_cours, lire, nombre, publier
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
    for task in (horaires.proposer_les_places, horaires.annoncer_les_fins_de_terme, suivre_les_sorties):
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
        before = etat_de_la_ville()
        relay, worker = atelier.relais_de_la_ville(VITE), ouvrier_de_la_ville(atelier)
        atelier.attendre(lambda: en_cours() == 0)  # all that the town had to tell, papers and mails
        told = len(boite.received)
        ecrire(8)
        atelier.attendre(lambda: en_cours() == 0)
        worker.arreter()
        ecrire(8, first=9)
        publier([feuille_demandee()])
        atelier.attendre(lambda: nombre("SELECT count(*) FROM outbox_delivery WHERE state = 'sent'") == 9)
        papers = nombre("SELECT count(*) FROM document")

        backup.create(base, file)
        late = ouvrier_de_la_ville(atelier)  # life goes on after the backup
        atelier.attendre(lambda: en_cours() == 0)
        for enfant in (relay, late):
            enfant.arreter()
        tout_perdre(engines, base)
        if redis_lost:
            with Redis.from_url(atelier.redis.url) as client:
                client.flushall()
        backup.restore(base, file, force=False)

        assert nombre("SELECT count(*) FROM mail WHERE sent_at IS NULL") == 8
        assert etat_de_la_ville() == before
        assert nombre("SELECT count(*) FROM document") == papers
        atelier.relais_de_la_ville(VITE)
        ouvrier_de_la_ville(atelier)
        atelier.attendre(lambda: en_cours() == 0)
        assert fautes() == []
        assert nombre("SELECT count(*) FROM document") == papers + 1, "the sheet that waited is made again"
        assert lire("SELECT DISTINCT state FROM outbox_delivery") == [("done",)]
        # What left after the backup leaves again under its own id, which a mailbox shows once.
        assert len(set(ids(boite))) == told + 16
        assert len(boite.received) == told + 24


def etat_de_la_ville() -> tuple[int, int]:
    """Baskets, and centimes that have moved."""
    return nombre("SELECT count(*) FROM panier"), nombre("SELECT sum(abs(montant)) FROM mouvement")


def ouvrier_de_la_ville(atelier: Atelier) -> Enfant:
    """A worker with all actors of the house."""
    return atelier.ouvrier("argent", "courriel", "documents", turned=VITE, acteurs="workers.main")


def feuille_demandee() -> FeuilleDemandee:
    """The sheet of the last day at a maison, which nobody has printed yet."""
    (row,) = lire("SELECT semaine_id, maison_id FROM panier ORDER BY semaine_id DESC, maison_id LIMIT 1")
    return FeuilleDemandee(row.semaine_id, row.maison_id)


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
