"""The stack that a storm hits: PostgreSQL, Redis and every process of one installation, each started again when it dies."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
from redis import Redis

from app.cli import stack
from app.embedded import cluster, paths, postgres, redis
from app.embedded.children import Child, Children
from app.embedded.ports import free_port
from app.embedded.supervisor import Process
from chaos.storm.bucket import Bucket
from harness import wait_for

START_AGAIN_S = 1.0  # as `pressroom up` does at first
WORKERS = ("worker-io-1", "worker-io-2", "worker-media", "worker-control")
PROCESSES = (*WORKERS, "beat", "web", "events")
GRACE_S = stack.DRAIN_S
CHAOS = Path(__file__).parents[1]


@dataclass
class Kept:
    """A process that is kept running."""

    process: Process
    child: Child | None = None
    log_from: int = 0
    start_again_at: float = 0.0
    """Of the monotonic clock."""
    dies_at: float | None = None
    """It was asked to end, and is killed at this moment."""
    is_wanted: bool = True


@dataclass
class Machine:
    """Everything of one installation that runs; use as a context manager with `running`."""

    data_dir: Path
    logs: Path
    """Where the logs of all processes lie when it is over."""
    bucket: Bucket
    routes: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of every process, besides where all is."""
    ports: stack.Ports = field(default_factory=lambda: stack.Ports(free_port(), free_port(), free_port(), free_port()))
    kept: dict[str, Kept] = field(default_factory=dict)
    outlived: list[str] = field(default_factory=list)
    """Processes that a SIGTERM had not ended after GRACE_S."""
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Make the thread that looks after the processes."""
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run all of it while the block lasts."""
        paths.prepare(self.data_dir)
        self._children = Children(self.data_dir)
        try:
            self._redis = redis.start(self._children, self.data_dir)
            self._postgres = postgres.start(self._children, self.data_dir)
            self.redis_url, self.database_url = self._redis.url, self._postgres.url
            yield
        finally:
            self._stopping.set()
            if self._keeper.is_alive():
                self._keeper.join()
            for one in self.kept.values():
                if one.child is not None:
                    one.child.signal(signal.SIGKILL)
            self._children.close(5.0)
            shutil.move(self.data_dir / "logs", self.logs)
            cluster.discard(self.data_dir)

    def start_processes(self) -> None:
        """Start every process and wait until all of them do their work."""
        for process in self._processes():
            self.kept[process.name] = Kept(process)
        self.keep_second_beat(wanted=False)
        self._keeper.start()
        for name in (*PROCESSES, "sandbox"):
            wait_for(lambda name=name: self.is_ready(name), seconds=60, what=f"{name} is ready")

    @property
    def env(self) -> dict[str, str]:
        """The settings of every process."""
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PRESSROOM_DATA_DIR": str(self.data_dir),
            "PRESSROOM_ROUTES": str(self.routes),
            "PRESSROOM_SANDBOX_URL": self.ports.sandbox_url,
            "PRESSROOM_PUBLIC_URL": self.ports.api_url,
            "PRESSROOM_EVENTS_URL": self.ports.events_url,
            **self.bucket.env,
            **self.settings,
        }

    def _processes(self) -> Sequence[Process]:
        workers = [
            replace(one, command=(*one.command, "--include", "every_message_thrice"))
            for one in stack.workers({**self.env, "PYTHONPATH": str(CHAOS)}, drain_s=GRACE_S)
        ]
        beats = [stack.beat(self.env, self.data_dir)]
        second = replace(beats[0], name="beat-2")
        second = replace(second, command=tuple(part.replace("beat-schedule", "beat-2") for part in second.command))
        ours = [*workers, *beats, second, *stack.web(self.env, self.ports)]
        armed = [replace(one, env={**one.env, "PRESSROOM_FAILPOINTS": str(self._armed(one.name))}) for one in ours]
        return [stack.sandbox(self.ports.sandbox, latency="fixed:0.3"), *armed]

    def _armed(self, name: str) -> Path:
        folder = self.data_dir / "failpoints" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # ---- what is done to processes

    def arm(self, name: str, point: str) -> Path:
        """Have a process die at a point; return the file that is gone then."""
        token = self._armed(name) / point
        token.touch()
        return token

    def disarm(self) -> None:
        """Let nobody die any more."""
        for token in (self.data_dir / "failpoints").glob("*/*"):
            token.unlink(missing_ok=True)

    def kill(self, name: str) -> None:
        """End a process with SIGKILL; its children follow at once."""
        with self._lock:
            child = self.kept[name].child
            if child is not None:
                child.signal(signal.SIGKILL)

    def kill_a_child(self, name: str, which: float) -> bool:
        """Kill one of a process' own children; return whether it has one. which: 0..1, of the oldest to the newest."""
        child = self.kept[name].child
        with suppress(psutil.Error):
            inner = psutil.Process(child.pid).children() if child is not None else []
            if inner:
                inner[int(which * len(inner))].kill()
                return True
        return False

    def terminate(self, name: str) -> None:
        """Ask a process to end."""
        with self._lock:
            kept = self.kept[name]
            if kept.child is not None and kept.dies_at is None:
                kept.child.signal(signal.SIGTERM)
                kept.dies_at = time.monotonic() + GRACE_S

    def keep_second_beat(self, *, wanted: bool) -> None:
        """Have a second beat, or none."""
        kept = self.kept["beat-2"]
        kept.is_wanted = wanted
        if not wanted:
            self.terminate("beat-2")

    def is_ready(self, name: str) -> bool:
        """Return whether a process runs and does its work."""
        kept = self.kept[name]
        if kept.child is None or kept.dies_at is not None or kept.child.exit_code() is not None:
            return False
        if kept.process.ready is not None:
            return kept.process.ready()
        if not name.startswith("worker"):
            return True
        with self._log(name).open("rb") as log:
            log.seek(kept.log_from)
            return b" ready." in log.read()

    def _log(self, name: str) -> Path:
        return paths.log_path(self.data_dir, name)

    def _keep(self) -> None:
        while not self._stopping.wait(0.1):
            for kept in self.kept.values():
                with self._lock:
                    self._look_after(kept)

    def _look_after(self, kept: Kept) -> None:
        now = time.monotonic()
        if kept.child is None:
            if kept.is_wanted and now >= kept.start_again_at:
                self._start(kept)
            return
        if kept.dies_at is not None and now > kept.dies_at:
            self.outlived.append(kept.process.name)
            kept.child.signal(signal.SIGKILL)
        if kept.child.exit_code() is not None:
            kept.child.stop(0.0)
            kept.child, kept.dies_at, kept.start_again_at = None, None, now + START_AGAIN_S

    def _start(self, kept: Kept) -> None:
        name = kept.process.name
        with (self._log(name)).open("ab") as log:
            kept.log_from = log.tell()
            kept.child = self._children.start(
                name,
                list(kept.process.command),
                stdout=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **kept.process.env},
            )

    # ---- what is done to services

    def restart_redis(self) -> None:
        """Kill Redis and start it on its file."""
        self._redis.child.signal(signal.SIGKILL)
        self._redis.child.wait(10)
        self._redis.child.stop(0.0)
        time.sleep(1.0)
        self._redis = redis.start(self._children, self.data_dir)

    def empty_redis(self) -> None:
        """Make Redis forget everything."""
        with Redis.from_url(self.redis_url) as client:
            client.flushall()

    def restart_postgres(self, *, immediate: bool) -> None:
        """Stop PostgreSQL, cutting every session off, and start it on its files. immediate: as if it had crashed."""
        self._postgres.child.signal(signal.SIGQUIT if immediate else signal.SIGINT)
        self._postgres.child.wait(30)
        self._postgres.child.stop(0.0)
        time.sleep(0.5)
        self._postgres = postgres.start(self._children, self.data_dir)
