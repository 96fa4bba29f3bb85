"""docs/performance.md, written from what was measured."""

import os
import platform
from pathlib import Path
from typing import Any

PAGE = Path("docs") / "performance.md"
NOT_YET = {
    "P1": "the closing of a week, against COPY of the same rows",
    "P3": "handing out a basket, 50 devices at once",
    "P4": "the last seats of an outing, 200 clients at once",
    "P5": "the lists that an agent opens",
    "P6": "from a fact to its actor",
    "P7": "the composition (the optimiser is not built)",
    "P8": "a family's pages",
    "P9": "`make run` on a fresh machine",
    "P10": "the weekly charge through Stripe",
}
TITLES = {"P2": "Vouchers of a maison"}
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
    left = [f"- {name}: {what}" for name, what in NOT_YET.items() if name not in rows]
    parts.append("## Not measured yet\n\n" + "\n".join(left) + "\n")
    PAGE.write_text("\n".join(parts))
