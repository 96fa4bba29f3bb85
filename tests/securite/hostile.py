"""What hostile browsers send, how a page's forms are read, and what every answer must be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask import Flask
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from kernel.web.access import Role
from tests.empreintes import empreinte
from tests.securite.navigateurs import jeton_csrf, navigateur, routes
from tests.securite.objets import adresse
from tests.securite.scene import Scene

# Were it executed as a template, it would give this product; were it markup, its tag would stand in the page.
GABARIT, PRODUIT = "{{ 7919 * 104729 }}", "829348951"
BALISE = "<img src=x onerror=alert(829)>"
HOSTILES = [
    "",
    " ",
    "\0",
    "a\0b",
    "x" * 10_000,
    "é" * 5_000,
    "🍅🥕" * 50,
    "\u202eilA neB\u202c",
    "\u200b\ufeff",
    "\ud7ff\ufffe\uffff",
    "a\u0301" * 200,
    "Robert'); DROP TABLE foyer; --",
    "' OR '1'='1",
    BALISE,
    f'">{BALISE}',
    "javascript:alert(829)",
    GABARIT,
    "${7919*104729}#{7919*104729}",
    "%s%d%n%(nom)s",
    "{0.__class__}",
    "-1",
    "0",
    "00000000000000000001",
    "1e9",
    "NaN",
    "Infinity",
    "0x10",
    "1_000",
    "٣٤",
    "9" * 19,
    "9" * 40,
    "9" * 5_000,
    "-9223372036854775809",
    "1,999999999999",
    "2026-13",
    "0000-00-00",
    "9999-12-31",
    "0001-01-01",
    "31/02/2027",
    "2026-W99",
    "9999-W53",
    "../../etc/passwd",
    "a@b\r\nBcc: x@y.fr",
    "https://pirate.example/",
    "//pirate.example",
    "/\\pirate.example",
    "true",
    "null",
    "[]",
    "PC1:" + "A" * 138,
    "PC1:é",
]
ANGLAIS = re.compile(r"\b(Bad Request|Not Found|Method Not Allowed|Forbidden|Invalid|Traceback|must be|required\.)\b")
PHRASE = re.compile(r'class="(?:chapo|champ__erreur|encart|reponse)[^"]*"')
# Stripe is away in this town, and the pages that lead there say so.
SANS_STRIPE = frozenset(
    {
        "/paiements/payer",
        "/paiements/carte",
        "/paiements/mandat",
        "/paiements/avance",
        "/s-abonner",
        "/s-abonner/paiement",
    }
)


@dataclass
class Formulaire:
    """A form of a page: where it goes, its fields as the browser would send them, and its lists' other answers."""

    role: Role | None
    method: str
    action: str
    champs: dict[str, str] = field(default_factory=dict)


class _Lecteur(HTMLParser):
    """Reads the forms of a page."""

    def __init__(self, role: Role | None, page: str) -> None:
        super().__init__()
        self.role, self.page = role, page
        self.forms: list[Formulaire] = []
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = given.get("method", "get").upper()
            self.forms.append(Formulaire(self.role, method, given.get("action") or self.page))
        elif self.forms and tag in ("input", "textarea", "button") and given.get("name"):
            self.forms[-1].champs.setdefault(given["name"], given.get("value", ""))
        elif self.forms and tag == "select":
            self._select = given.get("name")
        elif self.forms and tag == "option" and self._select and given.get("value"):
            self.forms[-1].champs.setdefault(self._select, given["value"])


def formulaires(app: Flask, scene: Scene) -> list[Formulaire]:
    """Every form that any page shows to any role, once."""
    found: dict[tuple[object, ...], Formulaire] = {}
    for role in (None, *Role):
        for path, text in pages(app, scene, role):
            reader = _Lecteur(role, path)
            reader.feed(text)
            for form in reader.forms:
                # Menus and the like stand on every page of a role, and for several roles: one of each will do.
                found.setdefault(
                    (form.method, sans_nombres(form.action), *map(sans_nombres, sorted(form.champs))), form
                )
    return list(found.values())


def sans_nombres(text: str) -> str:
    """An address or a field's name without its query and the keys of rows in it: pages of ten baskets are alike."""
    return re.sub(r"\d+", "#", text.split("?", maxsplit=1)[0])


def pages(app: Flask, scene: Scene, role: Role | None) -> Iterator[tuple[str, str]]:
    """Each page that the role may read: its address and its text."""
    client = navigateur(app, scene.comptes[role] if role else None)
    for rule, method, declared in routes(app):
        if method != "GET" or rule.endpoint == "static" or (declared.roles and role not in declared.roles):
            continue
        path = adresse(app, rule, scene)
        answer = client.get(path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            yield path, answer.text


@dataclass
class Temoin:
    """Looks at each answer; remembers what the tables held, so that a refusal that wrote is noticed."""

    connu: dict[str, str] | None = None
    requetes: int = 0
    reponses: dict[int, int] = field(default_factory=dict)

    def avant(self) -> None:
        self.connu = self.connu or empreinte()

    def juger(self, answer: TestResponse, told: object) -> None:
        """Raises AssertionError for an answer that no visitor should get."""
        self.requetes += 1
        self.reponses[answer.status_code] = self.reponses.get(answer.status_code, 0) + 1
        unavailable = answer.status_code == 503 and peut_manquer(answer.request.path)
        assert answer.status_code < 500 or unavailable, (answer.status_code, told)
        if answer.mimetype == "text/html" and answer.status_code not in (301, 302, 303, 308):
            lisible(answer, told)
        if answer.status_code >= 400 and not unavailable:  # an intent is kept before Stripe is called
            assert empreinte() == self.connu, ("a refusal has written", answer.status_code, told)
        else:
            self.connu = None


def peut_manquer(path: str) -> bool:
    """Whether the page may say 503 in this town: Stripe is away, and no relay is there for `/pret` to find ready."""
    return path in SANS_STRIPE or path == "/pret" or path.startswith("/paiements/lien/")


def lisible(answer: Response, told: object) -> None:
    """The page is French, says something, and holds nothing of what was sent but as text."""
    text = answer.get_data(as_text=True)
    assert '<html lang="fr"' in text, told
    assert not ANGLAIS.search(text), (ANGLAIS.findall(text), told)
    assert BALISE not in text, ("markup came through", told)
    assert PRODUIT not in text, ("a template was run", told)
    if answer.status_code >= 400:
        assert PHRASE.search(text), ("nothing is said", answer.status_code, told)


def remplir(app: Flask, form: Formulaire) -> dict[str, str]:
    """The fields as a browser of `navigateur` would send them."""
    return form.champs | ({"csrf_token": jeton_csrf(app)} if form.method == "POST" else {})
