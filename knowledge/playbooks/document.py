"""One Markdown file of a retailer as passages: whose eyes it is for, and where each passage stands in it.

    ---
    title: Returns and exchanges
    roles: everyone
    ---
    # Returns
    Unworn goods come back within 30 days ...

`roles` is `everyone` or a list such as `manager, auditor`. A file without it is for managers alone: what nobody thought
about is not for everybody.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from policies.errors import Misconfigured
from policies.vocabulary.actor import Role

EVERYONE: Final = "everyone"
_LONGEST: Final = 900  # characters of a passage; a paragraph or two, which is what an answer quotes
_FENCE: Final = "---"
_KEYS: Final = {"title", "roles"}
_HEADING: Final = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_BLOCK: Final = re.compile(r"^(```|~~~)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document.

    Attributes:
        section: The headings above it, such as `Returns > Without a receipt`.
        first: Its first line, from 1; `last` is inclusive.
    """

    section: str
    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file.

    Attributes:
        name: Of the file, without its ending.
        version: The first twelve digits of its SHA-256.
        roles: Who may read it; `None`: everyone.
    """

    name: str
    title: str
    version: str
    roles: frozenset[Role] | None
    passages: tuple[Passage, ...]

    def readable_by(self, role: Role) -> bool:
        """Whether this role may know of it."""
        return self.roles is None or role in self.roles


def read_document(name: str, body: bytes) -> Document:
    """From the bytes of a file.

    Raises:
        Misconfigured: It is not UTF-8, or its head names something unknown.
    """
    try:
        lines = body.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise _wrong(name, "is not UTF-8 text") from error
    head, start = _head(name, lines)
    passages = tuple(_passages(lines, start))
    title = head.get("title") or (passages[0].section.split(" > ")[0] if passages else "") or name
    return Document(name, title, hashlib.sha256(body).hexdigest()[:12], _roles(name, head.get("roles", "")), passages)


def _head(name: str, lines: Sequence[str]) -> tuple[dict[str, str], int]:
    """What the head says, and the place of the first line after it."""
    if not lines or lines[0].strip() != _FENCE:
        return {}, 0
    head: dict[str, str] = {}
    for place, line in enumerate(lines[1:], start=1):
        if line.strip() == _FENCE:
            return head, place + 1
        key, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or key.strip() not in _KEYS:
            raise _wrong(name, f"has a head whose line {place + 1} is neither title nor roles")
        head[key.strip()] = value.strip().strip("\"'")
    raise _wrong(name, "has a head that does not end")


def _roles(name: str, told: str) -> frozenset[Role] | None:
    names = [part.strip() for part in told.strip("[]").split(",") if part.strip()]
    if names == [EVERYONE]:
        return None
    try:
        return frozenset(map(Role, names)) or frozenset({Role.MANAGER})
    except ValueError as error:
        raise _wrong(name, "names a role that does not exist") from error


def _passages(lines: Sequence[str], start: int) -> Iterator[Passage]:
    above: list[tuple[int, str]] = []
    kept: list[tuple[int, str]] = []
    in_block = False
    for number, line in enumerate(lines[start:], start=start + 1):
        heading = None if in_block else _HEADING.match(line)
        in_block ^= bool(_BLOCK.match(line))
        if heading:
            yield from _cut(above, kept)
            kept = []
            depth = len(heading[1])
            above = [each for each in above if each[0] < depth] + [(depth, heading[2])]
        else:
            kept.append((number, line))
    yield from _cut(above, kept)


def _cut(above: Sequence[tuple[int, str]], lines: Sequence[tuple[int, str]]) -> Iterator[Passage]:
    """A section's lines in passages; cut where a paragraph ends, or in one that has no end."""
    section = " > ".join(title for _, title in above)
    kept: list[tuple[int, str]] = []
    for number, line in lines:
        size = sum(len(each) + 1 for _, each in kept)
        if kept and (size + len(line) > _LONGEST or (not line.strip() and size > _LONGEST // 2)):
            yield from _passage(section, kept)
            kept = []
        if line.strip() or kept:
            kept.append((number, line))
    yield from _passage(section, kept)


def _passage(section: str, lines: Sequence[tuple[int, str]]) -> Iterator[Passage]:
    said = [(number, line) for number, line in lines if line.strip()]
    if said:
        first, last = said[0][0], said[-1][0]
        text = "\n".join(line.rstrip() for number, line in lines if first <= number <= last)
        yield Passage(section, first, last, text)


def _wrong(name: str, what: str) -> Misconfigured:
    return Misconfigured(
        f"The playbook {name}.md {what}.",
        code="playbooks.malformed",
        hint="knowledge/playbooks/document.py shows how one begins.",
        field="playbooks",
    )
