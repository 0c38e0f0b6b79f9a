"""Webhooks of both platforms on their way: signed, made again until they are accepted, and disturbed on demand."""

import asyncio
import itertools
import time
import uuid
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from evals.retailer.addresses import Target, addresses
from evals.retailer.delivery import Delivery, Sender
from evals.retailer.delivery_faults import DeliveryFaults
from evals.retailer.lightspeed.settings import LightspeedSettings
from evals.retailer.shopify.settings import ShopifySettings
from evals.retailer.world import Change, Order, Place, Platform, World

ANSWER_WITHIN = 5.0  # seconds, at both platforms
_LOOK_EVERY = 0.02  # seconds between looks at the retailer's clock, for what is held back
_NAMESPACE = uuid.UUID("6f1f5fd2-50f1-5a63-9f2a-3f6a1f0f7c55")


@dataclass(frozen=True, slots=True)
class Retries:
    """How a platform tries again: waits that grow by a constant factor and together last `over_s` seconds."""

    times: int
    over_s: float
    factor: float

    def wait(self, retry: int) -> float:
        """Seconds before a retry, counted from 0."""
        first = self.over_s * (self.factor - 1) / (self.factor**self.times - 1)
        return first * self.factor**retry


# How often and how long is documented; how the waits are spread is not.
RETRIES: Mapping[Platform, Retries] = {
    "shopify": Retries(8, 4 * 3600, 2.0),  # https://shopify.dev/docs/apps/build/webhooks/troubleshooting-webhooks
    "lightspeed": Retries(20, 48 * 3600, 1.5),  # https://x-series-api.lightspeedhq.com/docs/webhooks
}


@dataclass(slots=True)
class Counts:
    """What became of the deliveries.

    Attributes:
        made: Genuine deliveries, without duplicates.
        sent: Requests, retries included.
        accepted: Genuine deliveries, duplicates included, answered with 2xx.
        retried: Requests made again after a failure.
        failed: Genuine deliveries given up.
        bogus_accepted: Forged or unsigned requests answered with 2xx: there should be none.
        latencies_ms: Milliseconds of each accepted genuine request.
    """

    made: int = 0
    sent: int = 0
    accepted: int = 0
    retried: int = 0
    failed: int = 0
    duplicates: int = 0
    disordered: int = 0
    late: int = 0
    held_offline: int = 0
    forged: int = 0
    unsigned: int = 0
    bogus_accepted: int = 0
    latencies_ms: list[float] = field(default_factory=list[float])


class Deliveries:
    """Listens to a world from its making on, and delivers while `running()`.

    Args:
        world: The retailer.
        targets: Where each platform's webhooks go: a URL, or `shopify_addresses(...)` and `lightspeed_addresses(...)`.
        secrets: The app's client secret on each platform.
        faults: What goes wrong.
        concurrency: Requests under way at once; with 1, one platform's deliveries arrive in the order of the changes.
        retry_scale: Real seconds per second of the platform's waits; 0 tries again at once.
        answer_within: Seconds an answer may take.
        shop_domain: As Shopify names the shop; "": as the default settings do.
        domain_prefix: As Lightspeed names the retailer; "": as the default settings do.
    """

    def __init__(  # noqa: PLR0913 - each is a fact of its own
        self,
        world: World,
        targets: Mapping[Platform, Target],
        secrets: Mapping[Platform, str],
        *,
        faults: DeliveryFaults | None = None,
        concurrency: int = 8,
        retry_scale: float = 1.0,
        answer_within: float = ANSWER_WITHIN,
        shop_domain: str = "",
        domain_prefix: str = "",
    ) -> None:
        self.faults = faults or DeliveryFaults()
        self.counts = Counts()
        self._world = world
        self._targets = targets
        self._sender = Sender(
            secrets, shop_domain or ShopifySettings().shop_domain, domain_prefix or LightspeedSettings().domain_prefix
        )
        self._events = itertools.count(1)
        self._concurrency = concurrency
        self._retry_scale = retry_scale
        self._answer_within = answer_within
        self._ready: asyncio.Queue[tuple[Delivery, int]] = asyncio.Queue()
        self._open = 0  # on their way, waiting for a retry included; not those held back
        self._settled = asyncio.Event()
        self._overtaken: defaultdict[Platform, list[Delivery]] = defaultdict(list)
        self._late: deque[tuple[datetime, Delivery]] = deque()
        self._offline: defaultdict[str, list[Change]] = defaultdict(list)
        self._settled.set()
        world.listeners.append(self._hear)

    @asynccontextmanager
    async def running(self, client: httpx.AsyncClient | None = None) -> AsyncGenerator["Deliveries"]:
        """Deliver while the block runs. What is not delivered at its end stays for the next time.

        Args:
            client: Sends the requests and stays open; None: one of our own.
        """
        async with AsyncExitStack() as stack:
            sending = client or await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            workers = [group.create_task(self._work(sending)) for _ in range(self._concurrency)]
            workers.append(group.create_task(self._watch()))
            try:
                yield self
            finally:
                for worker in workers:
                    worker.cancel()

    async def settle(self) -> None:
        """Wait until everything on its way was accepted or given up. What the clock or a till holds back may stay."""
        self.release_due()
        for platform in list(self._overtaken):
            self._release_overtaken(platform)
        await self._settled.wait()

    def release_due(self) -> None:
        """Send what was held back until now, by the retailer's clock."""
        now = self._world.now()
        while self._late and self._late[0][0] <= now:
            self._enqueue(self._late.popleft()[1])
        for place in [place for place in self._offline if not self.faults.is_offline(place, now)]:
            for change in self._offline.pop(place):
                self._deliver(change)

    def _hear(self, change: Change) -> None:
        if change.platform not in self._targets:
            return
        place = _till_of(change)
        if place and (self.faults.is_offline(place, self._world.now()) or place in self._offline):
            self._offline[place].append(change)
            self.counts.held_offline += 1
        else:
            self._deliver(change)

    def _deliver(self, change: Change) -> None:
        event = uuid.uuid5(_NAMESPACE, f"{self._world.seed}/{next(self._events)}")
        at = self._world.now()
        for topic, body in self._sender.rendered(change, self._world):
            for address in addresses(self._targets.get(change.platform), topic):
                self._start(self._sender.sign(change.platform, topic, body, address, event, at))

    def _start(self, delivery: Delivery) -> None:
        faults, counts = self.faults, self.counts
        counts.made += 1
        if faults.forges_now():
            counts.forged += 1
            self._enqueue(delivery.forged())
        if faults.unsigns_now():
            counts.unsigned += 1
            self._enqueue(delivery.unsigned())
        copies = 2 if faults.draw(faults.duplicate_rate) else 1
        counts.duplicates += copies - 1
        for _ in range(copies):
            if faults.draw(faults.late_rate):
                counts.late += 1
                self._late.append((self._world.now() + faults.late_by, delivery))
            elif faults.draw(faults.disorder_rate):
                counts.disordered += 1
                self._overtaken[delivery.platform].append(delivery)
            else:
                self._enqueue(delivery)
                self._release_overtaken(delivery.platform)

    def _release_overtaken(self, platform: Platform) -> None:
        for delivery in self._overtaken.pop(platform, ()):
            self._enqueue(delivery)

    def _enqueue(self, delivery: Delivery) -> None:
        self._open += 1
        self._settled.clear()
        self._ready.put_nowait((delivery, 0))

    def _finish(self) -> None:
        self._open -= 1
        if not self._open:
            self._settled.set()

    async def _watch(self) -> None:
        while True:
            self.release_due()
            await asyncio.sleep(_LOOK_EVERY)

    async def _work(self, client: httpx.AsyncClient) -> None:
        while True:
            delivery, tried = await self._ready.get()
            try:
                accepted = await self._post(client, delivery)
            except asyncio.CancelledError:
                self._ready.put_nowait((delivery, tried))  # not answered: it is made again when deliveries run again
                raise
            if accepted or not delivery.genuine:
                self._finish()
            else:
                self._try_again(delivery, tried)

    async def _post(self, client: httpx.AsyncClient, delivery: Delivery) -> bool:
        self.counts.sent += 1
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._answer_within):
                request = client.build_request(
                    "POST", delivery.url, content=delivery.body, headers=dict(delivery.headers), timeout=None
                )
                response = await client.send(request)
        except (TimeoutError, httpx.HTTPError):
            return False
        if not response.is_success:
            return False
        if delivery.genuine:
            self.counts.accepted += 1
            self.counts.latencies_ms.append((time.perf_counter() - began) * 1000)
        else:
            self.counts.bogus_accepted += 1
        return True

    def _try_again(self, delivery: Delivery, tried: int) -> None:
        retries = RETRIES[delivery.platform]
        if tried >= retries.times:
            self.counts.failed += 1
            self._finish()
            return
        self.counts.retried += 1
        wait = retries.wait(tried) * self._retry_scale
        asyncio.get_running_loop().call_later(wait, self._ready.put_nowait, (delivery, tried + 1))


def _till_of(change: Change) -> str:
    """The place whose till reports a change; "" for what the platform does itself."""
    subject = change.subject
    if isinstance(subject, Order):
        return subject.place if subject.channel == "pos" else ""
    if isinstance(subject, Place):
        return subject.code
    return subject[1] if change.topic == "inventory.updated" else ""
