"""What a summary of a video is ordered with; the transcript is read at once, so that a broken one is refused."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.pipelines import highlights, transcripts
from app.pipelines.order import Order
from app.pipelines.urls import WebUrl

MAX_FRAMES = 12


def _refused(kind: str, told: str | None) -> None:
    if told is not None:
        raise PydanticCustomError(kind, "{told}", {"told": told})


def _no_audio(given: Any) -> Any:
    told = (
        "audio is not transcribed here: none of the providers' routes does that; send the transcript as SRT, WebVTT"
        " or text"
    )
    _refused("audio", None if given is None else told)
    return given


class Frame(BaseModel):
    """A picture out of the video."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    at_s: float = Field(ge=0, allow_inf_nan=False, description="Seconds from the beginning of the video.")
    url: WebUrl = Field(description="Where it is: PNG, JPEG or WebP, at most 12 MB.")


class VideoSummaryRequest(Order):
    """What is ordered."""

    transcript: str = Field(
        min_length=1,
        max_length=transcripts.MAX_BYTES,
        description="SRT, WebVTT, or text, with a time before each line if there are any; at most 300 KB.",
    )
    length_s: int = Field(60, ge=15, le=300, validate_default=True, description="How long the reel is, in seconds.")
    frames: list[Frame] = Field(default=[], max_length=MAX_FRAMES, description="Pictures out of the video.")
    title: str | None = Field(None, min_length=1, max_length=200, description="What the video is called.")
    audience: str | None = Field(None, min_length=1, max_length=200, description="Who shall watch the reel.")
    audio_url: Annotated[None, BeforeValidator(_no_audio)] = Field(
        None, description="Not taken: no provider of ours transcribes. Send the transcript."
    )

    @field_validator("transcript")
    @classmethod
    def _readable(cls, text: str) -> str:
        try:
            transcripts.read(text)
        except transcripts.TranscriptError as exc:
            _refused("transcript", str(exc))
        return text

    @field_validator("length_s")
    @classmethod
    def _long_enough(cls, length_s: int, info: ValidationInfo) -> int:
        if "transcript" in info.data:
            there_s = transcripts.read(info.data["transcript"]).lasts_s
            told = f"the transcript lasts {there_s:.0f} s, which is shorter than the reel that is asked for"
            _refused("length", told if there_s < length_s * (1 - highlights.TOLERANCE) else None)
        return length_s

    @field_validator("frames")
    @classmethod
    def _inside(cls, frames: list[Frame], info: ValidationInfo) -> list[Frame]:
        if "transcript" in info.data:
            ends = transcripts.read(info.data["transcript"]).end_s
            late = [frame.at_s for frame in frames if frame.at_s > ends]
            _refused("frames", f"{late[0]:g} s lies after the transcript's end at {ends:.1f} s" if late else None)
        return frames

    @property
    def told(self) -> transcripts.Transcript:
        """The transcript's lines."""
        return transcripts.read(self.transcript)
