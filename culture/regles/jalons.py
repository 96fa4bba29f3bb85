"""When the registered are reminded of an outing, thanked, and asked two questions. Pure; instants are aware.

Days are civil days of Paris, so that a night when clocks change moves nothing. A reminder that is late is still told
as long as it helps; the next one replaces it.
"""

from datetime import datetime, time, timedelta
from enum import StrEnum

from kernel.clock import PARIS, paris

AVANT = timedelta(days=3)
DIX_HEURES, HUIT_HEURES = time(10), time(8)
AU_MOINS = timedelta(hours=2)
JOURS_POUR_REPONDRE = 21


class Jalon(StrEnum):
    TROIS_JOURS = "j3"
    LE_JOUR = "jour"


def rappel_du(rendez_vous_le: datetime, instant: datetime) -> tuple[Jalon, datetime] | None:
    """The reminder that is due, and since when; nothing before three days ahead, nor once people have met."""
    day = rendez_vous_le.astimezone(PARIS).date()
    morning = min(paris(day, HUIT_HEURES), rendez_vous_le - AU_MOINS)
    if morning <= instant < rendez_vous_le:
        return Jalon.LE_JOUR, morning
    ahead = paris(day - AVANT, DIX_HEURES)
    return (Jalon.TROIS_JOURS, ahead) if ahead <= instant < morning else None


def merci_des(debut_le: datetime) -> datetime:
    """From when on the group is thanked: the morning after."""
    return paris(debut_le.astimezone(PARIS).date() + timedelta(days=1), DIX_HEURES)


def avis_jusqu_a(debut_le: datetime) -> datetime:
    """Until when the two questions may be answered, and the answer changed: the end of the third week."""
    return paris(debut_le.astimezone(PARIS).date() + timedelta(days=JOURS_POUR_REPONDRE + 1))
