"""P4: two hundred families book the last seats of an outing at once, over HTTP; more ask than there are seats.

Who comes too late is told so by a sentence, which is an answer like another; anything else is an error.
"""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import psycopg

from bench import town
from bench.clients import Asked, Heard, crowd, post
from bench.figures import RUNS, Figure, exponent, shown
from bench.ground import Ground, counted, faults, ground
from culture.regles.tarifs import saison_de
from kernel.clock import now

figure = partial(Figure, "P4")
CLIENTS = 200
TOO_MANY = 100
"""Families who ask beyond the seats that there are."""
BOOKED, REFUSED = 302, 422

_SEASON = """
INSERT INTO grille_pass (effet_le, reduit, plein) VALUES ('2020-09-01', 0, 1200);
INSERT INTO lieu (nom, adresse, code_postal, ville) VALUES ('Théâtre', '1 rue de l’Exemple', '38000', 'Grenoble');
INSERT INTO grille_sortie (nom, forme, seuils, prix) VALUES ('4 € pour tous', 'unique', '{}', '{400}')
"""
_OUTING = """
WITH faite AS (
    INSERT INTO sortie (titre, genre, lieu_id, maison_id, grille_id, etat, debut_le, duree_minutes, places, cout_place,
                        rendez_vous_le, rendez_vous_lieu, ouverture_le, cloture_le, annulable_jusqu_a, creee_le)
    SELECT 'Pièce du ' || %(debut)s, 'theatre', 1, 1, 1, 'publiee', %(debut)s, 90, %(places)s, 1200,
           %(debut)s - interval '45 minutes', 'Devant la maison', %(maintenant)s - interval '10 days',
           %(debut)s - interval '2 days', %(debut)s - interval '3 days', %(maintenant)s - interval '20 days'
    RETURNING id)
INSERT INTO sortie_etape (sortie_id, de, vers) SELECT id, 'brouillon', 'publiee' FROM faite RETURNING sortie_id
"""
_PASSES = """
INSERT INTO pass_culture (foyer_id, membre_id, saison, du, au, prix, delivre_le)
SELECT foyer_id, id, %(saison)s, %(du)s, %(au)s, 0, %(maintenant)s FROM membre WHERE referent ORDER BY id
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Booked:
    """Runs, one outing each; how many seats were sold too many or too few in all."""

    runs: list[Heard]
    amiss: int
    faults: int

    @property
    def rate(self) -> float:
        return statistics.median(heard.rate(BOOKED) for heard in self.runs)

    @property
    def p95(self) -> float:
        return statistics.median(heard.quantile(0.95) for heard in self.runs)

    @property
    def errors(self) -> int:
        return sum(len(heard.wrong) for heard in self.runs)


def booking(under: Ground, seats: int, runs: int = RUNS, *, clients: int = CLIENTS, late: int = TOO_MANY) -> Booked:
    """`runs` outings of so many seats are sold out, after one to warm up; each family asks for one."""
    families = seats + late
    address = under.open(f"seats_{seats}")
    town.settle(address, families)
    outings = _outings(address, seats, runs + 1)
    with under.site():
        crowd(under.ports.web, _scripts(outings[0], families, clients))
        counted()
        heard = [crowd(under.ports.web, _scripts(outing, families, clients)) for outing in outings[1:]]
    return Booked(heard, _amiss(address, seats), faults())


def _outings(address: str, seats: int, count: int) -> list[int]:
    """Evenings three weeks ahead, one after another, so that nobody is at two at once."""
    with psycopg.connect(address, cursor_factory=psycopg.ClientCursor) as there:
        there.execute(_SEASON.encode())
        return [_outing(there, seats, now() + timedelta(days=21 + number)) for number in range(count)]


def _outing(there: psycopg.Connection[tuple[int]], seats: int, begins: datetime) -> int:
    season, instant = saison_de(begins.date()), now()
    there.execute(_PASSES, {"saison": season.annee, "du": season.du, "au": season.au, "maintenant": instant})
    row = there.execute(_OUTING, {"debut": begins, "places": seats, "maintenant": instant}).fetchone()
    assert row is not None
    return row[0]


def _scripts(outing: int, families: int, clients: int) -> list[Iterator[Asked]]:
    """What each client posts for the families that it stands for: their referent goes."""
    token, path = town.csrf_token(), f"/sorties/{outing}/reserver"

    def asks(client: int) -> Iterator[Asked]:
        for family in range(1 + client, families + 1, clients):
            fields = {"csrf_token": token, f"membre_{family}": "y"}
            yield post(path, town.cookie_of(family), fields, statuses=(BOOKED, REFUSED))

    return [iter(list(asks(client))) for client in range(clients)]


def _amiss(address: str, seats: int) -> int:
    """Seats sold beyond those of their outing, or left while families were refused."""
    sold = "SELECT count(p.id) FROM sortie s LEFT JOIN place_sortie p ON p.sortie_id = s.id GROUP BY s.id"
    with psycopg.connect(address) as there:
        return sum(abs(count - seats) for (count,) in there.execute(sold))


def run(seats: int = 100) -> list[Figure]:
    with ground() as under:
        few = booking(under, seats)
        many = booking(under, 10 * seats)
    return told(few, many, seats)


def told(few: Booked, many: Booked, seats: int) -> list[Figure]:
    return [
        figure(f"réservations, {shown(10 * seats)} places", many.rate, "/s",
               "Up to the last seat, 200 clients over HTTP, the client's share of the cores included. pretix: 7–14/s.",
               least=300),
        figure("réponses, p95", many.p95 * 1000, "ms", "Of 200 that ask at once, those refused included."),
        figure(f"réservations, {shown(seats)} places", few.rate, "/s", "The same for an outing of a tenth."),
        figure("de N à 10 N places, exposant", exponent(1 / few.rate, 1 / many.rate), "",
               "0: a seat costs the same at a larger outing."),
        figure("places en trop ou en moins", few.amiss + many.amiss, "", "Of all outings, each asked for too often.",
               most=0),
        figure("réponses en erreur", few.errors + many.errors, "", "Neither booked nor told that it is full.", most=0),
        figure("invariants rompus", few.faults + many.faults, "", "`flask verifier` after each town.", most=0),
    ]  # fmt: skip
