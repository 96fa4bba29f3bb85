"""The ground of the tests itself: a used database is lent again only as it was migrated."""

import threading

import psycopg
import pytest

from tests.conftest import Engines

ROW = "INSERT INTO document (key, filename, media_type, content) VALUES ('a', 'a.pdf', 'application/pdf', '')"
MUCH = "INSERT INTO document SELECT g, 'a.pdf', 'application/pdf', '', now() FROM generate_series(1, 40000) g"


def borrowed(engines: Engines, *statements: str) -> str:
    name = engines.databases.lend()
    with psycopg.connect(engines.database(name), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
    engines.databases.give_back(name)
    return name


def test_a_used_database_comes_back_empty(engines: Engines) -> None:
    first = borrowed(engines, ROW, "SELECT nextval('maison_id_seq')")
    again = engines.databases.lend()
    assert again == first
    with psycopg.connect(engines.database(again)) as connection:
        assert connection.execute("SELECT count(*) FROM document").fetchone() == (0,)
        assert connection.execute("SELECT nextval('maison_id_seq')").fetchone() == (1,)
    engines.databases.give_back(again)


def test_a_session_that_is_just_leaving_is_waited_for(engines: Engines) -> None:
    name = engines.databases.lend()
    held = psycopg.connect(engines.database(name))
    leaving = threading.Timer(0.1, held.close)
    leaving.start()
    engines.databases.give_back(name)
    leaving.join()
    assert engines.databases.lend() == name
    engines.databases.give_back(name)


@pytest.mark.parametrize(
    "broken",
    [
        "ALTER TABLE mouvement DISABLE TRIGGER only_grows",
        "DROP TRIGGER ring_outbox ON outbox_fact",
        "ALTER TABLE panier DROP CONSTRAINT ck_panier_prix",
        "CREATE TABLE autre (id int)",
        "CREATE RULE essai AS ON INSERT TO maison DO INSTEAD SELECT 1/0",
        "CREATE INDEX essai ON maison (nom)",
        "ALTER TABLE foyer ALTER email SET NOT NULL",
        "ALTER TABLE panier ALTER cout TYPE bigint",
        "ALTER TABLE maison ALTER active DROP DEFAULT",
        "CREATE OR REPLACE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "UPDATE alembic_version SET version_num = '0001'",
        MUCH,
    ],
)
def test_a_database_that_is_broken_or_has_held_much_is_never_lent_again(engines: Engines, broken: str) -> None:
    name = borrowed(engines, broken)
    other = engines.databases.lend()
    assert other != name
    engines.databases.give_back(other)


def test_a_table_counted_when_it_was_just_emptied_is_counted_anew(engines: Engines) -> None:
    """Else the planner would hold it for empty ever after, whatever it holds."""
    counted = "SELECT relpages > 0, reltuples FROM pg_class WHERE relname = 'document'"
    name = borrowed(engines, ROW)
    with psycopg.connect(engines.database(name), autocommit=True) as connection:
        connection.execute("ANALYZE document")  # as autovacuum may at any time
        assert connection.execute(counted).fetchone() == (True, 0)
    assert engines.databases.lend() == name
    with psycopg.connect(engines.database(name)) as connection:
        assert connection.execute(counted).fetchone() == (False, -1)
    engines.databases.give_back(name)


def test_a_database_that_somebody_still_holds_is_never_lent_again(engines: Engines) -> None:
    name = engines.databases.lend()
    with psycopg.connect(engines.database(name)):
        engines.databases.give_back(name)
    other = engines.databases.lend()
    assert other != name
    engines.databases.give_back(other)
