"""How a user's slides look and sound."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

HEX = r"^#[0-9a-fA-F]{6}$"


class BrandKit(BaseModel):
    """A brand: colours of the slides, handle, voice of the texts, visual style of every picture."""

    model_config = ConfigDict(extra="forbid")

    background: str = Field("#0b1220", pattern=HEX)
    surface: str = Field("#f4f1ea", pattern=HEX)
    text: str = Field("#f8fafc", pattern=HEX)
    muted: str = Field("#9fb0c8", pattern=HEX)
    accent: str = Field("#4f9dff", pattern=HEX)
    handle: str | None = Field(None, max_length=40)
    """Shown once on a slide, for example @pressroom; NULL = none."""
    voice: str = Field("clear, warm and concrete", max_length=200)
    visual_style: str = Field("minimal dark scenes, electric blue accents, photoreal", max_length=300)
    """Goes into every image prompt."""


DEFAULT_BRAND = BrandKit()
