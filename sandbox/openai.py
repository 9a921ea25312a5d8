"""OpenAI's wire format: chat completions, pictures, moderations, transcriptions.

Base url: `/openai/v1`, because the gateway, whose paths are the same, is at `/v1`. Wire format: openai 3.52.0,
openai-openapi of 2026-08-21, and error bodies seen in real replies.
"""

from __future__ import annotations

from flask import Blueprint, Request, Response, request

from sandbox.calls import Answer, Ask, Json, Kind, Picture, RefusedError, RetryForm, Trouble, Vendor, fingerprint
from sandbox.catalogue import BY_VENDOR, find
from sandbox.chat_body import authorize, dig, read_format, read_json, read_messages, read_model
from sandbox.desk import Desk
from sandbox.encoding import base64_text
from sandbox.exchange import respond
from sandbox.images_body import FORMATS, read_wish
from sandbox.moderations import moderation, read_input
from sandbox.openai_errors import error_body, limit_headers
from sandbox.reply_ids import request_id
from sandbox.schema_rules import check_openai_strict
from sandbox.transcriptions import read_transcription, transcription

REFUSAL = "I'm sorry, I can't assist with that request."
IMAGE_PARAMS = frozenset(
    (
        "model", "prompt", "n", "size", "quality", "background", "output_format", "output_compression", "moderation",
        "user", "images", "image", "image[]", "mask", "input_fidelity", "partial_images", "stream",
    )
)  # fmt: skip


class OpenAIWire:
    """What all of OpenAI's endpoints share."""

    vendor = Vendor.OPENAI
    retry_form = RetryForm.SECONDS
    retry_after: str | None = "1"

    def render_error(self, refused: RefusedError, ask: Ask | None) -> tuple[int, Json]:
        """Return status and error envelope."""
        return error_body(refused, ask)

    def headers(self, refused: RefusedError | None, key: str) -> dict[str, str]:
        """Return the request's id and the limits."""
        is_limited = refused is not None and refused.trouble is Trouble.RATE_LIMITED
        return {"x-request-id": request_id(key), **limit_headers(is_limited=is_limited)}


class ChatWire(OpenAIWire):
    """Reads and renders `POST /openai/v1/chat/completions`."""

    def read(self, request: Request) -> Ask:
        """Return what a chat request asks. Raises: RefusedError."""
        authorize(request)
        body = read_json(request)
        model = read_model(body)
        said = read_messages(body.get("messages"))
        kind, schema_name, schema = read_format(body)
        known = find(Vendor.OPENAI, model)
        if kind is Kind.IMAGE or (known is not None and (known.image_only or known.hears)):
            message = "This is not a chat model and thus not supported in the v1/chat/completions endpoint."
            raise RefusedError(Trouble.INVALID_REQUEST, message, param="model")
        if schema and dig(body, "response_format", "json_schema", "strict"):
            check_openai_strict(schema_name, schema)
        return Ask(
            model=model,
            kind=kind,
            system=said.system,
            prompt=said.prompt,
            schema_name=schema_name,
            schema=schema,
            input_images=said.input_images,
            fingerprint=fingerprint([body.get(name) for name in ("model", "messages", "response_format")]),
            vendor=Vendor.OPENAI,
            pictures=said.pictures,
        )

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return a `chat.completion`."""
        is_filtered = answer.finish_reason == "content_filter" and answer.variant == "content_filter"
        is_refused = answer.finish_reason == "content_filter" and not is_filtered
        reason = "stop" if is_refused or answer.finish_reason == "empty" else answer.finish_reason
        message: Json = {
            "role": "assistant",
            "content": None if is_refused else answer.text,
            "refusal": REFUSAL if is_refused else None,
            "annotations": [],
        }
        return {
            "id": answer.id,
            "object": "chat.completion",
            "created": answer.created_at,
            "model": ask.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
            "usage": _chat_usage(answer),
            "service_tier": "default",
            "system_fingerprint": "fp_5a4db0c5",
        }


def _chat_usage(answer: Answer) -> Json:
    details = ("reasoning_tokens", "audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens")
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": dict.fromkeys(details, 0),
    }


class ImagesWire(OpenAIWire):
    """Reads and renders `POST /openai/v1/images/generations` and `/edits`."""

    def __init__(self, *, is_edit: bool) -> None:
        """Know which of the two."""
        self._is_edit = is_edit

    def read(self, request: Request) -> Ask:
        """Return what the request asks; what the GPT image models do not know is refused. Raises: RefusedError."""
        authorize(request)
        wish = read_wish(request, is_edit=self._is_edit)
        if unknown := sorted(set(wish.body) - IMAGE_PARAMS):
            message = f"Unknown parameter: '{unknown[0]}'."
            raise RefusedError(Trouble.INVALID_REQUEST, message, param=unknown[0], code="unknown_parameter")
        model = find(Vendor.OPENAI, wish.model)
        if model is not None and not model.image_only:
            message = f"The model '{wish.model}' does not make images."
            raise RefusedError(Trouble.INVALID_REQUEST, message, param="model", code="invalid_value")
        return Ask(
            model=wish.model,
            kind=Kind.IMAGE,
            system="",
            prompt=wish.prompt,
            input_images=len(wish.pictures),
            fingerprint=fingerprint([wish.model, wish.prompt, wish.size, wish.quality, wish.count, self._is_edit]),
            vendor=Vendor.OPENAI,
            pictures=wish.pictures,
            size=wish.size,
            count=wish.count,
            mime=FORMATS[wish.output_format],
            image_tokens=wish.image_tokens,
            options={"output_format": wish.output_format, "quality": wish.quality},
        )

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return an `ImagesResponse`."""
        quality = ask.options["quality"]
        width, height = ask.size or (1024, 1024)
        shown = answer.input_image_tokens
        return {
            "created": answer.created_at,
            "background": "opaque",
            "data": [{"b64_json": base64_text(answer, picture)} for picture in answer.pictures],
            "output_format": ask.options["output_format"],
            "quality": "medium" if quality == "auto" else quality,
            "size": f"{width}x{height}",
            "usage": {
                "total_tokens": answer.prompt_tokens + answer.completion_tokens,
                "input_tokens": answer.prompt_tokens,
                "output_tokens": answer.completion_tokens,
                "input_tokens_details": {"text_tokens": answer.prompt_tokens - shown, "image_tokens": shown},
                "output_tokens_details": {
                    "image_tokens": answer.image_tokens,
                    "text_tokens": answer.completion_tokens - answer.image_tokens,
                },
            },
        }


class ModerationsWire(OpenAIWire):
    """Reads and renders `POST /openai/v1/moderations`; only a `flagged` rule makes it flag anything."""

    def read(self, request: Request) -> Ask:
        """Return the texts and pictures to judge. Raises: RefusedError."""
        authorize(request)
        body = read_json(request)
        texts, pictures, count = read_input(body.get("input"))
        return Ask(
            model=str(body.get("model") or "omni-moderation-latest"),
            kind=Kind.MODERATION,
            system="",
            prompt="\n".join(texts),
            input_images=len(pictures),
            fingerprint=fingerprint(["moderation", body]),
            vendor=Vendor.OPENAI,
            pictures=pictures,
            count=count,
        )

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return a `ModerationCreateResponse`."""
        return {"id": answer.id, "model": ask.model, "results": [moderation(ask, answer) for _ in range(ask.count)]}


class TranscriptionsWire(OpenAIWire):
    """Reads and renders `POST /openai/v1/audio/transcriptions`."""

    def read(self, request: Request) -> Ask:
        """Return the recording, by its length, and how it is to be told. Raises: RefusedError."""
        authorize(request)
        return read_transcription(request)

    def render(self, ask: Ask, answer: Answer) -> Json | Picture:
        """Return what is said in it."""
        return transcription(ask, answer)


def blueprint(desk: Desk) -> Blueprint:
    """Return OpenAI's endpoints, mounted at `/openai/v1`."""
    openai = Blueprint("openai", __name__, url_prefix="/openai/v1")
    chat, moderations, transcriptions = ChatWire(), ModerationsWire(), TranscriptionsWire()
    generations, edits = ImagesWire(is_edit=False), ImagesWire(is_edit=True)

    @openai.post("/chat/completions")
    def chat_completions() -> Response:
        return respond(desk, chat, request)

    @openai.post("/images/generations")
    def images_generations() -> Response:
        return respond(desk, generations, request)

    @openai.post("/images/edits")
    def images_edits() -> Response:
        return respond(desk, edits, request)

    @openai.post("/moderations")
    def moderate() -> Response:
        return respond(desk, moderations, request)

    @openai.post("/audio/transcriptions")
    def audio_transcriptions() -> Response:
        return respond(desk, transcriptions, request)

    @openai.get("/models")
    def models() -> Json:
        rows = [
            {"id": name, "object": "model", "created": 1755815280, "owned_by": "openai"}
            for name in BY_VENDOR[Vendor.OPENAI]
        ]
        return {"object": "list", "data": rows}

    return openai
