"""Outings as iCal (RFC 5545), for a calendar to subscribe to or to keep one of them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

TYPE = "text/calendar; charset=utf-8"
LARGEUR = 73


@dataclass(frozen=True, slots=True)
class Evenement:
    """One event; `cle` stays the same when it changes, `version` grows then."""

    cle: str
    version: int
    debut: datetime
    fin: datetime
    titre: str
    lieu: str
    texte: str
    adresse: str
    annule: bool = False


def calendrier(nom: str, evenements: Iterable[Evenement], *, instant: datetime) -> bytes:
    """A whole calendar of that name."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Paniers et Culture//FR", "METHOD:PUBLISH"]
    lines.append(f"X-WR-CALNAME:{_texte(nom)}")
    for one in evenements:
        lines += _evenement(one, instant)
    lines.append("END:VCALENDAR")
    return "".join(f"{_plie(line)}\r\n" for line in lines).encode()


def _evenement(one: Evenement, instant: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{one.cle}",
        f"SEQUENCE:{one.version}",
        f"DTSTAMP:{_instant(instant)}",
        f"DTSTART:{_instant(one.debut)}",
        f"DTEND:{_instant(one.fin)}",
        f"SUMMARY:{_texte(one.titre)}",
        f"LOCATION:{_texte(one.lieu)}",
        f"DESCRIPTION:{_texte(one.texte)}",
        f"URL:{one.adresse}",
        f"STATUS:{'CANCELLED' if one.annule else 'CONFIRMED'}",
        "END:VEVENT",
    ]


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _texte(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(escaped.splitlines())


def _plie(line: str) -> str:
    """Lines of at most 75 bytes; what follows begins with a blank."""
    folded, length = "", 0
    for sign in line:
        size = len(sign.encode())
        if length + size > LARGEUR:
            folded, length = folded + "\r\n ", 1
        folded, length = folded + sign, length + size
    return folded
