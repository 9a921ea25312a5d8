"""Every setting, read from the environment in one place. `.env.example` lists them with unit and default."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.domain.errors import SetupError

GATEWAY_URL = "https://ai-gateway.vercel.sh/v1"  # vercel.com/docs/ai-gateway, 2026-09


def _seconds(value: object) -> object:
    """Read a plain number as seconds; the environment has only text."""
    try:
        return timedelta(seconds=float(value)) if isinstance(value, str) else value
    except ValueError:
        return value  # refused below, by the setting's name


Seconds = Annotated[timedelta, BeforeValidator(_seconds)]


def _either(*names: str) -> AliasChoices:
    return AliasChoices(*names)


class Settings(BaseSettings):
    """The installation's settings; immutable once read."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    database_url: str | None = Field(None, validation_alias="DATABASE_URL")
    """PostgreSQL as a SQLAlchemy url; None = a private server in the data dir."""
    redis_url: str | None = Field(None, validation_alias="REDIS_URL")
    """Redis; None = a private server in the data dir. The broker wants a database of its own and `noeviction`."""
    data_dir: Path = Field(Path(".pressroom"), validation_alias="PRESSROOM_DATA_DIR")
    """Where embedded servers, logs and (without a bucket) pictures live."""

    ai_gateway_api_key: SecretStr | None = Field(None, validation_alias="AI_GATEWAY_API_KEY")
    ai_gateway_base_url: str = Field(GATEWAY_URL, validation_alias="AI_GATEWAY_BASE_URL")
    sandbox_url: str | None = Field(None, validation_alias="PRESSROOM_SANDBOX_URL")
    """The stand-in for every provider while no key is set, for example http://127.0.0.1:9000."""

    r2_endpoint: str | None = Field(None, validation_alias="R2_ENDPOINT")
    r2_access_key_id: str | None = Field(None, validation_alias="R2_ACCESS_KEY_ID")
    r2_secret_access_key: SecretStr | None = Field(None, validation_alias="R2_SECRET_ACCESS_KEY")
    r2_bucket: str | None = Field(None, validation_alias=_either("R2_BUCKET", "IMAGE_CDN_BUCKET"))
    """Bucket of pictures; None = the folder `files` in the data dir, served by the app under /media."""
    r2_public_url: str | None = Field(None, validation_alias=_either("R2_PUBLIC_URL", "IMAGE_CDN_BASE_URL"))
    """The address that serves the bucket, without a slash at the end."""

    public_url: str = Field("http://127.0.0.1:8000", validation_alias="PRESSROOM_PUBLIC_URL")
    """The address under which users reach the API."""
    events_url: str | None = Field(None, validation_alias="PRESSROOM_EVENTS_URL")
    """The address of the process that streams events; None = a proxy routes /api/runs/*/events to it."""
    flower_user: str = Field("pressroom", validation_alias="PRESSROOM_FLOWER_USER")
    flower_password: SecretStr | None = Field(None, validation_alias="PRESSROOM_FLOWER_PASSWORD")
    """Flower's password; None = `pressroom up` makes one and prints it."""

    max_runs_in_flight: int = Field(20, ge=1, validation_alias="PRESSROOM_MAX_RUNS_IN_FLIGHT")
    """Runs of all users that are worked on at once; the others wait in QUEUED."""
    image_calls_in_flight: int = Field(5, ge=1, validation_alias="PRESSROOM_IMAGE_CALLS_IN_FLIGHT")
    """Image requests to one provider at once, over all workers (the brief's semaphore of 5)."""
    text_calls_in_flight: int = Field(20, ge=1, validation_alias="PRESSROOM_TEXT_CALLS_IN_FLIGHT")
    """Text requests to one provider at once, over all workers."""
    image_timeout: Seconds = Field(timedelta(seconds=60), validation_alias="PRESSROOM_IMAGE_TIMEOUT")
    """Total deadline of one image request, in seconds."""
    text_timeout: Seconds = Field(timedelta(seconds=90), validation_alias="PRESSROOM_TEXT_TIMEOUT")
    """Total deadline of one text request, in seconds."""
    min_picture_bytes: int = Field(50_000, ge=0, validation_alias="PRESSROOM_MIN_PICTURE_BYTES")
    """A provider's picture below this is taken for a placeholder (the brief's quality gate); 0 = no check."""
    lease: Seconds = Field(timedelta(seconds=30), validation_alias="PRESSROOM_LEASE")
    """How long a claim holds without a heartbeat, in seconds; the heartbeat comes at a third of it."""
    resend_after: Seconds = Field(timedelta(seconds=20), validation_alias="PRESSROOM_RESEND_AFTER")
    """How long a published step may go unclaimed before the relay publishes it again; doubles each time."""
    store_patience: Seconds = Field(timedelta(seconds=60), validation_alias="PRESSROOM_STORE_PATIENCE")
    """How long a worker repeats the storing of paid bytes before the database keeps them."""
    stall_after: Seconds = Field(timedelta(minutes=10), validation_alias="PRESSROOM_STALL_AFTER")
    """Without progress for this long, the watchdog ends a run (the brief's 10 minutes)."""
    visibility_timeout_s: int = Field(600, ge=1, validation_alias="PRESSROOM_VISIBILITY_TIMEOUT")
    """Seconds until Redis hands out an unacknowledged message again: the last resort behind the relay."""

    @property
    def is_sandboxed(self) -> bool:
        """Whether the sandbox answers instead of providers, because no key is set."""
        return self.ai_gateway_api_key is None

    @property
    def gateway(self) -> tuple[str, str]:
        """Return (base url, key) of the AI Gateway, or of the sandbox while no key is set. Raises SetupError."""
        if self.ai_gateway_api_key is not None:
            return self.ai_gateway_base_url.rstrip("/"), self.ai_gateway_api_key.get_secret_value()
        if self.sandbox_url is None:
            raise SetupError(
                "AI_GATEWAY_API_KEY is not set and no sandbox is running; set the key, or start one with"
                " `pressroom sandbox` and set PRESSROOM_SANDBOX_URL to its address"
            )
        return f"{self.sandbox_url.rstrip('/')}/v1", "sandbox"

    def need_database_url(self) -> str:
        """Return the database's url. Raises SetupError when this process was given none."""
        if self.database_url is None:
            raise SetupError("DATABASE_URL is not set; set it, or run `pressroom up`, which starts a private server")
        return self.database_url

    def need_redis_url(self) -> str:
        """Return Redis' url. Raises SetupError when this process was given none."""
        if self.redis_url is None:
            raise SetupError("REDIS_URL is not set; set it, or run `pressroom up`, which starts a private server")
        return self.redis_url


@cache
def settings() -> Settings:
    """Return the settings, read once. Raises SetupError that names the variable."""
    try:
        return Settings()
    except ValidationError as exc:
        lines = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in exc.errors()]
        raise SetupError("a setting cannot be used: " + "; ".join(lines)) from None
