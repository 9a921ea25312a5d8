"""product-listing: what may be ordered, what the models are told and must answer, charges and files. All pure."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from app.api.edge import MAX_LONG_BODY_BYTES
from app.costs import quote
from app.domain.brand import DEFAULT_BRAND
from app.domain.errors import InvalidRequest
from app.domain.states import QuotaUnit
from app.pipelines import csv_rows
from app.pipelines.listing_content import (
    Features,
    Keywords,
    Listing,
    problems_of_features,
    problems_of_keywords,
    problems_of_listing,
)
from app.pipelines.product_listing import (
    PIPELINE,
    ProductListingRequest,
    check_prompt,
    features_prompt,
    keywords_prompt,
    listing_prompt,
)
from app.runs.accept import parse

WALLET = "Handmade leather wallet, brown, 6 card slots, coin pouch, durable, for men"
TABLE = f'name,details,price\nWallet,"{WALLET}",2500\nMug,,\nLamp,A brass lamp with a linen shade,'
FEATURES = {"type": "wallet", "material": "leather", "color": "brown", "size": "", "features": ["6 card slots"]}
KEYWORDS = [f"leather wallet number {n}" for n in range(10)]
LISTING = {"title": "Leather wallet number 0", "description": "A wallet for life."}
REQUEST = ProductListingRequest(product=WALLET)


def fields(**body: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as told:
        parse(PIPELINE, body)
    return told.value.fields


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({}, "csv", "give either product or csv"),
        ({"product": WALLET, "csv": TABLE}, "csv", "give either product or csv"),
        ({"product": "too short"}, "product", "at least 10 characters"),
        ({"product": "x" * 2001}, "product", "at most 2000 characters"),
        ({"csv": "colour,price\nred,3"}, "csv", "no column is called name or details; there are: colour, price"),
        ({"csv": "name\nMug\nCup"}, "csv", "no row can be used; row 2: its cells hold 3 characters"),
        ({"csv": ",".join(["name", *map(str, range(100))]) + "\nA brass lamp"}, "csv", "101 columns; at most 100"),
        ({"csv": "name\n" + "A brass lamp\n" * 201}, "csv", "more than 200 rows; split the table"),
        ({"product": WALLET, "marketplace": ""}, "marketplace", "at least 2"),
        ({"product": WALLET, "sku": "1"}, "sku", "not permitted"),
    ],
)
def test_what_cannot_be_made_is_refused_by_the_name_of_its_field(body: dict[str, Any], field: str, told: str) -> None:
    found = fields(**body)

    assert list(found) == [field]
    assert told in found[field]


def test_each_row_is_a_piece_and_a_bad_one_says_why() -> None:
    opened = PIPELINE.opening(ProductListingRequest(csv=TABLE), DEFAULT_BRAND)

    assert [(piece.kind, piece.position) for piece in opened] == [("listing", 0), ("listing", 1), ("listing", 2)]
    assert opened[0].data == {"row": 2, "product": f"Wallet; {WALLET}; price: 2500"}
    assert opened[1].data == {"row": 3, "problem": "its cells hold 3 characters on the product instead of 10 to 2,000"}


def test_a_usable_row_is_an_item_and_a_bad_one_is_neither_charged_nor_quoted() -> None:
    request = ProductListingRequest(csv=TABLE)

    assert PIPELINE.charges_of(REQUEST) == {QuotaUnit.ITEMS: 1}
    assert PIPELINE.charges_of(request) == {QuotaUnit.ITEMS: 2}
    assert {line.calls for line in quote(PIPELINE, request).lines} == {2}


def test_a_listing_is_expected_to_cost_less_than_pkr_2_15() -> None:
    assert quote(PIPELINE, REQUEST).expected_micro_usd * 280 <= 2_150_000


@pytest.mark.parametrize(
    ("request_", "heading"),
    [
        (REQUEST, "Handmade leather wallet, brown, 6 card ..."),
        (ProductListingRequest(product="A brass lamp"), "A brass lamp"),
        (ProductListingRequest(csv=TABLE), "2 listings: Wallet; Handmade leather wallet, brown, 6 ..."),
    ],
)
def test_a_run_is_called_by_its_first_product(request_: ProductListingRequest, heading: str) -> None:
    assert PIPELINE.heading(request_) == heading


def test_the_largest_csv_fits_into_a_request() -> None:
    text = "name\n" + "ب" * ((csv_rows.MAX_BYTES - 5) // 2)

    assert len(json.dumps({"csv": text})) < MAX_LONG_BODY_BYTES


# ---- what models are told: what they need, and no more


def test_only_the_first_step_sees_the_details() -> None:
    data = {"features": FEATURES, "keywords": KEYWORDS}
    later = [
        keywords_prompt(REQUEST, FEATURES),
        listing_prompt(REQUEST, "clear", data),
        check_prompt(REQUEST, FEATURES, LISTING),
    ]

    assert WALLET in features_prompt(WALLET).user
    assert all("coin pouch" not in prompt.user for prompt in later)
    assert all('"material": "leather"' in prompt.user and '"size"' not in prompt.user for prompt in later)


def test_the_check_sees_the_listing_and_no_keywords() -> None:
    told = check_prompt(REQUEST, FEATURES, LISTING).user

    assert LISTING["title"] in told
    assert KEYWORDS[1] not in told


def test_marketplace_locale_and_language_are_told_to_whoever_writes_or_judges() -> None:
    request = ProductListingRequest(product=WALLET, marketplace="Amazon", locale="Germany", language="de")
    for prompt in (
        keywords_prompt(request, FEATURES),
        listing_prompt(request, "clear", {"features": FEATURES, "keywords": KEYWORDS}),
        check_prompt(request, FEATURES, LISTING),
    ):
        assert "Marketplace: Amazon\nLocale: Germany\nLanguage: de (German)" in prompt.user


def test_notes_go_back_to_the_writer_with_the_refused_listing_and_only_then() -> None:
    data = {"features": FEATURES, "keywords": KEYWORDS, "listing": LISTING, "notes": ["grammar: mend it"]}

    assert "Notes:" not in listing_prompt(REQUEST, "clear", {**data, "notes": []}).user
    told = listing_prompt(REQUEST, "clear", data).user
    assert "Notes: grammar: mend it\nRefused title: Leather wallet number 0" in told
    later = {**data, "listing": None, "refused": LISTING}  # after a resume
    assert listing_prompt(REQUEST, "clear", later).user == told


# ---- what they must answer


def say(count: int) -> str:
    return " ".join(["word"] * count)


def test_what_is_at_its_limits_has_no_problem() -> None:
    long = "x" * (120 - len("my main keyword "))
    for count in (213, 287):
        listing = Listing(title=f"My MAIN  keyword {long}"[:120], paragraphs=[say(100), say(count - 100)])
        assert problems_of_listing(listing, "my main keyword", "en") == []
    assert problems_of_keywords(Keywords(main_keyword=KEYWORDS[0], other_keywords=KEYWORDS[1:])) == []


@pytest.mark.parametrize(
    ("title", "count", "language", "told"),
    [
        ("main word " + "x" * 111, 250, "en", "title: 121 characters instead of at most 120"),
        ("Another title", 250, "en", "title: it does not hold the main keyword word for word: main word"),
        ("main word", 212, "en", "description: 212 words instead of 213 to 287"),
        ("main word", 288, "en", "description: 288 words instead of 213 to 287"),
        ("main word", 250, "ur", "description: not written in ur (Urdu) and its own letters"),
    ],
)
def test_each_rule_of_a_listing_that_is_broken_is_told(title: str, count: int, language: str, told: str) -> None:
    assert problems_of_listing(Listing(title=title, paragraphs=[say(count)]), "main word", language) == [told]


@pytest.mark.parametrize(
    ("main", "others", "told"),
    [
        (KEYWORDS[0], KEYWORDS[1:9], "keywords: 9 instead of 10"),
        (
            KEYWORDS[0],
            [*KEYWORDS[1:9], "Leather  WALLET number 3"],
            "keyword 10 stands there twice: leather wallet number 3",
        ),
        (KEYWORDS[0], [*KEYWORDS[1:9], "leather wallet"], "keyword 10: 2 words instead of 3 to 10"),
        ("a b " + "c" * 77, KEYWORDS[1:], "keyword 1: 81 characters instead of at most 80"),
    ],
)
def test_each_rule_of_keywords_that_is_broken_is_told(main: str, others: list[str], told: str) -> None:
    assert problems_of_keywords(Keywords(main_keyword=main, other_keywords=others)) == [told]


@pytest.mark.parametrize("count", [0, 13])
def test_features_are_one_to_twelve(count: int) -> None:
    said = Features(type="x", material="", color="", size="", target_audience="", durability="", features=["y"] * count)

    assert problems_of_features(said) == [f"features: {count} instead of 1 to 12"]


# ---- what comes out


def test_the_csv_has_a_line_per_row_in_the_order_of_the_order() -> None:
    made = {"row": 4, "listing": LISTING, "keywords": ["a", "b"], "features": {}}
    (name,) = files = PIPELINE.files(ProductListingRequest(csv=TABLE), {"listing": [made]})

    lines = list(csv.DictReader(io.StringIO(files[name])))
    assert name == "listings.csv"
    assert [(line["row"], line["status"]) for line in lines] == [("2", "failed"), ("3", "failed"), ("4", "ready")]
    assert lines[2]["keywords"] == "a; b"
    assert "a resume tries again" in lines[0]["problem"]
    assert "3 characters" in lines[1]["problem"]


def test_the_texts_hold_what_was_approved_and_the_bad_rows() -> None:
    ready = {"row": 2, "listing": LISTING, "keywords": KEYWORDS, "approved": True, "features": FEATURES}
    waiting = {"row": 3, "listing": LISTING, "keywords": KEYWORDS}

    assert PIPELINE.texts({"listing": [ready, waiting, {"row": 4, "problem": "empty"}]}) == {
        "listings": [{"row": 2, **LISTING, "keywords": KEYWORDS}],
        "bad_rows": [{"row": 4, "problem": "empty"}],
    }
