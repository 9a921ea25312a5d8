"""Turns an ask into an answer: words from the writer, pictures from the painter, tokens and cost."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sandbox import painter, writer
from sandbox.album import Album
from sandbox.calls import Answer, Ask, Kind, Picture
from sandbox.catalogue import Model, cost_micro_usd, find
from sandbox.config import Config, Pictures
from sandbox.painter import size_of
from sandbox.reply_ids import reply_id
from sandbox.retoucher import retouch

CHARACTERS_PER_TOKEN = 4
TOKENS_PER_INPUT_IMAGE = 258  # Gemini's count for one tile of a picture that it looks at
LEAST_THOUGHTS = 64
MOST_WALLS = 16  # of 48 pictures of 1.5 MB: about a gigabyte
FIRST_CREATED_AT = 1_795_220_000  # 2026-11-21; replies repeat byte for byte, so no clock is read


class Author:
    """Writes and paints according to one configuration."""

    def __init__(self, config: Config) -> None:
        """Paint nothing yet."""
        self._gallery = Gallery(config) if config.pictures is Pictures.PAINTED_ONCE else None
        self.forget()

    def forget(self) -> None:
        """Remember no picture that was made; what hangs on walls stays, and is handed out from the first on."""
        if self._gallery is not None:
            self._gallery.begin_anew()
        self._album = Album()
        self._last: dict[tuple[tuple[int, int], str], Picture] = {}

    def answer(self, ask: Ask, key: str, avoid: tuple[str, ...] = ()) -> Answer:
        """Return the answer for a key; the same ask and key give the same answer.

        `avoid` are words that a rewritten prompt must not have. A job's answer has no pictures yet.
        Raises: RefusedError when a picture to edit cannot be read.
        """
        model = find(ask.vendor, ask.model)
        assert model is not None, "admit() comes first"
        paints = ask.kind is Kind.IMAGE
        pictures = tuple(self.pictures(ask, key)) if paints and not ask.is_job else ()
        answer = Answer(
            id=reply_id(ask, key),
            text="Here is your image." if paints else writer.write(ask, key, avoid),
            prompt_tokens=_tokens(ask.system + ask.prompt) + ask.input_images * TOKENS_PER_INPUT_IMAGE,
            completion_tokens=0,
            cost_micro_usd=None,
            pictures=pictures,
            created_at=FIRST_CREATED_AT + int(key[:4], 16),
            priced=model.price is not None,
            input_image_tokens=ask.input_images * TOKENS_PER_INPUT_IMAGE,
            thought_tokens=LEAST_THOUGHTS + int(key[4:6], 16) if model.thinks else 0,
        )
        return _counted(answer, ask, model, has_output=True)

    def pictures(self, ask: Ask, key: str) -> Iterator[Picture]:
        """Make the pictures asked for, and remember the last of each size."""
        for number in range(ask.count):
            picture = self._picture(ask, f"{key}:{number}" if number else key)
            self._last[size_of(ask), ask.mime] = picture
            yield picture

    def last(self, ask: Ask) -> Picture | None:
        """Return the picture of that size and type that was made last."""
        return self._last.get((size_of(ask), ask.mime))

    def _picture(self, ask: Ask, key: str) -> Picture:
        size = size_of(ask)
        if ask.pictures:
            return Picture(painter.encode(retouch(ask.pictures[0], ask.prompt, size, key), ask.mime), ask.mime)
        if self._gallery is not None and (hung := self._gallery.next(size, ask.mime)):
            return hung
        name = f"{key}:{size}:{ask.prompt}"
        image = self._album.paint(name, lambda variant: painter.render(ask.prompt, size, _varied(key, variant)))
        return Picture(painter.encode(image, ask.mime), ask.mime)


def without_output(answer: Answer, ask: Ask) -> Answer:
    """Return an answer for which the prompt alone is charged."""
    model = find(ask.vendor, ask.model)
    assert model is not None, "it was answered"
    bare = replace(answer, text="", pictures=(), thought_tokens=0)
    return _counted(bare, ask, model, has_output=False)


def _counted(answer: Answer, ask: Ask, model: Model, *, has_output: bool) -> Answer:
    """Return the answer with its tokens counted and priced."""
    paints = ask.kind is Kind.IMAGE
    image_tokens = (ask.image_tokens or model.image_tokens) * ask.count if paints and has_output else 0
    text_tokens = 0 if paints else _tokens(answer.text)
    heard_s = math.ceil(ask.audio_s)
    return replace(
        answer,
        completion_tokens=text_tokens + image_tokens,
        image_tokens=image_tokens,
        cost_micro_usd=cost_micro_usd(
            model,
            answer.prompt_tokens,
            text_tokens + answer.thought_tokens,
            image_tokens,
            input_image_tokens=answer.input_image_tokens,
            pictures=ask.count if paints and has_output else 0,
            audio_s=heard_s,
        ),
    )


class Gallery:
    """Pictures that are painted once and handed out in turn: a wall of them for each size and type.

    Each is painted when it is first handed out. No two pictures of all walls are alike, so that nothing needs to be
    compared later.
    """

    def __init__(self, config: Config) -> None:
        """Paint nothing yet."""
        self._config = config
        self._lock = threading.Lock()
        self._album = Album(config.picture_count * MOST_WALLS)
        self._walls: dict[tuple[tuple[int, int], str], _Wall] = {}

    def next(self, size: tuple[int, int], mime: str) -> Picture | None:
        """Return the next picture of that size and type; after the last comes the first again.

        None: there are `MOST_WALLS` already, each of another size or type.
        """
        with self._lock:
            if (size, mime) not in self._walls and len(self._walls) == MOST_WALLS:
                return None
            wall = self._walls.setdefault((size, mime), _Wall())
        number = next(wall.turns) % self._config.picture_count
        if number not in wall.pictures:
            wall.pictures[number] = self._paint(number, size, mime)
        return wall.pictures[number]

    def begin_anew(self) -> None:
        """Hand out the first picture of each wall next."""
        with self._lock:
            for wall in self._walls.values():
                wall.turns = itertools.count()

    def _paint(self, number: int, size: tuple[int, int], mime: str) -> Picture:
        prompt, key = f"picture {number}", f"{self._config.seed}:{number}"
        image = self._album.paint(
            f"{size}:{mime}:{key}", lambda variant: painter.render(prompt, size, _varied(key, variant))
        )
        return Picture(painter.encode(image, mime), mime)


@dataclass(slots=True)
class _Wall:
    """Pictures of one size and type, by their number, and whose turn it is."""

    pictures: dict[int, Picture] = field(default_factory=dict)
    turns: Iterator[int] = field(default_factory=itertools.count)


def _varied(key: str, variant: int) -> str:
    """Return the key that paints another picture for the same prompt."""
    return f"{key}~{variant}" if variant else key


def _tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)
