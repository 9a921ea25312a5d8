"""wire.md, section k, cell by cell: what a provider's refusal means, and whether it can have been charged."""

from __future__ import annotations

from typing import Any

import pytest
from provider_loopback import SAMPLES, Loopback, ask, write

from app.domain.provider_errors import (
    ModelRetired,
    ProviderAccount,
    ProviderBlocked,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRejected,
)

S = SAMPLES


def openai(code: str, message: str = "no", kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def gateway(kind: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind}}


def google(code: int, status: str, *details: dict[str, Any], message: str = "no") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def anthropic(kind: str, message: str = "no", **details: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message, "details": details}, "request_id": "req_1"}


def leonardo(words: str, code: str = "unexpected") -> dict[str, Any]:
    return {"error": words, "path": "$", "code": code}


PER_DAY = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
QUOTA_FOR_ENTITY = gateway("quota_for_entity_exceeded", 'Quota limit exceeded for "k".')
LOW_CREDIT = anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API.")

CELLS: list[tuple[str, str, int, Any, type[ProviderError], bool | None]] = [
    # auth
    ("auth", "gateway", 401, S["gw_error_401"], ProviderAccount, False),
    ("auth", "gateway", 403, gateway("customer_verification_required"), ProviderAccount, False),
    ("auth", "gateway", 403, gateway("forbidden"), ProviderAccount, False),
    ("auth", "openai", 401, S["oai_err_401"], ProviderAccount, False),
    ("auth", "openai", 403, openai("unsupported_country_region_territory"), ProviderAccount, False),
    ("auth", "gemini", 400, S["gem_err_key"], ProviderAccount, False),
    ("auth", "gemini", 403, google(403, "PERMISSION_DENIED"), ProviderAccount, False),
    ("auth", "gemini", 400, google(400, "FAILED_PRECONDITION"), ProviderAccount, False),
    ("auth", "anthropic", 401, anthropic("authentication_error"), ProviderAccount, False),
    ("auth", "anthropic", 403, anthropic("permission_error"), ProviderAccount, False),
    ("auth", "leonardo", 401, S["leo_err_401"], ProviderAccount, False),
    ("auth", "leonardo", 500, leonardo("Invalid response from authorization hook"), ProviderAccount, False),
    # no money
    ("money", "gateway", 402, S["gw_error_402"], ProviderAccount, False),
    ("money", "gateway", 402, QUOTA_FOR_ENTITY, ProviderAccount, False),
    ("money", "gateway", 429, QUOTA_FOR_ENTITY, ProviderAccount, False),
    ("money", "openai", 429, S["oai_err_429_quota"], ProviderAccount, False),
    ("money", "openai", 429, openai("credit_balance_exhausted"), ProviderAccount, False),
    ("money", "gemini", 429, google(429, "RESOURCE_EXHAUSTED", PER_DAY), ProviderAccount, False),
    (
        "money",
        "gemini",
        429,
        google(429, "RESOURCE_EXHAUSTED", message="Monthly spending cap reached"),
        ProviderAccount,
        False,
    ),
    ("money", "gemini", 402, google(402, "RESOURCE_EXHAUSTED"), ProviderAccount, False),
    ("money", "anthropic", 402, anthropic("billing_error"), ProviderAccount, False),
    ("money", "anthropic", 400, LOW_CREDIT, ProviderAccount, False),
    *(
        ("money", "anthropic", 429, anthropic("rate_limit_error", error_code=code), ProviderAccount, False)
        for code in (
            "enforced_spend_limit_reached",
            "contract_spend_limit_reached",
            "linked_organization_spend_limit_reached",
            "organization_on_hold",
        )
    ),
    *(("money", "leonardo", status, S["leo_err_credits"], ProviderAccount, False) for status in (400, 402, 500)),
    # rate limited
    ("limit", "gateway", 429, S["gw_error_429"], ProviderBusy, False),
    ("limit", "gateway", 429, gateway("AI_APICallError"), ProviderBusy, False),
    ("limit", "openai", 429, S["oai_err_429_rate"], ProviderBusy, False),
    ("limit", "gemini", 429, S["gem_err_429"], ProviderBusy, False),
    ("limit", "anthropic", 429, S["ant_err_429"], ProviderBusy, False),
    ("limit", "anthropic", 429, anthropic("rate_limit_error", error_code="ramp_limit_exceeded"), ProviderBusy, False),
    ("limit", "leonardo", 429, leonardo("too many requests"), ProviderBusy, False),
    ("limit", "leonardo", 429, b"", ProviderBusy, False),
    # overloaded
    ("overload", "gateway", 503, gateway("service_unavailable_error"), ProviderBusy, False),
    ("overload", "gateway", 500, gateway("internal_server_error"), ProviderDown, False),
    ("overload", "gateway", 424, gateway("failed_dependency"), ProviderDown, False),
    ("overload", "openai", 503, openai("server_is_overloaded"), ProviderBusy, False),
    ("overload", "openai", 500, openai("server_error"), ProviderDown, False),
    ("overload", "gemini", 503, S["gem_err_503"], ProviderBusy, False),
    ("overload", "gemini", 500, google(500, "INTERNAL"), ProviderDown, False),
    ("overload", "gemini", 504, google(504, "DEADLINE_EXCEEDED"), ProviderDown, None),
    ("overload", "anthropic", 529, S["ant_err_529"], ProviderBusy, False),
    ("overload", "anthropic", 500, anthropic("api_error"), ProviderDown, False),
    ("overload", "anthropic", 504, anthropic("timeout_error"), ProviderDown, None),
    ("overload", "leonardo", 500, leonardo("internal error"), ProviderDown, None),
    ("overload", "leonardo", 503, leonardo("try later"), ProviderBusy, None),
    # blocked
    ("blocked", "openai", 400, S["oai_err_moderation"], ProviderBlocked, False),
    ("blocked", "gateway", 400, S["oai_err_moderation"], ProviderBlocked, False),
    ("blocked", "leonardo", 400, S["leo_err_moderation"], ProviderBlocked, False),
    ("blocked", "leonardo", 403, S["leo_err_moderation"], ProviderBlocked, False),
    # retired model
    ("retired", "gateway", 404, S["gw_error_404"], ModelRetired, False),
    ("retired", "gateway", 403, gateway("no_providers_available"), ModelRetired, False),
    ("retired", "openai", 404, openai("model_not_found"), ModelRetired, False),
    ("retired", "gemini", 404, google(404, "NOT_FOUND"), ModelRetired, False),
    ("retired", "anthropic", 404, anthropic("not_found_error"), ModelRetired, False),
    (
        "retired",
        "leonardo",
        400,
        leonardo("This model is not supported within the Production API"),
        ModelRetired,
        False,
    ),
    # our request is wrong
    ("wrong", "gateway", 400, gateway("invalid_request_error"), ProviderRejected, False),
    ("wrong", "openai", 400, S["oai_err_unknown_param"], ProviderRejected, False),
    ("wrong", "gemini", 400, google(400, "INVALID_ARGUMENT"), ProviderRejected, False),
    ("wrong", "anthropic", 400, anthropic("invalid_request_error"), ProviderRejected, False),
    ("wrong", "anthropic", 413, anthropic("request_too_large"), ProviderRejected, False),
    ("wrong", "leonardo", 400, leonardo("width must be a multiple of 8", "validation-failed"), ProviderRejected, False),
    # something between us and them answers, or what is no reply: it may have been carried out
    *(
        ("between", vendor, status, b"<html>Bad Gateway</html>", ProviderDown, None)
        for vendor in ("gateway", "openai", "gemini", "anthropic", "leonardo")
        for status in (502, 503, 302)
    ),
    *(
        ("nonsense", vendor, 200, body, ProviderDown, None)
        for vendor in ("gateway", "openai", "gemini", "anthropic", "leonardo")
        for body in (b"", b"[]", b"{}", b"null", b"[" * 100_000, b'{"choices": 3, "data": 3, "content": 3}')
    ),
    ("nonsense", "gateway", 200, gateway("internal_server_error"), ProviderDown, None),
    ("nonsense", "gateway", 200, gateway("insufficient_funds"), ProviderAccount, False),
]


@pytest.mark.parametrize(
    ("cell", "vendor", "status", "body", "kind", "charged"),
    CELLS,
    ids=[f"{cell}-{vendor}-{status}-{n}" for n, (cell, vendor, status, *_) in enumerate(CELLS)],
)
def test_a_refusal_means_what_the_table_says(
    vendor_server: Loopback,
    cell: str,
    vendor: str,
    status: int,
    body: Any,
    kind: type[ProviderError],
    charged: bool | None,  # noqa: FBT001 - a column of the table
) -> None:
    vendor_server.say(body, status)
    with pytest.raises(ProviderError) as caught:
        ask(vendor)
    assert (type(caught.value), caught.value.charged) == (kind, charged), (cell, str(caught.value))
    assert caught.value.provider == vendor
    assert len(str(caught.value)) <= 300
    assert len(vendor_server.seen) == 1  # nobody asks twice by himself


@pytest.mark.parametrize("vendor", ["gateway", "openai", "anthropic", "gemini"])
@pytest.mark.parametrize(("header", "value", "seconds"), [("retry-after", "7", 7.0), ("retry-after-ms", "1500", 1.5)])
def test_a_wait_in_a_header_is_handed_on(
    vendor_server: Loopback, vendor: str, header: str, value: str, seconds: float
) -> None:
    vendor_server.say(gateway("rate_limit_exceeded"), 429, {header: value})
    with pytest.raises(ProviderBusy) as caught:
        write(vendor)
    assert caught.value.retry_after_s == seconds


def test_geminis_wait_stands_in_its_body(vendor_server: Loopback) -> None:
    vendor_server.say(S["gem_err_429"], 429)
    with pytest.raises(ProviderBusy) as caught:
        ask("gemini")
    assert caught.value.retry_after_s == 34.4


@pytest.mark.parametrize("told", ["soon", "NaNs", "", None, 5, "-3s", "1e99s"])
def test_a_wait_that_cannot_be_read_is_bounded_or_none(vendor_server: Loopback, told: object) -> None:
    vendor_server.say(google(429, "RESOURCE_EXHAUSTED", {"retryDelay": told}), 429)
    with pytest.raises(ProviderBusy) as caught:
        ask("gemini")
    assert caught.value.retry_after_s is None or 0 <= caught.value.retry_after_s <= 6 * 3600
