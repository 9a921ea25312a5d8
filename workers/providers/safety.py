"""Google's words for "our filter held it back", which come from Gemini itself and through the gateway.

Enums: google-genai 3.4 FinishReason and BlockedReason. Recitation counts among them: other words help, a repeat not.
"""

from __future__ import annotations

from typing import Any

BLOCKED = frozenset(
    {
        "SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "MODEL_ARMOR",
        "ESCALATION", "RECITATION", "IMAGE_RECITATION",
    }
)  # fmt: skip


def is_blocked(finish_reason: Any, block_reason: Any) -> bool:
    """Return whether a filter stopped the reply; a prompt that was stopped is, whatever the reason's name."""
    if isinstance(block_reason, str) and block_reason not in (
        "",
        "BLOCKED_REASON_UNSPECIFIED",
        "BLOCK_REASON_UNSPECIFIED",
    ):
        return True
    return isinstance(finish_reason, str) and finish_reason in BLOCKED
