"""Loaded into workers by tests: every message that they publish is delivered twice."""

from __future__ import annotations

from typing import Any

from kombu.transport.redis import Channel

_put = Channel._put


def _put_twice(self: Channel, queue: str, message: Any, **options: Any) -> None:
    for _ in range(2):
        _put(self, queue, message, **options)


Channel._put = _put_twice
