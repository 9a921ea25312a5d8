"""Logs: one JSON line per event, with ids; never prompts, keys or pictures.

Whoever begins a request, a step or a call binds its ids once; every line within bears them, whoever writes it.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

_ids: ContextVar[Mapping[str, str]] = ContextVar("log_ids", default=MappingProxyType({}))
MOST_CAUSES = 10
_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Have every line of this thread bear `ids` until the block ends, beside those that are bound already."""
    token = _ids.set({**_ids.get(), **_as_text(ids)})
    try:
        yield
    finally:
        _ids.reset(token)


def ids() -> Mapping[str, str]:
    """Return the ids that lines of this thread bear."""
    return _ids.get()


def bind_only(ids: Mapping[str, object]) -> None:
    """Have every line of this thread bear these ids and no others: at the edge of a request, and in helping threads."""
    _ids.set(_as_text(ids))


def _as_text(ids: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in ids.items()}


class WithIds(logging.Filter):
    """Lets every record pass, and adds the bound ids that it does not have itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True."""
        for name, value in _ids.get().items():
            record.__dict__.setdefault(name, value)
        return True


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: time, level, event, logger and the extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in _PLAIN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        """Return the trace, causes first, without the values that errors of data quote: users wrote them."""
        told: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None and len(told) < MOST_CAUSES:
            frames = "".join(traceback.format_tb(error.__traceback__))
            told.append(f"{frames}{type(error).__qualname__}: {_without_values(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n\n".join(reversed(told))


def _without_values(error: BaseException) -> str:
    """Return an error's words: of pydantic where and what, of PostgreSQL no row (its DETAIL)."""
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in found)
    return str(error).partition("\nDETAIL:")[0]


def configure(level: int = logging.INFO) -> None:
    """Write this process' logs to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(WithIds())  # of the handler: a logger's own filters do not see what its children write
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "botocore", "urllib3", "PIL"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
