"""What a run was ordered with, as this release reads it: it may be another release's, while one is rolled out or after going back."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from app.db.models import Run
from app.domain.brand import BrandKit
from app.domain.errors import AnotherRelease
from app.pipelines.catalog import all_pipelines
from app.pipelines.pipeline import Pipeline


def pipeline_of(run: Run) -> Pipeline:
    """Return the pipeline that a run was ordered from. Raises AnotherRelease for one that this release does not have."""
    try:
        return all_pipelines()[run.pipeline]
    except KeyError:
        raise AnotherRelease(f"there is no pipeline {run.pipeline} here") from None


def request_of(run: Run) -> Any:
    """Return what was ordered, as the run's pipeline has it. Raises AnotherRelease for fields or values that are new."""
    try:
        return pipeline_of(run).request.model_validate(run.request)
    except ValidationError:  # from None: it quotes the request
        raise AnotherRelease("its request has fields or values that are not known here") from None


def brand_of(run: Run) -> BrandKit:
    """Return the brand as it was when the run was ordered. Raises AnotherRelease for fields or values that are new."""
    try:
        return BrandKit.model_validate(run.brand)
    except ValidationError:
        raise AnotherRelease("its brand has fields or values that are not known here") from None


def check_readable(run: Run) -> None:
    """Do nothing when this release can go on with a run. Raises AnotherRelease: better refused than begun and given up."""
    request_of(run)
    brand_of(run)
