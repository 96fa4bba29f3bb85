"""Likely duplicates laid side by side, and what was decided of each."""

from collections.abc import Mapping, Sequence

from foyers.importation import doublons, ecriture
from foyers.importation.doublons import DISTINCT, Connu
from foyers.importation.lignes import LigneFoyer
from foyers.models import Maison
from kernel.formats import telephone
from kernel.web.words import _
from paniers.importation.rapport import Fiche, Proposition

FUSIONNER = "fusionner"
"""A decision that stands for "the likeliest of those proposed"."""


def proposer(
    foyers: Mapping[int, LigneFoyer],
    connus: Sequence[Connu],
    decisions: Mapping[int, str],
    places: Sequence[Maison],
) -> tuple[list[Proposition], dict[str, str]]:
    """The likely duplicates with their decisions; and target → target for lines that are joined to a household."""
    lines = {f"ligne:{number}": ecriture.ligne_connue(line) for number, line in foyers.items()}
    numbers = {f"ligne:{number}": number for number in foyers}
    found = doublons.rapprocher(list(lines.values()), connus, numbers)
    joined = {f"ligne:{number}": target for number, target in found.exacts.items()}
    names = {place.id: place.nom for place in places}
    by_target = {known.cible: known for known in reversed(connus)} | lines
    written = {f"ligne:{number}": f"{line.prenom} {line.nom}" for number, line in foyers.items()}
    proposed = []
    for number, candidates in found.probables.items():
        decision = _decision(decisions.get(number), [c.cible for c in candidates])
        if decision not in (None, DISTINCT):
            joined[f"ligne:{number}"] = str(decision)
        cards = [_fiche(by_target[c.cible], names, written, c.motif) for c in candidates]
        mine = _fiche(lines[f"ligne:{number}"], names, written, "")
        proposed.append(Proposition(number, mine, tuple(cards), decision))
    return proposed, joined


def _decision(given: str | None, targets: Sequence[str]) -> str | None:
    """What was decided, if it is one of the answers."""
    if given == FUSIONNER:
        return targets[0]
    return given if given == DISTINCT or given in targets else None


def _fiche(known: Connu, places: Mapping[int, str], written: Mapping[str, str], motif: str) -> Fiche:
    kind, _sep, number = known.cible.partition(":")
    title = _("Ligne %(n)s", n=number) if kind == "ligne" else _("Foyer déjà connu")
    name = written.get(known.cible) or f"{known.prenom} {known.nom}".title()
    number = telephone(known.telephone) if known.telephone else ""
    return Fiche(known.cible, title, name, places.get(known.maison_id, ""), number or None, known.email, motif)
