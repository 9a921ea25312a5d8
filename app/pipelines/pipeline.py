"""What a pipeline is made of. Everything here is pure: values, and functions from values to values.

A pipeline declares, per kind of piece, a **track**: the stages that take the piece from PENDING to READY.
`plan`, the progress bar, the expected time, the price and the Celery tasks are all read from the tracks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel

from app.domain.brand import BrandKit
from app.domain.errors import AnotherRelease
from app.domain.states import PieceState, QuotaUnit
from app.pipelines.arrangement import Arrange, NothingToArrange

Reply = TypeVar("Reply", bound=BaseModel)
Queue = Literal["text", "images", "media"]
AspectRatio = Literal["4:5", "1:1", "16:9", "9:16"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked: the role it plays, and the task."""

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class NewPiece:
    """A piece to be made, at the start of its kind's track."""

    kind: str
    position: int
    data: dict[str, Any]
    prompt: str | None = None
    """The prompt of its picture, where nobody has to draft one."""


@dataclass(frozen=True, slots=True)
class Made:
    """A piece that is over, as the pipeline sees it when it decides what comes `then`."""

    kind: str
    position: int
    is_ready: bool
    """False: it FAILED."""
    data: Mapping[str, Any]
    picture: Mapping[str, Any] | None = None
    """As Piece.picture has it: of a composed piece the picture under the text."""
    failure: Mapping[str, Any] | None = None
    """{code, message} of a piece that FAILED: a digest can name what it lacks, and why."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands on a slide, and the canvas in pixels."""

    role: Literal["cover", "content", "cta", "quote", "article"]
    index: int
    """0-based among the slides."""
    total: int
    title: str
    body: str
    size_px: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A picture that shall be changed rather than made anew."""

    picture: Mapping[str, Any]
    """As Piece.picture has it."""
    instruction: str
    """What to change, in words for a model that edits pictures."""
    prompt: str
    """What a model is asked instead that makes it anew."""


class Ask(Protocol):
    """Asks a model for something. Journals, prices, limits, repeats and other providers are behind it."""

    def structured(
        self,
        purpose: str,
        prompt: Prompt,
        schema: type[Reply],
        *,
        name: str,
        check: Callable[[Reply], list[str]],
        pictures: Sequence[Mapping[str, Any]] = (),
    ) -> Reply:
        """Return a reply that holds to `schema` and in which `check` finds no problem; asks again, bounded.

        name: what the provider is told the schema is called. pictures: what the model shall look at.
        A member `search_results` of the schema is filled with the sources of a research, as a list of {url, title}.
        Raises InvalidReply, AllProvidersFailed, BudgetReached.
        """

    def text(self, purpose: str, prompt: Prompt, *, check: Callable[[str], list[str]]) -> str:
        """Return a plain text in which `check` finds no problem. Raises as `structured` does.

        Where it was researched, its sources are listed behind it: `app.pipelines.sources.apart` tells the two apart.
        """

    def picture(
        self, purpose: str, prompt: str, aspect_ratio: AspectRatio, *, change: Change | None = None
    ) -> dict[str, Any]:
        """Return a picture that passed the gates and is stored, as Piece.picture has it.

        change: an earlier picture to be edited in place, where a provider can; else it is made anew from the prompt
        and the instruction. Raises AllProvidersFailed, ProviderBlocked, BudgetReached.
        """

    def transcript(self, purpose: str, audio: Mapping[str, Any], *, about: str = "") -> dict[str, Any]:
        """Return what is said in a recording: {text, segments: [{start, end, text}]}, times in seconds.

        audio: as `Web.audio` returns it. about: what it is about, which helps with names. segments is empty where the
        model gives no times, and text where nothing is said. Raises AllProvidersFailed, BudgetReached.
        """

    @property
    def is_wanted(self) -> bool:
        """Whether the step is to be done: the routes can turn the review of a purpose's pictures off."""


class Web(Protocol):
    """Fetches what a user's url names, through the one guard; each raises UrlRefused, FetchFailed, SourceRefused."""

    def article(self, url: str) -> dict[str, Any]:
        """Return {url, title, text, author, published, language} of a page; its main text, at most 40,000 characters."""

    def items(self, url: str) -> list[dict[str, Any]]:
        """Return the entries of a feed (RSS, Atom, JSON), newest first: {title, url, summary, published, has_image}."""

    def picture(self, url: str) -> dict[str, Any]:
        """Return a picture of the user's, checked and stored, as Piece.picture has it. Raises PictureRefused too."""

    def audio(self, url: str, *, max_s: float) -> dict[str, Any]:
        """Return a recording of the user's, measured and stored: {key, format, seconds, bytes, sha256}.

        seconds: no decoder finds more in it; at most max_s.
        """


class NoWeb:
    """For steps that fetch nothing."""

    def article(self, url: str) -> dict[str, Any]:
        """Raise."""
        raise AssertionError(f"nothing is fetched here: {url}")

    def items(self, url: str) -> list[dict[str, Any]]:
        """Raise."""
        raise AssertionError(f"nothing is fetched here: {url}")

    def picture(self, url: str) -> dict[str, Any]:
        """Raise."""
        raise AssertionError(f"nothing is fetched here: {url}")

    def audio(self, url: str, *, max_s: float) -> dict[str, Any]:  # noqa: ARG002 - as Web has it
        """Raise."""
        raise AssertionError(f"nothing is fetched here: {url}")


class Compose(Protocol):
    """Draws a slide and stores it."""

    def __call__(self, layout: Layout) -> dict[str, Any]:
        """Return the composed slide, stored, as Piece.composed has it. Raises TextDoesNotFit."""


Fits = Callable[[Layout], str | None]
"""Says what in a layout's texts is too long to be set in readable type, in words for whoever writes them; None = it fits."""


def anything_fits(_: Layout) -> str | None:
    """Find nothing too long: for steps that nobody gave a measure."""
    return None


@dataclass(frozen=True, slots=True)
class Work:
    """All that a step may know: each step gets only what it needs."""

    request: Any
    """The pipeline's own request type."""
    brand: BrandKit
    kind: str
    position: int
    data: Mapping[str, Any]
    prompt: str | None
    ask: Ask
    compose: Compose
    picture: Mapping[str, Any] | None = None
    web: Web = field(default_factory=NoWeb)
    refused: Sequence[Mapping[str, Any]] = ()
    """The pictures that the review refused in this round, as {picture, verdict}, oldest first."""
    fits: Fits = anything_fits
    """Measures texts against their slide, before anything is paid for the picture under them."""
    arrange: Arrange = field(default_factory=NothingToArrange)
    """Draws a picture of parts; see app.pipelines.arrangement."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a step made; None = unchanged."""

    data: dict[str, Any] | None = None
    prompt: str | None = None
    picture: dict[str, Any] | None = None
    review: dict[str, Any] | None = None
    """The verdict on the present picture."""
    composed: dict[str, Any] | None = None
    opens: Sequence[NewPiece] = ()
    """Pieces that can be worked on from now on."""
    again: str | None = None
    """The step to go back to, because the review refused the picture or the text. It says itself when it is enough."""
    failure: tuple[str, str] | None = None
    """(code, message): the piece has FAILED, although everything was done."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A step as a pipeline declares it."""

    step: str
    """Its Celery task is `<pipeline>.<step>`."""
    act: Callable[[Work], Done]
    gives: PieceState
    """The piece's state after it."""
    queue: Queue
    purpose: str | None = None
    """Why a model is asked; None = no model."""
    fills: Literal["prompt", "picture", "review", "composed"] | None = None
    """The piece's field that holds what the step made: what is there is not made again in a new round."""
    keeps: str | None = None
    """For a step of a text: the key of the piece's data that holds what it made, to the same end."""
    max_charged_calls: int = 2
    """Paid calls per piece, purpose and round, at most."""
    counted_with: tuple[str, ...] = ()
    """Further purposes that the step may ask for, within the same number of paid calls."""
    helped_by: tuple[tuple[str, int], ...] = ()
    """(purpose, calls at most) of text models that the step may ask on the way."""
    reviews: str | None = None
    """The purpose whose pictures the step looks at. The routes can turn that off; and where nobody can look, the piece
    goes on unreviewed and says so: a picture that is paid for is not thrown away for want of an opinion."""
    max_tokens_in: int = 2_000
    max_tokens_out: int = 1_000
    expected_tokens: tuple[int, int] = (500, 250)
    """Input and output tokens of a usual call, for the expected price."""
    makes_picture: bool = False
    max_audio_s: int = 0
    """Seconds of sound that a call hears at most; 0 = it hears none. An order may bound it further: Pipeline.hears_s."""
    expected_s: float = 1.0
    """Seconds of a usual call: the brief's latency profile, for progress bars and expected time."""
    max_attempts: int = 5
    """Claims before the piece FAILED; a crash counts too, so that a poison pill ends."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Something that can be ordered."""

    name: str
    """As in the url: `full-post`."""
    version: int
    title: str
    """One line for people: openapi.json, the CLI."""
    request: type[BaseModel]
    charges: Mapping[QuotaUnit, int] | Callable[[Any], Mapping[QuotaUnit, int]]
    """What one run takes of the plan's month, or a function of its request that says so."""
    opening: Callable[[Any, BrandKit], Sequence[NewPiece]]
    """The pieces that a run starts with, from the request and the brand."""
    counts: Callable[[Any], Mapping[str, int]]
    """How many pieces of each kind the run will have in all."""
    tracks: Mapping[str, tuple[Stage, ...]]
    """Per kind of piece, the stages from PENDING to READY."""
    heading: Callable[[Any], str]
    """What people call a run of this request: its line in lists, the title of its PDF."""
    texts: Callable[[Mapping[str, Sequence[Mapping[str, Any]]]], dict[str, Any]] = field(default=lambda _: {})
    """The run's texts for the result, from the pieces' data by kind."""
    layout: Callable[[Any, str, int, Mapping[str, Any]], Layout] | None = None
    """What stands on the picture of a piece, from request, kind, position and data; None = pictures without text."""
    carousel: str | None = None
    """The kind of piece whose slides make the PDF; None = no PDF."""
    then: Callable[[Any, BrandKit, Sequence[Made]], Sequence[NewPiece]] | None = None
    """What is opened once all pieces so far are over: a digest of summaries, a picture of parts. Asked again when those
    are over, until nothing new comes. A pure function: a piece that it gives other data than before is made anew."""
    tolerates: frozenset[str] = frozenset()
    """Kinds of text of which some may fail: the run is PARTIAL as long as one of the kind is READY."""
    hears_s: Callable[[Any], int] = field(default=lambda _: 0)
    """Seconds of sound that a call hears at most, from the request, for stages that hear."""
    optional: frozenset[str] = frozenset()
    """Kinds of text that a run can do without: where none of the kind is READY, it is PARTIAL and no worse."""
    files: Callable[[Any, Mapping[str, Sequence[Mapping[str, Any]]]], Mapping[str, str]] = field(default=lambda *_: {})
    """Further text files of a finished run, by name, from the request and the READY pieces' data by kind: a CSV."""

    def charges_of(self, request: Any) -> Mapping[QuotaUnit, int]:
        """Return what one run of this request takes of the plan's month."""
        return self.charges(request) if callable(self.charges) else self.charges

    @property
    def has_formats(self) -> bool:
        """Whether its runs can be made again in another format, from what is stored: it lays texts out in a `format`."""
        return self.layout is not None and "format" in self.request.model_fields

    @property
    def task_prefix(self) -> str:
        """The pipeline's name as Celery tasks have it: `full_post`."""
        return self.name.replace("-", "_")

    def task_name(self, step: str) -> str:
        """Return the Celery task of a step."""
        return f"{self.task_prefix}.{step}"

    @property
    def all_stages(self) -> Iterator[tuple[str, Stage]]:
        """Every kind of piece with each of its stages."""
        return ((kind, stage) for kind, track in self.tracks.items() for stage in track)

    def is_picture(self, kind: str) -> bool:
        """Whether pieces of this kind have a picture."""
        return any(stage.makes_picture for stage in self.track(kind))

    def track(self, kind: str) -> tuple[Stage, ...]:
        """Return the stages of a kind. Raises AnotherRelease for a kind that is not made here."""
        if (track := self.tracks.get(kind)) is None:
            raise AnotherRelease(f"{self.name} makes no {kind} here")
        return track

    def stage(self, kind: str, step: str) -> Stage:
        """Return the stage of a step. Raises AnotherRelease for a step that this kind does not have here."""
        for stage in self.track(kind):
            if stage.step == step:
                return stage
        raise AnotherRelease(f"{self.name} has no step {step} for a {kind} here")

    def steps_from(self, kind: str, step: str) -> tuple[Stage, ...]:
        """Return `step`'s stage and those after it."""
        track = self.track(kind)
        return track[track.index(self.stage(kind, step)) :]

    def next_step(self, kind: str, step: str) -> str | None:
        """Return the step after `step`; None when it is the last."""
        return next((stage.step for stage in self.steps_from(kind, step)[1:]), None)
