"""Where a picture comes from, as its file says it: an XMP packet by the IPTC Photo Metadata Standard 2025.1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

TOOL = "Pressroom"
MAX_PACKET_BYTES = 60_000  # a JPEG's segment takes 65,502 of them
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NAMES = {
    "x": "adobe:ns:meta/",
    "rdf": RDF,
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Source(StrEnum):
    """What a picture was made with (IPTC NewsCodes, scheme digitalsourcetype, 2024-09)."""

    TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    """By a model, and as the model made it."""
    COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    """Text, shapes and a model's picture in one."""
    ALGORITHMIC = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
    """Drawn by a program that learned from nothing: a slide without a model's picture."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is told of one picture; never what the model was asked."""

    source: Source
    model: str | None = None
    """Who made the picture, or the one in it, as the provider calls it; None = no model did."""
    provider: str | None = None
    is_sandbox: bool = False
    """A stand-in made it, and no model."""

    @property
    def system(self) -> str | None:
        """The model, or what stood in for it."""
        return f"Pressroom sandbox in place of {self.model}" if self.model and self.is_sandbox else self.model

    @property
    def credit(self) -> str:
        """Who is named beside the picture: Google and others show it."""
        maker = f"{self.system} ({self.provider})" if self.system and self.provider else self.system
        return f"{TOOL}, with {maker}" if maker else TOOL


def xmp(provenance: Provenance, existing: bytes | None = None) -> bytes:
    """Return the XMP packet of a picture.

    existing: the packet that its file had: what it says of other things is kept, unless it cannot be read.
    """
    fresh = _packet(_described(provenance))
    if existing is None or b"<!" in existing:  # a document type can hold entities that unpack without end
        return fresh
    try:
        merged = _merged(existing, fresh)
    except (ET.ParseError, ValueError):
        return fresh
    return merged if len(merged) <= MAX_PACKET_BYTES else fresh


def _described(provenance: Provenance) -> str:
    tool = f"{TOOL} (sandbox pictures)" if provenance.is_sandbox else TOOL
    properties = {
        "xmp:CreatorTool": tool,
        "photoshop:Credit": provenance.credit,
        "Iptc4xmpExt:DigitalSourceType": provenance.source.value,
        "Iptc4xmpExt:AISystemUsed": provenance.system,
    }
    told = "\n".join(
        f"<{name}>{escape(_NOT_XML.sub('', value))}</{name}>" for name, value in properties.items() if value
    )
    spaces = " ".join(f'xmlns:{name}="{_NAMES[name]}"' for name in ("xmp", "photoshop", "Iptc4xmpExt"))
    return f'<rdf:Description rdf:about="" {spaces}>\n{told}\n</rdf:Description>'


def _packet(described: str) -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="{_NAMES["x"]}"><rdf:RDF xmlns:rdf="{RDF}">\n{described}\n</rdf:RDF></x:xmpmeta>\n'
        '<?xpacket end="w"?>'
    ).encode()


def _merged(existing: bytes, fresh: bytes) -> bytes:
    """Return `existing` with our properties in the place of its own of the same names. Raises ParseError, ValueError."""
    for prefix, space in _NAMES.items():
        ET.register_namespace(prefix, space)
    root, ours = ET.fromstring(existing.strip(b"\0 \n\r\t")), ET.fromstring(fresh)  # noqa: S314 - no document type
    rdf, told = next(root.iter(f"{{{RDF}}}RDF"), None), next(ours.iter(f"{{{RDF}}}Description"))
    if rdf is None:
        raise ValueError("the packet holds no description")
    # A value that we do not know is not left as somebody else's: all names that we may write are taken away.
    mine = {f"{{{_NAMES[prefix]}}}{name}" for prefix, name in _OURS}
    for one in rdf.findall(f"{{{RDF}}}Description"):
        for name in mine & set(one.attrib):
            del one.attrib[name]
        for child in [child for child in one if child.tag in mine]:
            one.remove(child)
        if not len(one) and not set(one.attrib) - {f"{{{RDF}}}about"}:
            rdf.remove(one)
    if not len(rdf):
        return fresh
    rdf.append(told)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{body}\n<?xpacket end="w"?>'.encode()


_OURS = (
    ("xmp", "CreatorTool"),
    ("photoshop", "Credit"),
    ("Iptc4xmpExt", "DigitalSourceType"),
    ("Iptc4xmpExt", "AISystemUsed"),
    ("Iptc4xmpExt", "AISystemVersionUsed"),
)
