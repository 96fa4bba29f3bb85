"""Producers' orders, rendered for real and read back: mentions, quantities, sums, and nothing of any family."""

import csv
import io
import re
import subprocess
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.documents import Document
from kernel.errors import Introuvable
from kernel.formats import euros
from paniers.commandes import commander
from paniers.documents.bon_commande import Bon, lire, preparer, rendre, rendre_csv, rendre_pdf
from paniers.models.semaines import Semaine
from tests import fabriques

JEUDI = date(2026, 11, 26)


def words(content: bytes) -> str:
    read = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return " ".join(read.stdout.decode().split())


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def commande(session: Session, **producteur: object) -> int:
    """An order for two maisons, 3 and 4 baskets: 600 g of carrots in lots of 5 kg, one lettuce in lots of 12."""
    fabriques.grille(session)
    semaine = fabriques.semaine(session, JEUDI, etat="cloturee")
    ferme = fabriques.producteur(session, **({"nom": "GAEC du Pré Vert", "siret": "12345678900012"} | producteur))
    carotte = fabriques.produit(session, "Carottes")
    salade = fabriques.produit(session, "Salade", dessin="salade", unite="piece", poids_piece=400)
    des_carottes = fabriques.offre(session, semaine.id, ferme.id, carotte.id, prix=183, lot=5000)
    des_salades = fabriques.offre(
        session, semaine.id, ferme.id, salade.id, variete="=batavia", prix=95, lot=12, quantite=600
    )
    fabriques.composition(session, semaine.id, {des_carottes.id: 600, des_salades.id: 1})
    for nom, combien in (("Baladins", 3), ("Capuche", 4)):
        maison = fabriques.maison(session, nom=nom, adresse="1 rue de l’Exemple")
        for _ in range(combien):
            foyer = fabriques.foyer(session, prenom="Samira", nom="Secrète", maison_id=maison.id)
            fabriques.panier(session, semaine.id, fabriques.abonnement(session, foyer.id, maison.id), maison.id)
    session.flush()
    orders = commander(session, session.get_one(Semaine, semaine.id).id, instant=paris(date(2026, 11, 23)))
    session.flush()
    return orders[0].id


@pytest.fixture
def bon(base: str) -> Bon:
    with transaction() as session:
        return lire(session, commande(session))


def test_the_order_bears_the_mentions_of_a_public_purchase(bon: Bon) -> None:
    said = words(rendre_pdf(bon))
    for mention in (
        f"Bon de commande {bon.numero}", "lundi 23 novembre 2026", "GAEC du Pré Vert", "SIRET 123 456 789 00012",
        "CCAS de Grenoble", "Chemin des Essais, 38000 Grenoble", "À livrer le jeudi 26 novembre 2026, 8 h",
        "TVA 5,5 %", "Total HT", "Total TTC", "1,83 € le kilo", "0,95 € la pièce", "1 × 5 kg", "1 × 12 pièces",
    ):  # fmt: skip
        assert mention in said
    assert "Secrète" not in said
    assert "Samira" not in said


def test_maison_lines_and_surplus_make_the_order(bon: Bon) -> None:
    for article in bon.articles:
        assert sum(part.quantite for part in article.parts) == article.quantite
        assert article.quantite % article.lot == 0
    said = words(rendre_pdf(bon))
    assert "Baladins 1,8 kg 3 pièces" in said
    assert "Capuche 2,4 kg 4 pièces" in said
    assert "Surplus, pour finir le lot 800 g 5 pièces" in said
    assert "En tout 5 kg 12 pièces" in said


def test_amounts_add_up_to_the_totals_that_are_owed(bon: Bon) -> None:
    assert sum(article.montant for article in bon.articles) == bon.total_ht == 915 + 1140
    said = words(rendre_pdf(bon))
    assert "Total TTC " + " ".join(euros(bon.total_ht + bon.tva).split()) in said


def test_a_producer_in_franchise_charges_no_vat_and_says_why(base: str) -> None:
    with transaction() as session:
        said = words(rendre_pdf(lire(session, commande(session, franchise_tva=True))))
    assert "TVA non applicable, article 293 B du CGI" in said
    assert "5,5 %" not in said


def test_a_producer_who_goes_to_the_maisons_reads_their_addresses(base: str) -> None:
    with transaction() as session:
        said = words(rendre_pdf(lire(session, commande(session, livraison="maisons"))))
    for place in ("Maison des habitants Baladins 1 rue de l’Exemple, 38000 Grenoble", "Maison des habitants Capuche"):
        assert place in said


def test_the_csv_says_the_same_line_by_line(bon: Bon) -> None:
    content = rendre_csv(bon)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = lines(content)
    assert len(rows) == 6
    carrots = [row for row in rows if row["Produit"] == "Carottes"]
    assert [(row["Lieu"], row["Quantité"], row["Unité"]) for row in carrots] == [
        ("Baladins", "1,8", "kg"), ("Capuche", "2,4", "kg"), ("Surplus, pour finir le lot", "0,8", "kg"),
    ]  # fmt: skip
    cents = sum(int(row["Montant HT"].replace(",", "")) for row in rows)
    assert cents == bon.total_ht
    assert {row["SIRET"] for row in rows} == {"123\N{NO-BREAK SPACE}456\N{NO-BREAK SPACE}789\N{NO-BREAK SPACE}00012"}
    assert {row["Variété"] for row in rows} == {"", "'=batavia"}


def test_many_items_are_shown_in_tables_that_fit(bon: Bon) -> None:
    many = replace(bon, articles=tuple(replace(bon.articles[0], nom=f"Produit {n}") for n in range(12)))
    said = words(rendre_pdf(many))
    assert said.count("En tout") == 3
    assert all(f"Produit {n}" in said for n in range(12))


def test_the_documents_are_kept_and_making_them_again_replaces_them(base: str) -> None:
    with transaction() as session:
        commande_id = commande(session)
    for _ in range(2):
        preparer(commande_id)
    with reading() as session:
        kept = {document.key: document for document in session.scalars(select(Document))}
        made = {fichier.cle: fichier.contenu for fichier in rendre(lire(session, commande_id))}
    assert {key: document.content for key, document in kept.items()} == made
    pdf, sheet = kept[f"commande:{commande_id}:pdf"], kept[f"commande:{commande_id}:csv"]
    assert re.fullmatch(r"bon-de-commande-2026-48-01-gaec-du-pre-vert\.(pdf|csv)", pdf.filename)
    assert sheet.media_type == "text/csv; charset=utf-8"


def test_an_unknown_order_is_not_found(base: str) -> None:
    with reading() as session, pytest.raises(Introuvable):
        lire(session, 1)
