"""What OpenAI's transcription endpoint reads and says.

Wire format: openai 3.52.0, types/audio; the refusals are those that people quote: 413 above 26,214,400 bytes, 400 for a
file of another sort, and for a format of the reply that the model has not.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
import wave
from pathlib import PurePath

from flask import Request

from sandbox.calls import Answer, Ask, Json, Kind, Picture, RefusedError, Trouble, Vendor, fingerprint
from sandbox.catalogue import find
from sandbox.chat_body import read_model
from sandbox.speech import timed

MOST_BYTES = 26_214_400
FILE_TYPES = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
FORMATS = {"whisper-1": ("json", "text", "verbose_json"), "gpt-transcribe": ("json",)}
"""What the reply can be; of OpenAI's formats for whisper-1, `srt` and `vtt` are not spoken here."""
MAGIC = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"OggS", b"fLaC", b"\x1aE\xdf\xa3")
USUAL_BYTES_PER_S = 8_000  # 64 kbit/s: of what is not measured here
MP3_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)


def read_transcription(request: Request) -> Ask:
    """Return what a form asks. Raises: RefusedError."""
    if (size := request.content_length or 0) > MOST_BYTES:
        message = f"Maximum content size limit ({MOST_BYTES}) exceeded ({size} bytes read)"
        raise RefusedError(Trouble.INVALID_REQUEST, message, status=413, error_type="server_error")
    part = request.files.get("file")
    if part is None:
        raise RefusedError(Trouble.INVALID_REQUEST, "file: field required", param="file")
    sound, body = part.read(), dict(request.form)
    model, form = read_model(body), str(body.get("response_format") or "json")
    if form not in FORMATS.get(model, (form,)):
        message = f"response_format '{form}' is not compatible with model '{model}'. Use 'json' instead."
        raise RefusedError(Trouble.INVALID_REQUEST, message, param="response_format", code="unsupported_value")
    if "timestamp_granularities[]" in body and form != "verbose_json":
        message = "timestamp_granularities[] needs response_format verbose_json"
        raise RefusedError(Trouble.INVALID_REQUEST, message, param="timestamp_granularities")
    if (known := find(Vendor.OPENAI, model)) is not None and not known.hears:
        message = f"The model '{model}' does not transcribe."
        raise RefusedError(Trouble.INVALID_REQUEST, message, param="model", code="invalid_value")
    seconds = seconds_of(sound)
    if PurePath(part.filename or "").suffix[1:].lower() not in FILE_TYPES or seconds is None:
        raise RefusedError(Trouble.INVALID_REQUEST, f"Invalid file format. Supported formats: {list(FILE_TYPES)}")
    return Ask(
        model=model,
        kind=Kind.TRANSCRIPT,
        system="",
        prompt=str(body.get("prompt") or ""),
        fingerprint=fingerprint([body, hashlib.sha256(sound).hexdigest()]),
        vendor=Vendor.OPENAI,
        audio_s=seconds,
        options={"response_format": form, "language": str(body.get("language") or "en")},
    )


def transcription(ask: Ask, answer: Answer) -> Json | Picture:
    """Return a `TranscriptionVerbose`, a `Transcription` or its bare text."""
    usage = {"type": "duration", "seconds": math.ceil(ask.audio_s)}
    match ask.options["response_format"]:
        case "verbose_json":
            spoken = [_segment(number, *one) for number, one in enumerate(timed(answer.text, ask.audio_s))]
            told = {
                "task": "transcribe",
                "language": _named(ask.options["language"]),
                "duration": round(ask.audio_s, 2),
            }
            return {**told, "text": answer.text, "segments": spoken, "usage": usage}
        case "text":
            return Picture(answer.text.encode() + b"\n", "text/plain; charset=utf-8")
        case _:
            languages = {"languages": [{"code": ask.options["language"]}]} if ask.model == "gpt-transcribe" else {}
            return {"text": answer.text, **languages, "usage": usage}


def _named(language: str) -> str:
    return {"en": "english", "ur": "urdu", "de": "german"}.get(language, language)


def _segment(number: int, start: float, end: float, text: str) -> Json:
    return {
        "id": number, "seek": int(start // 30) * 3000, "start": start, "end": end, "text": f" {text}",
        "tokens": [50364, 50364 + number], "temperature": 0.0, "avg_logprob": -0.24, "compression_ratio": 1.4,
        "no_speech_prob": 0.01,
    }  # fmt: skip


def seconds_of(sound: bytes) -> float | None:
    """Return how long a recording lasts; None for a file of another sort. Not measured: a guess from its bytes."""
    if sound[:4] == b"RIFF" and sound[8:12] == b"WAVE":
        try:
            with wave.open(io.BytesIO(sound)) as file:
                return float(file.getnframes() / file.getframerate())
        except (wave.Error, EOFError, ZeroDivisionError):
            return None
    if sound[4:8] == b"ftyp":
        return _mp4_s(sound) or len(sound) / USUAL_BYTES_PER_S
    if not sound.startswith(MAGIC):
        return None
    return len(sound) / _bytes_per_s(sound)


def _mp4_s(sound: bytes) -> float:
    """Return the length that an MP4 of the usual sort says it has; 0 when it does not say."""
    at = sound.find(b"mvhd") + 16
    if at < 16 or len(sound) < at + 8:  # noqa: PLR2004 - not found
        return 0.0
    scale, length = struct.unpack_from(">II", sound, at)
    return float(length / scale) if scale else 0.0


def _bytes_per_s(sound: bytes) -> int:
    """Return the rate of an MP3 of one rate, from its first frame."""
    kbits = sound[2] >> 4 if sound[:2] == b"\xff\xfb" else 0
    return MP3_KBITS[kbits - 1] * 125 if 0 < kbits <= len(MP3_KBITS) else USUAL_BYTES_PER_S
