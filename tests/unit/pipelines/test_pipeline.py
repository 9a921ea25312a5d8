"""What every pipeline must hold to, whatever it makes."""

from __future__ import annotations

import itertools

import pytest

from app.domain.errors import AnotherRelease, NotFound
from app.domain.states import PIECE_MOVES, PieceState
from app.pipelines.catalog import all_pipelines, pipeline_named
from app.pipelines.pipeline import Pipeline
from app.routes import routes_for

PIPELINES = list(all_pipelines().values())
TRACKS = [(p, kind) for p in PIPELINES for kind in p.tracks]
every_pipeline = pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda p: p.name)
every_track = pytest.mark.parametrize(("pipeline", "kind"), TRACKS, ids=[f"{p.name}/{kind}" for p, kind in TRACKS])


@every_pipeline
def test_a_pipeline_is_found_by_its_name(pipeline: Pipeline) -> None:
    assert pipeline_named(pipeline.name) is pipeline


def test_an_unknown_pipeline_is_not_found_and_the_known_ones_are_told() -> None:
    with pytest.raises(NotFound, match="full-post"):
        pipeline_named("half-post")


@every_track
def test_a_track_ends_ready(pipeline: Pipeline, kind: str) -> None:
    assert pipeline.tracks[kind][-1].gives is PieceState.READY


@every_track
def test_a_step_leaves_the_state_as_it_is_or_makes_a_legal_move(pipeline: Pipeline, kind: str) -> None:
    states = [PieceState.PENDING, *(stage.gives for stage in pipeline.tracks[kind])]

    assert all(after in {before, *PIECE_MOVES[before]} for before, after in itertools.pairwise(states))


@every_track
def test_only_the_last_step_makes_a_piece_terminal(pipeline: Pipeline, kind: str) -> None:
    assert not any(stage.gives.is_terminal for stage in pipeline.tracks[kind][:-1])


@every_track
def test_a_piece_can_go_back_from_a_review_to_the_step_that_makes_its_picture(pipeline: Pipeline, kind: str) -> None:
    for stage in pipeline.tracks[kind]:
        if stage.reviews is not None:
            before = [earlier for earlier in pipeline.tracks[kind] if earlier.purpose == stage.reviews]
            assert [earlier.makes_picture for earlier in before] == [True]
            assert PieceState.PROMPTED in PIECE_MOVES[before[0].gives]


@every_track
def test_the_steps_of_a_track_have_different_names(pipeline: Pipeline, kind: str) -> None:
    steps = [stage.step for stage in pipeline.tracks[kind]]

    assert len(steps) == len(set(steps))


@every_track
def test_every_purpose_is_routed(pipeline: Pipeline, kind: str) -> None:
    for stage in pipeline.tracks[kind]:
        asked = [stage.purpose] if stage.purpose else []
        assert all(routes_for(purpose) for purpose in (*asked, *stage.counted_with, *dict(stage.helped_by)))


@every_track
def test_one_step_follows_another_to_the_end(pipeline: Pipeline, kind: str) -> None:
    steps: list[str] = []
    step: str | None = pipeline.tracks[kind][0].step
    while step is not None:
        steps.append(step)
        step = pipeline.next_step(kind, step)

    assert steps == [stage.step for stage in pipeline.tracks[kind]]


@every_track
def test_what_remains_from_a_step_begins_with_it(pipeline: Pipeline, kind: str) -> None:
    for n, stage in enumerate(pipeline.tracks[kind]):
        assert pipeline.steps_from(kind, stage.step) == pipeline.tracks[kind][n:]


@every_track
def test_a_step_that_never_was_is_no_step(pipeline: Pipeline, kind: str) -> None:
    with pytest.raises(AnotherRelease, match="no_such_step"):
        pipeline.stage(kind, "no_such_step")


@every_track
def test_a_step_can_be_tried_at_least_as_often_as_it_may_be_paid(pipeline: Pipeline, kind: str) -> None:
    assert all(stage.max_attempts >= stage.max_charged_calls for stage in pipeline.tracks[kind])


@every_pipeline
def test_a_task_is_called_by_pipeline_and_step(pipeline: Pipeline) -> None:
    assert pipeline.task_name("render_image") == f"{pipeline.name.replace('-', '_')}.render_image"


def test_a_picture_is_what_has_a_stage_that_makes_one() -> None:
    pipeline = pipeline_named("full-post")

    assert {kind: pipeline.is_picture(kind) for kind in pipeline.tracks} == {
        "check": False,
        "content": False,
        "slide": True,
        "article": True,
        "quote": True,
        "caption": False,
    }
