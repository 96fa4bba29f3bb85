"""Vouchers by the hundred: a page is laid out once, then stamped with each name, number and code.

The templates are those of a single voucher. What cannot be stamped (another script, a very long name) is laid out the
plain way, at its own place. See ``kernel/pdf_series.py``.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from kernel import pdf
from kernel.pdf_places import NotAMaster, code_placeholder, placeholder
from kernel.pdf_series import Series, Sheet, Stamp, normal
from kernel.templating import environment
from paniers.documents.bons_retrait import Bon, Dossier

if TYPE_CHECKING:
    from weasyprint import Document

# A master costs what a few plain pages cost.
ASSEZ = 4
COUPONS = 4
# Plain sheets laid out together; more would take much memory.
LOT = 50

_NOM, _NUMERO, _COMBIEN = range(3)
_log = logging.getLogger(__name__)

Planche = Sequence[Bon]


class SerieDeBons:
    """The vouchers of those who take as many baskets, each a file of its own. Raises NotAMaster, TooLarge."""

    def __init__(self, dossier: Dossier, nombre: int, bons: Sequence[Bon]) -> None:
        shown = {
            "prenom": placeholder(0, _NOM), "nom": "", "numero": placeholder(0, _NUMERO), "nombre": nombre,
            "texte": code_placeholder(0),
        }  # fmt: skip
        context = {"lieu": asdict(dossier.lieu), "bon": shown, "produits": [asdict(p) for p in dossier.produits]}
        page = pdf.lay_out(pdf.fill("pdf/bon.html", context))
        if len(page.pages) != 1:
            raise NotAMaster("a voucher has one page")
        self._series = Series([page], {0: 1}, fields=2, texts=(text for bon in bons for text in _textes(bon)[:2]))

    def rendre(self, bon: Bon) -> bytes | None:
        """The voucher's file; None if it must be laid out for itself."""
        texts = _textes(bon)[:2]
        if not self._series.fits(0, texts):
            return None
        output = BytesIO()
        self._series.write(output, [Sheet(0, (Stamp(texts, bon.texte),))])
        return output.getvalue()


def serie_de_bons(dossier: Dossier, nombre: int, bons: Sequence[Bon]) -> SerieDeBons | None:
    """What makes the vouchers of these baskets, or nothing where a series is not worth its while."""
    if len(bons) < ASSEZ:
        return None
    try:
        return SerieDeBons(dossier, nombre, bons)
    except NotAMaster:
        _log.warning("vouchers are laid out one by one", exc_info=True)
        return None


def ecrire_planches(output: BinaryIO, listes: "Document", dossier: Dossier, bons: Sequence[Bon]) -> int:
    """Write a dossier: its lists, then the vouchers to cut out, four a sheet. Returns the number of pages."""
    planches = [bons[start : start + COUPONS] for start in range(0, len(bons), COUPONS)]
    first = len(listes.pages)
    series = _essayer(listes, dossier, planches)
    stamped = {n for n, planche in enumerate(planches) if series and _tient(series, first, planche)}
    rest = [planche for n, planche in enumerate(planches) if n not in stamped]
    if series is None or rest:
        series = _serie(listes, dossier, planches if stamped else [], rest)
    return series.write(output, _pages(planches, stamped, first))


def _pages(planches: Sequence[Planche], stamped: set[int], first: int) -> Iterator[int | Sheet]:
    """The lists' pages, then each sheet in its order: stamped, or the next of those laid out after the master."""
    yield from range(first)
    plain = first + bool(stamped)
    for number, planche in enumerate(planches):
        if number in stamped:
            yield Sheet(first, tuple(Stamp(_textes(bon), bon.texte) for bon in planche))
        else:
            yield plain
            plain += 1


def _essayer(listes: "Document", dossier: Dossier, planches: Sequence[Planche]) -> Series | None:
    """The series, if there are sheets enough and the template can be a master."""
    if len(planches) < ASSEZ:
        return None
    try:
        return _serie(listes, dossier, planches, [])
    except NotAMaster:
        _log.warning("sheets of vouchers are laid out one by one", exc_info=True)
        return None


def _serie(listes: "Document", dossier: Dossier, planches: Sequence[Planche], rest: Sequence[Planche]) -> Series:
    """The lists, a master for the sheets that are to be stamped, and the rest laid out."""
    documents, masters = [listes], {}
    if planches:
        documents.append(mettre_en_page(dossier, [[_vide(place) for place in range(COUPONS)]]))
        masters = {len(listes.pages): COUPONS}
    shown = [[coupon(bon) for bon in planche] for planche in rest]
    documents += [mettre_en_page(dossier, shown[start : start + LOT]) for start in range(0, len(rest), LOT)]
    texts = (text for planche in planches for bon in planche for text in _textes(bon))
    return Series(documents, masters, fields=3, texts=texts)


def _tient(series: Series, master: int, planche: Planche) -> bool:
    return len(planche) == COUPONS and all(series.fits(master, _textes(bon)) for bon in planche)


def mettre_en_page(dossier: Dossier, planches: list[list[dict[str, Any]]]) -> "Document":
    """Sheets of coupons, laid out by WeasyPrint."""
    context = {
        "lieu": asdict(dossier.lieu),
        "produits": [asdict(p) for p in dossier.produits],
        "planches": planches,
    }
    made = pdf.lay_out(pdf.fill("pdf/planches.html", context))
    if len(made.pages) != len(planches):
        raise NotAMaster("a sheet has one page")
    return made


def _vide(place: int) -> dict[str, Any]:
    """What stands for a coupon on the master."""
    return {
        "prenom": placeholder(place, _NOM),
        "nom": "",
        "numero": placeholder(place, _NUMERO),
        "combien": placeholder(place, _COMBIEN),
        "texte": code_placeholder(place),
    }


def coupon(bon: Bon) -> dict[str, Any]:
    """What the template shows of a voucher."""
    return asdict(bon) | {"combien": _combien(bon.nombre)}


def _textes(bon: Bon) -> tuple[str, str, str]:
    """What is stamped: name, number, how many baskets."""
    return normal(f"{bon.prenom} {bon.nom}"), str(bon.numero), _combien(bon.nombre)


@lru_cache(maxsize=8)
def _combien(nombre: int) -> str:
    """``2 paniers``, in the words of the template."""
    words = environment().get_template("pdf/pieces.html").module
    said: str = words.paniers(nombre).unescape()  # type: ignore[attr-defined]  # a macro
    return said
