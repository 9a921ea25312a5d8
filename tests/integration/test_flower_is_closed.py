"""Flower can stop workers and send tasks: without its password nothing but its health is answered."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from app.cli import stack
from app.cli.stack import Ports
from app.embedded.ports import free_port
from app.embedded.services import Services
from app.embedded.supervisor import Supervisor
from harness import Installation

OPEN = ("/healthcheck",)
HARMLESS = ("/static/", "/login", "/logout", ".*")  # its own pictures and scripts, and pages that say no


def paths() -> list[str]:
    """Return a path for each of Flower's handlers."""
    from flower.urls import handlers  # noqa: PLC0415 - Tornado, only here

    patterns = [getattr(one, "regex", None) or one[0] for one in handlers]
    told = [getattr(pattern, "pattern", pattern).removesuffix("$") for pattern in patterns]
    return [one.replace("(.+)", "x").replace("(.*)", "x") for one in told if not one.startswith(HARMLESS)]


@pytest.fixture(scope="module")
def flower(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Flower, as `pressroom up` starts it; yields its address. The tests only look."""
    ports = Ports(web=0, events=0, flower=free_port(), sandbox=0)
    folder = tmp_path_factory.mktemp("flower")
    env = Installation(services.database_url, services.redis_url, folder).env
    with Supervisor(folder, [stack.flower(env, ports, "ada", "right")]) as supervisor:
        supervisor.wait_until_ready(30)
        yield ports.flower_url


def test_nothing_is_answered_without_the_password(flower: str) -> None:
    every = paths()
    assert {"/", "/metrics", "/api/workers", "/api/worker/shutdown/x", "/api/task/send-task/x"} <= set(every)

    with httpx.Client(base_url=flower, trust_env=False) as client:
        answered = {
            (method, path): status
            for path in every
            for method in ("GET", "POST")
            for credentials in (None, ("ada", "wrong"), ("", ""))
            if (status := client.request(method, path, auth=credentials).status_code) not in (401, 403, 405)
        }

    assert {path for _, path in answered} == set(OPEN)


def test_the_password_opens_its_pages_and_its_metrics(flower: str) -> None:
    with httpx.Client(base_url=flower, trust_env=False, auth=("ada", "right")) as client:
        assert [client.get(path).status_code for path in ("/workers", "/metrics", "/api/workers")] == [200] * 3
        assert "flower" in client.get("/metrics").text
