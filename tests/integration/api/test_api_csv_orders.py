"""Orders with a CSV over HTTP: how big they may be, what is refused, and what comes of them."""

from __future__ import annotations

import csv
import io
import uuid
import zipfile

import pytest
from callers import Caller

from app.pipelines import csv_rows
from harness import Sandbox
from orders import run_of
from working import worked

LISTINGS, CAMPAIGN = "/api/generate/product-listing", "/api/generate/email-campaign"
PRODUCTS = "name,details\nWallet,Handmade leather wallet of six card slots\nMug,\n"
OFFER = {"offer": "Ten notebooks for the price of eight.", "sender": "Ayesha", "segments": ["Schools", "Offices"]}


def a_big_table() -> str:
    """Return contacts of as many bytes as may be sent, all but the addresses in letters that JSON escapes."""
    head = "email,city\n"
    rows = [f"reader{n}@example.com," for n in range(1000)]
    room = csv_rows.MAX_BYTES - len(head) - sum(len(row) + 1 for row in rows)
    return head + "\n".join(row + "ب" * (room // 2000) for row in rows)


def test_a_csv_of_400_kb_is_taken_and_kept_as_it_is(call: Caller) -> None:
    text = a_big_table()
    assert len(text.encode()) > 0.99 * csv_rows.MAX_BYTES

    reply = call("POST", CAMPAIGN, json={"contacts_csv": text, **OFFER})

    assert reply.status_code == 202
    run = run_of(uuid.UUID(reply.get_json()["id"]))
    assert run.request["contacts_csv"] == text


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (CAMPAIGN, {"contacts_csv": a_big_table() + "ب" * 4000, **OFFER}, "contacts_csv"),
        (CAMPAIGN, {"contacts_csv": "name,city\nAli,Lahore", **OFFER}, "contacts_csv"),
        (LISTINGS, {"csv": PRODUCTS, "product": "A brass lamp with a shade"}, "csv"),
        (LISTINGS, {}, "csv"),
    ],
)
def test_what_cannot_be_used_is_a_422_that_names_its_field(
    call: Caller, path: str, body: dict[str, object], field: str
) -> None:
    reply = call("POST", path, json=body)

    assert reply.status_code == 422
    assert list(reply.get_json()["fields"]) == [field]


def test_listings_are_shown_with_their_cost_and_packed_as_csv(call: Caller, sandbox: Sandbox) -> None:
    assert sandbox
    ordered = call("POST", LISTINGS, json={"csv": PRODUCTS}).get_json()
    worked(uuid.UUID(ordered["id"]))

    shown = call("GET", f"/api/runs/{ordered['id']}").get_json()
    good, bad = shown["pieces"]
    assert shown["status"] == "PARTIAL"
    assert good["cost_micro_usd"] == shown["cost"]["micro_usd"] > 0
    assert bad["cost_micro_usd"] == 0
    assert bad["failure"]["code"] == "bad_row"
    assert [one["row"] for one in shown["texts"]["listings"]] == [2]
    packed = zipfile.ZipFile(io.BytesIO(call("GET", f"/api/runs/{ordered['id']}/export.zip").data))
    lines = list(csv.DictReader(io.StringIO(packed.read("listings.csv").decode())))
    assert [line["status"] for line in lines] == ["ready", "failed"]
