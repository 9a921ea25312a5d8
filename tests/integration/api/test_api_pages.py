"""Page sizes over HTTP: every list reads them in the same strict way, and none shows more than it may."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from callers import Caller, counted_queries

from app.db.models import User
from orders import order

LISTS = ("/api/runs", "/api/webhooks/deliveries")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "limit",
    ["00001999999", "00001" + "9" * 25, "9" * 30, "0" * 30, "020", "-1", "+1", "", "0", "101", "١٢", "²", "1 ", "1_0"],
)
def test_what_is_no_plain_number_from_1_to_100_gets_422_and_no_row_is_read(call: Caller, path: str, limit: str) -> None:
    with counted_queries() as seen:
        answer = call("GET", f"{path}?limit={quote(limit)}")

    assert (answer.status_code, answer.get_json()["fields"]) == (422, {"limit": "a number from 1 to 100"})
    assert seen == []


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", ["", "?limit=1", "?limit=100"])
def test_a_plain_number_is_taken(call: Caller, path: str, query: str) -> None:
    assert call("GET", path + query).status_code == 200


def test_a_page_has_as_many_as_were_asked_for_and_20_unasked(call: Caller, user: User) -> None:
    for _ in range(21):
        order(user)

    pages = {query: call("GET", f"/api/runs{query}").get_json() for query in ("?limit=2", "", "?limit=100")}

    assert [len(page["runs"]) for page in pages.values()] == [2, 20, 21]
    assert [page["next"] is None for page in pages.values()] == [False, False, True]
