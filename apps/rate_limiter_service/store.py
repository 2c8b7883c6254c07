"""When requests were let through, in Redis: one script a decision, so that any number of replicas keep one limit."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from redis.asyncio import BlockingConnectionPool, Connection, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from apps.rate_limiter_service.domain.errors import LedgerAway
from apps.rate_limiter_service.domain.limits import Limits
from apps.rate_limiter_service.settings import Settings
from chassis import Secrets, span
from contracts.rate_limiter_service import MOST_LATE, Acquire, Arrival

KEPT_ARRIVALS = 10_000  # of each tenant, for simulations
USAGE_KEPT = 400 * 86_400  # seconds
# One hash slot: a script of a Redis cluster may only touch keys of one.
PREFIX = "{limits}"

# Times are microseconds of Redis' own clock: the replicas' clocks may differ.
# The epoch is when this Redis began to know: places it forgot may lie as far ahead as one is ever given.
# A place may lie in the future, so the window before it holds the newest `rate` places, whatever their order of giving.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local base_rate, token_rate, period = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local horizon, late = tonumber(ARGV[4]), tonumber(ARGV[5])
local epoch = redis.call('GET', KEYS[4])
if not epoch then
    epoch = now + tonumber(ARGV[9])
    redis.call('SET', KEYS[4], string.format('%.0f', now))
end
local at = math.max(now + late, tonumber(epoch) + period)
local held = redis.call('GET', KEYS[3])
if held then at = math.max(at, tonumber(held)) end
local function room(key, rate)
    local taken = redis.call('ZREVRANGE', key, rate - 1, rate - 1, 'WITHSCORES')
    if taken[2] then at = math.max(at, tonumber(taken[2]) + period) end
end
if base_rate > 0 then room(KEYS[1], base_rate) end
room(KEYS[2], token_rate)
if at - now > horizon + late then
    return {0, string.format('%.0f', at), string.format('%.0f', at - now)}
end
local count = redis.call('INCR', KEYS[5])
if count == 1 then redis.call('EXPIRE', KEYS[5], ARGV[6]) end
local function take(key)
    redis.call('ZADD', key, at, KEYS[5] .. count)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - period)
    redis.call('PEXPIRE', key, math.ceil(3 * period / 1000))
end
if base_rate > 0 then take(KEYS[1]) end
take(KEYS[2])
redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[7], '*', 'arrival', ARGV[8])
return {1, string.format('%.0f', at), string.format('%.0f', at - now)}
"""
_HOLD = """
local clock = redis.call('TIME')
local until_ = clock[1] * 1000000 + clock[2] + tonumber(ARGV[1])
if until_ > tonumber(redis.call('GET', KEYS[1]) or 0) then
    redis.call('SET', KEYS[1], string.format('%.0f', until_), 'PX', math.ceil(tonumber(ARGV[1]) / 1000) + 1)
end
redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a place was taken. `at`: Unix seconds by Redis' clock; `wait`: how far that is away."""

    granted: bool
    at: float
    wait: float


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of a base: calls in the last period, seconds a penalty still runs, penalties so far."""

    sent: int
    free_in: float
    held_for: float
    penalties: int


class Ledger:
    """Every method raises LedgerAway when Redis does not answer: then nobody is let through (closed, not open)."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._settings, self._secrets = settings, secrets
        self._redis: Redis | None = None

    async def stop(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()
            await self._redis.connection_pool.disconnect()

    async def ready(self) -> str | None:
        try:
            await self._do("PING")
        except LedgerAway:
            return "Redis"
        return None

    async def take(self, ask: Acquire, tenant: str, limits: Limits, horizon: float, waited: float) -> Decision:
        """Take a place not more than `horizon` seconds (and what `ask` was late) away, or say when there is one."""
        keys = [
            self._base(ask.base or "-"), f"{PREFIX}:token:{ask.token}", f"{PREFIX}:held:{ask.base or '-'}",
            f"{PREFIX}:epoch", f"{PREFIX}:usage:{tenant}:{month()}", f"{PREFIX}:seen:{tenant}",
        ]  # fmt: skip
        arguments = [
            limits.base_rate if ask.base else 0, limits.token_rate, _micro(limits.period), _micro(horizon),
            _micro(ask.late), USAGE_KEPT, KEPT_ARRIVALS, _arrival(ask, waited), _micro(horizon + MOST_LATE),
        ]  # fmt: skip
        granted, at, wait = await self._do("EVAL", _TAKE, len(keys), *keys, *arguments)
        return Decision(bool(granted), int(at) / 1e6, int(wait) / 1e6)

    async def refused(self, ask: Acquire, tenant: str, waited: float) -> None:
        """Note a call that was not let through, for simulations."""
        await self._do(
            "XADD", f"{PREFIX}:seen:{tenant}", "MAXLEN", "~", KEPT_ARRIVALS, "*", "arrival", _arrival(ask, waited)
        )

    async def hold(self, base: str, seconds: float) -> None:
        """Nothing goes to `base` for `seconds`."""
        await self._do("EVAL", _HOLD, 2, f"{PREFIX}:held:{base}", f"{PREFIX}:penalties", _micro(seconds), base)

    async def now(self) -> float:
        """Redis' time, Unix seconds."""
        seconds, micros = await self._do("TIME")
        return int(seconds) + int(micros) / 1e6

    async def look(self, base: str, limits: Limits) -> Look:
        now = await self.now() * 1e6
        period = _micro(limits.period)
        taken = await self._do("ZREVRANGE", self._base(base), 0, limits.base_rate - 1, "WITHSCORES")
        scores = [float(score) for score in taken[1::2]]
        held = float(await self._do("GET", f"{PREFIX}:held:{base}") or 0)
        epoch = float(await self._do("GET", f"{PREFIX}:epoch") or now)
        oldest = scores[-1] if len(scores) == limits.base_rate else 0.0
        free = max(oldest + period, epoch + period, held)
        return Look(
            sent=sum(1 for score in scores if now - period < score <= now),
            free_in=max(0.0, free - now) / 1e6,
            held_for=max(0.0, held - now) / 1e6,
            penalties=int(await self._do("HGET", f"{PREFIX}:penalties", base) or 0),
        )

    async def usage(self, tenant: str, of_month: str) -> int:
        return int(await self._do("GET", f"{PREFIX}:usage:{tenant}:{of_month}") or 0)

    async def arrivals(self, tenant: str) -> list[Arrival]:
        """The tenant's calls as they came, oldest first, `at` from the first one."""
        rows = await self._do("XRANGE", f"{PREFIX}:seen:{tenant}", "-", "+", "COUNT", KEPT_ARRIVALS)
        found = sorted((orjson.loads(fields[b"arrival"]) for _, fields in rows), key=lambda one: one["at"])
        return [Arrival(**{**one, "at": one["at"] - found[0]["at"], "tenant": tenant}) for one in found]

    @staticmethod
    def _base(base: str) -> str:
        return f"{PREFIX}:base:{base}"

    async def _do(self, *command: Any) -> Any:
        """One command on the one connection; a script is sent whole, which Redis recognises by its hash."""
        try:
            with span("redis", {"db.system.name": "redis", "db.operation.name": command[0]}):
                redis = self._redis or await self._open()
                return await redis.execute_command(*command)  # type: ignore[no-untyped-call]
        except (RedisError, OSError, TimeoutError) as failure:
            raise LedgerAway(
                "Nobody can say whether Airtable's limit has room, so nothing is sent. Repeat it in a second.",
                headers={"Retry-After": "1"},
            ) from failure

    async def _open(self) -> Redis:
        host, _, port = (await self._secrets.get("redis-host")).rpartition(":")
        timeout = self._settings.redis_timeout
        pool = BlockingConnectionPool(
            max_connections=4,
            timeout=timeout,
            host=host,
            port=int(port),
            password=await self._secrets.get("redis-password") or None,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),  # a decision taken twice would spend two places
            redis_connect_func=self._connected,
            protocol=2,
        )
        self._redis = Redis(connection_pool=pool)
        return self._redis

    async def _connected(self, connection: Connection) -> None:
        """A server that was started since may have lost the last second: whoever connects to it first begins anew."""
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        told = await connection.read_response()
        run = next(line for line in told.decode().splitlines() if line.startswith("run_id:"))
        await connection.send_command("GETSET", f"{PREFIX}:run", run)
        known = await connection.read_response()
        if known is None or known.decode() != run:
            await connection.send_command("DEL", f"{PREFIX}:epoch")
            await connection.read_response()


def month() -> str:
    """This calendar month, UTC, as Airtable's plans count."""
    return datetime.now(UTC).strftime("%Y-%m")


def _micro(seconds: float) -> int:
    return int(seconds * 1e6)


def _arrival(ask: Acquire, waited: float) -> bytes:
    at = time.time() - waited
    return orjson.dumps({"at": at, "base": ask.base or "-", "priority": ask.priority, "budget": ask.budget})
