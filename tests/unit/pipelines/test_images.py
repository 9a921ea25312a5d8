"""images: what may be ordered, and what each picture is asked with. All pure."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.brand import DEFAULT_BRAND, BrandKit
from app.domain.states import PieceState, QuotaUnit
from app.pipelines.images import PIPELINE, ImagesRequest, heading, opening
from app.pipelines.pipeline import NewPiece

FOX = "a red fox in fresh snow"
NEON = BrandKit(visual_style="neon on wet asphalt")


def wrong_field(request: dict[str, Any]) -> str:
    """Return the name of the field for which a request is refused."""
    with pytest.raises(ValidationError) as refused:
        ImagesRequest.model_validate(request)
    (error,) = refused.value.errors()
    return ".".join(map(str, error["loc"]))


@pytest.mark.parametrize("count", [1, 100])
def test_one_to_a_hundred_prompts_are_as_many_pictures(count: int) -> None:
    request = ImagesRequest(prompts=[FOX] * count)

    assert PIPELINE.counts(request) == {"image": count}
    assert [piece.position for piece in opening(request, DEFAULT_BRAND)] == list(range(count))


@pytest.mark.parametrize("prompts", [[], [FOX] * 101, None, FOX])
def test_no_prompt_and_too_many_are_refused(prompts: object) -> None:
    assert wrong_field({"prompts": prompts}) == "prompts"


@pytest.mark.parametrize("words", ["", "  \n ", "ab", " ab ", "x" * 2001, 7, None])
def test_a_wrong_prompt_is_refused_by_its_place(words: object) -> None:
    assert wrong_field({"prompts": [FOX, words, FOX]}) == "prompts.1"


@pytest.mark.parametrize("words", ["abc", "x" * 2000, " abc "])
def test_a_prompt_at_a_limit_is_taken(words: str) -> None:
    assert ImagesRequest(prompts=[words]).prompts == [words.strip()]


@pytest.mark.parametrize("ratio", ["4:5", "1:1", "16:9", "9:16"])
def test_each_aspect_ratio_is_taken(ratio: str) -> None:
    assert ImagesRequest.model_validate({"prompts": [FOX], "aspect_ratio": ratio}).aspect_ratio == ratio


@pytest.mark.parametrize(
    ("field", "value"), [("aspect_ratio", "2:1"), ("max_cost_usd", 0), ("topic", "foxes"), ("brand", "x" * 101)]
)
def test_other_wrong_fields_are_refused_by_name(field: str, value: object) -> None:
    assert wrong_field({"prompts": [FOX], field: value}) == field


def test_pictures_are_square_unless_told_otherwise() -> None:
    assert ImagesRequest(prompts=[FOX]).aspect_ratio == "1:1"


def test_without_a_brand_a_picture_is_asked_with_the_users_words() -> None:
    assert opening(ImagesRequest(prompts=[FOX]), NEON) == [NewPiece("image", 0, {"prompt": FOX}, prompt=FOX)]


def test_with_a_brand_its_style_is_added_and_the_users_words_are_kept() -> None:
    (piece,) = opening(ImagesRequest(prompts=[f"{FOX}."], brand="Neon"), NEON)

    assert piece.prompt == f"{FOX}. Style: neon on wet asphalt."
    assert piece.data == {"prompt": f"{FOX}."}


def test_a_picture_is_ready_when_it_is_reviewed() -> None:
    render, review = PIPELINE.tracks["image"]

    assert (render.step, render.gives, render.makes_picture) == ("render_image", PieceState.RENDERED, True)
    assert (review.step, review.gives) == ("review_image", PieceState.READY)


def test_each_prompt_is_charged_as_an_image() -> None:
    request = PIPELINE.request.model_validate({"prompts": [FOX, FOX + "!"]})
    assert PIPELINE.charges_of(request) == {QuotaUnit.IMAGES: 2}


def test_nothing_is_drawn_and_nothing_is_bound() -> None:
    assert (PIPELINE.layout, PIPELINE.carousel, PIPELINE.texts({"image": [{"prompt": FOX}]})) == (None, None, {})


@pytest.mark.parametrize(
    ("prompts", "told"),
    [
        ([FOX], "1 image: a red fox in fresh snow"),
        ([FOX] * 20, "20 images: a red fox in fresh snow ..."),
        ([f"{FOX}\nat dawn"], "1 image: a red fox in fresh snow ..."),
        (["a  cat", FOX], "2 images: a cat ..."),
    ],
)
def test_a_run_is_called_by_its_count_and_first_words(prompts: list[str], told: str) -> None:
    assert heading(ImagesRequest(prompts=prompts)) == told
