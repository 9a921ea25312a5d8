"""How long a recording lasts at most, by its bytes: whoever pays by the second must not be told less."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import SourceRefused
from sounds import MP3_FRAME_S, box, id3, m4a, mp3, wav
from workers.audio import measure


def code_of(data: bytes) -> str:
    with pytest.raises(SourceRefused) as refused:
        measure(data)
    return refused.value.code


# ---- WAV


def test_a_wav_is_as_long_as_its_samples() -> None:
    found = measure(wav(12.5))

    assert (found.format, found.seconds) == ("wav", 12.5)


def test_a_wav_whose_header_says_less_than_there_is_is_counted_to_its_end() -> None:
    data = bytearray(wav(60))
    data[40:44] = struct.pack("<I", 4000)  # one second

    assert measure(bytes(data)).seconds == 60


def test_a_wav_that_was_streamed_does_not_know_its_size_and_is_counted_to_its_end() -> None:
    data = bytearray(wav(60))
    data[4:8] = data[40:44] = b"\xff" * 4

    assert measure(bytes(data)).seconds == 60


@pytest.mark.parametrize("kind", [2, 17, 49, 85], ids=["ADPCM", "IMA", "GSM", "MP3"])
def test_a_packed_wav_has_no_length_that_its_bytes_tell(kind: int) -> None:
    data = bytearray(wav(10))
    data[20:22] = struct.pack("<H", kind)

    assert code_of(bytes(data)) == "audio_refused:unknown_length"


def test_a_wav_whose_extended_header_names_a_packed_kind_is_refused_too() -> None:
    form = struct.pack("<HHIIHHHHIH14x", 0xFFFE, 1, 4000, 4000, 1, 8, 22, 8, 0, 17)
    body = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 4000) + bytes(4000)

    assert code_of(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body) == "audio_refused:unknown_length"


# ---- MP3


def test_an_mp3_is_as_long_as_its_frames() -> None:
    found = measure(mp3(1000))

    assert found.format == "mp3"
    assert found.seconds == pytest.approx(1000 * MP3_FRAME_S)


def test_a_cover_in_front_of_the_sound_is_none() -> None:
    assert measure(mp3(1000, tags=id3(60_000))).seconds == pytest.approx(1000 * MP3_FRAME_S)


def test_what_is_in_no_frame_counts_as_the_thinnest_sound() -> None:
    hidden = b"\x55" * 95_000

    assert measure(mp3(500) + hidden + mp3(500)).seconds == pytest.approx(1000 * MP3_FRAME_S + 100)


def test_one_that_is_mostly_in_no_frame_is_not_searched_to_its_end() -> None:
    assert measure(mp3(10) + b"\xff" * 20_000_000).seconds > 20_000


def test_frames_of_another_length_count_as_none_for_decoders_pass_them_over() -> None:
    other = (b"\xff\xe3\x18\x00" + bytes(68)) * 100  # MPEG 2.5, 8 kbit/s, 8 kHz: 72 bytes last 72 ms

    assert measure(mp3(100) + other).seconds >= 100 * MP3_FRAME_S + 7.2


def test_a_frame_by_chance_makes_no_mp3() -> None:
    assert code_of(b"\xff\xfb\x90\x00" + b"<html>" * 400) == "audio_refused:no_audio"


# ---- MP4


def test_an_m4a_is_as_long_as_its_packets() -> None:
    found = measure(m4a(1000))

    assert found.format == "m4a"
    assert found.seconds == pytest.approx(1000 * 1024 / 44100)


def test_one_that_declares_less_than_its_packets_hold_is_counted_by_these() -> None:
    assert measure(m4a(100_000, declared_s=5)).seconds == pytest.approx(100_000 * 1024 / 44100)


def test_one_that_declares_more_is_believed() -> None:
    assert measure(m4a(10, declared_s=600)).seconds == 600


def test_the_core_of_high_efficiency_aac_decides() -> None:
    assert measure(m4a(1000, hertz=7, kind=5)).seconds == pytest.approx(1000 * 1024 / 22050)


def nested(depth: int) -> bytes:
    made = b""
    for _ in range(depth):
        made = box(b"moov", made)
    return made


@pytest.mark.parametrize(
    "data",
    [
        m4a(1000, codec=b"alac"),
        m4a(1000, kind=23),
        m4a(1000, hertz=15),
        m4a(1000, edits=2),
        m4a(1000, handler=b"vide"),
        m4a(1000, more=box(b"moof", bytes(16))),
        m4a(1000)[:-30],
        m4a(0),
        box(b"ftyp", b"M4A \x00\x00\x00\x00"),
        m4a(1000, more=box(b"free") * 100_000),
        m4a(1000, more=nested(3_000)),
    ],
    ids=[
        "lossless",
        "other AAC",
        "rate of its own",
        "played again",
        "silent",
        "fragments",
        "cut",
        "empty",
        "bare",
        "many parts",
        "parts in parts",
    ],
)
def test_an_mp4_whose_sound_cannot_be_counted_is_refused(data: bytes) -> None:
    assert code_of(data) == "audio_refused:unknown_length"


# ---- others


@pytest.mark.parametrize("magic", [b"OggS", b"fLaC", b"\x1aE\xdf\xa3"], ids=["Ogg", "FLAC", "WebM"])
def test_a_format_whose_length_only_decoding_tells_is_refused_with_those_that_are_taken(magic: bytes) -> None:
    assert code_of(magic + bytes(5000)) == "audio_refused:unknown_length"
    with pytest.raises(SourceRefused, match="MP3, M4A \\(AAC\\) and WAV are taken"):
        measure(magic + bytes(5000))


@pytest.mark.parametrize(
    "data", [b"", b"<!doctype html>", b"\x89PNG\r\n\x1a\n" + bytes(99), b"RIFF\x00\x00\x00\x00WEBPVP8 ", b"%PDF-1.7"]
)
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    assert code_of(data) == "audio_refused:no_audio"


BEGINNINGS = st.sampled_from([b"", wav(1)[:44], mp3(3), m4a(10), m4a(10)[:60], id3(20), b"\x00\x00\x00\x08ftyp"])


@given(BEGINNINGS, st.binary(max_size=400))
def test_whatever_comes_it_is_measured_or_refused(beginning: bytes, rest: bytes) -> None:
    try:
        found = measure(beginning + rest)
    except SourceRefused:
        return
    assert found.seconds > 0


@given(st.lists(st.one_of(st.integers(1, 40), st.binary(max_size=60)), min_size=1, max_size=12))
def test_no_frame_of_an_mp3_is_lost_whatever_lies_between(parts: list[int | bytes]) -> None:
    frames = 2 + sum(part for part in parts if isinstance(part, int))
    data = mp3(2) + b"".join(mp3(part) if isinstance(part, int) else part for part in parts)

    assert measure(data).seconds >= 0.999 * frames * MP3_FRAME_S
