"""The benchmarks run and say what they found. What they find is not tested: it is the machine's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_compositors_benchmark_prints_its_table_and_writes_its_figures(tmp_path: Path) -> None:
    told = bench("bench.compositor", "--rounds", "1", "--json", str(tmp_path / "figures.json"))
    assert told.returncode in (0, 1), told.stderr  # 1 = the aim was missed, which one round may well do
    assert "ratio" in told.stdout
    assert "aim: ratio at most" in told.stdout
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert [slide["slide"] for slide in figures["slides"]] == list(range(1, 12))
    assert all(slide["ours_ms"] > 0 and slide["bare_ms"] > 0 for slide in figures["slides"])
    assert figures["ratio"] > 0


def test_a_benchmark_that_is_not_there_is_named() -> None:
    told = bench("bench", "nothing")
    assert told.returncode == 2
    assert "there is no benchmark nothing; there are: compositor, metrics, reports" in told.stderr


def test_the_benchmark_of_a_scrape_asks_every_question() -> None:
    told = bench("bench.metrics", "--calls", "100")
    assert told.returncode in (0, 1), told.stderr
    assert "calls of the day" in told.stdout
    assert "aim: all together within 1 s" in told.stdout
