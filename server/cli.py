"""`tillhand`: one command line for running, answering, asking and repairing.

What a command needs is imported once it is known which one it is: an added command must not wait for the whole house.
"""

import importlib
import logging
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Final

from rich.console import Console
from rich.markup import escape

from policies.errors import Misconfigured, TillhandError, Unavailable

GROUP: Final = "tillhand.commands"
_HOUSE: Final = "server.commands.line"
_FAILED: Final = 1
_REFUSED: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 when it found something wrong, 2 when it was refused."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    added = {entry.name: entry for entry in entry_points(group=GROUP)}
    errors = Console(stderr=True)
    _log()
    try:
        if given and given[0] in added:
            return int(added[given[0]].load()(given[1:]))
        run: Callable[[Sequence[str], Sequence[str]], int] = importlib.import_module(_HOUSE).run
        return run(given, sorted(added))
    except TillhandError as error:
        errors.print(f"[red]{escape(error.message)}[/]", highlight=False)
        if error.hint:
            errors.print(escape(error.hint), highlight=False)
        return _FAILED if isinstance(error, Unavailable | Misconfigured) else _REFUSED
    except OSError as error:
        if error.filename is None:  # no file somebody named
            raise
        errors.print(f"[red]{escape(f'{error.strerror}: {error.filename}')}[/]", highlight=False)
        return _FAILED
    except KeyboardInterrupt:
        return 130


def _log() -> None:
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for name in ("server", "tools", "agents"):
        logging.getLogger(name).setLevel(logging.INFO)
