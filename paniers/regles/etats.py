"""The states of a week and of a request on the waiting list, and how they may follow one another. Pure."""

from enum import StrEnum


class EtatSemaine(StrEnum):
    OUVERTE = "ouverte"
    CLOTUREE = "cloturee"
    COMMANDEE = "commandee"
    LIVREE = "livree"
    TERMINEE = "terminee"
    ANNULEE = "annulee"


SUITES: dict[EtatSemaine, frozenset[EtatSemaine]] = {
    EtatSemaine.OUVERTE: frozenset({EtatSemaine.CLOTUREE, EtatSemaine.ANNULEE}),
    EtatSemaine.CLOTUREE: frozenset({EtatSemaine.COMMANDEE, EtatSemaine.ANNULEE}),
    EtatSemaine.COMMANDEE: frozenset({EtatSemaine.LIVREE, EtatSemaine.TERMINEE, EtatSemaine.ANNULEE}),
    EtatSemaine.LIVREE: frozenset({EtatSemaine.TERMINEE, EtatSemaine.ANNULEE}),
    EtatSemaine.TERMINEE: frozenset(),
    # Skipped before the cut-off, it may be opened again until then.
    EtatSemaine.ANNULEE: frozenset({EtatSemaine.OUVERTE}),
}


def peut_suivre(de: EtatSemaine, vers: EtatSemaine) -> bool:
    """Whether a week may move from `de` to `vers`."""
    return vers in SUITES[de]


LIBELLES = {
    EtatSemaine.OUVERTE: "ouverte",
    EtatSemaine.CLOTUREE: "clôturée",
    EtatSemaine.COMMANDEE: "commandée",
    EtatSemaine.LIVREE: "livrée",
    EtatSemaine.TERMINEE: "terminée",
    EtatSemaine.ANNULEE: "annulée",
}


class EtatAttente(StrEnum):
    EN_ATTENTE = "en_attente"
    OFFERTE = "offerte"
    ACCEPTEE = "acceptee"
    DECLINEE = "declinee"
    EXPIREE = "expiree"
    RETIREE = "retiree"


SUITES_ATTENTE: dict[EtatAttente, frozenset[EtatAttente]] = {
    # A household that finds a place by itself has what it waited for, offered or not.
    EtatAttente.EN_ATTENTE: frozenset({EtatAttente.OFFERTE, EtatAttente.ACCEPTEE, EtatAttente.RETIREE}),
    EtatAttente.OFFERTE: frozenset({EtatAttente.ACCEPTEE, EtatAttente.DECLINEE, EtatAttente.EXPIREE}),
    EtatAttente.ACCEPTEE: frozenset(),
    EtatAttente.DECLINEE: frozenset(),
    EtatAttente.EXPIREE: frozenset(),
    EtatAttente.RETIREE: frozenset(),
}
OUVERTES = (EtatAttente.EN_ATTENTE, EtatAttente.OFFERTE)
