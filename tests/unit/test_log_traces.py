"""Traces in the log: where an error came from, without the values that it quotes."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable

import pytest
from psycopg import errors
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from app.logs import JsonLines

SECRET = "Zanzibar marmalade heist"


class Order(BaseModel, extra="forbid"):
    """What somebody wants."""

    slides: int = 5


def traced(fails: Callable[[], object]) -> str:
    """Return what the log says of an error."""
    try:
        fails()
    except (ValueError, RuntimeError, IntegrityError):
        record = logging.makeLogRecord({"msg": "step_failed", "exc_info": sys.exc_info()})
        return str(json.loads(JsonLines().format(record))["exception"])
    pytest.fail("nothing was raised")


def invalid() -> None:
    Order.model_validate({"slides": SECRET})


def unknown_field() -> None:
    Order.model_validate({"slides": 5, "hook": SECRET})


def refused_row() -> None:
    told = f'null value in column "kind" violates not-null constraint\nDETAIL:  Failing row contains (1, {SECRET}).'
    raise IntegrityError("INSERT", {"topic": SECRET}, errors.NotNullViolation(told), hide_parameters=True)


def caused() -> None:
    try:
        invalid()
    except ValueError as exc:
        raise RuntimeError("the order cannot be read") from exc


@pytest.mark.parametrize("fails", [invalid, unknown_field, refused_row, caused])
def test_a_trace_holds_no_value_that_a_user_wrote(fails: Callable[[], object]) -> None:
    assert SECRET not in traced(fails)


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        (invalid, "ValidationError: slides: int_parsing"),
        (unknown_field, "ValidationError: hook: extra_forbidden"),
        (refused_row, 'null value in column "kind" violates not-null constraint'),
    ],
)
def test_a_trace_says_what_was_wrong_and_where(fails: Callable[[], object], told: str) -> None:
    trace = traced(fails)

    assert told in trace
    assert f"in {fails.__name__}" in trace


def test_a_trace_begins_with_the_cause() -> None:
    trace = traced(caused)

    assert trace.index("ValidationError: slides") < trace.index("RuntimeError: the order cannot be read")
