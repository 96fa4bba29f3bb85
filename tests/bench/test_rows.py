"""The rows of the bench, with few households: that they measure what they say, and see what would be wrong."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat

import psycopg
import pytest
from sqlalchemy import text

from bench import bells, charges, closing, family, handing, lists, reportlab_peer, seats, town, vouchers
from bench.clients import crowd, get, paced
from bench.ground import Ground, copied, faults
from kernel.clock import today
from kernel.db import get_engine, reading


def test_a_closing_of_the_bench_is_whole_and_its_floor_writes_the_same_rows(under: Ground) -> None:
    address = under.open("small")
    town.settle(address, 60)
    (week,) = town.weeks(address, [today()])
    get_engine().dispose()
    floor = copied(address, "small_floor")
    before = closing._last_keys(address)
    done = closing.close(week.id)
    assert done.baskets == 65  # two of them for each twelfth household
    assert closing._copy(address, floor, week.id, before) > 0
    counted = "SELECT count(*), sum(prix), (SELECT sum(abs(montant)) FROM mouvement m JOIN ecriture e"
    counted += " ON e.id = m.ecriture_id WHERE e.cle LIKE 'panier:%'), (SELECT count(*) FROM paiement) FROM panier"
    with psycopg.connect(address) as ours, psycopg.connect(floor) as copy:
        assert ours.execute(counted).fetchone() == copy.execute(counted).fetchone()
    assert faults() == 0
    # The same town is handed out by pgbench with the application's own statement.
    assert handing._pgbench(floor, 60) > 0
    with psycopg.connect(floor) as copy:
        assert copy.execute("SELECT count(*) FROM retrait").fetchone() == (48,)
        assert copy.execute("SELECT count(*) FROM panier WHERE etat = 'remis'").fetchone() == (48,)


@contextmanager
def server(answers: bytes) -> Iterator[int]:
    """Gives that answer to each request, on any number of connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve(connection: socket.socket) -> None:
            with connection:
                while connection.recv(1 << 16):
                    connection.sendall(answers[:20])  # in two pieces, as it comes over a wire
                    connection.sendall(answers[20:])

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                threads[-1].start()

        threads = [threading.Thread(target=accept, daemon=True)]
        threads[0].start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(5)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ngreen", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nsun", 6),
        (b"HTTP/1.1 500 NO\r\nContent-Length: 5\r\n\r\ngreen", 6),
    ],
)
def test_an_answer_that_is_not_as_wanted_is_an_error(answer: bytes, wrong: int) -> None:
    with server(answer) as port:
        heard = crowd(port, [iter([get("/", wanted=b"green")] * 3) for _ in range(2)])
    assert len(heard.seconds) == len(heard.statuses) == 6
    assert len(heard.wrong) == wrong


def test_what_is_asked_at_a_pace_is_asked_as_often_as_it_should() -> None:
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as port:
        heard = paced(port, repeat(get("/")), rate=200, seconds=0.2, browsers=2)
    assert len(heard.seconds) == 40
    assert max(heard.ends) - heard.started > 0.19


def test_seats_sold_too_many_or_left_are_told(under: Ground) -> None:
    address = under.open("seats")
    town.settle(address, 2)
    seats._outings(address, 3, 2)
    assert seats._amiss(address, 3) == 6


def test_a_charge_made_twice_or_asked_for_again_at_once_is_seen() -> None:
    intents = [
        {"status": "succeeded", "metadata": {"reference": reference}} for reference in ("a", "a", "b")
    ]  # and the third household's is missing
    assert charges._charges([*intents, {"status": "succeeded", "metadata": {}}], 3) == (1, 1)
    calls = [
        {"key": key, "status": status, "at": at}
        for key, status, at in (("a", 429, 0.0), ("a", 200, 0.2), ("b", 429, 0.0), ("b", 200, 1.1), ("c", 200, 0.0))
    ]
    assert charges._after_429(calls) == (2, 1)


def test_a_list_of_the_bench_tells_its_queries_and_its_weight(under: Ground) -> None:
    found = lists.pages(under, 24, (lists.DAY, lists.SEARCH), runs=1)
    assert 1 < found[lists.DAY].queries <= 12
    assert found[lists.SEARCH].bytes > 5_000
    with lists.counting() as seen, reading() as session:
        session.execute(text("SELECT 1"))
    assert seen[-1] == "SELECT 1"


@pytest.mark.long
def test_every_bell_is_answered_and_bare_messages_come(under: Ground) -> None:
    rung = bells.ringing(under, 50, runs=1, idle=10, busy_seconds=0.2)
    assert (len(rung.idle), len(rung.busy), rung.faults) == (10, 200, 0)
    assert min(rung.idle) > 0
    peer = bells.alone(under, 50, runs=1, idle=10)
    assert len(peer.idle) == 10


@pytest.mark.long
def test_pages_of_families_are_served_whole(under: Ground) -> None:
    family.inhabited(under, 30)
    served = family.serving(under, 30, runs=1, seconds=0.5)
    assert (len(served.runs[0].seconds), served.errors, served.faults) == (50, 0, 0)
    (seen,) = family.looking(under, "/ma-semaine", 1)
    assert 0 < seen.page < seen.all


@pytest.mark.long
def test_baskets_are_handed_out_by_many_devices_without_an_error(under: Ground) -> None:
    handed = handing.handing(under, 400, runs=1, devices=4, alone=20)
    assert (len(handed.runs[0].seconds), len(handed.alone.seconds)) == (4 * handing.A_RUN, 20)
    assert (handed.errors, handed.faults) == (0, 0)


@pytest.mark.long
def test_seats_are_sold_out_exactly(under: Ground) -> None:
    booked = seats.booking(under, 10, runs=1, clients=15, late=20)
    assert booked.runs[0].statuses.count(seats.BOOKED) == 10
    assert (booked.amiss, booked.errors, booked.faults) == (0, 0, 0)


@pytest.mark.long
def test_a_week_is_closed_while_a_page_is_asked_for(under: Ground) -> None:
    closed = closing.closings(under, 100, runs=1)
    assert closed.page.seconds
    assert (closed.page.wrong, closed.faults) == ([], 0)


@pytest.mark.long
def test_charges_refused_for_the_moment_are_made_once(under: Ground) -> None:
    charged = charges.charging(under, 60)
    assert (charged.hasty, charged.twice, charged.missing, charged.faults) == (0, 0, 0, 0)


def test_the_peer_by_hand_says_of_each_voucher_what_ours_say(under: Ground) -> None:
    made = vouchers.dossier(9)
    drawn = subprocess.run(["pdftotext", "-", "-"], input=reportlab_peer.draw(made), capture_output=True, check=True)
    said = " ".join(drawn.stdout.decode().split())
    for bon in made.bons:
        assert f"{bon.prenom} {bon.nom}" in said
    assert said.count(made.lieu.adresse) == 9
