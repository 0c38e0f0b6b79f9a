"""`tillhand doctor`: everything an installation needs, looked at one by one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import Literal

from rich.markup import escape
from sqlalchemy import text

from knowledge.unify.oddities import oddities
from policies.errors import TillhandError
from server.commands.context import Keyboard
from server.health import backlog
from tools.audit.anchor import read_anchors
from tools.audit.verify import verify
from tools.mirroring.state import sync_state
from tools.platform import Platform

Grade = Literal["fine", "look", "fail"]
Finding = tuple[Grade, str]
_LATELY = timedelta(days=2)  # a location that was listed meanwhile is told of no more
_SYNC_WAITS = 300  # seconds; an outage, or somebody has to say yes
_COLOR: dict[Grade, str] = {"fine": "green", "look": "yellow", "fail": "red"}


async def doctor(at: Keyboard) -> int:
    """Look at everything; 1 when something has to change before the shop opens."""
    checks: dict[str, Callable[[Keyboard], AsyncGenerator[Finding]]] = {
        "database": _database,
        "rules": _rules,
        "locations": _locations,
        "platforms": _platforms,
        "sync": _sync,
        "tellings": _unplaced,
        "workers": _workers,
        "ledger": _ledger,
        "doors": _doors,
    }
    worst = 0
    for name, check in checks.items():
        async with aclosing(_safely(check, at)) as findings:
            async for grade, sentence in findings:
                worst |= grade == "fail"
                at.out.print(f"[{_COLOR[grade]}]{grade:4}[/] {name:10} {escape(sentence)}", highlight=False)
    return int(worst)


async def _safely(check: Callable[[Keyboard], AsyncGenerator[Finding]], at: Keyboard) -> AsyncGenerator[Finding]:
    try:
        async with aclosing(check(at)) as findings:
            async for finding in findings:
                yield finding
    except TillhandError as error:
        yield "fail", f"{error.message} {error.hint}".strip()


async def _database(at: Keyboard) -> AsyncGenerator[Finding]:
    async with at.house.database.reading() as connection:
        version = (await connection.execute(text("SHOW server_version"))).scalar_one()
    where = "your server" if at.house.settings.database_url else f"the embedded one in {at.house.settings.home}"
    yield "fine", f"PostgreSQL {version}, {where}."


async def _rules(at: Keyboard) -> AsyncGenerator[Finding]:
    yield "fine", f"Rules, schema and limits {at.house.engine.digest[:12]} fit together."


async def _locations(at: Keyboard) -> AsyncGenerator[Finding]:
    places = list(at.house.places)
    if not places:
        yield "fail", "No locations: set TILLHAND_LOCATIONS to your locations.toml."
        return
    yield "fine", f"{len(places)} locations."
    for place in places:
        if place.stock_location not in {other.id for other in places}:
            yield "fail", f"{place.id} sells from {place.stock_location}, which is not a location."


async def _platforms(at: Keyboard) -> AsyncGenerator[Finding]:
    for name, platform in at.house.platforms.items():
        health = await platform.health()
        if not health.get("reachable"):
            yield "fail", f"{name} does not answer ({health.get('trouble', 'unknown')})."
            continue
        yield "fine", f"{name} answers; budget {health.get('budget')}."
        async for finding in _matched(at, name, platform):
            yield finding
        if not at.house.settings.webhook_secrets(name):
            yield "fail", f"{name} has no webhook secret: its deliveries cannot be verified."


async def _unplaced(at: Keyboard) -> AsyncGenerator[Finding]:
    """Locations a platform tells of and nobody listed: what they sell and count is missing everywhere."""
    async with at.house.database.reading() as connection:
        found = await oddities(connection, at.house.now() - _LATELY)
    for each in found:
        if each.kind == "unknown_location":
            yield "look", f"{each.about}: {each.told} {each.answer}"


async def _sync(at: Keyboard) -> AsyncGenerator[Finding]:
    shared = at.house.places.shared()
    if not shared:
        return
    async with at.house.database.reading() as connection:
        stands = await sync_state(connection)
    for shelf, mirror in shared:
        yield "fine", f"{shelf.id} is counted by {shelf.platform}, and as {mirror.id} by {mirror.platform}."
    for side in stands.sides:
        wrote = f"last written {side.wrote_at:%Y-%m-%d %H:%M:%S}" if side.wrote_at else "never written"
        yield "fine", f"{side.place}: {side.counts} counts, {wrote}, {side.stale} refused as stale."
        if side.unsure:
            yield "look", f"{side.place}: nobody can tell how {side.unsure} writes ended; count those shelves."
    if stands.since is not None:
        waited = (at.house.now() - stands.since).total_seconds()
        grade: Grade = "look" if waited > _SYNC_WAITS else "fine"
        yield grade, f"{stands.waiting} counts wait, the oldest for {waited:.0f} s. {stands.error}".strip()


async def _matched(at: Keyboard, name: str, platform: Platform) -> AsyncGenerator[Finding]:
    theirs = {place.platform_id: place for place in await platform.places()}
    ours = {place.platform_id for place in at.house.places.on(name)}
    for place in at.house.places.on(name):
        if place.platform_id not in theirs:
            yield "fail", f"{place.id} is {place.platform_id} at {name}, which {name} does not know."
        elif not theirs[place.platform_id].active:
            yield "look", f"{place.id} is inactive at {name}."
    for platform_id in sorted(set(theirs) - ours):
        yield "look", f"{name}'s location {platform_id} ({theirs[platform_id].name}) is not in locations.toml."


async def _workers(at: Keyboard) -> AsyncGenerator[Finding]:
    async with at.house.database.reading() as connection:
        waits = await backlog(connection, at.house.now())
    if waits.workers:
        yield "fine", f"{waits.workers} heard of within a minute."
    else:
        yield "look", "None heard of within a minute: events are stored and wait. Start tillhand serve."
    if waits.lanes:
        yield "look", f"{sum(waits.lanes.values())} events wait, the oldest for {waits.age_s:.0f} s."
    if sum(waits.set_aside.values()):
        yield "look", f"{waits.set_aside['dead']} dead letters, {waits.set_aside['parked']} parked events."


async def _ledger(at: Keyboard) -> AsyncGenerator[Finding]:
    anchors = read_anchors(at.house.schedule.anchors)
    async with at.house.database.reading() as connection:
        found = await verify(connection, anchors)
    if found.whole:
        yield "fine", f"{found.records} records, all as they were written."
    for fault in found.faults:
        yield "fail", fault.sentence


async def _doors(at: Keyboard) -> AsyncGenerator[Finding]:
    settings = at.house.settings
    yield "fine", f"{settings.host}:{settings.port}, {'encrypted' if settings.encrypted else 'loopback only'}."
    if not settings.public_url:
        yield "look", "TILLHAND_PUBLIC_URL is not set: webhooks are not registered, polling finds changes late."
    if not at.house.agents():
        yield "look", "Agents are stopped; the store is kept up to date."
