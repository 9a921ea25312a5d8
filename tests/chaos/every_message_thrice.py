"""Loaded into workers by the storm: every message that they publish is delivered three times; one can die in a chord."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery.signals import before_task_publish
from kombu.transport.redis import Channel

from app import failpoints

THIRD = 2  # of a chord's messages: two are published when its publisher dies

_put = Channel._put


def _put_thrice(self: Channel, queue: str, message: Any, **options: Any) -> None:
    for _ in range(3):
        _put(self, queue, message, **options)


def _die_in_a_chord(headers: Mapping[str, Any], **_: Any) -> None:
    if headers.get("group") is not None and headers.get("group_index") == THIRD:
        failpoints.reach("mid_chord")


Channel._put = _put_thrice
before_task_publish.connect(_die_in_a_chord)
