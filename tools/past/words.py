"""What trying rules on the past found, in plain words and one screen."""

from collections.abc import Iterator, Sequence
from typing import Final

from policies.vocabulary.money import Money
from tools.past.again import Change
from tools.past.sums import Figure, Sums
from tools.past.tried import Tried

_LOCATIONS: Final = 12
_RULES: Final = 12


def tell(tried: Tried) -> str:
    """The whole of it."""
    return "\n".join(_lines(tried))


def _lines(tried: Tried) -> Iterator[str]:
    found, trial = tried.judged, tried.trial
    since, until = (f"{moment:%Y-%m-%d %H:%M}" for moment in (trial.since, trial.until))
    yield f"{found.decided} decisions from {since} to {until} UTC, judged again."
    if not found.decided:
        return
    fewest = min(found.approved.changed, found.expired.changed)
    span = f"{tried.changed}" if fewest == tried.changed else f"{fewest} to {tried.changed}"
    yield f"{span} of them would have been decided otherwise."
    yield ""
    yield from _figures(tried)
    yield from _by_rule(tried)
    yield from _by_location(tried)
    if found.top:
        yield ""
        yield f"The {len(found.top)} that matter most; `tillhand explain ID` tells each as it was:"
        for change in found.top:
            yield from _change(change)
    yield ""
    yield from _limits_of_knowledge(tried)


def _figures(tried: Tried) -> Iterator[str]:
    chain, currency = tried.chain, tried.judged.currency
    table = [("", "then", "now", "change, 95 % of such days")]
    table += [
        ("money given", *_money(chain.given, currency)),
        ("money promised", *_money(chain.promised, currency)),
        ("questions asked", *_count(chain.asked)),
        ("minutes to answer", *_minutes(chain.seconds)),
        ("refusals", *_count(chain.refused)),
    ]
    yield from _table(table)
    if chain.few:
        yield f"Only {chain.days} days: read it as an example. The spread of so few days is hardly known."


def _by_rule(tried: Tried) -> Iterator[str]:
    moved = {
        name: rule
        for name, rule in tried.rules.items()
        if (rule.refused_then, rule.asked_then) != (rule.refused, rule.asked)
    }
    if not moved:
        return
    order = sorted(moved, key=lambda name: (-abs(moved[name].refused - moved[name].refused_then), name))
    table = [("rule", "refused", "now", "asked", "now")]
    table += [
        (name, *map(str, (rule.refused_then, rule.refused, rule.asked_then, rule.asked)))
        for name in order[:_RULES]
        for rule in [moved[name]]
    ]
    yield ""
    yield from _table(table)


def _by_location(tried: Tried) -> Iterator[str]:
    if len(tried.locations) < 2:  # noqa: PLR2004  # one location is the chain
        return
    currency = tried.judged.currency
    table = [("location", "decisions", "money given: then", "now", "change, 95 %", "asked", "now", "refused", "now")]
    order = sorted(tried.locations.items(), key=lambda each: (-_moves(each[1]), each[0]))
    for place, told in order[:_LOCATIONS]:
        asked, refused = _count(told.asked), _count(told.refused)
        table.append((place, str(told.decided), *_money(told.given, currency), *asked[:2], *refused[:2]))
    yield ""
    yield from _table(table)
    if len(order) > _LOCATIONS:
        yield f"{len(order) - _LOCATIONS} more locations change less."


def _moves(told: Sums) -> int:
    figure = told.given
    return max(abs(figure.most - figure.then), abs(figure.least - figure.then))


def _change(change: Change) -> Iterator[str]:
    unsure = "" if change.sure else " if open questions are answered so"
    money = Money(change.money, change.currency)
    yield f"  {change.id}  {change.at:%Y-%m-%d %H:%M}  {change.location}  {money}: {change.happened}"
    reasons = ", ".join(reason.rule for reason in change.after_reasons) or "nothing objects"
    before = f"{change.before.value} ({', '.join(change.before_rules)})"
    yield f"    {before} becomes {change.after.value}{unsure} ({reasons})"
    if change.moved:
        yield "    " + "; ".join(f"{name} {before} -> {after}" for name, (before, after) in change.moved.items())


def _limits_of_knowledge(tried: Tried) -> Iterator[str]:
    found, chain = tried.judged, tried.chain
    yield "What this cannot know:"
    if chain.given.least != chain.given.most:
        used, made = found.seen.used.total(), found.seen.made.total()
        yield (
            "  Whether offers that were refused would have been used, and how people would have answered what they"
            f" were never asked: so money given lies between {Money(chain.given.least, found.currency)} and"
            f" {Money(chain.given.most, found.currency)}. Seen in this time: {used} of {made} offers used,"
            f" {found.seen.approved} of {found.seen.asked} questions approved."
        )
    yield "  Whether customers who got less would have bought less, and what AI would have proposed under these rules."
    yield "  What answering really cost: minutes run from question to answer, and people do other things meanwhile."
    if found.moot:
        yield f"  {found.moot} undo actions fall away with what they undid."
    if found.unknown:
        yield f"  {found.unknown} decisions lack a fact the limits need, and are taken as they were."
    if found.foreign:
        yield f"  {found.foreign} decisions in other currencies are left out of the money."


def _money(figure: Figure, currency: str) -> tuple[str, str, str]:
    then, change = str(Money(figure.then, currency)), "-"
    if figure.change is not None:
        change = f"{_signed(figure.change.low, currency)} to {_signed(figure.change.high, currency)}"
    if figure.likely is not None:
        return then, str(Money(figure.likely, currency)), change
    return then, f"{Money(figure.least, currency)} to {Money(figure.most, currency)}", "too few seen to weigh"


def _signed(minor: int, currency: str) -> str:
    return f"{'+' if minor > 0 else ''}{Money(minor, currency)}"


def _count(figure: Figure) -> tuple[str, str, str]:
    change = "-" if figure.change is None else f"{figure.change.low:+d} to {figure.change.high:+d}"
    now = str(figure.least) if figure.least == figure.most else f"{figure.least} to {figure.most}"
    return str(figure.then), now, change


def _minutes(figure: Figure) -> tuple[str, str, str]:
    then = str(round(figure.then / 60))
    if figure.likely is None:
        return then, f"{figure.least // 60} or more", "too few seen to weigh"
    change = (
        "-" if figure.change is None else f"{round(figure.change.low / 60):+d} to {round(figure.change.high / 60):+d}"
    )
    return then, str(round(figure.likely / 60)), change


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        first, *others = (
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join((first, *others)).rstrip()
