"""The release before this one, as the history has it, and processes that run its code beside ours."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from app.embedded.supervisor import Process

ROOT = Path(__file__).parents[2]
SCHEMA = "migrations/versions"
PARTS = ("app", "workers", "celeryconfig")
PROBE = f"import json, {', '.join(PARTS)}; print(json.dumps([p.__file__ for p in ({', '.join(PARTS)})]))"


def before_this_one() -> str:
    """Return the release before: the newest tag behind this commit, else the commit before the newest change of the schema.

    Skips the test where there is no history to look at.
    """
    if shutil.which("git") is None:
        pytest.skip("git is not installed: there is no release before this one to run")
    if _git("rev-parse", "--is-inside-work-tree") != "true":
        pytest.skip("this is no git checkout: there is no release before this one to run")
    if tag := _git("describe", "--tags", "--abbrev=0", "HEAD^"):
        return tag
    changed = _git("log", "-1", "--format=%H", "--", SCHEMA)
    before = _git("rev-parse", "--verify", "--quiet", f"{changed}^") if changed else ""
    if not before:
        pytest.skip("this checkout is shallow: its history does not reach the release before this one")
    return before


def _git(*arguments: str) -> str:
    """Return what git says; an empty text when it cannot."""
    asked = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 else ""


def unpack(commit: str, folder: Path) -> Path:
    """Write the files of a commit into `folder` and return it."""
    packed = subprocess.run(["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def of_release(folder: Path, processes: Iterable[Process], *, prefix: str) -> list[Process]:
    """Return the same processes with the code in `folder`: it goes before what is installed."""
    env = {"PYTHONPATH": str(folder)}
    return [
        replace(one, name=f"{prefix}-{one.name}", env={**one.env, **env}, cwd=folder, command=_renamed(one, prefix))
        for one in processes
    ]


def _renamed(process: Process, prefix: str) -> tuple[str, ...]:
    """Workers that run side by side have different names, which they tell each other by."""
    return tuple(part.replace("--hostname=", f"--hostname={prefix}-") for part in process.command)


def loaded_from(process: Process) -> set[Path]:
    """Return the folders that the code of a process comes from, as an interpreter started like it says."""
    env: Mapping[str, str] = {**os.environ, **process.env}
    told = subprocess.run(
        [sys.executable, "-c", PROBE], env=env, cwd=process.cwd, capture_output=True, text=True, check=True
    )
    files = [Path(name) for name in json.loads(told.stdout)]
    return {file.parent if file.stem == "celeryconfig" else file.parents[1] for file in files}
