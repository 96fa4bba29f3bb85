"""Places and people of the demo town: maisons bear the names Grenoble’s do, all else is invented."""

from dataclasses import dataclass
from datetime import time
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Lieu:
    nom: str
    code: str
    adresse: str
    code_postal: str
    debut: time
    fin: time
    places: int
    poids: int
    """How many households live around it, against the others."""


# Addresses are invented, as their streets say.
MAISONS = (
    Lieu("Abbaye-Jouhaux", "ABB", "3 place du Tilleul inventé", "38100", time(17), time(19), 80, 9),
    Lieu("Anatole-France", "ANA", "12 rue de la Fontaine inventée", "38100", time(17), time(19), 80, 8),
    Lieu("Bajatière", "BAJ", "7 allée des Noyers inventés", "38100", time(16, 30), time(18, 30), 70, 7),
    Lieu("Les Baladins", "BAL", "1 place des Tréteaux inventés", "38100", time(17), time(19), 90, 12),
    Lieu("Bois d’Artas", "BOI", "5 rue du Bûcher inventé", "38000", time(17), time(19), 60, 6),
    Lieu("Capuche", "CAP", "9 rue du Capuchon inventé", "38100", time(17), time(19), 80, 10),
    Lieu("Centre-ville", "CEN", "2 rue du Puits inventé", "38000", time(16), time(18), 60, 7),
    Lieu("Chorier-Berriat", "CHO", "28 cours des Platanes inventés", "38000", time(17), time(19), 80, 11),
    Lieu("Le Patio", "PAT", "14 galerie du Jardin inventé", "38100", time(17), time(19, 30), 110, 14),
    Lieu("Secteur 3", "SEC", "6 chemin de la Digue inventée", "38100", time(17), time(19), 70, 8),
    Lieu("Teisseire-Malherbe", "TEI", "4 avenue du Verger inventé", "38100", time(17), time(19), 80, 8),
)


@dataclass(frozen=True, slots=True)
class Ferme:
    nom: str
    contact: str
    email: str
    siret: str
    adresse: str
    livraison: str
    heure: str
    franchise: bool


FERMES = (
    Ferme(
        "Le Jardin de Claix",
        "Odile Perrachon",
        "odile@jardin-de-claix.example",
        "81234567800011",
        "Chemin inventé des Îles, 38640 Claix",
        "depot",
        "7 h 30",
        franchise=False,
    ),
    Ferme(
        "Les Vergers du Grésivaudan",
        "Bastien Rochas",
        "bastien@vergers.example",
        "82345678900022",
        "Route inventée des Vergers, 38660 La Terrasse",
        "depot",
        "8 h",
        franchise=False,
    ),
    Ferme(
        "GAEC des Quatre Saisons",
        "Inès et Luc Marchetti",
        "gaec@quatre-saisons.example",
        "83456789000033",
        "Hameau inventé du Plan, 38570 Theys",
        "maisons",
        "de 13 h à 15 h",
        franchise=False,
    ),
    Ferme(
        "La Noyeraie de Vinay",
        "Paul Chabert",
        "paul@noyeraie.example",
        "84567890100044",
        "Chemin inventé de la Noyeraie, 38470 Vinay",
        "depot",
        "8 h 30",
        franchise=True,
    ),
    Ferme(
        "Ferme du Trièves",
        "Salomé Girard",
        "salome@ferme-trieves.example",
        "85678901200055",
        "Route inventée du Col, 38710 Mens",
        "depot",
        "8 h",
        franchise=True,
    ),
)

# Weights follow the bands of the scheme as its subscribers were in 2011: over a quarter at 4 €, over a third at
# 5,50 €, 18 % at 7 €, about a fifth at 9 € (who have a high quotient, or have shown none).
TRANCHES = {
    "forme": "tranches",
    "tranches": [
        {"nom": "A", "jusqu_a": 400, "prix": 400},
        {"nom": "B", "jusqu_a": 800, "prix": 550},
        {"nom": "C", "jusqu_a": 1300, "prix": 700},
        {"nom": "D", "jusqu_a": None, "prix": 900},
    ],
}
# One in twenty has just declared its quotient, and paid the top price till then: the last two are smaller for it.
REVENUS = (((90, 400), 28), ((401, 800), 38), ((801, 1300), 19), ((1301, 2600), 11), (None, 4))

_DONNEES = Path(__file__).parent / "donnees"
# Names of all the origins that live in such a town; any likeness to a person is chance.
NOMS_DE_FAMILLE = tuple((_DONNEES / "noms.txt").read_text().splitlines())
PRENOMS = tuple((_DONNEES / "prenoms.txt").read_text().splitlines())
