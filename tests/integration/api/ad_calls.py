"""Ads over HTTP, for tests: order, refine, read the history, make a revision current."""

from __future__ import annotations

import uuid
from typing import Any

from callers import Caller

from app.domain.states import RunState
from orders import calls_of, pieces_of
from working import worked

BRIEF = "A trail shoe for people who run before sunrise, on wet rock above a fjord."


def ordered(call: Caller, **request: Any) -> uuid.UUID:
    answer = call("POST", "/api/generate/ad", json={"brief": BRIEF, **request})
    assert answer.status_code == 202, answer.text
    return uuid.UUID(answer.get_json()["id"])


def made(call: Caller, **request: Any) -> uuid.UUID:
    """Return an ad that is READY."""
    run_id = ordered(call, **request)
    assert worked(run_id) is RunState.READY, [piece.failure for piece in pieces_of(run_id)]
    return run_id


def refine(call: Caller, run_id: uuid.UUID, instruction: object = "make the sky darker", **headers: str) -> Any:
    return call("POST", f"/api/ads/{run_id}/refine", json={"instruction": instruction}, headers=headers)


def refined(call: Caller, run_id: uuid.UUID, instruction: str = "make the sky darker") -> RunState:
    """Refine an ad and bring the round to its end."""
    answer = refine(call, run_id, instruction)
    assert answer.status_code == 202, answer.text
    return worked(run_id)


def history(call: Caller, run_id: uuid.UUID) -> list[dict[str, Any]]:
    return list(shown(call, run_id)["revisions"])


def shown(call: Caller, run_id: uuid.UUID) -> dict[str, Any]:
    answer = call("GET", f"/api/ads/{run_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def choose(call: Caller, run_id: uuid.UUID, revision: object) -> Any:
    return call("POST", f"/api/ads/{run_id}/current", json={"revision": revision})


def asked(run_id: uuid.UUID, round_: int) -> list[str]:
    """Return what models were asked for in a round, without the free screening."""
    return [one.purpose for one in calls_of(run_id) if one.round == round_ and one.purpose != "screen_image"]


def key_in(url: str) -> str:
    return url.partition("/media/")[2]
