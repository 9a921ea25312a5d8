"""How a sandbox behaves: seed, latency, limits, credits, pictures; from the command line or from JSON."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from sandbox.calls import Json, Kind

# Seconds a call takes under `brief`: the product brief's own figures for content, prompts and pictures.
BRIEF_S = {
    Kind.JSON: (3.0, 5.0), Kind.TEXT: (4.0, 6.0), Kind.IMAGE: (3.0, 8.0), Kind.TRANSCRIPT: (5.0, 20.0),
    Kind.MODERATION: (0.2, 0.5), Kind.POLL: (0.05, 0.2), Kind.DOWNLOAD: (0.1, 0.4),
}  # fmt: skip


class ConfigError(ValueError):
    """Raised when a setting of the sandbox cannot be used; the message says which and why."""


class Pictures(StrEnum):
    """When pictures are painted."""

    PAINTED_ON_DEMAND = "painted-on-demand"
    PAINTED_ONCE = "painted-once"


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a call takes: a profile and a factor."""

    profile: str = "instant"
    """`instant`, `brief` or `fixed:<seconds>`."""
    scale: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a profile that does not exist."""
        if self.profile not in ("instant", "brief"):
            _fixed_s(self.profile)
        if not 0 <= self.scale <= 1000:  # noqa: PLR2004 - the message names it
            raise ConfigError(f"latency_scale must be between 0 and 1000, not {self.scale}")

    def seconds(self, kind: Kind, key: str) -> float:
        """Return the seconds that this call takes; the same key gives the same seconds.

        A fixed time is the models': free calls then take none.
        """
        match self.profile:
            case "instant":
                return 0.0
            case "brief":
                low, high = BRIEF_S[kind]
                return random.Random(f"latency:{key}").uniform(low, high) * self.scale
            case _:
                return _fixed_s(self.profile) * self.scale if kind.is_paid else 0.0


def _fixed_s(profile: str) -> float:
    """Read `fixed:<seconds>`."""
    name, _, seconds = profile.partition(":")
    try:
        value = float(seconds)
    except ValueError:
        value = -1.0
    if name != "fixed" or not 0 <= value <= 3600:  # noqa: PLR2004 - the message names it
        raise ConfigError(f"latency must be instant, brief or fixed:<0..3600 seconds>, not {profile!r}")
    return value


@dataclass(frozen=True, slots=True)
class Limit:
    """One ceiling; a call over any of its figures gets a 429. None means no ceiling."""

    model: str | None = None
    """The slug it counts; None counts all models together."""
    in_flight: int | None = None
    per_second: int | None = None
    """Calls admitted in any one second (sliding)."""
    per_minute: int | None = None
    """Calls admitted in any sixty seconds (sliding)."""
    retry_after_s: int | None = None
    """Seconds told in the `retry-after` header of the 429; None sends no header."""

    def __post_init__(self) -> None:
        """Refuse ceilings that are not positive whole numbers."""
        for name in ("in_flight", "per_second", "per_minute", "retry_after_s"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 1):
                raise ConfigError(f"limit {name} must be a whole number above 0, not {value!r}")
        if self.in_flight is self.per_second is self.per_minute is None:
            raise ConfigError("a limit needs in_flight, per_second or per_minute")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that shapes the replies; immutable, replaced as a whole."""

    seed: int = 7
    latency: Latency = field(default_factory=Latency)
    limits: tuple[Limit, ...] = ()
    credits_micro_usd: int = 1_000_000_000_000
    """Credits at the start; when the bill reaches them, calls get a 402."""
    pictures: Pictures = Pictures.PAINTED_ON_DEMAND
    picture_count: int = 48
    """With `painted-once`: how many of each size and type are painted, before the first comes again."""
    usage_after_s: int = 0
    """Seconds until the gateway's account knows of a call: look-ups before get a 404."""

    def paints_as(self, other: Config) -> bool:
        """Tell whether the same requests get the same pictures under both."""
        return (self.seed, self.pictures, self.picture_count) == (other.seed, other.pictures, other.picture_count)

    def as_json(self) -> Json:
        """Return the shape that `GET /sandbox/config` shows and PUT accepts."""
        return {
            "seed": self.seed,
            "latency": self.latency.profile,
            "latency_scale": self.latency.scale,
            "limits": [asdict(limit) for limit in self.limits],
            "credits_micro_usd": self.credits_micro_usd,
            "pictures": self.pictures.value,
            "picture_count": self.picture_count,
            "usage_after_s": self.usage_after_s,
        }

    def with_changes(self, changes: object) -> Config:
        """Return a copy with the given settings changed; what is not named stays.

        Raises: ConfigError for an unknown name or a value that cannot be.
        """
        if not isinstance(changes, dict):
            raise ConfigError("the configuration must be a JSON object")
        if unknown := set(changes) - set(self.as_json()):
            raise ConfigError(f"unknown setting {min(unknown)!r}; known: {', '.join(self.as_json())}")
        merged = self.as_json() | changes
        return replace(
            self,
            seed=_whole("seed", merged["seed"], minimum=None),
            latency=_latency(merged["latency"], merged["latency_scale"]),
            limits=_limits(merged["limits"]),
            credits_micro_usd=_whole("credits_micro_usd", merged["credits_micro_usd"], minimum=0),
            pictures=_pictures(merged["pictures"]),
            picture_count=_whole("picture_count", merged["picture_count"], minimum=1),
            usage_after_s=_whole("usage_after_s", merged["usage_after_s"], minimum=0),
        )


def parse_limits(text: str) -> tuple[Limit, ...]:
    """Read the command line's limits: `[model:]name=number[,name=number]`, several separated by `;`.

    Example: `in_flight=50;google/gemini-3.1-flash-image:in_flight=5,per_minute=60,retry_after_s=2`.
    """
    limits = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        model, colon, figures = part.rpartition(":")
        values: Json = {"model": model.strip() if colon else None}
        for figure in figures.split(","):
            name, _, number = figure.partition("=")
            values[name.strip()] = int(number) if number.strip().isdecimal() else number
        limits.append(values)
    return _limits(limits)


def _whole(name: str, value: object, *, minimum: int | None) -> int:
    if type(value) is not int or (minimum is not None and value < minimum):
        floor = "" if minimum is None else f" of at least {minimum}"
        raise ConfigError(f"{name} must be a whole number{floor}, not {value!r}")
    return value


def _latency(profile: object, scale: object) -> Latency:
    if not isinstance(profile, str):
        raise ConfigError(f"latency must be a string, not {profile!r}")
    if not isinstance(scale, int | float) or isinstance(scale, bool):
        raise ConfigError(f"latency_scale must be a number, not {scale!r}")
    return Latency(profile, float(scale))


def _limits(items: object) -> tuple[Limit, ...]:
    if not isinstance(items, list):
        raise ConfigError("limits must be a list of objects")
    limits = []
    for item in items:
        if not isinstance(item, dict):
            raise ConfigError(f"a limit must be an object, not {item!r}")
        try:
            limits.append(Limit(**item))
        except TypeError:
            known = ", ".join(Limit.__slots__)
            raise ConfigError(f"a limit knows only {known}; got {', '.join(map(str, item))}") from None
    return tuple(limits)


def _pictures(value: object) -> Pictures:
    try:
        return Pictures(str(value))
    except ValueError:
        raise ConfigError(f"pictures must be one of {', '.join(Pictures)}, not {value!r}") from None
