"""Refusals and broken connections with every vendor: each in its own words, and charged as it should be."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from sandbox_calls import PAINTING, VENDORS, Client, error, paid

from sandbox.fault_names import SPEND_LIMITS

# --- refusals: each cell of the table, in the vendor's own words ----------------------------------------------------

REFUSALS: list[tuple[str, str, str, int, str]] = [
    ("gateway", "auth", "", 401, "authentication_error"),
    ("gateway", "auth", "forbidden", 403, "forbidden"),
    ("gemini", "auth", "", 400, "API_KEY_INVALID"),
    ("gemini", "auth", "forbidden", 403, "PERMISSION_DENIED"),
    ("anthropic", "auth", "", 401, "authentication_error"),
    ("anthropic", "auth", "forbidden", 403, "permission_error"),
    ("openai", "auth", "", 401, "invalid_api_key"),
    ("leonardo", "auth", "", 401, "Authentication hook unauthorized"),
    ("leonardo", "auth", "hook", 500, "Invalid response from authorization hook"),
    ("gateway", "no_money", "", 402, '"insufficient_funds"'),
    ("gateway", "insufficient_funds", "", 402, '"insufficient_funds"'),
    ("gateway", "no_money", "quota_for_entity_exceeded", 402, "quota_for_entity_exceeded"),
    ("gemini", "no_money", "", 429, "PerDay"),
    ("gemini", "no_money", "spend_cap", 429, "spending cap"),
    ("anthropic", "no_money", "", 402, "billing_error"),
    ("anthropic", "no_money", "low_credit", 400, "Your credit balance is too low"),
    *(("anthropic", "no_money", limit, 429, f'"error_code": "{limit}"') for limit in SPEND_LIMITS),
    ("openai", "no_money", "", 429, '"code": "insufficient_quota"'),
    ("openai", "no_money", "credit_balance_exhausted", 429, '"code": "credit_balance_exhausted"'),
    ("leonardo", "no_money", "", 400, "not enough api tokens"),
    ("leonardo", "no_money", "credits_402", 402, "not enough api tokens"),
    ("gateway", "rate_limited", "", 429, "rate_limit_exceeded"),
    ("gateway", "rate_limited", "upstream", 429, "AI_APICallError"),
    ("gemini", "rate_limited", "", 429, "PerMinute"),
    ("anthropic", "rate_limited", "", 429, "rate_limit_error"),
    ("anthropic", "rate_limited", "ramp_limit_exceeded", 429, "ramp_limit_exceeded"),
    ("openai", "rate_limited", "images", 429, "on images per min"),
    ("leonardo", "rate_limited", "", 429, "Too many requests"),
    ("gateway", "overloaded", "", 503, "service_unavailable_error"),
    ("gateway", "overloaded", "500", 500, "internal_server_error"),
    ("gateway", "overloaded", "424", 424, "failed_dependency"),
    ("gemini", "overloaded", "", 503, "UNAVAILABLE"),
    ("gemini", "overloaded", "500", 500, "INTERNAL"),
    ("gemini", "overloaded", "504", 504, "DEADLINE_EXCEEDED"),
    ("anthropic", "overloaded", "", 529, "overloaded_error"),
    ("anthropic", "overloaded", "500", 500, "api_error"),
    ("anthropic", "overloaded", "504", 504, "timeout_error"),
    ("openai", "overloaded", "", 503, "server_is_overloaded"),
    ("openai", "overloaded", "500", 500, "server_error"),
    ("leonardo", "overloaded", "", 503, "Service Unavailable"),
    ("leonardo", "overloaded", "502", 502, "Bad Gateway"),
    *((vendor, "internal_error", "", 500, "") for vendor in VENDORS),
    ("gateway", "model_retired", "", 404, "model_not_found"),
    ("gemini", "model_retired", "", 404, "NOT_FOUND"),
    ("anthropic", "model_retired", "", 404, "not_found_error"),
    ("openai", "model_retired", "", 404, "model_not_found"),
    ("leonardo", "model_retired", "", 400, "not supported within the Production API"),
    ("openai", "blocked", "", 400, "moderation_blocked"),
    ("leonardo", "blocked", "", 400, "content moderation filter"),
    ("leonardo", "blocked", "moderation_403", 403, "content moderation filter"),
    ("gateway", "blocked", "forbidden", 403, "Terms Of Service"),
    *((vendor, "http_status", "", 418, "") for vendor in VENDORS),
]


@pytest.mark.parametrize(("vendor", "fault", "variant", "status", "text"), REFUSALS)
def test_a_refusal_is_in_the_vendors_words_and_free(
    client: Client, vendor: str, fault: str, variant: str, status: int, text: str
) -> None:
    params: dict[str, Any] = {"variant": variant} if variant else {}
    client.script(fault, {"status": 418} if fault == "http_status" else params, vendor=vendor)
    response = client.image(vendor) if vendor in PAINTING else client.text(vendor)
    assert response.status_code == status
    assert text in error(response)[1]
    assert paid(client) == 0
    if vendor == "anthropic":
        assert response.json()["request_id"] == response.headers["request-id"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_refusal_after_the_charge_is_on_the_bill(client: Client, vendor: str) -> None:
    client.script("overloaded", {"after_charge": True}, vendor=vendor)
    response = client.image(vendor) if vendor in PAINTING else client.text(vendor)
    assert response.status_code in (503, 529)
    assert paid(client) > 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_rule_for_another_vendor_strikes_nothing(client: Client, vendor: str) -> None:
    client.script("overloaded", vendor=next(other for other in VENDORS if other != vendor))
    assert (client.image(vendor) if vendor == "leonardo" else client.text(vendor)).status_code == 200


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("form", ["vendor", "seconds", "http_date", "milliseconds", "body", "none"])
def test_when_to_come_back_is_told_as_scripted(client: Client, vendor: str, form: str) -> None:
    client.script("rate_limited", {"retry_after": 7, "retry_form": form})
    response = client.image(vendor) if vendor == "leonardo" else client.text(vendor)
    told = response.headers.get("retry-after")
    match form:
        case "seconds":
            assert told == "7"
        case "http_date":
            date = parsedate_to_datetime(str(told))
            now = parsedate_to_datetime(response.headers["date"])
            assert 5 <= (date - now).total_seconds() <= 9
        case "milliseconds":
            assert (told, response.headers["retry-after-ms"]) == (None, "7000")
        case "vendor":
            assert told == (None if vendor == "gemini" else "7")
        case _:
            assert told is None
    if vendor == "gemini":
        assert ('"retryDelay": "7s"' in error(response)[1]) is (form in ("vendor", "body"))
    if vendor == "anthropic":
        assert response.headers["anthropic-ratelimit-requests-remaining"] == "0"
    if vendor == "openai":
        assert response.headers["x-ratelimit-remaining-requests"] == "0"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_proxy_answers_with_html(client: Client, vendor: str) -> None:
    client.script("html_502")
    response = client.image(vendor) if vendor == "leonardo" else client.text(vendor)
    assert (response.status_code, response.headers["content-type"]) == (502, "text/html")


# --- connections ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("fault", ["disconnect", "disconnect_after_charge"])
def test_a_connection_that_ends_too_early_is_charged(client: Client, vendor: str, fault: str) -> None:
    client.script(fault)
    with pytest.raises(httpx.RemoteProtocolError):
        client.image(vendor) if vendor in PAINTING else client.text(vendor)
    bill = client.state("bill")
    assert bill["vendors"][vendor]["calls"] == 1
    assert bill["vendors"][vendor]["micro_usd"] == bill["total_micro_usd"] > 0
    assert client.state("log")["calls"][-1]["vendor"] == vendor


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_hanging_call_costs_nothing(client: Client, vendor: str) -> None:
    client.script("hang")
    with httpx.Client(base_url=client.http.base_url, timeout=0.2) as http:
        hasty = Client(http)
        with pytest.raises(httpx.ReadTimeout):
            hasty.image(vendor) if vendor == "leonardo" else hasty.text(vendor)
    assert paid(client) == 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_slow_first_byte_is_slow(client: Client, vendor: str) -> None:
    client.script("slow_first_byte", {"seconds": 0.15})
    response = client.image(vendor) if vendor == "leonardo" else client.text(vendor)
    assert response.elapsed.total_seconds() >= 0.15
