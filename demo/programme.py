"""The demo town's outings: venues, prices, and a season's posters. All of it is invented."""

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class Salle:
    """A partner's venue; `noms`: its door wants the names of the group."""

    nom: str
    adresse: str
    code_postal: str
    ville: str
    acces: str
    contact: str
    noms: bool = False


@dataclass(frozen=True, slots=True)
class Tarif:
    """A grid of prices: `prix` in centimes, one more than `seuils`."""

    nom: str
    forme: str
    seuils: tuple[int, ...]
    prix: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Affiche:
    """An outing as it is printed; `salle` and `tarif` are ranks of the lists below, `cout` a seat's in centimes."""

    titre: str
    genre: str
    salle: int
    tarif: int
    cout: int
    places: int
    heure: time
    minutes: int
    texte: str
    privilege: str = ""
    besoins: tuple[str, ...] = ()
    age: int | None = None
    accord: bool = False


SALLES = (
    Salle("Théâtre des Trois Ponts", "2 quai inventé des Ponts", "38000", "Grenoble", "Tram B, arrêt inventé", "Lucie"),
    Salle("La Grande Verrière", "18 rue inventée du Verre", "38100", "Grenoble", "Bus C3, arrêt inventé", "Omar"),
    Salle(
        "Musée de l’Isère d’en bas", "5 place inventée des Graviers", "38000", "Grenoble", "À pied du tram A", "Inès"
    ),
    Salle(
        "Cinéma Le Pré-Vert", "9 cours inventé du Pré", "38100", "Grenoble", "Tram A, arrêt inventé", "Paul", noms=True
    ),
    Salle(
        "Maison de la danse", "31 avenue inventée des Pas", "38130", "Échirolles", "Tram A, puis cinq minutes", "Yaël"
    ),
    Salle(
        "Fort du Rocher",
        "Montée inventée du Fort",
        "38700",
        "La Tronche",
        "Le car nous attend devant la maison",
        "Abel",
    ),
)

GRATUIT, UN_EURO, DEUX_EUROS, PAR_STATUT, PAR_QUOTIENT, CINQ_EUROS = range(6)
TARIFS = (
    Tarif("Gratuit", "unique", (), (0,)),
    Tarif("1 € pour tous", "unique", (), (100,)),
    Tarif("2 € pour tous", "unique", (), (200,)),
    Tarif("Selon la carte : 2 € ou 4 €", "statut", (), (200, 400)),
    Tarif("Selon le quotient : de 1 € à 5 €", "quotient", (400, 800, 1300), (100, 200, 400, 500)),
    Tarif("5 € pour tous", "unique", (), (500,)),
)

SOIR, FIN_DE_JOURNEE, APRES_MIDI, MATIN = time(20), time(18, 30), time(14, 30), time(10)
RENCONTRE, VISITE, COULISSES = "Rencontre avec les comédiens", "Visite avec une guide", "Visite des coulisses"

PASSEES = (
    Affiche("La Cerise sur le toit", "theatre", 0, PAR_QUOTIENT, 1400, 16, SOIR, 90, "Une comédie de quartier.", RENCONTRE),
    Affiche("Bal folk sous la verrière", "danse", 1, UN_EURO, 600, 24, FIN_DE_JOURNEE, 150, "On danse, on apprend sur place."),
    Affiche("Les pierres qui parlent", "musee", 2, GRATUIT, 500, 14, APRES_MIDI, 90, "Cent ans de cailloux.", VISITE),
    Affiche("Le Facteur des cimes", "cinema", 3, DEUX_EUROS, 450, 20, FIN_DE_JOURNEE, 100, "Un film d’ici.", "Débat après le film"),
    Affiche("Balade au fil de l’eau", "patrimoine", 5, GRATUIT, 300, 15, MATIN, 180, "Six kilomètres, tout plat.", VISITE, age=8),
    Affiche("Trois oranges et un jongleur", "cirque", 1, PAR_STATUT, 1100, 18, APRES_MIDI, 60, "Dès quatre ans.", besoins=("fauteuil",)),
    Affiche("Quatuor du dimanche", "musique", 0, PAR_QUOTIENT, 1300, 14, APRES_MIDI, 75, "Un quatuor, sans façons.", COULISSES),
    Affiche("Pas de deux, pas de trois", "danse", 4, PAR_QUOTIENT, 1500, 12, SOIR, 70, "De la danse d’aujourd’hui.", RENCONTRE),
    Affiche("Imprimer comme autrefois", "atelier", 2, DEUX_EUROS, 700, 10, APRES_MIDI, 120, "On repart avec son affiche."),
    Affiche("Le Bourgeois et le maçon", "theatre", 0, PAR_QUOTIENT, 1600, 16, SOIR, 120, "Molière, et un mur.", RENCONTRE, ("lsf",)),
    Affiche("Voix de la Méditerranée", "musique", 1, PAR_STATUT, 1200, 20, SOIR, 100, "Chants des deux rives."),
    Affiche("Le fort et ses souterrains", "patrimoine", 5, UN_EURO, 400, 15, MATIN, 150, "Lampe fournie.", VISITE, age=6),
    Affiche("Courts d’animation", "cinema", 3, UN_EURO, 350, 22, MATIN, 60, "Six petits films.", besoins=("calme",)),
    Affiche("Couleurs de femmes", "musee", 2, GRATUIT, 500, 14, APRES_MIDI, 90, "Peintures et tissages.", VISITE, ("audiodescription",)),
    Affiche("Le Clown et la neige", "cirque", 4, DEUX_EUROS, 900, 18, APRES_MIDI, 55, "On rit, on tremble un peu."),
    Affiche("Antigone, deux fois", "theatre", 0, PAR_QUOTIENT, 1500, 14, SOIR, 110, "La même nuit, deux points de vue.", RENCONTRE, age=12),
    Affiche("Nuit du conte", "theatre", 1, GRATUIT, 400, 20, FIN_DE_JOURNEE, 90, "Cinq conteuses, cinq langues.", accord=True),
    Affiche("Orchestre des jeunes", "musique", 0, UN_EURO, 700, 24, APRES_MIDI, 80, "Leur premier grand concert.", COULISSES),
    Affiche("Terre et tour", "atelier", 2, DEUX_EUROS, 800, 10, MATIN, 150, "Tourner un bol, le reprendre cuit."),
    Affiche("Hip-hop en sept jours", "danse", 4, PAR_STATUT, 1000, 16, SOIR, 60, "Sept danseuses, sept humeurs.", RENCONTRE),
    Affiche("Sous l’écorce", "patrimoine", 5, GRATUIT, 300, 12, MATIN, 180, "La forêt, à pas lents.", VISITE),
    Affiche("Le Procès du loup", "theatre", 0, PAR_QUOTIENT, 1400, 18, APRES_MIDI, 65, "Dès six ans.", besoins=("fauteuil", "calme"), accord=True),
    Affiche("Mémoire des usines", "musee", 2, GRATUIT, 500, 14, APRES_MIDI, 90, "Racontée par des anciens.", VISITE),
    Affiche("Accordéon, piano, silence", "musique", 1, PAR_QUOTIENT, 1200, 16, SOIR, 80, "Trois musiciens.", COULISSES),
    Affiche("La Vallée", "cinema", 3, DEUX_EUROS, 450, 20, FIN_DE_JOURNEE, 105, "Un documentaire.", "La réalisatrice est là", ("audiodescription",)),
    Affiche("Acrobates du soir", "cirque", 1, CINQ_EUROS, 1800, 14, SOIR, 75, "Sept mètres de haut.", age=6),
    Affiche("Écrire une chanson", "atelier", 1, UN_EURO, 600, 12, APRES_MIDI, 120, "On part d’un mot, on finit en musique."),
    Affiche("Le Jardin d’en face", "theatre", 0, PAR_QUOTIENT, 1400, 16, SOIR, 85, "Deux voisines, une haie.", RENCONTRE),
    Affiche("Valses et autres détours", "danse", 4, DEUX_EUROS, 800, 20, FIN_DE_JOURNEE, 90, "Un bal raconté."),
    Affiche("La collection cachée", "musee", 2, UN_EURO, 600, 12, APRES_MIDI, 75, "Ce que les réserves ne montrent jamais.", VISITE),
)  # fmt: skip

# The first ones have a part to play: this evening's, the one to which the first household goes, the one that is
# cancelled, the one that a group goes to, the one that is sold out.
CE_SOIR, EN_FAMILLE, ANNULEE, EN_GROUPE, COMPLETE = range(5)
PLUS_TARD = 8
A_VENIR = (
    Affiche("Une place au soleil", "theatre", 0, PAR_QUOTIENT, 1500, 18, SOIR, 95, "Une troupe de Capuche.", RENCONTRE, ("lsf",), accord=True),
    Affiche("Cendrillon sans citrouille", "theatre", 0, PAR_QUOTIENT, 1400, 20, APRES_MIDI, 60, "Dès cinq ans.", RENCONTRE, ("calme",)),
    Affiche("Chœurs du marché", "musique", 1, DEUX_EUROS, 900, 20, FIN_DE_JOURNEE, 80, "Deux cents voix."),
    Affiche("Lettres et images", "musee", 2, GRATUIT, 500, 25, MATIN, 90, "En français simple, à notre pas.", VISITE, ("fauteuil", "audiodescription")),
    Affiche("Les Étoiles à portée de main", "cirque", 1, PAR_STATUT, 1600, 12, APRES_MIDI, 65, "Un chapiteau, des étoiles.", COULISSES, ("fauteuil",)),
    Affiche("Le Grand Plongeon", "cinema", 3, DEUX_EUROS, 450, 20, FIN_DE_JOURNEE, 100, "Une piscine, une équipe."),
    Affiche("Tango pour débutants", "danse", 4, UN_EURO, 600, 20, FIN_DE_JOURNEE, 120, "Sans partenaire, sans souliers."),
    Affiche("Raquettes au clair de lune", "patrimoine", 5, CINQ_EUROS, 1400, 12, FIN_DE_JOURNEE, 180, "Matériel prêté.", VISITE, age=10, accord=True),
    Affiche("Noël à contre-jour", "musique", 0, PAR_QUOTIENT, 1300, 18, SOIR, 85, "Chants d’hiver.", COULISSES),
    Affiche("Ombres chinoises", "atelier", 1, GRATUIT, 500, 12, APRES_MIDI, 90, "Découper, éclairer, raconter."),
    Affiche("Les Fourberies du samedi", "theatre", 0, PAR_QUOTIENT, 1500, 16, SOIR, 100, "Molière, au galop.", RENCONTRE),
    Affiche("Un trésor sous la ville", "patrimoine", 5, GRATUIT, 400, 15, MATIN, 120, "Caves et passages.", VISITE),
    Affiche("Ciné-goûter : le petit renard", "cinema", 3, UN_EURO, 400, 24, APRES_MIDI, 65, "Un film, un goûter.", besoins=("calme",)),
    Affiche("Trapèze et trombone", "cirque", 1, PAR_STATUT, 1300, 16, SOIR, 70, "Le cirque qui souffle."),
    Affiche("Portraits de voisins", "musee", 2, GRATUIT, 500, 14, APRES_MIDI, 90, "Peut-être le vôtre.", VISITE),
    Affiche("Le Lac, à pied sec", "danse", 4, PAR_QUOTIENT, 1600, 14, SOIR, 110, "Un grand ballet, tout près.", RENCONTRE),
    Affiche("Cuisine de papier", "atelier", 2, DEUX_EUROS, 700, 10, MATIN, 120, "Un livre de recettes à fabriquer."),
    Affiche("Guitares d’ailleurs", "musique", 1, PAR_STATUT, 1100, 18, SOIR, 90, "Trois guitares, trois pays."),
    Affiche("La Dame au tramway", "theatre", 0, PAR_QUOTIENT, 1500, 16, SOIR, 90, "Une enquête, ligne B.", RENCONTRE, ("lsf",)),
    Affiche("Quand fond la neige", "cinema", 3, DEUX_EUROS, 450, 20, FIN_DE_JOURNEE, 95, "Un film de montagne."),
)  # fmt: skip
BROUILLON = Affiche("Le Printemps des contes", "theatre", 1, GRATUIT, 400, 20, FIN_DE_JOURNEE, 90, "À écrire.")

MOTS = (
    "Mes enfants en parlent encore.",
    "La rencontre après, c’était le mieux.",
    "Un peu long pour les petits.",
    "Je n’étais jamais entrée dans ce théâtre.",
    "On s’est perdus en route, mais quel beau spectacle.",
    "",
    "",
    "",
)
"""What families write afterwards; most write nothing."""
