"""The supervisor of `make run`, with real engines and stand-in programs."""

import os
import secrets
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import pytest
from dotenv import dotenv_values

from demo.environment import Ports, drawn_secrets, town_environment
from demo.lancer import Impossible, accounts_table, answers_ready, check_ports, has_households, town_programs
from kernel.db import transaction
from kernel.embedded import running_urls
from tests import fabriques

STAND_INS = Path(__file__).with_name("stand_ins.py")
OURS = ("DATABASE_URL", "REDIS_URL", "STRIPE_SECRET_KEY", "STRIPE_API_BASE", "SMTP_URL", "PUBLIC_URL", "SECRET_KEY")


@dataclass
class Town:
    process: "subprocess.Popen[str]"
    var_dir: Path
    port: int

    def lines_until(self, wanted: str) -> list[str]:
        lines: list[str] = []
        for line in self.output:
            lines.append(line.rstrip("\n"))
            if lines[-1].startswith(wanted):
                return lines
        raise AssertionError(f"{wanted!r} never came: {lines}")

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def all_listen(self) -> bool:
        """Pages can be opened before the worker has loaded, which would then die at the first signal without a word."""
        listening = self.var_dir / "listening.txt"
        return listening.exists() and set(listening.read_text().split()) == {"web", "ouvrier", "dehors"}

    def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=15)
        return rest

    def programs_left(self) -> list[str]:
        """The commands of this town's processes, told by the folder in their environment or command."""
        marker = os.fsencode(self.var_dir)
        return [command for pid, command in processes_naming(marker) if pid != os.getpid()]


def processes_naming(marker: bytes) -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if marker in command or marker in environment:
            yield int(folder.name), command.replace(b"\0", b" ").decode(errors="replace")


def free_port() -> int:
    """A port whose neighbours are free too, below those that the machine gives to anybody's connections."""
    while True:
        port = 12000 + secrets.randbelow(18000)
        try:
            check_ports({}, Ports(port))
        except Impossible:
            continue
        return port


@pytest.fixture
def start() -> Iterator[Callable[..., Town]]:
    towns: list[Town] = []
    with TemporaryDirectory(dir="/tmp", prefix="town-") as folder:

        def run(flaw: str = "none", *, port: int | None = None, name: str = "var") -> Town:
            var_dir, port = Path(folder) / name, port or free_port()
            environment = {key: value for key, value in os.environ.items() if key not in OURS}
            environment |= {"VAR_DIR": str(var_dir), "PORT": str(port)}
            command = [sys.executable, str(STAND_INS), flaw]
            process = subprocess.Popen(
                command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            towns.append(Town(process, var_dir, port))
            return towns[-1]

        yield run
        for town in towns:
            town.process.kill()
            town.process.wait()
            town.output.close()
        for town in towns:
            wait_until(partial(nothing_left, town))


def nothing_left(town: Town) -> bool:
    return not town.programs_left()


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_town_tells_its_accounts_then_its_address_and_stops_in_order_leaving_nothing(
    start: Callable[..., Town],
) -> None:
    town = start()
    lines = town.lines_until("Prêt")
    assert lines[-1] == f"Prêt : http://127.0.0.1:{town.port}"
    assert f"  Famille  lea@exemple.fr  starts 1      http://127.0.0.1:{town.port}/foyer" in lines
    assert running_urls(town.var_dir) is not None
    wait_until(town.all_listen)
    began = time.monotonic()
    assert "Tout est arrêté" in town.stop()
    assert time.monotonic() - began < 10
    assert town.process.returncode == 0
    assert (town.var_dir / "ended.txt").read_text().split() == ["web", "ouvrier", "dehors"]
    assert town.programs_left() == []
    assert running_urls(town.var_dir) is None


def test_a_second_start_finds_the_data_again(start: Callable[..., Town]) -> None:
    first = start()
    first.lines_until("Prêt")
    first.stop()
    assert any("starts 2" in line for line in start().lines_until("Prêt"))


def test_a_deaf_program_and_its_children_are_ended_all_the_same(start: Callable[..., Town]) -> None:
    town = start("deaf")
    town.lines_until("Prêt")
    wait_until(town.all_listen)
    began = time.monotonic()
    town.stop()
    assert time.monotonic() - began < 10
    assert town.programs_left() == []


def test_a_program_that_dies_is_started_again_and_said_in_french(start: Callable[..., Town]) -> None:
    town = start("mortal")
    town.lines_until("« ouvrier » s’est arrêté ; redémarrage dans 1 s")
    wait_until(lambda: sum("ouvrier" in command for command in town.programs_left()) == 1)


def test_a_killed_engine_is_started_again(start: Callable[..., Town]) -> None:
    town = start()
    town.lines_until("Prêt")
    postmaster = int((town.var_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    town.lines_until("Un moteur de données s’est arrêté")
    wait_until(lambda: running_urls(town.var_dir) is not None)


def test_nothing_outlives_a_killed_supervisor(start: Callable[..., Town]) -> None:
    town = start()
    town.lines_until("Prêt")
    assert len(town.programs_left()) > 5
    town.process.kill()
    wait_until(partial(nothing_left, town))


def test_a_stop_during_the_installation_leaves_nothing(start: Callable[..., Town]) -> None:
    town = start("slow-installation")
    wait_until((town.var_dir / "journaux" / "installation.log").exists, seconds=40)
    assert "Tout est arrêté" in town.stop()
    assert town.programs_left() == []


def test_a_town_that_stands_is_not_installed_again(start: Callable[..., Town]) -> None:
    town = start("installed")
    assert not any("lea@exemple.fr" in line for line in town.lines_until("Prêt"))
    assert not (town.var_dir / "journaux" / "installation.log").exists()


@pytest.mark.parametrize(
    ("said", "ready"),
    [
        ('{"base": true, "redis": true, "relais": true}', True),
        ('{"base": true, "redis": true, "relais": false}', True),
        ('{"base": true, "redis": false, "relais": true}', False),
        ('{"base": false, "redis": true, "relais": false}', False),
        ("{}", False),
        ("<h1>Une erreur</h1>", False),
    ],
)
def test_the_address_is_told_once_pages_can_be_opened(said: str, ready: bool) -> None:
    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said.encode())

    with HTTPServer(("127.0.0.1", 0), Site) as site, ThreadPoolExecutor(1) as served:
        served.submit(site.handle_request)
        assert answers_ready(site.server_port) is ready
    assert not answers_ready(site.server_port)


def test_a_town_stands_where_a_household_lives(base: str) -> None:
    assert not has_households(base)
    with transaction() as session:
        fabriques.foyer(session)
    assert has_households(base)


def test_a_failed_migration_ends_the_start_and_shows_why(start: Callable[..., Town]) -> None:
    town = start("no-migration")
    output, _ = town.process.communicate(timeout=60)
    assert town.process.returncode == 1
    assert "La base n’a pas pu être mise à jour." in output
    assert "la table manque" in output
    assert town.programs_left() == []


def test_a_busy_port_is_said_in_french(start: Callable[..., Town]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        town = start(port=other.getsockname()[1])
        output, _ = town.process.communicate(timeout=60)
    assert town.process.returncode == 1
    assert f"Le port {town.port} est déjà pris" in output
    assert not (town.var_dir / "postgres").exists()


def test_a_second_town_in_the_same_folder_is_refused(start: Callable[..., Town]) -> None:
    start().lines_until("Prêt")
    second = start()
    output, _ = second.process.communicate(timeout=60)
    assert second.process.returncode == 1
    assert "Une ville tourne déjà dans" in output


def test_commands_of_other_terminals_find_the_settings_in_a_private_file(start: Callable[..., Town]) -> None:
    town = start()
    town.lines_until("Prêt")
    path = town.var_dir / "demo.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settings = dotenv_values(path)
    assert (settings["DATABASE_URL"], settings["REDIS_URL"]) == running_urls(town.var_dir)
    assert settings["PUBLIC_URL"] == f"http://127.0.0.1:{town.port}"
    assert settings["CLOCK_SHIFT_FILE"] == str(town.var_dir / "horloge")


def test_secrets_are_drawn_once_and_read_by_their_owner_only(tmp_path: Path) -> None:
    first = drawn_secrets(tmp_path)
    assert drawn_secrets(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_what_the_environment_names_wins_and_its_stand_in_stays_away(tmp_path: Path) -> None:
    ports = Ports(8000)
    given = {"STRIPE_SECRET_KEY": "sk_live_x", "SMTP_URL": "smtp://courrier.example:587", "SECRET_KEY": ""}
    environment = town_environment(given, tmp_path, ports)
    assert environment["STRIPE_SECRET_KEY"] == "sk_live_x"
    assert "STRIPE_API_BASE" not in environment
    assert len(environment["SECRET_KEY"]) >= 32
    assert town_programs(environment, given, tmp_path, ports).outside == ()


def test_alone_a_town_plays_stripe_and_the_mailbox_itself(tmp_path: Path) -> None:
    ports = Ports(8000)
    environment = town_environment({}, tmp_path, ports)
    assert environment["STRIPE_API_BASE"] == "http://127.0.0.1:8002"
    assert environment["SMTP_URL"] == "smtp://127.0.0.1:8025"
    keys = [process.key for process in town_programs(environment, {}, tmp_path, ports).outside]
    assert keys == ["stripe", "courrier"]


def test_a_moved_clock_is_never_offered_behind_https(tmp_path: Path) -> None:
    environment = town_environment({"PUBLIC_URL": "https://paniers.example"}, tmp_path, Ports(8000))
    assert "CLOCK_SHIFT_FILE" not in environment


def test_accounts_are_aligned() -> None:
    accounts = [
        {"role": "Famille", "identifiant": "lea@exemple.fr", "mot_de_passe": "douze ou plus", "page": "/foyer"},
        {"role": "Coordination", "identifiant": "co", "mot_de_passe": "x", "page": "http://ailleurs/"},
    ]
    assert accounts_table(accounts, "http://h") == [
        "Rôle          Identifiant     Mot de passe   Page",
        "Famille       lea@exemple.fr  douze ou plus  http://h/foyer",
        "Coordination  co              x              http://ailleurs/",
    ]
