"""The benchmark of reports runs by itself and says what it found. What it finds is the machine's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_prints_its_table_and_plans_and_writes_its_figures(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.reports", "--calls", "500", "--rounds", "1", "--explain"]
    told = subprocess.run(
        [*command, "--json", str(tmp_path / "figures.json")],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert told.returncode in (0, 1), told.stderr
    assert "aim: no report takes longer than 1 s" in told.stdout
    assert "on call_sums" in told.stdout
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["calls"] == 500
    assert {one["lines"] for one in figures["reports"]} == {"merged", "a day loose"}
    assert all(one["rows"] for one in figures["reports"])
