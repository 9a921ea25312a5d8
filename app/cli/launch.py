"""Start the whole installation on this machine: `up` keeps it, `demo` needs it for one post."""

from __future__ import annotations

import itertools
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from app import logs, routes
from app.cli import checks, installation, screen, stack
from app.cli.client import ApiAway
from app.cli.installation import OwnerKey
from app.cli.migrate import bring_up
from app.cli.wishes import Wish, choose_ports
from app.db.migrate import FOLDER as MIGRATIONS
from app.embedded import paths
from app.embedded.lock import read_owner
from app.embedded.ports import LOOPBACK
from app.embedded.services import Services
from app.embedded.supervisor import Process, Supervisor, Terminated
from app.settings import KEY_SETTINGS, settings

SOURCES = MIGRATIONS.parent  # celeryconfig.py lies there
READY_S = 60.0
SANDBOX_DRAIN_S = 8.0  # a stand-in's call costs nothing when it is cut off
SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Machine:
    """What runs."""

    data_dir: Path
    api_url: str
    events_url: str
    flower_url: str | None
    is_sandboxed: bool
    key: OwnerKey
    supervisor: Supervisor | None = None
    """None = it is another process's."""
    processes: tuple[str, ...] = ()
    """The names of what is supervised, PostgreSQL and Redis among them if they are ours."""

    @property
    def is_gone(self) -> bool:
        """Whether it was another process's, which has ended or is about to."""
        if self.supervisor is not None:
            return False
        owner = read_owner(self.data_dir)
        return owner is None or "web" not in owner.ports

    def check(self) -> None:
        """Raise what makes waiting for it senseless. Raises ProcessKeepsDying, ServerFailed, ApiAway."""
        if self.supervisor is not None:
            self.supervisor.check()
        elif self.is_gone:
            raise ApiAway(
                f"the process that ran {self.data_dir} has ended; `{screen.program()} up` goes on with its work"
            )


@contextmanager
def started(services: Services, wish: Wish) -> Iterator[Machine]:
    """Run everything while the block lasts, with services that are ours. Raises EmbeddedError, SetupError."""
    if wish.sandbox:
        routes.routes()  # no key is needed
    else:
        routes.check()
    checks.require_pillow()
    _log_to_file(services.data_dir)
    chosen = choose_ports(wish)
    bring_up(services.database_url)
    is_sandboxed = wish.sandbox or settings().is_sandboxed
    env = _environment(services, wish, chosen, is_sandboxed=is_sandboxed)
    with installation.adopted(env):
        key = installation.owner_key(services.data_dir)
        processes = _processes(services.data_dir, wish, chosen, is_sandboxed=is_sandboxed)
        with Supervisor(services.data_dir, processes, servers=services.servers) as supervisor:
            with screen.step(_names(processes)):
                supervisor.wait_until_ready(READY_S)
            services.announce(_announced(chosen, wish, is_sandboxed=is_sandboxed))
            try:
                yield Machine(
                    services.data_dir,
                    chosen.api_url,
                    chosen.events_url,
                    chosen.flower_url if wish.flower else None,
                    is_sandboxed,
                    key,
                    supervisor,
                    (*(server.name for server in services.servers), *(process.name for process in processes)),
                )
            finally:
                services.announce({})  # who comes now waits for our end, and who is attached knows
                _stop(supervisor, processes)


@contextmanager
def attached(services: Services) -> Iterator[Machine]:
    """Yield what another process runs on the data dir; nothing of it is started or stopped here."""
    at = {name: f"http://{LOOPBACK}:{port}" for name, port in services.ports.items()}
    with installation.adopted(installation.environment(services)):
        key = installation.owner_key(services.data_dir)
        yield Machine(services.data_dir, at["web"], at.get("events", at["web"]), at.get("flower"), SANDBOX in at, key)


def end_in_order() -> None:
    """Let SIGTERM and a closed terminal end `with` blocks as Ctrl-C does, from the first line on.

    Under `nohup` the terminal may be closed.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, end)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, end)


def _environment(services: Services, wish: Wish, chosen: stack.Ports, *, is_sandboxed: bool) -> dict[str, str]:
    """Return what leads every process to this installation; an address that is set goes before ours."""
    env = installation.environment(services) | {"PYTHONPATH": os.pathsep.join(_python_path())}
    if "public_url" not in settings().model_fields_set:
        env["PRESSROOM_PUBLIC_URL"] = chosen.api_url
    if settings().events_url is None:
        env["PRESSROOM_EVENTS_URL"] = chosen.events_url
    if is_sandboxed:
        env["PRESSROOM_SANDBOX_URL"] = settings().sandbox_url or chosen.sandbox_url
    files = {
        "PRESSROOM_ROUTES": settings().routes_file,
        "PRESSROOM_PRICES": settings().prices_file,
        "PRESSROOM_MANUAL_WORK": settings().manual_work_file,
    }
    for name, own in files.items():
        if own is not None:
            env[name] = str(own)  # absolute: the processes run elsewhere
    if not wish.gives_way and "worker_niceness" not in settings().model_fields_set:
        env["PRESSROOM_WORKER_NICENESS"] = "0"
    if wish.sandbox:
        env |= dict.fromkeys(itertools.chain.from_iterable(KEY_SETTINGS.values()), "")
    return env


def _processes(data_dir: Path, wish: Wish, chosen: stack.Ports, *, is_sandboxed: bool) -> list[Process]:
    """Return what is to run, the sandbox first: it stops last, when nobody asks it any more."""
    drain_s = SANDBOX_DRAIN_S if is_sandboxed else stack.DRAIN_S
    processes = [*stack.web({}, chosen), *stack.workers({}, drain_s=drain_s), stack.beat({}, data_dir)]
    if is_sandboxed and settings().sandbox_url == chosen.sandbox_url:
        processes.insert(0, stack.sandbox(chosen.sandbox, latency=wish.latency))
    if wish.flower:
        password = installation.flower_password(data_dir)
        processes.append(stack.flower({}, chosen, settings().flower_user, password))
    # In the data dir there is no .env, and no folder `app` of somebody's own that Python would find first.
    return [replace(process, cwd=data_dir) for process in processes]


def _stop(supervisor: Supervisor, processes: Sequence[Process]) -> None:
    """Ask all at once to end, so that they finish their work at the same time, then wait for them in order."""
    for process in processes:
        pid = supervisor.pid(process.name)
        if process.name != SANDBOX and pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
    supervisor.stop()


def _announced(chosen: stack.Ports, wish: Wish, *, is_sandboxed: bool) -> dict[str, int]:
    said = {"web": chosen.web, "events": chosen.events}
    if wish.flower:
        said["flower"] = chosen.flower
    if is_sandboxed:
        said[SANDBOX] = chosen.sandbox
    return said


def _names(processes: Sequence[Process]) -> str:
    names = [process.name for process in processes if not process.name.startswith("worker-")]
    workers = len(processes) - len(names)
    return ", ".join([*names, f"{workers} workers"])


def _python_path() -> list[str]:
    before = os.environ.get("PYTHONPATH")
    return [str(SOURCES), *([before] if before else [])]


def _log_to_file(data_dir: Path) -> None:
    """Send what this process itself logs to a file beside those of its children."""
    handler = logging.FileHandler(paths.log_path(data_dir, "pressroom"))
    handler.setFormatter(logs.JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
