"""What a household has paid, as its receipts and its yearly summaries say it: read from the ledger and nowhere else.

A payment, what went back of it, what a bank took back of it, and a counter's receipt are entries of the household's
account; an entry that was reversed counts twice, once each way, on the day of each.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel import documents
from paiements.models.en_ligne import Carte, Echeance, Mandat, Paiement
from paiements.queries.familles import nom_de_carte, nom_de_compte
from paiements.regles.etats import Etat

EN_LIGNE = "en_ligne"
PRELEVEMENT = "prelevement"
"""The means of what was paid online; at a counter they are those of `monnaie.MoyenPaiement`."""


class LigneRecue(NamedTuple):
    """What came in of a household, in centimes (negative: it went back), and of which online payment."""

    ecriture_id: int
    jour: date
    libelle: str
    moyen: str
    montant: int
    paiement_id: int | None


@dataclass(frozen=True, slots=True)
class RecuVu:
    """An online payment as the page lists it; `pret`: its receipt is there as it stands."""

    paiement_id: int
    jour: date
    libelle: str
    montant: int
    pret: bool


@dataclass(frozen=True, slots=True)
class AnneeVue:
    """A year of a household: all that it has paid by every means, in centimes, and its online payments."""

    annee: int
    total: int
    recus: Sequence[RecuVu]
    pret: bool


@dataclass(frozen=True, slots=True)
class PapierDemande:
    """The paper that a page waits for: a year's summary, or the receipt of a payment."""

    annee: int | None
    recu_id: int | None
    pret: bool


@dataclass(frozen=True, slots=True)
class PaiementRecu:
    """What a receipt says of an online payment beside its lines; `pour` is what it settled, where that was one thing.

    `reference` is what Stripe and we both call it.
    """

    foyer_id: int
    reference: str
    moyen: str
    par: str | None
    pour: str | None
    nature: str


_LIGNES = text(
    """
    SELECT e.id, e.jour, e.libelle, coalesce(q.moyen, CASE WHEN p.mandat_id IS NULL THEN 'en_ligne'
           ELSE 'prelevement' END) AS moyen, CAST(f.recu AS bigint) AS montant, p.id AS paiement_id
    FROM (SELECT ecriture_id, -sum(montant) AS recu FROM mouvement WHERE foyer_id = :foyer GROUP BY ecriture_id) f
    JOIN ecriture e ON e.id = f.ecriture_id
    LEFT JOIN ecriture o ON o.id = e.contrepasse_id
    CROSS JOIN LATERAL (SELECT split_part(coalesce(o.cle, e.cle), ':', 1) AS genre,
                               split_part(coalesce(o.cle, e.cle), ':', 2) AS numero) c
    LEFT JOIN quittance q ON c.genre = 'quittance' AND CAST(q.id AS text) = c.numero
    LEFT JOIN remboursement r ON c.genre = 'remboursement' AND CAST(r.id AS text) = c.numero
    LEFT JOIN litige l ON c.genre = 'litige' AND CAST(l.id AS text) = c.numero
    LEFT JOIN paiement p ON p.foyer_id = :foyer
         AND CASE WHEN c.genre = 'paiement' THEN CAST(p.id AS text) = c.numero
                  ELSE p.id = coalesce(r.paiement_id, l.paiement_id) END
    WHERE q.id IS NOT NULL OR p.id IS NOT NULL
    ORDER BY e.jour, e.id
    """
)


def lignes(session: Session, foyer_id: int) -> list[LigneRecue]:
    """All that the household has ever paid and got back, oldest first."""
    return [LigneRecue(*row) for row in session.execute(_LIGNES, {"foyer": foyer_id})]


def annees(session: Session, foyer_id: int) -> list[AnneeVue]:
    """The years in which something was paid, the latest first."""
    read = lignes(session, foyer_id)
    by_year = [(year, list(some)) for year, some in groupby(read, lambda one: one.jour.year)]
    keys = [cle_de_l_attestation(foyer_id, year, some) for year, some in by_year]
    made = documents.existing(session, keys + [cle_du_recu(read, one) for one in _payes(read)])
    return [
        AnneeVue(
            annee=year,
            total=sum(one.montant for one in some),
            recus=[
                RecuVu(paid, line.jour, line.libelle, line.montant, cle_du_recu(read, paid) in made)
                for paid, line in _payes(some).items()
            ][::-1],
            pret=key in made,
        )
        for (year, some), key in zip(by_year, keys, strict=True)
    ][::-1]


def papier_demande(years: Sequence[AnneeVue], asked: str) -> PapierDemande | None:
    """What the end of an address asks for (``annee-2026``, ``recu-12``), if it is one of these."""
    for year in years:
        if asked == f"annee-{year.annee}":
            return PapierDemande(year.annee, None, year.pret)
        for one in year.recus:
            if asked == f"recu-{one.paiement_id}":
                return PapierDemande(None, one.paiement_id, one.pret)
    return None


def _payes(some: Iterable[LigneRecue]) -> dict[int, LigneRecue]:
    """Each online payment among these lines, by the line that brought its money."""
    found: dict[int, LigneRecue] = {}
    for line in some:
        if line.paiement_id is not None and line.montant > 0:
            found.setdefault(line.paiement_id, line)
    return found


def cle_du_recu(read: Iterable[LigneRecue], paiement_id: int) -> str:
    """The key of a payment's receipt among the documents: another one once something of it has gone back."""
    last = max((one.ecriture_id for one in read if one.paiement_id == paiement_id), default=0)
    return f"recu:{paiement_id}:{last}"


def cle_de_l_attestation(foyer_id: int, annee: int, some: Iterable[LigneRecue]) -> str:
    """The key of a year's summary: another one with each line that the year gains."""
    return f"attestation:{foyer_id}:{annee}:{max(one.ecriture_id for one in some)}"


def paiement_recu(session: Session, paiement_id: int) -> PaiementRecu | None:
    """An online payment that has brought its money."""
    paid = session.get(Paiement, paiement_id)
    if paid is None or paid.etat != Etat.REUSSI:
        return None
    due = session.get(Echeance, paid.echeance_id) if paid.echeance_id else None
    account = session.get(Mandat, paid.mandat_id) if paid.mandat_id else None
    card = session.get(Carte, paid.carte_id) if paid.carte_id else None
    return PaiementRecu(
        foyer_id=paid.foyer_id,
        reference=paid.cle.hex[:8].upper(),
        moyen=PRELEVEMENT if account else EN_LIGNE,
        par=nom_de_compte(account) if account else nom_de_carte(card) if card else None,
        pour=due.libelle if due else None,
        nature=paid.nature,
    )
