"""Answers and errors as MCP results: bounded, labelled, and with nothing in them a reader cannot see.

A result holds the answer twice, as the protocol asks: structured, and as one compact JSON text. An error is text only,
because clients check any structured content against the tool's output schema, errors included. `_meta` names the record
of the call, and which parts of the answer others wrote: those are data, whatever they say.
"""

import json
from typing import Any, Final, cast

from policies.errors import TillhandError
from tools.outside import outside_parts
from tools.propose.decided import Decided
from tools.tool import Answer
from tools.unseen import without_unseen

MAX_RESULT: Final = 100_000  # characters of JSON. A model's context is the reader's scarcest resource.
AUDIT_ID: Final = "tillhand/audit_id"
INTEGRITY: Final = "tillhand/integrity"  # `ours`, or `untrusted` where others wrote some of it
UNTRUSTED: Final = "tillhand/untrusted"  # which parts, such as `products[].title`


def answered(answer: Answer, audit_id: str = "") -> dict[str, Any]:
    """The result for an answer; a refused action becomes an error that names the rules.

    Args:
        answer: What the tool said.
        audit_id: Of the call's record, which explain_decision explains.
    """
    if isinstance(answer, Decided) and answer.state == "denied":
        return _denied(answer, audit_id)
    structured = answer.model_dump(mode="json")
    body = json.dumps(structured, separators=(",", ":"), ensure_ascii=False)
    if len(body) > MAX_RESULT:
        return error_body(
            "answer.too_large",
            "The answer is too large to send.",
            hint="Ask page by page: a smaller limit, then next_cursor; or for one location, sku or id.",
            audit_id=audit_id,
        )
    if not body.isascii() or "\\" in body:  # what hides in a text of others must not reach a model
        structured = cast("dict[str, Any]", _seen(structured))
        body = json.dumps(structured, separators=(",", ":"), ensure_ascii=False)
    return {**_text(body), "structuredContent": structured, "isError": False, "_meta": _meta(answer, audit_id)}


def failed(error: TillhandError, audit_id: str = "") -> dict[str, Any]:
    """The result for an error somebody can act on."""
    return error_body(
        error.code,
        error.message,
        retryable=error.retryable,
        retry_after_ms=error.retry_after_ms,
        hint=error.hint,
        field=error.field,
        audit_id=audit_id,
    )


def error_body(  # noqa: PLR0913  # one parameter per member of the body
    code: str,
    message: str,
    *,
    retryable: bool = False,
    retry_after_ms: int = 0,
    hint: str = "",
    field: str = "",
    approval_id: str = "",
    action_id: str = "",
    audit_id: str = "",
) -> dict[str, Any]:
    """An error result; empty members are left out. server/CODES.md lists every code."""
    told = {
        "hint": hint,
        "field": field,
        "retry_after_ms": retry_after_ms,
        "approval_id": approval_id,
        "action_id": action_id,
        "audit_id": audit_id,
    }
    error = {"code": code, "message": message, "retryable": retryable, **{k: v for k, v in told.items() if v}}
    text = json.dumps({"error": _seen(error)}, separators=(",", ":"), ensure_ascii=False)
    return {**_text(text), "isError": True}


def _text(body: str) -> dict[str, Any]:
    return {"resultType": "complete", "content": [{"type": "text", "text": body}]}


def _meta(answer: Answer, audit_id: str) -> dict[str, Any]:
    parts = outside_parts(type(answer))
    told: dict[str, Any] = {INTEGRITY: "untrusted", UNTRUSTED: list(parts)} if parts else {INTEGRITY: "ours"}
    return {AUDIT_ID: audit_id, **told} if audit_id else told


def _denied(answer: Decided, audit_id: str) -> dict[str, Any]:
    sentences = " ".join(reason.sentence for reason in answer.reasons if reason.sentence)
    return error_body(
        answer.reasons[0].rule if answer.reasons else "access.nothing_permits",
        sentences or "The rules do not allow this.",
        hint=answer.next,
        approval_id=answer.approval_id,
        action_id=answer.action_id,
        audit_id=audit_id,
    )


def _seen(value: Any) -> Any:
    if isinstance(value, str):
        return without_unseen(value)
    if isinstance(value, dict):
        return {key: _seen(each) for key, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_seen(each) for each in cast("list[Any]", value)]
    return value
