"""Answers and errors as MCP results: bounded, and with nothing in them a reader cannot see.

A result holds the answer twice, as the protocol asks: structured, and as one compact JSON text. An error is text only,
because clients check any structured content against the tool's output schema, errors included.
"""

import json
import unicodedata
from typing import Any, cast

from policies.errors import TillhandError
from tools.propose.decided import Decided
from tools.tool import Answer

MAX_RESULT = 100_000  # characters of JSON. A model's context is the reader's scarcest resource.
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs"})
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def answered(answer: Answer) -> dict[str, Any]:
    """The result for an answer; a refused action becomes an error that names the rules."""
    if isinstance(answer, Decided) and answer.state == "denied":
        return _denied(answer)
    structured = answer.model_dump(mode="json")
    body = json.dumps(structured, separators=(",", ":"), ensure_ascii=False)
    if len(body) > MAX_RESULT:
        return error_body("answer.too_large", "The answer is too large to send.", hint="Ask for less, or page by page.")
    if not body.isascii():  # titles and notes come from platforms: what hides in them must not reach a model
        structured = cast("dict[str, Any]", _visible(structured))
        body = json.dumps(structured, separators=(",", ":"), ensure_ascii=False)
    return {**_text(body), "structuredContent": structured, "isError": False}


def failed(error: TillhandError) -> dict[str, Any]:
    """The result for an error somebody can act on."""
    return error_body(error.code, error.message, retryable=error.retryable, hint=error.hint, field=error.field)


def error_body(  # noqa: PLR0913  # one parameter per member of the body
    code: str, message: str, *, retryable: bool = False, hint: str = "", field: str = "", action_id: str = ""
) -> dict[str, Any]:
    """An error result; empty members are left out."""
    members = {
        "code": code,
        "message": message,
        "retryable": retryable,
        "hint": hint,
        "field": field,
        "action_id": action_id,
    }
    error = {name: value for name, value in members.items() if value != ""}
    text = json.dumps({"error": error}, separators=(",", ":"), ensure_ascii=False)
    return {**_text(text), "isError": True}


def _text(body: str) -> dict[str, Any]:
    return {"resultType": "complete", "content": [{"type": "text", "text": body}]}


def _denied(answer: Decided) -> dict[str, Any]:
    sentences = " ".join(reason.sentence for reason in answer.reasons if reason.sentence)
    return error_body(
        answer.reasons[0].rule if answer.reasons else "access.nothing_permits",
        sentences or "The rules do not allow this.",
        hint=answer.next,
        action_id=answer.action_id,
    )


def _visible(value: Any) -> Any:
    if isinstance(value, str):
        if value.isascii():
            return value
        return "".join(_REPLACEMENT if unicodedata.category(letter) in _INVISIBLE else letter for letter in value)
    if isinstance(value, dict):
        return {key: _visible(each) for key, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_visible(each) for each in cast("list[Any]", value)]
    return value
