"""The only door to the ledger: double entry, whole centimes, entries that are never changed.

A movement is positive on the debit side: a basket debits its household's account (what it owes grows), a payment
credits it. Each entry has a key that says what it books (``panier:12``, ``paiement:7``); the same key is booked once,
however often it is asked. The movements of an entry go in by one statement, and the database refuses them unless
they sum to zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import ScalarSelect, SQLColumnExpression, func, select, text
from sqlalchemy.orm import Session

from kernel import clock
from paiements.models.grand_livre import CompteGL, Ecriture, Mouvement


@dataclass(frozen=True, slots=True)
class Ligne:
    """One movement: `montant` in centimes, positive = debit. `foyer_id` for the account FOYER and for it alone."""

    compte: CompteGL
    montant: int
    foyer_id: int | None = None
    tiers: str | None = None


@dataclass(frozen=True, slots=True)
class APasser:
    """An entry to book. `jour` is the Paris day that it bears."""

    cle: str
    jour: date
    libelle: str
    mouvements: Sequence[Ligne]


class Debit(NamedTuple):
    """What a basket costs its household (`prix`) and the scheme (`cout`), in centimes, for all of `nombre`."""

    panier_id: int
    foyer_id: int
    prix: int
    cout: int


class LigneDeCompte(NamedTuple):
    """A line of a household's account, in centimes; `solde` is what it owed after it (negative: in advance)."""

    ecriture_id: int
    cle: str
    jour: date
    libelle: str
    montant: int
    solde: int


_PASSER = text(
    """
    WITH a_passer AS (
        SELECT * FROM unnest(CAST(:cles AS text[]), CAST(:jours AS date[]), CAST(:libelles AS text[]))
                      AS e(cle, jour, libelle)
    ), passees AS (
        INSERT INTO ecriture (cle, jour, libelle, passee_le)
        SELECT cle, jour, libelle, :maintenant FROM a_passer
        ON CONFLICT (cle) DO NOTHING RETURNING id, cle
    ), mouvements AS (
        INSERT INTO mouvement (ecriture_id, compte, foyer_id, tiers, montant)
        SELECT p.id, m.compte, m.foyer_id, m.tiers, m.montant
        FROM unnest(CAST(:m_cles AS text[]), CAST(:comptes AS text[]), CAST(:foyers AS bigint[]),
                    CAST(:tiers AS text[]), CAST(:montants AS integer[]))
             AS m(cle, compte, foyer_id, tiers, montant)
        JOIN passees p ON p.cle = m.cle
    )
    SELECT cle, id FROM passees
    """
)

_DEBITER = text(
    """
    WITH debit AS (
        SELECT 'panier:' || d.panier_id AS cle, d.foyer_id, d.prix, d.cout
        FROM unnest(CAST(:paniers AS bigint[]), CAST(:foyers AS bigint[]),
                    CAST(:prix AS integer[]), CAST(:couts AS integer[])) AS d(panier_id, foyer_id, prix, cout)
    ), passees AS (
        INSERT INTO ecriture (cle, jour, libelle, passee_le)
        SELECT cle, :jour, :libelle, :maintenant FROM debit
        ON CONFLICT (cle) DO NOTHING RETURNING id, cle
    ), mouvements AS (
        INSERT INTO mouvement (ecriture_id, compte, foyer_id, montant)
        SELECT p.id, l.compte, l.foyer_id, l.montant
        FROM debit d
        JOIN passees p ON p.cle = d.cle
        CROSS JOIN LATERAL (VALUES ('foyer', d.foyer_id, d.prix),
                                   ('participation_ccas', NULL, d.cout - d.prix),
                                   ('achats', NULL, -d.cout)) AS l(compte, foyer_id, montant)
        WHERE l.montant <> 0
    )
    SELECT count(*) FROM passees
    """
)

_CONTREPASSER = text(
    """
    WITH passee AS (
        INSERT INTO ecriture (cle, jour, libelle, passee_le, contrepasse_id)
        SELECT 'contrepassation:' || id, :jour, :libelle, :maintenant, id FROM ecriture WHERE id = :ecriture
        ON CONFLICT DO NOTHING RETURNING id
    ), mouvements AS (
        INSERT INTO mouvement (ecriture_id, compte, foyer_id, tiers, montant)
        SELECT passee.id, m.compte, m.foyer_id, m.tiers, -m.montant
        FROM passee JOIN mouvement m ON m.ecriture_id = :ecriture
    )
    SELECT id FROM passee
    """
)

_CONTREPASSER_EN_LOT = text(
    """
    WITH passees AS (
        INSERT INTO ecriture (cle, jour, libelle, passee_le, contrepasse_id)
        SELECT 'contrepassation:' || id, :jour, :libelle, :maintenant, id FROM ecriture
        WHERE cle = ANY(CAST(:cles AS text[]))
        ON CONFLICT DO NOTHING RETURNING id, contrepasse_id
    ), mouvements AS (
        INSERT INTO mouvement (ecriture_id, compte, foyer_id, tiers, montant)
        SELECT p.id, m.compte, m.foyer_id, m.tiers, -m.montant
        FROM passees p JOIN mouvement m ON m.ecriture_id = p.contrepasse_id
    )
    SELECT count(*) FROM passees
    """
)

_LIGNES = text(
    """
    SELECT e.id, e.cle, e.jour, e.libelle, l.montant,
           CAST(sum(l.montant) OVER (ORDER BY e.jour, e.id) AS bigint) AS solde
    FROM (SELECT ecriture_id, CAST(sum(montant) AS bigint) AS montant
          FROM mouvement WHERE foyer_id = :foyer GROUP BY ecriture_id) l
    JOIN ecriture e ON e.id = l.ecriture_id
    ORDER BY e.jour, e.id
    """
)


def passer(session: Session, *, cle: str, jour: date, libelle: str, mouvements: Sequence[Ligne]) -> int | None:
    """Book one entry and return its id; None when `cle` is booked already."""
    return passer_en_lot(session, [APasser(cle, jour, libelle, mouvements)]).get(cle)


def passer_en_lot(session: Session, ecritures: Sequence[APasser]) -> Mapping[str, int]:
    """Book many entries by one statement; returns key → id of those that were not booked yet.

    Raises ValueError for an entry whose movements do not sum to zero, or that has none.
    """
    for ecriture in ecritures:
        if not ecriture.mouvements or sum(ligne.montant for ligne in ecriture.mouvements) != 0:
            raise ValueError(f"the movements of {ecriture.cle} do not sum to zero")
    lignes = [(ecriture.cle, ligne) for ecriture in ecritures for ligne in ecriture.mouvements]
    passees = session.execute(
        _PASSER,
        {
            "cles": [e.cle for e in ecritures],
            "jours": [e.jour for e in ecritures],
            "libelles": [e.libelle for e in ecritures],
            "maintenant": clock.now(),
            "m_cles": [cle for cle, _ in lignes],
            "comptes": [str(ligne.compte) for _, ligne in lignes],
            "foyers": [ligne.foyer_id for _, ligne in lignes],
            "tiers": [ligne.tiers for _, ligne in lignes],
            "montants": [ligne.montant for _, ligne in lignes],
        },
    )
    return {ligne.cle: ligne.id for ligne in passees}


def debiter_paniers(
    session: Session, jour: date, libelle: str, debits: Sequence[Debit | tuple[int, int, int, int]]
) -> int:
    """Debit each basket to its household, the rest of its cost to the CCAS; returns how many were not booked yet.

    `debits` are (panier_id, foyer_id, prix, cout), price and cost in centimes for all the baskets of the row. One
    statement, whatever their number: ``panier:{id}``: FOYER +prix, PARTICIPATION_CCAS +(cout − prix), ACHATS −cout.
    """
    if not debits:
        return 0
    paniers, foyers, prix, couts = (list(colonne) for colonne in zip(*debits, strict=True))
    valeurs = {"paniers": paniers, "foyers": foyers, "prix": prix, "couts": couts}
    passees = session.execute(_DEBITER, valeurs | {"jour": jour, "libelle": libelle, "maintenant": clock.now()})
    return int(passees.scalar_one())


def contrepasser(session: Session, ecriture_id: int, motif: str) -> int | None:
    """Reverse an entry by its mirror, dated today; `motif` (in French) is what the household reads.

    Returns the new entry's id, None when it has been reversed already (or does not exist).
    """
    valeurs = {"ecriture": ecriture_id, "libelle": motif, "jour": clock.today(), "maintenant": clock.now()}
    return session.execute(_CONTREPASSER, valeurs).scalar_one_or_none()


def contrepasser_en_lot(session: Session, cles: Sequence[str], motif: str) -> int:
    """Reverse the entries booked under these keys, by one statement; returns how many had not been reversed yet."""
    valeurs = {"cles": list(cles), "libelle": motif, "jour": clock.today(), "maintenant": clock.now()}
    return int(session.execute(_CONTREPASSER_EN_LOT, valeurs).scalar_one())


def solde(session: Session, foyer_id: int) -> int:
    """What the household owes, in centimes; negative when it has paid in advance."""
    somme = select(func.coalesce(func.sum(Mouvement.montant), 0)).where(Mouvement.foyer_id == foyer_id)
    return int(session.execute(somme).scalar_one())


def solde_en_sql(foyer_id: SQLColumnExpression[int]) -> ScalarSelect[int]:
    """The same, for a statement that reads something else of that household."""
    return select(func.coalesce(func.sum(Mouvement.montant), 0)).where(Mouvement.foyer_id == foyer_id).scalar_subquery()


def soldes(session: Session, foyers: Sequence[int]) -> dict[int, int]:
    """What each of these households owes, in centimes, by one query."""
    lu = session.execute(
        select(Mouvement.foyer_id, func.sum(Mouvement.montant))
        .where(Mouvement.foyer_id.in_(foyers))
        .group_by(Mouvement.foyer_id)
    )
    trouves = {foyer_id: int(somme) for foyer_id, somme in lu}
    return {foyer_id: trouves.get(foyer_id, 0) for foyer_id in foyers}


def solde_du_compte(session: Session, compte: CompteGL) -> int:
    """The balance of one of the ledger's accounts, all households together, in centimes."""
    somme = select(func.coalesce(func.sum(Mouvement.montant), 0)).where(Mouvement.compte == compte)
    return int(session.execute(somme).scalar_one())


def lignes_du_compte(session: Session, foyer_id: int) -> list[LigneDeCompte]:
    """The household's account, oldest line first, each with the balance after it."""
    return [LigneDeCompte(*ligne) for ligne in session.execute(_LIGNES, {"foyer": foyer_id})]


def ecriture_de(session: Session, cle: str) -> Ecriture | None:
    """The entry booked under that key."""
    return session.scalars(select(Ecriture).where(Ecriture.cle == cle)).one_or_none()
