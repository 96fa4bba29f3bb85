"""A PDF written object by object, so that a long document is never whole in memory.

Small objects are gathered in compressed object streams, and the table of where everything is comes last: both are
what keeps a page of a series under three kilobytes.
"""

import struct
import zlib
from hashlib import sha256
from typing import BinaryIO

HEADER = b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n"
# An object stream is read whole by whoever wants one object of it.
OBJECTS_A_STREAM = 200

_ENTRY = struct.Struct(">BIH")
_IN_FILE, _IN_STREAM = 1, 2


class PdfFile:
    """Objects go out in any order; `first` is the first number that `number()` may give."""

    def __init__(self, output: BinaryIO, first: int) -> None:
        self._output, self._position, self._digest = output, 0, sha256()
        self._next = first
        self._entries = bytearray(_ENTRY.size * first)
        self._small: list[tuple[int, bytes]] = []
        self._put(HEADER)

    def number(self, how_many: int = 1) -> int:
        """The first of as many new numbers in a row."""
        given, self._next = self._next, self._next + how_many
        self._entries.extend(bytes(_ENTRY.size * how_many))
        return given

    def holds(self, number: int) -> bool:
        """Whether this object has been written."""
        return self._entries[number * _ENTRY.size] != 0

    def add(self, number: int, data: bytes) -> None:
        """A dictionary or an array: written later, with others."""
        self._small.append((number, data))
        if len(self._small) >= OBJECTS_A_STREAM:
            self._flush()

    def add_stream(self, number: int, data: bytes, entries: bytes = b"") -> None:
        """A stream whose data are compressed here: at level 6 it would be a fifth smaller and take twice as long."""
        compressed = zlib.compress(data, 3)
        self.add_raw(
            number,
            b"<<%b/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (entries, len(compressed), compressed),
        )

    def add_raw(self, number: int, data: bytes) -> None:
        """An object as it stands in the file: a stream that is ready."""
        self._note(number, _IN_FILE, self._position, 0)
        self._put(b"%d 0 obj\n%b\nendobj\n" % (number, data))

    def close(self, root: int, info: int) -> None:
        """Write what is still held, and the table; the file's identity is a digest of all that it holds."""
        self._flush()
        number, start = self.number(), self._position
        self._note(number, _IN_FILE, start, 0)
        identity = self._digest.hexdigest()[:32].encode()
        entries = b"/Type/XRef/W[1 4 2]/Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]" % (
            self._next, root, info, identity, identity,
        )  # fmt: skip
        self.add_stream(number, bytes(self._entries), entries)
        self._put(b"startxref\n%d\n%%%%EOF\n" % start)

    def _flush(self) -> None:
        if not self._small:
            return
        number, at, places = self.number(), 0, []
        for index, (inner, data) in enumerate(self._small):
            places.append(b"%d %d" % (inner, at))
            at += len(data) + 1
            self._note(inner, _IN_STREAM, number, index)
        head = b" ".join(places) + b"\n"
        entries = b"/Type/ObjStm/N %d/First %d" % (len(self._small), len(head))
        self.add_stream(number, head + b"\n".join(data for _, data in self._small), entries)
        self._small.clear()

    def _note(self, number: int, kind: int, where: int, index: int) -> None:
        _ENTRY.pack_into(self._entries, number * _ENTRY.size, kind, where, index)

    def _put(self, data: bytes) -> None:
        self._output.write(data)
        self._digest.update(data)
        self._position += len(data)
