"""A process that owns embedded services and supervised processes, for tests that kill it.

usage: owner.py DATA_DIR [stubborn]: with a child that ignores what it is told.
Says what it runs in one line of JSON, then works until its input ends or a signal comes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from app.embedded import guardian, paths
from app.embedded.services import running
from app.embedded.supervisor import Process, Supervisor

FAMILY = "sleep 1000 & sleep 1000 & echo up; wait"  # a child with children of its own
STUBBORN = "trap '' TERM INT; echo up; while true; do sleep 1000 & wait; done"


def main(data_dir: Path, *, is_stubborn: bool) -> None:
    logs = {name: paths.log_path(data_dir, name) for name in ("family", "stubborn")}
    earlier = {name: log.stat().st_size if log.exists() else 0 for name, log in logs.items()}

    def is_up(name: str) -> bool:
        return b"up" in logs[name].read_bytes()[earlier[name] :]

    processes = [Process("family", ["sh", "-c", FAMILY], ready=lambda: is_up("family"))]
    if is_stubborn:
        processes.append(Process("stubborn", ["sh", "-c", STUBBORN], ready=lambda: is_up("stubborn"), stop_grace_s=0.3))
    with running(data_dir) as services, Supervisor(data_dir, processes) as supervisor:
        supervisor.wait_until_ready(20)
        descendants = guardian.mark_of(os.getpid()).family()
        told = {
            "database_url": services.database_url,
            "redis_url": services.redis_url,
            "owned": services.owned,
            "children": [supervisor.pid(process.name) for process in processes],
            "marks": [[pid, process.create_time(), process.name()] for pid, process in descendants.items()],
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its jobs in the background ignore it
    main(Path(sys.argv[1]), is_stubborn="stubborn" in sys.argv[2:])
