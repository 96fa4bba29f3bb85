"""What a bénévole can learn: every page that the role may open, read whole for what is none of its business."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from kernel.db import transaction
from kernel.web.access import Role, declaration
from paniers import arrivees, cartes
from paniers.models.semaines import Panier
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.monde_equipe import DIX_SEPT_HEURES, Monde, bon, monde

CANARIS = {
    "family name": "Zwanzigerova",
    "proxy's family name": "Wundertuete",
    "e-mail": "canari-boite",
    "telephone": "0612345678",
    "telephone, written out": "06 12 34 56 78",
    "band": "TRANCHE-CANARI",
    "amount": "7,77",
    "centimes": "777",
    "quotient": "6161",
    "euro": "€",
    "debt": "payer",
}


@pytest.fixture
def ici(app: Flask) -> Monde:
    """A basket whose household bears every canary."""
    town = monde()
    with transaction() as session:
        foyer = session.get_one(Panier, town.samira).foyer_id
        named = {"f": foyer, "n": CANARIS["family name"]}
        session.execute(text("UPDATE membre SET nom = :n, nom_plie = 'zwanzigerova' WHERE foyer_id = :f"), named)
        session.execute(text("UPDATE foyer SET nom = :n, nom_plie = 'zwanzigerova' WHERE id = :f"), named)
        session.execute(
            text("UPDATE foyer SET email = 'canari-boite@exemple.test', telephone = '+33612345678' WHERE id = :f"),
            named,
        )
        session.execute(text("ALTER TABLE panier DISABLE TRIGGER panier_stays_frozen"))
        session.execute(text("UPDATE panier SET prix = 777, tranche = 'TRANCHE-CANARI' WHERE foyer_id = :f"), named)
        session.execute(text("ALTER TABLE panier ENABLE TRIGGER panier_stays_frozen"))
        fabriques.quotient(session, foyer, 6161)
        fabriques.procuration(session, foyer, nom=CANARIS["proxy's family name"])
        cartes.faire(session, foyer, par=None, instant=DIX_SEPT_HEURES)
        lacking = session.execute(text("SELECT min(offre_id) FROM composition_ligne")).scalar_one()
        arrivees.noter(session, town.semaine_id, town.ici, {lacking: 1}, par=None, instant=DIX_SEPT_HEURES)
    return town


def la_carte() -> str:
    with transaction() as session:
        code = session.execute(text("SELECT code FROM carte_retrait")).scalar_one()
        return cartes.texte(code)


def lues(app: Flask, visit: Visite, role: Role, ici: Monde) -> Iterator[tuple[str, str]]:
    """Every page open to the role, then every answer at the door: address and text."""
    values = {"panier_id": ici.samira, "semaine_id": ici.semaine_id, "maison_id": ici.ici}
    for rule in app.url_map.iter_rules():
        declared = declaration(app.view_functions[rule.endpoint])
        if declared is None or role not in declared.roles or "GET" not in (rule.methods or ()):
            continue
        built = rule.build({name: values[name] for name in rule.arguments})
        assert built is not None
        yield built[1], visit.lire(built[1]).text
    for query in ("etat=tous", "etat=remis", "q=zwanzigerova", "q=samira", "q=1"):
        yield query, visit.lire(f"/retrait?{query}").text
    for code in (bon(ici.samira), bon(ici.samira), la_carte(), bon(ici.autre), "PC1:FAUX"):
        yield code[:12], visit.poster("/retrait/scan", "/retrait", code=code, maison=ici.ici).text
    for gesture in ("annuler", "remettre", "en-personne", "annuler", "annuler"):
        visit.poster(f"/retrait/{ici.samira}/{gesture}", "/retrait")
        yield gesture, visit.lire(f"/retrait/{ici.samira}").text
        yield gesture, visit.lire("/retrait").text


def trouves(pages: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    """(address, what was found there)."""
    return [
        (where, what)
        for where, page in pages
        for what, word in CANARIS.items()
        if word in page and "erreur" not in where
    ]


def test_a_benevole_reads_first_names_and_what_to_hand_out_and_nothing_else(app: Flask, ici: Monde) -> None:
    benevole = connecte_en(app, Role.BENEVOLE, maisons=(ici.ici,))
    read = list(lues(app, benevole, Role.BENEVOLE, ici))
    assert len(read) > 15
    assert any("Samira" in page for _, page in read), "the first name is what they need"
    assert trouves(iter(read)) == []


def test_the_same_reading_finds_what_an_agent_may_know(app: Flask, ici: Monde) -> None:
    """The negative control of the test above."""
    agent = connecte_en(app, Role.AGENT, maisons=(ici.ici,))
    benevole_pages = lues(app, agent, Role.BENEVOLE, ici)
    found = {what for _, what in trouves(benevole_pages)}
    assert {"family name", "proxy's family name", "debt"} <= found
