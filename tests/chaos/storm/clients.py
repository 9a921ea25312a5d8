"""The users of a storm, over HTTP: they order, change their mind twice at once, and watch; each comes back after a failure."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from app import accounts
from app.db.models import User
from app.db.session import transaction
from orders import a_user

AGAIN_S = 0.3
PATIENCE_S = 90.0
NEWS_S = 20.0  # a stream brings a heartbeat every 15 s
SHAPES = ("lighthouse", "windmill", "harbour", "glass bridge", "orchard", "night train", "violin", "observatory")


@dataclass
class Watched:
    """A run's events as a client got them."""

    run_id: uuid.UUID
    events: list[tuple[int, str, Any]] = field(default_factory=list)
    reconnects: int = 0
    is_complete: bool = False
    """The server said that there is nothing more to come."""


class Clients:
    """Some users with keys, their orders and their watchers."""

    def __init__(self, url: str, *, users: int = 3, watchers: int = 5) -> None:
        self.url = url
        self.users: list[User] = [a_user() for _ in range(users)]
        self._keys = [self._key_of(user) for user in self.users]
        self.ordered: dict[uuid.UUID, tuple[int, float]] = {}
        """Each accepted run: which user's, and when (Unix seconds)."""
        self.statuses: Counter[int] = Counter()
        """Of all answers."""
        self.broken: list[str] = []
        """Answers that no fault of a part explains."""
        self.watched: list[Watched] = []
        self._http = httpx.Client(
            base_url=url, timeout=NEWS_S, trust_env=False, limits=httpx.Limits(max_connections=100)
        )
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(16, thread_name_prefix="client")
        self._watchers = [threading.Thread(target=self._watch, name=f"watcher-{n}") for n in range(watchers)]
        self._unwatched: list[uuid.UUID] = []
        for watcher in self._watchers:
            watcher.start()

    @staticmethod
    def _key_of(user: User) -> str:
        with transaction() as session:
            return accounts.create_key(session, user, "storm")[1]

    # ---- orders

    def order(self, rng: random.Random) -> None:
        """Have one of the users order something, however often it takes."""
        who, (pipeline, body) = rng.randrange(len(self.users)), an_order(rng)
        self._pool.submit(self._order, who, pipeline, body)

    def _order(self, who: int, pipeline: str, body: dict[str, Any]) -> None:
        once, deadline = uuid.uuid4().hex, time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            answer = self.ask(who, "POST", f"/api/generate/{pipeline}", body, once)
            if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
                run_id = uuid.UUID(answer.json()["id"])
                self.ordered[run_id] = who, time.time()
                self._unwatched.append(run_id)
                return
            time.sleep(AGAIN_S)
        self.broken.append(f"{pipeline} was not accepted in {PATIENCE_S} s")

    def ask(self, who: int, method: str, path: str, body: Any = None, once: str | None = None) -> httpx.Response | None:
        """Send one request; None = no answer came."""
        headers = {"Authorization": f"Bearer {self._keys[who]}", **({"Idempotency-Key": once} if once else {})}
        try:
            answer = self._http.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            return None
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            self.broken.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    def twice(self, who: int, method: str, path: str, body: Any = None) -> list[int]:
        """Send one request twice at the same moment; return what was answered."""
        gate = threading.Barrier(2)

        def one() -> httpx.Response | None:
            gate.wait(10)
            return self.ask(who, method, path, body)

        with ThreadPoolExecutor(2) as both:
            answers = [future.result() for future in [both.submit(one) for _ in range(2)]]
        return [answer.status_code for answer in answers if answer is not None]

    def show(self, run_id: uuid.UUID) -> dict[str, Any] | None:
        """Return a run as its owner sees it; None = no answer came."""
        answer = self.ask(self.ordered[run_id][0], "GET", f"/api/runs/{run_id}")
        return answer.json() if answer is not None and answer.is_success else None

    # ---- watchers

    def _watch(self) -> None:
        while not self._stopping.is_set():
            if not self._unwatched:
                time.sleep(0.2)
                continue
            watched = Watched(self._unwatched.pop())
            self.watched.append(watched)
            while not watched.is_complete and not self._stopping.is_set():
                self._follow(watched)
                watched.reconnects += 1
                time.sleep(AGAIN_S)

    def _follow(self, watched: Watched) -> None:
        """Read a run's stream from the last event on, until it breaks or says that all is told."""
        last = watched.events[-1][0] if watched.events else 0
        headers = {"Authorization": f"Bearer {self._keys[self.ordered[watched.run_id][0]]}", "Last-Event-ID": str(last)}
        path = f"/api/runs/{watched.run_id}/events"
        try:
            with self._http.stream("GET", path, headers=headers, follow_redirects=True) as stream:
                if stream.status_code == httpx.codes.NO_CONTENT:
                    watched.is_complete = True
                elif stream.status_code == httpx.codes.OK:
                    for event in parsed(stream.iter_lines()):
                        watched.events.append(event)
                        if self._stopping.is_set():
                            return
        except httpx.TransportError:
            return

    def stop_ordering(self) -> None:
        """Wait for orders that are not accepted yet; no new one comes."""
        self._pool.shutdown()

    def stop(self, seconds: float = 60.0) -> None:
        """Let the watchers read what they are at, and end them."""
        deadline = time.monotonic() + seconds
        self._pool.shutdown(cancel_futures=True)
        self._unwatched.clear()
        while time.monotonic() < deadline and not all(watched.is_complete for watched in self.watched):
            time.sleep(0.2)
        self._stopping.set()
        for watcher in self._watchers:
            watcher.join()
        self._http.close()


def parsed(lines: Iterator[str]) -> Iterator[tuple[int, str, Any]]:
    """Yield the events of a stream: number, type, data. One that is cut off is none."""
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            event[name] = value
            continue
        if "id" in event:
            yield int(event["id"]), event["event"], json.loads(event["data"])
        event = {}


def an_order(rng: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a pipeline and a small request of it; no two are the same."""
    n, shape = rng.randrange(10**9), rng.choice(SHAPES)
    kinds: dict[str, Callable[[], dict[str, Any]]] = {
        "full-post": lambda: {"topic": f"What a {shape} teaches, lesson {n}", "slides": 5, "format": "1:1"},
        "images": lambda: {"prompts": [f"a {shape} seen from {n + far} metres away" for far in range(3)]},
        "ad": lambda: {"brief": f"A weekend at the {shape}, for families, offer {n}", "headline": "Come and see"},
    }
    pipeline = rng.choices(list(kinds), weights=(4, 4, 2))[0]
    return pipeline, kinds[pipeline]()
