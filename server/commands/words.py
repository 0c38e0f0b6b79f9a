"""`tillhand words`: lines written beforehand for the offers of tomorrow; it is done every night."""

import argparse
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final

from server.commands.context import Keyboard, operator_only

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]
_SAID: Final = {
    "all_written": "Nothing is left to write.",
    "time_used": "The time is used; the next round goes on from here.",
    "stopped": "Agents were stopped; `tillhand agents start`, and the next round goes on from here.",
    "model_silent": "The model left questions unanswered: is it running, and fast enough?",
    "no_model": "No model writes lines: set TILLHAND_MODEL_URL and TILLHAND_MODEL, and TILLHAND_WORDS_S above 0.",
}


def add_words(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("words", help="lines a model writes beforehand").add_subparsers(
        required=True, metavar="VERB"
    )
    one = verbs.add_parser("write", help="write lines for the likeliest offers now")
    one.add_argument("--seconds", type=int, help="of the model's time (TILLHAND_WORDS_S)")
    one.set_defaults(run=at(write))
    verbs.add_parser("status", help="how many lines are kept").set_defaults(run=at(status))


async def write(at: Keyboard, asked: argparse.Namespace) -> int:
    """One round, now; 1 when the model did not answer."""
    operator_only(at)
    own = at.house.beforehand
    done = await (own if asked.seconds is None else replace(own, seconds=asked.seconds)).write()
    at.out.print(f"{done.kept} kept, {done.refused} refused, {done.standing} stood, {done.seconds:.0f} s.")
    at.out.print(_SAID[done.ended])
    return int(done.ended in {"model_silent", "no_model"})


async def status(at: Keyboard, _: argparse.Namespace) -> int:
    """How many are kept, and for how many offers the model's line was refused."""
    own = at.house.beforehand
    kept, refused = await own.kept.count(model=own.writer.label)
    at.out.print(f"{kept} lines are kept, {refused} were refused.")
    return 0
