"""SQLAlchemy's statements as the database's own library takes them: with `$1`, and parameters in that order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import ClauseElement, TextClause
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

_DIALECT: Final = PGDialect_psycopg(paramstyle="numeric_dollar")

Parameters = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that can be sent.

    Attributes:
        sql: With its parameters as `$1`, `$2`.
        names: Of its parameters, in that order.
        fixed: The values it was made with, by name.
        told: How a value is made one the driver knows, by name; most need nothing.
    """

    sql: bytes
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    told: Mapping[str, Callable[[Any], Any]]

    def values(self, given: Parameters) -> list[Any]:
        """Its parameters in order.

        Raises:
            KeyError: One has no value.
        """
        if not self.fixed and not self.told:
            return [given[name] for name in self.names]
        found = [given[name] if name in given else self.fixed[name] for name in self.names]
        return [
            self.told[name](value) if name in self.told else value
            for name, value in zip(self.names, found, strict=True)
        ]


_TEXTS: Final = WeakKeyDictionary[TextClause, Statement]()


def read_statement(statement: ClauseElement | str, columns: Sequence[str] | None = None) -> Statement:
    """What to send for a statement. Texts, which is nearly all we have, are translated once.

    Args:
        statement: A text, or one built of tables and columns; a string is sent as it is.
        columns: Those an INSERT is given values for, when they come with its execution.
    """
    if isinstance(statement, str):
        return Statement(statement.encode(), (), {}, {})
    if isinstance(statement, TextClause):
        known = _TEXTS.get(statement)
        if known is None:
            known = _TEXTS[statement] = _compiled(statement, None)
        return known
    return _compiled(statement, columns)


def _compiled(statement: ClauseElement, columns: Sequence[str] | None) -> Statement:
    compiled: Any = statement.compile(
        dialect=_DIALECT,
        column_keys=None if columns is None else list(columns),
        compile_kwargs={"render_postcompile": True},  # lists of unknown length are written out
    )
    names = tuple(compiled.positiontup or ())
    fixed: Mapping[str, Any] = {} if isinstance(statement, TextClause) else compiled.construct_params(_check=False)
    told: Mapping[str, Any] = {name: how for name, how in compiled._bind_processors.items() if name in names}  # noqa: SLF001  # what its own driver does with them
    return Statement(str(compiled).encode(), names, fixed, told)
