"""The drawings that pages name exist."""

import re

import pytest
from flask_login import login_user
from playwright.sync_api import Browser

from app import MENUS, create_app, navigation
from foyers.comptes import Personne
from tests.navigateur.ecran import BUREAU, Ecran
from tests.navigateur.regard import ROOT, examiner

pytestmark = pytest.mark.navigateur

# icone('coche'), icone='coche', 'icone': 'coche', icone('coche' if … else 'horloge')
_NAMED = re.compile(r"icone['\"]?\s*[=:(]\s*\(?\s*'([\w-]+)'(?:\s+if\s[^,)}%]+?\s+else\s+'([\w-]+)')?")


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    sprite = (ROOT / "static" / "img" / "sprite.svg").read_text()
    drawn = set(re.findall(r'<symbol[^>]*\bid="([\w-]+)"', sprite))
    named = {icon for menu in MENUS.values() for _, _, icon in menu}
    for template in (ROOT / "templates").rglob("*.html"):
        for found in _NAMED.finditer(template.read_text()):
            named |= {name for name in found.groups() if name}
    assert len(named) > 20
    assert named - drawn == set()


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("<nav style='width: 1312px'>Menu</nav>", "in 1280"),
        ("<p style='width: 330px'>Menu</p><style>@media (min-width: 330px) { p { display: none } }</style>", "in 320"),
        (
            "<ul class='nav' style='position: fixed'><li><a style='display: block; width: 1em'>Prévenir</a></ul>",
            "Prévenir",
        ),
    ],
    ids=["wide at a desk", "wide at 320 px only", "words cut in the bar that stands fixed"],
)
def test_what_is_too_wide_at_any_width_is_seen(chromium: Browser, fault: str, seen: str) -> None:
    ecran = Ecran(chromium, "", BUREAU)
    document = "<!doctype html><html lang=fr><title>Une page</title><main><h1>Une page</h1>{}"
    ecran.page.set_content(document.format(""))
    assert [found for found in examiner(ecran) if "scrolls" in found] == []
    ecran.page.set_content(document.format(fault))
    assert any(seen in found for found in examiner(ecran) if "scrolls" in found)
    ecran.fermer()


@pytest.mark.usefixtures("temps")
def test_a_menu_has_five_entries_at_most_and_forgets_none() -> None:
    app = create_app()
    for role, entries in MENUS.items():
        with app.test_request_context():
            if role is not None:
                login_user(Personne(1, "Une personne", role, None, frozenset()))
            menu = navigation()
        assert len(menu["barre"]) + bool(menu["suite"]) <= 5
        assert [link["texte"] for part in menu.values() for link in part] == [text for _, text, _ in entries]
