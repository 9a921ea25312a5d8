"""The Gemini API's wire format: generateContent for texts, pictures shown and pictures made.

Base url: `/v1beta`; the same calls are answered at `/v1`. Wire format: google-genai 3.4.0 and the Gemini API
reference, 2026-11. What is an error and what a 200 without content is in `gemini_replies`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Request, Response, request

from sandbox.calls import Answer, Ask, Json, Kind, RefusedError, RetryForm, Trouble, Vendor, fingerprint
from sandbox.catalogue import BY_VENDOR, Model, find
from sandbox.chat_body import REFUSED_KEY, read_json
from sandbox.desk import Desk
from sandbox.encoding import bytes_of
from sandbox.exchange import respond
from sandbox.gemini_replies import candidates, error_body, usage
from sandbox.painter import SIZES, ratio_nearest
from sandbox.retoucher import size_of

# Width and height as multiples of the 1K picture, and output tokens (Gemini API pricing page, 2026-11).
SCALES = {"512": 0.5, "1K": 1.0, "2K": 2.0, "4K": 4.0}
TOKENS = {"512": 747, "1K": 1120, "2K": 1680, "4K": 2520}
PRO_TOKENS = {"1K": 1120, "2K": 1120, "4K": 2000}
URL_SAFE = str.maketrans("-_", "+/")  # google-genai sends that alphabet; Google reads both
LONG_RATIOS = {"1:4": (512, 2064), "4:1": (2064, 512), "1:8": (352, 2928), "8:1": (2928, 352)}
"""Only the 3.1 models."""


@dataclass(frozen=True, slots=True)
class _Said:
    system: str
    prompt: str
    pictures: tuple[bytes, ...]


class GeminiWire:
    """Reads and renders `POST /{version}/models/{model}:generateContent`."""

    vendor = Vendor.GEMINI
    retry_form = RetryForm.BODY
    retry_after: str | None = "1"

    def __init__(self, version: str) -> None:
        """Remember the version for messages."""
        self._version = version

    def read(self, request: Request) -> Ask:
        """Return what the request asks. Raises: RefusedError."""
        _authorize(request)
        name, method = str((request.view_args or {})["name"]), str((request.view_args or {})["method"])
        if method != "generateContent":
            raise RefusedError(Trouble.MODEL_NOT_FOUND, self._not_found(name, method))
        body = read_json(request)
        said = _read_contents(body)
        config = _member(body, "generationConfig", {})
        model = find(Vendor.GEMINI, name)
        if model is None:
            raise RefusedError(Trouble.MODEL_NOT_FOUND, self._not_found(name, method))
        kind, schema = _read_kind(config, model)
        ratio, size, tokens = _read_size(config, model, said) if kind is Kind.IMAGE else ("1:1", None, None)
        thinking = _member(config, "thinkingConfig", {})
        return Ask(
            model=name,
            kind=kind,
            system=said.system,
            prompt=said.prompt,
            schema_name="",
            schema=schema,
            aspect_ratio=ratio,
            input_images=len(said.pictures),
            fingerprint=fingerprint([name, body]),
            vendor=Vendor.GEMINI,
            pictures=said.pictures,
            size=size,
            image_tokens=tokens,
            options={"thoughts": bool(_member(thinking, "includeThoughts", False))},
        )

    def _not_found(self, name: str, method: str) -> str:
        return (
            f"models/{name} is not found for API version {self._version}, or is not supported for {method}. "
            "Call ListModels to see the list of available models and their supported methods."
        )

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return a `GenerateContentResponse`."""
        return candidates(ask, answer) | {
            "usageMetadata": usage(answer),
            "modelVersion": ask.model,
            "responseId": answer.id,
        }

    def render_error(self, refused: RefusedError, ask: Ask | None) -> tuple[int, Json]:
        """Return status and a `google.rpc.Status`."""
        if refused.trouble is Trouble.MODEL_NOT_FOUND and ask is not None and not refused.message:
            refused.message = self._not_found(ask.model, "generateContent")
        return error_body(refused)

    def headers(self, refused: RefusedError | None, key: str) -> dict[str, str]:
        """Return nothing that clients could rely on."""
        del refused, key
        return {}


def blueprint(desk: Desk) -> Blueprint:
    """Return the endpoints of both versions."""
    gemini = Blueprint("gemini", __name__)

    for version in ("v1beta", "v1"):
        wire = GeminiWire(version)

        @gemini.post(f"/{version}/models/<name>:<method>", endpoint=f"generate_{version}")
        def generate(name: str, method: str, wire: GeminiWire = wire) -> Response:
            del name, method
            return respond(desk, wire, request)

    @gemini.get("/v1beta/models")
    def models() -> Json:
        return {"models": [_model_row(model) for model in BY_VENDOR[Vendor.GEMINI].values()]}

    return gemini


def _model_row(model: Model) -> Json:
    return {
        "name": f"models/{model.slug}",
        "version": "001",
        "displayName": model.name,
        "inputTokenLimit": 131072,
        "outputTokenLimit": 32768,
        "supportedGenerationMethods": ["generateContent"],
    }


def _authorize(request: Request) -> None:
    key = request.headers.get("x-goog-api-key") or request.args.get("key", "")
    if not key:
        message = "Method doesn't allow unregistered callers (callers without established identity)."
        raise RefusedError(Trouble.UNAUTHORIZED, message, variant="forbidden")
    if key == REFUSED_KEY:
        raise RefusedError(Trouble.UNAUTHORIZED)


def _member(value: Json, name: str, default: object = None) -> Any:
    """Return a member named in camelCase or snake_case: Google's parser takes both."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    found = value.get(name)
    return found if found is not None else value.get(snake, default)


def _read_contents(body: Json) -> _Said:
    """Return the texts and pictures of all turns of the user."""
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        raise RefusedError(Trouble.INVALID_REQUEST, "* GenerateContentRequest.contents: contents is not specified")
    texts: list[str] = []
    pictures: list[bytes] = []
    for content in contents:
        if not isinstance(content, dict) or content.get("role", "user") not in ("user", "model"):
            raise RefusedError(Trouble.INVALID_REQUEST, "Please use a valid role: user, model.")
        if content.get("role", "user") == "user":
            _read_parts(content, texts, pictures)
    system: list[str] = []
    _read_parts(_member(body, "systemInstruction", {}), system, [])
    return _Said("\n".join(system), "\n".join(texts), tuple(pictures))


def _read_parts(content: Json, texts: list[str], pictures: list[bytes]) -> None:
    parts = content.get("parts", [])
    for part in parts if isinstance(parts, list) else [parts]:
        blob = _member(part, "inlineData")
        if isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif isinstance(blob, dict) and isinstance(blob.get("data"), str) and _member(blob, "mimeType"):
            pictures.append(bytes_of(blob["data"].translate(URL_SAFE)))
        else:
            raise RefusedError(Trouble.INVALID_REQUEST, "Unsupported part: expected text or inlineData with mimeType.")


def _read_kind(config: Json, model: Model) -> tuple[Kind, Json]:
    """Return the kind of call and its schema. An image model paints unless it is asked for text alone."""
    modalities = [str(one).upper() for one in _member(config, "responseModalities") or ()]
    wants_json = _member(config, "responseMimeType") == "application/json"
    json_schema, schema = _member(config, "responseJsonSchema"), _member(config, "responseSchema")
    if json_schema is not None and schema is not None:
        raise RefusedError(Trouble.INVALID_REQUEST, "Only one of responseSchema and responseJsonSchema may be set.")
    if (json_schema is not None or schema is not None) and not wants_json:
        message = "Function calling with a response mime type: 'text/plain' is unsupported: set application/json."
        raise RefusedError(Trouble.INVALID_REQUEST, message)
    if "IMAGE" in modalities and not model.paints:
        raise RefusedError(Trouble.INVALID_REQUEST, "Model does not support the requested response modalities: image")
    if wants_json:
        return Kind.JSON, json_schema or schema or {}
    return Kind.IMAGE if model.paints and (not modalities or "IMAGE" in modalities) else Kind.TEXT, {}


def _read_size(config: Json, model: Model, said: _Said) -> tuple[str, tuple[int, int] | None, int]:
    """Return the aspect ratio, the pixels and the output tokens of a picture."""
    image = _member(config, "imageConfig", {})
    ratio, scale = _member(image, "aspectRatio"), _member(image, "imageSize")
    if ratio is None:
        ratio = ratio_nearest(size_of(said.pictures[0])) if said.pictures else "1:1"
    known = SIZES | (LONG_RATIOS if "3.1" in model.slug else {})
    if ratio not in known:
        message = f"Invalid aspect ratio {ratio!r}. Supported: {', '.join(known)}."
        raise RefusedError(Trouble.INVALID_REQUEST, message)
    tokens = PRO_TOKENS if "pro" in model.slug else TOKENS
    if scale is not None and (scale not in tokens or "2.5" in model.slug):
        raise RefusedError(Trouble.INVALID_REQUEST, f"Invalid image size {scale!r} for {model.slug}.")
    if scale is None:
        return ratio, known[ratio] if ratio in LONG_RATIOS else None, model.image_tokens
    width, height = known[ratio]
    return ratio, (round(width * SCALES[scale]), round(height * SCALES[scale])), tokens[scale]
