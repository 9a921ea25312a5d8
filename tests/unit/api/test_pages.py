"""How long a page may be: a plain number from 1 to 100, and nothing that merely looks like one."""

from __future__ import annotations

import pytest

from app.api import pages
from app.domain.errors import InvalidRequest


@pytest.mark.parametrize(("limit", "size"), [(None, 20), ("1", 1), ("9", 9), ("20", 20), ("99", 99), ("100", 100)])
def test_a_number_from_1_to_100_is_taken(limit: str | None, size: int) -> None:
    assert pages.size(limit) == size


@pytest.mark.parametrize(
    "limit",
    [
        *("", "0", "101", "999", "-1", "+5", "007", "020", "00001999999", "9" * 30, "0" * 29 + "1", "1" * 5000),
        *("١٢", "１２", "²", "1²", "1.0", "1e2", "0x10", "1_0", " 5", "5 ", "5\n", "5\0", "x", "None"),
    ],
)
def test_everything_else_is_refused_by_its_name(limit: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        pages.size(limit)

    assert refused.value.fields == {"limit": "a number from 1 to 100"}
