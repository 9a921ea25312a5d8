"""The steps that every picture takes: rendered, looked at, and rendered again if the review refuses it. All pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.brand import DEFAULT_BRAND
from app.domain.states import PieceState
from app.pipelines import pictures
from app.pipelines.pictures import PictureVerdict, picture_stages, problems_of_rewriting, problems_of_verdict
from app.pipelines.pipeline import AspectRatio, Change, Done, Prompt, Work

PROMPT = "a lighthouse at dusk over a calm sea"
PICTURE = {"key": "posts/x/3/aa.png", "sha256": "a" * 64}
RENDER, REVIEW = picture_stages(lambda _: "1:1", gives=PieceState.READY)
GOOD = PictureVerdict(matches_prompt=True, has_watermark=False, has_text=False, has_defects=False, problems=[])
FAULTS: list[dict[str, bool]] = [
    {"matches_prompt": False},
    {"has_watermark": True},
    {"has_text": True},
    {"has_defects": True},
]


def bad(*problems: str) -> PictureVerdict:
    return GOOD.model_copy(update={"has_watermark": True, "problems": list(problems)})


@dataclass
class Scripted:
    """An `ask` that gives one verdict and one picture, and notes what it was asked."""

    verdict: PictureVerdict = field(default_factory=lambda: GOOD)
    is_wanted: bool = True
    asked: list[Any] = field(default_factory=list)

    def structured(
        self,
        purpose: str,
        prompt: Prompt,
        schema: Any,
        *,
        name: str,
        check: Any,
        pictures: Sequence[Mapping[str, Any]] = (),
    ) -> Any:
        assert (schema, check(self.verdict)) == (PictureVerdict, [])
        self.asked.append((purpose, prompt, name, list(pictures)))
        return self.verdict

    def text(self, purpose: str, prompt: Prompt, *, check: Any) -> str:
        raise NotImplementedError(purpose, prompt, check)

    def picture(
        self, purpose: str, prompt: str, aspect_ratio: AspectRatio, *, change: Change | None = None
    ) -> dict[str, Any]:
        self.asked.append((purpose, prompt, aspect_ratio, change))
        return PICTURE


def work(ask: Scripted, *, refused: Sequence[Mapping[str, Any]] = ()) -> Work:
    return Work(
        None, DEFAULT_BRAND, "image", 0, {}, PROMPT, ask, lambda _: {}, picture=PICTURE, refused=refused
    )  # fmt: skip


def refused_with(*problems: str, key: str = "posts/x/3/old.png") -> dict[str, Any]:
    return {"picture": {"key": key}, "verdict": {"problems": list(problems)}}


# ---- render


def test_a_picture_is_made_from_its_prompt() -> None:
    ask = Scripted()

    assert RENDER.act(work(ask)) == Done(picture=PICTURE)
    assert ask.asked == [("render_image", PROMPT, "1:1", None)]


def test_after_a_refusal_the_last_refused_picture_is_changed_by_its_problems() -> None:
    ask = Scripted()
    before = [refused_with("the first problem"), refused_with("a watermark.", "six fingers", key="posts/x/3/last.png")]

    RENDER.act(work(ask, refused=before))

    ((purpose, prompt, _, change),) = ask.asked
    assert (purpose, prompt) == ("render_image", PROMPT)
    assert change == Change(
        {"key": "posts/x/3/last.png"},
        pictures.instruction(["a watermark.", "six fingers"]),
        pictures.corrected(PROMPT, ["a watermark.", "six fingers"]),
    )


def test_who_changes_a_picture_is_told_the_problems_and_to_keep_the_rest() -> None:
    told = pictures.instruction(["a watermark.", "six fingers"])

    assert "a watermark; six fingers." in told
    assert "Keep its subject, composition, light and colours" in told


def test_who_makes_it_anew_is_told_the_prompt_and_what_to_avoid() -> None:
    told = pictures.corrected(PROMPT, ["a watermark.", "six fingers"])

    assert told.startswith(PROMPT)
    assert told.endswith("avoid this: a watermark; six fingers.")


def test_at_most_four_problems_are_told_so_that_the_prompt_does_not_drown() -> None:
    assert "fifth" not in pictures.instruction(["first", "second", "third", "fourth", "fifth"])


# ---- review


def test_a_picture_is_looked_at_with_the_prompt_that_it_was_made_from() -> None:
    ask = Scripted()

    REVIEW.act(work(ask))

    ((purpose, prompt, name, shown),) = ask.asked
    assert (purpose, name, shown) == ("review_image", "picture_verdict", [PICTURE])
    assert PROMPT in prompt.user


def test_a_good_verdict_is_kept_and_the_piece_goes_on() -> None:
    assert REVIEW.act(work(Scripted())) == Done(review=GOOD.model_dump() | {"is_good": True})


@pytest.mark.parametrize("rounds", [0, 1])
def test_a_picture_that_is_refused_once_or_twice_is_rendered_again(rounds: int) -> None:
    verdict = bad("a watermark")

    done = REVIEW.act(work(Scripted(verdict), refused=[refused_with("a watermark")] * rounds))

    assert done == Done(review=verdict.model_dump() | {"is_good": False}, again="render_image")


def test_the_third_verdict_decides_and_says_why() -> None:
    verdict = bad("a watermark", "six fingers")

    done = REVIEW.act(work(Scripted(verdict), refused=[refused_with("a watermark")] * 2))

    assert done.again is None
    assert done.failure == ("picture_refused:review", "the review refused every picture: a watermark; six fingers")


def test_the_third_picture_may_still_be_good() -> None:
    done = REVIEW.act(work(Scripted(), refused=[refused_with("a watermark")] * 2))

    assert (done.again, done.failure, done.review and done.review["is_good"]) == (None, None, True)


def test_a_verdict_that_came_with_the_picture_from_the_cache_is_not_asked_for_again() -> None:
    known = GOOD.model_dump() | {"is_good": True}
    ask = Scripted()

    done = REVIEW.act(replace(work(ask), picture=PICTURE | {"review": known}))

    assert done == Done(review=known)
    assert ask.asked == []


def test_a_review_that_is_turned_off_asks_nobody_and_says_so() -> None:
    ask = Scripted(is_wanted=False)

    assert REVIEW.act(work(ask)) == Done(review={"skipped": "turned_off"})
    assert ask.asked == []


# ---- verdict


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: next(iter(fault)))
def test_any_one_fault_refuses_a_picture(fault: dict[str, bool]) -> None:
    assert not GOOD.model_copy(update=fault).is_good


def test_a_refusal_without_a_reason_is_no_verdict() -> None:
    assert problems_of_verdict(bad()) == ["the picture is refused and problems is empty: say why"]


@pytest.mark.parametrize("verdict", [GOOD, bad("a watermark"), GOOD.model_copy(update={"problems": ["a bit dark"]})])
def test_a_refusal_with_a_reason_and_any_praise_is_a_verdict(verdict: PictureVerdict) -> None:
    assert problems_of_verdict(verdict) == []


@pytest.mark.parametrize("reply", [{"matches_prompt": True}, {**GOOD.model_dump(), "score": 9}])
def test_a_verdict_has_all_its_fields_and_no_others(reply: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PictureVerdict.model_validate(reply)


# ---- rewriting


@pytest.mark.parametrize("count", [8, 260])
def test_a_rewritten_prompt_has_8_to_260_words(count: int) -> None:
    assert problems_of_rewriting(" ".join(["word"] * count), PROMPT) == []


@pytest.mark.parametrize("count", [7, 261])
def test_a_rewritten_prompt_of_another_length_is_told_its_length(count: int) -> None:
    assert problems_of_rewriting(" ".join(["word"] * count), PROMPT) == [f"{count} words instead of 8 to 260"]


def test_a_prompt_that_comes_back_as_it_was_is_not_rewritten() -> None:
    assert problems_of_rewriting(f" {PROMPT}\n", PROMPT) == [
        "it is the prompt that was refused; say it in other words"
    ]  # fmt: skip


def test_who_rewrites_sees_the_prompt_that_was_refused() -> None:
    assert PROMPT in pictures.rewriting_prompt(PROMPT).user


# ---- what may be paid


def test_at_most_five_pictures_are_paid_made_and_changed_together() -> None:
    assert (RENDER.max_charged_calls, RENDER.counted_with) == (5, ("refine_image",))


def test_a_blocked_prompt_is_rewritten_twice_with_one_reply_to_spare() -> None:
    assert RENDER.helped_by == (("rewrite_prompt", 3),)


def test_each_of_three_pictures_is_reviewed_with_one_reply_to_spare() -> None:
    assert REVIEW.max_charged_calls == 4
