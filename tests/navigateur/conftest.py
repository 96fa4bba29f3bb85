"""One town of real processes and one Chromium for all tests of this folder, which run in the order of a week.

The town's settings are this process's only while one of these tests runs: the tests of other folders, which have
their own databases, find nothing of it.
"""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from demo.ville import MOT_DE_PASSE
from demo.ville_a_part import VilleAPart, ville_a_part
from tests.conftest import forget_settings
from tests.navigateur.ecran import TELEPHONE, Ecran, NouvelEcran
from tests.navigateur.temps import Temps

FOLDER = Path(__file__).parent
INSTALLEE = ("--foyers", "40", "--graine", "7", "--jour", "2026-11-20")
ORDRE = [
    "pieces",
    "famille",
    "cartes",
    "seance",
    "sorties",
    "coordination",
    "importation",
    "reglages",
    "lundi",
    "producteur",
    "partenaire",
    "messages",
    "neige",
    "courrier",
    "guichet",
    "argent",
    "sans_internet",
    "pages",
    "vide",
    "rapprochement",
    "caisse",
    "fin",
]
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First of all, and in the order of the week, whatever the order of the rest: time in the town goes one way."""
    mine = [item for item in items if item.path.parent == FOLDER]
    lines = {item: item.reportinfo()[1] or 0 for item in mine}
    mine.sort(key=lambda item: (ORDRE.index(item.path.stem.removeprefix("test_")), lines[item], item.name))
    items[:] = mine + [item for item in items if item not in lines]


@contextmanager
def _as_before() -> Iterator[Callable[[], None]]:
    """Gives back, when called and at the end, the environment and the signals' handlers as they were found."""
    environment, handlers = dict(os.environ), {name: signal.getsignal(name) for name in _SIGNALS}

    def give_back() -> None:
        os.environ.clear()
        os.environ.update(environment)
        for name, handler in handlers.items():
            signal.signal(name, handler)

    try:
        yield give_back
    finally:
        give_back()


@pytest.fixture(scope="package")
def ville() -> Iterator[VilleAPart]:
    """A town of forty households on a Friday noon, the week's basket still to be composed."""
    # Not under pytest's own folder, which every new run closes to the account that PostgreSQL has when root runs us.
    var = Path(tempfile.mkdtemp(prefix="ville-"))
    with _as_before() as give_back, ville_a_part(var, INSTALLEE) as town:
        give_back()
        yield town
    shutil.rmtree(var, ignore_errors=True)


@pytest.fixture(scope="package")
def fausse_camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Chromium's camera films, once a test has written it there."""
    return tmp_path_factory.mktemp("camera") / "image.y4m"


@pytest.fixture(scope="package")
def chromium(fausse_camera: Path) -> Iterator[Browser]:
    with sync_playwright() as driver:
        options = [*OPTIONS, f"--use-file-for-fake-video-capture={fausse_camera}"]
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        yield browser
        browser.close()


@pytest.fixture
def temps(ville: VilleAPart, monkeypatch: pytest.MonkeyPatch) -> Iterator[Temps]:
    """The town's clock and database, for the length of a test."""
    for name, value in ville.supervisor.environment.items():
        monkeypatch.setenv(name, value)
    forget_settings()
    yield Temps(ville)
    forget_settings()


@pytest.fixture
def ecrans(chromium: Browser) -> Iterator[list[Ecran]]:
    """The windows that a test opens: closed at its end, when nothing may have gone wrong in any."""
    opened: list[Ecran] = []
    yield opened
    faults = [fault for screen in opened for fault in screen.fautes]
    for screen in opened:
        screen.fermer()
    assert faults == []


@pytest.fixture
def ouvrir(ville: VilleAPart, chromium: Browser, ecrans: list[Ecran]) -> NouvelEcran:
    """Opens a window on the town: `ouvrir()` of a visitor, `ouvrir("agente")` of somebody who has signed in."""
    accounts = json.loads((ville.var_dir / "comptes.json").read_text())
    logins = {account["role"].split(",")[0]: account["identifiant"] for account in accounts}

    def new(
        qui: str | None = None,
        taille: tuple[int, int] = TELEPHONE,
        *,
        javascript: bool = True,
        tactile: bool = False,
    ) -> Ecran:
        screen = Ecran(chromium, ville.site, taille, javascript=javascript, tactile=tactile)
        ecrans.append(screen)
        if qui is not None:
            screen.entrer(logins.get(qui, qui), MOT_DE_PASSE)
        return screen

    return new
