"""A long call tells a client that asked for it that work goes on, in both protocol eras."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from mcp.server.context import ServerRequestContext

EVERY: Final = 1.0  # seconds; a call shorter than that says nothing


@asynccontextmanager
async def telling(context: ServerRequestContext[Any], *, every: float = EVERY) -> AsyncGenerator[None]:
    """While the block runs, report the seconds it took so far; how many it will take, nobody knows.

    Args:
        context: Of the call; nothing is told unless it carries a progress token.
        every: Seconds between two reports.
    """
    if not context.meta or context.meta.get("progress_token") is None:
        yield
        return
    reports = asyncio.create_task(_report(context, every), name="progress")
    try:
        yield
    finally:
        reports.cancel()
        with suppress(asyncio.CancelledError):
            await reports


async def _report(context: ServerRequestContext[Any], every: float) -> None:
    spent = 0.0
    while True:
        await asyncio.sleep(every)
        spent += every
        await context.session.report_progress(spent, message="Still working on it.")
