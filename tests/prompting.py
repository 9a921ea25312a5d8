"""Every prompt that a whole run asks models, without database, network or pictures: the sandbox's writer answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from app.domain.brand import DEFAULT_BRAND
from app.pipelines.arrangement import Arrange, Arrangement
from app.pipelines.catalog import pipeline_named
from app.pipelines.pictures import PictureVerdict
from app.pipelines.pipeline import Ask, Done, Layout, Made, NewPiece, Pipeline, Prompt, Web, Work
from app.pipelines.sources import Source, behind, within
from sandbox.calls import Ask as Asked
from sandbox.calls import Kind
from sandbox.writer import write

Reply = TypeVar("Reply", bound=BaseModel)

STORED = {"key": "a/b.png", "sha256": "0" * 64, "mime": "image/png", "provider": "gateway", "model": "a/model"}
ARTICLE = (
    "Traders in Quetta say that the roads behind the market are too narrow. A second road is planned for 2028. " * 4
)
PAGES = [Source("https://a.example/1", "A page"), Source("https://b.example/2", "Another page")]
MOST_STEPS = 12  # of one piece


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt, and what it was asked for."""

    step: str
    purpose: str
    prompt: Prompt


@dataclass
class Answering:
    """Answers as the sandbox does, and remembers what it was asked. Every picture is good."""

    step: str = ""
    asked: list[Question] = field(default_factory=list)
    is_wanted: bool = True
    tries: int = 8
    """Replies until one breaks no rule; 1 where the first has to be good."""

    def structured(
        self,
        purpose: str,
        prompt: Prompt,
        schema: type[Reply],
        *,
        name: str,
        check: Callable[[Reply], list[str]],
        pictures: Sequence[Any] = (),
    ) -> Reply:
        self.asked.append(Question(self.step, purpose, prompt))
        if schema is PictureVerdict:
            good = {"matches_prompt": True, "has_watermark": False, "has_text": False, "has_defects": False}
            return schema.model_validate(good | {"problems": []})
        told = ""
        for key in range(self.tries):
            ask = Asked(
                model="", kind=Kind.JSON, system=prompt.system, prompt=prompt.user,
                schema_name=name, schema=schema.model_json_schema(),
            )  # fmt: skip
            told = write(ask, f"{key:x}" * 64)
            if "search_results" in schema.model_fields:
                told = within(told, PAGES)
            reply = schema.model_validate_json(told)
            if not (problems := check(reply)):
                return reply
        raise AssertionError(f"{name}: {problems}: {told}")

    def text(self, purpose: str, prompt: Prompt, *, check: Callable[[str], list[str]]) -> str:
        self.asked.append(Question(self.step, purpose, prompt))
        told = write(Asked(model="", kind=Kind.TEXT, system=prompt.system, prompt=prompt.user), "0123456789abcdef" * 4)
        told = behind(told, PAGES) if purpose == "research" else told
        assert check(told) == [], told
        return told

    def picture(self, purpose: str, prompt: str, aspect_ratio: str, *, change: Any = None) -> dict[str, Any]:
        told = f"{prompt}\n{change}" if change else prompt
        self.asked.append(Question(self.step, purpose, Prompt("", f"{told}\n{aspect_ratio}")))
        return dict(STORED)


class Site:
    """The web: every address is there."""

    def article(self, url: str) -> dict[str, Any]:
        named = {"url": url, "title": "A second road", "text": ARTICLE}
        return named | {"author": None, "published": "2026-11-21", "language": "en"}

    def items(self, url: str) -> list[dict[str, Any]]:
        return [{"url": f"{url}/{n}", "title": f"Article {n}", "summary": "", "has_image": False} for n in range(2)]

    def picture(self, url: str) -> dict[str, Any]:
        return STORED | {"from": url}


class NothingIsWrong:
    """Draws nothing; every layout fits."""

    def problems(self, arrangement: Arrangement) -> list[str]:
        assert arrangement.parts
        return []

    def __call__(self, arrangement: Arrangement) -> dict[str, Any]:
        assert arrangement.parts
        return dict(STORED)


def composed(layout: Layout) -> dict[str, Any]:
    assert layout.title
    return dict(STORED)


@dataclass
class OnItsWay:
    """A piece on its way."""

    kind: str
    position: int
    data: dict[str, Any]
    prompt: str | None
    picture: dict[str, Any] | None = None
    is_over: bool = False


def questions(pipeline_name: str, **order: Any) -> list[Question]:
    """Return what models are asked in a run of this order, in its order, to the run's end."""
    pipeline = pipeline_named(pipeline_name)
    request = pipeline.request.model_validate(order)
    ask = Answering()
    pieces = _opened(pipeline.opening(request, DEFAULT_BRAND))
    while waiting := [piece for piece in pieces if not piece.is_over]:
        for piece in waiting:
            pieces += _finished(pipeline, request, ask, piece)
        made = [Made(one.kind, one.position, True, one.data, one.picture) for one in pieces if one.is_over]
        if len(made) == len(pieces) and pipeline.then is not None:
            known = {(one.kind, one.position) for one in pieces}
            wanted = pipeline.then(request, DEFAULT_BRAND, made)
            pieces += _opened([one for one in wanted if (one.kind, one.position) not in known])
    return ask.asked


def _opened(pieces: Sequence[NewPiece]) -> list[OnItsWay]:
    return [OnItsWay(one.kind, one.position, dict(one.data), one.prompt) for one in pieces]


def _finished(pipeline: Pipeline, request: Any, ask: Answering, piece: OnItsWay) -> list[OnItsWay]:
    """Take a piece to the end of its track; return what it opened."""
    track = pipeline.tracks[piece.kind]
    opened: list[OnItsWay] = []
    at = 0
    for _ in range(MOST_STEPS):
        if at == len(track):
            break
        ask.step = track[at].step
        done: Done = track[at].act(
            Work(
                request=request,
                brand=DEFAULT_BRAND,
                kind=piece.kind,
                position=piece.position,
                data=piece.data,
                prompt=piece.prompt,
                ask=cast("Ask", ask),
                compose=composed,
                picture=piece.picture,
                web=cast("Web", Site()),
                arrange=cast("Arrange", NothingIsWrong()),
            )
        )
        assert done.failure is None, done.failure
        piece.data |= done.data or {}
        piece.prompt = done.prompt or piece.prompt
        piece.picture = done.picture or piece.picture
        opened += _opened(done.opens)
        steps = [stage.step for stage in track]
        at = steps.index(done.again) if done.again else at + 1
    piece.is_over = True
    return opened
