"""Stages that many tracks have: what each declares, and that a Celery task keeps its name."""

from __future__ import annotations

import pytest

from app.domain.states import PieceState
from app.pipelines.catalog import all_pipelines, pipeline_named
from app.pipelines.pipeline import Done, Work
from app.pipelines.stages import composing_stage, drafting_stage, text_stage

TASKS = {
    "ad": ["check_order", "prepare", "draft_prompt", "render_image", "review_image", "compose", "write_caption"],
    "answer": ["check_order", "classify_question", "answer_quickly", "plan_research", "research", "write_report"],
    "design": ["check_order", "lay_out", "draft_prompt", "render_image", "review_image", "arrange"],
    "email-campaign": [
        *("check_order", "read_contacts", "propose_segments", "classify_contacts"),
        *("write_body", "write_subjects", "check_email"),
    ],
    "full-post": [
        *("check_order", "write_content", "draft_prompt", "render_image", "review_image", "compose", "write_caption"),
    ],
    "hero-image": ["check_order", "read_article", "draft_prompt", "render_image", "review_image", "compose"],
    "linkedin-post": [
        *("check_order", "discover_trends", "research_topic", "plan_post", "write_post", "check_post"),
    ],
    "news-brief": ["check_order", "read_feed", "read_article", "summarize", "write_digest"],
    "product-listing": ["check_order", "extract_features", "find_keywords", "write_listing", "check_listing"],
    "product-photo": ["check_order", "prepare", "draft_prompt", "render_image", "review_image"],
}


def write_ode(_: Work) -> Done:
    return Done()


@pytest.mark.parametrize(("name", "steps"), TASKS.items())
def test_a_task_is_never_called_otherwise_by_a_newer_version(name: str, steps: list[str]) -> None:
    pipeline = pipeline_named(name)

    assert list(dict.fromkeys(stage.step for _, stage in pipeline.all_stages)) == steps


def test_a_stage_is_called_as_its_function_is() -> None:
    stage = text_stage(write_ode, "write_copy", max_tokens=(900, 300), expected_tokens=(90, 30), expected_s=2)

    assert (stage.step, stage.act, stage.queue, stage.gives) == ("write_ode", write_ode, "text", PieceState.READY)
    assert (stage.max_tokens_in, stage.max_tokens_out, stage.expected_tokens) == (900, 300, (90, 30))


def test_what_drafts_and_what_composes_fill_what_a_new_round_does_not_make_again() -> None:
    assert drafting_stage(write_ode, max_tokens_in=900, expected_tokens_in=90).fills == "prompt"
    assert composing_stage(write_ode).fills == "composed"


@pytest.mark.parametrize("name", [name for name, one in all_pipelines().items() if "draft_prompt" in str(one.tracks)])
def test_a_drafted_prompt_costs_about_the_same_in_every_pipeline(name: str) -> None:
    drafts = [stage for _, stage in pipeline_named(name).all_stages if stage.step == "draft_prompt"]

    assert {(stage.max_tokens_out, stage.expected_tokens[1], stage.expected_s) for stage in drafts} <= {(600, 140, 5)}
