"""Every page of the town, for everybody who may read it: for all (axe), in French, at 320 px, light and dark; then
the same pages once an empty form has been sent, and the refusals."""

import secrets

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from culture.documents import dossier_soiree
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.documents import find
from kernel.web.access import Role
from paniers import cartes
from paniers.importation import depot
from tests.navigateur.adresses import (
    FICHIERS,
    NOUVELLE,
    ROLES,
    VIDE_EST_UNE_REPONSE,
    VISITEUR,
    adresses,
    pages,
    poste_a,
)
from tests.navigateur.ecran import BUREAU, Ecran, NouvelEcran
from tests.navigateur.objets import foyer_lu, soiree_lue
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Moment, Temps
from tests.paniers.feuilles import en_csv, feuille, ligne

pytestmark = pytest.mark.navigateur

LECTEURS = (VISITEUR, *ROLES)
ouvertes: dict[str, set[str]] = {}
"""Reader → the endpoints whose own page was read."""
envoyees: set[tuple[str, str]] = set()
"""What was sent empty already: from which page, to what."""

# An empty form, as somebody sends it who presses its first button at once.
_FORMULAIRES = "form[method=post]:has(input:not([type=hidden]), select, textarea)"
_VIDER = """(form) => {
  const typed = [...form.elements].filter((field) => !['hidden', 'submit'].includes(field.type));
  for (const field of typed) field.removeAttribute('name');
  form.noValidate = true;
  form.requestSubmit(form.querySelector('button:not([type=button])'));
}"""


@pytest.fixture
def site(temps: Temps) -> Flask:
    temps.aller(Moment.RETRAIT)
    with transaction() as session:
        content = en_csv([*feuille(2), ligne(3, qf="beaucoup"), ligne(1, telephone="")])
        sheet = depot.deposer(session, content, "foyers.csv", par=None, instant=now())
        depot.faire_essai(session, sheet.id, 1, instant=now())
    return create_app()


@pytest.mark.parametrize("qui", LECTEURS)
def test_every_page_is_for_everybody_narrow_or_wide_light_or_dark(site: Flask, ouvrir: NouvelEcran, qui: str) -> None:
    ecran, compte_id = _entrer(ouvrir, qui)
    _imprimer_la_carte(qui, compte_id)
    _imprimer_la_liste(compte_id)
    with reading() as session:
        wanted = list(adresses(site, session, qui, compte_id))
    faults: list[str] = []
    for endpoint, path in wanted:
        if endpoint in FICHIERS:
            faults += _fichier(ecran, path)
            continue
        with ecran.statut_attendu(404, 409):
            status = ecran.lire(path)
        if status != 200:
            faults.append(f"{path}: {status}")
        elif ecran.chemin.split("?")[0] == path.split("?")[0]:
            ouvertes.setdefault(qui, set()).add(endpoint)
        capturer(ecran, f"{qui}-{endpoint}")
        before = any(endpoint in read for who, read in ouvertes.items() if who != qui)
        faults += examiner(ecran, connue=before) + _vide(site, ecran, endpoint, path, f"{qui}-{endpoint}-refus")
    assert faults == []


def test_no_page_of_the_map_was_left_out(site: Flask) -> None:
    if ouvertes.keys() != set(LECTEURS):
        pytest.skip("only after all readers")
    seen = set().union(*ouvertes.values())
    left = {rule.endpoint for rule in pages(site)} - seen - FICHIERS
    assert left == set()


def test_refusals_are_pages_like_the_others(site: Flask, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("habitante", BUREAU)
    faults: list[str] = []
    for path, status in REFUS.items():
        ecran.ouvrir(path, statut=status)
        capturer(ecran, f"refus-{status}-{path.strip('/').replace('/', '-')[:40]}")
        faults += examiner(ecran)
    assert faults == []


REFUS = {
    "/nulle-part": 404,
    "/coordination": 403,
    "/bon/99999999.pdf": 404,
    "/paiements/lien/faux": 404,
    "/producteur/commande/faux": 404,
    "/paiements/webhook": 405,
    "/connexion?suite=" + "x" * 3000: 200,
}


def _entrer(ouvrir: NouvelEcran, qui: str) -> tuple[Ecran, int | None]:
    """A window in which that reader has signed in, and the key of their account."""
    if qui == VISITEUR:
        return ouvrir(taille=BUREAU), None
    ecran = ouvrir(None if qui == NOUVELLE else qui, BUREAU)
    if qui == NOUVELLE:
        _ouvrir_un_compte(ecran)
    query = "SELECT id FROM compte ORDER BY id DESC LIMIT 1"
    if qui != NOUVELLE:
        query = "SELECT compte_id FROM connexion ORDER BY ouverte_le DESC LIMIT 1"
    with reading() as session:
        return ecran, session.execute(text(query)).scalar_one()


def _imprimer_la_carte(qui: str, compte_id: int | None) -> None:
    """The household whose pages that reader opens has a carte de retrait, and its PDF stands."""
    role = ROLES.get(qui)
    if qui == NOUVELLE or role not in (Role.HABITANT, Role.AGENT, Role.COORDINATION):
        return
    with transaction() as session:
        card = cartes.faire(session, foyer_lu(session, role, compte_id), par=None, instant=now()).id
        made = find(session, cartes.cle(card)) is not None
    if not made:
        cartes.preparer(card)


def _imprimer_la_liste(compte_id: int | None) -> None:
    """The papers of the evening that the sweep opens stand too."""
    with reading() as session:
        dossier_soiree.preparer(soiree_lue(session, compte_id))


def _ouvrir_un_compte(ecran: Ecran) -> None:
    ecran.ouvrir("/inscription")
    ecran.remplir("Prénom", "Zoé")
    ecran.page.get_by_label("Nom", exact=True).fill("Nouvelle")
    ecran.remplir("Adresse e-mail ou téléphone", f"zoe.{secrets.token_hex(3)}@exemple.test")
    ecran.remplir("Mot de passe", "trois pommes dans le panier")
    ecran.page.get_by_label("Maison des habitants").select_option("Capuche")
    ecran.appuyer("Ouvrir mon compte")
    assert ecran.titre == "Votre quotient familial"


def _fichier(ecran: Ecran, path: str) -> list[str]:
    answer = ecran.contexte.request.get(ecran.site + path)
    kind = answer.headers.get("content-type", "")
    return (
        []
        if answer.ok and kind.startswith(("application/pdf", "text/csv", "text/calendar", "image/jpeg"))
        else [f"{path}: {answer.status} {kind}"]
    )


def _vide(site: Flask, ecran: Ecran, endpoint: str, path: str, nom: str) -> list[str]:
    """What the page says to each of its forms sent empty, once for all: what to correct, and nothing written."""
    faults: list[str] = []
    actions = [form.get_attribute("action") or path for form in ecran.page.locator(_FORMULAIRES).all()]
    targets = [poste_a(site, action) for action in actions]
    asking = [
        rank
        for rank, target in enumerate(targets)
        if target not in VIDE_EST_UNE_REPONSE and (endpoint, target) not in envoyees
    ]
    envoyees.update((endpoint, targets[rank]) for rank in asking)
    for again, rank in enumerate(asking):
        if again:
            ecran.ouvrir(path)
        form = ecran.page.locator(_FORMULAIRES).nth(rank)
        with ecran.statut_attendu(422), ecran.page.expect_navigation() as answer:
            form.evaluate(_VIDER)
        if answer.value.status != 422:
            faults.append(f"{path}: the empty form of {actions[rank]} was answered {answer.value.status}")
        capturer(ecran, nom)
        faults += examiner(ecran, refus=True)
    return faults
