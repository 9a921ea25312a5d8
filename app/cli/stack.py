"""The processes of one installation, as `pressroom up` runs them; the Procfile says the same for others."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx

from app.db.session import MAX_OVERFLOW, POOL_SIZE
from app.embedded.ports import LOOPBACK
from app.embedded.supervisor import Process

CELERY = (sys.executable, "-m", "celery", "-A", "workers.celery_app")
GUNICORN = (sys.executable, "-m", "gunicorn", "--config", "python:app.api.serving")
IO_THREADS = 32
CONTROL_THREADS = 4
MEDIA_CHILDREN = 2
MEDIA_BOUNDS = {"time-limit": 600, "max-memory-per-child": 1_500_000}
"""Seconds after which a child that hangs is killed, and kB above which one is replaced after its task."""
NO_BOUNDS: Mapping[str, int] = MappingProxyType({})
WEB_PROCESSES = 2
WEB_THREADS = 8  # of each process: one alone is held up by its own threads at 100 orders a second
WATCHERS = 600
DRAIN_S = 100.0  # a worker that is asked to stop may finish a call: one text request lasts 90 s at most
USUAL_PORTS = {"web": 8000, "events": 8001, "flower": 5555, "sandbox": 9000}
FLOWER_CONFIG = Path(__file__).parents[2] / "flowerconfig.py"
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain HTTP: without it, each reads the system's authorities first, which takes 20 ms."""
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the processes listen."""

    web: int
    events: int
    flower: int
    sandbox: int
    host: str = LOOPBACK
    """The address that the API and the events listen on; the others are for this machine only."""

    @property
    def api_url(self) -> str:
        """The API, as this machine reaches it."""
        return _address(self.host, self.web)

    @property
    def events_url(self) -> str:
        """The events, as this machine reaches them."""
        return _address(self.host, self.events)

    @property
    def flower_url(self) -> str:
        """Flower."""
        return _address(LOOPBACK, self.flower)

    @property
    def sandbox_url(self) -> str:
        """The sandbox."""
        return _address(LOOPBACK, self.sandbox)


def worker(
    name: str,
    queues: str,
    pool: str,
    concurrency: int,
    env: Mapping[str, str],
    *,
    drain_s: float = DRAIN_S,
    bounds: Mapping[str, int] = NO_BOUNDS,
) -> Process:
    """Return a Celery worker; it is ready once it runs, and its messages wait for it until then."""
    options = {"hostname": f"{name}@%h", "queues": queues, "pool": pool, "concurrency": concurrency, **bounds}
    options["loglevel"] = "INFO"
    command = (
        *CELERY,
        "worker",
        *(f"--{option}={value}" for option, value in options.items()),
        "--without-gossip",
        "--without-mingle",
    )
    return Process(name, command, env, stop_grace_s=drain_s)


def workers(env: Mapping[str, str], *, drain_s: float = DRAIN_S) -> list[Process]:
    """Return the four workers: two for calls, one for pictures, one for control."""
    return [
        worker("worker-io-1", "text,images", "threads", IO_THREADS, env, drain_s=drain_s),
        worker("worker-io-2", "text,images", "threads", IO_THREADS, env, drain_s=drain_s),
        worker("worker-media", "media", "prefork", MEDIA_CHILDREN, env, drain_s=drain_s, bounds=MEDIA_BOUNDS),
        worker("worker-control", "control", "threads", CONTROL_THREADS, env, drain_s=drain_s),
    ]


def beat(env: Mapping[str, str], data_dir: Path) -> Process:
    """Return beat: exactly one runs, and a second one would do no harm."""
    schedule = str(data_dir / "beat-schedule")
    return Process("beat", (*CELERY, "beat", "--schedule", schedule, "--loglevel", "WARNING"), env)


def web(env: Mapping[str, str], ports: Ports) -> list[Process]:
    """Return the API and the process that streams events: watchers never starve the API."""
    serving = ("--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS))
    api = (*GUNICORN, *serving, "--bind", _bound(ports.host, ports.web))
    events = (*GUNICORN, "--threads", str(WATCHERS), "--bind", _bound(ports.host, ports.events))
    return [
        Process("web", (*api, "app.api.wsgi:web"), env, ready=lambda: answers(f"{ports.api_url}/healthz")),
        Process(
            "events",
            (*events, "--graceful-timeout", "2", "app.api.wsgi:events"),
            env,
            ready=lambda: answers(f"{ports.events_url}/healthz"),
        ),
    ]


def flower(env: Mapping[str, str], ports: Ports, user: str, password: str) -> Process:
    """Return Flower behind a password, which goes by the environment: a command line is seen by everybody."""
    command = (*CELERY, "flower", f"--address={LOOPBACK}", f"--port={ports.flower}")
    return Process(
        "flower",
        command,
        {**env, "FLOWER_BASIC_AUTH": f"{user}:{password}", "FLOWER_CONF": str(FLOWER_CONFIG)},
        ready=lambda: answers(f"{ports.flower_url}/healthcheck"),
    )


def sandbox(port: int, *, latency: str, seed: int = 7) -> Process:
    """Return the stand-in for every provider."""
    command = (sys.executable, "-m", "sandbox", "--port", str(port), "--latency", latency, "--seed", str(seed))
    return Process(
        "sandbox",
        command,
        ready=lambda: answers(f"{_address(LOOPBACK, port)}/sandbox/health"),
        is_needed=True,  # workers that drain still ask it
    )


def connections_at_most() -> int:
    """Return how many database connections all processes hold at most: a thread holds one, a pool caps them."""
    pool = POOL_SIZE + MAX_OVERFLOW
    threads = [IO_THREADS, IO_THREADS, CONTROL_THREADS + 1, *[WEB_THREADS] * WEB_PROCESSES, WATCHERS]
    return sum(min(pool, count) for count in threads) + MEDIA_CHILDREN * 2  # 1 more each: the leases' heartbeat


def answers(url: str) -> bool:
    """Return whether an address of ours, in plain HTTP, answers 200."""
    try:
        return httpx.get(url, timeout=2, trust_env=False, verify=PLAIN).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _address(host: str, port: int) -> str:
    reached = LOOPBACK if host in EVERYWHERE else host
    return f"http://{_bound(reached, port)}"


def _bound(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
