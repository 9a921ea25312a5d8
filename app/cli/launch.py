"""Start the whole installation on this machine: `up` keeps it, `demo` needs it for one post."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from app import logs
from app.cli import installation, screen, stack
from app.cli.installation import OwnerKey
from app.db.migrate import FOLDER as MIGRATIONS
from app.db.migrate import migrate
from app.embedded import paths, ports
from app.embedded.errors import PortInUse
from app.embedded.ports import LOOPBACK
from app.embedded.services import Services
from app.embedded.supervisor import Process, Supervisor, Terminated
from app.settings import settings

SOURCES = MIGRATIONS.parent  # celeryconfig.py lies there
READY_S = 60.0
TRIES = 100  # ports after a default one
SANDBOX_DRAIN_S = 8.0  # a stand-in's call costs nothing when it is cut off
SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for; a port of None = the usual one, or the next that is free."""

    host: str = LOOPBACK
    port: int | None = None
    events_port: int | None = None
    flower_port: int | None = None
    sandbox_port: int | None = None
    latency: str = "brief"
    """How long the sandbox takes: instant, brief, fixed:SECONDS."""
    flower: bool = True
    sandbox: bool = False
    """Use the sandbox although a provider's key is set."""


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
    """The names of what is supervised."""

    def check(self) -> None:
        """Raise what ended a process of ours for good. Raises ProcessKeepsDying."""
        if self.supervisor is not None:
            self.supervisor.check()


@contextmanager
def started(services: Services, wish: Wish) -> Iterator[Machine]:
    """Run everything while the block lasts, with services that are ours. Raises EmbeddedError."""
    _log_to_file(services.data_dir)
    chosen = choose_ports(wish)
    with screen.step("database schema"):
        migrate(services.database_url)
    is_sandboxed = wish.sandbox or settings().is_sandboxed
    env = _environment(services, wish, chosen, is_sandboxed=is_sandboxed)
    installation.adopt(env)
    key = installation.owner_key(services.data_dir)
    processes = _processes(services.data_dir, wish, chosen, is_sandboxed=is_sandboxed)
    supervisor = Supervisor(services.data_dir, processes)
    with supervisor:
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
                tuple(process.name for process in processes),
            )
        finally:
            _stop(supervisor, processes)


def attached(services: Services) -> Machine:
    """Return what another process runs on the data dir; nothing of it is started or stopped here."""
    installation.adopt(installation.environment(services))
    at = {name: f"http://{LOOPBACK}:{port}" for name, port in services.ports.items()}
    key = installation.owner_key(services.data_dir)
    return Machine(
        services.data_dir, at["web"], at.get("events", at["web"]), at.get("flower"), SANDBOX in at, key
    )


def end_in_order() -> None:
    """Let SIGTERM and a closed terminal end `with` blocks as Ctrl-C does, from the first line on."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def choose_ports(wish: Wish) -> stack.Ports:
    """Return a port for each: the one asked for, or the usual one, or the next that is free. Raises PortInUse."""
    taken: set[int] = set()

    def choose(asked: int | None, usual: int, option: str, host: str) -> int:
        if asked is not None:
            ports.require_free(asked, option, host)
            taken.add(asked)
            return asked
        for port in range(usual, usual + TRIES):
            if port not in taken and ports.is_free(port, host):
                taken.add(port)
                return port
        raise PortInUse(usual, option)

    return stack.Ports(
        web=choose(wish.port, 8000, "--port", wish.host),
        events=choose(wish.events_port, 8001, "--events-port", wish.host),
        flower=choose(wish.flower_port, 5555, "--flower-port", LOOPBACK),
        sandbox=choose(wish.sandbox_port, 9000, "--sandbox-port", LOOPBACK),
        host=wish.host,
    )


def _environment(services: Services, wish: Wish, chosen: stack.Ports, *, is_sandboxed: bool) -> dict[str, str]:
    """Return what leads every process to this installation; an address that is set goes before ours."""
    env = installation.environment(services) | {"PYTHONPATH": os.pathsep.join(_python_path())}
    if "public_url" not in settings().model_fields_set:
        env["PRESSROOM_PUBLIC_URL"] = chosen.api_url
    if settings().events_url is None:
        env["PRESSROOM_EVENTS_URL"] = chosen.events_url
    if is_sandboxed:
        env["PRESSROOM_SANDBOX_URL"] = settings().sandbox_url or chosen.sandbox_url
    if wish.sandbox:
        env["AI_GATEWAY_API_KEY"] = ""
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
