"""`tillhand measure`: whether offers help, planned beforehand and told with intervals."""

import argparse
from collections.abc import Callable, Coroutine
from typing import Any

from policies.vocabulary.money import Money
from server.commands.context import Keyboard
from tools.measure.office import DAYS, MeasureOffice
from tools.measure.plan import Plan
from tools.measure.policy import WORDS

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]


def add_measure(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("measure", help="what offers changed, and whether anybody can tell").add_subparsers(
        required=True, metavar="VERB"
    )
    for name, run, about in (
        ("plan", plan, "what a measurement could see, before anybody waits for it"),
        ("start", start, "fix share, cap and length, and take customers in from now on"),
    ):
        one = verbs.add_parser(name, help=about)
        _campaign(one)
        one.add_argument("--weeks", type=int, default=8)
        one.set_defaults(run=at(run))
    one = verbs.add_parser("lift", help="what offers changed per customer so far; look as often as you like")
    _campaign(one)
    one.set_defaults(run=at(lift))
    one = verbs.add_parser("policy", help="what another way of making offers would have earned")
    _campaign(one)
    one.add_argument("--other", choices=[*WORDS], default="always")
    one.add_argument("--days", type=int, default=DAYS)
    one.set_defaults(run=at(policy))
    for name, run, about in (
        ("fairness", fairness, "whether some buyers or places are offered less"),
        ("sell-through", sell_through, "how much of what was offered was sold"),
    ):
        one = verbs.add_parser(name, help=about)
        _campaign(one)
        one.add_argument("--days", type=int, default=DAYS)
        one.set_defaults(run=at(run))


async def plan(at: Keyboard, asked: argparse.Namespace) -> int:
    """What could be seen; nothing is kept."""
    _tell_plan(at, await _office(at).plan(at.actor, asked.campaign, asked.weeks))
    return 0


async def start(at: Keyboard, asked: argparse.Namespace) -> int:
    """Fix a plan."""
    fixed, digest = await _office(at).start(at.actor, asked.campaign, asked.weeks)
    _tell_plan(at, fixed)
    at.out.print(f"It is measured by this plan from now on: {digest[:12]}.", highlight=False)
    return 0


async def lift(at: Keyboard, asked: argparse.Namespace) -> int:
    """Margin and average order value beside held-out customers."""
    office = _office(at)
    for metric, words in (("margin", "Margin per customer"), ("average_order_value", "Average order value")):
        plan, found = await office.lift(at.actor, asked.campaign, metric)  # pyright: ignore[reportArgumentType]  # from the pair above
        shown = {1: "offers help", -1: "offers harm", 0: "nothing is shown yet"}[found["shown"]]
        cap = plan.cap if metric == "margin" else plan.order_cap
        line = f"{words}: {_money(at, found['value'])} ({_money(at, found['low'])} to {_money(at, found['high'])});"
        at.out.print(f"{line} {shown}.", highlight=False)
        at.out.print(
            f"  {found['offered']} customers beside {found['held_out']} held out; values above"
            f" {_money(at, cap)} count as that; ordered: {_percent(found['ordered_bp'][0])} and"
            f" {_percent(found['ordered_bp'][1])}.",
            highlight=False,
        )
    return 0


async def policy(at: Keyboard, asked: argparse.Namespace) -> int:
    """Another way of making offers, from the draws on record."""
    found = await _office(at).policy(at.actor, asked.other, asked.campaign, asked.days)
    at.out.print(
        f"{WORDS[asked.other][:1].upper()}{WORDS[asked.other][1:]} would have earned {_money(at, found['value'])}"
        f" ({_money(at, found['low'])} to {_money(at, found['high'])}) per occasion more than"
        f" {WORDS[found['beside']]}.",
        highlight=False,
    )
    at.out.print(
        f"  {found['occasions']} occasions, {found['effective_occasions']} of effect; without a model"
        f" {_money(at, found['without_a_model'])}.",
        highlight=False,
    )
    return 0


async def fairness(at: Keyboard, asked: argparse.Namespace) -> int:
    """Groups beside all others of their kind; 1 when some differ."""
    found = await _office(at).fairness(at.actor, asked.campaign, asked.days)
    differing = [each for each in found["comparisons"] if each["differs"]]
    for each in differing:
        at.out.print(
            f"{each['kind']} {each['name']}: {each['rate']} {_percent(each['share_bp'])}, others"
            f" {_percent(each['others_bp'])}.",
            highlight=False,
        )
    said = f"{len(found['comparisons'])} comparisons, {len(differing)} differ; {found['too_few']} had too few to tell."
    at.out.print(said, highlight=False)
    return 1 if differing else 0


async def sell_through(at: Keyboard, asked: argparse.Namespace) -> int:
    """The variants offered most."""
    found = await _office(at).sell_through(at.actor, asked.campaign, asked.days)
    if not found:
        at.out.print("Nothing was offered in this time.")
    for one in found:
        at.out.print(
            f"{one.sku}: offered {one.offers} times, {one.sold} sold ({one.sold_before} in the time before),"
            f" {_percent(one.share_bp)} of what there was.",
            highlight=False,
        )
    return 0


def _campaign(one: argparse.ArgumentParser) -> None:
    one.add_argument("--campaign", default="", help="the name its offers count under; none: those without one")


def _office(at: Keyboard) -> MeasureOffice:
    return at.house.measuring


def _tell_plan(at: Keyboard, told: Plan) -> None:
    at.out.print(
        f"{told.customers} customers within {told.weeks} weeks, {_percent(told.share_bp)} held out; each is followed"
        f" for {told.window_days} days, and what is above {_money(at, told.cap)} counts as that.",
        highlight=False,
    )
    if not told.enough:
        at.out.print("That is too few for any statement: hold out more, or take longer.", highlight=False)
        return
    at.out.print(
        f"An effect of {_money(at, told.sees)} per customer would show in four cases of five, looked at as often as"
        f" you like; {_money(at, told.sees_once)} if looked at once, at the end.",
        highlight=False,
    )


def _money(at: Keyboard, minor: int) -> str:
    return str(Money(minor, at.house.settings.currency))


def _percent(bp: int) -> str:
    return f"{bp / 100:.1f} %"
