"""Pages of lists: how many things one answer shows."""

from __future__ import annotations

import re

from app.domain.errors import InvalidRequest

USUAL, MOST = 20, 100
NUMBER = re.compile(r"[1-9][0-9]{0,2}")  # no sign, no space, no zero before it, no digits of other scripts


def size(limit: str | None) -> int:
    """Return how many things an answer shows at most, of the query's `limit`: 1 to 100; None = 20. Raises InvalidRequest."""
    if limit is None:
        return USUAL
    if not NUMBER.fullmatch(limit) or int(limit) > MOST:
        reason = f"a number from 1 to {MOST}"
        raise InvalidRequest(f"limit is {reason}", fields={"limit": reason})
    return int(limit)
