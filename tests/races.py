"""Races for tests: many threads that start at the same moment, each with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app.domain.errors import PressroomError

T = TypeVar("T")


def together(deeds: Iterable[Callable[[], T]]) -> list[T | Exception]:
    """Do all `deeds` at once, a thread each; return each one's result, or the error that it met."""
    every = list(deeds)
    gate = threading.Barrier(len(every))

    def one(deed: Callable[[], T]) -> T | Exception:
        gate.wait(10)
        try:
            return deed()
        except (PressroomError, SQLAlchemyError) as exc:
            return exc

    with ThreadPoolExecutor(len(every)) as pool:
        return list(pool.map(one, every))


def winners(results: Iterable[T | Exception]) -> list[T]:
    """Return the results of those that met no error."""
    return [result for result in results if not isinstance(result, Exception)]


def losers(results: Iterable[T | Exception]) -> list[Exception]:
    """Return the errors of those that met one."""
    return [result for result in results if isinstance(result, Exception)]
