"""email-campaign on the sandbox: segments, bodies, subjects, the split for A/B, bad rows and refusals."""

from __future__ import annotations

import csv
import io
import uuid
from collections import Counter
from typing import Any

import pytest

from app.db.models import Piece
from app.db.session import transaction
from app.domain.states import PieceState, QuotaUnit, RunState
from app.exports import Finished, pipeline_files
from app.runs import rounds
from asking import fault
from harness import Sandbox
from orders import a_user, calls_of, order, pieces_of, run_of, used
from working import worked

pytestmark = pytest.mark.usefixtures("database")

OFFER = "Hand-made notebooks from Lahore: order ten before Friday and the delivery is free."
NAMED = ["Schools in Lahore", "Offices in Karachi"]


def contacts(count: int, *more: str) -> str:
    """Return a CSV whose contacts belong to the one or the other of `NAMED`."""
    kinds = ("school,Lahore", "office,Karachi")
    rows = [f"reader{n}@example.com,Reader {n},{kinds[n % 2]}" for n in range(count)]
    return "\n".join(["Email,Name,Kind,City", *rows, *more])


def ordered(text: str, **request: Any) -> uuid.UUID:
    usual = {"offer": OFFER, "sender": "Ayesha from Kitab Ghar", "segments": NAMED}
    return order(pipeline="email-campaign", contacts_csv=text, **{**usual, **request})


def of_kind(run_id: uuid.UUID, kind: str) -> list[Piece]:
    return [piece for piece in pieces_of(run_id) if piece.kind == kind]


def files_of(run_id: uuid.UUID) -> dict[str, str]:
    return pipeline_files(Finished(run_of(run_id), pieces_of(run_id), calls_of(run_id), {}))


def campaign(run_id: uuid.UUID) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files_of(run_id)["campaign.csv"])))


@pytest.mark.usefixtures("sandbox")
def test_a_hundred_and_twenty_contacts_become_two_segments_with_an_email_each() -> None:
    run_id = ordered(contacts(120))

    assert worked(run_id) is RunState.READY
    assert [len(piece.data["assigned"]) for piece in of_kind(run_id, "batch")] == [50, 50, 20]
    assert [piece.data["segment"] for piece in of_kind(run_id, "email")] == NAMED
    assert Counter(call.purpose for call in calls_of(run_id)) == {
        "classify": 3, "write_copy": 2, "caption": 2, "check_copy": 2,
    }  # fmt: skip
    split = Counter((line["segment"], line["variant"]) for line in campaign(run_id))
    assert split == {(name, variant): 30 for name in NAMED for variant in "AB"}


@pytest.mark.usefixtures("sandbox")
def test_each_line_has_the_subject_of_its_variant_and_the_bodies_are_in_a_file() -> None:
    run_id = ordered(contacts(10))
    worked(run_id)

    emails = {piece.data["segment"]: piece.data for piece in of_kind(run_id, "email")}
    for line in campaign(run_id):
        assert line["subject"] == emails[line["segment"]]["subjects"]["AB".index(line["variant"])]
        assert line["problem"] == ""
    told = files_of(run_id)["emails.md"]
    assert all(f"# {name}\n" in told and emails[name]["body"] in told for name in NAMED)
    assert told.count("Ayesha from Kitab Ghar") == 2


@pytest.mark.usefixtures("sandbox")
def test_bad_rows_are_reported_and_the_rest_is_done() -> None:
    bad = (",Nobody,school,Lahore", "no address,Reader,school,Lahore", "READER0@example.com,Reader,school,Lahore")
    run_id = ordered(contacts(4, *bad))

    assert worked(run_id) is RunState.READY
    assert [line["problem"] for line in campaign(run_id)] == [
        "", "", "", "",
        "it has no e-mail address", "'no address' is no e-mail address", "the same e-mail address as in row 2",
    ]  # fmt: skip
    (read,) = of_kind(run_id, "contacts")
    assert [one["row"] for one in read.data["bad_rows"]] == [6, 7, 8]


@pytest.mark.usefixtures("sandbox")
def test_without_segments_they_are_proposed_first() -> None:
    run_id = ordered(contacts(6), segments=None)

    assert worked(run_id) is RunState.READY
    (proposed,) = of_kind(run_id, "segmentation")
    assert 2 <= len(proposed.data["segments"]) <= 6
    assert {line["segment"] for line in campaign(run_id)} <= {one["name"] for one in proposed.data["segments"]}


@pytest.mark.usefixtures("sandbox")
def test_a_segment_that_nobody_is_in_gets_no_email() -> None:
    run_id = ordered(contacts(1))

    assert worked(run_id) is RunState.READY
    assert len(of_kind(run_id, "email")) == 1


@pytest.mark.usefixtures("sandbox")
def test_three_hundred_contacts_are_never_in_one_request() -> None:
    user = a_user()
    run_id = order(user, "email-campaign", contacts_csv=contacts(300), offer=OFFER, sender="Ayesha", segments=NAMED)

    assert used(user, QuotaUnit.ITEMS) == 3
    assert worked(run_id) is RunState.READY
    assert len(of_kind(run_id, "batch")) == 6
    assert max(len(piece.data["rows"]) for piece in of_kind(run_id, "batch")) == 50
    assert Counter(line["variant"] for line in campaign(run_id)) == {"A": 150, "B": 150}


@pytest.mark.usefixtures("sandbox")
def test_an_email_that_is_refused_is_written_anew_once() -> None:
    run_id = ordered(contacts(1), offer="Miracle tea from the north: order before Friday and get one packet free.")

    assert worked(run_id) is RunState.READY
    (email,) = of_kind(run_id, "email")
    assert "miracle" not in email.data["body"].lower()
    assert Counter(call.purpose for call in calls_of(run_id))["write_copy"] == 2


@pytest.mark.usefixtures("sandbox")
def test_emails_that_are_refused_twice_fail_the_run_with_their_notes_and_nothing_is_sent_to_anybody() -> None:
    user = a_user()
    run_id = order(
        user, "email-campaign", contacts_csv=contacts(4), offer="Join our pyramid scheme today!", sender="Bob",
        segments=NAMED,
    )  # fmt: skip

    assert worked(run_id) is RunState.FAILED
    assert used(user, QuotaUnit.ITEMS) == 0
    for email in of_kind(run_id, "email"):
        assert (email.failure or {})["code"] == "not_approved"
        assert email.data["notes"][0].startswith("manners: pyramid scheme")
        assert email.data["body"] is None
    assert {line["variant"] for line in campaign(run_id)} == {""}
    assert {line["problem"] for line in campaign(run_id)} == {
        "its segment has no e-mail; the run says why, and a resume tries again"
    }


def test_a_batch_that_fails_leaves_the_others_and_a_resume_puts_its_contacts_where_they_belong(
    sandbox: Sandbox,
) -> None:
    sandbox.fail({"match": {"call_numbers": [1, 2, 3, 4]}, "fault": "http_status", "params": {"status": 400}})
    user = a_user()
    run_id = order(user, "email-campaign", contacts_csv=contacts(60), offer=OFFER, sender="Bob", segments=NAMED)
    first, _second = of_kind(run_id, "batch")

    state = worked(run_id)
    (failed,) = (piece for piece in of_kind(run_id, "batch") if piece.state is PieceState.FAILED)
    assert (state, failed.id) == (RunState.PARTIAL, first.id)
    assert sum("no segment was found" in line["problem"] for line in campaign(run_id)) == 50
    emails = [(piece.id, piece.data["body"]) for piece in of_kind(run_id, "email")]

    sandbox.fail()
    with transaction() as session:
        rounds.resume(session, user, run_id)

    assert worked(run_id) is RunState.READY
    assert [(piece.id, piece.data["body"]) for piece in of_kind(run_id, "email")] == emails
    assert Counter(line["variant"] for line in campaign(run_id)) == {"A": 30, "B": 30}


def test_when_the_providers_refuse_everything_the_run_fails(sandbox: Sandbox) -> None:
    sandbox.fail(fault("http_status", status=400))
    run_id = ordered(contacts(4))

    assert worked(run_id) is RunState.FAILED
    assert (run_of(run_id).failure or {})["code"] == "all_providers_failed"
    assert run_of(run_id).spent_micro_usd == 0
