"""What an import did, or would do: figures, remarks by line, likely duplicates to decide. Pure, and kept as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from foyers.importation.colonnes import Correspondance
from foyers.importation.fautes import Faute

FAUTES_MAX = 5_000
"""Of a report that is kept; beyond, only their number is told."""


@dataclass(frozen=True, slots=True)
class Bilan:
    """Figures: lines read, and what becomes of them."""

    lignes: int = 0
    nouveaux: int = 0
    reconnus: int = 0
    repetees: int = 0
    abonnements: int = 0
    attente: int = 0
    quotients: int = 0


@dataclass(frozen=True, slots=True)
class Fiche:
    """A household beside another, in words: whoever decides compares them."""

    cible: str
    titre: str
    nom: str
    maison: str
    telephone: str | None
    email: str | None
    motif: str = ""


@dataclass(frozen=True, slots=True)
class Proposition:
    """A line that may be a household known already. `decision` is ``distinct``, a target, or None until decided."""

    ligne: int
    fiche: Fiche
    candidats: tuple[Fiche, ...]
    decision: str | None = None


@dataclass(frozen=True, slots=True)
class Rapport:
    nature: str
    notes: tuple[str, ...]
    colonnes: Correspondance
    bilan: Bilan
    fautes: tuple[Faute, ...] = ()
    fautes_en_plus: int = 0
    propositions: tuple[Proposition, ...] = ()
    remarques: int = field(default=0)
    """How many of the remarks are not grave."""

    @property
    def graves(self) -> int:
        return len(self.fautes) + self.fautes_en_plus - self.remarques

    @property
    def a_decider(self) -> int:
        return sum(proposed.decision is None for proposed in self.propositions)

    @property
    def bloque(self) -> bool:
        """Nothing may be written while anything is missing, grave or undecided."""
        return bool(self.colonnes.manquantes or self.graves or self.a_decider)


def rapport(
    nature: str,
    notes: Sequence[str],
    colonnes: Correspondance,
    bilan: Bilan,
    *,
    fautes: Sequence[Faute] = (),
    propositions: Sequence[Proposition] = (),
) -> Rapport:
    """The report, the graver remarks first where not all can be kept, then in the order of the lines."""
    ranked = sorted(fautes, key=lambda fault: (not fault.grave, fault.ligne))
    kept = sorted(ranked[:FAUTES_MAX], key=lambda fault: fault.ligne)
    return Rapport(
        nature=nature,
        notes=tuple(notes),
        colonnes=colonnes,
        bilan=bilan,
        fautes=tuple(kept),
        fautes_en_plus=len(ranked) - len(kept),
        propositions=tuple(propositions),
        remarques=sum(not fault.grave for fault in ranked),
    )


def en_json(told: Rapport) -> str:
    return json.dumps(asdict(told), ensure_ascii=False)


def de_json(text: str) -> Rapport:
    kept: dict[str, Any] = json.loads(text)
    columns = kept.pop("colonnes")
    return Rapport(
        nature=kept["nature"],
        notes=tuple(kept["notes"]),
        colonnes=Correspondance(
            columns["entete"],
            tuple(columns["entetes"]),
            columns["places"],
            tuple(columns["ignorees"]),
            tuple(columns["manquantes"]),
            tuple((a, b) for a, b in columns["devinees"]),
        ),
        bilan=Bilan(**kept["bilan"]),
        fautes=tuple(Faute(**fault) for fault in kept["fautes"]),
        fautes_en_plus=kept["fautes_en_plus"],
        propositions=tuple(_proposition(proposed) for proposed in kept["propositions"]),
        remarques=kept["remarques"],
    )


def _proposition(kept: dict[str, Any]) -> Proposition:
    made = Proposition(kept["ligne"], Fiche(**kept["fiche"]), tuple(Fiche(**c) for c in kept["candidats"]))
    return replace(made, decision=kept["decision"])
