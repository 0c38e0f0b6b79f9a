"""Results promise to stay small, and errors to stay text."""

import json
from datetime import UTC, datetime
from typing import Any

from policies.errors import Unavailable
from server.mcp.results import MAX_RESULT, answered, failed
from tools.tool import Answer


class Long(Answer):
    text: str
    as_of: datetime = datetime(2026, 1, 1, tzinfo=UTC)


def error(result: dict[str, Any]) -> dict[str, Any]:
    assert "structuredContent" not in result
    assert result["isError"]
    return json.loads(result["content"][0]["text"])["error"]


def test_an_answer_at_the_limit_is_sent_and_one_over_it_is_refused():
    empty = len(answered(Long(text=""))["content"][0]["text"])
    assert not answered(Long(text="x" * (MAX_RESULT - empty)))["isError"]
    assert error(answered(Long(text="x" * (MAX_RESULT - empty + 1))))["code"] == "answer.too_large"


def test_an_error_says_what_to_do_and_whether_time_helps():
    body = error(failed(Unavailable("The database does not answer.", code="database.unavailable", hint="Wait.")))
    assert body == {
        "code": "database.unavailable",
        "message": "The database does not answer.",
        "retryable": True,
        "hint": "Wait.",
    }
