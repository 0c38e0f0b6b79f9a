"""The one place that knows every concrete class: from settings to a house with everything in it.

Read this file to know what is handed to whom. No tool, agent or route is given a platform: writes go through the guard,
which alone holds the executor; what is handed on from a platform is a port that only reads.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cryptography.fernet import Fernet, InvalidToken

from agents.beforehand import Beforehand
from agents.night_planner import NightPlanner
from agents.specialist import Specialist
from agents.specialists.offers import OffersSpecialist
from agents.standing import Standing
from agents.supervisor import Supervisor
from knowledge.anonymity.office import CohortOffice
from knowledge.catalog.own_words import learn_own_words
from knowledge.events.event import Event
from knowledge.leaks.kept import raw_of_customers
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from knowledge.vault.intake import Intake
from knowledge.vault.key_file import KeyFile
from knowledge.vault.linking import Linking
from knowledge.vault.vault import Vault
from policies.engine import Engine
from policies.limits import Limits
from server.background import Background
from server.bearers import Bearers
from server.checkout.desk import CheckoutDesk
from server.checkout.scanned import ScanDesk
from server.connecting import inlets_of, orders_of, outside_of, places_of, platforms_of, senders_of, tokens_of
from server.counting import counting
from server.daily_receipt import DailyReceipts
from server.knowing import knowing_of
from server.oauth.challenge import Challenge
from server.offline.hand import OfflineDesk
from server.proposing import proposing_of
from server.queue.inbox import Inbox
from server.queue.jobs import Jobs, Tempo
from server.queue.lanes import Lanes
from server.queue.poll import Poller
from server.queue.schedule import Schedule
from server.rulebook import Rulebook, read_policies
from server.secret import Secret
from server.settings import Settings
from server.speaking import speaking_of
from server.telemetry import Metrics
from server.webhooks.hearsay import Listener
from server.webhooks.privacy import take_request
from server.webhooks.receive import Receiver
from tools.connectors.messaging import Messaging
from tools.executor import Executor
from tools.exported_orders import ExportedOrders
from tools.fresh_prices import FreshPrices
from tools.guard import Guard
from tools.ladder.office import LadderOffice
from tools.measure.office import MeasureOffice
from tools.mirroring.mirroring import Mirroring
from tools.mirroring.reserve import Reservations
from tools.overriding.book import OverrideBook
from tools.pace import Allowance, Pace
from tools.past.past import Past
from tools.past.ruleset import keep_ruleset
from tools.platform import Platform
from tools.privacy.addresses import VaultAddresses
from tools.privacy.office import PrivacyOffice
from tools.propose.plan import Plans
from tools.recognition.book import LinkBook
from tools.recognition.night import NightlyLinking
from tools.recognition.office import LinkOffice
from tools.reconciling import Reconciling
from tools.registry import build_tools
from tools.review.reviews import Reviews
from tools.tool import Tool
from tools.undo.undoing import Undoing


@dataclass(frozen=True, slots=True)
class House:
    """Everything, put together. The doors in `server.app` and the commands are given this and nothing else.

    Attributes:
        secret: Of the installation.
        agents: Whether specialists may look at events now.
        platforms: To poll, to check and to register webhooks with; their writes belong to the executor.
    """

    settings: Settings
    database: Database
    secret: Secret
    sealer: Fernet
    keys: Intake
    vault: Vault
    privacy: PrivacyOffice
    linking: NightlyLinking
    links: LinkOffice
    places: Places
    limits: Limits
    engine: Engine
    rulebook: Rulebook
    platforms: Mapping[str, Platform]
    guard: Guard
    tools: Mapping[str, Tool]
    undoing: Undoing
    ladder: LadderOffice
    past: Past
    reviews: Reviews
    measuring: MeasureOffice
    cohorts: CohortOffice
    receipts: DailyReceipts
    specialists: Sequence[Specialist]
    offers: OffersSpecialist
    beforehand: Beforehand
    planner: NightPlanner
    supervisor: Supervisor
    inbox: Inbox
    lanes: Lanes
    poller: Poller
    jobs: Jobs
    mirroring: Mirroring
    reservations: Reservations
    schedule: Schedule
    bearers: Bearers
    challenge: Challenge
    receiver: Receiver
    listener: Listener
    desk: CheckoutDesk
    offline: OfflineDesk
    background: Background
    metrics: Metrics
    tempo: Tempo
    agents: Callable[[], bool]
    carry_out: Callable[[str], Awaitable[object]]
    now: Callable[[], datetime]


OtherPlatforms = Callable[[Database], Mapping[str, Platform]]


@asynccontextmanager
async def compose(
    settings: Settings,
    *,
    now: Callable[[], datetime] = utc_now,
    present: Callable[[Event], datetime] | None = None,
    others: OtherPlatforms | None = None,
) -> AsyncGenerator[House]:
    """Put the house together, and take it down when the block ends.

    Args:
        settings: Checked.
        now: The present, aware; another clock lets a day pass in minutes.
        present: When an event is looked at; now, unless told otherwise.
        others: Platforms beside those the settings name, by name; they are given the house's database.

    Raises:
        Misconfigured: Something the operator has to change.
        Unavailable: The database does not answer.
    """
    url = settings.database_url or start_embedded(settings.home / "pg")
    await asyncio.to_thread(migrate, url)
    secret = Secret.read(settings.secret_path)
    async with AsyncExitStack() as stack:
        database = Database(url, pool=settings.pool)
        stack.push_async_callback(database.close)
        more: Mapping[str, Platform] = others(database) if others else {}
        house = await _house(settings, database, secret, stack, now, present, more)
        await learn_own_words(database)
        yield house


async def _house(  # noqa: PLR0913, PLR0917
    settings: Settings,
    database: Database,
    secret: Secret,
    stack: AsyncExitStack,
    now: Callable[[], datetime],
    present: Callable[[Event], datetime] | None,
    others: Mapping[str, Platform],
) -> House:
    metrics, background = Metrics(), Background()
    sealer = secret.sealer()
    key_file = KeyFile(settings.vault_keys_path)
    keys = Intake(key_file, country=settings.country, strict=settings.strict_identifiers)
    vault = Vault(database, key_file)
    limits, engine = read_policies(settings)
    async with database.transaction() as connection:
        await keep_ruleset(connection, engine, now())
    places = await places_of(settings, database)
    real = platforms_of(settings, places, keys, database, secret, now)
    platforms = {**real, **others}
    for platform in platforms.values():
        stack.push_async_callback(platform.close)
    prices = FreshPrices({name: platform.catalog for name, platform in platforms.items()}, now)
    stack.push_async_callback(prices.close)
    messages = Messaging(senders_of(settings), VaultAddresses(database, vault), now)
    stack.push_async_callback(messages.close)
    executor = Executor(
        database,
        platforms,
        places,
        engine,
        now,
        prices=prices,
        messages=messages,
        links=LinkBook(database, now),
        overrides=OverrideBook(database, now),
        orders=orders_of(platforms, ExportedOrders(settings.home / "orders", now)),
        read_only=settings.read_only,
    )
    tools: dict[str, Tool] = {}
    allowance = Allowance(
        settings.reads_per_minute, settings.writes_per_minute, settings.calls_at_once, settings.read_within_s
    )
    guard = Guard(database, engine, places, executor, tools, now, pace=Pace(allowance), read_only=settings.read_only)
    stack.push_async_callback(guard.close)
    undoing = Undoing(database, guard, now)
    knowing = knowing_of(settings, database, places, secret, stack, now)
    agents = partial(_agents_on, settings)
    speaking = speaking_of(settings, database, places, limits, secret, background, stack, agents, now)
    measuring = MeasureOffice(database, engine, settings.holdout_bp, now)
    tools.update(
        build_tools(
            database,
            guard,
            places=places,
            keys=keys,
            engine=engine,
            finder=knowing.catalog,
            shelf=knowing.shelf,
            cohorts=knowing.cohorts,
            now=now,
            plans=Plans(secret.derive("plan")),
            prices=prices,
            messages=messages,
            companions=speaking.companions,
            measuring=measuring,
            outside=outside_of(settings, database, vault, real, stack),
        )
    )
    proposing = proposing_of(
        settings, database, places, limits, secret, speaking, prices, messages.channels, now, present
    )
    supervisor = Supervisor(proposing.everybody, guard, Standing(database))
    reviews = Reviews(database, engine, places, now)
    ladder = LadderOffice(database, engine, places, [each.actor.id for each in proposing.everybody], now)
    inbox = Inbox(database, metrics)
    stack.push_async_callback(inbox.close)
    lanes = Lanes(database, supervisor, places, metrics=metrics, agents=agents, now=now, vault=vault)
    folders = (settings.home / "memory", settings.home / "cohorts")
    privacy = PrivacyOffice(database, vault, folders, partial(_unsealed, sealer), now)
    links = LinkOffice(database, guard, places, settings.currency, now)
    linking = NightlyLinking(Linking(database, vault, now), links)
    receipts = await _receipts(settings, database, engine, vault, stack, now)
    mirroring = Mirroring(database, guard, platforms, places, limits, now)
    jobs = Jobs(database, lanes, executor.carry_out, mirroring.run, metrics)
    poller = Poller(database, inbox, now)
    planner = NightPlanner(database, guard, places, speaking.night, agents, now)
    schedule = Schedule(
        database=database,
        app=jobs.app,
        guard=guard,
        undoing=undoing,
        ladder=ladder,
        actions=executor,
        poller=poller,
        platforms=platforms,
        metrics=metrics,
        reviews=reviews,
        cohorts=knowing.office,
        receipts=receipts,
        privacy=privacy,
        linking=linking,
        syncing=mirroring,
        reconciling=Reconciling(database, platforms, places, now),
        beforehand=speaking.beforehand,
        overriding=OverrideBook(database, now),
        planning=planner,
        anchors=settings.home / "ledger.anchors",
        stalled_s=settings.stalled_s,
        public_url=settings.public_url,
        now=now,
    )
    jobs.schedule(schedule)
    listener = Listener(places, keys, settings.currency, settings.country)
    desk = CheckoutDesk(
        database=database,
        offers=proposing.offers,
        guard=guard,
        inbox=inbox,
        background=background,
        metrics=metrics,
        agents=agents,
        carry_out=executor.carry_out,
        within=settings.checkout_ms / 1000,
        now=now,
        scans=ScanDesk(database, places, limits, secret.derive("scannable"), now, speaking.promoted),
        online=settings.shopify_url.rstrip("/"),
    )
    signing, promoted = secret.derive("offline"), speaking.promoted
    offline = OfflineDesk(database, places, limits, prices, guard, proposing.offers.actor, signing, now, promoted)
    stack.push_async_callback(background.close)
    return House(
        settings=settings,
        database=database,
        secret=secret,
        sealer=sealer,
        keys=keys,
        vault=vault,
        privacy=privacy,
        linking=linking,
        links=links,
        places=places,
        limits=limits,
        engine=engine,
        rulebook=Rulebook(settings, database, engine, limits, now),
        platforms=platforms,
        guard=guard,
        tools=tools,
        undoing=undoing,
        ladder=ladder,
        past=Past(database, engine, places, now),
        reviews=reviews,
        measuring=measuring,
        cohorts=knowing.office,
        receipts=receipts,
        specialists=proposing.everybody,
        offers=proposing.offers,
        beforehand=speaking.beforehand,
        planner=planner,
        supervisor=supervisor,
        inbox=inbox,
        lanes=lanes,
        poller=poller,
        jobs=jobs,
        mirroring=mirroring,
        reservations=Reservations(database, places, mirroring, now),
        schedule=schedule,
        bearers=Bearers(database, now, tokens_of(settings, places, stack, now)),
        challenge=Challenge(settings.resource, settings.oauth_issuer) if settings.oauth_issuer else Challenge(),
        receiver=Receiver(
            inlets_of(settings, places, keys),
            inbox,
            sealer,
            metrics,
            settings.body_limit,
            now,
            partial(take_request, privacy, keys),
        ),
        listener=listener,
        desk=desk,
        offline=offline,
        background=background,
        metrics=metrics,
        tempo=Tempo(settings.concurrency, settings.heartbeat_s, settings.stalled_s),
        agents=agents,
        carry_out=executor.carry_out,
        now=now,
    )


async def _receipts(  # noqa: PLR0913, PLR0917
    settings: Settings,
    database: Database,
    engine: Engine,
    vault: Vault,
    stack: AsyncExitStack,
    now: Callable[[], datetime],
) -> DailyReceipts:
    await stack.enter_async_context(counting(database, now))
    known = partial(raw_of_customers, database, vault)
    return DailyReceipts(database, engine, known, settings.home, settings.home / "pg", now)


def _unsealed(sealer: Fernet, sealed: bytes) -> bytes:
    try:
        return sealer.decrypt(sealed)
    except InvalidToken as error:
        raise ValueError("sealed under another secret") from error


def _agents_on(settings: Settings) -> bool:
    return settings.agents and not settings.stop_file.exists()
