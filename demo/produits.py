"""Forty products of the land around, with their months, typical prices before tax and how to keep them.

Prices are centimes a kilogram, or a piece; they are typical, not anybody's. Who grows what is by farm, by index.
"""

from dataclasses import dataclass

FROID = "Au bas du réfrigérateur, dans un linge, une semaine."
FRAIS = "Dans un endroit frais et sombre, plusieurs semaines."
AIR = "À l’air libre, hors du réfrigérateur, quelques jours."
VITE = "Au réfrigérateur, à manger dans les deux ou trois jours."


@dataclass(frozen=True, slots=True)
class Article:
    nom: str
    dessin: str
    categorie: str
    mois: tuple[int, ...]
    prix: int
    conservation: str
    fermes: tuple[int, ...]
    lot: int = 5_000
    poids_piece: int | None = None
    portion: int = 500
    """What one basket usually holds: grams, or pieces."""


ECART = 0.06
"""How far an offer may be from the typical price, either way."""


def prix_convenu(article: Article) -> int:
    """What the contract of each of its farms says: the most that they will ask."""
    return round(article.prix * (1 + ECART))


def _mois(debut: int, fin: int) -> tuple[int, ...]:
    """Months from `debut` to `fin` included, over the turn of the year if need be."""
    return tuple((debut - 1 + n) % 12 + 1 for n in range((fin - debut) % 12 + 1))


ARTICLES = (
    Article("Pommes de terre", "pomme-de-terre", "legume", _mois(7, 4), 115, FRAIS, (0, 2, 4), 10_000, portion=900),
    Article("Carottes", "carotte", "legume", _mois(6, 3), 150, FROID, (0, 2), portion=500),
    Article("Poireaux", "poireau", "legume", _mois(9, 4), 210, FROID, (0, 2), portion=450),
    Article("Oignons jaunes", "oignon", "legume", _mois(8, 4), 150, FRAIS, (2, 4), portion=300),
    Article("Oignons rouges", "oignon", "legume", _mois(8, 2), 190, FRAIS, (0,), portion=250),
    Article("Courge butternut", "courge", "legume", _mois(9, 2), 160, FRAIS, (2, 4), portion=700),
    Article("Potimarron", "courge", "legume", _mois(9, 12), 190, FRAIS, (0, 4), 1, 900, 1),
    Article("Betteraves", "betterave", "legume", _mois(7, 3), 170, FROID, (0, 2), portion=350),
    Article("Navets", "navet", "legume", _mois(10, 4), 190, FROID, (0, 4), portion=350),
    Article("Panais", "panais", "legume", _mois(10, 3), 260, FROID, (2,), portion=300),
    Article("Céleri-rave", "celeri", "legume", _mois(10, 3), 220, FROID, (0,), 1, 600, 1),
    Article("Chou vert", "chou", "legume", _mois(9, 4), 190, FROID, (2, 4), 1, 900, 1),
    Article("Chou-fleur", "chou-fleur", "legume", _mois(6, 11), 230, FROID, (0,), 1, 800, 1),
    Article("Brocolis", "brocoli", "legume", _mois(6, 11), 300, VITE, (0,), portion=350),
    Article("Épinards", "epinard", "legume", _mois(9, 5), 340, VITE, (0, 4), 2_500, portion=250),
    Article("Blettes", "blette", "legume", _mois(5, 11), 220, VITE, (0, 2), portion=450),
    Article("Mâche", "mache", "legume", _mois(10, 3), 850, VITE, (4,), 1_000, portion=120),
    Article("Salade batavia", "salade", "legume", _mois(4, 11), 95, VITE, (0, 2), 6, 350, 1),
    Article("Endives", "endive", "legume", _mois(11, 3), 290, FROID, (2,), portion=400),
    Article("Fenouil", "fenouil", "legume", _mois(6, 11), 260, FROID, (0,), portion=350),
    Article("Radis", "radis", "legume", _mois(3, 10), 130, VITE, (0, 4), 10, 300, 1),
    Article("Petits pois", "petit-pois", "legume", _mois(5, 7), 480, VITE, (2,), portion=400),
    Article("Haricots verts", "haricot", "legume", _mois(6, 9), 420, VITE, (0,), portion=400),
    Article("Courgettes", "courgette", "legume", _mois(6, 10), 190, FROID, (0, 2), portion=600),
    Article("Aubergines", "aubergine", "legume", _mois(7, 10), 260, FROID, (0,), portion=450),
    Article("Poivrons", "poivron", "legume", _mois(7, 10), 320, FROID, (0,), portion=350),
    Article("Tomates", "tomate", "legume", _mois(7, 10), 260, AIR, (0, 2), portion=700),
    Article("Concombres", "concombre", "legume", _mois(5, 9), 90, FROID, (0,), 10, 400, 1),
    Article("Ail", "ail", "legume", _mois(7, 3), 850, FRAIS, (4,), 1_000, portion=60),
    Article("Champignons de Paris", "champignon", "legume", _mois(1, 12), 520, VITE, (4,), 2_000, portion=200),
    Article("Pommes", "pomme", "fruit", _mois(8, 4), 170, FRAIS, (1,), 10_000, portion=700),
    Article("Poires", "poire", "fruit", _mois(8, 2), 220, AIR, (1,), portion=500),
    Article("Kiwis", "kiwi", "fruit", _mois(11, 4), 280, FRAIS, (1,), portion=350),
    Article("Noix de Grenoble", "noix", "fruit", _mois(10, 3), 480, FRAIS, (3,), portion=200),
    Article("Châtaignes", "chataigne", "fruit", _mois(10, 12), 450, FROID, (3,), portion=250),
    Article("Fraises", "fraise", "fruit", _mois(5, 7), 720, VITE, (1, 4), 2_000, portion=250),
    Article("Abricots", "abricot", "fruit", _mois(6, 8), 320, AIR, (1,), portion=500),
    Article("Prunes", "prune", "fruit", _mois(7, 9), 280, AIR, (1,), portion=450),
    Article("Persil", "herbes", "herbe", _mois(3, 11), 80, VITE, (0, 4), 10, 40, 1),
    Article("Ciboulette", "herbes", "herbe", _mois(4, 10), 80, VITE, (4,), 10, 25, 1),
)
