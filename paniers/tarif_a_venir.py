"""What the counter reads of the tariff when it checks a quotient: the next week that can change, and its scale."""

from datetime import datetime

from sqlalchemy.orm import Session

from foyers.effets import Palier, TarifAVenir
from kernel.clock import now
from kernel.money import Euros
from paniers.queries.familles import grille_du, limite
from paniers.regles.tarifs import BaremeLineaire, BaremeTranches


def tarif_a_venir(session: Session, instant: datetime | None = None) -> TarifAVenir | None:
    """None when no week is open, or no scale is in force on its day. Two queries."""
    coming = limite(session, instant or now())
    scale = grille_du(session, coming.retrait_le) if coming else None
    if coming is None or scale is None:
        return None

    def prix(quotient: int | None) -> Euros:
        return scale.tarif(quotient).prix

    return TarifAVenir(coming.retrait_le, coming.cloture_le, prix, _paliers(scale))


def _paliers(scale: BaremeTranches | BaremeLineaire) -> list[Palier]:
    """The bands; of a linear scale nothing, for it has none."""
    if isinstance(scale, BaremeLineaire):
        return []
    return [Palier(band.jusqu_a, band.prix) for band in scale.tranches]
