"""The bones of a PDF: numbered objects, and where each begins (ISO 32000-1, 7.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NewType

Ref = NewType("Ref", int)
"""The number of an object."""

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"  # the second line tells programs that carry files that this one is binary


@dataclass(slots=True)
class PdfFile:
    """Objects on their way into a file. The same objects give the same bytes: there is no date and no chance in it."""

    _objects: list[bytes | None] = field(default_factory=list)

    def reserve(self) -> Ref:
        """Return the number of an object that is filled in later: two objects may name each other."""
        self._objects.append(None)
        return Ref(len(self._objects))

    def fill(self, ref: Ref, content: str) -> Ref:
        """Give a reserved object its content, and return its number."""
        self._objects[ref - 1] = content.encode("ascii")
        return ref

    def add(self, content: str) -> Ref:
        """Add an object and return its number."""
        return self.fill(self.reserve(), content)

    def stream(self, entries: str, data: bytes) -> Ref:
        """Add a stream, with what its dictionary says beside the length, and return its number."""
        self._objects.append(f"<< {entries} /Length {len(data)} >>\nstream\n".encode("ascii") + data + b"\nendstream")
        return Ref(len(self._objects))

    def finished(self, *, root: Ref, info: Ref) -> bytes:
        """Return the file. root: the catalog. info: the document's title and maker."""
        out, places = bytearray(HEADER), []
        for number, content in enumerate(self._objects, start=1):
            assert content is not None, f"object {number} was reserved and never filled in"
            places.append(len(out))
            out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
        table, size = len(out), len(places) + 1
        out += b"xref\n0 %d\n0000000000 65535 f \n" % size
        out += b"".join(b"%010d 00000 n \n" % place for place in places)
        out += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (size, root, info)
        out += b"startxref\n%d\n%%%%EOF\n" % table
        return bytes(out)


def at(ref: Ref) -> str:
    """Return an object's number as other objects name it."""
    return f"{ref} 0 R"


def array(refs: list[Ref]) -> str:
    """Return an array of objects."""
    return f"[{' '.join(at(ref) for ref in refs)}]"


def text(value: str) -> str:
    """Return words as a PDF's text string, of any script."""
    return f"<feff{value.encode('utf-16-be').hex()}>"
