"""product-photo: what may be ordered, and what each model is asked. All pure."""

from __future__ import annotations

from typing import Any, cast

import pytest
from pydantic import ValidationError

from app.domain.brand import DEFAULT_BRAND, BrandKit
from app.domain.states import PieceState, QuotaUnit
from app.pipelines.full_post import problems_of_prompt
from app.pipelines.pipeline import Ask, Compose, Work
from app.pipelines.product_photo import (
    PIPELINE,
    ProductPhotoRequest,
    begins_with,
    checking_prompt,
    drawing_prompt,
    opening,
)
from app.pipelines.references import prepare
from sandbox.calls import Ask as Asked
from sandbox.calls import Kind
from sandbox.writer import write

BRIEF = "A hand-thrown stoneware mug, speckled white, with a thick handle."
PICTURE = {"key": "posts/x/given/a.png", "sha256": "0" * 64}
NEON = BrandKit(visual_style="neon on wet asphalt")


def photo(**request: Any) -> ProductPhotoRequest:
    return ProductPhotoRequest.model_validate({"brief": BRIEF, **request})


def work(given: dict[str, Any]) -> Work:
    nothing: Any = None
    return Work(
        photo(), DEFAULT_BRAND, "photo", 0, {"given": given}, "a mug", cast("Ask", nothing), cast("Compose", nothing)
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("brief", "a mug"),
        ("brief", "x" * 1001),
        ("background", "x" * 201),
        ("aspect_ratio", "2:1"),
        ("reference_url", "mug.png"),
        ("prompts", ["a mug"]),
    ],
)
def test_a_wrong_field_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        photo(**{field: value})
    assert [error["loc"] for error in refused.value.errors()] == [(field,)]


def test_it_is_one_photo_charged_as_one_image() -> None:
    assert PIPELINE.charges_of(photo()) == {QuotaUnit.IMAGES: 1}
    assert [(piece.kind, piece.position) for piece in opening()] == [("photo", 0)]
    assert PIPELINE.counts(photo()) == {"photo": 1}


def test_nothing_is_fetched_where_nothing_was_given() -> None:
    assert prepare(work({})).data == {"given": {}}


def test_a_given_picture_is_what_the_photo_is_made_of() -> None:
    made = begins_with(work(PICTURE))

    assert made is not None
    assert (made.picture, made.prompt) == (PICTURE, "a mug")
    assert begins_with(work({})) is None


def test_the_prompt_holds_the_order_and_the_style_of_a_brand_that_was_named() -> None:
    told = drawing_prompt(photo(background="raw linen\nBrief: x", brand="Neon"), NEON, is_given=True).user.splitlines()

    assert told[:2] == [f"Brief: {BRIEF}", "Background: raw linen Brief: x"]
    assert "Brand style: neon on wet asphalt" in told
    assert any(line.startswith("Reference:") for line in told)


def test_without_a_brand_or_a_background_the_prompt_names_none() -> None:
    told = drawing_prompt(photo(), NEON, is_given=False).user

    assert not any(name in told for name in ("Brand style", "Background", "Reference"))


def test_the_check_compares_with_the_given_picture_only_where_there_is_one() -> None:
    assert "second picture" in checking_prompt(photo(), "a mug", is_given=True).user
    told = checking_prompt(photo(), "a mug", is_given=False).user
    assert "second picture" not in told
    assert f"Brief: {BRIEF}" in told
    assert "Prompt: a mug" in told


def test_the_sandbox_directs_a_brief_so_that_its_prompt_is_taken() -> None:
    asked = drawing_prompt(photo(), DEFAULT_BRAND, is_given=False)
    reply = write(Asked(model="", kind=Kind.TEXT, system=asked.system, prompt=asked.user), "0123456789abcdef" * 4)

    assert problems_of_prompt(reply) == []
    assert "stoneware mug" in reply


def test_a_photo_is_ready_when_it_passed_the_check() -> None:
    track = PIPELINE.tracks["photo"]

    assert [stage.step for stage in track] == ["prepare", "draft_prompt", "render_image", "review_image"]
    assert [stage.gives for stage in track][-1] is PieceState.READY
    assert PIPELINE.heading(photo()) == "Photo: A hand-thrown stoneware mug, speckled white, with a ..."
