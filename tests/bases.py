"""Databases for tests: fresh ones from a migrated template, and used ones emptied, which is a hundred times quicker.

A test gets a used database only if it stands as migrated: same tables, columns, indexes, triggers,
constraints, rules and functions, no other session left in it. Whatever a test broke on purpose goes with its database.
So does a database that has held much: the pages of its deleted rows would still be read. And what autovacuum has
counted is forgotten: of a table counted when it was just emptied, the planner would believe that it holds nothing
ever after, and join whole towns row by row.
"""

import itertools
import os
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import LiteralString

import psycopg
from psycopg import sql

TEMPLATE = "modele"

_SHAPE = """
SELECT md5(string_agg(thing, ',' ORDER BY thing)) FROM (
    SELECT tgrelid::regclass || tgname || tgenabled::text AS thing FROM pg_trigger
    UNION ALL SELECT conrelid::regclass || conname FROM pg_constraint WHERE conrelid <> 0
    UNION ALL SELECT ev_class::regclass || rulename FROM pg_rewrite
    UNION ALL SELECT indexrelid::regclass::text || indisvalid FROM pg_index
    UNION ALL SELECT attrelid::regclass || attname || atttypid || attnotnull || atthasdef
              FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
              WHERE c.relnamespace = 'public'::regnamespace AND NOT attisdropped
    UNION ALL SELECT proname || md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT version_num FROM alembic_version
) AS shape
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_LEAVING_SECONDS = 0.5
"""A session that was closed is gone a moment later."""
_WEIGHT = "SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
_GROWN = 2_000_000
"""Bytes more than the template's, with its pages for 111 tables: what a few hundred rows leave."""
_UNCOUNT = """
SELECT pg_clear_relation_stats('public', relname::text) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND reltuples >= 0 AND relpages > CASE relkind WHEN 'r' THEN 0 ELSE 1 END
      AND relkind IN ('r', 'i')
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_RESTART = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"


@dataclass
class Databases:
    """The databases of one test process, on the PostgreSQL at `url`."""

    url: str
    _free: list[str] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def address(self, name: str) -> str:
        return self.url.replace("/postgres?", f"/{name}?", 1)

    def lend(self) -> str:
        """The name of a database with all tables, no rows and sequences at their start."""
        if self._free:
            name = self._free.pop()
            with psycopg.connect(self.address(name)) as connection:
                connection.execute(_UNCOUNT)
            return name
        name = f"essai_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        return name

    def give_back(self, name: str) -> None:
        """Empty the database for another test, or drop it if it cannot be trusted."""
        if self._emptied(name):
            self._free.append(name)
            return
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _emptied(self, name: str) -> bool:
        try:
            with psycopg.connect(self.address(name), options="-c lock_timeout=1s") as connection:
                if not _left_alone(connection) or _one(connection, _SHAPE) != self._as_migrated:
                    return False
                if int(str(_one(connection, _WEIGHT))) > self._heaviest:
                    return False
                connection.execute("SET session_replication_role = replica")  # the guards against DELETE stand aside
                for (table,) in connection.execute(_TABLES).fetchall():
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                connection.execute(_RESTART)
        except psycopg.Error:
            return False
        return True

    @cached_property
    def _as_migrated(self) -> object:
        return self._of_the_template(_SHAPE)

    @cached_property
    def _heaviest(self) -> int:
        return int(str(self._of_the_template(_WEIGHT))) + _GROWN

    def _of_the_template(self, query: LiteralString) -> object:
        with psycopg.connect(self.address(TEMPLATE)) as connection:
            return _one(connection, query)


def _left_alone(connection: "psycopg.Connection[tuple[object, ...]]") -> bool:
    until = time.monotonic() + _LEAVING_SECONDS
    while _one(connection, _OTHERS) != 0:
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
        connection.execute("SELECT pg_stat_clear_snapshot()")  # what was read stands until the transaction ends
    return True


def _one(connection: "psycopg.Connection[tuple[object, ...]]", query: LiteralString) -> object:
    row = connection.execute(query).fetchone()
    assert row is not None, query
    return row[0]
