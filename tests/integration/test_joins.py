"""Texts in several steps, joins, and kinds that may fail: shown with a pipeline that asks no model."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from pydantic import Field

from app.db.models import Piece
from app.db.session import transaction
from app.domain.brand import BrandKit
from app.domain.states import PieceState, QuotaUnit, RunState
from app.pipelines import catalog
from app.pipelines.order import Order, checked
from app.pipelines.pipeline import Done, Made, NewPiece, Pipeline, Stage, Work
from app.runs import joins, rounds
from harness import Installation
from making import change
from next_rounds import resume
from orders import a_user, order, pieces_of, run_of, used
from working import worked

pytestmark = pytest.mark.usefixtures("database", "sandbox")


class TopicsRequest(Order):
    topics: list[str] = Field(min_length=1, max_length=9)
    titled: bool = False
    """Whether the digest gets a title, which joins what joins."""


FAILING: set[str] = set()
"""Topics, and steps of what joins."""
TRIED: list[str] = []
"""The steps of what joins, as often as they were tried."""
REFUSED: dict[str, int] = {}
"""How often the check refuses a topic."""


def summarize(work: Work) -> Done:
    topic = work.data["topic"]
    if topic in FAILING:
        return Done(failure=("no_such_topic", f"there is nothing about {topic}"))
    return Done(data={"summary": f"{topic}, in short{'!' * work.data.get('refusals', 0)}"})


def check(work: Work) -> Done:
    refusals = work.data.get("refusals", 0)
    if refusals >= REFUSED.get(work.data["topic"], 0):
        return Done(data={"checked": True})
    if refusals == 1:
        return Done(data={"notes": "still too short"}, failure=("not_approved", "it was refused twice"))
    return Done(data={"refusals": refusals + 1}, again="summarize")


def joining(step: str, **data: Any) -> Done:
    TRIED.append(step)
    return Done(failure=("provider_down", "no answer")) if step in FAILING else Done(data=data)


def digest(work: Work) -> Done:
    return joining("digest", digest=" / ".join(work.data["summaries"]))


def title(work: Work) -> Done:
    return joining("title", title=work.data["digest"].title())


def approve(_: Work) -> Done:
    return joining("approve", approved=True)


def then(request: TopicsRequest, _brand: BrandKit, made: Sequence[Made]) -> Sequence[NewPiece]:
    ready = [piece.data["summary"] for piece in made if piece.kind == "summary" and piece.is_ready]
    digests = [piece.data["digest"] for piece in made if piece.kind == "digest" and piece.is_ready]
    titles = [NewPiece("title", 0, {"digest": one}) for one in digests if request.titled]
    return [NewPiece("digest", 0, {"summaries": ready}), *titles] if ready else []


PIPELINE = Pipeline(
    name="toy-digest",
    version=1,
    title="Topics become a digest.",
    request=TopicsRequest,
    charges=lambda request: {QuotaUnit.ITEMS: len(request.topics)},
    opening=lambda request, _: [NewPiece("summary", n, {"topic": topic}) for n, topic in enumerate(request.topics)],
    counts=lambda request: {"summary": len(request.topics), "digest": 1, "title": int(request.titled)},
    heading=lambda request: request.topics[0],
    tracks={
        "summary": (
            Stage("summarize", summarize, PieceState.PENDING, "text", keeps="summary"),
            Stage("check", check, PieceState.READY, "text", keeps="checked"),
        ),
        "digest": (Stage("digest", digest, PieceState.READY, "text", keeps="digest"),),
        "title": (
            Stage("title", title, PieceState.PENDING, "text", keeps="title"),
            Stage("approve", approve, PieceState.READY, "text", keeps="approved"),
        ),
    },
    then=then,
    tolerates=frozenset({"summary"}),
)


@pytest.fixture(autouse=True)
def _served(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    known = {**catalog.all_pipelines(), PIPELINE.name: checked(PIPELINE)}
    for module in ("app.pipelines.catalog", "app.ordered", "app.runs.plan", "app.runs.view", "working"):
        monkeypatch.setattr(f"{module}.all_pipelines", lambda: known)
    yield
    FAILING.clear()
    TRIED.clear()
    REFUSED.clear()


def ordered(*topics: str, **request: Any) -> uuid.UUID:
    return order(pipeline=PIPELINE.name, topics=list(topics), **request)


def of_kind(run_id: uuid.UUID, kind: str) -> list[Piece]:
    return [piece for piece in pieces_of(run_id) if piece.kind == kind]


def the_digest(run_id: uuid.UUID) -> str:
    (piece,) = of_kind(run_id, "digest")
    return str(piece.data["digest"])


def test_what_joins_is_opened_when_all_parts_are_over_and_has_only_what_it_needs() -> None:
    run_id = ordered("tea", "coffee")

    assert worked(run_id) is RunState.READY
    assert the_digest(run_id) == "tea, in short / coffee, in short"
    (piece,) = of_kind(run_id, "digest")
    assert set(piece.data) == {"summaries", "digest", rounds.OPENED_WITH}


def test_nothing_joins_while_a_part_is_open() -> None:
    run_id = ordered("tea", "coffee")

    with transaction() as session:
        assert not joins.open_more(session, run_id, 1)
    assert of_kind(run_id, "digest") == []


def test_asked_twice_it_is_opened_once() -> None:
    run_id = ordered("tea")
    for piece in of_kind(run_id, "summary"):
        change(Piece, piece.id, state=PieceState.READY, step=None, data={"topic": "tea", "summary": "tea"})

    with transaction() as session:
        assert joins.open_more(session, run_id, 1)
    with transaction() as session:
        assert not joins.open_more(session, run_id, 1)
    assert len(of_kind(run_id, "digest")) == 1


def test_a_part_that_may_fail_makes_the_run_partial_and_says_why() -> None:
    FAILING.add("tea")
    run_id = ordered("tea", "coffee")

    assert worked(run_id) is RunState.PARTIAL
    failure = run_of(run_id).failure
    assert failure is not None
    assert failure["code"] == "parts_missing"
    assert "there is nothing about tea" in failure["message"]
    assert the_digest(run_id) == "coffee, in short"


def test_when_all_parts_fail_the_run_fails_and_its_quota_comes_back() -> None:
    FAILING.update({"tea", "coffee"})
    user = a_user()
    run_id = order(user, PIPELINE.name, topics=["tea", "coffee"])
    assert used(user, QuotaUnit.ITEMS) == 2

    assert worked(run_id) is RunState.FAILED
    assert of_kind(run_id, "digest") == []
    assert used(user, QuotaUnit.ITEMS) == 0


def test_a_resumed_part_has_what_joins_made_anew() -> None:
    FAILING.add("tea")
    user = a_user()
    run_id = order(user, PIPELINE.name, topics=["tea", "coffee"])
    worked(run_id)
    FAILING.clear()

    with transaction() as session:
        rounds.resume(session, user, run_id)

    assert worked(run_id) is RunState.READY
    assert the_digest(run_id) == "tea, in short / coffee, in short"


def after_an_outage(*failing: str, titled: bool = False) -> uuid.UUID:
    """Return a run of two topics that FAILED with all that is named; the outage is over."""
    FAILING.update(failing)
    run_id = ordered("tea", "coffee", titled=titled)
    assert worked(run_id) is RunState.FAILED
    FAILING.clear()
    TRIED.clear()
    return run_id


def test_a_part_and_what_joins_it_that_failed_together_are_each_made_once_by_a_resume() -> None:
    run_id = after_an_outage("tea", "digest")

    told = resume(run_id)

    assert (told.reused, told.redone) == (1, 2)
    assert worked(run_id) is RunState.READY
    assert TRIED == ["digest"]
    assert the_digest(run_id) == "tea, in short / coffee, in short"


def test_what_joins_is_made_once_of_what_there_is_when_a_resumed_part_fails_again() -> None:
    run_id = after_an_outage("tea", "digest")
    FAILING.add("tea")

    resume(run_id)

    assert worked(run_id) is RunState.PARTIAL
    assert TRIED == ["digest"]
    assert the_digest(run_id) == "coffee, in short"


def test_what_joins_and_fails_again_ends_its_round() -> None:
    run_id = after_an_outage("tea", "digest")
    FAILING.update({"tea", "digest"})

    resume(run_id)

    assert worked(run_id) is RunState.FAILED
    assert TRIED == ["digest"]


def test_what_joins_and_alone_failed_is_resumed_at_once() -> None:
    run_id = after_an_outage("digest")

    told = resume(run_id)

    assert (told.reused, told.redone) == (2, 1)
    assert [piece.step for piece in pieces_of(run_id)] == ["digest", None, None]
    assert worked(run_id) is RunState.READY


def test_what_is_made_of_what_joins_waits_for_it_to_be_made_anew() -> None:
    run_id = after_an_outage("tea", "title", titled=True)

    resume(run_id)

    assert worked(run_id) is RunState.READY
    assert TRIED == ["digest", "title", "approve"]
    assert of_kind(run_id, "title")[0].data["title"] == "Tea, In Short / Coffee, In Short"


def test_of_what_joins_what_comes_first_is_resumed_first() -> None:
    run_id = after_an_outage("tea", "title", titled=True)
    FAILING.add("digest")
    resume(run_id)
    assert worked(run_id) is RunState.FAILED
    FAILING.clear()
    TRIED.clear()

    assert resume(run_id).redone == 2

    assert worked(run_id) is RunState.READY
    assert TRIED == ["digest", "title", "approve"]


def test_what_joins_is_not_made_from_its_beginning_when_nothing_that_it_joins_has_changed() -> None:
    run_id = after_an_outage("tea", "approve", titled=True)
    FAILING.add("tea")

    resume(run_id)

    assert worked(run_id) is RunState.PARTIAL
    assert TRIED == ["approve"], "the title is kept"


def test_a_refused_text_is_made_again_once() -> None:
    REFUSED["tea"] = 1
    run_id = ordered("tea")

    assert worked(run_id) is RunState.READY
    assert the_digest(run_id) == "tea, in short!"


def test_a_text_that_is_refused_twice_fails_and_its_notes_are_kept() -> None:
    REFUSED["tea"] = 2
    run_id = ordered("tea", "coffee")

    assert worked(run_id) is RunState.PARTIAL
    tea, _ = of_kind(run_id, "summary")
    assert tea.failure is not None
    assert (tea.failure["code"], tea.data["notes"]) == ("not_approved", "still too short")


def test_a_resume_does_not_make_again_what_is_kept() -> None:
    REFUSED["tea"] = 2
    user = a_user()
    run_id = order(user, PIPELINE.name, topics=["tea"])
    assert worked(run_id) is RunState.FAILED

    with transaction() as session:
        rounds.resume(session, user, run_id)

    assert of_kind(run_id, "summary")[0].step == "check", "its summary is kept"


def test_an_order_that_is_turned_away_costs_no_quota_and_says_why(database: Installation) -> None:
    del database
    user = a_user()
    run_id = order(user, PIPELINE.name, topics=["asdf"], validate_first=True)

    assert worked(run_id) is RunState.FAILED
    failure = run_of(run_id).failure
    assert failure is not None
    assert failure["code"] == "input_refused:too_vague"
    assert "say what it is about" in failure["message"]
    assert used(user, QuotaUnit.ITEMS) == 0
    assert [piece.kind for piece in pieces_of(run_id)] == ["check"]


def test_an_order_that_passes_the_look_goes_on_as_usual() -> None:
    run_id = ordered("how tea is grown", validate_first=True)

    assert worked(run_id) is RunState.READY
    assert the_digest(run_id) == "how tea is grown, in short"
