"""A url in a request: wrong wording is refused at once, everything else when it is fetched, by the one guard."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from app.domain.urls import problem_of_url


def _worded(url: str) -> str:
    if (told := problem_of_url(url)) is not None:
        raise PydanticCustomError("url", "{told}", {"told": told})
    return url


WebUrl = Annotated[str, AfterValidator(_worded)]
"""An http or https url with a host and no credentials, at most 2048 characters."""
