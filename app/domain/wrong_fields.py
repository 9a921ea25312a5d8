"""What is wrong with a request, told by field: enough to mend it, and never longer than what was sent."""

from __future__ import annotations

from pydantic import ValidationError

from app.domain.errors import InvalidRequest

MOST_TOLD = 20  # mistakes in one answer; who sent a thousand mends them by a pattern
MAX_NAME = 200  # characters of a field's name: one that we do not know is as long as its sender likes


def refusal(mistakes: ValidationError) -> InvalidRequest:
    """Return the error that names each wrong field; of many the first, and how many more there are."""
    found = mistakes.errors(include_url=False, include_context=False, include_input=False)
    fields = {".".join(map(str, one["loc"]))[:MAX_NAME] or "body": one["msg"] for one in found[:MOST_TOLD]}
    told = "; ".join(f"{name}: {reason}" for name, reason in fields.items())
    more = f"; and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    return InvalidRequest(f"the request is not valid: {told}{more}", fields=fields)
