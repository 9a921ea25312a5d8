"""Reads what a provider sent, whatever it is: these functions never raise.

A reply with a picture in it is paid for; a usage that is suddenly a string must not lose it. So only what an adapter
cannot do without makes it refuse a reply, and all the rest is read from here.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from app.domain.prices import Usage, micro_usd

MOST_TOKENS = 2**31 - 1  # what the journal's columns hold
MOST_USD = 10_000  # no call costs this: a figure above it is a misunderstanding
REF_CHARACTERS = 200
# Every escape is read, so that what follows an escaped backslash is none; a whole pair goes first, and stays.
ESCAPE = re.compile(
    r"\\(?:(?P<nul>u0000)|u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(?P<half>u[dD][89a-fA-F][\da-fA-F]{2})|.)",
    re.DOTALL | re.ASCII,
)


def parsed(body: bytes) -> Any:
    """Return the JSON of a body; None when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def at(value: Any, *path: str | int) -> Any:
    """Return the member of nested JSON; None where the path ends early."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and len(value) > step else None
    return value


def text(value: Any) -> str:
    """Return a text as the database takes it: without NUL and halves of surrogate pairs; "" for anything else."""
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def json_text(value: str) -> str:
    r"""Return JSON whose strings, once it is read, are as `text` returns them; all else in it stays as it is.

    A model's JSON stands in a text, in which `\u0000` and `\ud800` are plain letters: `text` lets them pass. What is no
    JSON comes back as none.
    """
    return ESCAPE.sub(lambda escape: "?" if escape["half"] else "" if escape["nul"] else escape[0], text(value))


def ref(*candidates: Any) -> str | None:
    """Return the first that is a name, not too long; None when none is."""
    return next((text(name)[:REF_CHARACTERS] for name in candidates if text(name)), None)


def items(value: Any) -> list[Any]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, list) else []


def count(value: Any) -> int:
    """Return a number of tokens; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN is not itself
        return 0
    return int(min(max(value, 0), MOST_TOKENS))  # compared, not converted: JSON's integers have no upper end


def usage(tokens_in: int, tokens_out: int, *, cached_in: int = 0, image_out: int = 0) -> Usage | None:
    """Return the usage; None when nothing was counted, which means unknown: no call is free of tokens."""
    if tokens_in + tokens_out == 0:
        return None
    tokens_out = min(tokens_out, MOST_TOKENS)
    return Usage(min(tokens_in, MOST_TOKENS), tokens_out, cached_in, min(image_out, tokens_out))


def cost(*candidates: Any) -> int | None:
    """Return the first amount of dollars above 0 in micro-USD; None when there is none that can be believed."""
    for value in candidates:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        try:
            amount = Decimal(str(value)[:40])
        except InvalidOperation:
            continue
        if amount.is_finite() and 0 < amount < MOST_USD:
            return micro_usd(amount)
    return None
