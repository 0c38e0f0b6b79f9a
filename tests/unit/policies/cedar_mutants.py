"""Rule files with one thing changed: a comparison turned, a condition or a rule dropped, a limit or a role mistaken."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.rule_text import statements

_SIGNS: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|&&|\|\||[<>=!]=|[<>!]')
_TURNED: Final = {
    ">": (">=", "<"),
    "<": ("<=", ">"),
    ">=": (">", "<="),
    "<=": ("<", ">="),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
    "!": ("",),
}
_CLAUSE: Final = re.compile(r"\b(?:when|unless)\s*\{.*?\}(?=\s*(?:;|unless|when|\Z))", re.DOTALL)
_LIMIT: Final = re.compile(r"context\.limit\.(\w+)")
_TEST: Final = re.compile(r'principal in Role::"\w+"|principal\.\w+(?!\.)|context\.\w+\b(?!\s*[.<>=!])')
_LISTED: Final = re.compile(r'(?<=[\[\s])(?:Action::)?"[^"]*"(?=\s*[,\]])')
_LIMITS: Final = {
    "discount": [
        *("percent_bp", "transaction_free", "transaction_max", "customer_day", "location_day", "campaign_total"),
        *("price_age_s", "stock_age_s", "high_value_percent_bp", "high_value_customer_day"),
    ],
    "transfer": ["value_free", "units_max", "stock_age_s"],
    "stock_sync": ["units_free"],
    "stock_adjustment": ["value_free", "units_confirm", "units_max"],
    "forecast_override": ["percent_free", "percent_max", "days_max", "record_bp"],
    "reorder": ["value_max", "order_day", "two_from"],
    "message": [
        *("customer_day", "customer_week", "service_day", "location_day_free", "campaign_free", "campaign_total"),
        *("consent_age_s", "quiet_from", "quiet_until"),
    ],
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one rule changed.

    Attributes:
        rule: The id of the rule that was changed.
        change: What was changed, in a few words.
        actions: The actions the rule speaks of; empty for all.
    """

    file: str
    rule: str
    change: str
    text: str
    actions: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.rule}: {self.change}"


def mutants(file: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a rule file."""
    at = 0
    for _, rule in statements(text):
        start = text.index(rule, at)
        at = start + len(rule)
        named = re.search(r'@id\("([^"]+)"\)', rule)
        head = re.sub(r'@\w+\("(?:\\.|[^"\\])*"\)', "", rule).split("{")[0]
        actions = frozenset(re.findall(r'Action::"(\w+)"', head))
        for change, other in _changes(rule, actions):
            whole = text[:start] + other + text[at:]
            yield Mutant(file, named[1] if named else "?", change, whole, actions)


def _changes(rule: str, actions: frozenset[str]) -> Iterator[tuple[str, str]]:
    yield "the rule is dropped", "\n"
    body = next(re.finditer(r"^\s*(?:forbid|permit)\b", rule, re.MULTILINE)).start()

    def changed(match: "re.Match[str]", by: str) -> str:
        return rule[: match.start()] + by + rule[match.end() :]

    for found in _SIGNS.finditer(rule, body):
        for by in _TURNED.get(found[0], ()):
            yield f"{_around(rule, found)} with {by or 'nothing'} for {found[0]}", changed(found, by)
    for found in _CLAUSE.finditer(rule, body):
        yield f"without {_short(found[0])}", changed(found, "")
    for found in _LIMIT.finditer(rule, body):
        names = next(names for kind, names in _LIMITS.items() if kind in actions)
        at = names.index(found[1])
        for other in {names[at - 1], names[(at + 1) % len(names)]} - {found[1]}:
            yield f"limit.{found[1]} mistaken for limit.{other}", changed(found, f"context.limit.{other}")
    for found in _TEST.finditer(rule, body):
        for by in ("true", "false"):
            yield f"{_short(found[0])} taken for {by}", changed(found, by)
    for found in _LISTED.finditer(rule, body):
        yield f"{found[0]} left out", re.sub(r",\s*\]", "]", re.sub(r"\[\s*,", "[", _without(rule, found)))


def _without(rule: str, found: "re.Match[str]") -> str:
    rest = rule[found.end() :]
    return rule[: found.start()] + re.sub(r"^\s*,", "", rest)


def _around(rule: str, found: "re.Match[str]") -> str:
    return _short(rule[max(0, found.start() - 24) : found.end() + 24])


def _short(text: str) -> str:
    return " ".join(text.split())[:60]
