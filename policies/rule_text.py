"""Rule files as texts: who owns each, whether it can be used, and if not, in which line the mistake is."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import cedarpy

from policies.errors import Misconfigured

TEAMS: Final = ("store_operations", "it", "marketing")
"""Who may own rules, limits, agents and reviews."""

_OWNER: Final = re.compile(r"// Owner: ([A-Za-z][A-Za-z ]*)\.")
_SIGNS: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;|\n|\S')
_FOLDERS: Final = ("rules/*.cedar", "packs/*/rules.cedar")


def read_rules(home: Path) -> dict[str, str]:
    """The rule files of a folder by their place in it, the jurisdictions' packs included; each has an owner.

    Raises:
        Misconfigured: A file has no owner, or a rule without a name or a sentence.
    """
    files = sorted(file for pattern in _FOLDERS for file in home.glob(pattern))
    texts = {file.relative_to(home).as_posix(): file.read_text(encoding="utf-8") for file in files}
    seen: dict[str, str] = {}
    for name, text in texts.items():
        owner(name, text)
        for line, rule in statements(text):
            given = re.search(r'@id\("([^"]+)"\)', rule)
            if given is None or ("forbid" in rule and "@sentence(" not in rule):
                raise Misconfigured(
                    f"{name}, line {line}: a rule has an @id, and one that forbids an @sentence too.",
                    code="rules.unnamed",
                )
            if given[1] in seen:
                raise Misconfigured(
                    f"{name}, line {line}: {given[1]} is a rule in {seen[given[1]]} already.", code="rules.twice"
                )
            seen[given[1]] = name
    return texts


def owner(name: str, text: str) -> str:
    """The team that owns a rule file, by its first line, such as `// Owner: Marketing.` at its beginning.

    Raises:
        Misconfigured: It names none, or none of ours.
    """
    told = _OWNER.match(text)
    team = told[1].lower().replace(" ", "_") if told else ""
    if team not in TEAMS:
        wanted = ", ".join(each.replace("_", " ") for each in TEAMS)
        raise Misconfigured(
            f"{name}, line 1: it names no owner of ours.",
            code="rules.owner",
            hint=f"Begin the file with `// Owner: Marketing.` or another of {wanted}.",
        )
    return team


def table_owners(text: str) -> dict[str, str]:
    """The team that owns each table of a limits file, from the comment above it; "" where none says so."""
    owners: dict[str, str] = {}
    above: list[str] = []
    for line in text.splitlines():
        if table := re.match(r"\[([^\[\]]+)\]", line):
            told = next((found for each in above if (found := re.match(r"# Owner: ([A-Za-z ]+)\.", each))), None)
            owners[table[1]] = told[1].lower().replace(" ", "_") if told else ""
        above = [*above, line] if line.startswith("#") else []
    return owners


def check(name: str, text: str, schema: str) -> None:
    """See that a rule file parses and fits the schema.

    Raises:
        Misconfigured: It does not; the message has the file and the line.
    """
    try:
        cedarpy.PolicySet.from_str(text)
    except ValueError as error:
        line = next((line for line, rule in statements(text) if not _parses(rule)), 1)
        raise Misconfigured(
            f"{name}, line {line}: the rule that begins here does not parse: {error}.", code="rules.syntax"
        ) from error
    result = cedarpy.validate_policies(text, schema)
    if not result.validation_passed:
        first = result.errors[0]
        number = re.fullmatch(r"policy(\d+)", first.policy_id or "")
        lines = [line for line, _ in statements(text)]
        sentence = re.sub(r"^for policy `policy\d+`, ", "", str(first.error))
        if number is None:
            raise Misconfigured(f"The schema cannot be used: {sentence}", code="rules.schema")
        line = lines[int(number[1])] if int(number[1]) < len(lines) else 1
        raise Misconfigured(
            f"{name}, line {line}: the rule that begins here does not fit the schema: {sentence}.", code="rules.schema"
        )


fits: Final = lru_cache(maxsize=256)(check)
"""`check`, asked once for each text and schema: what fits is right for good, and what does not is told every time."""


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Every rule with the line it begins on; what follows the last semicolon is one too, unless it is nothing."""
    line, start, begins = 1, 0, 0
    for found in _SIGNS.finditer(text):
        sign = found[0]
        if sign == "\n":
            line += 1
        elif sign == ";":
            yield begins or line, text[start : found.end()]
            start, begins = found.end(), 0
        elif not sign.startswith("//"):
            begins = begins or line
            line += sign.count("\n")
    if begins:
        yield begins, text[start:]


def _parses(rule: str) -> bool:
    try:
        cedarpy.PolicySet.from_str(rule)
    except ValueError:
        return False
    return True
