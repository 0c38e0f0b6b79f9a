"""Which words of a sentence tell something: facts of closed kinds, promises, denials, and words that tell nothing."""

import tomllib
from pathlib import Path
from typing import Final

_LISTS: Final = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

EMPTY: Final = frozenset(_LISTS["empty"].split())
"""Function words."""

FACTS: Final = frozenset(_LISTS["facts"].split())
"""One that is not in the evidence is another fact, however alike the rest of the sentence is."""

DENIALS: Final = frozenset(_LISTS["denials"].split())
"""Words such as "not"."""

FLIPS: Final = frozenset(_LISTS["flips"].split())
"""Words that deny without a "not"."""

PROMISES: Final = frozenset(_LISTS["promises"].split())
"""Words that turn a rule into a promise: each must be the evidence's own."""
