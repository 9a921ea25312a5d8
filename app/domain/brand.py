"""How a user's slides look and sound."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.domain import inks
from app.domain.inks import Tokens
from app.domain.themes import THEMES, Pairing, Theme

THEME = "midnight"
VOICE = "clear, warm and concrete"
VISUAL_STYLES = {
    "midnight": "minimal dark scenes, electric blue accents, photoreal",
    "paper": "calm still lifes in soft daylight, warm paper and deep green, one terracotta accent, photoreal",
    "signal": "stark studio scenes in black and white, one acid yellow-green accent, hard light, photoreal",
    "poster": "bold flat shapes in cream, deep violet and coral, screen print texture",
    "harbour": "clear daylight scenes, cool white and deep teal, one sea-green accent, much air, photoreal",
    "velvet": "warm evening scenes, dark aubergine and blush, one coral accent, soft film light, photoreal",
}
"""What pictures look like in each theme, so that they fit its colours."""
LONG_HANDLE = 28  # characters; slides leave out what they cannot show whole

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description="As #rrggbb; null = the theme's.")]


def _known(theme: Any) -> Any:
    if isinstance(theme, str) and theme not in THEMES:
        told = f"there is no theme {theme[:40]!r}; take one of {', '.join(THEMES)}"
        raise PydanticCustomError("unknown_theme", "{told}", {"told": told})
    return theme


class KitBody(BaseModel):
    """What a user says of a brand: a theme, colours of one's own, handle, voice of the texts, style of the pictures."""

    model_config = ConfigDict(extra="forbid")

    theme: Annotated[str, BeforeValidator(_known), Field(json_schema_extra={"enum": [*THEMES]})] = THEME
    """Where what is not said below comes from."""
    background: Colour | None = None
    surface: Colour | None = None
    text: Colour | None = None
    muted: Colour | None = None
    accent: Colour | None = None
    fonts: Pairing | None = None
    """None = the theme's."""
    handle: str | None = Field(None, max_length=40)
    """Shown once on a slide, for example @pressroom, or left out where it cannot be shown whole; None = none."""
    voice: str = Field(VOICE, max_length=200)
    visual_style: str = Field("", max_length=300, validate_default=True, description="Empty = the theme's.")
    """Goes into every image prompt; never empty."""

    @field_validator("handle", "voice", "visual_style", mode="before")
    @classmethod
    def _one_line(cls, said: Any) -> Any:
        """Prompts and slides take them as one line."""
        return " ".join(said.split()) if isinstance(said, str) else said

    @field_validator("handle", "voice", "visual_style")
    @classmethod
    def _empty_is_unsaid(cls, said: str | None, info: ValidationInfo) -> str | None:
        match info.field_name:
            case "handle":
                return said or None
            case "voice":
                return said or VOICE
            case _:
                return said or VISUAL_STYLES.get(info.data.get("theme", THEME), VISUAL_STYLES[THEME])

    def look(self) -> Theme:
        """Return the theme with the brand's own colours and fonts."""
        own = {name: getattr(self, name) for name in ("background", "surface", "text", "muted", "accent", "fonts")}
        return replace(THEMES[self.theme], **{name: value for name, value in own.items() if value is not None})

    def tokens(self) -> Tokens:
        """Return the colours as slides use them: on each ground what can be read there, and its contrast."""
        return inks.tokens(self.look())


class Logo(BaseModel):
    """Where a brand's logo is stored, and what it is: a PNG that app.domain.png has checked."""

    model_config = ConfigDict(extra="forbid")

    key: str
    """Immutable: other bytes have another key."""
    width: int
    """In px, as `height`."""
    height: int
    bytes: int
    sha256: str
    has_alpha: bool
    """Whether parts of it may be transparent."""


class BrandKit(KitBody):
    """A whole brand, as it is stored, and kept with each run as it was when the run was ordered."""

    logo: Logo | None = None

    def warnings(self) -> list[str]:
        """Return what a designer would mention, a sentence each; empty = nothing."""
        opaque = self.logo is not None and not self.logo.has_alpha
        boxed = (
            "the logo has no transparency and stands on slides as a box; if it should not, save it without its ground"
        )
        long = self.handle is not None and len(self.handle) > LONG_HANDLE
        unfit = (
            f"the handle has more than {LONG_HANDLE} characters and may be left out on wide slides; take a shorter one"
        )
        return [*inks.clashes(self.look()), *([boxed] if opaque else []), *([unfit] if long else [])]


DEFAULT_BRAND = BrandKit()
