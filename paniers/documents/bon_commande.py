"""Bons de commande: one producer's order of a week, as a PDF to read and a CSV to work with.

The PDF bears what a public purchase order must: its number and date, buyer and seller with their SIRET, each item with
its unit price before tax, VAT (or its franchise, article 293 B of the CGI), where and when to deliver. It knows
maisons and quantities, never a family. A corrected order keeps its number, says its version and what it replaces.
Documents: ``commande:<id>:pdf`` and ``commande:<id>:csv``, and each later version's own (`cle_de_commande`).
"""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate, groupby, pairwise

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel import pdf
from kernel.clock import PARIS
from kernel.db import reading, transaction
from kernel.errors import Introuvable
from kernel.money import NO_BREAK, Euros
from kernel.settings import get_settings
from kernel.spreadsheet import MEDIA_TYPE, csv_file
from paniers.documents.bons_retrait import nom_complet
from paniers.documents.fichiers import Fichier, cle_de_commande, nom_de_fichier, ranger
from paniers.models.producteurs import Commande, CommandeLigne, Offre, Producteur, Produit
from paniers.models.semaines import Semaine
from paniers.regles.bilan import prix_ht
from paniers.regles.quantites import Unite, quantite

SURPLUS = "Surplus, pour finir le lot"
# As many columns of products as an A4 sheet can bear; more go to a second table.
PRODUITS_PAR_TABLEAU = 5


@dataclass(frozen=True, slots=True)
class Part:
    """What one maison receives of an item, in grams or pieces; the surplus has no maison."""

    lieu: str
    adresse: str
    quantite: int
    texte: str
    surplus: bool


@dataclass(frozen=True, slots=True)
class Article:
    """An item of the order: `quantite` is the whole, surplus included; amounts are centimes before tax."""

    offre_id: int
    nom: str
    variete: str
    en_pieces: bool
    quantite: int
    lot: int
    texte: str
    lots: str
    prix: int
    montant: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Bon:
    """All that an order says, in primitives. Amounts are centimes; `version` 2 and more replace what came before."""

    commande_id: int
    numero: str
    version: int
    semaine: str
    emise_le: date
    corrigee_le: date | None
    livraison_le: date
    livraison_heure: str
    aux_maisons: bool
    lieux: tuple[tuple[str, str], ...]
    vendeur: str
    contact: str
    vendeur_adresse: str
    vendeur_siret: str
    franchise_tva: bool
    total_ht: int
    tva: int
    articles: tuple[Article, ...]


def preparer(commande_id: int) -> None:
    """Make the order's two documents; safe to repeat.

    Opens its own sessions, one to read and one to keep, as an actor that renders must. Raises Introuvable.
    """
    with reading() as session:
        bon = lire(session, commande_id)
    fichiers = rendre(bon)
    with transaction() as session:
        ranger(session, fichiers)


def lire(session: Session, commande_id: int) -> Bon:
    """The order as it stands; two queries. Raises Introuvable."""
    found = session.execute(
        select(Commande, Semaine.code, Producteur)
        .join(Semaine, Semaine.id == Commande.semaine_id)
        .join(Producteur, Producteur.id == Commande.producteur_id)
        .where(Commande.id == commande_id)
    ).one_or_none()
    if found is None:
        raise Introuvable
    commande, code, producteur = found
    articles = _articles(session, commande_id)
    aux_maisons = producteur.livraison == "maisons"
    return Bon(
        commande_id=commande.id,
        numero=commande.numero,
        version=commande.version,
        semaine=code,
        emise_le=commande.emise_le.astimezone(PARIS).date(),
        corrigee_le=commande.corrigee_le.astimezone(PARIS).date() if commande.corrigee_le else None,
        livraison_le=commande.livraison_le,
        livraison_heure=producteur.livraison_heure,
        aux_maisons=aux_maisons,
        lieux=_lieux(articles) if aux_maisons else (),
        vendeur=producteur.nom,
        contact=producteur.contact,
        vendeur_adresse=producteur.adresse,
        vendeur_siret=siret(producteur.siret),
        franchise_tva=producteur.franchise_tva,
        total_ht=commande.total_ht,
        tva=commande.tva,
        articles=articles,
    )


def rendre(bon: Bon) -> list[Fichier]:
    """The order's PDF and CSV."""
    return [
        Fichier(cle_de_commande(bon.commande_id, bon.version, "pdf"), _nom(bon, "pdf"), rendre_pdf(bon)),
        Fichier(cle_de_commande(bon.commande_id, bon.version, "csv"), _nom(bon, "csv"), rendre_csv(bon), MEDIA_TYPE),
    ]


def rendre_pdf(bon: Bon) -> bytes:
    settings = get_settings()
    buyer = {
        "acheteur_adresse": settings.adresse_ccas,
        "acheteur_siret": siret(settings.siret_ccas),
        "depot": settings.adresse_depot,
    }
    return pdf.render("pdf/bon_commande.html", asdict(bon) | buyer | {"tableaux": tableaux(bon.articles)})


def rendre_csv(bon: Bon) -> bytes:
    """One line for each item and place, the surplus apart; quantities in kilograms or pieces, amounts in euros.

    The number and the SIRET are written so that no spreadsheet takes them for a date or for a large figure.
    """
    header = [
        "Commande", "Date", "Producteur", "SIRET", "Livraison", "Heure", "Produit", "Variété", "Lieu", "Adresse",
        "Quantité", "Unité", "Lot", "Prix unitaire HT", "Montant HT",
    ]  # fmt: skip
    rows = [
        (
            _numero(bon), bon.corrigee_le or bon.emise_le, bon.vendeur, bon.vendeur_siret,
            bon.livraison_le, bon.livraison_heure,
            article.nom, article.variete, part.lieu, part.adresse, _mesure(part.quantite, article),
            "pièce" if article.en_pieces else "kg", _mesure(article.lot, article),
            _euros(article.prix), _euros(montant),
        )
        for article in bon.articles
        for part, montant in zip(article.parts, _montants(article), strict=True)
    ]  # fmt: skip
    return csv_file(header, rows)


def _articles(session: Session, commande_id: int) -> tuple[Article, ...]:
    rows = session.execute(
        select(CommandeLigne.quantite, Maison, Offre, Produit)
        .join(Offre, Offre.id == CommandeLigne.offre_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .outerjoin(Maison, Maison.id == CommandeLigne.maison_id)
        .where(CommandeLigne.commande_id == commande_id)
        .order_by(Produit.nom, Offre.id, Maison.nom.nulls_last())
    ).all()
    return tuple(_article(list(lines)) for _, lines in groupby(rows, key=lambda row: row[2].id))


def _article(lines: list[Row[int, Maison, Offre, Produit]]) -> Article:
    _, _, offre, produit = lines[0]
    total = sum(line[0] for line in lines)
    en_pieces = produit.unite == Unite.PIECE
    return Article(
        offre_id=offre.id,
        nom=produit.nom,
        variete=offre.variete,
        en_pieces=en_pieces,
        quantite=total,
        lot=offre.lot,
        texte=quantite(total, produit.unite),
        lots=f"{total // offre.lot} × {quantite(offre.lot, produit.unite)}",
        prix=offre.prix,
        montant=_montant(total, offre.prix, en_pieces=en_pieces),
        parts=tuple(_part(combien, maison, produit.unite) for combien, maison, _, _ in lines),
    )


def _part(combien: int, maison: Maison | None, unite: str) -> Part:
    if maison is None:
        return Part(SURPLUS, "", combien, quantite(combien, unite), surplus=True)
    address = f"{maison.adresse}, {maison.code_postal} {maison.ville}"
    return Part(maison.nom, address, combien, quantite(combien, unite), surplus=False)


def _lieux(articles: tuple[Article, ...]) -> tuple[tuple[str, str], ...]:
    """The maisons to deliver to, each once, with its address."""
    places = {(nom_complet(p.lieu), p.adresse) for article in articles for p in article.parts if not p.surplus}
    return tuple(sorted(places))


def tableaux(articles: tuple[Article, ...]) -> list[dict[str, object]]:
    """Who receives what: maisons down, items across, a few items a table; the surplus and the whole come last."""
    tables: list[dict[str, object]] = []
    for start in range(0, len(articles), PRODUITS_PAR_TABLEAU):
        shown = articles[start : start + PRODUITS_PAR_TABLEAU]
        cells = [{part.lieu: part.texte for part in article.parts} for article in shown]
        places = sorted({part.lieu for article in shown for part in article.parts if not part.surplus})
        if any(SURPLUS in column for column in cells):
            places.append(SURPLUS)
        tables.append({
            "articles": [{"nom": a.nom, "variete": a.variete} for a in shown],
            "rangs": [{"lieu": place, "quantites": [column.get(place, "") for column in cells]} for place in places],
            "totaux": [a.texte for a in shown],
        })  # fmt: skip
    return tables


def _montant(combien: int, prix: int, *, en_pieces: bool) -> int:
    """Centimes before tax, rounded once for the item, as the order's total is."""
    return Euros.rounded(prix_ht(combien, prix, en_pieces=en_pieces)).centimes


def _montants(article: Article) -> list[int]:
    """Each part's amount, so rounded that they add up to the item's."""
    upto = accumulate(part.quantite for part in article.parts)
    whole = [_montant(combien, article.prix, en_pieces=article.en_pieces) for combien in upto]
    return [after - before for before, after in pairwise([0, *whole])]


def siret(numero: str) -> str:
    """``12345678900012`` → ``123 456 789 00012``."""
    return NO_BREAK.join((numero[:3], numero[3:6], numero[6:9], numero[9:]))


def _mesure(combien: int, article: Article) -> Decimal:
    return Decimal(combien) if article.en_pieces else Decimal(combien) / 1000


def _euros(centimes: int) -> Decimal:
    return Decimal(centimes).scaleb(-2)


def _numero(bon: Bon) -> str:
    return f"n° {bon.numero}" if bon.version == 1 else f"n° {bon.numero}, version {bon.version}"


def _nom(bon: Bon, extension: str) -> str:
    version = "" if bon.version == 1 else f"version {bon.version}"
    return nom_de_fichier("bon de commande", bon.numero, version, bon.vendeur, extension=extension)
