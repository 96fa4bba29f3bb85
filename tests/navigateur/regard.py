"""What is asked of every page, whoever reads it: for everybody (axe), at 320 px, light and dark, in French."""

import os
import re
from pathlib import Path
from typing import Any

from tests.navigateur.ecran import BUREAU, TELEPHONE, Ecran

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "var" / "captures"
ETROIT = {"width": 320, "height": 740}
LARGEURS = (TELEPHONE[0], 720, 900, BUREAU[0])
"""Where a page lies otherwise than at 320 px: what scrolls or stands fixed on a telephone may be too wide on a desk."""
DE_LA_FORME = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
"""What depends on the width and on the colours; the rest was asked already."""
_GRAVE = {"serious", "critical"}

# Words that only a machine, or a sentence left untranslated, would say on a French page.
ANGLAIS = re.compile(
    r"\b(submit|not found|required|error|forbidden|bad request|search|password|log ?in|sign (?:in|out)|undefined|none"
    r"|null|nan|true|false|loading|this field|invalid|internal server|traceback|object at 0x)\b",
    re.IGNORECASE,
)
# What belongs to the machine: keys in snake_case, week codes, ISO dates, unfilled places of a template.
MACHINE = re.compile(
    r"\b[a-zà-ÿ]+_[a-zà-ÿ_]+\b|\b\d{4}-W\d{2}\b|\b\d{4}-(?:0\d|1[0-2])-\d{2}\b|%\(\w+\)|\{\{|\{%|&[a-z]+;"
)
# French signs stand after a space that does not break.
CASSANT = re.compile(r"[^\s\d][ ][!?;:»€%](?=\s|$)|\d [€%h](?=\W|$)|« ")
_ADRESSES = re.compile(r"\S+@\S+|https?://\S+")

_LU = """() => ({
  texte: document.body.innerText,
  dits: [...document.querySelectorAll('[aria-label],[title],[alt],[placeholder]')].flatMap((e) =>
    ['aria-label', 'title', 'alt', 'placeholder'].map((a) => e.getAttribute(a)).filter(Boolean)),
  titre: document.title, h1: document.querySelectorAll('h1').length, langue: document.documentElement.lang,
  saisies: [...document.querySelectorAll('textarea')].map((e) => e.value),
})"""
_LARGEUR = """() => {
  const page = document.documentElement, width = page.clientWidth;
  const right = (e) => e.getBoundingClientRect().right;
  // What stands fixed makes nothing scroll: it is cut off, or its words run into one another.
  const cut = [...document.querySelectorAll('.nav > li > *, .nav > li summary')]
    .filter((e) => right(e) > width + 1 || e.scrollWidth > e.clientWidth + 1);
  if (page.scrollWidth <= width && !cut.length) return null;
  const wide = [...document.querySelectorAll('body *')].filter((e) => right(e) > width + 1);
  return `${page.scrollWidth} px in ${width}: ` + [...cut, ...wide].slice(0, 3).map((e) => e.outerHTML.slice(0, 90));
}"""
_VERDICT = """async (rules) =>
  (await axe.run(document, {resultTypes: ['violations'], preload: false, ...(rules && {runOnly: rules})})).violations
  .map((v) => ({id: v.id, impact: v.impact, ou: v.nodes.slice(0, 4).map((n) =>
    [n.target.join(' '), n.html.slice(0, 120), n.any.map((c) => c.message).join(' ').slice(0, 200)].join(' | '))}))"""


def examiner(ecran: Ecran, *, connue: bool = False, refus: bool = False) -> list[str]:
    """The faults of the page that is open, wide and light as it stands, then narrow and dark. Empty when all is well.

    Of a page that is `connue`, as others read it too, axe is asked no more what their eyes have in common: only what
    depends on the width and on the colours. A `refus` is the page just examined with what is to be corrected: at the
    widths between it lies as before. Without JavaScript axe cannot run: its clock stands still.
    """
    page, before = ecran.page, ecran.page.viewport_size
    assert before is not None
    faults = [*_mots(ecran), *([] if connue else _violations(ecran, "light"))]
    for width in () if refus else LARGEURS:
        page.set_viewport_size({"width": width, "height": before["height"]})
        faults += _defilement(ecran)
    page.set_viewport_size({"width": ETROIT["width"], "height": ETROIT["height"]})
    page.emulate_media(color_scheme="dark")
    faults += [*_defilement(ecran), *_violations(ecran, "320 px, dark", DE_LA_FORME)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)
    return [f"{ecran.chemin}: {fault}" for fault in faults]


def capturer(ecran: Ecran, nom: str) -> None:
    """With CAPTURES=1, keep the page that is open as pictures, of a telephone and of a desk, to be looked at."""
    if not os.environ.get("CAPTURES"):
        return
    CAPTURES.mkdir(parents=True, exist_ok=True)
    before = ecran.page.viewport_size
    assert before is not None
    for width, height in (TELEPHONE, BUREAU):
        ecran.page.set_viewport_size({"width": width, "height": height})
        # The bar at the foot of a telephone stays at the foot of the picture.
        whole = min(int(ecran.page.evaluate("document.documentElement.scrollHeight")), 5_000)
        ecran.page.set_viewport_size({"width": width, "height": max(height, whole)})
        name = re.sub(r"[^\w-]+", "-", nom)
        ecran.page.screenshot(path=CAPTURES / f"{name}-{width}.png", full_page=True)
    ecran.page.set_viewport_size(before)


def _violations(ecran: Ecran, how: str, rules: list[str] | None = None) -> list[str]:
    if not ecran.javascript:
        return []
    found: list[dict[str, Any]] = ecran.page.evaluate(_VERDICT, rules)
    return [f"axe, {how}: {v['impact']} {v['id']} {v['ou']}" for v in found if v["impact"] in _GRAVE]


def _defilement(ecran: Ecran) -> list[str]:
    wide = ecran.page.evaluate(_LARGEUR)
    return [f"scrolls sideways: {wide}"] if wide else []


def _mots(ecran: Ecran) -> list[str]:
    read: dict[str, Any] = ecran.page.evaluate(_LU)
    text = _ADRESSES.sub("", "\n".join([read["texte"], *read["dits"], read["titre"]]))
    faults = [f"says {found.group()!r}" for found in ANGLAIS.finditer(text)]
    faults += [f"shows {found.group()!r}" for found in MACHINE.finditer(text)]
    faults += [f"breaks at {text[max(0, f.start() - 12) : f.end()]!r}" for f in CASSANT.finditer(text)]
    if read["h1"] != 1:
        faults.append(f"{read['h1']} main headings")
    if len(read["titre"].split("–")[0].strip()) < 3:
        faults.append(f"title {read['titre']!r}")
    if read["langue"] != "fr":
        faults.append(f"language {read['langue']!r}")
    return faults
