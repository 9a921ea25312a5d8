"""`pressroom up` when its own PostgreSQL or Redis ends: as the OOM killer or a full disk would have it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest
from commands import DEADLINE_S, Up, is_alive, pressroom, said

from harness import wait_for


def server_of(up: Up, program: str) -> psutil.Process:
    """Return the embedded server of that name which runs now."""
    children = psutil.Process(up.process.pid).children()
    return next(child for child in children if program in child.name() and is_alive(child))


@pytest.mark.long
def test_killed_servers_are_started_again_and_the_same_processes_make_the_next_post(
    place: Path, start_up: Callable[..., Up]
) -> None:
    up = start_up("--no-flower", "--latency", "instant")
    servers = [server_of(up, "redis-server"), server_of(up, "postgres")]
    others = [one for one in psutil.Process(up.process.pid).children() if one not in servers]

    for server in servers:
        server.kill()
    for name in ("redis", "postgres"):
        wait_for(lambda name=name: f"{name} ended and was started again" in up.said, seconds=DEADLINE_S, what=name)
    ready = f"{up.told('API')}/readyz"
    wait_for(lambda: httpx.get(ready, trust_env=False).is_success, seconds=DEADLINE_S, what="servers that answer")

    told = said(pressroom(place, "generate", "full-post", "--topic", "Rust", "--field", "slides=5", "--wait"))
    assert "sandbox" in told
    assert [one for one in others if not is_alive(one)] == []
    assert up.stop() == 0
    assert "stopped" in up.said


@pytest.mark.long
def test_a_server_that_cannot_be_started_again_ends_up_with_its_last_words(
    place: Path, start_up: Callable[..., Up]
) -> None:
    up = start_up("--no-flower")
    for kept in (place / ".pressroom/redis").rglob("appendonly.aof*"):
        if kept.is_file():
            kept.write_text("nonsense\n" * 100)

    server_of(up, "redis-server").kill()

    assert up.process.wait(DEADLINE_S) == 1
    assert "Redis died 5 times within 30 s of its start" in up.said
    assert "redis.log" in up.said
    assert "Traceback" not in up.said
