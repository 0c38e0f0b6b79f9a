"""One word per idea: the glossary's "not" column never names a class, a function or an argument of ours."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT.parent / "shared" / "design" / "GLOSSARY.md"
PACKAGES = ("agents", "knowledge", "policies", "server", "tools")
# Single words the glossary rules out that no library or language of ours needs as a name for something else.
JUDGED = frozenset(
    {"shopper", "clerk", "coupon", "voucher", "markdown", "tenant", "merchant", "rebalance", "cashier", "bopis"}
)


def _banned() -> set[str]:
    words: set[str] = set()
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 4:
            words |= {word.strip().lower() for word in re.split(r"[,;]", re.sub(r"\(.*?\)", "", cells[3]))}
    return words


def _names(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def test_no_name_of_ours_uses_a_word_the_glossary_rules_out():
    if not GLOSSARY.exists():
        pytest.skip("the glossary lies in ../shared, which is absent")
    banned = _banned() & JUDGED
    assert banned, "the glossary's table could not be read"
    wrong = {
        f"{file.relative_to(ROOT)}: {name}"
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        for name in _names(file)
        if banned & {part.lower() for part in re.findall(r"[A-Z]?[a-z]+", name)}
    }
    assert wrong == set()
