"""What farms offer in a week of the demo town, and the basket that is composed of it."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.lieux import FERMES
from demo.produits import ARTICLES, ECART, Article
from paniers.composition import composer, ingredient, publier
from paniers.models.producteurs import CompositionLigne, Offre, Producteur, Produit
from paniers.models.semaines import Semaine
from paniers.prix_convenus import a_accepter
from paniers.regles.bilan import arrondi_au_lot

ESSAIS = 400
POIDS = 3500
BUDGET = 750

PORTIONS = {article.nom: article.portion for article in ARTICLES}


class Part(NamedTuple):
    """An offer as it would stand in a basket: grams, and about how many centimes; weighed once, drawn many times."""

    offre_id: int
    nom: str
    portion: int
    fruit: bool
    deja_vu: bool
    poids: int
    cout: float


def offrir(session: Session, rng: random.Random, semaine: Semaine, paniers: int, instant: datetime) -> None:
    """Each farm offers what it has in that season, enough for `paniers` baskets with something to spare."""
    producers = {p.nom: p for p in session.scalars(select(Producteur))}
    products = {p.nom: p for p in session.scalars(select(Produit))}
    for article in en_saison(semaine.retrait_le):
        for index in article.fermes:
            enough = int(paniers * article.portion * rng.uniform(1.15, 1.6))
            session.add(
                Offre(
                    semaine_id=semaine.id,
                    producteur_id=producers[FERMES[index].nom].id,
                    produit_id=products[article.nom].id,
                    variete="",
                    quantite=arrondi_au_lot(enough, article.lot),
                    lot=article.lot,
                    prix=round(article.prix * rng.uniform(1 - ECART, 1 + ECART)),
                    saisie_le=instant,
                )
            )
    session.flush()


def en_saison(jour: date) -> list[Article]:
    return [article for article in ARTICLES if jour.month in article.mois]


def composer_et_publier(
    session: Session, rng: random.Random, semaine: Semaine, instant: datetime, par: int | None
) -> None:
    """Draw baskets until one fits weight and budget best, then compose and publish it as the coordination would."""
    rows = session.execute(
        select(Offre, Produit, Producteur.franchise_tva)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .join(Semaine, Semaine.id == Offre.semaine_id)
        .where(Offre.semaine_id == semaine.id, ~a_accepter())
        .order_by(Produit.nom, Offre.producteur_id)
    ).all()
    before = _semaine_d_avant(session, semaine)
    offers = [_part(offer, product, before, franchise=exempt) for offer, product, exempt in rows]
    best = min((_tirer(rng, offers) for _ in range(ESSAIS)), key=_ecart)
    composer(session, semaine.id, {part.offre_id: part.portion for part in best})
    publier(session, semaine.id, par=par, instant=instant)


def _part(offre: Offre, produit: Produit, before: set[str], *, franchise: bool) -> Part:
    portion = PORTIONS[produit.nom]
    weighed = ingredient(offre, produit, portion, franchise=franchise)
    fruit = produit.categorie == "fruit"
    return Part(offre.id, produit.nom, portion, fruit, produit.nom in before, weighed.poids, float(weighed.cout))


def _tirer(rng: random.Random, offers: Sequence[Part]) -> list[Part]:
    """Five or six different products, two fruits at most."""
    wanted = rng.randint(5, 6)
    drawn: dict[str, Part] = {}
    fruits = 0
    for part in rng.sample(offers, len(offers)):
        if part.nom in drawn or (part.fruit and fruits == 2):
            continue
        drawn[part.nom] = part
        fruits += part.fruit
        if len(drawn) == wanted:
            break
    return list(drawn.values())


def _ecart(drawn: Sequence[Part]) -> float:
    """How far from a good basket: grams off the weight, 20 for each centime over the budget, 400 without a fruit,
    150 for each product that last week's basket held."""
    far = abs(sum(part.poids for part in drawn) - POIDS) + 20 * max(0.0, sum(part.cout for part in drawn) - BUDGET)
    far += 0 if any(part.fruit for part in drawn) else 400
    return far + 150 * sum(part.deja_vu for part in drawn)


def _semaine_d_avant(session: Session, semaine: Semaine) -> set[str]:
    """The products of the basket before this one."""
    return set(
        session.scalars(
            select(Produit.nom)
            .join(Offre, Offre.produit_id == Produit.id)
            .join(CompositionLigne, CompositionLigne.offre_id == Offre.id)
            .join(Semaine, Semaine.id == Offre.semaine_id)
            .where(Semaine.retrait_le == semaine.retrait_le - timedelta(days=7))
        )
    )
