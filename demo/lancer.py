"""`make run`: the whole town on one machine, from the engines to the page that tells where everything is.

1. The embedded PostgreSQL and Redis, unless DATABASE_URL and REDIS_URL name others.
2. The world outside: a local Stripe, a local mailbox, unless the environment names real ones.
3. The web site, migrations meanwhile, and the demo town if the database is empty.
4. The relay with the timetable, and two workers, so that money never waits behind documents.
5. Once `/pret` finds the engines, one account for each role, and the address.
"""

import contextlib
import fcntl
import http.client
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from demo.environment import Ports, stands_in, town_environment, write_environment_file
from demo.supervisor import Process, StepFailed, Stopped, Supervisor
from kernel.embedded import EngineFailure, start_postgres, start_redis

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
READY_SECONDS = 90.0
HIGHEST_PORT = 65500  # the mailbox listens 25 ports above


class Impossible(Exception):
    """The town cannot be started; the message says in French what to do."""


@dataclass(frozen=True)
class Programs:
    """What a town runs. Tests give stand-ins. `installed` tells of a migrated database whether a town stands there."""

    migrate: tuple[str, ...]
    installed: Callable[[str], bool]
    install: tuple[str, ...]
    outside: tuple[Process, ...]
    web: Process
    behind: tuple[Process, ...]


def say(text: str = "") -> None:
    print(text, flush=True)


def tool(name: str) -> str:
    return str(BIN / name)


def flask(*arguments: str) -> tuple[str, ...]:
    return (tool("flask"), "--app", "app", *arguments)


def town_programs(environment: Mapping[str, str], given: Mapping[str, str], var_dir: Path, ports: Ports) -> Programs:
    return Programs(
        migrate=(tool("alembic"), "-c", "migrations/alembic.ini", "upgrade", "head"),
        installed=has_households,
        install=flask("demo", "installer", "--si-vide"),
        outside=tuple(outside_processes(environment, given, var_dir, ports)),
        web=Process("web", web_command(ports.web), rank=0),
        behind=(
            Process("relais-calendrier", flask("relay", "--timetable"), rank=0),
            worker("ouvrier-argent", "argent", threads=4),
            worker("ouvrier-documents", "courriel", "documents", threads=2),
        ),
    )


def has_households(url: str) -> bool:
    """Asked by hand, for loading all of the software to learn that there is nothing to do costs a second."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT FROM foyer LIMIT 1").fetchone() is not None


def apart() -> tuple[Process, ...]:
    """The relay and the timetable as an installation runs them: each a process."""
    return Process("relais", flask("relay"), rank=0), Process("calendrier", flask("timetable"), rank=0)


def web_command(port: int) -> tuple[str, ...]:
    """One process: a town for show spares memory; an installation has two or more (Dockerfile)."""
    served = ("--interface", "wsgi", "--factory", "app:create_app", "--host", "127.0.0.1", "--port", str(port))
    size = ("--workers", "1", "--blocking-threads", "4", "--no-ws", "--workers-kill-timeout", "1")
    return (tool("granian"), *served, *size)


def worker(key: str, *queues: str, threads: int) -> Process:
    size = ("--processes", "1", "--threads", str(threads), "--worker-shutdown-timeout", "2000")
    command = (tool("dramatiq"), "workers.main", *size, "--queues", *queues)
    # In milliseconds: how long an idle worker waits before it looks at Redis again.
    return Process(key, command, rank=1, environment={"dramatiq_worker_timeout": "100"}, stop_seconds=2.5)


def outside_processes(
    environment: Mapping[str, str], given: Mapping[str, str], var_dir: Path, ports: Ports
) -> Iterator[Process]:
    python = (sys.executable, "-m")
    if stands_in("stripe", given):
        webhook = f"http://127.0.0.1:{ports.web}/paiements/webhook"
        where = ("--port", str(ports.stripe), "--state", str(var_dir / "stripe.sqlite"), "--webhook-url", webhook)
        secret = ("--webhook-secret", environment["STRIPE_WEBHOOK_SECRET"])
        key = ("--secret-key", environment["STRIPE_SECRET_KEY"])
        shift = environment.get("CLOCK_SHIFT_FILE")
        clock = ("--clock-shift-file", shift) if shift else ()
        command = (*python, "demo.stripe_local", *where, *secret, *key, *clock)
        yield Process("stripe", command, rank=2, stop_seconds=0.7)
    if stands_in("courrier", given):
        doors = ("--smtp-port", str(ports.smtp), "--port", str(ports.courrier), "--dir", str(var_dir / "courrier"))
        yield Process("courrier", (*python, "demo.courrier_local", *doors), rank=2, stop_seconds=0.7)


def chosen_port(given: Mapping[str, str]) -> int:
    text = given.get("PORT") or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST_PORT:
        raise Impossible(f"PORT={text} : choisissez un nombre entre 1024 et {HIGHEST_PORT}, par exemple 8000.")
    return int(text)


def check_ports(given: Mapping[str, str], ports: Ports) -> None:
    """Raises `Impossible` if another program listens where the town would."""
    wanted = [ports.web]
    wanted += [ports.stripe] if stands_in("stripe", given) else []
    wanted += [ports.courrier, ports.smtp] if stands_in("courrier", given) else []
    for port in wanted:
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                raise Impossible(
                    f"Le port {port} est déjà pris par un autre programme. "
                    f"Choisissez-en un autre : make run PORT={8100 if port < 8100 else 8000}"
                ) from None


@contextlib.contextmanager
def only_town(var_dir: Path) -> Iterator[None]:
    """Raises `Impossible` if another start of this town is still running."""
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / ".town.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Impossible(
                f"Une ville tourne déjà dans {var_dir}. Arrêtez-la (Ctrl-C), ou donnez un autre dossier : VAR_DIR=…"
            ) from None
        yield


def start_engines(supervisor: Supervisor, given: Mapping[str, str], var_dir: Path) -> dict[str, str]:
    """The addresses of both engines, started here unless the environment names them."""
    engines = {"DATABASE_URL": start_postgres, "REDIS_URL": start_redis}
    return {
        name: given.get(name) or supervisor.add_engine(partial(start, var_dir)).url for name, start in engines.items()
    }


def answers_ready(port: int) -> bool:
    """Whether pages can be opened. A relay late with what the last stop left undone holds nobody at the door."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/pret")
        checks: dict[str, bool] = json.load(connection.getresponse())
        return checks["base"] and checks["redis"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False
    finally:
        connection.close()


def start_town(supervisor: Supervisor, programs: Programs, port: int) -> None:
    """Everything up to pages that can be opened. Raises `Impossible`, `Stopped`."""
    for process in programs.outside:
        supervisor.add(process)
    # It takes the longest to load, and asks nothing of the database before somebody asks it for a page.
    supervisor.add(programs.web)
    run(supervisor, "migrations", programs.migrate, "La base n’a pas pu être mise à jour.")
    if not programs.installed(supervisor.environment["DATABASE_URL"]):
        run(supervisor, "installation", programs.install, "La ville n’a pas pu être installée.")
    for process in programs.behind:
        supervisor.add(process)
    if not supervisor.wait_until(partial(answers_ready, port), READY_SECONDS):
        raise Impossible(f"Le site ne répond pas. Son journal finit ainsi :\n{supervisor.end_of_log('web')}")


def run(supervisor: Supervisor, key: str, command: tuple[str, ...], complaint: str) -> None:
    try:
        supervisor.run_step(key, command)
    except StepFailed as failure:
        raise Impossible(f"{complaint}\n{failure}") from None


def welcome(var_dir: Path, given: Mapping[str, str], environment: Mapping[str, str], ports: Ports) -> None:
    """Who can come in, where the letters and the card payments go, and last the address."""
    accounts = var_dir / "comptes.json"
    if accounts.exists():
        say()
        for line in accounts_table(json.loads(accounts.read_text()), environment["PUBLIC_URL"]):
            say(f"  {line}")
    say()
    if stands_in("courrier", given):
        say(f"  Courriels envoyés : http://127.0.0.1:{ports.courrier}")
    if stands_in("stripe", given):
        say(f"  Stripe local :      http://127.0.0.1:{ports.stripe}")
    say(f"  Journaux :          {var_dir / 'journaux'}")
    say()
    say(f"Prêt : {environment['PUBLIC_URL']}")


def accounts_table(accounts: list[dict[str, str]], public_url: str) -> list[str]:
    """Aligned lines, one for each account of `comptes.json` (role, identifiant, mot_de_passe, page)."""
    rows = [("Rôle", "Identifiant", "Mot de passe", "Page")]
    for account in accounts:
        page = account["page"]
        address = public_url + page if page.startswith("/") else page
        rows.append((account["role"], account["identifiant"], account["mot_de_passe"], address))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def run_town(given: Mapping[str, str], programs: Programs | None = None) -> None:
    """Run a town until it is stopped. Raises `Impossible`, `EngineFailure`."""
    var_dir = Path(given.get("VAR_DIR") or "var").resolve()
    ports = Ports(chosen_port(given))
    with only_town(var_dir):
        check_ports(given, ports)
        environment = town_environment(given, var_dir, ports)
        supervisor = Supervisor(ROOT, var_dir, environment, say)
        supervisor.listen_to_signals()
        try:
            say("Démarrage de la ville…")
            supervisor.environment |= start_engines(supervisor, given, var_dir)
            write_environment_file(var_dir, supervisor.environment, given)
            start_town(supervisor, programs or town_programs(environment, given, var_dir, ports), ports.web)
            welcome(var_dir, given, environment, ports)
            supervisor.watch()
        except Stopped:
            say("\nArrêt de la ville…")
        finally:
            supervisor.stop()
    say("Tout est arrêté. Les données restent en place pour la prochaine fois.")


def main() -> int:
    try:
        run_town(os.environ)
    except Impossible as reason:
        print(reason, file=sys.stderr, flush=True)
        return 1
    except EngineFailure as reason:
        print(f"Un moteur de données n’a pas pu démarrer.\n{reason}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
