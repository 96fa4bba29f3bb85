"""``python -m bench [P2 …]``: measure these rows or all, print the table, write ``var/bench.json`` and the page."""

import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import bells, charges, closing, family, handing, lists, seats, start, vouchers
from bench.figures import Figure, shown
from bench.ground import settings_of_a_bench
from bench.report import load, machine, write_page

ROWS = {
    "P1": closing.run,
    "P2": vouchers.run,
    "P3": handing.run,
    "P4": seats.run,
    "P5": lists.run,
    "P6": bells.run,
    "P8": family.run,
    "P9": start.run,
    "P10": charges.run,
}


def main(asked: list[str]) -> int:
    if unknown := set(asked) - set(ROWS):
        print(f"Pas de mesure {', '.join(sorted(unknown))}. Il y a : {', '.join(ROWS)}.", file=sys.stderr)
        return 2
    settings_of_a_bench()
    figures: list[Figure] = []
    for name in asked or list(ROWS):
        print(f"{name}…", file=sys.stderr)
        found = ROWS[name]()
        keep(found)  # what has been measured stays, whatever becomes of the next row
        figures += found
    print(table(figures))
    return 0


def table(figures: list[Figure]) -> str:
    lines = [("", "Mesure", "Valeur", "Cible", "")]
    lines += [(f.row, f.what, f"{shown(f.value)} {f.unit}".strip(), f.target, f.verdict) for f in figures]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def keep(figures: list[Figure]) -> None:
    """Rows measured now take the place of the same rows measured before; the page shows all."""
    path = Path("var") / "bench.json"
    path.parent.mkdir(exist_ok=True)
    before = json.loads(path.read_text()) if path.exists() else {}
    when = datetime.now(UTC).isoformat(timespec="minutes")  # noqa: TID251  # the real day of a real measure
    for row in {figure.row for figure in figures}:
        of_row = [figure for figure in figures if figure.row == row]
        before[row] = {
            "le": when,
            "machine": machine(),
            "charge": load(),
            "mesures": [as_json(figure) for figure in of_row],
        }
    path.write_text(json.dumps(before, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    write_page(before)


def as_json(figure: Figure) -> dict[str, object]:
    return {
        "quoi": figure.what, "valeur": round(figure.value, 4), "unite": figure.unit, "cible": figure.target,
        "verdict": figure.verdict, "sens": figure.meaning, "affiche": shown(figure.value),
    }  # fmt: skip


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all it has started ends with it
    sys.exit(main(sys.argv[1:]))
