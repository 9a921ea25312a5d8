"""Work that another process does, for this code never imports the workers: it tells JSON lines, we show a bar."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli import screen
from app.domain.errors import SetupError


def watched(module: str, options: Sequence[str], *, doing: str, failed: str) -> dict[str, Any]:
    """Run `python -m module`, show how far it is, and return the last line that it told.

    Lines with `total` and `done` move the bar. doing: what stands beside it. failed: how its error begins. Raises
    SetupError with the process' last words.
    """
    told: dict[str, Any] = {}
    columns = TextColumn("{task.description}"), BarColumn(40), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=screen.out(), transient=True, disable=not screen.out().is_terminal) as progress:
        task = progress.add_task(doing, total=None)
        for told in _lines(module, options, failed):
            if "total" in told:
                progress.update(task, completed=told["done"], total=told["total"])
    return told


def _lines(module: str, options: Sequence[str], failed: str) -> Iterator[dict[str, Any]]:
    argv = [sys.executable, "-m", module, *options]
    with tempfile.TemporaryFile("w+") as errors:  # a pipe that nobody reads would fill up and stop the process
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors, text=True) as process:  # noqa: S603 - ours
            assert process.stdout is not None
            for line in process.stdout:
                yield json.loads(line)
        errors.seek(0)
        said = errors.read().strip()
    if process.returncode:
        raise SetupError(f"{failed}: {said.splitlines()[-1] if said else f'exit code {process.returncode}'}")
