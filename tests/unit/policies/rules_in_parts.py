"""The product's rules as texts, for tests that add one."""

from pathlib import Path

import policies

_HOME = Path(policies.__file__).parent
RULES = {file.name: file.read_text(encoding="utf-8") for file in (_HOME / "rules").glob("*.cedar")}
SCHEMA = (_HOME / "retail.cedarschema").read_text(encoding="utf-8")
