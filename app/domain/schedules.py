"""What is known of a schedule and of its slots: closed sets, as the database holds them too."""

from __future__ import annotations

from enum import StrEnum


class MissedPolicy(StrEnum):
    """What becomes of slots that nobody started in time, because the installation was down."""

    SKIP = "skip"
    CATCH_UP_ONCE = "catch_up_once"
    """One run makes up for all of them."""


class FeedItems(StrEnum):
    """Which articles of a feed are drawn."""

    WITHOUT_IMAGE = "without_image"
    """Those that bring no picture along."""
    ALL = "all"


class PauseReason(StrEnum):
    """Why a schedule orders nothing."""

    ASKED = "asked"
    """Its owner paused it."""
    TOPICS_USED_UP = "topics_used_up"
    UNUSABLE = "unusable"
    """Its cron expression or time zone cannot be read any more."""


class SlotOutcome(StrEnum):
    """What came of a slot."""

    ORDERED = "ORDERED"
    REFUSED = "REFUSED"
    """No run could be ordered: quota, budget, a request that is not valid."""
    NOTHING_NEW = "NOTHING_NEW"
    """Its feed had no article that is to be drawn: no run, and nothing wrong."""
    MISSED = "MISSED"
    """Nobody was there to start it in time."""
