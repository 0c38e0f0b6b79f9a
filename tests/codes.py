"""Every error code a caller may meet, read out of the product's own source: one closed list, so that programs can act.

Run `python -m tests.codes` to write server/CODES.md anew.
"""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
FILE: Final = ROOT / "server" / "CODES.md"
PRODUCT: Final = ("agents", "knowledge", "policies", "server", "tools")
CODE: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+|bug")
_RAISED: Final = {
    "Refused": "the caller",
    "NotFound": "the caller",
    "Unavailable": "time: try again",
    "Unsure": "a person: look at the provider",
    "Misconfigured": "the operator",
}
# what the source puts together at run time
_FILLED: Final[dict[str, tuple[str, ...]]] = {
    "self._platform": ("lightspeed", "shopify"),
    "kind": ("code", "location", "order", "variant"),
    "code": ("missing", "number", "rung", "unknown"),
    "error.status_code": ("403", "404", "405"),
}
_OURS: Final = {"internal.failed", "bug"}
_RULE: Final = re.compile(r'@id\("([^"]+)"\)(?:\s*@sentence\("((?:[^"\\]|\\.)*)"\))?')
_HEAD: Final = """# Every error code

An error is `{code, message, field?, retryable, retry_after_ms?, hint?, approval_id?, action_id?, audit_id?}`, over MCP
as the text of a result with `isError`, elsewhere as a problem (RFC 9457). Codes are stable and the list is closed:
`tests/architecture/test_codes.py` reads it out of the source. What a rule refuses carries the rule's id.

| code | who acts | says |
|---|---|---|
"""


class Told(NamedTuple):
    """One code, who has to act on it, and what it says."""

    code: str
    who: str
    says: str


@lru_cache(maxsize=1)
def all_codes() -> tuple[Told, ...]:
    """Every code, once."""
    found: dict[str, Told] = {}
    files = [file for folder in PRODUCT for file in sorted((ROOT / folder).rglob("*.py"))]
    read = [told for file in files for told in _codes(ast.parse(file.read_text(encoding="utf-8")))]
    for told in sorted(read, key=lambda told: told.says.count("…")):  # of several sentences the most definite one
        found.setdefault(told.code, told)
    for file in sorted((ROOT / "policies").rglob("*.cedar")):
        for rule, sentence in _RULE.findall(file.read_text(encoding="utf-8")):
            if sentence:  # one without objects to nothing
                found.setdefault(rule, Told(rule, "the caller", sentence))
    return tuple(found[code] for code in sorted(found))


def page() -> str:
    """The list as a page."""
    return _HEAD + "".join(f"| `{told.code}` | {told.who} | {told.says} |\n" for told in all_codes())


def _codes(tree: ast.AST) -> Iterator[Told]:
    names = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node, names)
        elif isinstance(node, ast.Dict):
            keys = {_text(key): value for key, value in zip(node.keys, node.values, strict=True)}
            if "code" in keys and "message" in keys:
                yield from _told(keys["code"], keys["message"], "the caller", names)


def _of_call(node: ast.Call, names: dict[str, str]) -> Iterator[Told]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    given = {each.arg: each.value for each in node.keywords}
    says = node.args[0] if node.args else ast.Constant("")
    if name in {"error_body", "_answer"} and len(node.args) > 1:
        first = 0 if name == "error_body" else 1
        if len(node.args) > first + 1:
            broke = isinstance(node.args[first], ast.Constant) and node.args[first].value in _OURS  # pyright: ignore[reportAttributeAccessIssue]  # it is a Constant
            yield from _told(node.args[first], node.args[first + 1], "us" if broke else "the caller", names)
    elif name == "Reason" and len(node.args) > 1:
        yield from _told(node.args[0], node.args[1], "the caller", names)
    elif "code" in given and name not in {"MCPError", "Discount", "Row"}:
        yield from _told(given["code"], says, _RAISED.get(name, "the caller"), names)


def _told(code: ast.expr, says: ast.expr, who: str, names: dict[str, str]) -> Iterator[Told]:
    for each in _values(code, names):
        if CODE.fullmatch(each):
            yield Told(each, who, _sentence(says))


def _values(code: ast.expr, names: dict[str, str]) -> list[str]:
    if isinstance(code, ast.Constant):
        return [str(code.value)]
    if isinstance(code, ast.Name):
        return [names[code.id]] if code.id in names else []
    if isinstance(code, ast.IfExp):
        return [*_values(code.body, names), *_values(code.orelse, names)]
    if not isinstance(code, ast.JoinedStr):
        return []
    values = [""]
    for part in code.values:
        fills = _FILLED.get(ast.unparse(part.value), ()) if isinstance(part, ast.FormattedValue) else (_text(part),)
        values = [value + fill for value in values for fill in fills]
    return values


def _sentence(says: ast.expr) -> str:
    if isinstance(says, ast.Constant):
        text = str(says.value)
    elif isinstance(says, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in says.values)
    else:
        text = "…"
    return " ".join(text.split()).replace("|", "\\|")


def _text(key: ast.expr | None) -> str:
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
