"""Failpoints: a drill's file kills one process, once; without a drill they are nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app import failpoints

ROOT = Path(__file__).parents[2]
REACH = "from app import failpoints; failpoints.reach('after_claim')"


def reached(folder: Path | None) -> int:
    """Have a process reach a point; return how it ended."""
    env = {**os.environ, **({"PRESSROOM_FAILPOINTS": str(folder)} if folder else {})}
    return subprocess.run([sys.executable, "-c", REACH], env=env, cwd=ROOT, check=False).returncode


def test_a_file_kills_the_first_process_that_reaches_its_point_and_no_second_one(tmp_path: Path) -> None:
    (tmp_path / "after_claim").touch()

    assert [reached(tmp_path), reached(tmp_path)] == [-signal.SIGKILL, 0]


def test_a_file_of_another_point_kills_nobody(tmp_path: Path) -> None:
    (tmp_path / "after_reply").touch()

    assert reached(tmp_path) == 0
    assert (tmp_path / "after_reply").exists()


def test_without_a_drill_no_file_is_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "None").mkdir()
    (tmp_path / "None" / "after_claim").touch()

    failpoints.reach("after_claim")

    assert (tmp_path / "None" / "after_claim").exists()
