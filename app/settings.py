"""Every setting, read from the environment in one place. `.env.example` lists them with unit and default."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.domain.errors import SetupError

GATEWAY_URL = "https://ai-gateway.vercel.sh/v1"  # vercel.com/docs/ai-gateway, 2026-09


def _seconds(value: object) -> object:
    """Read a plain number as seconds; the environment has only text."""
    try:
        return timedelta(seconds=float(value)) if isinstance(value, str) else value
    except ValueError:
        return value  # refused below, by the setting's name


Seconds = Annotated[timedelta, BeforeValidator(_seconds)]


def _listed(value: object) -> object:
    """Read `a, b` as a list; the environment has only text."""
    return [part for part in re.split(r"[\s,]+", value) if part] if isinstance(value, str) else value


def _host_or_network(entry: str) -> str:
    """Return an entry in lower case. Raises ValueError when it is neither a host's name nor a network."""
    try:
        ip_network(entry)
    except ValueError:
        last = entry.rpartition(".")[2]
        if not HOST.fullmatch(entry) or last.isdigit():
            raise ValueError(f"{entry!r} is neither a host (cms.internal) nor a network (10.1.0.0/16)") from None
    return entry.lower()


HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_host_or_network)], ...], NoDecode, BeforeValidator(_listed)]
Ports = Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], NoDecode, BeforeValidator(_listed)]


def _mail_server(url: SecretStr) -> SecretStr:
    """Return the address of a mail server. Raises ValueError, which says nothing of what is in it."""
    try:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme in {"smtp", "smtps"} and parts.hostname and parts.port != 0:
            return url
    except ValueError:
        pass
    raise ValueError(
        "write it as smtp://user:password@host:587 or smtps://user:password@host:465, with %-codes for /, @ and :"
        " in the password"
    ) from None


def _receiver(url: SecretStr) -> SecretStr:
    """Return the address of a receiver of POSTs. Raises ValueError."""
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address starts with http:// or https://")
    return url


def _mailbox(address: str) -> str:
    """Return an e-mail address. Raises ValueError."""
    if not MAILBOX.fullmatch(address):
        raise ValueError(f"{address!r} is no e-mail address")
    return address


MAILBOX = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
Mailboxes = Annotated[tuple[Annotated[str, AfterValidator(_mailbox)], ...], NoDecode, BeforeValidator(_listed)]
AbsolutePath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]


def _either(*names: str) -> AliasChoices:
    return AliasChoices(*names)


SANDBOX_PATHS = {
    "gateway": "/v1",
    "gemini": "/v1beta",
    "anthropic": "/anthropic/v1",
    "openai": "/openai/v1",
    "leonardo": "/api/rest/v1",
}
KEY_SETTINGS: dict[str, tuple[str, ...]] = {
    "gateway": ("AI_GATEWAY_API_KEY",),
    "gemini": ("GOOGLE_AI_KEY", "GEMINI_API_KEY"),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "leonardo": ("LEONARDO_API_KEY",),
}
"""What each provider's key is called, the usual name first."""
SANDBOX_KEY = "00000000-0000-4000-8000-5a4db0c5a4db"  # shaped as Leonardo wants its keys; the others take any


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a provider."""

    base_url: str
    """With the version path, without a slash at the end."""
    key: str


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
    gateway_labels: bool = Field(False, validation_alias="PRESSROOM_GATEWAY_LABELS")
    """Send each call's id to the gateway as a tag, which it bills: `pressroom reconcile` then finds calls without an answer."""
    google_ai_key: SecretStr | None = Field(None, validation_alias=_either(*KEY_SETTINGS["gemini"]))
    google_ai_base_url: str = Field(
        "https://generativelanguage.googleapis.com/v1beta", validation_alias="GOOGLE_AI_BASE_URL"
    )
    anthropic_api_key: SecretStr | None = Field(None, validation_alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str = Field("https://api.anthropic.com/v1", validation_alias="ANTHROPIC_BASE_URL")
    openai_api_key: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str = Field("https://api.openai.com/v1", validation_alias="OPENAI_BASE_URL")
    leonardo_api_key: SecretStr | None = Field(None, validation_alias="LEONARDO_API_KEY")
    leonardo_base_url: str = Field("https://cloud.leonardo.ai/api/rest/v1", validation_alias="LEONARDO_BASE_URL")
    sandbox_url: str | None = Field(None, validation_alias="PRESSROOM_SANDBOX_URL")
    """The stand-in for every provider while no key is set, for example http://127.0.0.1:9000."""

    routes_file: AbsolutePath | None = Field(None, validation_alias="PRESSROOM_ROUTES")
    """TOML: which models serve a purpose, and what providers allow; None = as shipped, app/routes.toml."""
    prices_file: AbsolutePath | None = Field(None, validation_alias="PRESSROOM_PRICES")
    """TOML: what models cost; None = as shipped, app/prices.toml."""
    manual_work_file: AbsolutePath | None = Field(None, validation_alias="PRESSROOM_MANUAL_WORK")
    """TOML: what work by hand takes and is worth, for `pressroom report roi`; None = as shipped, app/manual_work.toml."""

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
    metrics_token: SecretStr | None = Field(None, min_length=16, validation_alias="PRESSROOM_METRICS_TOKEN")
    """What a scrape of /metrics has to bring, as bearer token or password; None = there are no metrics."""

    fetch_allow: Hosts = Field((), validation_alias="PRESSROOM_FETCH_ALLOW")
    """Hosts and networks that urls of users may lead to although they are not public, for example a CMS inside."""
    fetch_ports: Ports = Field((80, 443), validation_alias="PRESSROOM_FETCH_PORTS")
    """Ports that urls of users may name."""

    alert_webhook: Annotated[SecretStr, AfterValidator(_receiver)] | None = Field(
        None, validation_alias="PRESSROOM_ALERT_WEBHOOK"
    )
    """Where alerts of budgets are told, by POST; None = nowhere. Often a secret in itself."""
    alert_email: Mailboxes = Field((), validation_alias="PRESSROOM_ALERT_EMAIL")
    """Who gets alerts of budgets by e-mail; it needs `smtp_url`."""
    smtp_url: Annotated[SecretStr, AfterValidator(_mail_server)] | None = Field(
        None, validation_alias="PRESSROOM_SMTP_URL"
    )
    """The mail server, with user and password."""

    requests_per_minute: int = Field(3000, ge=0, le=1_000_000, validation_alias="PRESSROOM_REQUESTS_PER_MINUTE")
    """Requests that one API key may send in a minute, and at once, and all of a user five times as many; 0 = no limit."""
    max_runs_in_flight: int = Field(20, ge=1, validation_alias="PRESSROOM_MAX_RUNS_IN_FLIGHT")
    """Runs of all users that are worked on at once; the others wait in QUEUED."""
    worker_niceness: int = Field(10, ge=0, le=19, validation_alias="PRESSROOM_WORKER_NICENESS")
    """How far workers give way to whatever else this machine runs (nice(2)); 0 = not at all."""
    lease: Seconds = Field(timedelta(seconds=30), validation_alias="PRESSROOM_LEASE")
    """How long a claim holds without a heartbeat, in seconds; the heartbeat comes at a third of it."""
    resend_after: Seconds = Field(timedelta(seconds=20), validation_alias="PRESSROOM_RESEND_AFTER")
    """How long a published step may go unclaimed before the relay publishes it again; in a backlog, twice as long each time."""
    store_patience: Seconds = Field(timedelta(seconds=60), validation_alias="PRESSROOM_STORE_PATIENCE")
    """How long a worker repeats the storing of paid bytes, which wait in the database, before it leaves them to the relay."""
    stall_after: Seconds = Field(timedelta(minutes=10), validation_alias="PRESSROOM_STALL_AFTER")
    """Without progress for this long, the watchdog ends a run (the brief's 10 minutes)."""
    visibility_timeout_s: int = Field(600, ge=1, validation_alias="PRESSROOM_VISIBILITY_TIMEOUT")
    """Seconds until Redis hands out an unacknowledged message again: the last resort behind the relay."""

    @model_validator(mode="after")
    def _can_send_mail(self) -> Self:
        if self.alert_email and self.smtp_url is None:
            raise ValueError("PRESSROOM_ALERT_EMAIL needs a mail server: set PRESSROOM_SMTP_URL")
        return self

    @property
    def is_sandboxed(self) -> bool:
        """Whether the sandbox answers instead of providers, because no key at all is set."""
        return all(key is None for _, key in self._own().values())

    def has_key(self, provider: str) -> bool:
        """Whether a provider can be asked: its key is set, or the sandbox answers for all."""
        return self.is_sandboxed or self._own()[provider][1] is not None

    def access(self, provider: str) -> Access | None:
        """Return how to reach a provider, or the sandbox in its place; None when it has no key. Raises SetupError."""
        if not self.is_sandboxed:
            base_url, key = self._own()[provider]
            return None if key is None else Access(base_url.rstrip("/"), key.get_secret_value())
        if self.sandbox_url is None:
            raise SetupError(
                "no provider's key is set (AI_GATEWAY_API_KEY, ...) and no sandbox is running; set a key, or start"
                " one with `pressroom sandbox` and set PRESSROOM_SANDBOX_URL to its address"
            )
        return Access(self.sandbox_url.rstrip("/") + SANDBOX_PATHS[provider], SANDBOX_KEY)

    def _own(self) -> dict[str, tuple[str, SecretStr | None]]:
        """Return each provider's base url and key, as set."""
        return {
            "gateway": (self.ai_gateway_base_url, self.ai_gateway_api_key),
            "gemini": (self.google_ai_base_url, self.google_ai_key),
            "anthropic": (self.anthropic_base_url, self.anthropic_api_key),
            "openai": (self.openai_base_url, self.openai_api_key),
            "leonardo": (self.leonardo_base_url, self.leonardo_api_key),
        }

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
