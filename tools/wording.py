"""What may stand in the texts a model reads of us: plain descriptions, nothing hidden, nothing that gives it orders.

A tool's description is read on every turn and obeyed more readily than anything else, which makes it the place to hide
an instruction. Every text is checked at start, so that a poisoned one never reaches a reader.
"""

import re
from collections.abc import Iterable
from typing import Final

from policies.errors import Misconfigured
from tools.tool import Tool

_LONGEST: Final = 240  # characters: two sentences. More is paid for on every turn, and has room for other things.
_FAULTS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("holds characters that are not plain text", re.compile(r"[^ -~]")),
    ("holds markup", re.compile(r"<[A-Za-z/!?]|\]\(|```|&[a-z]+;|&#")),
    ("names an address", re.compile(r"://|www\.|\b[\w.]+@[\w.]+|(?<!\w)/(?:etc|home|root|tmp|var)\b")),
    ("holds what may be encoded text", re.compile(r"[A-Za-z0-9+/=_-]{41,}|(?:\\x|%)[0-9A-Fa-f]{2}")),
    (
        "orders its reader about",
        re.compile(
            r"\b(?:ignore|disregard|forget|override|bypass|instead of)\b"
            r"|\b(?:you (?:must|should|shall|have to|need to|are (?:now|an?))|make sure|be sure to|remember to)\b"
            r"|\b(?:always|first|before|after|whenever)\b[^.]{0,40}\b(?:call|use|run|invoke|read|send)\b[^.]{0,20}\btool"
            r"|\b(?:always|must) (?:call|use|run|invoke|send|include|pass)\b"
            r"|\b(?:do not|don't|never|without) (?:tell|mention|show|inform|ask)"
            r"|\b(?:system prompt|previous instructions?|instructions? above|as an? (?:ai|assistant)|important:|note:)",
            re.IGNORECASE,
        ),
    ),
    ("asks for a secret", re.compile(r"\b(?:passwords?|api keys?|secrets?|tokens?|bearer)\b", re.IGNORECASE)),
)


def faults(text: str) -> list[str]:
    """What is wrong with a text that a model reads; empty when nothing is."""
    found = [said for said, pattern in _FAULTS if pattern.search(text)]
    return [*found, "is too long"] if len(text) > _LONGEST else found


def texts(tool: Tool) -> tuple[str, ...]:
    """Every text of a tool that a client is handed."""
    told = str(tool.takes().get("description", ""))
    return tool.title, tool.description, " ".join(told.split())


def check(tools: Iterable[Tool]) -> None:
    """Let through tools whose texts only describe.

    Raises:
        Misconfigured: One does more; the message names the tool and what is wrong.
    """
    for tool in tools:
        for text in texts(tool):
            if found := faults(text):
                raise Misconfigured(
                    f"A text of the tool {tool.name} {found[0]}.", code="tool.wording", hint="Describe what it does."
                )
