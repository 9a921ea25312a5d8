"""An outside of a test's own: names lead where the test says, and nothing is ever connected to."""

from __future__ import annotations

from collections.abc import Sequence

import httpcore

from workers.web.outside import Outside

PUBLIC = "93.184.216.34"


def world(*addresses: str) -> Outside:
    """Return an outside where every name has these addresses."""
    return Outside(resolve=lambda _host, _timeout_s: list(addresses), connect=_nowhere)


def unasked() -> Outside:
    """Return an outside whose resolver must not be asked either."""

    def resolve(host: str, _timeout_s: float) -> list[str]:
        raise AssertionError(f"{host} was resolved")

    return Outside(resolve=resolve, connect=_nowhere)


def recorded(asked: list[str], addresses: Sequence[str]) -> Outside:
    """Return an outside that notes each name it resolves."""

    def resolve(host: str, _timeout_s: float) -> list[str]:
        asked.append(host)
        return list(addresses)

    return Outside(resolve=resolve, connect=_nowhere)


def _nowhere(address: str, port: int, _timeout_s: float) -> httpcore.NetworkStream:
    raise AssertionError(f"{address}:{port} was connected to")
