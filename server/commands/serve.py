"""`tillhand serve`: the doors, and those who work behind them."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress

import uvicorn
from rich.console import Console

from policies.errors import Unavailable
from server.app import build_app
from server.composition import House, compose
from server.mcp.listing import record_listing
from server.settings import Settings

logger = logging.getLogger(__name__)

_RESTART_AFTER = (0.5, 1, 2, 5, 10, 30)  # seconds, after each death in a row
_STEADY = 60.0  # seconds after which a worker's next death counts as its first
_STOP_WITHIN = 35.0  # seconds a worker has to finish its jobs


async def serve(settings: Settings, workers: int, out: Console) -> int:
    """Listen until told to stop, with `workers` processes beside us that are started again when they die."""
    async with compose(settings) as house:
        server = _Doors(web(house))
        await house.rulebook.record("operator:start")
        beside: set[asyncio.subprocess.Process] = set()
        crew = asyncio.create_task(_crew(workers, beside), name="crew")
        registering = asyncio.create_task(_register(house), name="webhooks")
        await house.offers.companions.keep_fresh(house.database)  # before a register waits for it
        await record_listing(house.guard, house.tools.values())
        out.print(f"Tillhand listens on {address(settings)} with {workers} worker{'s' * (workers != 1)}.")
        try:
            async with house.rulebook.on_hangup(lambda: _pass_on(beside)):
                await server.serve()
        finally:
            for task in (crew, registering):
                task.cancel()
            await asyncio.gather(crew, registering, return_exceptions=True)
    return 0


def web(house: House) -> uvicorn.Config:
    """How the application is served."""
    settings = house.settings
    return uvicorn.Config(
        build_app(house),
        host=settings.host,
        port=settings.port,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.tls_proxy,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=10,
    )


def address(settings: Settings) -> str:
    """Where we listen."""
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{settings.port}"


class _Doors(uvicorn.Server):
    """Stops listening on SIGINT and SIGTERM, and leaves the rest to us.

    The library raises the signal again when it has stopped, which would end this process before its workers.
    """

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """For as long as we listen."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        with suppress(NotImplementedError):  # Windows loops do not catch signals
            for one in signals:
                loop.add_signal_handler(one, self.handle_exit, one, None)
        try:
            yield
        finally:
            with suppress(NotImplementedError):
                for one in signals:
                    loop.remove_signal_handler(one)


async def _register(house: House) -> None:
    try:
        await house.schedule.ensure_webhooks()
    except Unavailable as error:
        logger.warning("webhooks are registered within the hour: %s", error.message)


def _pass_on(beside: Iterable[asyncio.subprocess.Process]) -> None:
    """Have the workers read the rules again too."""
    for process in beside:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGHUP)


async def _crew(workers: int, beside: set[asyncio.subprocess.Process]) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(workers):
            group.create_task(_one_of_the_crew(number, beside), name=f"worker {number}")


async def _one_of_the_crew(number: int, beside: set[asyncio.subprocess.Process]) -> None:
    """Keep one worker process alive, and among those `beside` us."""
    deaths = 0
    loop = asyncio.get_running_loop()
    while True:
        begun = loop.time()
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "server", "worker", env=dict(os.environ))
        beside.add(process)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _stop(process)
            raise
        finally:
            beside.discard(process)
        deaths = 0 if loop.time() - begun > _STEADY else deaths + 1
        wait = _RESTART_AFTER[min(deaths, len(_RESTART_AFTER) - 1)]
        logger.warning("worker %d ended with %s; another one starts in %s s", number, code, wait)
        await asyncio.sleep(wait)


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_WITHIN):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
