"""`flask verifier`: green on a town that has lived, and each tampered row named."""

# ruff: noqa: S608  (the queries are put together from this file's own words)

from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

import app
from demo.installer import installer
from kernel import clock
from kernel.clock import paris
from kernel.db import transaction
from tests.bases import TEMPLATE
from tests.conftest import Engines, environment_of, forget_settings

JOUR = date(2026, 11, 26)
# A pick-up evening: past weeks are over, this one is closed, charged, ordered, delivered, half handed out.
MAINTENANT = paris(JOUR, time(17, 40))

# Facts that the relay has carried, as a town that runs has them.
PORTES = """
    WITH f AS (INSERT INTO outbox_fact (name, payload, expanded_at)
               SELECT 'PaiementReussi', '{"paiement_id": 1}', clock_timestamp() FROM generate_series(1, 3) RETURNING id)
    INSERT INTO outbox_delivery (fact_id, actor, queue, state, done_at)
    SELECT id, 'envoyer_recu', 'courriel', 'done', clock_timestamp() FROM f
"""


@pytest.fixture(scope="module")
def ville(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small town with twelve weeks behind it, installed once for all tests here; yields its database's address."""
    name = engines.databases.lend()
    with pytest.MonkeyPatch.context() as patch:
        s_installer_dans(patch, environment_of(engines, name, tmp_path_factory.mktemp("ville")))
        clock.set_now(MAINTENANT)
        installer(foyers=25, graine=7, jour=None)
        with transaction() as session:
            session.execute(text(PORTES))
    forget_settings()
    yield engines.database(name)
    engines.databases.give_back(name)


def s_installer_dans(patch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for variable, value in environment.items():
        patch.setenv(variable, value)
    patch.setenv("STRIPE_API_BASE", "https://stripe.example")  # not a local one: it is told nothing
    forget_settings()


@pytest.fixture
def vivante(ville: str, engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process's settings lead to the town, on its evening."""
    s_installer_dans(monkeypatch, environment_of(engines, TEMPLATE, tmp_path) | {"DATABASE_URL": ville})
    clock.set_now(MAINTENANT)
    yield
    clock.set_now(None)
    forget_settings()


def flask_verifier() -> Result:
    return CliRunner().invoke(app.verifier)


def test_a_town_that_has_lived_stands(vivante: None) -> None:
    found = flask_verifier()
    assert found.output.startswith("Tout tient"), found.output
    assert found.exit_code == 0


CETTE_SEMAINE = "(SELECT id FROM semaine WHERE etat = 'livree')"
PANIER = f"(SELECT min(id) FROM panier WHERE semaine_id = {CETTE_SEMAINE})"
ABONNEMENT = f"(SELECT abonnement_id FROM panier WHERE id = {PANIER})"
REMIS = f"(SELECT min(id) FROM panier WHERE semaine_id = {CETTE_SEMAINE} AND etat = 'remis')"
ATTENDU = f"(SELECT min(id) FROM panier WHERE semaine_id = {CETTE_SEMAINE} AND etat = 'a_remettre')"
DEBIT = f"(SELECT id FROM ecriture WHERE cle = 'panier:' || {PANIER})"
PAYE = "(SELECT min(id) FROM paiement WHERE etat = 'reussi')"
LIGNE = "(SELECT min(id) FROM commande_ligne WHERE maison_id IS NOT NULL)"
COMMANDE = "(SELECT min(id) FROM commande)"
TACHE = "(SELECT min(id) + 1 FROM outbox_delivery)"

# What was done to one row → a query for what the verification must name, and words of its sentence.
FAUTES: dict[str, tuple[str, str, str]] = {
    "basket: another price": (f"UPDATE panier SET prix = 401 WHERE id = {PANIER}", PANIER, "débité de son prix"),
    "basket: a price of no band": (f"UPDATE panier SET prix = 401 WHERE id = {PANIER}", PANIER, "la grille ne dit pas"),
    "basket: another band": (
        f"UPDATE panier SET tranche = CASE tranche WHEN 'A' THEN 'B' ELSE 'A' END WHERE id = {PANIER}",
        PANIER,
        "la grille ne dit pas",
    ),
    "basket: another cost": (f"UPDATE panier SET cout = 700 WHERE id = {PANIER}", PANIER, "son coût moins son prix"),
    "basket: another maison": (
        f"UPDATE panier SET numero = 999, maison_id = (SELECT min(m.id) FROM maison m WHERE m.id <> maison_id)"
        f" WHERE id = {PANIER}",
        PANIER,
        "maison ou nombre",
    ),
    "basket: two instead of one": (f"UPDATE panier SET nombre = 2 WHERE id = {PANIER}", PANIER, "maison ou nombre"),
    "basket: another household": (
        f"UPDATE panier SET foyer_id = (SELECT max(id) FROM foyer) WHERE id = {PANIER}",
        PANIER,
        "maison ou nombre",
    ),
    "basket: handed out on paper only": (f"UPDATE panier SET etat = 'remis' WHERE id = {ATTENDU}", ATTENDU, "gestes"),
    "basket: taken back on paper only": (f"UPDATE panier SET etat = 'a_remettre' WHERE id = {REMIS}", REMIS, "gestes"),
    "basket: still waiting when all is over": (
        "UPDATE panier SET etat = 'a_remettre' WHERE id = (SELECT min(id) FROM panier WHERE etat = 'non_retire')",
        "(SELECT min(id) FROM panier WHERE etat = 'non_retire')",
        "attend encore",
    ),
    "basket: missing": (
        f"DELETE FROM panier WHERE id = {ATTENDU}",
        f"(SELECT abonnement_id FROM panier WHERE id = {ATTENDU})",
        "devait un panier",
    ),
    "basket: one too many": (
        "INSERT INTO panier (abonnement_id, semaine_id, foyer_id, maison_id, nombre, numero, prix, tranche, cout)"
        " SELECT c.abonnement_id, c.semaine_id, a.foyer_id, (SELECT min(id) FROM maison), 1, 999, 550, 'B', 750"
        " FROM choix c JOIN abonnement a ON a.id = c.abonnement_id ORDER BY c.id LIMIT 1",
        "(SELECT abonnement_id FROM choix ORDER BY id LIMIT 1)",
        "ne devait pas avoir",
    ),
    "pause: backdated": (
        f"INSERT INTO pause (abonnement_id, du, au, posee_le) VALUES ({ABONNEMENT}, '2026-11-26', '2026-11-26',"
        " '2026-11-01')",
        ABONNEMENT,
        "ne devait pas avoir",
    ),
    "wish: after the cut-off": (
        "UPDATE choix SET fait_le = '2030-01-01' WHERE id = (SELECT min(id) FROM choix)",
        "(SELECT abonnement_id FROM choix ORDER BY id LIMIT 1)",
        "après la clôture",
    ),
    "subscription: a hole in its past": (
        f"UPDATE abonnement_version SET jusqu_a = depuis WHERE abonnement_id = {ABONNEMENT}",
        ABONNEMENT,
        "ne se suivent pas",
    ),
    "movement: another amount": (
        f"UPDATE mouvement SET montant = montant + 1 WHERE ecriture_id = {DEBIT} AND compte = 'foyer'",
        f"(SELECT cle FROM ecriture WHERE id = {DEBIT})",
        "n’est pas équilibrée",
    ),
    "movement: another household": (
        f"UPDATE mouvement SET foyer_id = (SELECT max(id) FROM foyer) WHERE ecriture_id = {DEBIT} AND compte = 'foyer'",
        PANIER,
        "débité de son prix",
    ),
    "movement: another account": (
        f"UPDATE mouvement SET compte = 'stripe' WHERE ecriture_id = {DEBIT} AND compte = 'achats'",
        PANIER,
        "son coût moins son prix",
    ),
    "movement: another producer": (
        "UPDATE mouvement SET tiers = 'producteur:0' WHERE id = (SELECT min(id) FROM mouvement"
        " WHERE compte = 'producteurs')",
        "(SELECT c.numero FROM mouvement m JOIN ecriture e ON e.id = m.ecriture_id JOIN commande c"
        " ON 'producteur:' || c.producteur_id = m.tiers AND CAST(c.semaine_id AS text) = split_part(e.cle, ':', 2)"
        " WHERE m.id = (SELECT min(id) FROM mouvement WHERE compte = 'producteurs'))",
        "dû à son producteur",
    ),
    "movement: the estimate not taken up": (
        "UPDATE mouvement SET compte = 'participation_ccas' WHERE id = (SELECT min(id) FROM mouvement"
        " WHERE compte = 'achats' AND montant > 0)",
        "(SELECT code FROM semaine ORDER BY retrait_le LIMIT 1)",
        "coût estimé",
    ),
    "movement: missing": (
        f"DELETE FROM mouvement WHERE ecriture_id = {DEBIT} AND compte = 'achats'",
        f"(SELECT cle FROM ecriture WHERE id = {DEBIT})",
        "n’est pas équilibrée",
    ),
    "entry: a basket's missing": (f"DELETE FROM ecriture WHERE id = {DEBIT}", PANIER, "débité de son prix"),
    "entry: a payment's missing": (
        f"DELETE FROM ecriture WHERE cle = 'paiement:' || {PAYE}",
        PAYE,
        "le grand livre n’a pas son écriture",
    ),
    "entry: a week's orders' missing": (
        f"DELETE FROM ecriture WHERE cle = 'commandes:' || {CETTE_SEMAINE}",
        "(SELECT code FROM semaine WHERE etat = 'livree')",
        "dû aux producteurs",
    ),
    "entry: a basket that never was": (
        "UPDATE ecriture SET cle = 'panier:999999' WHERE cle = 'panier:' || (SELECT min(id) FROM panier)",
        "(SELECT 'panier:999999')",
        "n’existe pas",
    ),
    "échéance: another amount": (
        "UPDATE echeance SET montant = montant + 1 WHERE id = (SELECT min(id) FROM echeance)",
        "(SELECT foyer_id FROM echeance ORDER BY id LIMIT 1)",
        "la somme de ses paniers",
    ),
    "order: another quantity for a maison": (
        f"UPDATE commande_ligne SET quantite = quantite + 1 WHERE id = {LIGNE}",
        f"(SELECT m.nom FROM maison m JOIN commande_ligne l ON l.maison_id = m.id WHERE l.id = {LIGNE})",
        "la part de la maison",
    ),
    "order: a line missing": (
        f"DELETE FROM commande_ligne WHERE id = {LIGNE}",
        f"(SELECT numero FROM commande WHERE id = {COMMANDE})",
        "ne fait pas le besoin",
    ),
    "order: another surplus": (
        "UPDATE commande_ligne SET quantite = quantite + 1 WHERE id = (SELECT min(id) FROM commande_ligne"
        " WHERE maison_id IS NULL)",
        "(SELECT numero FROM commande WHERE id = (SELECT commande_id FROM commande_ligne WHERE maison_id IS NULL"
        " ORDER BY id LIMIT 1))",
        "ne fait pas le besoin",
    ),
    "order: something that is not in the basket": (
        f"UPDATE commande_ligne SET offre_id = (SELECT max(id) FROM offre) WHERE id = {LIGNE}",
        f"(SELECT numero FROM commande WHERE id = {COMMANDE})",
        "n’est pas dans le panier",
    ),
    "order: another total": (
        f"UPDATE commande SET total_ht = total_ht + 1 WHERE id = {COMMANDE}",
        f"(SELECT numero FROM commande WHERE id = {COMMANDE})",
        "son total",
    ),
    "order: another VAT": (
        f"UPDATE commande SET tva = tva + 1 WHERE id = {COMMANDE}",
        f"(SELECT numero FROM commande WHERE id = {COMMANDE})",
        "son total",
    ),
    "order: missing": (
        f"DELETE FROM commande WHERE id = {COMMANDE}",
        "(SELECT nom FROM producteur WHERE id = (SELECT producteur_id FROM commande ORDER BY id LIMIT 1))",
        "pas de commande",
    ),
    "week: another state": (
        f"UPDATE semaine SET etat = 'terminee' WHERE id = {CETTE_SEMAINE}",
        "(SELECT code FROM semaine WHERE retrait_le = '2026-11-26')",
        "ne mènent pas à l’état",
    ),
    "week: a step missing": (
        "DELETE FROM semaine_etape WHERE id = (SELECT min(id) FROM semaine_etape)",
        "(SELECT code FROM semaine ORDER BY retrait_le LIMIT 1)",
        "ses étapes ne se suivent pas",
    ),
    "delivery: lost": (
        f"DELETE FROM outbox_delivery WHERE id = {TACHE}",
        "(SELECT 'envoyer_recu')",
        "a perdu sa tâche",
    ),
    "delivery: forgotten": (
        f"UPDATE outbox_delivery SET state = 'sent', wake_at = now() - interval '1 hour' WHERE id = {TACHE}",
        TACHE,
        "attend depuis plus de deux minutes",
    ),
    "delivery: parked": (
        f"UPDATE outbox_delivery SET state = 'parked', error = 'Timeout' WHERE id = {TACHE}",
        TACHE,
        "en souffrance",
    ),
    "fact: never carried": (
        "UPDATE outbox_fact SET expanded_at = NULL, at = now() - interval '1 hour' WHERE id ="
        " (SELECT max(id) FROM outbox_fact WHERE name = 'PaiementReussi')",
        "(SELECT max(id) FROM outbox_fact WHERE name = 'PaiementReussi')",
        "n’a pas été distribué",
    ),
    "payment: another state": (
        f"UPDATE paiement SET etat = 'refuse' WHERE id = {PAYE}",
        "(SELECT min(paiement_id) FROM paiement_etape WHERE vers = 'reussi')",
        "sa dernière étape",
    ),
    "payment: another amount": (
        f"UPDATE paiement SET montant = montant + 1 WHERE id = {PAYE}",
        PAYE,
        "de ce montant et pour ce foyer",
    ),
    "payment: waiting for Stripe": (
        f"UPDATE paiement SET etat = 'inconnu', demande_le = '2026-11-26' WHERE id = {PAYE}",
        PAYE,
        "attend la réponse de Stripe",
    ),
    "payment: a step missing": (
        f"DELETE FROM paiement_etape WHERE paiement_id = {PAYE} AND vers = 'inconnu'",
        PAYE,
        "ne se suivent pas",
    ),
    "quotient: other bytes": (
        "UPDATE justificatif_qf SET valeur_scellee = set_byte(valeur_scellee, 20, get_byte(valeur_scellee, 20) # 1)"
        " WHERE id = (SELECT min(id) FROM justificatif_qf)",
        "(SELECT min(id) FROM justificatif_qf)",
        "illisibles",
    ),
    "quotient: another household's": (
        "UPDATE justificatif_qf SET valeur_scellee = (SELECT valeur_scellee FROM justificatif_qf ORDER BY id DESC"
        " LIMIT 1) WHERE id = (SELECT min(id) FROM justificatif_qf)",
        "(SELECT min(id) FROM justificatif_qf)",
        "illisibles",
    ),
    "hand-out: missing": (f"DELETE FROM retrait WHERE panier_id = {REMIS}", REMIS, "gestes"),
    "hand-out: twice": (
        f"INSERT INTO retrait (panier_id, moyen, le) SELECT {REMIS}, 'scan', now()",
        REMIS,
        "plusieurs fois",
    ),
    "hand-out: undoes another's": (
        f"INSERT INTO retrait (panier_id, moyen, le, annule_id) SELECT {ATTENDU}, 'annulation', now(),"
        f" (SELECT id FROM retrait WHERE panier_id = {REMIS})",
        "(SELECT max(id) FROM retrait)",
        "annule autre chose",
    ),
}


@pytest.mark.parametrize(("sql", "quoi", "dit"), FAUTES.values(), ids=FAUTES.keys())
def test_one_tampered_row_is_found_and_named(vivante: None, sql: str, quoi: str, dit: str) -> None:
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger, no foreign key
        before = session.execute(text(f"SELECT {quoi}")).scalar_one()
        session.execute(text(sql))
        named = {str(before), str(session.execute(text(f"SELECT {quoi}")).scalar_one())} - {"None"}
        # The faults are read in the same transaction, which is then forgotten: the town stays whole.
        faults = [fault for check in app.VERIFICATIONS for fault in check(session)]
        session.rollback()
    assert any(dit in fault and any(name in fault for name in named) for fault in faults), (named, faults)


def test_the_command_ends_with_1_and_says_what_does_not_hold(vivante: None) -> None:
    with transaction() as session:
        week = session.execute(text("SELECT code FROM semaine WHERE etat = 'livree'")).scalar_one()
        session.execute(text("UPDATE semaine SET etat = 'terminee' WHERE code = :c"), {"c": week})
    try:
        found = flask_verifier()
    finally:
        with transaction() as session:
            session.execute(text("UPDATE semaine SET etat = 'livree' WHERE code = :c"), {"c": week})
    assert found.exit_code == 1
    assert f"Semaine {week} : les dates d’étape ne mènent pas à l’état « terminee »." in found.output
