"""What a run was ordered with, as this release reads it: it may be another release's, while one is rolled out or after going back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.db.models import Run
from app.domain.brand import BrandKit
from app.domain.errors import AnotherRelease
from app.pipelines.catalog import all_pipelines
from app.pipelines.pipeline import Pipeline

log = logging.getLogger(__name__)


def pipeline_of(run: Run) -> Pipeline:
    """Return the pipeline that a run was ordered from. Raises AnotherRelease for one that this release does not have."""
    try:
        return all_pipelines()[run.pipeline]
    except KeyError:
        raise AnotherRelease(f"there is no pipeline {run.pipeline} here") from None


def request_of(run: Run) -> Any:
    """Return what was ordered, as the run's pipeline has it. Raises AnotherRelease for fields or values that are new."""
    pipeline = pipeline_of(run)
    try:
        return pipeline.request.model_validate(run.request)
    except ValidationError as exc:
        raise _unknown("request", exc) from None  # which quotes it


def brand_of(run: Run) -> BrandKit:
    """Return the brand as it was when the run was ordered. Raises AnotherRelease for fields or values that are new."""
    return kit_of(run.brand)


def kit_of(stored: Mapping[str, Any]) -> BrandKit:
    """Return the kit that a row has, of a brand or a run. Raises AnotherRelease for fields or values that are new."""
    try:
        return BrandKit.model_validate(stored)
    except ValidationError as exc:
        raise _unknown("brand", exc) from None


def _unknown(what: str, exc: ValidationError) -> AnotherRelease:
    """Return the error, and log which fields it is about: a release that wrote them itself has a fault."""
    fields = [f"{'.'.join(str(part) for part in one['loc'])}: {one['type']}" for one in exc.errors(include_input=False)]
    log.warning("not_readable", extra={"part": what, "fields": fields[:20]})
    return AnotherRelease(f"its {what} has fields or values that are not known here")


def check_readable(run: Run) -> None:
    """Do nothing when this release can go on with a run. Raises AnotherRelease: better refused than begun and given up."""
    request_of(run)
    brand_of(run)
