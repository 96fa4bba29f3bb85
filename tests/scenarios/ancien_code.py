"""What code of the release before would still write: its own statements, tried on a newer schema and taken back.

A fresh clone has no older code to run, but it has each older schema and a town to live in it. Of each table a few rows
are written again as that schema knows them: every column of then, and none of those that came since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

LIGNES_PAR_TABLE = 2
COLONNES = """
    SELECT table_name, column_name FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name <> 'alembic_version' AND is_generated = 'NEVER'
     ORDER BY 1, ordinal_position
"""
CLES = """
    SELECT c.table_name, c.column_name FROM information_schema.table_constraints t
      JOIN information_schema.key_column_usage c USING (constraint_schema, constraint_name)
     WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = 'public' ORDER BY 1, c.ordinal_position
"""
Connexion = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Ecriture:
    """A row as the older code writes it: `genre` is "insert" or "update"."""

    genre: str
    table: str
    colonnes: tuple[str, ...]
    valeurs: tuple[Any, ...]
    cle: Mapping[str, Any]
    """The row's own key: column → value."""

    def __str__(self) -> str:
        return f"{self.genre} {self.table} {self.valeurs[:1]}"


def ecritures(address: str) -> list[Ecriture]:
    """What the code of the schema that stands at `address` would write: rows as they are, of each table with any."""
    made = []
    with psycopg.connect(address) as connection:
        keys = _tables(connection, CLES)
        for table, columns in _tables(connection, COLONNES).items():
            wanted = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
            order = sql.SQL(", ").join(sql.SQL("{} DESC").format(sql.Identifier(key)) for key in keys[table])
            query = sql.SQL("SELECT {} FROM {} ORDER BY {} LIMIT {}").format(
                wanted, sql.Identifier(table), order, LIGNES_PAR_TABLE
            )
            for values in connection.execute(query).fetchall():
                row = dict(zip(columns, values, strict=True))
                key = {name: row[name] for name in keys[table]}
                made.append(Ecriture("insert", table, tuple(row), tuple(row.values()), key))
                rest = {name: value for name, value in row.items() if name not in key}
                if rest:
                    made.append(Ecriture("update", table, tuple(rest), tuple(rest.values()), key))
    return made


def refus(address: str, tried: Sequence[Ecriture]) -> dict[Ecriture, str]:
    """Of those, what the database does not take, and what it says; nothing of any stays."""
    with psycopg.connect(address, autocommit=True) as connection:
        said = {one: _refus(connection, one) for one in tried}
    return {one: why for one, why in said.items() if why}


def _refus(connection: Connexion, one: Ecriture) -> str:
    try:
        with connection.transaction(force_rollback=True):
            if one.genre == "insert":
                _oublier(connection, one)
            connection.execute(_en_sql(one), [_adapter(value) for value in one.valeurs])
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error as error:
        return str(error).partition("\n")[0] or type(error).__name__
    return ""


def _oublier(connection: Connexion, one: Ecriture) -> None:
    """The row is not there yet; whoever refers to it is not asked."""
    connection.execute("SET LOCAL session_replication_role = replica")
    connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(one.table), _la_ligne(one)))
    connection.execute("SET LOCAL session_replication_role = origin")


def _en_sql(one: Ecriture) -> sql.Composed:
    table, names = sql.Identifier(one.table), [sql.Identifier(column) for column in one.colonnes]
    if one.genre == "insert":
        holes = sql.SQL(", ").join([sql.Placeholder()] * len(names))
        query = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})")
        return query.format(table, sql.SQL(", ").join(names), holes)
    said = sql.SQL(", ").join(sql.SQL("{} = {}").format(name, sql.Placeholder()) for name in names)
    return sql.SQL("UPDATE {} SET {} WHERE {}").format(table, said, _la_ligne(one))


def _la_ligne(one: Ecriture) -> sql.Composed:
    """The condition that finds it."""
    parts = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in one.cle.items()]
    return sql.SQL(" AND ").join(parts)


def _adapter(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict) else value


def _tables(connection: Connexion, query: LiteralString) -> Mapping[str, Sequence[str]]:
    """Table → columns, as the query names them."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(query).fetchall():
        found.setdefault(table, []).append(column)
    return found
