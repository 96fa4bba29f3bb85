"""Every page of `url_map`, for everybody who may read it, with what its address names in a given town.

A route that is left out has its reason here; a new one that is in neither makes the sweep fail.
"""

from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from culture.documents.dossier_soiree import cle_du_dossier
from culture.liens import jeton_d_avis, jeton_de_places, jeton_du_lieu
from foyers import oubli
from foyers.models import Compte, Foyer
from foyers.models_messages import Sorte
from foyers.preferences import lien_des_messages
from kernel import clock
from kernel.documents import existing
from kernel.web.access import Access, Role, declaration
from paiements.liens import jeton as jeton_de_paiement
from paniers.liens import jeton_d_offres, jeton_de_commande, jeton_de_place, jeton_de_renouvellement

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

# A household of Le Patio that has an account, a basket, and nothing said yet of the coming weeks; if there is one, with
# cards for outings and places at one.
_FOYER_DU_PATIO = (
    "(SELECT f.id FROM foyer f JOIN maison m ON m.id = f.maison_id JOIN compte c ON c.foyer_id = f.id "
    "JOIN abonnement a ON a.foyer_id = f.id JOIN panier p ON p.foyer_id = f.id "
    "JOIN document d ON d.key = 'bon:' || p.id "
    "JOIN abonnement_version v ON v.abonnement_id = a.id AND v.jusqu_a IS NULL "
    "WHERE m.nom = 'Le Patio' AND v.fin > (SELECT min(retrait_le) FROM semaine WHERE etat = 'ouverte') "
    "AND NOT EXISTS (SELECT FROM choix x WHERE x.abonnement_id = a.id) "
    "AND NOT EXISTS (SELECT FROM pause x WHERE x.abonnement_id = a.id) "
    "ORDER BY EXISTS (SELECT FROM inscription i JOIN sortie s ON s.id = i.sortie_id WHERE i.foyer_id = f.id "
    "AND i.etat = 'confirmee' AND s.etat IN ('publiee', 'close') AND s.debut_le > :now) DESC, "
    "EXISTS (SELECT FROM pass_culture y JOIN document z ON z.key = 'pass:' || y.id WHERE y.foyer_id = f.id) DESC, "
    "f.id LIMIT 1)"
)

# One row of each kind that an address may name, as the reader would meet it. The reader's own keys are `:compte` and
# `:foyer`; a maison is the agent's, Le Patio.
_LUS = {
    "panier_id": "SELECT id FROM panier WHERE {panier} ORDER BY semaine_id DESC, id LIMIT 1",
    "commande_id": "SELECT c.id FROM commande c JOIN producteur p ON p.id = c.producteur_id "
    "WHERE {commande} ORDER BY c.id DESC LIMIT 1",
    "semaine_id": "SELECT id FROM semaine WHERE etat IN ('commandee', 'livree') ORDER BY retrait_le DESC LIMIT 1",
    "maison_id": "SELECT id FROM maison WHERE nom = 'Le Patio'",
    "foyer_id": "SELECT {foyer}",
    "membre_id": "SELECT id FROM membre WHERE foyer_id = {foyer} ORDER BY id LIMIT 1",
    "compte_id": "SELECT id FROM compte WHERE foyer_id = {foyer} ORDER BY id LIMIT 1",
    "liasse_id": "SELECT l.id FROM liasse l JOIN maison m ON m.id = l.maison_id JOIN document d "
    "ON d.key = 'liasse:' || l.id WHERE m.nom = 'Le Patio' ORDER BY l.id DESC LIMIT 1",
    "code": "SELECT code FROM semaine WHERE etat = 'ouverte' ORDER BY retrait_le LIMIT 1",
    "produit_id": "SELECT o.produit_id FROM offre o JOIN producteur p ON p.id = o.producteur_id "
    "WHERE p.compte_id = :compte ORDER BY o.id DESC LIMIT 1",
    "contrat_id": "SELECT id FROM contrat ORDER BY id LIMIT 1",
    "soiree_id": "SELECT s.id FROM sortie s JOIN maison m ON m.id = s.maison_id WHERE m.nom = 'Le Patio' "
    "AND s.etat <> 'brouillon' ORDER BY abs(extract(epoch FROM s.debut_le - :now)), s.id LIMIT 1",
    "place_id": "SELECT p.id FROM place_sortie p JOIN sortie s ON s.id = p.sortie_id JOIN maison m "
    "ON m.id = s.maison_id JOIN inscription i ON i.id = p.inscription_id WHERE m.nom = 'Le Patio' "
    "AND p.annulee_le IS NULL AND i.etat = 'confirmee' "
    "ORDER BY abs(extract(epoch FROM s.debut_le - :now)), p.id LIMIT 1",
    "importation_id": "SELECT id FROM importation WHERE rapport IS NOT NULL ORDER BY id DESC LIMIT 1",
    "sortie_id": "SELECT id FROM sortie WHERE etat = 'publiee' AND cloture_le > :now ORDER BY debut_le LIMIT 1",
    "inscription_id": "SELECT i.id FROM inscription i JOIN sortie s ON s.id = i.sortie_id WHERE i.etat = 'confirmee' "
    "AND s.debut_le > :now AND i.foyer_id = {foyer} ORDER BY s.debut_le DESC LIMIT 1",
    "contremarque_id": "SELECT c.id FROM contremarque c JOIN document d ON d.key = 'contremarque:' || c.id "
    "ORDER BY c.id DESC LIMIT 1",
    "groupe_id": "SELECT g.id FROM groupe g JOIN maison m ON m.id = g.maison_id WHERE m.nom = 'Le Patio' "
    "AND g.clos_le IS NULL ORDER BY g.id LIMIT 1",
    "pass_id": "SELECT p.id FROM pass_culture p JOIN document d ON d.key = 'pass:' || p.id "
    "WHERE p.foyer_id = {foyer} ORDER BY p.id DESC LIMIT 1",
    "offre_de_places": "SELECT id FROM inscription WHERE etat IN ('offerte', 'expiree') ORDER BY id DESC LIMIT 1",
    "impaye": "SELECT echeance_id FROM paiement WHERE etat = 'refuse' AND echeance_id IS NOT NULL "
    "ORDER BY id DESC LIMIT 1",
    "quittance_id": "SELECT q.id FROM quittance q JOIN document d ON d.key = 'quittance:' || q.id WHERE {quittance} "
    "ORDER BY q.id DESC LIMIT 1",
    "paiement_id": "SELECT id FROM paiement WHERE etat = 'reussi' ORDER BY id DESC LIMIT 1",
    "versement_id": "SELECT v.id FROM versement v JOIN document d ON d.key = 'versement:' || v.id "
    "ORDER BY v.id LIMIT 1",
    "tirage_id": "SELECT t.id FROM tirage_journal t JOIN document d ON d.key = 'journal:' || t.id "
    "ORDER BY t.id LIMIT 1",
    "etat_id": "SELECT e.id FROM etat_restes e JOIN document d ON d.key = 'restes:' || e.id ORDER BY e.id LIMIT 1",
    "reste_id": "SELECT r.id FROM reste r JOIN etat_restes e ON e.id = r.etat_id WHERE r.repris_le IS NULL "
    "AND e.prise_en_charge_le IS NULL ORDER BY r.id LIMIT 1",
    "ecart_id": "SELECT id FROM ecart_rapprochement ORDER BY id LIMIT 1",
    "attente": "SELECT id FROM attente ORDER BY id DESC LIMIT 1",
    "page": "SELECT session_stripe FROM paiement WHERE session_stripe IS NOT NULL ORDER BY id DESC LIMIT 1",
}
_SON_BON = (
    "SELECT p.id FROM panier p JOIN document d ON d.key = 'bon:' || p.id "
    "WHERE p.foyer_id = :foyer ORDER BY p.id DESC LIMIT 1"
)
_A_MOI = {
    Role.HABITANT: {
        "panier": "foyer_id = :foyer",
        "commande": "true",
        "foyer": ":foyer",
        "quittance": "q.foyer_id = :foyer",
    },
    Role.PRODUCTEUR: {
        "panier": "true",
        "commande": "p.compte_id = :compte",
        "foyer": _FOYER_DU_PATIO,
        "quittance": "true",
    },
}
_PATIO = {
    "panier": "maison_id = (SELECT id FROM maison WHERE nom = 'Le Patio')",
    "commande": "true",
    "foyer": _FOYER_DU_PATIO,
    "quittance": "q.maison_id = (SELECT id FROM maison WHERE nom = 'Le Patio')",
}


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


def foyer_lu(session: Session, role: Role, compte_id: int | None) -> int:
    """The household that this reader's addresses name."""
    return int(_lire(session, "foyer_id", role, compte_id))


def soiree_lue(session: Session, compte_id: int | None) -> int:
    """The evening that addresses name."""
    return int(_lire(session, "soiree_id", None, compte_id))


def _valeurs(rule: Rule, session: Session, role: Role | None, compte_id: int | None) -> Iterator[dict[str, Any]]:
    known = {name: _lire(session, name, role, compte_id) for name in rule.arguments & _LUS.keys()}
    known |= _ensemble(session, rule.endpoint, known)
    if not _papier_fait(session, rule.endpoint, known):
        return
    if "jeton" in rule.arguments:
        known["jeton"] = _jeton(rule.endpoint, session, role, compte_id)
        if rule.endpoint.startswith("offres_par_lien.") and "produit_id" in known:
            known["produit_id"] = session.execute(text("SELECT min(id) FROM produit")).scalar()
    if rule.endpoint == "paiements.retour":
        known["page"] = _lire(session, "page", role, compte_id)
    if None in known.values():
        return
    if role is Role.COORDINATION and rule.endpoint.startswith("guichet_paniers."):
        known["maison"] = _lire(session, "maison_id", role, compte_id)
    if "quoi" in rule.arguments:
        yield from ({**known, "quoi": kind} for kind in ("remarques", "doublons"))
    elif "genre" in rule.arguments:
        yield from ({**known, "genre": kind} for kind in ("pdf", "csv"))
    else:
        yield known


def _ensemble(session: Session, endpoint: str, known: dict[str, Any]) -> dict[str, Any]:
    """Keys that only mean something together: a household and its own basket, or its own seats."""
    if endpoint == "guichet_familles.bon":
        return {"panier_id": session.execute(text(_SON_BON), {"foyer": known["foyer_id"]}).scalar()}
    return _places_a_rendre(session) if endpoint == "guichet_culture.annuler_des_places" else {}


def _places_a_rendre(session: Session) -> dict[str, Any]:
    """Seats of a household of Le Patio at an outing to come, and whose they are."""
    query = text(
        "SELECT i.id AS inscription_id, i.foyer_id FROM inscription i JOIN sortie s ON s.id = i.sortie_id "
        "JOIN foyer f ON f.id = i.foyer_id JOIN maison m ON m.id = f.maison_id WHERE m.nom = 'Le Patio' "
        "AND i.etat = 'confirmee' AND s.etat = 'publiee' AND s.debut_le > :now ORDER BY s.debut_le DESC, i.id LIMIT 1"
    )
    found = session.execute(query, {"now": clock.now()}).first()
    return {} if found is None else dict(found._mapping)


def _papier_fait(session: Session, endpoint: str, known: dict[str, Any]) -> bool:
    """Whether what is made when it is asked for stands: the sheet of a day, the list of an evening."""
    if endpoint == "soirees.papiers":
        return bool(existing(session, [cle_du_dossier(known["soiree_id"] or 0)]))
    return endpoint != "guichet_paniers.feuille_pdf" or bool(
        session.execute(text("SELECT EXISTS (SELECT FROM document WHERE key LIKE 'feuille:%')")).scalar()
    )


def _jeton(endpoint: str, session: Session, role: Role | None, compte_id: int | None) -> str | None:
    """The end of a signed link to that page."""
    by_page = {
        "comptes.mot_de_passe_par_lien": _lien_oublie,
        "messages.lien": _lien_de_messages,
        "paniers.renouveler_par_lien": _terme,
        "culture.avis_par_lien": _lien_d_avis,
    }
    by_part = {"offres_par_lien": _lien_d_offres, "partenaires": _lien_de_lieu}
    made = by_page.get(endpoint) or by_part.get(endpoint.partition(".")[0])
    if made is not None:
        return made(session)
    sign, named = {
        "paiements.lien": (jeton_de_paiement, "impaye"),
        "paniers.place_par_lien": (jeton_de_place, "attente"),
        "culture.places_par_lien": (jeton_de_places, "offre_de_places"),
    }.get(endpoint, (jeton_de_commande, "commande_id"))
    return _signe(sign, _lire(session, named, role, compte_id))


def _lien_de_messages(session: Session) -> str | None:
    household = session.scalars(select(Foyer.id).order_by(Foyer.id)).first()
    return lien_des_messages(household, Sorte.RETRAIT).rpartition("/")[2] if household else None


def _lien_d_avis(session: Session) -> str | None:
    """The link of the word of thanks for the last outing that was held."""
    went = session.execute(
        text(
            "SELECT i.sortie_id, i.foyer_id FROM inscription i JOIN sortie s ON s.id = i.sortie_id"
            " WHERE s.etat = 'tenue' AND i.etat = 'confirmee' AND i.foyer_id IS NOT NULL ORDER BY s.debut_le DESC, i.id"
            " LIMIT 1"
        )
    ).first()
    return None if went is None else jeton_d_avis(went.sortie_id, went.foyer_id)


def _lien_oublie(session: Session) -> str | None:
    """The link that a person who has forgotten their password receives."""
    compte = session.scalars(select(Compte).where(Compte.email.is_not(None)).order_by(Compte.id)).first()
    return None if compte is None else oubli.LIEN.sign([compte.id, oubli._empreinte(compte)])


def _terme(session: Session) -> str | None:
    """The link of the first term that ends."""
    found = session.execute(
        text("SELECT abonnement_id, fin FROM abonnement_version WHERE jusqu_a IS NULL ORDER BY fin, id LIMIT 1")
    ).first()
    return None if found is None else jeton_de_renouvellement(found.abonnement_id, found.fin)


def _lien_de_lieu(session: Session) -> str | None:
    """The link of the venue of the outing that has the last group voucher, or else of the next one."""
    found = session.execute(
        text(
            "SELECT s.id, s.lieu_id FROM sortie s LEFT JOIN (contremarque c JOIN document d "
            "ON d.key = 'contremarque:' || c.id) ON c.sortie_id = s.id "
            "WHERE s.etat <> 'brouillon' ORDER BY c.id DESC NULLS LAST, s.debut_le LIMIT 1"
        )
    ).first()
    return None if found is None else jeton_du_lieu(found.id, found.lieu_id)


def _lien_d_offres(session: Session) -> str | None:
    """The link of a mail that asks a producer what it offers, while a week takes offers."""
    query = text(
        "SELECT id FROM semaine WHERE etat = 'ouverte' AND offres_jusqu_a > :now ORDER BY retrait_le DESC LIMIT 1"
    )
    week = session.execute(query, {"now": clock.now()}).scalar()
    farm = session.execute(text("SELECT producteur_id FROM offre ORDER BY id DESC LIMIT 1")).scalar()
    return None if week is None or farm is None else jeton_d_offres(farm, week)


def _signe(sign: Any, key: int | None) -> str | None:
    return None if key is None else str(sign(key))


def _lire(session: Session, name: str, role: Role | None, compte_id: int | None) -> Any:
    of_whom = _A_MOI.get(role, _PATIO) if role is not None else _PATIO
    foyer = session.execute(text("SELECT foyer_id FROM compte WHERE id = :c"), {"c": compte_id}).scalar()
    given = {"compte": compte_id, "foyer": foyer, "now": clock.now()}
    query = _LUS[name].format(**of_whom)
    return session.execute(text(query), {k: v for k, v in given.items() if f":{k}" in query}).scalar()
