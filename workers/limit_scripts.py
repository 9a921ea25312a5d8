"""The Lua scripts of the limits. Each is one atomic step, and keeps time by Redis' own clock, in milliseconds.

The workers' clocks do not matter, and no two workers can both take the last place. KEYS: see app.traffic.LimitKeys.
"""

from __future__ import annotations

# Ask for a place. KEYS: all of them, in their order. ARGV: waiter, user, weight, grant, most in flight, ms between
# requests (0 = no rate), burst, lease, patience, forgetting, and how long the caller may stay (0 = it goes to its row).
# Returns {0} = granted; {1, ms} = ask again after; {2, pause ms, ms until its turn, 1 = by the rate, which is known} = go,
# and be passed over until you ask again.
GRANT = """
local slots, asked, owners, users, served, state, places = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[8]
local waiter, user, grant, most = ARGV[1], ARGV[2], ARGV[4], tonumber(ARGV[5])
local share, interval, burst = 1 / tonumber(ARGV[3]), tonumber(ARGV[6]), tonumber(ARGV[7])
local lease, patience, forgetting, stay = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local stored = redis.call('HMGET', state, 'next', 'paused', 'virtual', 'hold')
local following, paused, virtual = tonumber(stored[1]) or 0, tonumber(stored[2]) or 0, tonumber(stored[3]) or 0
-- How long it takes from one grant to the next while many wait. Not measured from grants: a guess too long would keep
-- waiters away, and the gaps of its own making would prove it right.
local by_calls = (tonumber(stored[4]) or (interval > 0 and 0 or 1000)) / most
local pace = math.max(interval, by_calls)

if following > now + interval + 1000 then  -- later than any that is set: the clock was set back, and all moments are wrong
  following, paused = now, 0
  redis.call('HSET', state, 'next', now, 'paused', 0, 'left', 0)
  for _, held in ipairs(redis.call('ZRANGE', slots, 0, -1)) do redis.call('ZADD', slots, now + lease, held) end
  for _, who in ipairs(redis.call('ZRANGE', asked, 0, -1)) do redis.call('ZADD', asked, now - patience - 1, who) end
end

redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', asked, '-inf', now - forgetting)) do
  redis.call('ZREM', places .. (redis.call('HGET', owners, gone) or ''), gone)
  redis.call('HDEL', owners, gone)
  redis.call('ZREM', asked, gone)
end

local mine = places .. user
local number = tonumber(redis.call('ZSCORE', mine, waiter))
if not number then
  number = redis.call('HINCRBY', state, 'number', 1)
  redis.call('ZADD', mine, number, waiter)
  redis.call('HSET', owners, waiter, user)
  redis.call('HSET', users, user, ARGV[3])
end
redis.call('ZADD', asked, now, waiter)
for _, key in ipairs({mine, asked, owners, users, served, state}) do redis.call('PEXPIRE', key, 7200000) end

-- How many of those who are here come before this one. The order is total: else two could wait for each other.
local function turn_of(who) return math.max(virtual, tonumber(redis.call('HGET', served, who)) or 0) end
local here, before, others = redis.call('ZRANGEBYSCORE', asked, now - patience, '+inf'), 0, {}
for i, who in ipairs(redis.call('HMGET', owners, unpack(here))) do
  if who ~= user then others[who] = (others[who] or 0) + 1
  elseif tonumber(redis.call('ZSCORE', mine, here[i])) < number then before = before + 1 end
end
local turn, ahead = turn_of(user) + before * share, before
for who, count in pairs(others) do
  local first, each = turn_of(who), 1 / tonumber(redis.call('HGET', users, who))
  for i = 0, count - 1 do
    local at = first + i * each
    if at < turn or (at == turn and who < user) then ahead = ahead + 1 else break end
  end
end

local free = most - redis.call('ZCARD', slots)
local early = math.max(following, paused) - now
if free > ahead and early <= 0 then
  redis.call('ZADD', slots, now + lease, grant)
  redis.call('PEXPIRE', slots, lease * 2)
  redis.call('ZREM', asked, waiter)
  redis.call('HDEL', owners, waiter)
  redis.call('ZREM', mine, waiter)
  -- A grant that comes a little late does not put the later ones off: the rate would never be reached.
  local slack = (burst - 1) * interval + math.min(interval / 2, 20)
  virtual = turn_of(user)
  redis.call('HSET', served, user, virtual + share)
  if redis.call('EXISTS', asked) == 0 then  -- nobody waits: a new busy period begins
    redis.call('DEL', served, users)
    virtual = 0
  end
  redis.call('HSET', state, 'next', math.max(following, paused, now - slack) + interval, 'virtual', virtual)
  return {0}
end
if stay <= 0 or early > stay then
  redis.call('ZADD', asked, now - patience - 1, waiter)
  local rank = redis.call('ZRANK', mine, waiter)
  turn = turn_of(user) + rank * share
  for _, who in ipairs(redis.call('HKEYS', users)) do
    local count = who == user and 0 or redis.call('ZCARD', places .. who)
    if count > 0 then
      local weight = tonumber(redis.call('HGET', users, who))
      rank = rank + math.max(math.min(count, math.ceil((turn - turn_of(who)) * weight)), 0)
    end
  end
  return {2, math.ceil(math.max(paused - now, 0)), math.ceil(rank * pace), interval >= by_calls and 1 or 0}
end
-- Places are looked for more often where calls are short; the nearest looks most often.
local look = math.max(math.min(pace * most / 100, 50), 10) * math.max(ahead + 1 - free, 0)
return {1, math.ceil(math.min(math.max(early, 0) + math.max(ahead * interval, look), 200))}
"""

# Take the moment at which a granted request leaves. KEYS: state. ARGV: ms between requests, burst, ms that it is early.
# Returns ms to wait.
LEAVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local interval, slack = tonumber(ARGV[1]), (tonumber(ARGV[2]) - 1) * ARGV[1]
local left = tonumber(redis.call('HGET', KEYS[1], 'left')) or 0
if left > now + ARGV[3] + slack + 60000 then left = 0 end  -- the clock was set back
local at = math.max(now + ARGV[3], left - slack)
redis.call('HSET', KEYS[1], 'left', math.max(left, at) + interval)
return math.ceil(at - now)
"""

# Free a place. KEYS: slots, state. ARGV: grant, ms that it was held, ms that its thread waited for it.
RELEASE = """
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then
  local hold = tonumber(redis.call('HGET', KEYS[2], 'hold')) or tonumber(ARGV[2])
  -- One call that hung says little of how long the others take.
  redis.call('HSET', KEYS[2], 'hold', 0.9 * hold + 0.1 * math.min(ARGV[2], 2 * hold))
  redis.call('HINCRBY', KEYS[2], 'grants', 1)
  redis.call('HINCRBYFLOAT', KEYS[2], 'waited', ARGV[3] or 0)
end
"""

# Note a 429. KEYS: refused, state. ARGV: ms that the provider asks for (0 = it does not say), jitter, ms that make it used up.
# Returns 1 = used up, and no pause is set.
PUSHED_BACK = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local asked, jitter, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local first = tonumber(redis.call('HGET', KEYS[1], 'first')) or now
local count = tonumber(redis.call('HGET', KEYS[1], 'count')) or 0
local paused = tonumber(redis.call('HGET', KEYS[2], 'paused')) or 0
local is_used_up = asked > longest or now - first >= longest
local wait = asked
-- Who was under way when the pause began belongs to the same refusal: five at once are not five in a row.
if paused <= now then
  count = count + 1
  if asked <= 0 then wait = math.min(1000 * 2 ^ (count - 1), 8000) * jitter end
end
redis.call('HSET', KEYS[1], 'first', first, 'count', count)
redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(wait, 60000) + 60000))
if is_used_up then return 1 end
redis.call('HSET', KEYS[2], 'paused', math.max(paused, now + wait))
redis.call('PEXPIRE', KEYS[2], 7200000)
return 0
"""

# Hold everybody back. KEYS: state. ARGV: ms.
PAUSE = """
local time = redis.call('TIME')
local until_ms = time[1] * 1000 + time[2] / 1000 + tonumber(ARGV[1])
redis.call('HSET', KEYS[1], 'paused', math.max(tonumber(redis.call('HGET', KEYS[1], 'paused')) or 0, until_ms))
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[1] + 7200000))
"""

# Take a waiter out of the queue. KEYS: asked, owners, places. ARGV: waiter.
FORGET = """
redis.call('ZREM', KEYS[3] .. (redis.call('HGET', KEYS[2], ARGV[1]) or ''), ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
"""

# Renew leases, of slots that were not freed meanwhile. KEYS: slots. ARGV: ms of a lease, grants.
RENEW = """
local time = redis.call('TIME')
local until_ms = time[1] * 1000 + time[2] / 1000 + tonumber(ARGV[1])
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], 'XX', until_ms, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[1] * 2))
"""
