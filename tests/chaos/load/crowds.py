"""What a crowd of orders does to the API and to memory: requests with their times, a gentle prober, what processes hold."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
import psutil
from redis import Redis

from app.embedded.supervisor import Supervisor
from chaos.customers import Customer

PROBE_EVERY_S = 0.2
KB = 1024


@dataclass(slots=True)
class Answers:
    """Answers of the API: how long each took, and which were errors of the server's."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, client: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request and note its answer."""
        began = time.perf_counter()
        answer = client.request(method, path, **options)
        took = time.perf_counter() - began
        with self._lock:
            self.seconds.append(took)
            if answer.is_server_error:
                self.errors.append(f"{method} {path}: {answer.status_code}")
        return answer

    def p(self, percent: float) -> float:
        """Return a percentile in milliseconds."""
        found = sorted(self.seconds)
        return 1000 * found[min(int(len(found) * percent / 100), len(found) - 1)]


def client_of(customer: Customer) -> httpx.Client:
    return httpx.Client(
        base_url=customer.url, headers={"Authorization": f"Bearer {customer.key}"}, timeout=30, trust_env=False
    )


def order_all(
    customer: Customer, requests: Sequence[dict[str, object]], *, at_once: int, answers: Answers
) -> list[uuid.UUID]:
    """Order a post for each request, `at_once` at the same time, as fast as the API answers."""
    local = threading.local()
    clients: list[httpx.Client] = []

    def order(request: dict[str, object]) -> uuid.UUID:
        if not hasattr(local, "client"):
            local.client = client_of(customer)
            clients.append(local.client)
        answer = answers.ask(local.client, "POST", "/api/generate/full-post", json=request)
        assert answer.status_code == 202, answer.text
        return uuid.UUID(answer.json()["id"])

    with ThreadPoolExecutor(at_once) as threads:
        ordered = list(threads.map(order, requests))
    for client in clients:
        client.close()
    return ordered


class Prober:
    """Asks the API five times a second as one user does: lists, looks, gets quotes, and orders a picture now and then."""

    def __init__(self, customer: Customer, run_id: uuid.UUID) -> None:
        self.answers = Answers()
        self.ordered: list[uuid.UUID] = []
        self._customer = customer
        self._run_id = run_id
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._probe, name="prober")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _probe(self) -> None:
        asks: list[Callable[[httpx.Client], httpx.Response]] = [
            lambda client: self.answers.ask(client, "GET", "/api/runs", params={"limit": 20}),
            lambda client: self.answers.ask(client, "GET", f"/api/runs/{self._run_id}"),
            lambda client: self.answers.ask(client, "POST", "/api/quote/full-post", json={"topic": "Sleep well"}),
            lambda client: self.answers.ask(client, "GET", "/api/usage"),
        ]
        with client_of(self._customer) as client:
            turn = 0
            while not self._stopping.wait(PROBE_EVERY_S):
                turn += 1
                if turn % 50:
                    asks[turn % len(asks)](client)
                else:
                    prompt = f"a lighthouse on rock number {turn}"
                    answer = self.answers.ask(client, "POST", "/api/generate/images", json={"prompts": [prompt]})
                    self.ordered.append(uuid.UUID(answer.json()["id"]))


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that are held for what waits: in Redis, and in the processes that take and start orders."""

    redis: int
    processes: int

    @classmethod
    def now(cls, redis: Redis, supervisor: Supervisor, names: Sequence[str]) -> Memory:
        """Measure Redis' data, and the resident memory of some processes and their children."""
        resident = 0
        for name in names:
            pid = supervisor.pid(name)
            assert pid is not None
            for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
                resident += process.memory_info().rss
        info: Any = redis.info("memory")
        return cls(int(info["used_memory"]), resident)

    def kb_more_than(self, before: Memory, count: int) -> float:
        """Return how many KB more are held than before, for each of `count` runs."""
        return (self.redis + self.processes - before.redis - before.processes) / KB / count


def cpu_seconds(supervisor: Supervisor, names: Sequence[str]) -> dict[str, float]:
    """Return the CPU that processes and their children have used so far, PostgreSQL, Redis and the sandbox too."""
    families: dict[str, list[psutil.Process]] = {}
    for name in names:
        pid = supervisor.pid(name)
        assert pid is not None
        families[name] = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for one in psutil.Process().children(recursive=True):
        command = " ".join(one.cmdline()[:3])
        for part in ("redis-server", "postgres", "-m sandbox"):
            if part in command or part in one.name():
                families.setdefault(part, []).append(one)
    return {name: sum(sum(one.cpu_times()[:2]) for one in family) for name, family in families.items()}
