"""The product's rules as texts, for tests that add one."""

from pathlib import Path

import policies
from policies.rule_text import read_rules

HOME = Path(policies.__file__).parent
RULES = read_rules(HOME)
SCHEMA = (HOME / "retail.cedarschema").read_text(encoding="utf-8")
