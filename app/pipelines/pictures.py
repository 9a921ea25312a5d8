"""The steps that every picture takes, whatever pipeline ordered it: render, review, and render again if refused.

The loop is the brief's: one model drafts, another renders, and a vision model looks at what came out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.domain.states import PieceState
from app.pipelines.pipeline import AspectRatio, Change, Done, Prompt, Stage, Work

REFINEMENTS = 2  # after so many refused pictures the third one decides
REWRITES = 2  # the brief: a blocked prompt is rewritten, at most twice
REWRITTEN_WORDS = (8, 260)


class PictureVerdict(BaseModel):
    """What the reviewing model says of a picture."""

    model_config = ConfigDict(extra="forbid")
    matches_prompt: bool = Field(description="The picture shows what the prompt asks for.")
    has_watermark: bool = Field(
        description="There is a watermark, a signature or a logo that the prompt did not ask for."
    )
    has_text: bool = Field(description="There are letters, words or numbers that the prompt did not ask for.")
    has_defects: bool = Field(description="It is blank, torn, smeared, or shows malformed hands, faces or objects.")
    problems: list[str] = Field(description="What is wrong, each in a short sentence; empty when nothing is.")

    @property
    def is_good(self) -> bool:
        """Whether the picture may be used."""
        return self.matches_prompt and not (self.has_watermark or self.has_text or self.has_defects)


def review_prompt(prompt: str) -> Prompt:
    """Return what the reviewing model is asked about a picture."""
    return Prompt(
        system=(
            "You are the picture editor of a magazine. You look at one picture that was made from a prompt and judge"
            " strictly but fairly: a free reading of the prompt is fine, a wrong subject is not. Reply with JSON only."
        ),
        user=(
            f"The prompt was:\n{prompt}\n\n"
            "Does the picture match it? Is there a watermark, a signature, or any text that nobody asked for? Is it"
            " blank or visibly broken? Name each problem in a short sentence that tells a retoucher what to change."
        ),
    )


def problems_of_verdict(verdict: PictureVerdict) -> list[str]:
    """Return what is wrong with a verdict: a refusal that gives no reason helps nobody."""
    return [] if verdict.is_good or verdict.problems else ["the picture is refused and problems is empty: say why"]


def instruction(problems: Sequence[str]) -> str:
    """Return what a model that edits pictures is told after a review."""
    return (
        f"Change this picture so that these problems are gone: {_told(problems)}. Keep its subject, composition, light"
        " and colours as they are. No text, letters, logos or watermarks."
    )


def corrected(prompt: str, problems: Sequence[str]) -> str:
    """Return the prompt for another picture after a review refused one."""
    return f"{prompt} An earlier picture was refused; avoid this: {_told(problems)}."


def _told(problems: Sequence[str]) -> str:
    return "; ".join(problem.rstrip(".") for problem in problems[:4])


def rewriting_prompt(prompt: str) -> Prompt:
    """Return what the drafting model is asked when a safety filter refused its prompt."""
    return Prompt(
        system=(
            "You rewrite image prompts that a safety filter refused, so that they are safe to render: keep the visual"
            " intent, the composition, the light and the palette; replace what may be read as violent, sexual, hateful"
            " or dangerous, and any real person, by something harmless. One paragraph. Reply with the prompt only."
        ),
        user=f"Prompt:\n{prompt}",
    )


def problems_of_rewriting(text: str, before: str) -> list[str]:
    """Return what is wrong with a rewritten prompt."""
    found = []
    count = len(text.split())
    if not REWRITTEN_WORDS[0] <= count <= REWRITTEN_WORDS[1]:
        found.append(f"{count} words instead of {REWRITTEN_WORDS[0]} to {REWRITTEN_WORDS[1]}")
    if text.strip() == before.strip():
        found.append("it is the prompt that was refused; say it in other words")
    return found


def prompt_of(work: Work) -> str:
    """Return the prompt of the piece's picture."""
    assert work.prompt is not None, "a track drafts a prompt before it renders, or its piece is opened with one"
    return work.prompt


def render_image(
    aspect_ratio_of: Callable[[Work], AspectRatio],
    *,
    words_of: Callable[[Work], str] = prompt_of,
    begins_with: Callable[[Work], Change | None] = lambda _: None,
) -> Callable[[Work], Done]:
    """Return the step that has one picture rendered, or changed as the review asked.

    words_of: what the picture shall show. begins_with: the change of an earlier picture that makes it; None = it is
    made from the words.
    """

    def render(work: Work) -> Done:
        words = words_of(work)
        if work.refused:
            last = work.refused[-1]
            problems = last["verdict"]["problems"]
            change: Change | None = Change(last["picture"], instruction(problems), corrected(words, problems))
        else:
            change = begins_with(work)
        return Done(picture=work.ask.picture("render_image", words, aspect_ratio_of(work), change=change))

    return render


def review_image(work: Work, asked: Prompt | None = None, beside: Sequence[Mapping[str, Any]] = ()) -> Done:
    """Have the picture looked at. A refused one is changed, or made again; the last one allowed decides.

    asked: what the reviewing model is asked; None = whether the picture is what the prompt says. beside: pictures that
    it is shown after this one.
    """
    assert work.picture is not None and work.prompt is not None, "a track renders before it reviews"  # noqa: PT018
    if not work.ask.is_wanted:
        return Done(review={"skipped": "turned_off"})
    if known := work.picture.get("review"):
        return Done(review=known)  # of this very picture, from the cache
    verdict = work.ask.structured(
        "review_image",
        asked or review_prompt(work.prompt),
        PictureVerdict,
        name="picture_verdict",
        check=problems_of_verdict,
        pictures=[work.picture, *beside],
    )
    said: dict[str, Any] = verdict.model_dump() | {"is_good": verdict.is_good}
    if verdict.is_good:
        return Done(review=said)
    if len(work.refused) < REFINEMENTS:
        return Done(review=said, again="render_image")
    told = "; ".join(verdict.problems)
    return Done(review=said, failure=("picture_refused:review", f"the review refused every picture: {told}"[:500]))


def picture_stages(aspect_ratio_of: Callable[[Work], AspectRatio], *, gives: PieceState) -> tuple[Stage, Stage]:
    """Return the two stages from a prompt to an accepted picture.

    gives: the piece's state after the review: RENDERED when something is composed from it, else READY.
    """
    render = Stage(
        "render_image",
        render_image(aspect_ratio_of),
        PieceState.RENDERED,
        "images",
        purpose="render_image",
        fills="picture",
        max_charged_calls=5,  # docs/decisions/0009-fallback-and-five-paid-pictures.md
        counted_with=("refine_image",),
        helped_by=(("rewrite_prompt", REWRITES + 1),),  # one reply may break its rules
        max_tokens_in=2_500,  # a prompt, and with a change the picture that is shown
        max_tokens_out=1_500,  # words and thoughts that come with a picture
        expected_tokens=(150, 0),
        makes_picture=True,
        expected_s=5.5,
    )
    review = Stage(
        "review_image",
        review_image,
        gives,
        "text",
        purpose="review_image",
        fills="review",
        max_charged_calls=REFINEMENTS + 2,  # each picture once, and one reply that was no verdict
        max_tokens_in=4_000,
        max_tokens_out=500,
        expected_tokens=(1_900, 70),
        expected_s=3,
        reviews="render_image",
    )
    return render, review
