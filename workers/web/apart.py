"""Feeds and pages of strangers, read in a process of its own that ends when its time or its memory is used up.

`feedparser` and `trafilatura` look through what they read with many patterns, of which some take the square of the
length: an author's name of 40 kB takes the one 6 s, a paragraph of 28,000 links the other 128 s. Who is inside such a
pattern can neither be stopped nor lets the other threads of its process go on. Bounds refuse early what is known to be
slow; this holds for the rest as well. Beginning a process takes 0.2 s for a feed, 0.5 s for a page.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from app.domain.errors import FetchFailed, SourceRefused
from workers.web import article, feeds

MAX_CPU_S = 15  # the slowest that is not refused takes about 3 s here; other machines take three times as long
MAX_MEMORY_BYTES = 1 << 30  # what is honest takes a third of it at most
MAX_S = 30.0  # on a machine that has too much to do
AGAIN_S = 5.0  # whoever got no place looks again: most pages are read in less
AT_ONCE = threading.BoundedSemaphore(2)  # of one worker's threads: all of them at once would take its memory
MAX_LAST_WORDS = 2_000


def items(
    body: bytes, content_type: str, url: str, charset: str | None = None, *, max_cpu_s: int = MAX_CPU_S
) -> list[feeds.Item]:
    """Return what `feeds.items` does, in a process of its own.

    Raises as `feeds.items`: too_complex also for what takes too long. FetchFailed when the machine is too busy: no_reader
    when it was not begun, busy when it was.
    """
    told = _asked("feed", [content_type, url, charset], body, max_cpu_s)
    return [
        feeds.Item(**{**one, "published": one["published"] and datetime.fromisoformat(one["published"])})
        for one in told
    ]


def text(html: str, url: str, *, max_cpu_s: int = MAX_CPU_S) -> article.Article:
    """Return what `article.text` does, in a process of its own. Raises as `article.text`, and as `items`."""
    told = _asked("article", [url], html.encode("utf-8", "replace"), max_cpu_s)
    return article.Article(**{**told, "published": told["published"] and date.fromisoformat(told["published"])})


def _asked(kind: str, about: list[str | None], body: bytes, max_cpu_s: int) -> Any:
    """Have a process read a body, and return what it says as JSON."""
    if not AT_ONCE.acquire(timeout=MAX_S):
        raise no_reader()
    try:
        done = subprocess.run(  # noqa: S603 - this module
            [sys.executable, "-P", "-m", __name__],
            input=json.dumps([kind, max_cpu_s, *about]).encode() + b"\n" + body,
            capture_output=True,
            timeout=MAX_S,
            check=False,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},  # and no key of ours
            start_new_session=True,  # Ctrl-C lets workers finish what they do
        )
    except subprocess.TimeoutExpired as exc:
        raise _busy() from exc
    finally:
        AT_ONCE.release()
    if done.returncode == -signal.SIGXCPU:
        raise SourceRefused("it takes too long to read", code=f"{kind}_refused:too_complex")
    if done.returncode < 0:  # somebody ended it: the system for want of memory, or an operator
        raise _busy()
    if done.returncode:
        broken = subprocess.CalledProcessError(done.returncode, done.args)
        broken.add_note(done.stderr.decode("utf-8", "replace")[-MAX_LAST_WORDS:])
        raise broken
    told = json.loads(done.stdout)
    if "refused" in told:
        raise SourceRefused(told["refused"], code=told["code"])
    return told["read"]


def no_reader(again_s: float = AGAIN_S) -> FetchFailed:
    """Return what is raised where this process has no place for one reader more; again_s: when to look again, in seconds."""
    told = "this machine reads as many pages as it may"
    return FetchFailed(told, why="no_reader", permanent=False, retry_after_s=again_s)


def _busy() -> FetchFailed:
    return FetchFailed("there was no time to read it on this machine", why="busy", permanent=False)


# ---- in the process


def _main() -> None:
    """Read what standard input holds, and say on standard output what it says."""
    header, _, body = sys.stdin.buffer.read().partition(b"\n")
    kind, max_cpu_s, *about = json.loads(header)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (max_cpu_s, max_cpu_s + 1))
    told: dict[str, Any]
    try:
        told = {"read": _read(kind, about, body)}
    except SourceRefused as exc:
        told = {"refused": str(exc), "code": exc.code}
    except MemoryError:
        told = {"refused": "it takes too much memory to read", "code": f"{kind}_refused:too_complex"}
    json.dump(told, sys.stdout, default=lambda moment: moment.isoformat())


def _read(kind: str, about: list[str], body: bytes) -> Any:
    if kind == "feed":
        return [asdict(item) for item in feeds.items(body, *about)]
    return asdict(article.text(body.decode(), *about))


if __name__ == "__main__":
    _main()
