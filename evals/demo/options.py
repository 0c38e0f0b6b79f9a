"""What whoever starts the demo decides."""

import argparse
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STEPS: Final = 1_200
STEPS_PER_SECOND: Final = 12.0
FEWEST: Final = 10
_PORT: Final = 8787


@dataclass(frozen=True, slots=True)
class Options:
    """One demo.

    Attributes:
        leaves: End by itself after the closing table.
        steps: Of the trading day, besides closing the registers.
        port: Where the product listens.
        home: Folder of the database, the logs and the settings.
        model: Let the simulated local model word the offers.
        summary: File for the figures of the closing table, as JSON.
    """

    leaves: bool
    steps: int
    seed: int
    port: int
    home: Path
    model: bool
    summary: Path | None

    @property
    def lasts(self) -> float:
        """Seconds the day takes, if nothing holds it up."""
        return self.steps / STEPS_PER_SECOND


def read_options(arguments: Sequence[str]) -> Options:
    """From the command line."""
    parser = argparse.ArgumentParser(
        prog="tillhand demo",
        description="A retailer's day, compressed: the whole product at work on a simulated retailer.",
    )
    parser.add_argument("--exit", action="store_true", help="end after the closing table")
    parser.add_argument("--steps", type=_steps, default=STEPS, help=f"how many things happen (default {STEPS})")
    parser.add_argument("--seed", type=int, default=7, help="another retailer, another day (default 7)")
    parser.add_argument("--port", type=int, default=0, help=f"listen here (default {_PORT}, or a free one)")
    parser.add_argument("--home", type=Path, default=Path("var/demo"), help="folder (default var/demo)")
    parser.add_argument("--model", action="store_true", help="have a simulated local model word the offers")
    parser.add_argument("--summary", type=Path, help="write the closing figures to this file, as JSON")
    given = parser.parse_args(arguments)
    return Options(
        leaves=given.exit,
        steps=given.steps,
        seed=given.seed,
        port=given.port or _free_port(),
        home=given.home.resolve(),
        model=given.model,
        summary=given.summary,
    )


def _steps(text: str) -> int:
    steps = int(text)
    if steps < FEWEST:
        raise argparse.ArgumentTypeError(f"a day has {FEWEST} steps at least")
    return steps


def _free_port() -> int:
    for port in (_PORT, 0):
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(attempt.getsockname()[1])
    return _PORT
