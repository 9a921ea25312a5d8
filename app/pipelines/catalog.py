"""The pipelines that there are: every module of this package that has a PIPELINE."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import app.pipelines
from app.domain.errors import NotFound
from app.pipelines.order import checked
from app.pipelines.pipeline import Pipeline


@cache
def all_pipelines() -> dict[str, Pipeline]:
    """Return every pipeline by name, in the order of their names."""
    found = {}
    for module in pkgutil.iter_modules(app.pipelines.__path__):
        pipeline = getattr(importlib.import_module(f"app.pipelines.{module.name}"), "PIPELINE", None)
        if pipeline is not None:
            found[pipeline.name] = checked(pipeline)
    return dict(sorted(found.items()))


def pipeline_named(name: str) -> Pipeline:
    """Return a pipeline. Raises NotFound that lists those there are."""
    try:
        return all_pipelines()[name]
    except KeyError:
        known = ", ".join(all_pipelines())
        raise NotFound(f"there is no pipeline {name!r}; there are: {known}", code="unknown_pipeline") from None
