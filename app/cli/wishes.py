"""What the command line asked of a machine, and the ports that it gets."""

from __future__ import annotations

from dataclasses import dataclass

from app.cli import stack
from app.embedded import ports
from app.embedded.errors import PortInUse
from app.embedded.ports import LOOPBACK

TRIES = 100  # ports after a usual one


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
    gives_way: bool = True
    """Workers leave the cores to the API (see PRESSROOM_WORKER_NICENESS); not where one person waits for one post."""


def choose_ports(wish: Wish) -> stack.Ports:
    """Return a port for each: the one asked for, or the usual one, or the next that is free. Raises PortInUse."""
    taken: set[int] = set()

    def choose(name: str, asked: int | None, option: str, host: str = LOOPBACK) -> int:
        if asked is not None:
            ports.require_free(asked, option, host)
            taken.add(asked)
            return asked
        usual = stack.USUAL_PORTS[name]
        for port in range(usual, usual + TRIES):
            if port not in taken and ports.is_free(port, host):
                taken.add(port)
                return port
        raise PortInUse(usual, option)

    return stack.Ports(
        web=choose("web", wish.port, "--port", wish.host),
        events=choose("events", wish.events_port, "--events-port", wish.host),
        flower=choose("flower", wish.flower_port, "--flower-port"),
        sandbox=choose("sandbox", wish.sandbox_port, "--sandbox-port"),
        host=wish.host,
    )
