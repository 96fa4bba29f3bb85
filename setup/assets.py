"""Copy what pages and printed documents take from npm into `static/vendor/`, under names that stay the same.

The packages cut each font into a Latin and an extended Latin file. Browsers pick the right one by `unicode-range`;
WeasyPrint does not, and would print "Žofia" with the glyphs of other letters. So both are merged into one file,
16 kB a style, which pages and PDFs share. DejaVu stands behind it in PDFs, for the names that it cannot write:
Vietnamese, Cyrillic, Greek, Arabic, Armenian, Georgian.
"""

import logging
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
FONT_PACKAGE = MODULES / "@fontsource" / "atkinson-hyperlegible-next"
OTHER_SCRIPTS = MODULES / "dejavu-fonts-ttf"
STYLES = {"Regular": "400-normal", "Bold": "700-normal", "Italic": "400-italic", "BoldItalic": "700-italic"}


def merge_font(style: str, target: Path) -> None:
    """Write one woff2 that holds the Latin and the extended Latin letters of a style such as ``400-normal``."""
    with TemporaryDirectory() as folder:
        parts = []
        for subset in ("latin", "latin-ext"):
            font = TTFont(FONT_PACKAGE / "files" / f"atkinson-hyperlegible-next-{subset}-{style}.woff2")
            font.flavor = None
            parts.append(f"{folder}/{subset}.ttf")
            font.save(parts[-1])
        merged = Merger().merge(parts)
        merged.flavor = "woff2"
        merged.save(target)


def main() -> None:
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    fonts = VENDOR / "fonts"
    fonts.mkdir(parents=True, exist_ok=True)
    for name, style in STYLES.items():
        merge_font(style, fonts / f"AtkinsonHyperlegibleNext-{name}.woff2")
    shutil.copyfile(FONT_PACKAGE / "LICENSE", fonts / "LICENSE")
    for name in ("DejaVuSans", "DejaVuSans-Bold"):
        shutil.copyfile(OTHER_SCRIPTS / "ttf" / f"{name}.ttf", fonts / f"{name}.ttf")
    shutil.copyfile(OTHER_SCRIPTS / "LICENSE", fonts / "LICENSE-DejaVu")
    shutil.copyfile(MODULES / "jsqr" / "dist" / "jsQR.js", VENDOR / "jsQR.js")


if __name__ == "__main__":
    main()
