"""The processes of one installation, as `pressroom up` runs them; the Procfile says the same for others."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.embedded.supervisor import Process

CELERY = (sys.executable, "-m", "celery", "-A", "workers.celery_app")
GUNICORN = (sys.executable, "-m", "gunicorn", "--log-level", "warning")
IO_THREADS = 32
DRAIN_S = 100.0  # a worker that is asked to stop may finish a call: one text request lasts 90 s at most


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the processes listen."""

    web: int
    events: int
    flower: int
    sandbox: int


def worker(
    name: str, queues: str, pool: str, concurrency: int, env: Mapping[str, str], *, drain_s: float = DRAIN_S
) -> Process:
    """Return a Celery worker; it is ready once it runs, and its messages wait for it until then."""
    command = (
        *CELERY,
        "worker",
        "--hostname",
        f"{name}@%h",
        "--queues",
        queues,
        "--pool",
        pool,
        "--concurrency",
        str(concurrency),
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "INFO",
    )
    return Process(name, command, env, stop_grace_s=drain_s)


def workers(env: Mapping[str, str], *, drain_s: float = DRAIN_S) -> list[Process]:
    """Return the four workers: two for calls, one for pictures, one for control."""
    return [
        worker("worker-io-1", "text,images", "threads", IO_THREADS, env, drain_s=drain_s),
        worker("worker-io-2", "text,images", "threads", IO_THREADS, env, drain_s=drain_s),
        worker("worker-media", "media", "prefork", 2, env, drain_s=drain_s),
        worker("worker-control", "control", "threads", 4, env, drain_s=drain_s),
    ]


def beat(env: Mapping[str, str], data_dir: Path) -> Process:
    """Return beat: exactly one runs, and a second one would do no harm."""
    schedule = str(data_dir / "beat-schedule")
    return Process("beat", (*CELERY, "beat", "--schedule", schedule, "--loglevel", "WARNING"), env)


def web(env: Mapping[str, str], ports: Ports) -> list[Process]:
    """Return the API and the process that streams events: watchers never starve the API."""
    api = (*GUNICORN, "app.api.wsgi:web", "--worker-class", "gthread", "--threads", "16")
    events = (*GUNICORN, "app.api.wsgi:events", "--worker-class", "gthread", "--threads", "600")
    return [
        Process(
            "web", (*api, "--bind", f"127.0.0.1:{ports.web}"), env, ready=lambda: answers(f"{_local(ports.web)}/healthz")
        ),
        Process(
            "events",
            (*events, "--graceful-timeout", "2", "--bind", f"127.0.0.1:{ports.events}"),
            env,
            ready=lambda: answers(f"{_local(ports.events)}/healthz"),
        ),
    ]


def flower(env: Mapping[str, str], ports: Ports, user: str, password: str) -> Process:
    """Return Flower behind a password, which goes by the environment: a command line is seen by everybody."""
    command = (*CELERY, "flower", "--address=127.0.0.1", f"--port={ports.flower}")
    return Process("flower", command, {**env, "FLOWER_BASIC_AUTH": f"{user}:{password}"})


def sandbox(port: int, *, latency: str, seed: int = 7) -> Process:
    """Return the stand-in for every provider."""
    command = (sys.executable, "-m", "sandbox", "--port", str(port), "--latency", latency, "--seed", str(seed))
    return Process("sandbox", command, ready=lambda: answers(f"{_local(port)}/sandbox/health"))


def answers(url: str) -> bool:
    """Return whether an address answers 200."""
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _local(port: int) -> str:
    return f"http://127.0.0.1:{port}"
