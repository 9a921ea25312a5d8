"""Real workers under real faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from app.cli import stack
from app.embedded.supervisor import Supervisor
from harness import Installation, wait_for

WORKERS = ("worker-io-1", "worker-io-2", "worker-media", "worker-control")
FAST = {"PRESSROOM_LEASE": "3", "PRESSROOM_RESEND_AFTER": "2"}
"""Settings for faults whose default patience is not what the test is about."""


@dataclass(frozen=True, slots=True)
class Workers:
    """The worker processes of one test."""

    installation: Installation
    supervisor: Supervisor

    def kill(self, name: str) -> None:
        """Kill one worker and its children with SIGKILL; the supervisor starts it again."""
        pid = self.supervisor.pid(name)
        assert pid is not None
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for process in family:
            process.kill()

    def pids(self) -> list[int | None]:
        """Return the process of each worker now."""
        return [self.supervisor.pid(name) for name in WORKERS]

    def wait_until_listening(self) -> None:
        """Return when every worker takes messages."""
        for name in WORKERS:
            log = self.supervisor.log_path(name)
            wait_for(lambda log=log: b" ready." in log.read_bytes(), what=f"{name} takes messages")


@pytest.fixture
def start_workers(installation: Installation, run_processes: Callable[..., Supervisor]) -> Callable[..., Workers]:
    """Return a function that starts all workers and beat, with more settings and modules for the workers if given."""

    def start(*, include: str | None = None, **extra: str) -> Workers:
        def processes(env: dict[str, str]) -> list[stack.Process]:
            if include:
                env = {**env, "PYTHONPATH": str(Path(__file__).parent)}
            made = stack.workers(env, drain_s=3)
            if include:
                made = [replace(process, command=(*process.command, "--include", include)) for process in made]
            return [*made, stack.beat(env, installation.data_dir)]

        workers = Workers(installation, run_processes(processes, **extra))
        workers.wait_until_listening()
        return workers

    return start
