"""Databases for tests: copied from a migrated template, and emptied again rather than copied anew for every test.

To copy one costs half a second, to empty one some milliseconds. A test that changed tables themselves, and not only
rows, leaves a database that nobody gets again.
"""

from dataclasses import dataclass, field
from typing import Any, Final, LiteralString
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

# everything a test might have changed besides rows; copies of one template have their object ids in common
_SHAPE: Final[LiteralString] = """
    SELECT sum(hashtextextended(told, 0))::text FROM (
        SELECT row(oid, relname, relkind, relacl, reloptions, relrowsecurity)::text AS told FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT row(attrelid, attnum, attname, atttypid, attnotnull, attacl)::text FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        UNION ALL SELECT row(oid, conrelid, conname, conkey, confrelid, confkey, conbin)::text FROM pg_constraint
        UNION ALL SELECT row(oid, tgrelid, tgname, tgenabled)::text FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT row(oid, proname, prosrc)::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT version_num FROM alembic_version
        UNION ALL SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_temp%' AND nspname NOT LIKE 'pg_toast%'
        UNION ALL SELECT setconfig::text FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AS parts
"""
_TABLES: Final[LiteralString] = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    " AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0 ORDER BY 1"
)
_COUNT_ANEW: Final[LiteralString] = (
    "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
    " JOIN pg_class ON pg_class.oid = seqrelid WHERE relnamespace = 'public'::regnamespace"
)
_HANG_UP: Final[LiteralString] = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass
class FreshDatabases:
    """Lends databases that look as the migrations leave them.

    Args:
        template: The address of the migrated one.
    """

    template: str
    _free: list[str] = field(default_factory=list[str])
    _shape: str = ""
    _seeds: dict[str, str] = field(default_factory=dict[str, str])
    _cleaners: dict[str, psycopg.Connection[Any]] = field(default_factory=dict[str, psycopg.Connection[Any]])

    def take(self) -> str:
        """The address of a database of one's own."""
        return self._address(self._free.pop() if self._free else self._copied())

    def give_back(self, url: str) -> None:
        """Empty it for the next one, or drop it when its tables are not as they were."""
        name = str(conninfo_to_dict(url)["dbname"])
        connection = self._cleaner(name)
        connection.execute(_HANG_UP)
        try:
            same = _one(connection, _SHAPE) == self._shape
        except psycopg.errors.UndefinedTable:
            same = False
        if same:
            self._empty(connection)
            self._free.append(name)
        else:
            self._drop(name)

    def close(self) -> None:
        """Drop them all."""
        while self._free:
            self._drop(self._free.pop())

    def _cleaner(self, name: str) -> psycopg.Connection[Any]:
        """A connection that stays, and so has read what the tables are; a test may have cut it off."""
        if name in self._cleaners:
            try:
                self._cleaners[name].execute("SELECT 1")
            except psycopg.OperationalError:
                del self._cleaners[name]
        if name not in self._cleaners:
            self._cleaners[name] = connection = psycopg.connect(self._address(name), autocommit=True)
            connection.execute("SET session_replication_role = replica")  # the ledger's own guards are asleep
        return self._cleaners[name]

    def _empty(self, connection: psycopg.Connection[Any]) -> None:
        full = [name for (name,) in connection.execute(_TABLES)]
        if full:
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, full))))
        for name, rows in self._seeds.items():
            filled = sql.SQL("INSERT INTO {0} SELECT * FROM json_populate_recordset(NULL::{0}, {1})")
            connection.execute(filled.format(sql.Identifier(name), sql.Literal(rows)))
        connection.execute(_COUNT_ANEW)

    def _copied(self) -> str:
        name = f"t_{uuid4().hex[:16]}"
        source = str(conninfo_to_dict(self.template)["dbname"])
        with self._admin() as admin:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source))
            )
        if not self._shape:
            connection = self._cleaner(name)
            self._shape = str(_one(connection, _SHAPE))
            for (table,) in connection.execute(_TABLES).fetchall():
                rows = _one(connection, sql.SQL("SELECT json_agg(t)::text FROM {} AS t").format(sql.Identifier(table)))
                if rows:
                    self._seeds[table] = str(rows)
        return name

    def _drop(self, name: str) -> None:
        if name in self._cleaners:
            self._cleaners.pop(name).close()
        with self._admin() as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _address(self, name: str) -> str:
        return self.template.replace(f"/{conninfo_to_dict(self.template)['dbname']}", f"/{name}", 1)

    def _admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._address("postgres"), autocommit=True)


def _one(connection: psycopg.Connection[Any], statement: Any) -> Any:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None
