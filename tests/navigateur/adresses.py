"""Every page of `url_map`, for everybody who may read it, with what its address names in a given town.

A route that is left out has its reason here; a new one that is in neither makes the sweep fail.
"""

from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from kernel.web.access import Access, Role, declaration
from tests.navigateur.jetons import jeton
from tests.navigateur.objets import LUS, ensemble, lire, papier_fait

VISITEUR = "visiteur"
NOUVELLE = "nouvelle"
"""A family that has an account and no subscription yet."""
CE_QU_ELLE_LIT = {
    "comptes.inscription_quotient",
    "foyers.mon_foyer",
    "paiements.mon_compte",
    "paniers.accueil_famille",
    "paniers.choisir_paiement",
    "paniers.mon_abonnement",
    "paniers.s_abonner",
    "paniers.voir_ma_place",
}
"""What is another page for her than for those who have been there for long, or for a visitor."""
ROLES = {
    "habitante": Role.HABITANT,
    NOUVELLE: Role.HABITANT,
    "agente": Role.AGENT,
    "bénévole": Role.BENEVOLE,
    "coordination": Role.COORDINATION,
    "administration": Role.ADMINISTRATION,
    "producteur": Role.PRODUCTEUR,
    "régisseuse": Role.REGISSEUR,
}

FICHIERS = {
    "caisse.quittance_pdf",
    "paiements.quittance_pdf",
    "recus.recu_pdf",
    "recus.attestation_pdf",
    "guichet_recus.recu_pdf",
    "guichet_recus.attestation_pdf",
    "regie.bordereau",
    "regie.journal_csv",
    "regie.journal_pdf",
    "restes.etat_csv",
    "restes.etat_pdf",
    "paniers.bon_pdf",
    "paniers.carte_pdf",
    "guichet_paniers.carte_pdf",
    "guichet_familles.bon",
    "coordination.fichier",
    "guichet_paniers.dossier",
    "guichet_paniers.feuille_pdf",
    "courrier.liasse",
    "importations.fichier",
    "producteurs.fichier",
    "producteurs.fichier_par_lien",
    "soirees.papiers",
    "culture.calendrier",
    "bilan_culture.saison_csv",
    "culture.image",
    "culture.mon_agenda",
    "culture.carte_pdf",
    "coordination_partenaires.contremarque",
    "partenaires.contremarque",
    "guichet_culture.carte_pdf",
}
"""They give a file, not a page: the sweep fetches it."""

SANS_PAGE = {
    "static": "style, scripts and drawings",
    "health.sante": "a probe reads it, in JSON",
    "health.pret": "a probe reads it, in JSON",
    "metrics.metrics": "a monitor reads it, as plain text",
    "offres_par_lien.ajouter": "where the list of products leads on to the page of the one chosen",
    "producteurs.ajouter_une_offre": "where the list of products leads on to the page of the one chosen",
}

VIDE_EST_UNE_REPONSE = {
    "coordination.composer": "a basket from which everything has been taken out, while it is being composed",
    "guichet_paniers.arrivee": "what was noted as missing, where something was, is taken back",
    "guichet_paniers.clore": "nothing is ticked: each basket that is left is kept until tomorrow",
    "guichet_paniers.scanner": "the reader's page comes back at once, ready for the next voucher",
    "soirees.pointer_un_code": "the reader's page comes back at once, ready for the next card",
    "regie.nommer": "a list in which somebody is chosen from the start",
}
"""Forms that may be sent empty, by where they go, and why; all others say what is missing, and answer 422."""


def droits_de(rule: Rule, app: Flask) -> Access:
    declared = declaration(app.view_functions[rule.endpoint])
    assert declared is not None
    return declared


def pages(app: Flask) -> list[Rule]:
    """The routes that somebody reads in a browser."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    return sorted((rule for rule in rules if rule.endpoint not in SANS_PAGE), key=str)


def poste_a(app: Flask, action: str) -> str:
    """The endpoint to which a form goes."""
    endpoint, _ = app.url_map.bind("ville").match(action.split("?", maxsplit=1)[0], method="POST")
    return str(endpoint)


def adresses(app: Flask, session: Session, qui: str, compte_id: int | None) -> Iterator[tuple[str, str]]:
    """(endpoint, path) of all that this reader may open; what the town has none of yields nothing."""
    role = ROLES.get(qui)
    for rule in pages(app):
        declared = droits_de(rule, app)
        mine = role in declared.roles if declared.roles else role is None
        if rule.endpoint in CE_QU_ELLE_LIT if qui == NOUVELLE else mine:
            for values in _valeurs(rule, session, role, compte_id):
                with app.test_request_context():
                    yield rule.endpoint, app.url_for(rule.endpoint, **values)


def _valeurs(rule: Rule, session: Session, role: Role | None, compte_id: int | None) -> Iterator[dict[str, Any]]:
    known = {name: lire(session, name, role, compte_id) for name in rule.arguments & LUS.keys()}
    known |= ensemble(session, rule.endpoint, known)
    if not papier_fait(session, rule.endpoint, known):
        return
    if "jeton" in rule.arguments:
        known["jeton"] = jeton(rule.endpoint, session, role, compte_id)
        if rule.endpoint.startswith("offres_par_lien.") and "produit_id" in known:
            known["produit_id"] = session.execute(text("SELECT min(id) FROM produit")).scalar()
    if rule.endpoint == "paiements.retour":
        known["page"] = lire(session, "page", role, compte_id)
    if None in known.values():
        return
    if role is Role.COORDINATION and rule.endpoint.startswith("guichet_paniers."):
        known["maison"] = lire(session, "maison_id", role, compte_id)
    if "quoi" in rule.arguments:
        yield from ({**known, "quoi": kind} for kind in ("remarques", "doublons"))
    elif "genre" in rule.arguments:
        yield from ({**known, "genre": kind} for kind in ("pdf", "csv"))
    else:
        yield known
