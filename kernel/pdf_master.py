"""What is read of a master page: where its fields are, its content without them, its tags to be copied.

Only here are private parts of WeasyPrint read (the tree of boxes, marked content, structure elements). It is pinned,
and tests compare what comes out with its own rendering; a page that is not as expected is refused as NotAMaster.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pydyf
from weasyprint.formatting_structure.boxes import LineBox, TextBox
from weasyprint.text.fonts import font_features

from kernel.pdf_places import FIELD_LETTERS, NotAMaster, code_mark, placeholder

ALIGNED = {"start": 0.0, "left": 0.0, "justify": 0.0, "center": 0.5, "right": 1.0, "end": 1.0}

_REFERENCE = re.compile(rb"\b(\d+) 0 R\b")
_PLACEHOLDER = re.compile(f"([{FIELD_LETTERS}])([0-9])")
_CODE_START = re.compile(b"0 ([0-9]+)[.]5 m")


@dataclass(frozen=True, slots=True)
class Field:
    """A line of text: where it starts, how wide it may be, how it is set. Lengths are the page's CSS pixels."""

    before: bytes
    after: bytes
    x: float
    y: float
    width: float
    aligned: float
    font: str
    size: float
    features: tuple[tuple[str, int], ...]
    language: str


@dataclass(frozen=True, slots=True)
class Code:
    """Where a code is drawn: what stands before and after its strokes."""

    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Tag:
    """A structure element to be copied; its text has ``%d`` for each of `refers`, from the sheet's first number.

    `alt` is its alternative text, in pieces: words, or the place and field whose text stands there.
    """

    text: bytes
    refers: tuple[int, ...]
    alt: tuple[str | tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Master:
    """A page to be stamped. `content` is a whole stream object; `top` are the elements directly under the document."""

    page: bytes
    content: bytes
    fields: tuple[tuple[Field, ...], ...]
    codes: tuple[Code, ...]
    tags: tuple[Tag, ...]
    marked: tuple[int, ...]
    top: tuple[int, ...]


# The matrices and the colour in which something is drawn.
_State = tuple[bytes, bytes]
START: _State = (b"", b"0 0 0 rg")

# A sheet's objects, in this order: its page, its own content, what its marked content belongs to, its tags.
PAGE, CONTENT, MARKED, TAGS = 0, 1, 2, 3


def number(reference: bytes) -> int:
    return int(reference.split()[0])


def read(made: pydyf.PDF, page: Any, index: int, places: int, fields: int) -> Master:
    """The master that the page of this index is, with its numbers of places and fields. Raises NotAMaster."""
    page_object = made.objects[made.pages["Kids"][::3][index]]
    stream = made.objects[number(page_object["Contents"])].stream
    content = _Content(stream)
    lines = {box.text: (box, block) for box, block in _lone_texts(page._page_box)}
    found = []
    for place in range(places):
        row = []
        for field in range(fields):
            if placeholder(place, field) not in lines:
                raise NotAMaster(f"field {field} of place {place} is not a line of its own")
            row.append(content.field(*lines[placeholder(place, field)]))
        found.append(tuple(row))
    codes = tuple(content.code(place) for place in range(places))
    elements = elements_of(made, index)
    numbers = {element.number: TAGS + at for at, element in enumerate(elements)}
    document = made.objects[number(structure(made)["K"][0])]
    copied = {page_object.number: PAGE} | numbers
    return Master(
        page=_page(page_object),
        content=content.without_fields(),
        fields=tuple(found),
        codes=codes,
        tags=tuple(_tag(element, copied) for element in elements),
        marked=tuple(numbers[number(reference)] for reference in marked(made, index)),
        top=tuple(numbers[element.number] for element in elements if number(element["P"]) == document.number),
    )


def structure(made: pydyf.PDF) -> pydyf.Dictionary:
    return made.objects[number(made.catalog["StructTreeRoot"])]


def marked(made: pydyf.PDF, index: int) -> list[bytes]:
    """The structure elements of a page's marked contents, in their order."""
    found: list[bytes] = made.objects[number(structure(made)["ParentTree"])]["Nums"][2 * index + 1]
    return found


def elements_of(made: pydyf.PDF, index: int) -> list[pydyf.Dictionary]:
    """The structure elements of the page of this index."""
    reference = made.page_references[index]
    return [
        thing
        for thing in made.objects
        if isinstance(thing, pydyf.Dictionary) and thing.get("Type") == "/StructElem" and thing.get("Pg") == reference
    ]


def _page(page: pydyf.Dictionary) -> bytes:
    """The page's text, with ``%d`` for the master's content, its own content and its place in the tags."""
    shown = {key: value for key, value in page.items() if key not in ("Contents", "StructParents")}
    text = pydyf.Dictionary(shown).data.replace(b"%", b"%%")
    return bytes(text.removesuffix(b">>") + b"/Contents [%d 0 R %d 0 R]/StructParents %d>>")


def _tag(element: pydyf.Dictionary, copied: dict[int, int]) -> Tag:
    refers: list[int] = []

    def refer(found: re.Match[bytes]) -> bytes:
        if (place := copied.get(int(found[1]))) is None:
            return found[0]
        refers.append(place)
        return b"%d 0 R"

    if "ID" in element:
        raise NotAMaster("a table's cells have names, which would come twice")
    said = {key: value for key, value in element.items() if key != "Alt"}
    text = _REFERENCE.sub(refer, pydyf.Dictionary(said).data.replace(b"%", b"%%"))
    return Tag(text, tuple(refers), _alt(element["Alt"].string) if "Alt" in element else ())


def _alt(text: str) -> tuple[str | tuple[int, int], ...]:
    pieces = _PLACEHOLDER.split(text)
    parts: list[str | tuple[int, int]] = [pieces[0]]
    for letter, place, words in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        parts += [(int(place), FIELD_LETTERS.index(letter)), words]
    return tuple(parts)


def _lone_texts(box: Any) -> Iterator[tuple[Any, Any]]:
    """Each text that is alone on its line and in its block, with that block."""
    children = [getattr(child, "_box", child) for child in getattr(box, "children", ())]
    if len(children) == 1 and isinstance(children[0], LineBox):
        texts = [inner for inner in children[0].descendants() if isinstance(inner, TextBox)]
        if len(texts) == 1:
            yield texts[0], box
    for child in children:
        yield from _lone_texts(child)


@dataclass(slots=True)
class _Marked:
    """A marked content of the page: from which item to which, and the state in which it is drawn."""

    tag: str
    mcid: int
    start: int
    end: int = 0
    state: _State = (b"", b"")
    font: bytes = b""


class _Content:
    """A page's content stream, item by item, as WeasyPrint has written it."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items
        self._texts: dict[tuple[float, float], _Marked] = {}
        self._codes: dict[int, _Marked] = {}
        self._dropped: set[int] = set()
        self._walk()

    def field(self, box: Any, block: Any) -> Field:
        """Where the box's text is drawn; it is taken out of the content."""
        mark = self._texts.get(_spot(box.position_x, box.position_y + box.baseline))
        if mark is None or box.style["direction"] != "ltr":
            raise NotAMaster(f"no text is drawn where {box.text!r} stands")
        inside = range(mark.start, mark.end + 1)
        text = range(self._find(inside, b"BT"), self._find(inside, b"ET") + 1)
        self._dropped.update((mark.start, mark.start + 1, mark.start + 2, *text, mark.end))
        font, size, _ = mark.font.split()
        style = box.style
        return Field(
            before=b"q\n%b%b\n/%b <</MCID %d>> BDC\nBT\n" % (*mark.state, mark.tag.encode(), mark.mcid),
            after=b"ET\nEMC\nQ\n",
            x=block.content_box_x(),
            y=box.position_y + box.baseline,
            width=block.width,
            aligned=ALIGNED[style["text_align_all"]],
            font=font[1:].decode(),
            size=float(size),
            features=tuple(sorted(_features(style).items())),
            language=style["lang"] or "fr",
        )

    def code(self, place: int) -> Code:
        """Where the code of this place is drawn; its empty drawing is taken out of the content."""
        if (mark := self._codes.get(code_mark(place))) is None:
            raise NotAMaster(f"place {place} has no code")
        self._dropped.update(range(mark.start, mark.end + 1))
        return Code(
            b"q\n%b0 0 0 RG\n1.02 w\n/%b <</MCID %d>> BDC\n" % (mark.state[0], mark.tag.encode(), mark.mcid),
            b"EMC\nQ\n",
        )

    def without_fields(self) -> bytes:
        """What is left: a stream object, which leaves the page's state as it was."""
        kept = [item for at, item in enumerate(self._items) if at not in self._dropped]
        data: bytes = pydyf.Stream([b"q", *kept, b"Q"], compress=True).data
        return data

    def _find(self, inside: range, item: bytes) -> int:
        return next(at for at in inside if self._items[at] == item)

    def _walk(self) -> None:
        """Note each marked text by its spot, and each empty code, with the matrices and the colour that hold there."""
        states, state = [], START
        open_marks: list[_Marked | None] = []
        for at, item in enumerate(self._items):
            if item == b"q":
                states.append(state)
            elif item == b"Q":
                state = states.pop()
            elif item in (b"BMC", b"BDC"):
                open_marks.append(self._begun(at) if item == b"BDC" else None)
            elif item == b"EMC":
                if mark := open_marks.pop():
                    mark.end = at
            elif isinstance(item, bytes):
                state = _after(item, state)
                if open_marks and (mark := open_marks[-1]):
                    self._note(item, mark, state)

    def _begun(self, at: int) -> _Marked:
        tag, properties = self._items[at - 2], self._items[at - 1]
        return _Marked(tag.removeprefix("/"), properties["MCID"], at - 2)

    def _note(self, item: bytes, mark: _Marked, state: _State) -> None:
        if item.endswith(b" Tm"):
            *_, x, y, _ = item.split()
            mark.state = state
            self._texts[_spot(float(x), float(y))] = mark
        elif item.endswith(b" Tf"):
            mark.font = item
        elif found := _CODE_START.fullmatch(item):
            mark.state = state
            self._codes[int(found[1])] = mark


def _after(item: bytes, state: _State) -> _State:
    """The state after one operator."""
    matrices, colour = state
    if item.endswith(b" cm"):
        return matrices + item + b"\n", colour
    return (matrices, item) if item.endswith(b" rg") else state


def _spot(x: float, y: float) -> tuple[float, float]:
    return round(x, 3), round(y, 3)


def _features(style: Any) -> dict[str, int]:
    """The OpenType features that the style asks for, as WeasyPrint passes them to Pango."""
    names = ("kerning", "variant_ligatures", "variant_position", "variant_caps", "variant_numeric")
    asked = {f"font_{name}": style[f"font_{name}"] for name in names}
    found: dict[str, int] = font_features(**asked, font_feature_settings=style["font_feature_settings"])
    return found
