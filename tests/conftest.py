"""A private PostgreSQL for the whole run, and a fresh migrated database for each test that asks."""

import os
import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg.conninfo import conninfo_to_dict

from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.session import Database
from server.egress import AllowList, enforce
from tests.fresh_database import FreshDatabases

# no test connects beyond this machine, whatever library it is in; only its database may be elsewhere
enforce(
    AllowList(frozenset({str(conninfo_to_dict(os.environ.get("TEST_DATABASE_URL", "")).get("host") or "localhost")}))
)

# a law is no stopwatch: on a busy machine an example takes as long as it takes
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs at night alone."""
    if os.environ.get("TILLHAND_NIGHTLY"):
        return
    left_out = [item for item in items if item.get_closest_marker("nightly")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("nightly")]


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return ("asyncio", {"use_uvloop": False})


@pytest.fixture(scope="session")
def server_url() -> Generator[str]:
    """The server the tests use: TEST_DATABASE_URL when set, else an embedded one in a folder of its own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        migrate(given)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="tillhand-", ignore_cleanup_errors=True) as folder:
        url = start_embedded(Path(folder) / "pg", "template_tillhand")
        off = ["fsync", "synchronous_commit", "full_page_writes"]  # nothing here outlives the run
        if "TILLHAND_MACHINE_CALLS" not in os.environ:  # a test's few rows need no statistics, a long drive's do
            off.append("autovacuum")
        with psycopg.connect(url, autocommit=True) as admin:
            for setting in off:
                admin.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            admin.execute("SELECT pg_reload_conf()")
        migrate(url)
        yield url


@pytest.fixture(scope="session")
def databases(server_url: str) -> Generator[FreshDatabases]:
    """Where every test's database comes from."""
    lent = FreshDatabases(server_url)
    yield lent
    lent.close()


@pytest.fixture
def database_url(databases: FreshDatabases) -> Generator[str]:
    """A database of the test's own, as the migrations leave it."""
    url = databases.take()
    yield url
    databases.give_back(url)


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """The test's database, connected."""
    connected = Database(database_url)
    yield connected
    await connected.close()
