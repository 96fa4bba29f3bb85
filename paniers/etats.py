"""The states of a week and how they may follow one another. Pure."""

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
