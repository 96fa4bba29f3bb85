"""docs/performance.md, written from what was measured."""

import os
import platform
from pathlib import Path
from typing import Any

from bench.explained import WHY_SHORT

PAGE = Path("docs") / "performance.md"
TITLES = {
    "P1": "The closing of a week",
    "P2": "Vouchers of a maison",
    "P3": "Handing out baskets",
    "P4": "The last seats of an outing",
    "P5": "Lists that an agent opens",
    "P6": "From a fact to its actor",
    "P7": "The composition (its optimiser is not built)",
    "P8": "A family's pages",
    "P9": "`make run`",
    "P10": "The weekly charge through Stripe",
}
HEAD = """# How quick it is, and how that is known

Written by `make bench` (`make bench QUOI=P2` for one row): do not edit. Figures are medians of five runs after one to
warm up, where the text says nothing else. "atteint" and "manqué" judge a figure by its target; a "repère" is there to
compare with. The load is the machine's, of the last five minutes: beside other work, figures are worse than they are.
"""


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def load() -> str:
    """How busy the machine was with everything in the last five minutes; the bench alone is about 1."""
    return f"{os.getloadavg()[1]:.1f}"


def write_page(rows: dict[str, Any]) -> None:
    parts = [HEAD]
    for name in sorted(rows, key=lambda row: int(row[1:])):
        row = rows[name]
        parts.append(f"## {name}. {TITLES[name]}\n\n{row['le'][:10]}; {row['machine']}; load {row['charge']}.\n")
        lines = ["| Mesure | Valeur | Cible | | What it means |", "|---|---:|---:|---|---|"]
        lines += [
            f"| {m['quoi']} | {m['affiche']} {m['unite']} | {m['cible']} | {m['verdict']} | {m['sens']} |"
            for m in row["mesures"]
        ]
        parts.append("\n".join(lines) + "\n")
        if name in WHY_SHORT and any(m["verdict"] == "manqué" for m in row["mesures"]):
            parts.append(WHY_SHORT[name] + "\n")
    left = [f"- {name}. {what}" for name, what in TITLES.items() if name not in rows]
    parts += ["## Not measured yet\n\n" + "\n".join(left) + "\n"] if left else []
    PAGE.write_text("\n".join(parts))
