"""`flask demo jouer`."""

from datetime import date


def jouer(*, foyers: int, graine: int, jour: date, en_json: bool) -> int:
    return 0
