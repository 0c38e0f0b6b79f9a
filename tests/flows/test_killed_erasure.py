"""An erasure killed with -9 in its middle completes when it is begun again, and nothing of the customer is left."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from anyio import fail_after
from sqlalchemy import text

from evals.retailer.shopify import privacy_payloads
from knowledge.erasure.steps import STEPS
from tests.flows.open_house import OpenHouse, open_house
from tests.flows.test_privacy_requests import ADA, OPERATOR, everything, keys_of, met
from tools.audit.verify import verify

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
HALF = [name for name, _ in STEPS].index("store")


@asynccontextmanager
async def erasing(opened: OpenHouse, request: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """`tillhand privacy erase --request ...` as a process of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TILLHAND_")},
        **opened.retailer.environment,
        "DATABASE_URL": opened.house.settings.database_url,
        "TILLHAND_HOME": str(opened.house.settings.home),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "privacy", "erase", "--request", request,
        cwd=ROOT, env=environment, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.timeout(180)
async def test_an_erasure_killed_in_its_middle_completes_when_it_is_begun_again(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ref = await met(opened)
        await opened.shopify_says("customers/redact", privacy_payloads.redact(ADA, opened.retailer.shopify))
        async with opened.database.reading() as connection:
            request = str((await connection.execute(text("SELECT id FROM privacy_request"))).scalar_one())

        with fail_after(150):
            # whoever holds this table stops the erasure right in the step that empties it
            with psycopg.connect(database_url) as holding:
                holding.execute("LOCK TABLE interest IN ACCESS EXCLUSIVE MODE")
                async with erasing(opened, request) as first:
                    while await opened.count("SELECT count(*) FROM privacy_step") < HALF:
                        assert first.returncode is None
                        await asyncio.sleep(0.02)
                    first.send_signal(signal.SIGKILL)
                    assert await first.wait() == -signal.SIGKILL
                holding.rollback()
            assert await opened.count("SELECT count(*) FROM privacy_step") == HALF
            assert await opened.count(f"SELECT count(*) FROM customer WHERE ref = '{ref}'") == 1  # noqa: S608
            while True:
                async with erasing(opened, request) as second:
                    if await second.wait() == 0:
                        break

        kept = await everything(opened)
        assert ref not in kept
        assert not [key for key in keys_of(opened) if key.digest in kept]
        _, genuine = await opened.house.privacy.receipt(OPERATOR, request)
        assert genuine
        async with opened.database.reading() as connection:
            assert (await verify(connection)).whole
