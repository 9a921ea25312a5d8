"""Places of readers that are taken, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from workers.web.browser import Readers


@contextmanager
def held(places: Readers, *users: str) -> Iterator[None]:
    """Take a place for each user."""
    with ExitStack() as taken:
        for user in users:
            taken.enter_context(places.place(user))
        yield
