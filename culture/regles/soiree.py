"""When an evening's list may be read and written. Pure; instants are aware.

Telephone numbers are lent to who accompanies the group for the evening: from midnight of that day until three hours
after the end. Who was there can be noted from then on, and mended for a week.
"""

from datetime import datetime, time, timedelta

from culture.regles.etats import Presence
from kernel.clock import PARIS, paris

APRES_LA_FIN = timedelta(hours=3)
CORRIGIBLE = timedelta(days=7)


def jour_j(rendez_vous_le: datetime) -> datetime:
    """Midnight, in Paris, of the day on which people meet."""
    return paris(rendez_vous_le.astimezone(PARIS).date(), time())


def telephones_lisibles(rendez_vous_le: datetime, fin_le: datetime, instant: datetime) -> bool:
    """Whether it is that evening."""
    return jour_j(rendez_vous_le) <= instant <= fin_le + APRES_LA_FIN


def pointage_ouvert(rendez_vous_le: datetime, fin_le: datetime, instant: datetime) -> bool:
    """Whether presences can be noted, or mended."""
    return jour_j(rendez_vous_le) <= instant <= fin_le + CORRIGIBLE


def arrivee_a(debut_le: datetime, instant: datetime) -> Presence:
    """How somebody arrives who is seen at that instant: in time, or after it has begun."""
    return Presence.PRESENTE if instant < debut_le else Presence.RETARD
