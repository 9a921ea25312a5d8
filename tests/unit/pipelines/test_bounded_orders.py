"""Whatever may be ordered is bounded, and the longest texts that may be ordered make prompts that their stages foresee."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import prompting
from app.api.ads import Refinement
from app.costs import SHOWN_TOKENS, tokens_at_most
from app.domain.brand import BrandKit, KitBody
from app.pipelines.campaign_content import FIELDS_CHARACTERS, MOST_FIELDS, Body, problems_of_body, told_fields
from app.pipelines.campaign_prompts import EmailCampaignRequest, body_prompt
from app.pipelines.catalog import all_pipelines, pipeline_named
from app.pipelines.email_campaign import WRITE

URL = "https://a.example/" + "a" * 2000
WORDS = {"en": "Seven words on a tree ", "ur": "آم کا ایک بڑا درخت "}
FRAME = 400
BOUNDS = {"maxLength", "enum", "const"}
URLS = {
    "url",
    "reference_url",
    "feed_url",
    "audio_url",
    "urls[]",
}  # 2048 characters: tests/unit/pipelines/test_ordered_urls.py
COLUMNS = [f"column_{n}_".ljust(190, "x") for n in range(97)]


def unbounded(model: type[BaseModel]) -> list[str]:
    """Return the fields of a model that may be as long as one likes."""
    schema = model.model_json_schema()
    return [path for path in _unbounded(schema, "", schema.get("$defs", {})) if path.rpartition(".")[2] not in URLS]


def _unbounded(schema: dict[str, Any], path: str, named: dict[str, Any]) -> Iterator[str]:
    schema = named[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for one in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from _unbounded(one, path, named)
    match schema.get("type"):
        case "string" if not BOUNDS & set(schema) and not schema.get("pattern", "*").endswith("{6}$"):
            yield path
        case "array":
            if "maxItems" not in schema:
                yield path
            yield from _unbounded(schema["items"], f"{path}[]", named)
        case "object":
            for name, one in schema.get("properties", {}).items():
                yield from _unbounded(one, f"{path}.{name}", named)


@pytest.mark.parametrize("name", sorted(all_pipelines()))
def test_every_field_of_an_order_is_bounded(name: str) -> None:
    assert unbounded(pipeline_named(name).request) == []


@pytest.mark.parametrize("model", [KitBody, Refinement])
def test_what_else_goes_into_prompts_is_bounded(model: type[BaseModel]) -> None:
    assert unbounded(model) == []


@pytest.mark.parametrize("language", ["en" + "-abcdefgh" * 100_000, "en" + "-abcdefgh" * 4, "x" * 36])
def test_a_language_is_no_way_to_send_a_book(language: str) -> None:
    with pytest.raises(ValidationError):
        pipeline_named("full-post").request.model_validate({"topic": "hello world", "language": language})


@pytest.mark.parametrize("language", ["en", "ur", "sr-Latn-RS", "zh-cmn-Hans-CN-private-use-ab"])
def test_a_tag_that_people_use_is_taken(language: str) -> None:
    assert pipeline_named("full-post").request.model_validate({"topic": "hello world", "language": language})


# ---- the longest orders


def text(length: int, language: str) -> str:
    word = WORDS[language]
    return (word * (length // len(word) + 1))[: length - 1].strip() + {"en": ".", "ur": "۔"}[language]


def longest(language: str) -> list[tuple[str, dict[str, Any]]]:
    """Return orders with the longest texts that may be ordered."""

    def of(length: int) -> str:
        return text(length, language)

    lines = "\n\n".join(f"{s // 60:02d}:{s % 60:02d} {of(200)}" for s in range(0, 3600, 10))
    table = "\n".join([",".join(["email", "city", *COLUMNS]), *(f"a{n}@b.pk,{of(60)}" + "," * 97 for n in range(60))])
    orders: list[tuple[str, dict[str, Any]]] = [
        ("full-post", {"topic": of(200), "slides": 12, "caption": True, "validate_first": True}),
        ("answer", {"question": of(2000), "topic_scope": of(300), "depth": "deep"}),
        ("linkedin-post", {"topic": of(200), "industry": of(100), "audience": of(100)}),
        ("linkedin-post", {"posts": 2, "industry": of(100), "audience": of(100)}),
        ("hero-image", {"title": of(150), "summary": of(2000)}),
        ("design", {"brief": of(1000), "style": of(200)}),
        ("product-photo", {"brief": of(1000), "background": of(200), "reference_url": URL}),
        ("news-brief", {"urls": [f"{URL}{n}" for n in range(10)], "focus": of(200), "length": "long"}),
        ("ad", {"brief": of(1000), "product": of(120), "headline": of(50), "reference_url": URL, "caption": True}),
        ("images", {"prompts": [of(2000)]}),
        ("product-listing", {"product": of(2000), "marketplace": of(80)}),
        ("email-campaign", {"contacts_csv": table, "offer": of(2000), "sender": of(100)}),
        ("video-summary", {"transcript": lines[:140_000], "title": of(200), "audience": of(200), "length_s": 300}),
    ]
    return [(name, {"language": language, "locale": of(60)} | order) for name, order in orders]


class Measuring(prompting.Answering):
    """Notes how many tokens each question has at most."""

    most: dict[tuple[str, str], int]

    def _note(self, purpose: str, told: list[str], pictures: int) -> None:
        count = tokens_at_most(told) + FRAME + pictures * SHOWN_TOKENS
        self.most[self.step, purpose] = max(count, self.most.get((self.step, purpose), 0))

    def structured(self, purpose: str, prompt: Any, schema: Any, **how: Any) -> Any:
        shape = json.dumps(schema.model_json_schema())
        self._note(purpose, [prompt.system, prompt.user, shape], len(how.get("pictures", ())))
        return super().structured(purpose, prompt, schema, **how)

    def text(self, purpose: str, prompt: Any, *, check: Any) -> str:
        self._note(purpose, [prompt.system, prompt.user], 0)
        return super().text(purpose, prompt, check=check)


@pytest.mark.parametrize(
    ("name", "order"), [one for language in WORDS for one in longest(language)], ids=lambda one: str(one)[:16]
)
def test_the_longest_order_makes_no_prompt_that_its_stage_does_not_foresee(
    name: str, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Measuring.most = {}
    monkeypatch.setattr(prompting, "Answering", Measuring)
    monkeypatch.setattr(prompting, "ARTICLE", "word " * 20_000)
    monkeypatch.setattr(prompting, "DEFAULT_BRAND", BrandKit(voice="v" * 200, visual_style="s" * 300))

    prompting.questions(name, **order)

    foreseen = {stage.step: stage.max_tokens_in for _, stage in pipeline_named(name).all_stages}
    assert Measuring.most
    # A picture of one's own words is ordered in up to 2,000 characters, and looked at with them.
    spared = {("images", "review_image")}
    over = {
        at: count for at, count in Measuring.most.items() if count > foreseen[at[0]] and (name, at[0]) not in spared
    }
    assert over == {}


# ---- fields of a campaign


def request(columns: list[str]) -> EmailCampaignRequest:
    header, row = ",".join(["email", "city", *columns]), "a@b.pk,Lahore" + "," * len(columns)
    return EmailCampaignRequest(contacts_csv=f"{header}\n{row}", offer="Ten percent off all books", sender="Ayesha")


def test_a_table_of_a_hundred_columns_makes_no_long_prompt() -> None:
    data = {"segment": "Schools", "about": "", "fields": ["email", "city", *COLUMNS]}

    told = body_prompt(request(COLUMNS), "clear", data)

    assert tokens_at_most([told.system, told.user]) < WRITE.max_tokens_in // 2


def test_at_most_twenty_fields_are_told_and_those_first_that_greet_or_are_used() -> None:
    columns = [f"c{n}" for n in range(90)] + ["first_name", "plan"]

    told = told_fields(columns, ["plan", "unknown"]).split(", ")

    assert len(told) == MOST_FIELDS
    assert told == [*(f"{{{{c{n}}}}}" for n in range(MOST_FIELDS - 2)), "{{first_name}}", "{{plan}}"]


def test_the_fields_of_a_usual_table_are_all_told_in_its_order() -> None:
    assert told_fields(["email", "city", "name"]) == "{{email}}, {{city}}, {{name}}"


def test_a_refused_email_keeps_the_fields_that_it_names() -> None:
    last = COLUMNS[-1]
    data = {"segment": "Schools", "about": "", "fields": ["email", "city", *COLUMNS], "notes": ["too loud"]}

    told = body_prompt(request(COLUMNS), "clear", {**data, "body": f"Dear {{{{{last}}}}}"}).user

    assert last in told.partition("Fields: ")[2].partition("\n")[0]


def test_many_wrong_fields_are_answered_with_one_list() -> None:
    body = Body(greeting=" ".join(f"{{{{wrong{n}}}}} {{" for n in range(30)), paragraphs=["word " * 90], closing="Bye,")

    problems = problems_of_body(body, COLUMNS, "en")

    assert sum(len(problem) for problem in problems) < 2 * FIELDS_CHARACTERS
