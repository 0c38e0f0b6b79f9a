"""One HTTP call to a platform: in budget, in time, tried again when that is safe, and its failures in our words."""

import hashlib
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar
from uuid import uuid4

import httpx

from policies.errors import Misconfigured, Unavailable
from tools.connectors.clock import Clock, SystemClock
from tools.connectors.rate_limit import Budget, Overdrawn, Priority

log = logging.getLogger(__name__)
# httpx writes every URL into the log, and a search for a customer has an e-mail address in its URL.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)
T = TypeVar("T")

_TOO_FAST = 429
_LOCKED = frozenset({402, 423, 430})  # Shopify: shop frozen, shop locked, security rejection
_SERVER_ERROR = 500
_SEEN = 4_000  # characters of a request id or a header worth keeping in a log line


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take.

    Attributes:
        connect_s: Seconds for a connection.
        answer_s: Seconds for each answer.
        attempts: How often at most, the first included.
        pause_s: The first pause is at most this many seconds, each further one at most twice as long.
        longest_pause_s: No pause of ours is longer; a platform may ask for a longer one.
        give_up_s: Seconds after which no other attempt begins, waiting for the platform's budget included.
    """

    connect_s: float = 2.0
    answer_s: float = 10.0
    attempts: int = 4
    pause_s: float = 0.2
    longest_pause_s: float = 5.0
    give_up_s: float = 30.0

    def timeout(self) -> httpx.Timeout:
        """As httpx takes it."""
        return httpx.Timeout(self.answer_s, connect=self.connect_s, pool=self.connect_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send.

    Attributes:
        name: What it is called in logs and receipts, such as `POST discountCodeBasicCreate`; it holds no identifier.
        cost: What it takes from the budget.
        repeatable: Sending it twice has the effect of once, so an unknown outcome is answered by sending it again.
    """

    name: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = None
    cost: float = 1.0
    priority: Priority = Priority.READ
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came back; `digest` is the SHA-256 of its bytes."""

    status: int
    body: T
    digest: str


class AnswerLost(Unavailable):
    """Whether the platform carried it out is not known: look before sending it again."""


class TooFast(Exception):
    """The platform asks for a pause; a reader raises it for what is not told by the status. `None`: it did not say."""

    def __init__(self, wait_s: float | None) -> None:
        super().__init__("too fast")
        self.wait_s = wait_s


class Troubled(Exception):
    """The platform failed in a way that passes, though the status does not say so; a reader raises it."""


class Http(Generic[T]):
    """Sends requests to one platform.

    Args:
        client: Owned by the caller.
        platform: Its name, as it begins error codes.
        budget: Shared by everything that talks to the platform.
        read: Makes the body of an answer, reports the budget it tells, and may raise `TooFast` or `Troubled`.
    """

    def __init__(  # noqa: PLR0913 - every collaborator is given, so that each can be moved by a test
        self,
        client: httpx.AsyncClient,
        platform: str,
        budget: Budget,
        read: Callable[[httpx.Response], T],
        *,
        patience: Patience | None = None,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.budget = budget
        self._client = client
        self._platform = platform
        self._read = read
        self._patience = patience or Patience()
        self._clock = clock or SystemClock()
        self._chance = chance

    async def send(self, request: Request) -> Answer[T]:
        """The answer, whatever its status below 500.

        Raises:
            AnswerLost: It was sent, no answer came, and it may not be repeated.
            Unavailable: It could not be delivered, or the platform did not answer in time.
            Misconfigured: The address is none.
        """
        begun = self._clock.monotonic()
        request_id = uuid4().hex
        failures = 0
        while True:
            left = self._patience.give_up_s - (self._clock.monotonic() - begun)
            try:
                return await self._once(request, request_id, left)
            except Overdrawn as error:
                raise self._unavailable(TooFast(None)) from error
            except TooFast as fast:
                wait = self._pause(failures) if fast.wait_s is None else fast.wait_s
                self.budget.close_for(wait)
                why: Exception = fast
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                failures += 1
                wait, why = self._pause(failures), error
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise Misconfigured(
                    f"The address of {self._platform} is not a web address.", code=f"{self._platform}.address"
                ) from error
            except (httpx.TransportError, Troubled) as error:
                if not request.repeatable:
                    raise self._lost() from error
                failures += 1
                wait, why = self._pause(failures), error
            log.info("%s %s: %s, attempt %d", self._platform, request.name, type(why).__name__, failures + 1)
            late = self._clock.monotonic() - begun + wait > self._patience.give_up_s
            if failures >= self._patience.attempts or late:
                raise self._unavailable(why) from why
            await self._clock.sleep(wait)

    async def _once(self, request: Request, request_id: str, within: float) -> Answer[T]:
        async with self.budget.spend(request.cost, request.priority, within=within):
            response = await self._client.request(
                request.method,
                request.url,
                params=request.params or None,
                content=request.content,
                headers={**request.headers, "X-Request-Id": request_id},
                timeout=self._patience.timeout(),
                follow_redirects=False,
            )
        log.debug(
            "%s %s: %d, ours %s, theirs %s",
            self._platform,
            request.name,
            response.status_code,
            request_id,
            response.headers.get("x-request-id", "")[:_SEEN],
        )
        if response.status_code == _TOO_FAST:
            raise TooFast(retry_after(response.headers.get("retry-after", "")))
        if response.status_code >= _SERVER_ERROR or response.status_code in _LOCKED:
            raise Troubled(f"status {response.status_code}")
        body = self._read(response)
        return Answer(response.status_code, body, hashlib.sha256(response.content).hexdigest())

    def _pause(self, failures: int) -> float:
        """Full jitter: anywhere between nothing and the doubled bound, so that callers do not come back together."""
        bound = min(self._patience.longest_pause_s, self._patience.pause_s * 2 ** max(0, failures - 1))
        return self._chance() * bound

    def _lost(self) -> AnswerLost:
        return AnswerLost(
            f"{self._platform.title()} was asked, but its answer did not arrive; it is looked up before it is tried "
            "again.",
            code=f"{self._platform}.answer_lost",
        )

    def _unavailable(self, why: Exception) -> Unavailable:
        name = self._platform.title()
        if isinstance(why, TooFast):
            return Unavailable(
                f"{name} asks for fewer requests at the moment; this one is tried again later.",
                code=f"{self._platform}.throttled",
            )
        return Unavailable(
            f"{name} does not answer at the moment; this is tried again later.", code=f"{self._platform}.unavailable"
        )


def retry_after(text: str, now: Callable[[], datetime] | None = None) -> float | None:
    """Seconds of a `Retry-After` header: a number, or a date. `None` when it is neither."""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    present = now() if now else datetime.now(moment.tzinfo)
    return max(0.0, (moment - present).total_seconds())


def header_number(response: httpx.Response, name: str) -> float | None:
    """A header's number, when it has one."""
    try:
        return float(response.headers[name])
    except (KeyError, ValueError):
        return None


JsonHttp = Http[Any]
