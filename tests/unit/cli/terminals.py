"""A terminal of a chosen width, or a pipe, that remembers what was printed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from app.cli import screen

WIDTHS = pytest.mark.parametrize("width", [80, 100, 120])


class Terminal:
    """What was printed on a terminal of some width, or into a pipe."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._file = io.StringIO()

    def opened(self, width: int | None) -> None:
        """Print into a terminal from now on; None = a pipe."""
        is_terminal = width is not None
        console = Console(
            file=self._file, width=width or screen.PIPE_WIDTH, force_terminal=is_terminal, color_system=None,
            highlight=False,
        )  # fmt: skip
        self._monkeypatch.setattr(screen, "out", lambda: console)

    @property
    def lines(self) -> list[str]:
        """What stands there."""
        return [line.rstrip() for line in self._file.getvalue().splitlines()]
