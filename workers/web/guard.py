"""The one guard of addresses that users name: what may be asked, and the machine that it is pinned to.

A url that a user supplies must not make this process ask what only the inside can reach. So the host's name is
resolved once, every address of it has to be public, and the connection goes to a checked address, never to the name:
a name that leads elsewhere a moment later changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import httpx

from app.domain.errors import FetchFailed, UrlRefused
from app.settings import settings
from workers.web.addresses import Address, is_metadata, is_public
from workers.web.outside import OUTSIDE, Outside

MAX_URL_CHARS = 2048
MAX_HOST_CHARS = 253  # RFC 1035
DNS_S = 5.0
PORTS = {"http": 80, "https": 443}
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label like this makes a host an IPv4 address (WHATWG URL, 3.5)


@dataclass(frozen=True, slots=True)
class Target:
    """A url that was checked, in parts; a request is made of these and of nothing else."""

    scheme: str
    host: str
    """In ASCII, lower case; an IPv6 address without brackets."""
    port: int
    target: str = field(repr=False)
    """Path and query, which may hold secrets: what is printed is logged."""
    addresses: tuple[str, ...]
    """Where the host may be reached: all of its addresses, each one checked."""

    @property
    def path(self) -> str:
        """The path without the query, which may hold secrets."""
        return self.target.partition("?")[0]

    @property
    def authority(self) -> str:
        """Host and port as the Host header wants them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The url as it is asked: ASCII, no fragment, no credentials."""
        return self.origin + self.target

    @property
    def origin(self) -> str:
        """Scheme, host and port, for example https://example.com."""
        return f"{self.scheme}://{self.authority}"


def checked(url: str, *, timeout_s: float = DNS_S, outside: Outside = OUTSIDE) -> Target:
    """Return the target of a url that a user named, once its host is resolved and every address of it may be reached.

    Raises UrlRefused with `url_refused:` and syntax, too_long, scheme, credentials, host, port or not_public;
    FetchFailed when the name cannot be resolved.
    """
    parsed, host = _read(url)
    port = PORTS[parsed.scheme] if parsed.port is None else parsed.port
    if port not in settings().fetch_ports:
        raise UrlRefused(f"port {port} is not asked; leave the port out of the url", why="port")
    literal = _address(host)
    addresses = [host] if literal else outside.resolve(host, timeout_s)
    if not addresses:
        raise FetchFailed(f"the host {host} has no address", why="unknown_host", permanent=True)
    allowed = _allowed(settings().fetch_allow)
    if not all((address := _address(one)) and allowed.reaches(host, address) for one in addresses):
        raise UrlRefused(f"{host} does not lie on the public Internet", why="not_public")
    return Target(parsed.scheme, host, port, parsed.raw_path.decode("ascii"), tuple(addresses))


def _read(url: str) -> tuple[httpx.URL, str]:
    """Return the url's parts and its host in ASCII, after all that can be told without asking anybody."""
    if len(url) > MAX_URL_CHARS:
        raise UrlRefused(f"the url is longer than {MAX_URL_CHARS} characters", why="too_long")
    if any(char.isspace() or char == "\\" or not char.isprintable() for char in url):
        raise UrlRefused("the url holds spaces, backslashes or control characters", why="syntax")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as exc:
        raise UrlRefused("the url cannot be read", why="syntax") from exc
    if parsed.scheme not in PORTS:
        raise UrlRefused("only http and https urls are asked", why="scheme")
    if parsed.userinfo:
        raise UrlRefused("the url holds a user name or password; take them out", why="credentials")
    host = parsed.raw_host.decode("ascii").removesuffix(".")
    if not (_address(host) or _is_name(host)):
        raise UrlRefused("the url's host is neither a name nor a plainly written address", why="host")
    return parsed, host


def _is_name(host: str) -> bool:
    """Whether a host is a name: decimal, octal, hexadecimal and short forms of addresses are none."""
    labels = host.split(".")
    return (
        len(host) <= MAX_HOST_CHARS
        and all(LABEL.fullmatch(label) for label in labels)
        and not NUMBER.fullmatch(labels[-1])
    )


def _address(text: str) -> Address | None:
    """Return an address in its plain form; None for anything else, also for one that names an interface."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What the operator lets users reach beside the public Internet (PRESSROOM_FETCH_ALLOW)."""

    hosts: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]

    def reaches(self, host: str, address: Address) -> bool:
        if is_metadata(address):
            return False
        return is_public(address) or host in self.hosts or any(address in network for network in self.networks)


@lru_cache(maxsize=8)
def _allowed(entries: tuple[str, ...]) -> _Allowed:
    hosts, networks = set(), []
    for entry in entries:
        try:
            networks.append(ip_network(entry))
        except ValueError:
            hosts.add(entry)
    return _Allowed(frozenset(hosts), tuple(networks))
