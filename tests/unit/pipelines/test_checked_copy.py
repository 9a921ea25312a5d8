"""A text that another model reads before it is delivered: sent back once with the notes, never delivered refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from app.domain.brand import DEFAULT_BRAND
from app.domain.states import PieceState
from app.pipelines import email_campaign, linkedin_post, product_listing
from app.pipelines.checked_copy import CHECKER_CALLS, WRITER_CALLS, notes_of, sent_back
from app.pipelines.pipeline import Done, Pipeline, Stage, Work

NOTES = ["grammar: it are"]
CHECKED = [
    (email_campaign.PIPELINE, "email", ("body", "subjects")),
    (product_listing.PIPELINE, "listing", ("listing",)),
    (linkedin_post.PIPELINE, "post", ("copy",)),
]


class Verdict(BaseModel):
    """A reply of a check."""

    approved: bool
    facts: list[str]
    grammar: list[str]


def checked(**data: Any) -> Done:
    work = Work(None, DEFAULT_BRAND, "mail", 0, data, None, None, None)  # type: ignore[arg-type]  # nobody is asked
    return sent_back(work, NOTES, "write", "body", "subjects")


def rounds_of(refusals: int) -> list[Done]:
    """Return what comes of so many refusals in a row, each of another text."""
    data: dict[str, Any] = {}
    found = []
    for n in range(refusals):
        data |= {"body": f"draft {n}", "subjects": ["a", "b"]}
        found.append(checked(**data))
        data |= found[-1].data or {}
    return found


def test_the_notes_of_a_check_are_told_with_their_area_and_empty_ones_are_not() -> None:
    said = Verdict(approved=False, facts=[" 40 % is wrong ", "", "  "], grammar=["it are"])

    assert notes_of(said) == ["facts: 40 % is wrong", "grammar: it are"]


def test_the_first_refusal_goes_back_to_the_writer_with_the_notes_and_the_draft() -> None:
    (first,) = rounds_of(1)

    assert (first.again, first.failure) == ("write", None)
    assert first.data == {"notes": NOTES, "refusals": 1, "refused": "draft 0", "body": None, "subjects": None}


def test_the_second_refusal_ends_it_and_says_why() -> None:
    _, second = rounds_of(2)

    assert second.again is None
    assert second.failure == ("not_approved", "refused twice: grammar: it are")


@pytest.mark.parametrize("refusals", range(1, 9))
def test_every_round_has_two_tries_however_often_the_text_was_refused_before(refusals: int) -> None:
    last = rounds_of(refusals)[-1]

    assert (last.failure is None) is bool(refusals % 2)


@pytest.mark.parametrize("refusals", range(1, 5))
def test_a_refused_text_is_never_kept_as_a_result(refusals: int) -> None:
    last = rounds_of(refusals)[-1]

    assert last.data is not None
    assert (last.data["body"], last.data["subjects"]) == (None, None)
    assert last.data["refused"] == f"draft {refusals - 1}"


def test_a_reason_that_goes_on_and_on_is_cut() -> None:
    work = Work(None, DEFAULT_BRAND, "mail", 0, {"body": "x", "refusals": 1}, None, None, None)  # type: ignore[arg-type]

    failure = sent_back(work, ["manners: x" * 400], "write", "body").failure

    assert failure is not None
    assert len(failure[1]) == 500


@pytest.mark.parametrize(("pipeline", "kind", "texts"), CHECKED)
def test_a_pipeline_whose_texts_are_checked_may_pay_for_what_that_takes(
    pipeline: Pipeline, kind: str, texts: tuple[str, ...]
) -> None:
    *before, check = pipeline.tracks[kind]
    writers: list[Stage] = [stage for stage in before if stage.keeps in texts]

    assert check.purpose == "check_copy"
    assert check.gives is PieceState.READY
    assert check.max_charged_calls >= CHECKER_CALLS
    assert [stage.keeps for stage in writers] == list(texts)
    assert {stage.max_charged_calls for stage in writers} == {WRITER_CALLS}
