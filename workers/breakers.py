"""Circuit breakers over all workers: a provider that is down, used up or out of credit costs nothing per slide.

A breaker has one of three scopes: the provider (its account), `provider:kind` (down, or used up) and `provider/model`
(retired). When its time is over it is half-open: one caller over all workers finds out, and the others see it open
until that one has told. All are fields of one hash in Redis; while Redis is away every breaker counts as closed.
"""

from __future__ import annotations

import logging
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass

from app import traffic
from app.domain.errors import Unavailable
from app.domain.provider_errors import (
    ModelRetired,
    ProviderAccount,
    ProviderBlocked,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRejected,
)

log = logging.getLogger(__name__)

DOWN_FAILURES = 5  # in a row, of all workers
DOWN_S, LONGEST_DOWN_S = 30.0, 300.0  # doubles while probes fail
ACCOUNT_S = 600.0
RETIRED_S = 3600.0
SHORTEST_USED_UP_S, LONGEST_USED_UP_S = 60.0, 3600.0
PROBE_S = 120.0  # a probe that has told nothing by then is dead: longer than the wait for a slot and most calls
ROW_S = 600.0  # failures longer apart than this are not in a row
MESSAGE_CHARACTERS = 300

# Each stored breaker is JSON: `failures` and `at` (of the last one, ms) while it is closed; `code`, `message`, `ends`
# (ms), `cool_ms` and, while somebody probes, `probe` (ms: when that one is taken for dead) and `by` once it opened.

# KEYS: breakers. ARGV: who asks, ms of a probe, scopes. Returns {0, scopes that the caller probes} or {1, scope, code, message, ms}.
_ASK = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = {}
for i = 3, #ARGV do
  local stored = redis.call('HGET', KEYS[1], ARGV[i])
  local one = stored and cjson.decode(stored) or {}
  if one.ends then
    local open_until = math.max(one.ends, one.by ~= ARGV[1] and one.probe or 0)
    -- Its time is over and somebody finds out: whatever opened it may be mended already.
    local code = one.ends > now and one.code or 'half_open'
    if open_until > now then return {1, ARGV[i], code, one.message, math.ceil(open_until - now)} end
    due[ARGV[i]] = one
  end
end
local probed = {0}
for scope, one in pairs(due) do  -- only when no other scope is open: a probe that is not sent finds nothing out
  one.probe, one.by = now + tonumber(ARGV[2]), ARGV[1]
  redis.call('HSET', KEYS[1], scope, cjson.encode(one))
  probed[#probed + 1] = scope
end
return probed
"""

# KEYS: breakers. ARGV: scopes. Returns those that were open and are closed now.
_CLOSE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local closed = {}
for _, scope in ipairs(ARGV) do
  local stored = redis.call('HGET', KEYS[1], scope)
  if stored then
    local one = cjson.decode(stored)
    -- A request that was under way when the credit ran out may still succeed: that does not bring the credit back.
    if not one.ends or one.ends <= now or one.code == 'provider_down' then
      redis.call('HDEL', KEYS[1], scope)
      if one.ends then closed[#closed + 1] = scope end
    end
  end
end
return closed
"""

# KEYS: breakers. ARGV: scope, code, message, failures that open it, ms that it is open, ms at most, ms of a row.
# Returns 1 when it opened, 2 when a probe failed, 0 otherwise.
_FAIL = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local needed, cool, longest = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local one = stored and cjson.decode(stored) or {failures = 0, at = now}
local was_open = one.ends ~= nil
if was_open and one.ends > now then  -- a request that was under way when it opened
  if needed > 1 or one.code == ARGV[2] or now + cool <= one.ends then return 0 end
elseif was_open then
  cool = math.min(math.max(one.cool_ms * 2, cool), longest)
else
  if now - one.at > tonumber(ARGV[7]) then one.failures = 0 end
  one.failures, one.at = one.failures + 1, now
end
local is_open = was_open or one.failures >= needed
if is_open then one = {code = ARGV[2], message = ARGV[3], ends = now + cool, cool_ms = cool} end
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(one))
return is_open and (was_open and 2 or 1) or 0
"""

# KEYS: breakers. ARGV: who had them, scopes.
_GIVE_BACK = """
for i = 2, #ARGV do
  local stored = redis.call('HGET', KEYS[1], ARGV[i])
  local one = stored and cjson.decode(stored) or {}
  if one.by == ARGV[1] then
    one.probe, one.by = nil, nil
    redis.call('HSET', KEYS[1], ARGV[i], cjson.encode(one))
  end
end
"""


class _Prober(threading.local):
    """This thread, as one that is let through half-open breakers."""

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex
        self.scopes: list[bytes] = []
        """Where it was let through."""


_prober = _Prober()


@dataclass(frozen=True, slots=True)
class Open:
    """Why a provider is not asked."""

    scope: str
    """`provider`, `provider:kind` or `provider/model`."""
    code: str
    """Of the error that opened it; `half_open` while somebody finds out whether it is over."""
    message: str
    """What the provider said, for people."""
    for_s: float
    """Until somebody may try, or until the one who tries is taken for dead."""


def why_open(provider: str, kind: str, model: str) -> Open | None:
    """Return why a model must not be asked now, None when it may be. kind: `text` or `image`.

    The thread that gets None from a half-open breaker is the only one, and tells what came of it: succeeded, failed
    or, when the request was not sent, not_asked. Who tells nothing is taken for dead after two minutes.
    """
    who = (_prober.token, PROBE_S * 1000)
    try:
        told = traffic.run(_ASK, [traffic.BREAKERS], *who, *_scopes(provider, kind, model))
    except Unavailable:
        return None
    if told[0] == 0:
        _prober.scopes = [*_prober.scopes, *told[1:]]
        return None
    not_asked()
    _, scope, code, message, left_ms = told
    return Open(scope.decode(), code.decode(), message.decode(), left_ms / 1000)


def succeeded(provider: str, kind: str, model: str) -> None:
    """Note that a model answered: what was half-open closes, and failures are in a row no more."""
    _close(*_scopes(provider, kind, model))


def failed(provider: str, kind: str, model: str, error: ProviderError, *, used_up: bool = False) -> None:
    """Note that a request failed, and open what this error opens.

    - ProviderDown: provider:kind, after five in a row, for 30 s, doubling up to 5 min while probes fail;
    - ProviderBusy with `used_up`: provider:kind, for what it asks for, 1 min to 1 h;
    - ProviderAccount: the provider, for 10 min; ModelRetired: the model, for 1 h. The operator is told once, in the log.
    - Whoever blocks or rejects a request is well.
    """
    account, by_kind, by_model = _scopes(provider, kind, model)
    match error:
        case ProviderDown():
            _open(by_kind, provider, model, error, DOWN_S, LONGEST_DOWN_S, failures=DOWN_FAILURES)
        case ProviderBusy() if used_up:
            open_s = min(max(error.retry_after_s or 0, SHORTEST_USED_UP_S), LONGEST_USED_UP_S)
            _open(by_kind, provider, model, error, open_s, open_s)
        case ProviderBusy():
            not_asked()
        case ProviderAccount():
            _open(account, provider, model, error, ACCOUNT_S, ACCOUNT_S)
        case ModelRetired():
            _open(by_model, provider, model, error, RETIRED_S, RETIRED_S)
            _close(account, by_kind)
        case ProviderBlocked() | ProviderRejected():
            _close(account, by_kind, by_model)
    not_asked()  # what this error says nothing about is for somebody else to find out


def not_asked() -> None:
    """Let somebody else find out: the request that this thread was let through for was not sent, or told nothing."""
    scopes, _prober.scopes = _prober.scopes, []
    if scopes:
        with suppress(Unavailable):
            traffic.run(_GIVE_BACK, [traffic.BREAKERS], _prober.token, *scopes)


def _scopes(provider: str, kind: str, model: str) -> tuple[str, str, str]:
    return provider, f"{provider}:{kind}", f"{provider}/{model}"


def _close(*scopes: str) -> None:
    with suppress(Unavailable):
        for scope in traffic.run(_CLOSE, [traffic.BREAKERS], *scopes):
            log.info("breaker_closed", extra={"scope": scope.decode()})


def _open(
    scope: str, provider: str, model: str, error: ProviderError, open_s: float, longest_s: float, *, failures: int = 1
) -> None:
    """Count a failure against a breaker, and tell when that opens it."""
    message = str(error)[:MESSAGE_CHARACTERS].encode(errors="replace")  # vendors' JSON may hold half a surrogate pair
    args = (error.code, message, failures, open_s * 1000, longest_s * 1000, ROW_S * 1000)
    try:
        verdict = traffic.run(_FAIL, [traffic.BREAKERS], scope, *args)
    except Unavailable:
        return
    if verdict == 0:
        return
    if verdict == 1 and isinstance(error, ProviderAccount | ModelRetired):
        log.error("provider_needs_operator", extra={"provider": provider, "model": model, "code": error.code})
    else:
        log.warning("breaker_opened", extra={"scope": scope, "code": error.code})
