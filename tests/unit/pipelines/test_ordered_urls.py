"""A url in an order is worded the same way in every pipeline: what is wrong with it is told before anything is paid."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.pipelines.catalog import all_pipelines, pipeline_named

ORDERS: dict[tuple[str, str], dict[str, Any]] = {
    ("ad", "reference_url"): {"brief": "A trail shoe for people who run at dawn."},
    ("product-photo", "reference_url"): {"brief": "A stoneware mug, speckled white."},
    ("hero-image", "url"): {},
    ("news-brief", "feed_url"): {},
    ("news-brief", "urls"): {},
}
WRONG = {
    "ftp://a.example/": "http:// or https://",
    "a.example/mug.png": "http:// or https://",
    "https://": "no host",
    "https://a.example/a b": "spaces",
    "https://[broken/": "cannot be read",
    "https://me:secret@a.example/": "password",
    f"https://a.example/{'x' * 2048}": "2048",
}


def errors(name: str, field: str, url: str) -> list[str]:
    value = [url] if field == "urls" else url
    try:
        pipeline_named(name).request.model_validate(ORDERS[name, field] | {field: value})
    except ValidationError as told:
        return [error["msg"] for error in told.errors()]
    return []


@pytest.mark.parametrize(("name", "field"), ORDERS)
@pytest.mark.parametrize(("url", "told"), WRONG.items(), ids=WRONG.values())
def test_a_wrong_url_is_refused_with_what_is_wrong_with_it(name: str, field: str, url: str, told: str) -> None:
    (error,) = errors(name, field, url)

    assert told in error
    assert "secret" not in error


@pytest.mark.parametrize(("name", "field"), ORDERS)
@pytest.mark.parametrize("url", ["http://a.example", "HTTPS://A.example:8443/x?y=%20#z", "https://müller.example/ö"])
def test_any_page_of_the_web_may_be_named(name: str, field: str, url: str) -> None:
    assert errors(name, field, url) == []


def test_no_pipeline_words_its_urls_by_a_pattern_of_its_own() -> None:
    fields = {
        (name, field): schema
        for name, pipeline in all_pipelines().items()
        for field, schema in pipeline.request.model_json_schema()["properties"].items()
        if "url" in field
    }

    assert set(ORDERS) <= set(fields)
    assert [place for place, schema in fields.items() if "pattern" in str(schema)] == []
