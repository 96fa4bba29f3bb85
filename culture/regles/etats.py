"""The states of an outing and of an inscription, and how they may follow one another. Pure."""

from enum import StrEnum


class EtatSortie(StrEnum):
    BROUILLON = "brouillon"
    PUBLIEE = "publiee"
    CLOSE = "close"
    TENUE = "tenue"
    ANNULEE = "annulee"


SUITES_SORTIE: dict[EtatSortie, frozenset[EtatSortie]] = {
    EtatSortie.BROUILLON: frozenset({EtatSortie.PUBLIEE, EtatSortie.ANNULEE}),
    # Closed: nobody books any more, but a seat that comes free still goes to the waiting list.
    EtatSortie.PUBLIEE: frozenset({EtatSortie.CLOSE, EtatSortie.TENUE, EtatSortie.ANNULEE}),
    EtatSortie.CLOSE: frozenset({EtatSortie.PUBLIEE, EtatSortie.TENUE, EtatSortie.ANNULEE}),
    EtatSortie.TENUE: frozenset(),
    EtatSortie.ANNULEE: frozenset(),
}
VIVANTES = (EtatSortie.PUBLIEE, EtatSortie.CLOSE)
"""States in which seats are held, given back and offered."""

LIBELLES_SORTIE = {
    EtatSortie.BROUILLON: "brouillon",
    EtatSortie.PUBLIEE: "publiée",
    EtatSortie.CLOSE: "inscriptions closes",
    EtatSortie.TENUE: "a eu lieu",
    EtatSortie.ANNULEE: "annulée",
}


class EtatInscription(StrEnum):
    EN_ATTENTE = "en_attente"
    OFFERTE = "offerte"
    CONFIRMEE = "confirmee"
    ANNULEE = "annulee"
    DECLINEE = "declinee"
    EXPIREE = "expiree"
    RETIREE = "retiree"


SUITES_INSCRIPTION: dict[EtatInscription, frozenset[EtatInscription]] = {
    EtatInscription.EN_ATTENTE: frozenset({EtatInscription.OFFERTE, EtatInscription.RETIREE}),
    EtatInscription.OFFERTE: frozenset(
        {EtatInscription.CONFIRMEE, EtatInscription.DECLINEE, EtatInscription.EXPIREE, EtatInscription.RETIREE}
    ),
    EtatInscription.CONFIRMEE: frozenset({EtatInscription.ANNULEE}),
    # Who has left the list, or let an offer pass, is never offered anything under that inscription again.
    EtatInscription.ANNULEE: frozenset(),
    EtatInscription.DECLINEE: frozenset(),
    EtatInscription.EXPIREE: frozenset(),
    EtatInscription.RETIREE: frozenset(),
}
DEBUTS = (EtatInscription.EN_ATTENTE, EtatInscription.CONFIRMEE)
TENANTES = (EtatInscription.OFFERTE, EtatInscription.CONFIRMEE)
"""States that hold their seats."""
OUVERTES = (EtatInscription.EN_ATTENTE, EtatInscription.OFFERTE, EtatInscription.CONFIRMEE)

LIBELLES_INSCRIPTION = {
    EtatInscription.EN_ATTENTE: "en attente",
    EtatInscription.OFFERTE: "place proposée",
    EtatInscription.CONFIRMEE: "confirmée",
    EtatInscription.ANNULEE: "annulée",
    EtatInscription.DECLINEE: "place laissée",
    EtatInscription.EXPIREE: "proposition passée",
    EtatInscription.RETIREE: "attente quittée",
}


class Genre(StrEnum):
    THEATRE = "theatre"
    MUSIQUE = "musique"
    DANSE = "danse"
    CIRQUE = "cirque"
    CINEMA = "cinema"
    MUSEE = "musee"
    PATRIMOINE = "patrimoine"
    ATELIER = "atelier"


LIBELLES_GENRE = {
    Genre.THEATRE: "Théâtre",
    Genre.MUSIQUE: "Musique",
    Genre.DANSE: "Danse",
    Genre.CIRQUE: "Cirque",
    Genre.CINEMA: "Cinéma",
    Genre.MUSEE: "Musée",
    Genre.PATRIMOINE: "Patrimoine",
    Genre.ATELIER: "Atelier",
}


class Besoin(StrEnum):
    """An access need: what an outing welcomes, and what a person asks for."""

    FAUTEUIL = "fauteuil"
    LSF = "lsf"
    AUDIODESCRIPTION = "audiodescription"
    CALME = "calme"


LIBELLES_BESOIN = {
    Besoin.FAUTEUIL: "Fauteuil roulant",
    Besoin.LSF: "Langue des signes",
    Besoin.AUDIODESCRIPTION: "Audiodescription",
    Besoin.CALME: "Séance calme",
}


class Presence(StrEnum):
    PRESENTE = "presente"
    RETARD = "retard"
    ABSENTE = "absente"
    EXCUSEE = "excusee"


ARRIVEES = (Presence.PRESENTE, Presence.RETARD)
MANQUANTES = (Presence.ABSENTE, Presence.EXCUSEE)

LIBELLES_PRESENCE = {
    Presence.PRESENTE: "présence notée",
    Presence.RETARD: "arrivée après le début",
    Presence.ABSENTE: "absence",
    Presence.EXCUSEE: "a prévenu",
}


class Motif(StrEnum):
    """Why somebody did not come, as they say it; nothing of their health beyond the one word."""

    SANTE = "sante"
    FAMILLE = "famille"
    TRANSPORT = "transport"
    OUBLI = "oubli"
    AUTRE = "autre"


LIBELLES_MOTIF = {
    Motif.SANTE: "Santé",
    Motif.FAMILLE: "Famille ou travail",
    Motif.TRANSPORT: "Transport",
    Motif.OUBLI: "Oubli",
    Motif.AUTRE: "Autre raison",
}


class MouvementInterdit(Exception):
    """A bug: the caller did not check that the state may follow."""


def exiger_sortie(de: EtatSortie, vers: EtatSortie) -> None:
    """Raises MouvementInterdit unless an outing may move from `de` to `vers`."""
    if vers not in SUITES_SORTIE[de]:
        raise MouvementInterdit(f"an outing that is {de} does not become {vers}")


def exiger_inscription(de: EtatInscription, vers: EtatInscription) -> None:
    """Raises MouvementInterdit unless an inscription may move from `de` to `vers`."""
    if vers not in SUITES_INSCRIPTION[de]:
        raise MouvementInterdit(f"an inscription that is {de} does not become {vers}")
