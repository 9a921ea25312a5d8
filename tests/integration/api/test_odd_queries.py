"""Queries and paths with what PostgreSQL refuses, NUL and broken UTF-8: a clear answer, never a trace."""

from __future__ import annotations

import pytest
from callers import Caller

from orders import order

ODD = ("%00", "a%00b", "%ED%A0%80", "%FF", "%C0%80")
QUERIES = [
    *("/api/runs?status={}", "/api/runs?pipeline={}", "/api/runs?before={}", "/api/runs?limit={}"),
    *("/api/reports/costs?month={}", "/api/reports/costs?currency={}", "/api/reports/costs?group_by={}"),
    *("/api/reports/roi?month={}", "/api/webhooks/deliveries?before={}", "/api/runs/{}", "/api/brands/{}"),
    *("/media/posts/{}.png", "/api/quote/{}", "/api/runs/RUN/log?currency={}"),
    *("/api/runs/RUN/events?last_event_id={}", "/api/runs/RUN/events?ticket={}"),
]


@pytest.mark.parametrize("query", QUERIES)
def test_what_cannot_be_kept_in_a_query_is_refused_or_finds_nothing(call: Caller, query: str) -> None:
    path = query.replace("RUN", str(order()))

    told = {odd: call("GET", path.format(odd)).status_code for odd in ODD}

    assert set(told.values()) <= {200, 400, 401, 404, 405, 422}, told
