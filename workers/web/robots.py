"""What a site lets machines read: robots.txt as RFC 9309 has it, and the pause between pages that it asks for.

Asked for every page, also one that a user named: our visit is a machine's, and articles of a feed were named by nobody.
Not asked for a feed that a user named: a feed is published to be read by machines on somebody's behalf, RFC 9309 is
about crawlers, and a reader that someone pointed at one address does not crawl.
`urllib.robotparser` reads an older draft: the first rule that fits instead of the longest, and no wildcards.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar
from urllib.parse import quote

from app.domain.errors import FetchFailed, UrlRefused
from workers.web.exchange import PRODUCT, follow
from workers.web.guard import Target
from workers.web.outside import OUTSIDE, Outside

T = TypeVar("T")

KEPT_S = 600.0  # RFC 9309, 2.4: at most a day
UNREACHABLE_S = 30.0  # a site whose robots.txt does not come is asked again soon
MAX_HOSTS = 500
MAX_BYTES = 512 * 1024  # RFC 9309, 2.5: at least 500 KiB; what is longer is not read, as if it were not there
MAX_KEPT_CHARS = 32_000_000  # of all hosts together, about as many bytes; one host's can be a fifth of it
RULE_CHARS = 120  # what keeping a rule takes beside its path
FETCH_S = 10.0
MAX_CRAWL_DELAY_S = 10.0  # what asks for more gets this
MAX_WAIT_S = 5.0  # longer waits are the step's: a worker's thread is not for sleeping
ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
TOKEN = re.compile(r"[A-Za-z_-]+")


@dataclass(frozen=True, slots=True)
class Rules:
    """What one robots.txt says to us."""

    paths: Mapping[str, bool] = field(default_factory=dict)
    """Each path with its wildcards, and whether it may be read."""
    crawl_delay_s: float = 0.0
    chars: int = 0
    """About how many bytes keeping these takes."""

    def may_read(self, path: str) -> bool:
        """Return whether a path with its query may be read: the longest rule decides, and of two the kinder one."""
        path = _normal(path).replace("*", "%2A").replace("$", "%24")
        fitting = [(len(rule), may_read) for rule, may_read in self.paths.items() if _fits(rule, path)]
        return max(fitting, default=(0, True))[1]


@dataclass(slots=True)
class _Group:
    """What the groups of one name say, joined."""

    paths: dict[str, bool] = field(default_factory=dict)
    crawl_delay_s: float = 0.0

    def add(self, key: str, value: str) -> None:
        """Add what one line says."""
        if key == "crawl-delay":
            self.crawl_delay_s = _seconds(value)
        elif value:  # an empty one says nothing
            path = _normal(value)
            self.paths[path] = key == "allow" or self.paths.get(path, False)


def read(text: str, product: str = PRODUCT) -> Rules:
    """Return what a robots.txt says to a product: its own groups joined, else those for everybody.

    What is told to others is passed over, and a path is kept once however often it is said. So no more is kept than the
    file holds: of MAX_BYTES at most some 50,000 rules. All of these are obeyed, none is left out for being too many.
    """
    groups: dict[str, _Group] = {}
    names: set[str] = set()
    is_open = False  # whether more names may join the group
    for key, value in _lines(text):
        if key == "user-agent":
            names = {*(names if is_open else ()), _token(value)} & {product.lower(), "*"}
            is_open = True
            for name in names:
                groups.setdefault(name, _Group())
        elif key in ("allow", "disallow", "crawl-delay"):
            is_open = False
            for name in names:
                groups[name].add(key, value)
    found = groups.get(product.lower()) or groups.get("*") or _Group()
    return Rules(found.paths, found.crawl_delay_s, sum(RULE_CHARS + len(path) for path in found.paths))


class Robots:
    """The robots.txt of the sites that this process visited lately, and when each may be visited again."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, Rules | FetchFailed]] = OrderedDict()
        self._next: OrderedDict[str, float] = OrderedDict()

    def permit(self, target: Target, *, ends: float, outside: Outside = OUTSIDE) -> None:
        """Return when a page may be read now, after the pause that its site asks for (at most MAX_WAIT_S).

        ends: moment of the monotonic clock. Raises FetchFailed with `fetch_failed:` and robots (it may not be read),
        robots_unreachable or crawl_delay (later it may be).
        """
        if target.path == "/robots.txt":
            return
        rules = self._rules(target, ends, outside)
        if not rules.may_read(target.target):
            raise FetchFailed(f"{target.host} lets no machine read this page", why="robots", permanent=True)
        if rules.crawl_delay_s:
            self._wait(target, rules.crawl_delay_s, ends)

    def _rules(self, target: Target, ends: float, outside: Outside) -> Rules:
        with self._lock:
            until, known = self._known.get(target.origin, (0.0, None))
        if known is None or until <= self._clock():
            known = _fetched(target, min(ends, time.monotonic() + FETCH_S), outside)
            kept_s = KEPT_S if isinstance(known, Rules) else UNREACHABLE_S
            with self._lock:
                _keep(self._known, target.origin, (self._clock() + kept_s, known))
                self._forget()
        if isinstance(known, FetchFailed):
            raise known.with_traceback(None)  # or it would grow with each time that it is raised
        return known

    def _forget(self) -> None:
        """Forget the oldest rules while all together take more than MAX_KEPT_CHARS; they are asked for again when needed."""
        sizes = {origin: known.chars for origin, (_, known) in self._known.items() if isinstance(known, Rules)}
        chars = sum(sizes.values())
        for origin, size in sizes.items():
            if chars <= MAX_KEPT_CHARS:
                return
            del self._known[origin]
            chars -= size

    def _wait(self, target: Target, delay_s: float, ends: float) -> None:
        """Sleep until the site's next turn, which is taken here so that no other thread of this process has it."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next.get(target.origin, now))
            wait_s = turn - now
            if wait_s <= min(MAX_WAIT_S, ends - time.monotonic()):
                _keep(self._next, target.origin, turn + delay_s)
            else:
                raise FetchFailed(
                    f"{target.host} asks for a pause of {delay_s:.0f} s between pages",
                    why="crawl_delay",
                    permanent=False,
                    retry_after_s=wait_s,
                )
        if wait_s > 0:
            self._sleep(wait_s)


@cache
def robots() -> Robots:
    """Return this process' own."""
    return Robots()


def _fetched(target: Target, ends: float, outside: Outside) -> Rules | FetchFailed:
    """Return a site's rules, or why nobody may read there for now (RFC 9309, 2.3.1).

    A refusal (4xx) or a circle of redirects means that there are no rules. Not so 429, for whoever says that wants to
    see less of us.
    """
    url = f"{target.origin}/robots.txt"
    try:
        found = follow(url, accept=(), max_bytes=MAX_BYTES, ends=ends, is_cut=True, outside=outside)
    except FetchFailed as exc:
        if exc.permanent and (exc.status is not None or exc.code == "fetch_failed:redirects"):
            return Rules()
        wait_s = max(exc.retry_after_s or 0.0, UNREACHABLE_S)
    except UrlRefused:
        wait_s = UNREACHABLE_S
    else:
        return read(_whole_lines(found.body))
    return FetchFailed(
        f"what {target.host} lets machines read cannot be told: its robots.txt does not come",
        why="robots_unreachable",
        permanent=False,
        retry_after_s=wait_s,
    )


def _whole_lines(body: bytes) -> str:
    """Return a robots.txt without a last line that was cut: of `Allow: /open` could be left `Allow: /`."""
    text = body.decode("utf-8-sig", "replace")
    return text if len(body) < MAX_BYTES else text[: max(text.rfind("\n"), text.rfind("\r")) + 1]


def _keep(kept: OrderedDict[str, T], key: str, value: T) -> None:
    """Keep a value as the newest, and no more than MAX_HOSTS."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > MAX_HOSTS:
        kept.popitem(last=False)


def _lines(text: str) -> Iterable[tuple[str, str]]:
    for line in re.split(r"\r\n|\r|\n", text):
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _token(value: str) -> str:
    """Return the product's name of a user-agent line, without what follows it."""
    found = TOKEN.match(value)
    return "*" if value.startswith("*") else found[0].lower() if found else ""


def _seconds(value: str) -> float:
    try:
        return min(max(0.0, float(value)), MAX_CRAWL_DELAY_S)  # in this order NaN becomes 0
    except ValueError:
        return 0.0


def _normal(path: str) -> str:
    """Return a path so that equal ones look equal: nothing escaped without need, the rest in capitals."""

    def one(found: re.Match[str]) -> str:
        char = chr(int(found[1], 16))
        return char if char in UNRESERVED else found[0].upper()

    return ESCAPED.sub(one, quote(path, safe="!#$%&'()*+,/:;=?@[]~"))


def _fits(rule: str, path: str) -> bool:
    """Return whether a rule fits the beginning of a path: `*` is anything, `$` at the end is the path's end."""
    is_whole = rule.endswith("$")
    first, *others = rule.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not others:
        return not is_whole or len(path) == len(first)
    at = len(first)
    for part in others[:-1]:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    last = others[-1]
    return path.endswith(last) and len(path) - len(last) >= at if is_whole else path.find(last, at) >= 0
