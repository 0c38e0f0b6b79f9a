"""Prompts from files, identified by hash, so that a decision names the exact words a model was given."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from policies.errors import Misconfigured

_HOME = Path(__file__).with_name("prompts")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A specialist's instructions to a model."""

    name: str
    text: str
    digest: str  # SHA-256 of the text

    def label(self, model: str) -> str:
        """Model and prompt together, as a proposal records them: `gemma4:e4b@3f2a...`."""
        return f"{model}@{self.digest[:12]}"


@cache
def read_prompt(name: str, home: Path = _HOME) -> Prompt:
    """The prompt of this name.

    Raises:
        Misconfigured: The installation has no such prompt.
    """
    try:
        text = (home / f"{name}.md").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"The prompt {name}.md is missing.", code="prompt.missing") from error
    return Prompt(name, text, hashlib.sha256(text.encode()).hexdigest())
