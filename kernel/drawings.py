"""Line drawings for paper: the strokes of our coloured drawings, without their colours."""

import re
from functools import lru_cache

from kernel.templating import STATIC

_SYMBOL = re.compile(r'<symbol id="([^"]+)" viewBox="([^"]+)">(.*?)</symbol>', re.DOTALL)
_STROKES = re.compile(r'<\w+ fill="none" stroke="currentColor"[^>]*/>')
_UNKNOWN = "panier"


def line_drawing(name: str, sheet: str = "produits") -> str:
    """A symbol of ``static/img/<sheet>.svg`` as an SVG of black strokes alone.

    A longer name finds its beginning (``carotte-fane`` → ``carotte``); one that nobody has drawn shows a basket.
    """
    drawings = _drawings(sheet)
    while name and name not in drawings:
        name = name.rpartition("-")[0]
    return drawings[name or _UNKNOWN]


@lru_cache(maxsize=4)
def _drawings(sheet: str) -> dict[str, str]:
    text = (STATIC / "img" / f"{sheet}.svg").read_text("utf-8")
    head = '<svg xmlns="http://www.w3.org/2000/svg" color="#000" viewBox="{}">'
    return {
        name: f"{head.format(view)}{''.join(_STROKES.findall(inner))}</svg>"
        for name, view, inner in _SYMBOL.findall(text)
    }
