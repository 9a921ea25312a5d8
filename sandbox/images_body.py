"""Reads requests in the shape of OpenAI's images endpoints, as JSON and as a form, and counts what they cost."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Request

from sandbox.calls import Json, RefusedError, Trouble
from sandbox.chat_body import dig, read_json, read_model
from sandbox.encoding import bytes_of_url
from sandbox.retoucher import size_of

LONGEST_PROMPT = 32_000
MOST_PICTURES = 16
MOST_MADE = 10
STEP_PX = 16
WIDEST = 3  # times as wide as high, or as high as wide
MOST_PIXELS = 3840 * 2160
CLASSIC_SIZES = ("1024x1024", "1536x1024", "1024x1536")
# Output tokens of a 1024x1024 picture by quality; larger ones cost in proportion to their pixels. Low is what the
# gateway's documentation shows, medium what OpenAI's API reference shows; high is the figure of gpt-image-1.
TOKENS = {"low": 196, "medium": 1056, "high": 4160, "xhigh": 4160, "max": 4160, "auto": 1056}
FORMATS = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
_ANY_SIZE = re.compile(r"gpt-image-([2-9]|\d\d)")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request for pictures asks."""

    body: Json
    model: str
    prompt: str
    count: int
    size: tuple[int, int]
    """Pixels; `auto` is decided here."""
    quality: str
    output_format: str
    pictures: tuple[bytes, ...]

    @property
    def image_tokens(self) -> int:
        """Return the output tokens of one picture."""
        return round(TOKENS[self.quality] * self.size[0] * self.size[1] / (1024 * 1024))


def read_wish(request: Request, *, is_edit: bool) -> Wish:
    """Return what the request asks. Raises: RefusedError."""
    is_form = (request.content_type or "").startswith("multipart/form-data")
    body: Json = dict(request.form) if is_form else read_json(request)
    pictures = _form_pictures(request) if is_form else _json_pictures(body)
    if is_edit and not 1 <= len(pictures) <= MOST_PICTURES:
        raise RefusedError(Trouble.INVALID_REQUEST, "image: expected 1 to 16 images", param="image")
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not 1 <= len(prompt) <= LONGEST_PROMPT:
        raise RefusedError(Trouble.INVALID_REQUEST, f"prompt: expected 1..{LONGEST_PROMPT} characters", param="prompt")
    options = dig(body, "providerOptions", "openai") or {}
    model = read_model(body)
    return Wish(
        body=body,
        model=model,
        prompt=prompt,
        count=_count(body.get("n") or 1),
        size=_size(body.get("size") or "auto", model, pictures if is_edit else ()),
        quality=_choice("quality", body.get("quality") or options.get("quality") or "auto", TOKENS),
        output_format=_choice(
            "output_format", body.get("output_format") or options.get("outputFormat") or "png", FORMATS
        ),
        pictures=pictures if is_edit else (),
    )


def _form_pictures(request: Request) -> tuple[bytes, ...]:
    """Return the parts named `image` or `image[]`, in order; a mask is taken and not looked at."""
    return tuple(
        part.read() for name in ("image", "image[]", "images", "images[]") for part in request.files.getlist(name)
    )


def _json_pictures(body: Json) -> tuple[bytes, ...]:
    pictures = []
    for item in body.get("images") or ():
        url = item.get("image_url") if isinstance(item, dict) else None
        data = bytes_of_url(url) if isinstance(url, str) else None
        if data is None:
            raise RefusedError(Trouble.INVALID_REQUEST, "images: expected image_url with a data URL", param="images")
        pictures.append(data)
    return tuple(pictures)


def _count(value: object) -> int:
    try:
        count = int(str(value))
    except ValueError:
        count = 0
    if not 1 <= count <= MOST_MADE:
        raise RefusedError(Trouble.INVALID_REQUEST, f"n: expected 1..{MOST_MADE}, got {value!r}", param="n")
    return count


def _choice(name: str, value: object, known: Json | dict[str, int] | dict[str, str]) -> str:
    if str(value) not in known:
        message = f"Invalid value: '{value}'. Supported values are: {', '.join(known)}."
        raise RefusedError(Trouble.INVALID_REQUEST, message, param=name, code="invalid_value")
    return str(value)


def _size(text: object, model: str, pictures: tuple[bytes, ...]) -> tuple[int, int]:
    """Return the pixels: of the size named, or for `auto` the classic one that is nearest to the first picture."""
    if text == "auto":
        width, height = size_of(pictures[0]) if pictures else (1, 1)
        text = CLASSIC_SIZES[0 if width == height else 1 if width > height else 2]
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", str(text))
    if found and (str(text) in CLASSIC_SIZES or _is_allowed(int(found[1]), int(found[2]), model)):
        return int(found[1]), int(found[2])
    message = f"Invalid value: '{text}'. Supported values are: {', '.join(CLASSIC_SIZES)}, and 'auto'."
    if _ANY_SIZE.search(model):
        message = f"Invalid size '{text}': width and height must be divisible by 16, with a ratio of 1:3 to 3:1."
    raise RefusedError(Trouble.INVALID_REQUEST, message, param="size", code="invalid_value")


def _is_allowed(width: int, height: int, model: str) -> bool:
    """Tell whether a model of any size makes this one."""
    is_known = not model.rpartition("/")[2].startswith("gpt-image") or _ANY_SIZE.search(model) is not None
    is_even = width % STEP_PX == height % STEP_PX == 0 or not model.rpartition("/")[2].startswith("gpt-image")
    return is_known and is_even and max(width, height) <= WIDEST * min(width, height) and width * height <= MOST_PIXELS
