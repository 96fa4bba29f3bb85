"""What addresses name, as each reader would meet it: one row of each kind in the town that the browser visits."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from culture.documents.dossier_soiree import cle_du_dossier
from kernel import clock
from kernel.documents import existing
from kernel.web.access import Role

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
LUS = {
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
    "tarif_id": "SELECT id FROM grille_sortie WHERE forme = 'quotient' ORDER BY id LIMIT 1",
    "offre_de_places": "SELECT id FROM inscription WHERE etat IN ('offerte', 'expiree') ORDER BY id DESC LIMIT 1",
    "impaye": "SELECT echeance_id FROM paiement WHERE etat = 'refuse' AND echeance_id IS NOT NULL "
    "ORDER BY id DESC LIMIT 1",
    "quittance_id": "SELECT q.id FROM quittance q JOIN document d ON d.key = 'quittance:' || q.id WHERE {quittance} "
    "ORDER BY q.id DESC LIMIT 1",
    "recu_id": "SELECT p.id FROM paiement p JOIN document d ON d.key LIKE 'recu:' || p.id || ':%' "
    "WHERE p.foyer_id = {foyer} ORDER BY p.id DESC LIMIT 1",
    "annee": "SELECT CAST(split_part(d.key, ':', 3) AS integer) FROM document d "
    "WHERE d.key LIKE 'attestation:' || {foyer} || ':%' ORDER BY d.made_at DESC LIMIT 1",
    "paiement_id": "SELECT id FROM paiement WHERE etat = 'reussi' ORDER BY id DESC LIMIT 1",
    "versement_id": "SELECT v.id FROM versement v JOIN document d ON d.key = 'versement:' || v.id "
    "ORDER BY v.id LIMIT 1",
    "tirage_id": "SELECT t.id FROM tirage_journal t JOIN document d ON d.key = 'journal:' || t.id "
    "ORDER BY t.id LIMIT 1",
    "etat_id": "SELECT e.id FROM etat_restes e JOIN document d ON d.key = 'restes:' || e.id ORDER BY e.id LIMIT 1",
    "reste_id": "SELECT r.id FROM reste r JOIN etat_restes e ON e.id = r.etat_id WHERE r.repris_le IS NULL "
    "AND e.prise_en_charge_le IS NULL ORDER BY r.id LIMIT 1",
    "ecart_id": "SELECT id FROM ecart_rapprochement WHERE resolu_le IS NULL ORDER BY id LIMIT 1",
    "attente": "SELECT id FROM attente ORDER BY id DESC LIMIT 1",
    "page": "SELECT session_stripe FROM paiement WHERE session_stripe IS NOT NULL ORDER BY id DESC LIMIT 1",
}
SON_BON = (
    "SELECT p.id FROM panier p JOIN document d ON d.key = 'bon:' || p.id "
    "WHERE p.foyer_id = :foyer ORDER BY p.id DESC LIMIT 1"
)
SORTIE_FACTUREE = (
    "SELECT s.id FROM sortie s LEFT JOIN facture_lieu f ON f.sortie_id = s.id WHERE s.etat = 'tenue' "
    "ORDER BY f.reprise_le DESC NULLS LAST, f.id DESC NULLS LAST, s.id LIMIT 1"
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


def lire(session: Session, name: str, role: Role | None, compte_id: int | None) -> Any:
    of_whom = _A_MOI.get(role, _PATIO) if role is not None else _PATIO
    foyer = session.execute(text("SELECT foyer_id FROM compte WHERE id = :c"), {"c": compte_id}).scalar()
    given = {"compte": compte_id, "foyer": foyer, "now": clock.now()}
    query = LUS[name].format(**of_whom)
    return session.execute(text(query), {k: v for k, v in given.items() if f":{k}" in query}).scalar()


def foyer_lu(session: Session, role: Role, compte_id: int | None) -> int:
    """The household that this reader's addresses name."""
    return int(lire(session, "foyer_id", role, compte_id))


def soiree_lue(session: Session, compte_id: int | None) -> int:
    """The evening that addresses name."""
    return int(lire(session, "soiree_id", None, compte_id))


def ensemble(session: Session, endpoint: str, known: dict[str, Any]) -> dict[str, Any]:
    """Keys that only mean something together: a household and its own basket, or its own seats."""
    if endpoint == "guichet_familles.bon":
        return {"panier_id": session.execute(text(SON_BON), {"foyer": known["foyer_id"]}).scalar()}
    if endpoint == "guichet_aides.annuler":
        standing = "SELECT id AS aide_id, foyer_id FROM aide WHERE annulee_le IS NULL ORDER BY id LIMIT 1"
        return _ensemble_lu(session, standing)
    if endpoint == "factures_culture.lire":
        return {"sortie_id": session.execute(text(SORTIE_FACTUREE)).scalar()}
    return _places_a_rendre(session) if endpoint == "guichet_culture.annuler_des_places" else {}


def _ensemble_lu(session: Session, query: str) -> dict[str, Any]:
    found = session.execute(text(query)).first()
    return {} if found is None else dict(found._mapping)


def _places_a_rendre(session: Session) -> dict[str, Any]:
    """Seats of a household of Le Patio at an outing to come, and whose they are."""
    query = text(
        "SELECT i.id AS inscription_id, i.foyer_id FROM inscription i JOIN sortie s ON s.id = i.sortie_id "
        "JOIN foyer f ON f.id = i.foyer_id JOIN maison m ON m.id = f.maison_id WHERE m.nom = 'Le Patio' "
        "AND i.etat = 'confirmee' AND s.etat = 'publiee' AND s.debut_le > :now ORDER BY s.debut_le DESC, i.id LIMIT 1"
    )
    found = session.execute(query, {"now": clock.now()}).first()
    return {} if found is None else dict(found._mapping)


def papier_fait(session: Session, endpoint: str, known: dict[str, Any]) -> bool:
    """Whether what is made when it is asked for stands: the sheet of a day, the list of an evening."""
    if endpoint == "soirees.papiers":
        return bool(existing(session, [cle_du_dossier(known["soiree_id"] or 0)]))
    return endpoint != "guichet_paniers.feuille_pdf" or bool(
        session.execute(text("SELECT EXISTS (SELECT FROM document WHERE key LIKE 'feuille:%')")).scalar()
    )
