"""One demo from opening to closing: the retailer, the product beside it, a day of both, and the figures."""

import asyncio
import gc
import shlex
import signal
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Final

import httpx
from rich.console import Console

from evals.demo.closing import Day, show, show_next
from evals.demo.crew import Crew
from evals.demo.feed import Feed
from evals.demo.figures import count
from evals.demo.fill import Fill
from evals.demo.mcp_caller import McpCaller
from evals.demo.office import Office
from evals.demo.options import Options
from evals.demo.registers import Registers
from evals.demo.retailer import Retailer, open_retailer, write_locations
from evals.demo.screen import Screen, screen
from evals.demo.screens import open_screens
from evals.demo.trading import SETTLE_WITHIN, Trading
from evals.demo.visitors import SHOP, come_in
from evals.demo.words import ASSISTANT, MANAGER
from evals.retailer.places import shops
from policies.errors import TillhandError, Unavailable
from policies.vocabulary.actor import Role
from server.access import add_credential
from server.composition import House, compose
from server.settings import Settings

_CHECKOUT_MS: Final = "1000"  # a laptop that plays a whole retailer besides is allowed more than a server
_LOOK_EVERY: Final = 0.05  # seconds
_REGISTER: Final = "register:"
_BY_RULE: Final = f"{_REGISTER}lightspeed"
_LEFT_BEHIND: Final = ("ledger.anchors", "agents.stopped")  # by an earlier demo, and true only of its database


def run(options: Options, crew: Crew, database: Future[str], began: float) -> int:
    """Run it; 1 when something was lost or doubled, or the ledger does not hold.

    Args:
        options: What was asked for.
        crew: The product's processes, importing.
        database: The URL of a new database, once it is made.
        began: When this process started, in seconds of the wall clock.

    Raises:
        Misconfigured: The database or the settings cannot be used.
        Unavailable: A process of the product ended, or does not do its work.
    """
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # whoever stops us otherwise than by Ctrl+C means the same
    try:
        return asyncio.run(_Demo(options, crew, began).play(database))
    except KeyboardInterrupt:
        return 0
    except ExceptionGroup as group:
        raise _own(group) from group


def _own(group: ExceptionGroup) -> Exception:
    """The first error somebody can act on, out of whatever ended together with it."""
    for error in group.exceptions:
        found = _own(error) if isinstance(error, ExceptionGroup) else error  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(found, TillhandError):
            return found
    return group


class _Demo:
    def __init__(self, options: Options, crew: Crew, began: float) -> None:
        self._options = options
        self._crew = crew
        self._began = began
        self._console = Console()
        self._url = f"http://127.0.0.1:{options.port}"

    async def play(self, database: Future[str]) -> int:
        options = self._options
        opening = self._since("Opening the retailer: 2,000 variants, 20,000 customers, two platforms.")
        self._console.print(f"[dim]{opening}[/]", highlight=False)
        async with open_retailer(options) as retailer, httpx.AsyncClient(trust_env=False, timeout=10) as client:
            gc.freeze()
            gc.enable()
            environment = self._prepare(retailer, await asyncio.wrap_future(database))
            async with compose(Settings.read(environment)) as house:
                keys = await _credentials(house, retailer)
                fill = Fill(house, retailer.world)
                await fill.alone()
                self._crew.begin(environment)
                day = await self._day(retailer, house, fill, client, keys)
                show(self._console, day)
                if options.summary:
                    options.summary.write_text(day.as_json() + "\n", encoding="utf-8")
                if not options.leaves:
                    await come_in(client, self._url, keys[f"{_REGISTER}{SHOP}"], retailer.world)
                show_next(self._console, day, self._url, options.home, keys)
                if not options.leaves:
                    await self._stay(fill)
        return 1 if day.faults() else 0

    def _since(self, sentence: str) -> str:
        return f"{time.time() - self._began:5.1f} s  {sentence}"

    def _prepare(self, retailer: Retailer, database: str) -> dict[str, str]:
        """The product's settings, also as a file to read into another terminal."""
        options = self._options
        for name in _LEFT_BEHIND:
            (options.home / name).unlink(missing_ok=True)
        locations = options.home / "locations.toml"
        write_locations(retailer.world, locations)
        environment = {
            **retailer.environment,
            "DATABASE_URL": database,
            "TILLHAND_HOME": str(options.home),
            "TILLHAND_LOCATIONS": str(locations),
            "TILLHAND_PORT": str(options.port),
            "TILLHAND_PUBLIC_URL": self._url,
            "TILLHAND_CHECKOUT_MS": _CHECKOUT_MS,
        }
        file = options.home / "demo.env"
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return environment

    async def _day(
        self, retailer: Retailer, house: House, fill: Fill, client: httpx.AsyncClient, keys: Mapping[str, str]
    ) -> Day:
        places = {name.removeprefix(_REGISTER): key for name, key in keys.items() if name.startswith(_REGISTER)}
        screens = await open_screens(house, retailer, client, self._url)
        registers = Registers(retailer, client, self._url, places, self._options.seed, screens)
        assistant, manager = (McpCaller(client, self._url, keys[name]) for name in (ASSISTANT, MANAGER))
        office = Office(assistant, manager, retailer.world)
        with screen(self._console, len(retailer.day.plan)) as shown:
            feed = Feed(house.database, retailer.world, house.now(), shown.decided)
            trading = Trading(retailer, registers, office, self._crew, shown, self._options.lasts)
            async with asyncio.TaskGroup() as group:
                feeding = group.create_task(feed.run())
                await self._open(retailer, fill, office, client, keys, shown)
                began = time.monotonic()
                await trading.play(fill)
                troubles = await trading.settle(house.database)
                seconds = time.monotonic() - began
                feeding.cancel()
            await feed.look()
        figures = await count(house.database, retailer.world, client, self._url)
        counts = retailer.deliveries.counts
        return Day(
            steps=len(retailer.day.plan),
            seconds=seconds,
            start_s=max(0.0, figures.first_decision_at - self._began),
            made=counts.made,
            twice=counts.duplicates,
            overtaken=counts.disordered,
            late=counts.late + sum(planned.kind == "late_sale" for planned in retailer.day.plan),
            bogus=counts.forged + counts.unsigned,
            bogus_accepted=counts.bogus_accepted,
            given_up=counts.failed,
            checkouts=dict(registers.statuses),
            unanswered=dict(registers.unanswered),
            shown=registers.shown,
            taken=len(registers.taken),
            answered=dict(office.answered),
            refused=dict(office.refused),
            filled=(fill.read, fill.total),
            figures=figures,
            troubles=troubles,
        )

    async def _open(  # noqa: PLR0913, PLR0917 - everybody comes to work
        self,
        retailer: Retailer,
        fill: Fill,
        office: Office,
        client: httpx.AsyncClient,
        keys: Mapping[str, str],
        shown: Screen,
    ) -> None:
        """The product starts; the assistant makes the first call; with the first baskets read, the shops open."""
        shown.say(self._since("Starting the product; reading products and stock."))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._crew.ready(self._url, client))
            group.create_task(fill.goods())
        shown.say(self._since("An assistant begins to work; reading what was bought lately."))
        retailer.ask_at_registers(f"{self._url}/rules/lightspeed?key={keys[_BY_RULE]}")
        await office.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(fill.baskets())
            group.create_task(self._webhooks(retailer))
        shown.say(self._since("The shops open."))

    async def _webhooks(self, retailer: Retailer) -> None:
        """Wait until the product has registered its webhooks on both platforms; it does so by itself."""
        try:
            async with asyncio.timeout(SETTLE_WITHIN):
                while not retailer.told():
                    self._crew.check()
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError as error:
            raise Unavailable("The product does not register its webhooks.", code="demo.no_webhooks") from error

    async def _stay(self, fill: Fill) -> None:
        self._console.print("\nThe shops stay open. Ctrl+C ends the demo.", highlight=False)
        await fill.rest()
        self._console.print("The first fill is complete.", highlight=False)
        while True:
            self._crew.check()
            await asyncio.sleep(1)


async def _credentials(house: House, retailer: Retailer) -> dict[str, str]:
    """A key for every register, the manager and the assistant, by actor."""
    at, keys = house.now(), dict[str, str]()
    chain = [place.code for place in shops(retailer.world.places, "lightspeed")]
    async with house.database.transaction() as connection:
        for place in shops(retailer.world.places, "shopify"):
            name = f"{_REGISTER}{place.code}"
            keys[name] = await add_credential(connection, name, Role.REGISTER, [place.code], at=at)
        keys[_BY_RULE] = await add_credential(connection, _BY_RULE, Role.REGISTER, chain, at=at)
        keys[MANAGER] = await add_credential(connection, MANAGER, Role.MANAGER, None, at=at)
        keys[ASSISTANT] = await add_credential(connection, ASSISTANT, Role.MANAGER, None, model=True, at=at)
    return keys
