"""The end of a till's day: counted by coin and note, compared with the ledger, the difference booked and explained.

Between two days that are closed everything is kept: a day that nobody closed is counted with the next one.
"""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel import clock
from kernel.errors import Refus
from kernel.formats import euros
from paiements import grand_livre
from paiements.grand_livre import Ligne
from paiements.models.grand_livre import CompteGL, Mouvement
from paiements.models.regie import ClotureCaisse
from paiements.regie.acte import encaisse, est_close, exiger_mandataire, tiers, verrouiller_caisse
from paiements.regles.monnaie import total


class EcartSansExplication(Refus):
    """The count differs from the ledger and nobody has said what they know of it; `ecart` in centimes."""

    def __init__(self, trouve: int, ecart: int) -> None:
        what = f"il manque {euros(-ecart)}" if ecart < 0 else f"il y a {euros(ecart)} de trop"
        super().__init__(
            f"Vous avez compté {euros(trouve)} : {what}. Recomptez. Si c’est bien cela, écrivez ce que vous en savez, "
            "puis validez : l’écart est noté, personne n’est accusé."
        )
        self.ecart = ecart


def clore(
    session: Session, maison_id: int, comptage: Mapping[int, int], *, explication: str | None, par: int | None
) -> ClotureCaisse:
    """Close the till for today with what was counted: {coupure in centimes: how many}. Raises Refus.

    1. the till locked; 2. count against ledger; 3. the difference on its own account; 4. the terminal's day goes to
    the Treasury, as its own machine sends it.
    """
    verrouiller_caisse(session, maison_id)
    exiger_mandataire(session, maison_id, par)
    if est_close(session, maison_id, clock.today()):
        raise Refus("Cette caisse est déjà close pour aujourd’hui.")
    found, expected = total(comptage), encaisse(session, maison_id)
    if found != expected and not (explication or "").strip():
        raise EcartSansExplication(found, found - expected)
    closing = ClotureCaisse(
        maison_id=maison_id,
        jour=clock.today(),
        close_le=clock.now(),
        par=par,
        comptage={str(coupure): count for coupure, count in comptage.items() if count},
        trouve=found,
        theorique=expected,
        ecart=found - expected,
        explication=(explication or "").strip() or None,
        derniere_ecriture=_derniere_ecriture(session, maison_id),
    )
    session.add(closing)
    session.flush()  # its entries name it
    _noter_l_ecart(session, closing)
    _telecollecter(session, closing)
    return closing


def _noter_l_ecart(session: Session, closing: ClotureCaisse) -> None:
    if closing.ecart:
        grand_livre.passer(
            session,
            cle=f"ecart:{closing.id}",
            jour=closing.jour,
            libelle="Écart de caisse",
            mouvements=[
                Ligne(CompteGL.CAISSE, closing.ecart, tiers=tiers(closing.maison_id)),
                Ligne(CompteGL.ECART_CAISSE, -closing.ecart, tiers=tiers(closing.maison_id)),
            ],
        )


def _telecollecter(session: Session, closing: ClotureCaisse) -> None:
    taken = encaisse(session, closing.maison_id, CompteGL.TPE)
    if taken:
        grand_livre.passer(
            session,
            cle=f"telecollecte:{closing.id}",
            jour=closing.jour,
            libelle="Télécollecte du terminal",
            mouvements=[
                Ligne(CompteGL.TRESOR, taken),
                Ligne(CompteGL.TPE, -taken, tiers=tiers(closing.maison_id)),
            ],
        )


def _derniere_ecriture(session: Session, maison_id: int) -> int:
    """The last entry that moved this till; its movements take turns, so all earlier ones have a smaller key."""
    last = select(func.coalesce(func.max(Mouvement.ecriture_id), 0))
    last = last.where(Mouvement.tiers == tiers(maison_id), Mouvement.compte == CompteGL.CAISSE)
    return int(session.execute(last).scalar_one())
