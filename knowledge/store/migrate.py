"""Bring a database to the present schema: ours through Alembic, the queue's through Procrastinate."""

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from knowledge.store.session import driver_url
from policies.errors import Unavailable

_LOCK = 7_203_411  # two processes starting at once must not both migrate


def migrate(url: str) -> None:
    """Create or upgrade the schema; nothing happens when it is already up to date.

    Raises:
        Unavailable: The database does not answer.
    """
    engine = create_engine(driver_url(url))
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _upgrade(connection)
            _queue(connection)
    except OperationalError as error:
        raise Unavailable(
            "The database does not answer.", code="database.unavailable", hint="Check DATABASE_URL."
        ) from error
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _queue(connection: Connection) -> None:
    if connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar() is None:
        schema = (files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8")
        # through the driver itself: the file holds many statements, with colons and percent signs of its own
        cursor = connection.connection.cursor()
        cursor.execute(schema.encode())
        cursor.close()
