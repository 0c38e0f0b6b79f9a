"""`tillhand review`: the week's report, made, read and signed."""

import argparse
from collections.abc import Callable, Coroutine
from typing import Any

from policies.errors import Refused
from policies.rule_text import TEAMS
from server.commands.context import Keyboard
from tools.review.signed import Review
from tools.review.words import as_text, heading, sections

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]


def add_review(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("review", help="the weekly look at what AI did").add_subparsers(
        required=True, metavar="VERB"
    )
    one = verbs.add_parser("make", help="make a finished week's report, or make it again")
    one.add_argument("week", help="such as 2026-W47")
    one.set_defaults(run=at(make))
    one = verbs.add_parser("show", help="read it")
    one.add_argument("week", nargs="?", default="", help="none: the newest")
    one.set_defaults(run=at(show))
    verbs.add_parser("list", help="weeks with a report, and who has signed").set_defaults(run=at(listed))
    one = verbs.add_parser("sign", help="sign it for your team")
    one.add_argument("week")
    one.add_argument("--team", choices=TEAMS, default="", help="none: the one you may sign for")
    one.add_argument("--seen", default="", help="the beginning of the digest you read, so that no other is signed")
    one.add_argument("--note", default="")
    one.set_defaults(run=at(sign))


async def make(at: Keyboard, asked: argparse.Namespace) -> int:
    """Make a report; made again with other figures, its signatures no longer count."""
    review = await at.house.reviews.make(at.actor, asked.week)
    at.out.print(f"The review of {review.week} is made: {review.digest[:12]}.")
    return _missing(at, review)


async def show(at: Keyboard, asked: argparse.Namespace) -> int:
    """The report in plain words."""
    review = await at.house.reviews.read(at.actor, asked.week)
    text = as_text(sections(review.report), heading(review.report))
    at.out.print(text, markup=False, highlight=False, soft_wrap=True)
    at.out.print()
    at.out.print(f"Digest {review.digest}, made {review.made_at:%Y-%m-%d %H:%M} UTC.", highlight=False)
    for each in review.signatures:
        counts = "" if each.valid else " (under another report: it no longer counts)"
        note = f": {each.note}" if each.note else ""
        signed = f"Signed for {each.team} by {each.by} at {each.at:%Y-%m-%d %H:%M}{counts}{note}"
        at.out.print(signed, markup=False, highlight=False)
    return _missing(at, review)


async def listed(at: Keyboard, asked: argparse.Namespace) -> int:  # noqa: ARG001  # as every command
    """Newest first."""
    for each in await at.house.reviews.listed(at.actor):
        wanted = f"wants {', '.join(each.missing)}" if each.missing else "signed by all"
        at.out.print(f"{each.week}  made {each.made_at:%Y-%m-%d %H:%M} UTC  {wanted}", highlight=False)
    return 0


async def sign(at: Keyboard, asked: argparse.Namespace) -> int:
    """Sign; needs `TILLHAND_KEY` of a person of the team, but for IT."""
    reviews = at.house.reviews
    team = asked.team or next(iter(reviews.teams_of(at.actor)), "")
    if not team:
        raise Refused(
            "You sign for no team.",
            code="review.team",
            hint="Managers of the whole chain sign for store operations, marketing for itself, operators for IT.",
        )
    review = await reviews.read(at.actor, asked.week)
    if asked.seen and not review.digest.startswith(asked.seen):
        raise Refused(
            "The report is not the one you read.",
            code="review.changed",
            hint="Read it once more, then sign.",
            field="seen",
        )
    review = await reviews.sign(at.actor, review.week, team, seen=review.digest, note=asked.note)
    at.out.print(f"The review of {review.week} is signed for {team}.")
    return _missing(at, review)


def _missing(at: Keyboard, review: Review) -> int:
    at.out.print(f"Still to sign: {', '.join(review.missing)}." if review.missing else "All teams have signed.")
    return 0
