"""The gateway's adapter: what each reply means for retrying and for money. Shapes: the gateway's error table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from app.domain.provider_errors import (
    ModelRetired,
    ProviderAccount,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRejected,
)
from loopback import Loopback
from scripted_gateway import chat, scripted_gateway


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A gateway that says what the test tells it to."""
    with scripted_gateway() as made:
        yield made


def error(kind: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind}}


ENVELOPES: list[tuple[int, str, type[ProviderError]]] = [
    (400, "invalid_request_error", ProviderRejected),
    (401, "authentication_error", ProviderAccount),
    (402, "insufficient_funds", ProviderAccount),
    (402, "quota_for_entity_exceeded", ProviderAccount),
    (403, "quota_for_entity_exceeded", ProviderAccount),
    (429, "quota_for_entity_exceeded", ProviderAccount),
    (403, "customer_verification_required", ProviderAccount),
    (403, "no_providers_available", ModelRetired),
    (400, "no_providers_available", ModelRetired),
    (403, "forbidden", ProviderAccount),
    (403, "permission_error", ProviderAccount),
    (404, "model_not_found", ModelRetired),
    (424, "failed_dependency", ProviderDown),
    (429, "rate_limit_exceeded", ProviderBusy),
    (429, "AI_APICallError", ProviderBusy),
    (500, "internal_server_error", ProviderDown),
    (503, "service_unavailable_error", ProviderBusy),
]


@pytest.mark.parametrize(("status", "kind", "expected"), ENVELOPES, ids=[f"{s} {k}" for s, k, _ in ENVELOPES])
def test_an_error_is_of_the_class_of_its_type_and_charged_nothing(
    server: Loopback, status: int, kind: str, expected: type[ProviderError]
) -> None:
    server.says(status, error(kind))

    with pytest.raises(ProviderError) as refused:
        chat()

    assert (type(refused.value), refused.value.charged, refused.value.status) == (expected, False, status)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "invalid_request_error"), (401, "authentication_error"), (404, "model_not_found")]
)
def test_errors_that_repeating_cannot_help_are_permanent(server: Loopback, status: int, kind: str) -> None:
    server.says(status, error(kind))

    with pytest.raises(ProviderError) as refused:
        chat()

    assert refused.value.permanent


def test_an_error_tells_what_the_gateway_said(server: Loopback) -> None:
    server.says(402, error("insufficient_funds", "Please add credits"))

    with pytest.raises(ProviderAccount, match="402 insufficient_funds: Please add credits"):
        chat()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b"null",
        b"[]",
        b'{"error":null}',
        b'{"message":"x"}',
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_error_that_cannot_be_read_may_have_been_charged(server: Loopback, status: int, body: bytes) -> None:
    server.says(status, body)

    with pytest.raises(ProviderDown) as down:
        chat()

    assert (down.value.charged, down.value.status) == (None, status)


def test_an_error_without_a_type_is_judged_by_its_status(server: Loopback) -> None:
    server.says(429, {"error": {"message": "slow down"}})

    with pytest.raises(ProviderBusy):
        chat()


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("0", 0), ("1.5", 1.5), ("-3", 0), ("soon", None)])
def test_retry_after_in_seconds_is_read(server: Loopback, header: str, seconds: float | None) -> None:
    server.says(429, error("rate_limit_exceeded"), retry_after=header)

    with pytest.raises(ProviderBusy) as busy:
        chat()

    assert busy.value.retry_after_s == seconds


def test_retry_after_as_a_date_is_read(server: Loopback) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    server.says(429, error("rate_limit_exceeded"), retry_after=date)

    with pytest.raises(ProviderBusy) as busy:
        chat()

    assert 25 < (busy.value.retry_after_s or 0) <= 30


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"null",
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":[{}]}',
        b'{"choices":[{"message":null}]}',
    ],
    ids=str,
)
def test_a_200_that_is_no_completion_may_have_been_charged(server: Loopback, body: bytes) -> None:
    server.says(200, body)

    with pytest.raises(ProviderDown) as down:
        chat()

    assert down.value.charged is None
