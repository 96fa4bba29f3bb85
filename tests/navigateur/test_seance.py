"""Cookies and signing out, in a browser."""

import pytest

from tests.navigateur.ecran import NouvelEcran

pytestmark = pytest.mark.navigateur


def test_a_copied_cookie_is_dead_after_sign_out(ouvrir: NouvelEcran) -> None:
    owner, thief = ouvrir("habitante"), ouvrir()
    cookies = owner.contexte.cookies()
    assert [(c["httpOnly"], c["sameSite"]) for c in cookies] == [(True, "Lax")]
    thief.contexte.add_cookies([{"name": c["name"], "value": c["value"], "url": thief.site} for c in cookies])
    thief.ouvrir("/mon-foyer")
    assert thief.chemin == "/mon-foyer", "before: the copy opens the door"
    owner.page.locator("details.compte summary").click()
    owner.appuyer("Se déconnecter")
    assert "Vous êtes déconnecté" in owner.texte
    thief.ouvrir("/mon-foyer")
    assert thief.chemin.startswith("/connexion")


def test_nobody_comes_back_to_a_private_page_by_the_back_button(ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("habitante")
    ecran.ouvrir("/mon-foyer")
    ecran.page.locator("details.compte summary").click()
    ecran.appuyer("Se déconnecter")
    ecran.page.go_back()
    assert "Bouchard" not in ecran.texte


def test_a_page_says_nothing_inline_and_loads_nothing_from_elsewhere(ouvrir: NouvelEcran) -> None:
    ecran = ouvrir()
    asked: list[str] = []
    ecran.page.on("request", lambda request: asked.append(request.url))
    ecran.ouvrir("/")
    assert [url for url in asked if not url.startswith((ecran.site, "data:"))] == []
    ecran.page.evaluate(
        "() => document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.entre = 1'}))"
    )
    assert ecran.page.evaluate("() => window.entre") is None, "the policy stops a script that has crept in"
    assert any("Content Security Policy" in fault for fault in ecran.fautes), "and the watch of these tests sees it"
    ecran.fautes.clear()
