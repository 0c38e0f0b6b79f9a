"""What runs by the clock, whether or not anything happens."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import procrastinate

from knowledge.catalog.own_words import learn_own_words
from knowledge.demand.nightly import make_forecasts
from knowledge.offers.answers import count_answers
from knowledge.offers.companions import count_companions
from knowledge.offers.lacking import learn_next_items
from knowledge.store.session import Database, utc_now
from policies.errors import Refused, TillhandError
from server.mcp.task_rows import forget_tasks
from server.queue.lanes import wake_forgotten
from server.queue.poll import Poller
from server.queue.takeover import take_over
from server.telemetry import Metrics
from tools.audit.anchor import add_anchor
from tools.audit.ledger import head
from tools.platform import Platform

logger = logging.getLogger(__name__)

_KEEP_JOBS = 72  # hours; failed jobs are kept for whoever looks on Monday


class Guard(Protocol):
    """The guard, as far as the clock uses it."""

    async def expire(self, now: datetime | None = None) -> int:
        """Turn approvals whose time is up into "no"."""
        ...


class Batches(Protocol):
    """Undoes of many actions, as far as the clock uses them."""

    async def carry_on(self) -> int:
        """Go on with what nobody works on."""
        ...


class Watching(Protocol):
    """The ladder, as far as the clock uses it."""

    async def watch(self) -> int:
        """Send AI down where a breach stands."""
        ...


class Stranded(Protocol):
    """The executor, as far as the clock uses it."""

    async def take_over(self) -> int:
        """Queue actions left lying by workers that died."""
        ...


class Releasing(Protocol):
    """Groups of customers, as far as the clock releases them."""

    async def make_due(self) -> object:
        """Release when the schedule's time has come and nobody has."""
        ...

    async def withdraw_thin(self) -> int:
        """Withdraw groups that erasures left with too few customers."""
        ...


class Receipting(Protocol):
    """Daily privacy receipts, as far as the clock makes them."""

    async def make_due(self) -> object:
        """Yesterday's, when nobody made it yet."""
        ...


class Reviewing(Protocol):
    """The weekly reviews, as far as the clock uses them."""

    async def make_due(self) -> object:
        """Make last week's report, when its time has come and nobody made it."""
        ...


class Reconciling(Protocol):
    """Comparing counts with the platforms', as far as the clock does it."""

    async def run(self) -> int:
        """Look once; how many differences are new and stand."""
        ...


class Syncing(Protocol):
    """Counts two platforms keep of the same goods, as far as the clock keeps them alike."""

    async def run(self) -> object:
        """Look at every shelf that is due."""
        ...

    async def sweep(self) -> object:
        """Look at every shelf that is not as it was last left."""
        ...


class Erasing(Protocol):
    """The privacy office, as far as the clock uses it."""

    async def carry_on(self) -> int:
        """Go on with erasures that are not done."""
        ...

    async def shred(self) -> object:
        """Rotate the vault's keys when an erasure waits for it."""
        ...


class Recognizing(Protocol):
    """The linker, as far as the clock uses it."""

    async def run(self) -> object:
        """Compare customers of whom something was told with all others."""
        ...


class Measuring(Protocol):
    """Overrides of forecasts, as far as the clock measures them."""

    async def measure(self) -> object:
        """Keep what came of those that have ended."""
        ...


class Planning(Protocol):
    """The inventory specialist, as far as the clock has it look at the plan."""

    async def look(self) -> object:
        """Once a night: notice, word, propose."""
        ...


class Wording(Protocol):
    """Words for tomorrow's offers, as far as the clock has them written."""

    async def write(self) -> object:
        """One round, within its time."""
        ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every minute, every five, every hour, every night. UTC.

    Attributes:
        anchors: The file the ledger's head is written to; keep it where the database's owner cannot write.
        stalled_s: Seconds until a silent worker's jobs are given to another one.
        public_url: Where platforms reach us; empty: webhooks are left alone.
    """

    database: Database
    app: procrastinate.App
    guard: Guard
    undoing: Batches
    ladder: Watching
    actions: Stranded
    poller: Poller
    platforms: Mapping[str, Platform]
    metrics: Metrics
    reviews: Reviewing
    cohorts: Releasing
    receipts: Receipting
    privacy: Erasing
    linking: Recognizing
    reconciling: Reconciling
    beforehand: Wording
    overriding: Measuring
    planning: Planning
    syncing: Syncing
    anchors: Path
    stalled_s: float
    public_url: str = ""
    now: Callable[[], datetime] = utc_now

    def all(self) -> Mapping[str, tuple[str, Callable[[], Awaitable[object]]]]:
        """Cron line and work, by task name. A sixth field is seconds."""
        return {
            "take_over": ("* * * * * */5", self.take_over),
            "carry_on_undoing": ("* * * * * */15", self.undoing.carry_on),
            "carry_on_erasing": ("* * * * * */15", self.privacy.carry_on),
            "shred_backups": ("27 2 * * *", self.privacy.shred),
            "expire_approvals": ("* * * * *", self.guard.expire),
            "watch_ladder": ("* * * * *", self.ladder.watch),
            "poll_platforms": ("*/5 * * * *", self.poll),
            "ensure_webhooks": ("11 * * * *", self.ensure_webhooks),
            "anchor_ledger": ("0 * * * *", self.anchor),
            "make_review": ("*/15 * * * *", self.reviews.make_due),  # Mondays at five by the chain's own clock
            "withdraw_thin_cohorts": ("* * * * * */30", self.cohorts.withdraw_thin),
            "release_cohorts": (
                "27 3 * * *",
                self.cohorts.make_due,
            ),  # looks daily; releases on the schedule's own days
            "make_privacy_receipt": ("47 * * * *", self.receipts.make_due),  # once a day, when one is missing
            "link_customers": ("52 2 * * *", self.linking.run),
            "count_companions": ("7 3 * * *", self.count_companions),
            "learn_next_items": ("13 3 * * *", self.learn_next_items),
            "count_answers": ("17 3 * * *", self.count_answers),
            "reconcile": ("23 * * * *", self.reconciling.run),
            "look_at_the_plan": ("47 4 * * *", self.planning.look),
            "write_lines": ("33 4 * * *", self.beforehand.write),
            "sync_what_waits": ("* * * * *", self.syncing.run),
            "sync_sweep": ("*/10 * * * *", self.syncing.sweep),
            "measure_overrides": ("57 3 * * *", self.overriding.measure),
            "make_forecasts": ("17 4 * * *", self.make_forecasts),
            "learn_own_words": ("17 * * * *", self.learn_own_words),
            "forget_jobs": ("37 3 * * *", self.forget_jobs),
            "forget_tasks": ("47 3 * * *", self.forget_tasks),
        }

    async def learn_own_words(self) -> None:
        """Tell this process's scrubber what the catalog says by now."""
        await learn_own_words(self.database)

    async def take_over(self) -> None:
        """Restart what stands still: jobs and actions of dead workers, and lanes nobody was told of."""
        taken = await take_over(self.app, self.database, stalled_s=self.stalled_s)
        self.metrics.count("taken_over", taken)
        await self.actions.take_over()
        async with self.database.transaction() as connection:
            await wake_forgotten(connection)

    async def poll(self) -> None:
        """Ask every platform; one that fails, whatever for, does not keep the others from being asked."""
        for name, platform in self.platforms.items():
            try:
                polled = await self.poller.poll(name, platform.changes)
            except TillhandError as error:
                logger.warning("%s was not polled: %s", name, error.message)
            else:
                logger.info("%s told %d changes, %d of them news", name, polled.heard, polled.new)

    async def ensure_webhooks(self) -> None:
        """Register the webhooks we need; Shopify takes one away after it failed for four hours."""
        if not self.public_url:
            return
        for name, platform in self.platforms.items():
            try:
                added = await platform.subscriptions.ensure(self.public_url)
            except TillhandError as error:
                logger.warning("%s was not asked for webhooks: %s", name, error.message)
            else:
                logger.info("%s: %d webhooks added", name, len(added))

    async def anchor(self) -> None:
        """Write the ledger's head down outside the database."""
        async with self.database.reading() as connection:
            add_anchor(self.anchors, await head(connection), self.now())

    async def count_companions(self) -> None:
        """Count anew what is bought together."""
        await count_companions(self.database, until=self.now())

    async def learn_next_items(self) -> None:
        """Learn anew what baskets lack."""
        await learn_next_items(self.database, until=self.now())

    async def count_answers(self) -> None:
        """Count anew how buyers answered offers."""
        await count_answers(self.database, until=self.now())

    async def make_forecasts(self) -> None:
        """Forecast anew; a chain too young for it keeps being planned by how fast things sold lately."""
        try:
            made = await make_forecasts(self.database, now=self.now())
        except Refused as error:
            logger.info("no forecast was made: %s", error.message)
        else:
            logger.info("%d forecasts were made", made)

    async def forget_jobs(self) -> None:
        """Forget jobs that ended long ago; what they did is in the ledger."""
        await self.app.job_manager.delete_old_jobs(
            _KEEP_JOBS, include_failed=True, include_cancelled=True, include_aborted=True
        )

    async def forget_tasks(self) -> None:
        """Forget what callers waited for long ago."""
        await forget_tasks(self.database, self.now())
