"""The step log: the brief's line for each call, with null for what is not known and no word of prompt or reply."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.db.session import transaction
from app.domain.errors import NotFound
from app.domain.states import CallState
from app.reports import steps
from journaling import Journal
from reporting import noted, this_month, without_rates

pytestmark = pytest.mark.usefixtures("database")
NAMES = [
    *("timestamp", "pipeline_id", "step", "model_used", "input_prompt_hash", "output_summary", "input_tokens"),
    *("output_tokens", "estimated_cost_usd", "estimated_cost_pkr", "status"),
]


@pytest.fixture
def journal(database: object) -> Iterator[Journal]:
    assert database
    with without_rates():
        yield Journal()


def log(journal: Journal, currency: str | None = None) -> list[dict[str, Any]]:
    with transaction() as session:
        beside = steps.second(session, currency, datetime.now(UTC).date())
        return [json.loads(line) for line in steps.of_run(session, journal.run.id, beside)]


def only(journal: Journal, currency: str | None = None) -> dict[str, Any]:
    (line,) = log(journal, currency)
    return line


def test_a_line_has_the_briefs_fields_in_its_order(journal: Journal) -> None:
    noted("PKR", "280", date(2020, 1, 1))
    journal.add(step="write_content", purpose="write_content", model="gemini-2.5-flash", accepted=None, cost_micro_usd=50,
                tokens_in=50, tokens_out=120, reply="The five topics are secret.", reply_bytes=27)  # fmt: skip

    line = only(journal)
    assert list(line) == NAMES
    assert line["pipeline_id"] == str(journal.run.id)
    assert (line["step"], line["model_used"], line["status"]) == ("WRITE_CONTENT", "gemini/gemini-2.5-flash", "SUCCESS")
    assert (line["input_tokens"], line["output_tokens"]) == (50, 120)
    assert (line["estimated_cost_usd"], line["estimated_cost_pkr"]) == (0.00005, 0.014)
    assert line["output_summary"] == "text, 27 B"
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)
    assert "secret" not in json.dumps(line)


def test_what_is_not_known_is_null_and_never_0(journal: Journal) -> None:
    journal.unknown()

    line = only(journal)
    assert (line["estimated_cost_usd"], line["estimated_cost_pkr"], line["input_tokens"]) == (None, None, None)
    assert (line["status"], line["output_summary"]) == ("UNKNOWN", "no answer (provider_down): may have been charged")


def test_without_a_rate_rupees_are_null_unless_they_were_asked_for(journal: Journal) -> None:
    journal.add()

    assert only(journal)["estimated_cost_pkr"] is None
    with pytest.raises(NotFound, match="there is no rate of PKR"):
        log(journal, "PKR")


def test_another_currency_stands_in_the_place_of_rupees(journal: Journal) -> None:
    noted("EUR", "0.5", date(2020, 1, 1))
    journal.add(cost_micro_usd=60_000)

    assert only(journal, "eur")["estimated_cost_eur"] == 0.03
    assert "estimated_cost_pkr" not in only(journal, "eur")
    assert [name for name in only(journal, "USD") if name.startswith("estimated")] == ["estimated_cost_usd"]


@pytest.mark.parametrize(
    ("values", "summary", "status"),
    [
        ({"reply_bytes": 812_345, "pictures": 1}, "picture, 812 KB, accepted", "SUCCESS"),
        ({"reply_bytes": 2_340_000, "accepted": None}, "picture, 2.3 MB", "SUCCESS"),
        ({"reply_bytes": 9_000, "accepted": False, "error_code": "picture_refused:blank"},
         "picture, 9 KB, refused: picture_refused:blank", "SUCCESS"),
        ({"reply_bytes": 0, "accepted": False, "error_code": "no_picture"}, "no picture, refused: no_picture", "SUCCESS"),
        ({"reply_bytes": 700, "cost_micro_usd": None, "cost_basis": "unknown"},
         "picture, 700 B, accepted, of unknown cost", "SUCCESS"),
        ({"state": CallState.INTENT, "ended_at": None, "cost_micro_usd": None, "cost_basis": None, "accepted": None},
         "under way", "UNDER_WAY"),
    ],
)  # fmt: skip
def test_what_came_of_a_call_is_said_without_its_words(
    journal: Journal, values: dict[str, Any], summary: str, status: str
) -> None:
    journal.add(**values)

    assert (only(journal)["output_summary"], only(journal)["status"]) == (summary, status)


def test_a_rejected_call_and_a_cached_picture_say_so(journal: Journal) -> None:
    journal.rejected(ago=timedelta(minutes=9))
    journal.cached(reply_bytes=5_000)

    summaries = [line["output_summary"] for line in log(journal)]
    assert summaries == ["rejected: provider_down", "picture, 5 KB, from the cache"]


def test_the_sandbox_is_told(journal: Journal) -> None:
    journal.add(is_sandbox=True)
    assert only(journal)["sandbox"] is True


def test_a_months_log_holds_all_users_or_one_oldest_first(journal: Journal) -> None:
    other = Journal()
    journal.add(ago=timedelta(seconds=20), seconds=1)
    other.add(ago=timedelta(seconds=30), seconds=1)
    journal.add(ago=timedelta(days=70))

    with transaction() as session:
        beside = steps.Second("USD", None)
        lines = [json.loads(line)["pipeline_id"] for line in steps.of_month(session, this_month(), beside)]
    assert lines == [str(other.run.id), str(journal.run.id)]
