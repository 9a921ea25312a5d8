"""What the gateway tells of its books: one generation by its id, one call by our label, sums by model.

Wire format: vercel.com/docs/ai-gateway/observability-and-spend/{usage,custom-reporting} and @ai-sdk/gateway,
gateway-generation-info.ts and gateway-spend-report.ts, read 2026-11. A question to /report costs $0.005 and needs a
paying plan; its figures are of the whole account.
"""

from __future__ import annotations

import time
import urllib.parse
from datetime import UTC, date, timedelta
from typing import Any

from app.domain.provider_errors import ProviderDown
from workers.providers import replies
from workers.providers.gateway import KEY_SETTING, LABEL, NAME, RULES
from workers.providers.http import Received, get, need_access
from workers.providers.refusals import SERVER_ERROR, no_reply, reply_of
from workers.reconcile.figures import Booked, ModelUse, Used, micro_usd_of

TIMEOUT_S = 15.0
WAITS_S = (1.0, 2.0, 4.0)  # between tries; a Retry-After is a floor
MOST_WAIT_S = 30.0
MAX_BYTES = 8 * 1024 * 1024
NOT_FOUND, BUSY = 404, 429
NOT_IN_PLAN = (402, 403, 404)


def look_up(call: Booked) -> Used | None:
    """Return what the gateway has under a call's id; None when it has nothing. Raises ProviderError.

    A fresh call is looked for again after a while: the gateway's books lag behind its answers.
    """
    assert call.ref is not None, "looked up by its id"
    for wait_s in (*WAITS_S, None):
        received = _get("generation", {"id": call.ref})
        if received.status != NOT_FOUND:
            break
        if wait_s is None or not call.is_fresh:
            return None
        time.sleep(wait_s)
    told = replies.at(reply_of(NAME, received, RULES), "data")
    if not isinstance(told, dict):
        raise no_reply(NAME, received.status, "a body that is no generation")
    return Used(
        replies.text(told.get("model")) or call.model,
        # 0 under promotions and own keys: then the price that it would have.
        replies.cost(told.get("total_cost"), told.get("market_cost"), told.get("upstream_inference_cost")),
        ref=call.ref,
        tokens_in=replies.count(told.get("native_tokens_prompt")),
        tokens_out=replies.count(told.get("native_tokens_completion")),
    )


def labelled(call: Booked) -> Used | None:
    """Return what the gateway charged under a call's label; None when there is nothing. Raises ProviderError."""
    label = LABEL.format(call.id)
    first = call.started_at.astimezone(UTC).date()
    last = first + timedelta(days=1)  # it may have ended after midnight
    rows = [row for row in _report(first, last, group_by="tag", tags=label) if row.get("tag") == label]
    if not rows:
        return None
    # The figure without a discount may be told too; what was charged goes first.
    cost = replies.cost(rows[0].get("total_cost"), rows[0].get("market_cost"))
    return Used(call.model, cost, label=str(call.id))


def by_model(first: date, last: date) -> list[ModelUse] | None:
    """Return the account's sums of whole days, UTC; None when the account has no reports. Raises ProviderError."""
    received = _asked_report(first, last, group_by="model")
    if received.status in NOT_IN_PLAN:
        return None
    return [
        ModelUse(
            replies.text(row.get("model")),
            replies.count(row.get("request_count")),
            micro_usd_of(row.get("total_cost")) or micro_usd_of(row.get("market_cost")),
        )
        for row in _rows(received)
    ]


def _report(first: date, last: date, **params: str) -> list[dict[str, Any]]:
    return _rows(_asked_report(first, last, **params))


def _asked_report(first: date, last: date, **params: str) -> Received:
    return _get("report", {"start_date": first.isoformat(), "end_date": last.isoformat(), **params})


def _rows(received: Received) -> list[dict[str, Any]]:
    reply = reply_of(NAME, received, RULES)
    if not isinstance(reply.get("results"), list):
        raise no_reply(NAME, received.status, "a body that is no report")
    return [row for row in reply["results"] if isinstance(row, dict)]


def _get(path: str, params: dict[str, str]) -> Received:
    """Return a reply, asked for again while the gateway is busy or away."""
    access = need_access(NAME, KEY_SETTING)
    url = f"{access.base_url}/{path}?{urllib.parse.urlencode(params)}"
    headers = {"Authorization": f"Bearer {access.key}"}
    for wait_s in WAITS_S:
        floor_s = 0.0
        try:
            received = get(NAME, url, headers=headers, timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES)
        except ProviderDown:
            pass  # the last try tells
        else:
            if received.status != BUSY and received.status < SERVER_ERROR:
                return received
            floor_s = received.retry_after_s or 0.0
        time.sleep(min(max(wait_s, floor_s), MOST_WAIT_S))
    return get(NAME, url, headers=headers, timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES)
