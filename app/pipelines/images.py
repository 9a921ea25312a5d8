"""images: a list of prompts becomes as many pictures, each from the first provider whose picture passes.

Nobody drafts the prompts: they are the user's own words, with the brand's visual style behind them where a brand is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from app.domain.brand import BrandKit
from app.domain.states import PieceState, QuotaUnit
from app.pipelines.order import Order
from app.pipelines.pictures import picture_stages
from app.pipelines.pipeline import AspectRatio, NewPiece, Pipeline

KIND = "image"
HEADING_WORDS = 6

ImagePrompt = Annotated[str, Field(min_length=3, max_length=2000)]


class ImagesRequest(Order):
    """What is ordered; a brand's visual style goes into every prompt."""

    prompts: list[ImagePrompt] = Field(
        min_length=1, max_length=100, description="What each picture shows, in your own words; one picture for each."
    )
    aspect_ratio: AspectRatio = Field("1:1", description="Aspect ratio of all pictures.")


def opening(request: ImagesRequest, brand: BrandKit) -> Sequence[NewPiece]:
    """Return a piece for each prompt, all of which can be worked on at once."""
    return [
        NewPiece(KIND, n, {"prompt": words}, prompt=words if request.brand is None else styled(words, brand))
        for n, words in enumerate(request.prompts)
    ]


def styled(words: str, brand: BrandKit) -> str:
    """Return a prompt in the visual style of a brand."""
    return f"{words.rstrip('.')}. Style: {brand.visual_style}."


def counts(request: ImagesRequest) -> Mapping[str, int]:
    """Return how many pieces of each kind the run has."""
    return {KIND: len(request.prompts)}


def heading(request: ImagesRequest) -> str:
    """Return how many pictures, and the first words of the first one: `20 images: a red fox in fresh snow ...`."""
    count, words = len(request.prompts), request.prompts[0].split()
    more = " ..." if len(words) > HEADING_WORDS or count > 1 else ""
    return f"{count} image{'s' if count > 1 else ''}: {' '.join(words[:HEADING_WORDS])}{more}"


PIPELINE = Pipeline(
    name="images",
    version=1,
    title="A list of prompts becomes as many pictures.",
    request=ImagesRequest,
    charges=lambda request: {QuotaUnit.IMAGES: len(request.prompts)},
    opening=opening,
    counts=counts,
    heading=heading,
    tracks={KIND: picture_stages(lambda work: work.request.aspect_ratio, gives=PieceState.READY)},
)
