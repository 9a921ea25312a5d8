"""What a summary of a video is ordered with; the transcript is read at once, so that a broken one is refused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.pipelines import highlights, recordings, transcripts
from app.pipelines.order import Order
from app.pipelines.urls import WebUrl

MAX_FRAMES = 12


def _refused(kind: str, told: str | None) -> None:
    if told is not None:
        raise PydanticCustomError(kind, "{told}", {"told": told})


class Frame(BaseModel):
    """A picture out of the video."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    at_s: float = Field(ge=0, allow_inf_nan=False, description="Seconds from the beginning of the video.")
    url: WebUrl = Field(description="Where it is: PNG, JPEG or WebP, at most 12 MB.")


class VideoSummaryRequest(Order):
    """What is ordered."""

    transcript: str | None = Field(
        None,
        min_length=1,
        max_length=transcripts.MAX_BYTES,
        description="SRT, WebVTT, or text, with a time before each line if there are any; at most 300 KB.",
    )
    audio_url: WebUrl | None = Field(
        None,
        validate_default=True,
        description="Instead of the transcript, where the video's sound is: MP3, M4A or MP4 (AAC), or WAV, at most 25 MB.",
    )
    audio_minutes: int = Field(
        recordings.USUAL_MINUTES,
        ge=1,
        le=recordings.MAX_MINUTES,
        description="How long that lasts at most; a longer recording is refused before it is paid for.",
    )
    length_s: int = Field(60, ge=15, le=300, validate_default=True, description="How long the reel is, in seconds.")
    frames: list[Frame] = Field(default=[], max_length=MAX_FRAMES, description="Pictures out of the video.")
    title: str | None = Field(None, min_length=1, max_length=200, description="What the video is called.")
    audience: str | None = Field(None, min_length=1, max_length=200, description="Who shall watch the reel.")

    @field_validator("transcript")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        try:
            if text is not None:
                transcripts.read(text)
        except transcripts.TranscriptError as exc:
            _refused("transcript", str(exc))
        return text

    @field_validator("audio_url")
    @classmethod
    def _one_of_two(cls, url: str | None, info: ValidationInfo) -> str | None:
        if "transcript" in info.data:
            is_one = (url is None) != (info.data["transcript"] is None)
            _refused("source", None if is_one else "send either the transcript or an audio_url")
        return url

    @field_validator("length_s")
    @classmethod
    def _long_enough(cls, length_s: int, info: ValidationInfo) -> int:
        if (span := _span(info)) is not None:
            what, start_s, end_s = span
            there_s = end_s - start_s
            told = f"the {what} lasts {there_s:.0f} s, which is shorter than the reel that is asked for"
            _refused("length", told if there_s < length_s * (1 - highlights.TOLERANCE) else None)
        return length_s

    @field_validator("frames")
    @classmethod
    def _inside(cls, frames: list[Frame], info: ValidationInfo) -> list[Frame]:
        if (span := _span(info)) is not None:
            what, _, ends = span
            late = [frame.at_s for frame in frames if frame.at_s > ends]
            _refused("frames", f"{late[0]:g} s lies after the {what}'s end at {ends:.1f} s" if late else None)
        return frames

    @property
    def told(self) -> transcripts.Transcript:
        """The transcript's lines; only where it was sent."""
        assert self.transcript is not None, "a recording's lines are its piece's"
        return transcripts.read(self.transcript)


def _span(info: ValidationInfo) -> tuple[str, float, float] | None:
    """Return what was sent and when it begins and ends, a recording at the latest; None when something else is wrong."""
    if not {"transcript", "audio_url", "audio_minutes"} <= info.data.keys():
        return None
    if info.data["transcript"] is None:
        return "recording", 0.0, info.data["audio_minutes"] * 60
    told = transcripts.read(info.data["transcript"])
    return "transcript", told.start_s, told.end_s
