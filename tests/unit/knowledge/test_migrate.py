"""The migrations make exactly the schema the tables describe."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from knowledge.store.history_tables import metadata
from knowledge.store.migrate import migrate
from knowledge.store.session import driver_url


def test_migrations_and_tables_describe_the_same_schema(database_url: str):
    engine = create_engine(driver_url(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = [item for item in compare_metadata(context, metadata) if "procrastinate" not in str(item)]
    engine.dispose()
    assert differences == []


def test_migrating_twice_changes_nothing(database_url: str):
    migrate(database_url)
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT seq, hash FROM ledger_head").fetchall() == [(0, "0" * 64)]


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d"])
def test_every_way_of_writing_the_url_names_our_driver(url: str):
    assert driver_url(url) == "postgresql+psycopg://h/d"
