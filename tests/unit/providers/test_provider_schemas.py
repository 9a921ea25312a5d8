"""Schemas as each vendor takes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.pipelines.post_content import Content
from workers.providers import schemas


class Leaf(BaseModel):
    title: str = Field(min_length=1, max_length=80, description="A title.")
    default: int = Field(3, ge=1, le=9)


class Round(BaseModel):
    kind: Literal["round"]
    r: float


class Edge(BaseModel):
    kind: Literal["edge"]
    n: int


class Reply(BaseModel):
    leaves: list[Leaf] = Field(min_length=5, max_length=5)
    first: Leaf = Field(description="The first one.")
    shape: Annotated[Round | Edge, Field(discriminator="kind")]
    note: str | None = None


class Tree(BaseModel):
    name: str
    children: list[Tree] = []


def nodes(node: Any) -> list[dict[str, Any]]:
    """Return each schema within a schema: not the maps from names to schemas."""
    if not isinstance(node, dict):
        return []
    found = [node]
    for name, value in node.items():
        if name in ("properties", "$defs"):
            found += [one for inner in value.values() for one in nodes(inner)]
        elif isinstance(value, list):
            found += [one for inner in value for one in nodes(inner)]
        else:
            found += nodes(value)
    return found


def test_a_strict_schema_is_closed_complete_and_without_limits() -> None:
    for model in (Reply, Content, Tree):
        for node in nodes(schemas.strict(model.model_json_schema())):
            assert not node.keys() & schemas.NOT_STRICT
            assert "oneOf" not in node
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert node["required"] == list(node["properties"])


def test_what_is_taken_out_stands_in_the_description() -> None:
    reply = schemas.strict(Reply.model_json_schema())
    assert reply["properties"]["leaves"]["description"] == "(minItems 5, maxItems 5)"
    leaf = reply["properties"]["leaves"]["items"]["properties"]
    assert leaf["title"] == {"type": "string", "description": "A title. (minLength 1, maxLength 80)"}
    assert leaf["default"] == {"type": "integer", "description": "(minimum 1, maximum 9)"}


def test_references_are_put_in_place_with_their_own_description() -> None:
    reply = schemas.strict(Reply.model_json_schema())
    assert "$defs" not in reply
    assert reply["properties"]["first"]["description"] == "The first one."
    assert reply["properties"]["first"]["properties"].keys() == {"title", "default"}
    assert [one["properties"]["kind"]["enum"] for one in reply["properties"]["shape"]["anyOf"]] == [["round"], ["edge"]]


def test_a_schema_that_contains_itself_keeps_its_reference_alone() -> None:
    tree = schemas.strict(Tree.model_json_schema())
    references = [node for node in nodes(tree) if "$ref" in node]
    assert references
    assert all(node == {"$ref": "#/$defs/Tree"} for node in references)
    assert "Tree" in tree["$defs"]


def test_gemini_gets_only_the_keywords_that_it_knows() -> None:
    for model in (Reply, Content):
        for node in nodes(schemas.for_gemini(model.model_json_schema())):
            assert node.keys() <= schemas.GEMINI
    reply = schemas.for_gemini(Reply.model_json_schema())
    assert reply["properties"]["leaves"]["maxItems"] == 5
    assert reply["required"] == ["leaves", "first", "shape"]


def test_the_given_schema_stays_as_it_is() -> None:
    given = Reply.model_json_schema()
    schemas.strict(given)
    schemas.for_gemini(given)
    assert given == Reply.model_json_schema()


def test_a_property_may_be_called_like_a_keyword() -> None:
    made = schemas.strict({"type": "object", "properties": {"title": {"type": "string"}, "format": {"type": "string"}}})
    assert made["required"] == ["title", "format"]
    assert made["properties"].keys() == {"title", "format"}
