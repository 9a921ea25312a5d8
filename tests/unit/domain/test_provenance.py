from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.provenance import MAX_PACKET_BYTES, Provenance, Source, xmp

IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"


@given(model=st.text(max_size=300), provider=st.text(max_size=100), is_sandbox=st.booleans())
def test_any_name_of_a_model_gives_a_packet_that_can_be_read(model: str, provider: str, *, is_sandbox: bool) -> None:
    packet = xmp(Provenance(Source.TRAINED, model, provider, is_sandbox))
    ET.fromstring(packet)
    assert len(packet) < MAX_PACKET_BYTES


@given(st.binary(max_size=2_000))
def test_any_earlier_packet_gives_one_that_can_be_read(existing: bytes) -> None:
    packet = xmp(Provenance(Source.TRAINED, "a/model"), existing)
    told = [one.text for one in ET.fromstring(packet).iter(f"{{{IPTC_EXT}}}AISystemUsed")]
    assert told == ["a/model"]
    assert len(packet) <= MAX_PACKET_BYTES


@pytest.mark.parametrize("source", Source)
def test_a_source_is_a_term_of_the_iptc(source: Source) -> None:
    assert source.startswith("http://cv.iptc.org/newscodes/digitalsourcetype/")


def test_what_no_model_made_names_none() -> None:
    packet = xmp(Provenance(Source.ALGORITHMIC)).decode()
    assert "AISystemUsed" not in packet
    assert "<photoshop:Credit>Pressroom</photoshop:Credit>" in packet
