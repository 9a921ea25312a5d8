"""email-campaign: what may be ordered, what the models are told and must answer, joins, charges and files. All pure."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from typing import Any

import pytest

from app.costs import quote
from app.domain.brand import DEFAULT_BRAND
from app.domain.errors import InvalidRequest
from app.domain.states import QuotaUnit
from app.pipelines.campaign_content import (
    Assignment,
    Assignments,
    Body,
    Subjects,
    problems_of_assignments,
    problems_of_body,
    problems_of_names,
    problems_of_subjects,
)
from app.pipelines.campaign_prompts import (
    EmailCampaignRequest,
    batch_prompt,
    body_prompt,
    check_prompt,
    segments_prompt,
    subjects_prompt,
)
from app.pipelines.contact_list import Contact, read, variants
from app.pipelines.email_campaign import PIPELINE
from app.pipelines.order import looking_prompt
from app.pipelines.pipeline import Made
from app.runs.accept import parse

OFFER = "Ten notebooks for the price of eight until Friday."
NAMED = ["Schools", "Offices"]
SEGMENTS = [{"name": name, "about": ""} for name in NAMED]
EMAIL = {"segment": "Schools", "about": "They teach.", "fields": ["email", "name", "city"]}


def table(count: int = 4, *more: str) -> str:
    rows = [f"reader{n}@example.com,Reader {n},{'Lahore' if n % 2 else 'Karachi'}" for n in range(count)]
    return "\n".join(["Email,Name,City", *rows, *more])


def request(count: int = 4, *more: str, **other: Any) -> EmailCampaignRequest:
    usual = {"offer": OFFER, "sender": "Ayesha", "segments": NAMED}
    return EmailCampaignRequest(contacts_csv=table(count, *more), **{**usual, **other})


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({"contacts_csv": "name,city\nAli,Lahore"}, "contacts_csv", "no column is called email; there are: name, city"),
        ({"contacts_csv": "email,city\nnobody,Lahore"}, "contacts_csv", "no row can be used; row 2: 'nobody' is no e-mail"),
        ({"contacts_csv": "email,name\na@b.co,Ali"}, "contacts_csv", "no column tells contacts apart"),
        ({"contacts_csv": ",".join(["email", *map(str, range(100))])}, "contacts_csv", "101 columns; at most 100"),
        ({"contacts_csv": table(1001)}, "contacts_csv", "more than 1,000 rows; split the table"),
        ({"segments": ["Schools"]}, "segments", "1 segments instead of 2 to 6"),
        ({"segments": ["Schools", " schools "]}, "segments", "two segments have the same name"),
        ({"segments": ["Schools", "x" * 41]}, "segments", "41 characters instead of 1 to 40"),
        ({"offer": "short"}, "offer", "at least 10"),
        ({"sender": ""}, "sender", "at least 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_by_the_name_of_its_field(body: dict[str, Any], field: str, told: str) -> None:
    usual = {"contacts_csv": table(), "offer": OFFER, "sender": "Ayesha"}
    with pytest.raises(InvalidRequest) as refused:
        parse(PIPELINE, {**usual, **body})

    assert list(refused.value.fields) == [field]
    assert told in refused.value.fields[field]


# ---- contacts


@pytest.mark.parametrize(
    "email", ["a@b.co", "ali.khan+news@mail.example.com.pk", "o'neil@example.com", "1@x-y.org", "ali@بازار.com"]
)
def test_addresses_that_people_have_are_taken(email: str) -> None:
    assert read(f"email,city\n{email},Lahore").good[0].email == email


@pytest.mark.parametrize(
    "email",
    ["a@b", "@b.co", "a@@b.co", "a b@c.co", "a.@b.co", "a..b@c.co", ".a@b.co", "a@-b.co", "a@b-.co", "a@b..co",
     "=a@b.co", "Ali <a@b.co>", "a@b.co,c@d.co", "x" * 65 + "@b.co", "a@" + "b" * 250 + ".co", "a@b.c1"],
)  # fmt: skip
def test_what_is_no_address_is_a_bad_row(email: str) -> None:
    (_, bad) = read(f'email,city\na@b.co,Lahore\n"{email}",Lahore').rows

    assert "is no e-mail address" in (bad.problem or "")


def test_an_address_counts_once_whatever_its_case_and_a_bad_row_takes_none() -> None:
    found = read(table(1, "READER0@EXAMPLE.COM,x,y", ",x,y", ",x,y"))

    assert [row.problem for row in found.rows] == [
        None, "the same e-mail address as in row 2", "it has no e-mail address", "it has no e-mail address",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50, 333, 1000])
def test_a_and_b_get_half_each_whatever_the_order_of_the_file(count: int) -> None:
    contacts = list(read(table(count)).good)
    split = variants(contacts)
    shuffled = random.Random(count).sample(contacts, count)

    assert Counter(split.values())["A"] - Counter(split.values())["B"] in (0, 1)
    assert variants(shuffled) == split


def test_the_split_follows_the_address_and_not_the_row() -> None:
    contacts = read(table(100)).good
    moved = [Contact(contact.row + 7, contact.email, contact.cells, None) for contact in contacts]

    assert {row + 7: variant for row, variant in variants(contacts).items()} == variants(moved)


# ---- what models are told: what they need, and no more


def prompts(ordered: EmailCampaignRequest) -> list[str]:
    data = {**EMAIL, "body": "Dear {{name}}, ...", "subjects": ["One", "Two"]}
    rows = [contact.row for contact in ordered.contacts.good]
    return [
        segments_prompt(ordered).user,
        batch_prompt(ordered, {"rows": rows, "segments": SEGMENTS}).user,
        body_prompt(ordered, "clear", data).user,
        subjects_prompt(ordered, data).user,
        check_prompt(ordered, data).user,
        looking_prompt(PIPELINE, ordered).user,
    ]


def test_no_model_sees_an_address_nor_a_name() -> None:
    ordered = request(40, "someone@example.com,Someone,write to me@home.example")

    told = "\n".join(prompts(ordered))
    assert "@" not in told
    assert "Reader" not in told
    assert "Someone" not in told
    assert "city: Lahore" in told


def test_a_batch_shows_its_own_contacts_the_segments_and_no_offer() -> None:
    told = batch_prompt(request(), {"rows": [3, 5], "segments": SEGMENTS}).user

    assert told == "Segments:\n* Schools\n* Offices\nContacts:\n3. city: Lahore\n5. city: Lahore"


def test_however_much_is_known_of_the_contacts_a_batch_stays_short() -> None:
    columns = [f"note_{n}" for n in range(9)]
    rows = [f"reader{n}@example.com," + ",".join(["word " * 70] * 9) for n in range(50)]
    ordered = request(1).model_copy(update={"contacts_csv": "\n".join([",".join(["email", *columns]), *rows])})

    told = batch_prompt(ordered, {"rows": list(range(2, 52)), "segments": SEGMENTS}).user
    assert told.count("note_0") == 50
    assert "note_6" not in told
    assert len(told) < 11_000


def test_of_a_long_list_thirty_contacts_are_shown_for_the_segments() -> None:
    assert segments_prompt(request(1000)).user.count("city:") == 30


def test_whoever_writes_sees_no_contacts_and_knows_the_fields() -> None:
    told = body_prompt(request(), "clear", EMAIL).user

    assert "Lahore" not in told
    assert "Fields: {{email}}, {{name}}, {{city}}" in told
    assert f"Offer: {OFFER}" in told
    assert "Notes:" not in told


def test_notes_go_back_with_what_was_refused() -> None:
    told = body_prompt(request(), "clear", {**EMAIL, "notes": ["manners: softer"], "body": "Buy\n\nnow"}).user

    assert "Notes: manners: softer\nRefused: Buy now" in told


# ---- what they must answer


def say(count: int) -> str:
    return " ".join(["word"] * count)


def body(greeting: str = "Dear {{name}},", count: int = 100) -> Body:
    return Body(greeting=greeting, paragraphs=[say(count)], closing="Warmly,")


@pytest.mark.parametrize("greeting", ["Dear {{name}},", "Dear {{ city }},", "Hello,"])
def test_fields_of_the_csv_may_be_used(greeting: str) -> None:
    assert problems_of_body(body(greeting), ["name", "city"], "en") == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (body("Dear {{first_name}},"), "there is no field 'first_name'; there are: {{name}}"),
        (body("Dear {{Name}},"), "there is no field 'Name'; there are: {{name}}"),
        (body("Dear {name},"), "a brace that is no part of a field; fields are written so: {{name}}"),
        (body("Dear {{name},"), "a brace that is no part of a field; fields are written so: {{name}}"),
        (body("Dear {{{name}}},"), "a brace that is no part of a field; fields are written so: {{name}}"),
        (body(count=56), "59 words in all instead of 60 to 220"),
        (body(count=218), "221 words in all instead of 60 to 220"),
    ],
)
def test_each_rule_of_a_body_that_is_broken_is_told(said: Body, told: str) -> None:
    assert problems_of_body(said, ["name"], "en") == [told]


def test_a_body_in_other_letters_is_told() -> None:
    assert "not written in ur (Urdu)" in problems_of_body(body(), ["name"], "ur")[0]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("x" * 61, "Two", "subject_a: 61 characters instead of at most 60"),
        ("One", "one ", "subject_b is the same as subject_a"),
        ("For {{name}}", "Two", "subject_a: no fields and no braces in a subject"),
        ("One", "Two\nlines", "subject_b: it has to be one line"),
    ],
)
def test_each_rule_of_subjects_that_is_broken_is_told(first: str, second: str, told: str) -> None:
    assert problems_of_subjects(Subjects(subject_a=first, subject_b=second), "en") == [told]
    assert problems_of_subjects(Subjects(subject_a="x" * 60, subject_b="Two"), "en") == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([(2, "Schools")], ["contact 3 is missing"]),
        ([(2, "Schools"), (3, "Schools"), (4, "Offices")], ["there is no contact 4"]),
        ([(2, "Schools"), (3, "Schools"), (3, "Offices")], ["contact 3 stands there twice"]),
        ([(2, "Schools"), (3, "Others")], ["there is no segment 'Others'; there are: Schools, Offices"]),
        ([(3, "Schools"), (2, "Offices")], []),
    ],
)
def test_every_contact_of_a_batch_is_in_one_known_segment(said: list[tuple[int, str]], told: list[str]) -> None:
    reply = Assignments(contacts=[Assignment(n=n, segment=segment) for n, segment in said])

    assert problems_of_assignments(reply, [2, 3], NAMED) == told


@pytest.mark.parametrize("count", [1, 7])
def test_segments_are_two_to_six(count: int) -> None:
    assert problems_of_names([str(n) for n in range(count)]) == [f"{count} segments instead of 2 to 6"]


# ---- what is opened when, what it charges, what comes out


def kinds(pieces: Any) -> list[tuple[str, int]]:
    return [(piece.kind, piece.position) for piece in pieces]


def batch(position: int, assigned: dict[str, str] | None) -> Made:
    data = {"rows": [], "segments": SEGMENTS, **({"assigned": assigned} if assigned else {})}
    return Made("batch", position, assigned is not None, data)


def test_named_segments_open_the_batches_at_once_and_others_are_proposed_first() -> None:
    assert kinds(PIPELINE.opening(request(101), DEFAULT_BRAND)) == [
        ("contacts", 0), ("batch", 0), ("batch", 1), ("batch", 2),
    ]  # fmt: skip
    unnamed = request(101, segments=None)
    assert kinds(PIPELINE.opening(unnamed, DEFAULT_BRAND)) == [("contacts", 0), ("segmentation", 0)]
    proposed = Made("segmentation", 0, is_ready=True, data={"segments": SEGMENTS})
    assert kinds(PIPELINE.then(unnamed, DEFAULT_BRAND, [proposed])) == [("batch", 0), ("batch", 1), ("batch", 2)]


def test_each_segment_that_somebody_is_in_gets_an_email_which_knows_nobody() -> None:
    made = [batch(0, {"2": "Offices", "3": "Offices"}), batch(1, None)]

    (opened,) = PIPELINE.then(request(), DEFAULT_BRAND, made)
    assert (opened.kind, opened.position) == ("email", 1)
    assert opened.data == {"segment": "Offices", "about": "", "fields": ["email", "name", "city"]}


def test_a_batch_that_comes_later_does_not_change_an_email_that_is_there() -> None:
    first = PIPELINE.then(request(), DEFAULT_BRAND, [batch(0, {"2": "Offices"}), batch(1, None)])
    both = PIPELINE.then(request(), DEFAULT_BRAND, [batch(0, {"2": "Offices"}), batch(1, {"4": "Schools"})])

    assert first[0] in both
    assert len(both) == 2


def test_when_no_batch_is_ready_no_email_is_opened() -> None:
    assert PIPELINE.then(request(), DEFAULT_BRAND, [batch(0, None)]) == []


@pytest.mark.parametrize(("count", "charged"), [(1, 1), (100, 1), (101, 2), (1000, 10)])
def test_a_hundred_contacts_begun_are_an_item(count: int, charged: int) -> None:
    assert PIPELINE.charges_of(request(count)) == {QuotaUnit.ITEMS: charged}


def test_bad_rows_are_not_charged() -> None:
    assert PIPELINE.charges_of(request(100, ",x,y")) == {QuotaUnit.ITEMS: 1}


def test_a_quote_counts_the_batches_and_the_emails() -> None:
    assert {line.step: line.calls for line in quote(PIPELINE, request(120)).lines} == {
        "classify_contacts": 3, "write_body": 2, "write_subjects": 2, "check_email": 2,
    }  # fmt: skip
    proposed = quote(PIPELINE, request(120, segments=None)).lines
    assert {line.step: line.calls for line in proposed}["propose_segments"] == 1


def test_a_field_that_a_row_does_not_have_is_reported_and_its_email_is_kept() -> None:
    ordered = request(1, "ali@example.com,,Lahore")
    email = {**EMAIL, "body": "Dear {{name}},", "subjects": ["One", "Two"]}
    made = {"batch": [{"assigned": {"2": "Schools", "3": "Schools"}}], "email": [email]}

    lines = list(csv.DictReader(io.StringIO(PIPELINE.files(ordered, made)["campaign.csv"])))
    assert [line["problem"] for line in lines] == ["", "the e-mail names name, which this row does not have"]
    assert {line["variant"] for line in lines} == {"A", "B"}


def test_the_texts_hold_the_emails_that_were_approved_and_how_many_they_are_for() -> None:
    email = {**EMAIL, "body": "Dear {{name}},", "subjects": ["One", "Two"]}
    batches = [{"assigned": {"2": "Schools", "3": "Schools", "4": "Offices"}}]
    read_: dict[str, Any] = {"good": 3, "bad": 1, "bad_rows": [{"row": 5, "problem": "it has no e-mail address"}]}
    waiting = {**email, "segment": "Offices"}

    shown = PIPELINE.texts({"contacts": [read_], "batch": batches, "email": [{**email, "approved": True}, waiting]})
    assert shown == {
        "emails": [
            {"segment": "Schools", "contacts": 2, "subject_a": "One", "subject_b": "Two", "body": "Dear {{name}},"}
        ],
        "contacts": 3,
        "bad_rows": read_["bad_rows"],
    }
