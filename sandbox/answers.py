"""Turns an ask into an answer: words from the writer, pictures from the painter, tokens and cost."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict

from sandbox import painter, writer
from sandbox.calls import Answer, Ask, Kind, Picture
from sandbox.catalogue import MODELS, cost_micro_usd
from sandbox.config import Config, Pictures

CHARACTERS_PER_TOKEN = 4
TOKENS_PER_INPUT_IMAGE = 258  # Gemini's count for one tile of a picture that it looks at
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FIRST_CREATED_AT = 1_795_220_000  # 2026-11-21; replies repeat byte for byte, so no clock is read


class Author:
    """Writes and paints according to one configuration."""

    def __init__(self, config: Config) -> None:
        """Paint nothing yet."""
        self._gallery = Gallery(config) if config.pictures is Pictures.PAINTED_BEFOREHAND else None

    def answer(self, ask: Ask, key: str) -> Answer:
        """Return the answer for a key; the same ask and key give the same answer."""
        model = MODELS[ask.model]
        picture = self._picture(ask, key) if ask.kind is Kind.IMAGE else None
        text = "Here is your image." if picture else writer.write(ask, key)
        prompt_tokens = _tokens(ask.system + ask.prompt) + ask.input_images * TOKENS_PER_INPUT_IMAGE
        text_tokens = 0 if picture else _tokens(text)
        image_tokens = model.image_tokens if picture else 0
        return Answer(
            id=f"gen_{_ulid(key)}",
            text=text,
            prompt_tokens=prompt_tokens,
            completion_tokens=text_tokens + image_tokens,
            cost_micro_usd=cost_micro_usd(model, prompt_tokens, text_tokens, image_tokens),
            picture=picture,
            created_at=FIRST_CREATED_AT + int(key[:4], 16),
            priced=model.price is not None,
        )

    def _picture(self, ask: Ask, key: str) -> Picture:
        if self._gallery is not None:
            return self._gallery.next(ask.aspect_ratio)
        return painter.paint(ask.prompt, ask.aspect_ratio, key)


class Gallery:
    """Pictures painted before they are asked for, handed out in turn.

    4:5 is painted at once, any other ratio when it is first asked for.
    """

    def __init__(self, config: Config) -> None:
        """Paint the first wall."""
        self._config = config
        self._lock = threading.Lock()
        self._walls: dict[str, list[Picture]] = {}
        self._turns: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)
        self._wall("4:5")

    def next(self, aspect_ratio: str) -> Picture:
        """Return the next picture of that ratio; after the last comes the first again."""
        wall = self._wall(aspect_ratio)
        return wall[next(self._turns[aspect_ratio]) % len(wall)]

    def _wall(self, aspect_ratio: str) -> list[Picture]:
        with self._lock:
            if aspect_ratio not in self._walls:
                self._walls[aspect_ratio] = [
                    painter.paint(f"picture {number}", aspect_ratio, f"{self._config.seed}:{number}")
                    for number in range(self._config.picture_count)
                ]
            return self._walls[aspect_ratio]


def _tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def _ulid(key: str) -> str:
    """Return 26 characters that look like the gateway's ids, from a hex key."""
    number = int(key[:33], 16)
    return "01K" + "".join(CROCKFORD[number >> (5 * place) & 31] for place in range(23))
