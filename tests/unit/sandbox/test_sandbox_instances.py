"""Values for schemas that the writer does not know."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from sandbox.instances import instance


class Mood(StrEnum):
    CALM = "calm"
    LOUD = "loud"


class Branch(BaseModel):
    name: Annotated[str, Field(min_length=3, max_length=12)]
    score: Annotated[int, Field(ge=1, le=10)]
    children: list["Branch"] = []


class Review(BaseModel):
    verdict: Literal["accept", "reject"]
    has_text: bool
    is_sharp: bool
    mood: Mood
    note: Annotated[str, Field(max_length=40)] | None
    share: Annotated[float, Field(ge=0, le=1)]
    tags: Annotated[list[str], Field(min_length=5, max_length=5)]
    tree: Branch


def test_a_pydantic_schema_with_references_and_bounds_gets_a_valid_instance() -> None:
    for key in "abcdefgh":
        review = Review.model_validate(instance(Review.model_json_schema(), "Balcony tomatoes", key))
        assert (review.verdict, review.has_text, review.is_sharp) == ("accept", False, True)


def test_the_same_key_gives_the_same_instance() -> None:
    schema = Review.model_json_schema()
    assert instance(schema, "t", "k") == instance(schema, "t", "k")


def test_an_empty_schema_still_gives_an_object() -> None:
    assert isinstance(instance({}, "t", "k"), dict)
