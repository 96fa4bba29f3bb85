"""What passes and seats do in the ledger; amounts in centimes.

A pass: ``pass:7``: FOYER +price, ADHESIONS −price. The seats of an inscription: ``sortie:12``: FOYER +Σ prices,
PARTICIPATION_CCAS +(cost − prices), BILLETTERIE −cost. When some seats are given back, the last entry is reversed and
the seats that stay are booked again, ``sortie:12:2``. What is free and costs nothing is not booked.

A seat's cost is frozen when it is booked, as its price is: rewriting an outing changes what later seats are reckoned
at, and giving one back leaves what the others were. What the venue really asks for settles the outing afterwards:
``lieux:3``: BILLETTERIE +all that its seats were reckoned at, LIEUX −what is invoiced, PARTICIPATION_CCAS the rest.
Each invoice entered or taken back reverses that entry and books the next, ``lieux:3:2``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.pass_culture import PassCulture
from culture.models.sorties import Sortie
from kernel.clock import PARIS
from kernel.formats import jour_court
from kernel.web.words import _
from paiements import grand_livre
from paiements.grand_livre import APasser, Ligne
from paiements.models.grand_livre import CompteGL

# What the seats of an outing are reckoned at by the entries that stand, in centimes.
_PREVU = text(
    """
    SELECT coalesce(-sum(m.montant), 0)::int FROM inscription i
      JOIN ecriture e ON e.cle = 'sortie:' || i.id || CASE WHEN i.ecriture > 1 THEN ':' || i.ecriture ELSE '' END
      JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'billetterie'
     WHERE i.sortie_id = :sortie AND NOT EXISTS (SELECT FROM ecriture r WHERE r.contrepasse_id = e.id)
    """
)


@dataclass(frozen=True, slots=True)
class Facture:
    """What a venue asks for an outing, in centimes."""

    lieu_id: int
    montant: int


def cle_du_pass(pass_id: int) -> str:
    return f"pass:{pass_id}"


def cle_de_l_inscription(inscription_id: int, numero: int) -> str:
    """The key of an inscription's entry; its first one bears no number."""
    return f"sortie:{inscription_id}" if numero == 1 else f"sortie:{inscription_id}:{numero}"


def cle_des_lieux(sortie_id: int, numero: int) -> str:
    """The key of the entry that settles an outing; its first one bears no number."""
    return f"lieux:{sortie_id}" if numero == 1 else f"lieux:{sortie_id}:{numero}"


def debiter_pass(session: Session, delivre: PassCulture, libelle: str) -> None:
    """Debit a pass to its household; a free one is not booked."""
    if delivre.prix == 0:
        return
    grand_livre.passer(
        session,
        cle=cle_du_pass(delivre.id),
        jour=delivre.delivre_le.astimezone(PARIS).date(),
        libelle=libelle,
        mouvements=[
            Ligne(CompteGL.FOYER, delivre.prix, foyer_id=delivre.foyer_id),
            Ligne(CompteGL.ADHESIONS, -delivre.prix),
        ],
    )


def rembourser_pass(session: Session, annule: PassCulture, motif: str) -> None:
    """Reverse a pass's debit; harmless twice, and for a free one."""
    grand_livre.contrepasser_en_lot(session, [cle_du_pass(annule.id)], motif)


def debiter_places(
    session: Session, inscription: Inscription, sortie: Sortie, places: Sequence[PlaceSortie], instant: datetime
) -> None:
    """Debit the seats that an inscription holds, as its next entry."""
    lines = lignes_des_places(inscription.foyer_id, sortie, places)
    if lines:
        inscription.ecriture += 1
        grand_livre.passer_en_lot(session, [ecriture_des_places(inscription, sortie, lines, instant)])


def lignes_des_places(foyer_id: int | None, sortie: Sortie, places: Sequence[PlaceSortie]) -> list[Ligne]:
    """What these seats move in the ledger, their cost frozen on each; empty: nothing is to be booked."""
    due = sum(place.prix for place in places) if foyer_id is not None else 0
    for place in places:
        if place.cout is None:
            place.cout = sortie.cout_place
    cost = sum(place.cout or 0 for place in places)
    lines = [
        Ligne(CompteGL.FOYER, due, foyer_id=foyer_id),
        Ligne(CompteGL.PARTICIPATION_CCAS, cost - due),
        Ligne(CompteGL.BILLETTERIE, -cost),
    ]
    return [line for line in lines if line.montant]


def ecriture_des_places(
    inscription: Inscription, sortie: Sortie, lignes: Sequence[Ligne], instant: datetime
) -> APasser:
    """The latest entry of an inscription, which its `ecriture` counts already; the caller books it."""
    return APasser(
        cle=cle_de_l_inscription(inscription.id, inscription.ecriture),
        jour=instant.astimezone(PARIS).date(),
        libelle=f"{sortie.titre}, {jour_court(sortie.debut_le)}",
        mouvements=lignes,
    )


def reprendre_places(session: Session, inscription: Inscription, motif: str) -> None:
    """Reverse the entry that now stands for an inscription; harmless twice."""
    if inscription.ecriture:
        cle = cle_de_l_inscription(inscription.id, inscription.ecriture)
        grand_livre.contrepasser_en_lot(session, [cle], motif)


def regler_le_lieu(
    session: Session, sortie: Sortie, factures: Sequence[Facture], *, numero: int, motif: str, instant: datetime
) -> None:
    """Reverse what settled the outing before (entry `numero` − 1, for that reason), and settle it by these invoices."""
    if numero > 1:
        grand_livre.contrepasser_en_lot(session, [cle_des_lieux(sortie.id, numero - 1)], motif)
    if not factures:
        return
    reckoned = int(session.execute(_PREVU, {"sortie": sortie.id}).scalar_one())
    asked = sum(one.montant for one in factures)
    lines = [
        Ligne(CompteGL.BILLETTERIE, reckoned),
        *(Ligne(CompteGL.LIEUX, -one.montant, tiers=f"lieu:{one.lieu_id}") for one in factures),
        Ligne(CompteGL.PARTICIPATION_CCAS, asked - reckoned),
    ]
    grand_livre.passer(
        session,
        cle=cle_des_lieux(sortie.id, numero),
        jour=instant.astimezone(PARIS).date(),
        libelle=_("Facturé par le lieu : %(titre)s, %(jour)s", titre=sortie.titre, jour=jour_court(sortie.debut_le)),
        mouvements=[line for line in lines if line.montant],
    )
