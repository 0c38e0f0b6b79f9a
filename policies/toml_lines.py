"""The line of a TOML file that a message is about, so that whoever wrote it finds the mistake."""

import re
from collections.abc import Sequence
from typing import Final

_TABLE: Final = re.compile(r"\s*\[+([^\]]+)\]")
_KEY: Final = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")


def line_of(text: str, path: Sequence[str]) -> int:
    """The line that names a table or value, such as `("chain", "start", "discount")`; else the nearest above, or 1."""
    wanted = tuple(path)
    table: tuple[str, ...] = ()
    best, depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if found := _TABLE.match(line):
            table = _parts(found[1])
            named = table
        elif found := _KEY.match(line):
            named = (*table, *_parts(found[1]))
        else:
            continue
        if named[: len(wanted)] == wanted:
            return number
        if len(named) > depth and wanted[: len(named)] == named:
            best, depth = number, len(named)
    return best


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))
