"""What tests are made with: conditions to wait for, an installation of one's own, the sandbox's controls."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from app import broker
from app.cli.stack import PLAIN
from app.db import session
from app.domain.errors import SetupError
from app.prices import read_prices
from app.routes import read_routes
from app.settings import settings
from app.storage import storage
from routing import GATEWAY_ONLY

T = TypeVar("T")
OUR_ROUTES = 2
"""Routes files of ours that a process reads: the shipped one, and `GATEWAY_ONLY`."""


def wait_for(condition: Callable[[], T], *, seconds: float = 30.0, what: str = "") -> T:
    """Return the first truthy value of `condition`; fail when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or condition}"
        time.sleep(0.05)
    return value


def forget_caches() -> None:
    """Make this process read settings, routes, engine and storage anew."""
    session.forget_engine()
    forget_settings()


def forget_settings() -> None:
    """Make this process read settings, prices, routes and storage anew, and keep its connections to the database."""
    broker.forget()
    if not _reads_only_our_files():
        read_prices.cache_clear()
        read_routes.cache_clear()
    for cached in (settings, storage):
        cached.cache_clear()


def _reads_only_our_files() -> bool:
    """Tell whether prices and routes were read from files that no test changes: reading them again takes 8 ms."""
    if "PRESSROOM_PRICES" in os.environ or Path(".env").exists() or read_prices.cache_info().currsize > 1:
        return False  # routes are checked against the prices
    kept = read_routes.cache_info()
    if kept.currsize <= 1:  # whichever is read, the shipped one is read first
        return True
    with suppress(SetupError):
        read_routes(GATEWAY_ONLY)
    return kept.currsize == OUR_ROUTES and read_routes.cache_info().hits > kept.hits


@dataclass(frozen=True, slots=True)
class Installation:
    """A database and a Redis of one test's own, and where its files are.

    Everything is asked of the gateway, and nobody reviews; a test that is about more names its own routes.
    """

    database_url: str
    redis_url: str
    data_dir: Path

    @property
    def env(self) -> dict[str, str]:
        """The settings of every process of this installation."""
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PRESSROOM_DATA_DIR": str(self.data_dir),
            "PRESSROOM_ROUTES": str(GATEWAY_ONLY),
        }


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The stand-in provider of one test."""

    url: str

    def fail(self, *rules: Mapping[str, object]) -> None:
        """Script faults."""
        self._ask("PUT", "faults", {"rules": list(rules)})

    def configure(self, **config: object) -> None:
        """Change latency, limits or seed."""
        self._ask("PUT", "config", config)

    def log(self) -> list[dict[str, object]]:
        """Return every call that it received."""
        return list(self._ask("GET", "log").json()["calls"])

    def bill(self) -> dict[str, object]:
        """Return what it charged."""
        return dict(self._ask("GET", "bill").json())

    def reset(self) -> None:
        """Forget calls, faults and limits."""
        self._ask("POST", "reset")

    def _ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        url = f"{self.url}/sandbox/{path}"
        return httpx.request(method, url, json=body, trust_env=False, verify=PLAIN).raise_for_status()
