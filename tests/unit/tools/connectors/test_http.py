"""One call: tried again when that is safe, never when it is not, and its failures in our words."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from policies.errors import Misconfigured, Unavailable
from tools.connectors.find_or_make import find_or_make
from tools.connectors.http import AnswerLost, Http, Patience, Request, TooFast, Troubled, retry_after
from tools.connectors.rate_limit import Budget

pytestmark = pytest.mark.anyio
Step = httpx.Response | Exception
OK = httpx.Response(200, json={"ok": True})


class Watch:
    """Waits that take no time, and are counted."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


class Line:
    """A platform at the other end that answers these, one after another, and then the last for ever."""

    def __init__(self, *steps: Step, read: Callable[[httpx.Response], Any] | None = None, **patience: Any) -> None:
        self.steps = list(steps)
        self.seen: list[httpx.Request] = []
        self.watch = Watch()
        self.http: Http[Any] = Http(
            httpx.AsyncClient(transport=httpx.MockTransport(self._answer)),
            "shopify",
            Budget(1_000, 100, self.watch),
            read or (lambda response: response.json()),
            patience=Patience(**patience),
            clock=self.watch,
            chance=lambda: 1.0,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)

    async def send(self, *, repeatable: bool = True) -> Any:
        request = Request(name="GET x", method="GET", url="http://platform/x", repeatable=repeatable)
        return (await self.http.send(request)).body


@pytest.mark.parametrize(
    "trouble", [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"), httpx.Response(503), httpx.Response(502)]
)
async def test_what_may_be_repeated_is(trouble: Step):
    line = Line(trouble, trouble, OK)
    assert await line.send() == {"ok": True}
    assert len(line.seen) == 3
    assert len({request.headers["x-request-id"] for request in line.seen}) == 1


@pytest.mark.parametrize("trouble", [httpx.ReadTimeout("slow"), httpx.ReadError("cut"), httpx.Response(502)])
async def test_what_may_not_be_repeated_is_sent_once(trouble: Step):
    line = Line(trouble, OK)
    with pytest.raises(AnswerLost):
        await line.send(repeatable=False)
    assert len(line.seen) == 1


@pytest.mark.parametrize("trouble", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.Response(429)])
async def test_what_never_arrived_is_sent_again_even_so(trouble: Step):
    line = Line(trouble, OK)
    assert await line.send(repeatable=False) == {"ok": True}


async def test_pauses_grow_up_to_their_bound():
    line = Line(httpx.Response(500), attempts=7, pause_s=1, longest_pause_s=5)
    with pytest.raises(Unavailable):
        await line.send()
    assert line.watch.waits == [1, 2, 4, 5, 5, 5]


async def test_attempts_are_bounded():
    line = Line(httpx.Response(500), attempts=3)
    with pytest.raises(Unavailable) as caught:
        await line.send()
    assert caught.value.code == "shopify.unavailable"
    assert len(line.seen) == 3


async def test_too_fast_waits_as_long_as_was_asked_and_is_no_failure():
    line = Line(httpx.Response(429, headers={"Retry-After": "2"}), OK, attempts=1)
    assert await line.send() == {"ok": True}
    assert line.watch.seconds == pytest.approx(2)


async def test_too_long_a_wait_is_left_to_the_caller():
    line = Line(httpx.Response(429, headers={"Retry-After": "300"}), OK)
    with pytest.raises(Unavailable) as caught:
        await line.send()
    assert caught.value.code == "shopify.throttled"
    with pytest.raises(Unavailable):  # and the next one does not even ask
        await line.send()
    assert len(line.seen) == 1


@pytest.mark.parametrize("raised", [TooFast(1), Troubled("told in the answer")])
async def test_an_answer_may_tell_of_trouble_in_its_body(raised: Exception):
    told = [raised]

    def read(response: httpx.Response) -> Any:
        if told:
            raise told.pop()
        return response.json()

    assert await Line(OK, read=read).send() == {"ok": True}


@pytest.mark.parametrize("status", [200, 400, 401, 404, 409, 422])
async def test_an_answer_below_500_is_an_answer(status: int):
    line = Line(httpx.Response(status, json={"ok": True}))
    assert await line.send() == {"ok": True}
    assert len(line.seen) == 1


async def test_an_address_that_is_none_is_an_operators_matter():
    line = Line(httpx.UnsupportedProtocol("ftp"))
    with pytest.raises(Misconfigured) as caught:
        await line.send()
    assert caught.value.code == "shopify.address"


def test_a_moment_to_come_back_at_is_a_number_or_a_date():
    assert retry_after("7") == 7
    assert retry_after("-1") == 0
    assert retry_after("") is None
    assert (retry_after("Mon, 23 Nov 2099 15:02:00 GMT") or 0) > 0


async def test_what_was_made_is_found_after_its_answer_was_lost():
    made: list[str] = []

    async def find() -> str | None:
        return made[0] if made else None

    async def make() -> str:
        made.append("it")
        raise AnswerLost("lost", code="lost")

    assert await find_or_make(find, make) == ("it", True)
    assert made == ["it"]


async def test_what_is_never_made_is_given_up():
    tries: list[str] = []

    async def find() -> str | None:
        return None

    async def make() -> str:
        tries.append("try")
        raise AnswerLost("lost", code="lost")

    with pytest.raises(AnswerLost):
        await find_or_make(find, make)
    assert len(tries) == 3
