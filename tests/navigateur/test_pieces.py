"""The drawings that pages name exist."""

import re

import pytest

from app import MENUS
from tests.navigateur.regard import ROOT

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
