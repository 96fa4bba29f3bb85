"""One page of a browser, watched: whatever goes wrong in it while somebody reads is noted, and fails the test."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TELEPHONE = (360, 740)
BUREAU = (1280, 800)
PATIENCE_MS = 60_000
_QUITTEE = "net::ERR_ABORTED"  # a page left before its last picture came
_ETAT = re.compile(r"^Failed to load resource")  # told better by the response itself
_FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const shown = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
  const name = one.matches('a, button, summary, input') ? one.getAttribute('aria-label') || one.innerText : '';
  return [name || '', shown];
}"""
_ICI = """(element) => {
  const style = getComputedStyle(element), drawn = element.closest('label') || element;
  const shown = [style, getComputedStyle(drawn)].some((s) => s.outlineStyle !== 'none' || s.boxShadow !== 'none');
  return [element === document.activeElement, shown];
}"""


class Ecran:
    """A window of its own (cookies included), of a given size, with or without JavaScript."""

    def __init__(
        self,
        browser: Browser,
        site: str,
        taille: tuple[int, int] = TELEPHONE,
        *,
        javascript: bool = True,
        tactile: bool = False,
    ) -> None:
        self.site = site
        self.javascript = javascript
        self.fautes: list[str] = []
        self._attendus: set[int] = set()
        self.contexte: BrowserContext = browser.new_context(
            viewport={"width": taille[0], "height": taille[1]},
            java_script_enabled=javascript,
            has_touch=tactile,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            permissions=["camera"],
        )
        self.contexte.set_default_timeout(PATIENCE_MS)
        self.contexte.add_init_script(path=AXE)  # sent once, not again for each page that is examined
        self.page: Page = self.contexte.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._noter(f"exception: {error}"))
        self.page.on("requestfailed", self._echec)
        self.page.on("response", self._reponse)

    def ouvrir(self, path: str, *, statut: int = 200) -> None:
        """Read a page of the site, or of another; it must answer with `statut`."""
        with self.statut_attendu(statut):
            answered = self.lire(path)
        assert answered == statut, f"{path} answered {answered}"

    def lire(self, path: str) -> int:
        """Go to a page; returns how it answered."""
        answer = self.page.goto(path if path.startswith("http") else self.site + path)
        return answer.status if answer is not None else 0

    @contextmanager
    def statut_attendu(self, *statuts: int) -> Iterator[None]:
        """While a refusal (404, 422…) is what is being looked at."""
        self._attendus |= set(statuts)
        try:
            yield
        finally:
            self._attendus -= set(statuts)

    @property
    def chemin(self) -> str:
        """Where the reader is, without the site's name."""
        return self.page.url.removeprefix(self.site)

    @property
    def titre(self) -> str:
        return _lisible(self.page.locator("h1").inner_text())

    @property
    def texte(self) -> str:
        """What is read, its no-break spaces made plain."""
        return _lisible(self.page.locator("body").inner_text())

    def bouton(self, nom: str) -> Locator:
        return self.page.get_by_role("button", name=nom)

    def appuyer(self, nom: str) -> None:
        """Press the button of that name, and be where it leads."""
        self._aller(self.bouton(nom).first)

    def toucher(self, cible: Locator) -> None:
        """With a finger, and be where it leads; what is touched is large enough for one."""
        box = cible.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24, f"too small for a finger: {box}"
        with self.page.expect_navigation():
            cible.tap()

    def suivre(self, nom: str) -> None:
        """Follow the link of that name, and be where it leads."""
        self._aller(self.page.get_by_role("link", name=nom).first)

    def taper_jusqu_a(self, nom: str, *, au_plus: int = 60) -> None:
        """By the keyboard alone: Tab until the button or link of that name has the focus, and shows it; then Enter."""
        for _ in range(au_plus):
            self.page.keyboard.press("Tab")
            reached, visible = self.page.evaluate(_FOCUS)
            if nom in reached:
                assert visible, f"nothing shows that {nom!r} has the focus"
                with self.page.expect_navigation():
                    self.page.keyboard.press("Enter")
                return
        raise AssertionError(f"the keyboard does not reach {nom!r}")

    def atteindre(self, cible: Locator, *, au_plus: int = 60) -> None:
        """By the keyboard alone: Tab until that field or fold has the focus, and shows it."""
        for _ in range(au_plus):
            self.page.keyboard.press("Tab")
            reached, visible = cible.evaluate(_ICI)
            if reached:
                assert visible, f"nothing shows that {cible} has the focus"
                return
        raise AssertionError(f"the keyboard does not reach {cible}")

    def remplir(self, libelle: str, valeur: str) -> None:
        self.page.get_by_label(libelle).fill(valeur)

    def entrer(self, identifiant: str, mot_de_passe: str) -> None:
        """Sign in."""
        self.ouvrir("/connexion")
        self.remplir("Adresse e-mail ou téléphone", identifiant)
        self.remplir("Mot de passe", mot_de_passe)
        self.appuyer("Se connecter")
        assert not self.chemin.startswith("/connexion"), self.texte

    def fermer(self) -> None:
        self.contexte.close()

    def _aller(self, target: Locator) -> None:
        with self.page.expect_navigation():
            target.click()

    def _noter(self, fault: str) -> None:
        self.fautes.append(f"{self.page.url}: {fault}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _ETAT.match(message.text):
            self._noter(f"console: {message.text}")

    def _echec(self, request: Request) -> None:
        if request.failure != _QUITTEE:
            self._noter(f"request failed: {request.url} ({request.failure})")

    def _reponse(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._attendus:
            self._noter(f"{response.status} for {response.url}")


NouvelEcran = Callable[..., Ecran]
"""What the fixture `ouvrir` gives."""


def _lisible(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
