"""The names of everything that can be made to go wrong, and the params each one takes."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What a rule does to a call. Each vendor says it in its own words; where one has no such thing, nothing happens."""

    # Refusals: nothing is made and nothing is charged, unless the param `after_charge` says so.
    AUTH = "auth"
    NO_MONEY = "no_money"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    """Another name of `no_money`."""
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    INTERNAL_ERROR = "internal_error"
    MODEL_RETIRED = "model_retired"
    HTTP_STATUS = "http_status"
    HTML_502 = "html_502"
    # Replies without what was asked for.
    BLOCKED = "blocked"
    EMPTY = "empty"
    NO_IMAGE = "no_image"
    """A picture call gets words only, or no picture."""
    # Texts.
    TRUNCATED_JSON = "truncated_json"
    NOT_JSON = "not_json"
    FENCED_JSON = "fenced_json"
    TOO_FEW_SLIDES = "too_few_slides"
    TOO_LONG_BODY = "too_long_body"
    TOO_LONG_STRINGS = "too_long_strings"
    BAD_VERDICT = "bad_verdict"
    CITATIONS = "citations"
    """No fault but a place: where a search model's sources stand."""
    FLAGGED = "flagged"
    """A moderation call, and a Leonardo picture, is flagged."""
    # Pictures.
    TRUNCATED_IMAGE = "truncated_image"
    TRUNCATED_BASE64 = "truncated_base64"
    DATA_URL_WITHOUT_BASE64 = "data_url_without_base64"
    JPEG_LABELLED_PNG = "jpeg_labelled_png"
    WRONG_ASPECT = "wrong_aspect"
    TINY_IMAGE = "tiny_image"
    SVG = "svg"
    POLYGLOT = "polyglot"
    BOMB = "bomb"
    BLANK = "blank"
    SIBLING = "sibling"
    """The picture that was made last, again."""
    # Jobs.
    JOB_FAILED = "job_failed"
    JOB_STUCK = "job_stuck"
    # Connections.
    SLOW_FIRST_BYTE = "slow_first_byte"
    HANG = "hang"
    DISCONNECT = "disconnect"
    DISCONNECT_AFTER_CHARGE = "disconnect_after_charge"
    UNPRICED = "unpriced"


BLOCK_FINISHES = frozenset(
    (
        "safety", "recitation", "blocklist", "prohibited_content", "spii", "image_safety", "image_prohibited_content",
        "image_recitation", "model_armor", "escalation",
    )
)  # fmt: skip
"""Gemini's finish reasons of a block, in lower case (google-genai 3.4.0, FinishReason)."""
SPEND_LIMITS = (
    "enforced_spend_limit_reached", "contract_spend_limit_reached", "linked_organization_spend_limit_reached",
    "organization_on_hold",
)  # fmt: skip
"""Anthropic's 429s that are about money or the account (anthropic 2.11, types/shared)."""
_STATUSES = frozenset({"424", "500", "502", "503", "504", "529"})
VARIANTS: dict[Fault, frozenset[str]] = {
    Fault.AUTH: frozenset({"key", "forbidden", "hook"}),
    Fault.NO_MONEY: frozenset(
        {
            "insufficient_funds", "quota_for_entity_exceeded", "insufficient_quota", "credit_balance_exhausted",
            "per_day", "spend_cap", "billing_error", "low_credit", "credits", "credits_402", *SPEND_LIMITS,
        }
    ),
    Fault.RATE_LIMITED: frozenset({"upstream", "requests", "tokens", "images", "ramp_limit_exceeded"}),
    Fault.OVERLOADED: _STATUSES,
    Fault.BLOCKED: frozenset(
        {"content_filter", "forbidden", "moderation_blocked", "refusal", "prompt", "moderation_403", "nsfw"}
    ) | BLOCK_FINISHES,
    Fault.EMPTY: frozenset({"no_image", "image_other", "other", "malformed_response", "no_candidates", "no_parts"}),
    Fault.MODEL_RETIRED: frozenset(),
}  # fmt: skip
"""Which `variant` each fault knows; one that a vendor has not falls back to that vendor's usual way."""
PLACES = ("top_level", "citations", "search_results", "annotations", "provider_metadata", "inline", "none")
"""Where sources can stand."""

_ANY = frozenset({"after_s"})
_REFUSAL = frozenset({"variant", "after_charge", "message"})
_RETRY = frozenset({"retry_after", "retry_form"})
_PARAMS: dict[Fault, frozenset[str]] = {
    Fault.AUTH: _REFUSAL,
    Fault.NO_MONEY: _REFUSAL | _RETRY,
    Fault.INSUFFICIENT_FUNDS: _REFUSAL | _RETRY,
    Fault.RATE_LIMITED: _REFUSAL | _RETRY,
    Fault.OVERLOADED: _REFUSAL | _RETRY,
    Fault.INTERNAL_ERROR: _REFUSAL,
    Fault.MODEL_RETIRED: _REFUSAL,
    Fault.HTTP_STATUS: frozenset({"status", "type", "message", "after_charge"}) | _RETRY,
    Fault.HTML_502: frozenset({"after_charge"}),
    Fault.HANG: frozenset({"after_charge"}),
    Fault.BLOCKED: frozenset({"variant"}),
    Fault.EMPTY: frozenset({"variant"}),
    Fault.SLOW_FIRST_BYTE: frozenset({"seconds"}),
    Fault.TOO_LONG_STRINGS: frozenset({"words"}),
    Fault.BAD_VERDICT: frozenset({"reason"}),
    Fault.CITATIONS: frozenset({"place"}),
    Fault.FLAGGED: frozenset({"categories"}),
}


def known_params(fault: Fault) -> frozenset[str]:
    """Return the names of the params that a fault takes."""
    return _PARAMS.get(fault, frozenset()) | _ANY


def known_variants(fault: Fault) -> frozenset[str]:
    """Return the variants of a fault; empty where it has only one way."""
    return VARIANTS.get(Fault.NO_MONEY if fault is Fault.INSUFFICIENT_FUNDS else fault, frozenset())
