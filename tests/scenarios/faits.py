"""The facts of the tests, and the tables where their effects are noted."""

from dataclasses import dataclass

from kernel.outbox import Fact

TABLES = """
CREATE TABLE essai_debut (numero bigint NOT NULL, pid int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE essai_effet (numero bigint NOT NULL, pid int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE essai_etat (numero bigint NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class ArgentDu(Fact):
    numero: int
    millis: int = 0


@dataclass(frozen=True, slots=True)
class DocumentDu(Fact):
    numero: int
    millis: int = 0


@dataclass(frozen=True, slots=True)
class CourrielDu(Fact):
    numero: int
    millis: int = 0


@dataclass(frozen=True, slots=True)
class PoisonVerse(Fact):
    numero: int


@dataclass(frozen=True, slots=True)
class BombePosee(Fact):
    numero: int
