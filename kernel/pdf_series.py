"""Documents by the thousand: WeasyPrint lays out a page once, and each further one is stamped on its copy.

A *master* is a page laid out from the same template and style sheet as ever, in which short placeholders stand for
what differs and an empty drawing for each code (``kernel/pdf_places.py``). Its places, sizes, fonts and tags are read
from what WeasyPrint made (``kernel/pdf_master.py``). A *sheet* of the series is then the master's content, shared by
all, and a small content of its own: its words as real text in the master's fonts, shaped by HarfBuzz as Pango does,
and its codes as strokes. Each sheet has its own tags. Sheets go out as they come: memory does not grow with them.

What cannot be set so faithfully is refused, one stamp at a time (`Series.fits`): letters that the font lacks or
composes, a text too long even at three quarters of its size. The caller lays such pages out the plain way: ADR 0016.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

import uharfbuzz
from markupsafe import Markup

from kernel import pdf, qr
from kernel.money import NO_BREAK
from kernel.pdf_file import PdfFile

if TYPE_CHECKING:
    from weasyprint import Document

    from kernel.pdf_master import Field, Master

# A name a little too long is set smaller rather than cut; smaller than this it would be hard to read at a table.
SMALLEST = 0.75
PANGO = 1024

_BLANKS = re.compile(r"[ \t\n\r\f]+")
_LATIN = re.compile("[\x20-\u024f\u2010-\u2026]*")
_SPACES = {" ", NO_BREAK}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What one place of a master receives: the text of each field, and what its code holds."""

    texts: tuple[str, ...]
    code: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of the series: the master's index among the laid out pages, and one stamp for each of its places."""

    master: int
    stamps: tuple[Stamp, ...]


def normal(text: str) -> str:
    """The text as a page shows it: blanks in a row are one space."""
    return _BLANKS.sub(" ", text).strip(" ")


class Series:
    """Laid out pages, some of which are masters, ready to be written with as many sheets as wanted.

    `masters` says which pages are masters, by index among the pages of all `documents`, with their number of places;
    each place has as many `fields`. `texts` is all that will be stamped: its letters go into the fonts, once. Raises
    NotAMaster when a page is not as expected, TooLarge.
    """

    def __init__(
        self, documents: Sequence["Document"], masters: Mapping[int, int], fields: int, texts: Iterable[str]
    ) -> None:
        pages = [page for document in documents for page in document.pages]
        self._plain = [index for index in range(len(pages)) if index not in masters]
        self._masters: dict[int, Master] = {}
        self._setters: dict[tuple[object, ...], _Setter] = {}
        alphabet = pdf.lay_out(_alphabet(texts)).pages

        def read(document: "Document", made: Any) -> None:
            self._fonts = {font.hash: font for font in document.fonts.values()}
            self._base = _Base(made, self._plain)
            for index, places in masters.items():
                self._masters[index] = pdf_master.read(made, document.pages[index], index, places, fields)

        from kernel import pdf_master  # noqa: PLC0415

        pdf.paint(documents[0].copy([*pages, *alphabet]), read)

    def fits(self, master: int, texts: Sequence[str]) -> bool:
        """Whether every field's text can be set in the master faithfully."""
        fields = self._masters[master].fields[0]
        return all(self._set(field, text) is not None for field, text in zip(fields, texts, strict=True))

    def write(self, output: BinaryIO, pages: Iterable[int | Sheet]) -> int:
        """Write the document: plain pages, by index, and sheets, in this order. Returns the number of pages.

        Raises ValueError for a stamp that does not fit.
        """
        base = self._base
        file, tree = PdfFile(output, base.first), _Tree()
        for number, data, whole in base.objects:
            (file.add_raw if whole else file.add)(number, data)
        for page in pages:
            if isinstance(page, Sheet):
                self._stamp(file, tree, page, len(base.numbers) + len(tree.kids))
            else:
                tree.add(base.numbers[page], page, base.marked[page], base.tops[page])
        base.finish(file, tree)
        return len(tree.kids)

    def _stamp(self, file: PdfFile, tree: "_Tree", sheet: Sheet, key: int) -> None:
        """One sheet's objects: its page, its own content, what its marked content belongs to, its tags."""
        master = self._masters[sheet.master]
        first = file.number(3 + len(master.tags))
        shared = self._base.shared(file, sheet.master, master.content)
        file.add(first, master.page % (shared, first + 1, key))
        file.add_stream(first + 1, b"".join(self._drawn(master, sheet.stamps)))
        file.add(first + 2, b"[%b]" % b" ".join([b"%d 0 R" % (first + place) for place in master.marked]))
        texts = [stamp.texts for stamp in sheet.stamps]
        for number, tag in enumerate(master.tags, first + 3):
            data = tag.text % tuple([first + place for place in tag.refers])
            if tag.alt:
                said = "".join([part if isinstance(part, str) else texts[part[0]][part[1]] for part in tag.alt])
                data = data[:-2] + b"/Alt<feff%b>>>" % said.encode("utf-16-be").hex().encode()
            file.add(number, data)
        tree.add(first, key, b"%d 0 R" % (first + 2), [first + place for place in master.top])

    def _drawn(self, master: "Master", stamps: Sequence[Stamp]) -> Iterator[bytes]:
        for fields, code, stamp in zip(master.fields, master.codes, stamps, strict=True):
            for field, text in zip(fields, stamp.texts, strict=True):
                if (drawn := self._set(field, text)) is None:
                    raise ValueError("this text does not fit: ask first")
                yield drawn
            yield code.before
            yield qr.strokes(stamp.code)
            yield code.after

    def _set(self, field: "Field", text: str) -> bytes | None:
        """The text as the page's content draws it; None if it cannot be."""
        key = (field.font, field.size, field.features, field.language)
        if (setter := self._setters.get(key)) is None:
            setter = self._setters[key] = _Setter(self._fonts[field.font], field)
        if (line := setter.line(text)) is None:
            return None
        shown, width = line
        ratio = 1.0 if width <= field.width + 0.01 else field.width / width
        if ratio < SMALLEST:
            return None
        x = field.x + (field.width - width * ratio) * field.aligned
        return b"%b1 0 0 -1 %.6f %.6f Tm\n/%b %.6f Tf\n[%b] TJ\n%b" % (
            field.before, x, field.y, field.font.encode(), field.size * ratio, shown, field.after,
        )  # fmt: skip


class _Setter:
    """Sets lines in one font and size of the document, as WeasyPrint would: in Pango's units, rounded as they are."""

    def __init__(self, font: Any, field: "Field") -> None:
        from weasyprint.text.fonts import get_hb_object_data  # noqa: PLC0415

        face = uharfbuzz.Face(get_hb_object_data(font.hb_face))  # the whole font: what the file holds is a part of it
        self._font, scale = uharfbuzz.Font(face), round(field.size * PANGO)
        self._font.scale = scale, scale
        self._scale = 1000 / scale
        self._features = {name: bool(value) for name, value in field.features}
        self._language = field.language
        self._widths, self._letters = font.widths, font.to_unicode
        self.line = lru_cache(maxsize=2048)(self._line)  # most numbers and some words come again

    def _line(self, text: str) -> tuple[bytes, float] | None:
        """What shows the text, and its width in pixels; None if a letter is not one glyph of this font."""
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.direction, buffer.script, buffer.language = "ltr", "Latn", self._language
        uharfbuzz.shape(self._font, buffer, self._features)
        infos = buffer.glyph_infos
        if len(infos) != len(text):
            return None
        pieces, total = ["<"], 0
        for letter, info, position in zip(text, infos, buffer.glyph_positions, strict=True):
            x_offset, y_offset, units, _ = position.position
            if x_offset or y_offset or not self._shows(info.codepoint, letter):
                return None
            total += units
            kerning = int(self._widths[info.codepoint] - units * self._scale)
            pieces.append(f"{info.codepoint:04x}>{kerning}<" if kerning else f"{info.codepoint:04x}")
        return f"{''.join(pieces)}>".encode(), total / PANGO

    def _shows(self, glyph: int, letter: str) -> bool:
        """Whether the file's font holds the glyph and reads it back as this letter; both spaces are one glyph."""
        said = self._letters.get(glyph)
        return said is not None and (said == letter or {said, letter} <= _SPACES)


class _Tree:
    """What is known of every page when all are written, for the page tree and the tags."""

    def __init__(self) -> None:
        self.kids: list[int] = []
        self.marked: list[bytes] = []
        self.tops: list[int] = []

    def add(self, number: int, key: int, marked: bytes, tops: Iterable[int]) -> None:
        self.kids.append(number)
        self.marked.append(b"%d %b" % (key, marked))
        self.tops.extend(tops)


class _Base:
    """What WeasyPrint made and every file of the series holds: fonts, pictures, plain pages and their tags.

    The shared content of a master is written once a file, when its first sheet comes.
    """

    def __init__(self, made: Any, plain: Sequence[int]) -> None:
        from kernel import pdf_master as master  # noqa: PLC0415

        root = master.structure(made)
        self._mapping, self._document = made.objects[master.number(root["ParentTree"])], root["K"][0]
        self._pages, self._catalog = made.pages, made.catalog
        self.numbers = made.pages["Kids"][::3]
        elements = [master.elements_of(made, index) for index in range(len(self.numbers))]
        self.marked = [b"[%b]" % b" ".join(master.marked(made, index)) for index in range(len(self.numbers))]
        self.tops = [[one.number for one in page if one["P"] == self._document] for page in elements]
        left = {made.pages.number, self._mapping.number, master.number(self._document), 0}
        for index in set(range(len(self.numbers))).difference(plain):
            content = made.objects[self.numbers[index]]["Contents"]
            left.update((self.numbers[index], master.number(content)), (one.number for one in elements[index]))
        self._info = len(made.objects)
        self.first = self._info + 1
        self._root = root["K"][0], made.objects[master.number(root["K"][0])]["P"]
        self.objects = [
            (thing.number, thing.data, not thing.compressible) for thing in made.objects if thing.number not in left
        ]
        self.objects.append((self._info, made.info.data, False))

    def shared(self, file: PdfFile, index: int, content: bytes) -> int:
        """The number of a master's content in this file; it takes the number of the master's own page."""
        number: int = self.numbers[index]
        if not file.holds(number):
            file.add_raw(number, content)
        return number

    def finish(self, file: PdfFile, tree: _Tree) -> None:
        """Write what knows of every page: their tree, and the two ways between tags and contents."""
        file.add(self._pages.number, b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(tree.kids), _references(tree.kids)))
        file.add(self._mapping.number, b"<</Nums[%b]>>" % b" ".join(tree.marked))
        reference, parent = self._root
        tops = _references(tree.tops)
        file.add(int(reference.split()[0]), b"<</Type/StructElem/S/Document/P %b/K[%b]>>" % (parent, tops))
        file.close(self._catalog.number, self._info)


def _references(numbers: Iterable[int]) -> bytes:
    return b" ".join([b"%d 0 R" % number for number in numbers])


def _alphabet(texts: Iterable[str]) -> str:
    """A page that shows every letter to be stamped, in both weights: so they are in the fonts. It is not kept."""
    letters = sorted({letter for letter in set(chain.from_iterable(texts)) if _LATIN.fullmatch(letter)} - {" "})
    shown = Markup(" ").join(letters)
    return Markup('<html lang="fr"><body><p>{0}</p><p><strong>{0}</strong></p></body></html>').format(shown)
