"""The benchmarks run and say what they found. What they find is not tested: it is the machine's."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def bench(name: str, *words: str) -> int:
    """Return the code that the benchmark ends with."""
    ended = importlib.import_module(f"bench.{name}").main([*words])
    assert isinstance(ended, int)
    return ended


def test_the_compositors_benchmark_prints_its_table_and_writes_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = bench("compositor", "--rounds", "1", "--json", str(tmp_path / "figures.json"))
    told = capsys.readouterr().out
    assert ended in (0, 1)  # 1 = the aim was missed, which one round may well do
    assert "ratio" in told
    assert "aim: ratio at most" in told
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert [slide["slide"] for slide in figures["slides"]] == list(range(1, 12))
    assert all(slide["ours_ms"] > 0 and slide["bare_ms"] > 0 for slide in figures["slides"])
    assert figures["ratio"] > 0


def test_a_benchmark_that_is_not_there_is_named() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bench", "nothing"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert "there is no benchmark nothing; there are: compositor, metrics, reports" in told.stderr


def test_the_benchmark_of_a_scrape_asks_every_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("metrics", "--calls", "100") in (0, 1)
    told = capsys.readouterr().out
    assert "calls of the day" in told
    assert "aim: all together within 1 s" in told
