"""The report in plain words: the same sections for a terminal, a page, or whoever reads it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from policies.vocabulary.money import Money

_RATES: Final = {
    "offered": "had an offer before they paid",
    "refused": "of what was proposed for them was refused",
    "accepted": "of the offers made to them were used",
}
_SHOWN: Final = 12  # rows of a long table


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences, and a table that may be empty; all text."""

    title: str
    sentences: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def sections(report: Mapping[str, Any]) -> tuple[Section, ...]:
    """The report, most wanted first."""
    return (
        _offers(report),
        _approvals(report),
        _refusals(report),
        _others(report),
        _fairness(report["fairness"]),
        *([_oversold(report["oversold"])] if "oversold" in report else []),  # reports of before did not look at it
        _automation(report["automation"]),
        _unusual(report["unusual"]),
    )


def as_text(parts: Sequence[Section], heading: str) -> str:
    """For a terminal; it is valid Markdown too."""
    lines = [f"# {heading}"]
    for part in parts:
        lines += ["", f"## {part.title}", *part.sentences]
        if part.rows:
            lines += ["", *_table(part)]
    return "\n".join(lines)


def heading(report: Mapping[str, Any]) -> str:
    """The week and its days, by the chain's clock."""
    return f"Week {report['week']}: {report['begins'][:16]} to {report['ends'][:16]} UTC"


def percent(basis_points: int) -> str:
    """Such as 12.5 %."""
    return f"{basis_points // 100}.{basis_points % 100 // 10} %"


def _offers(report: Mapping[str, Any]) -> Section:
    told = report["chain"]["offers"]
    accepted = told["acceptance"]
    made = f"{told['proposed']} offers were proposed, {told['made']} made, {told['accepted']} used"
    sentences = [
        f"{made} and {told['undone']} taken back.",
        f"At least {told['shown_at_least']} were shown: most registers do not say, so only the used ones are sure.",
        f"{_money(told['given'])} were taken off at the till; {_money(told['margin_kept'])} were left"
        " over cost on those orders"
        + (f", not counting {told['margin_unknown']} of unknown cost." if told["margin_unknown"] else "."),
    ]
    if told["made"]:
        sentences.insert(1, f"Used: {_share(accepted)} of those made.")
    holdout = report["holdout"]
    if holdout is None:
        sentences.append("Nothing was withheld from anybody, so what offers changed in sales cannot be told.")
    else:
        withheld = f"{holdout['held_out']} offers worth making were withheld from held-out customers"
        sentences.append(
            f"{withheld}, {holdout['drawn']} more by the draw; tillhand measure lift tells what they change."
        )
    rows = [_offer_row(place, figures["offers"]) for place, figures in sorted(report["locations"].items())]
    columns = ("Location", "Proposed", "Made", "Used", "of those made", "Taken back", "Refused", "Given")
    return Section("Offers", tuple(sentences), columns, tuple(rows))


def _offer_row(place: str, told: Mapping[str, Any]) -> tuple[str, ...]:
    counts = [str(told[name]) for name in ("proposed", "made", "accepted")]
    used = _share(told["acceptance"]) if told["made"] else "-"
    return (place, *counts, used, str(told["undone"]), str(told["refused"]), _money(told["given"]))


def _approvals(report: Mapping[str, Any]) -> Section:
    told = report["chain"]["approvals"]
    rows = [
        (place, *_asked(figures["approvals"]))
        for place, figures in sorted(report["locations"].items())
        if figures["approvals"]["asked"]
    ]
    said = f"{told['asked']} questions were asked of people: {told['approved']} approved, {told['rejected']} rejected,"
    said += f" {told['expired']} expired, {told['waiting']} waiting."
    timed = (
        f"Half were answered within {_seconds(told['median_s'])}, nine in ten within {_seconds(told['p90_s'])}."
        if told["median_s"] is not None
        else "None was answered."
    )
    columns = ("Location", "Asked", "Approved", "Rejected", "Expired", "Median", "90 %")
    return Section(
        "Approvals", (said, timed) if told["asked"] else ("Nobody was asked anything.",), columns, tuple(rows)
    )


def _asked(told: Mapping[str, Any]) -> tuple[str, ...]:
    counts = [str(told[name]) for name in ("asked", "approved", "rejected", "expired")]
    return (*counts, _seconds(told["median_s"]), _seconds(told["p90_s"]))


def _refusals(report: Mapping[str, Any]) -> Section:
    counts = sorted(report["chain"]["refusals"].items(), key=lambda each: (-each[1], each[0]))
    unjudged: dict[str, int] = {}
    for each in report["unjudged"]:
        unjudged[each["code"]] = unjudged.get(each["code"], 0) + each["count"]
    rows = [(name, str(count), "rules") for name, count in counts]
    rows += [(name, str(count), "before the rules were asked") for name, count in sorted(unjudged.items())]
    return Section(
        "Refused, and why", () if rows else ("Nothing was refused.",), ("Reason", "Times", "By"), tuple(rows)
    )


def _others(report: Mapping[str, Any]) -> Section:
    names = ("proposed", "made", "refused", "undone", "failed")
    rows = [
        (kind.replace("_", " "), *(str(told[name]) for name in names))
        for kind, told in sorted(report["chain"]["others"].items())
    ]
    columns = ("What", "Proposed", "Made", "Refused", "Taken back", "Failed")
    return Section("Other actions", () if rows else ("There were none.",), columns, tuple(rows))


def _fairness(told: Mapping[str, Any]) -> Section:
    differing = [each for each in told["comparisons"] if each["differs"]]
    least, tests = told["least"], len(told["comparisons"])
    sentences = [
        f"{_apart(each)} Chance alone would do that in {each['chance']} of weeks, corrected for {tests} comparisons."
        for each in differing
    ]
    if not differing and tests:
        sentences.append(f"In {tests} comparisons no group stood out by more than chance explains.")
    if told["too_few"] or not tests:
        sentences.append(f"{told['too_few']} comparisons had fewer than {least} on a side: too few to say.")
    rows = [
        (each["kind"], each["name"], *(_share(each[rate]) if each[rate] else f"under {least}" for rate in _RATES))
        for each in told["groups"]
    ]
    return Section("Groups of customers", tuple(sentences), ("By", "Group", "Offered", "Refused", "Used"), tuple(rows))


def _apart(each: Mapping[str, Any]) -> str:
    more, less = each["apart_high_bp"], each["apart_low_bp"]
    said = f"{each['kind'].capitalize()} {each['name']}: {percent(each['share_bp'])} {_RATES[each['rate']]},"
    return said + f" of all others {percent(each['others_bp'])} (apart by {_points(less)} to {_points(more)})."


def _automation(told: Mapping[str, Any]) -> Section:
    rows = [
        (
            each["at"][:16],
            f"{each['capability']} at {each['location'] or 'the chain'}",
            f"{each['before']} to {each['after']}",
            each["by"],
            each["reason"],
        )
        for each in told["moves"]
    ]
    for each in told["stops"]:
        what = f"{each['scope']} {each['name']}".strip()
        lifted = f"stopped, started again {each['lifted_at'][:16]}" if each["lifted_at"] else "stopped"
        rows.append((each["at"][:16], what, lifted, each["by"], each["reason"]))
    columns = ("At (UTC)", "What", "Now", "By", "Why")
    return Section(
        "How far AI may go", () if rows else ("Nothing was changed or stopped.",), columns, tuple(sorted(rows))
    )


_WAYS: Final = {
    "move": "Sent from elsewhere",
    "back_order": "The customer waits",
    "cancel": "Cancelled, with a voucher",
    "stock came": "Goods came by themselves",
    "open": "Nobody said yet",
}


def _oversold(told: Mapping[str, Any]) -> Section:
    if not told["found"]:
        return Section("Sold and not there", ("Nothing was oversold.",))
    said = f"{told['units']} units were sold that were not there, at {told['found']} shelves"
    late = f"; {told['late']} were told late by a till" if told["late"] else ""
    rows = [
        (_WAYS.get(str(way), str(way)), str(counts["found"]), str(counts["units"]))
        for way, counts in sorted(told["taken"].items())
    ]
    sentences = (f"{said}{late}.", f"The ways out cost {_money(told['money'])}.")
    return Section("Sold and not there", sentences, ("Way out", "Shelves", "Units"), tuple(rows))


def _unusual(told: Sequence[Mapping[str, Any]]) -> Section:
    rows = [
        (each["location"], each["what"], str(each["count"]), ", ".join(map(str, each["before"])))
        for each in told[:_SHOWN]
    ]
    sentences = (
        () if rows else ("No count was unlike the weeks before it, or there are too few weeks to compare with.",)
    )
    return Section("Unlike the weeks before", sentences, ("Location", "What", "This week", "Weeks before"), tuple(rows))


def _share(told: Mapping[str, int]) -> str:
    return f"{percent(told['share_bp'])} ({percent(told['low_bp'])} to {percent(told['high_bp'])})"


def _points(basis_points: int) -> str:
    sign = "-" if basis_points < 0 else ""
    return f"{sign}{percent(abs(basis_points)).removesuffix(' %')} points"


def _money(told: Mapping[str, int]) -> str:
    return ", ".join(str(Money(minor, currency)) for currency, minor in sorted(told.items())) or "Nothing"


def _seconds(seconds: int | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"  # noqa: PLR2004  # minutes say less below two


def _table(part: Section) -> list[str]:
    cells = [part.columns, *part.rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(part.columns))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [lines[0], rule, *lines[1:]]
