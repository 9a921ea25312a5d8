"""What tests are made with: conditions to wait for, an installation of one's own, the sandbox's controls."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from app import broker
from app.db import session
from app.prices import read_prices
from app.routes import read_routes
from app.settings import settings
from app.storage import storage
from routing import GATEWAY_ONLY

T = TypeVar("T")


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
    for cached in (settings, storage, read_prices, read_routes):
        cached.cache_clear()


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
        httpx.put(f"{self.url}/sandbox/faults", json={"rules": list(rules)}, trust_env=False).raise_for_status()

    def configure(self, **config: object) -> None:
        """Change latency, limits or seed."""
        httpx.put(f"{self.url}/sandbox/config", json=config, trust_env=False).raise_for_status()

    def log(self) -> list[dict[str, object]]:
        """Return every call that it received."""
        reply = httpx.get(f"{self.url}/sandbox/log", trust_env=False)
        return list(reply.json()["calls"])

    def bill(self) -> dict[str, object]:
        """Return what it charged."""
        return dict(httpx.get(f"{self.url}/sandbox/bill", trust_env=False).json())

    def reset(self) -> None:
        """Forget calls, faults and limits."""
        httpx.post(f"{self.url}/sandbox/reset", trust_env=False).raise_for_status()
