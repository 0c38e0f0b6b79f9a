"""A new, empty database for every demo: in a server of its own, or on the operator's when DATABASE_URL names one."""

import os
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from knowledge.store.embedded import start_embedded
from policies.errors import Misconfigured

NAME: Final = "tillhand_demo"


def fresh_database(folder: Path) -> str:
    """Make it, replacing the one of an earlier demo, and return its URL.

    Raises:
        Misconfigured: No server can be had, or another demo is using this one.
    """
    given = os.environ.get("DATABASE_URL", "")
    server = given or start_embedded(folder, "postgres")
    with psycopg.connect(server, autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", (NAME,)).fetchone():
            raise Misconfigured(
                "Another demo is running on this database.",
                code="demo.running",
                hint="Stop it, or give this one a folder of its own with --home.",
            )
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(NAME)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    if not given:
        return start_embedded(folder, NAME)
    parts = conninfo_to_dict(make_conninfo(given, dbname=NAME))
    user, host = parts.get("user", "postgres"), parts.get("host", "localhost")
    password = f":{parts['password']}" if parts.get("password") else ""
    return f"postgresql://{user}{password}@{host}:{parts.get('port', 5432)}/{NAME}"
