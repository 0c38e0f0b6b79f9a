"""Errors as HTTP answers."""

import json

import pytest

from policies.errors import Misconfigured, NotFound, Refused, TillhandError, Unavailable
from server.problems import problem


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("No.", code="body.malformed"), 400),
        (Refused("No.", code="signature.wrong"), 401),
        (Refused("No.", code="credential.missing"), 401),
        (Refused("No.", code="access.outside_locations"), 403),
        (Refused("No.", code="webhook.foreign"), 403),
        (NotFound("No.", code="location.unknown"), 404),
        (Refused("No.", code="idempotency.key_reused"), 409),
        (Refused("No.", code="body.too_large"), 413),
        (Refused("No.", code="body.type"), 415),
        (Refused("No.", code="checkout.total"), 422),
        (Refused("No.", code="body.invalid"), 422),
        (Misconfigured("No.", code="rules.syntax"), 500),
        (Unavailable("No.", code="database.unavailable"), 503),
    ],
)
def test_every_error_has_the_status_that_says_who_has_to_act(error: TillhandError, status: int):
    assert problem(error).status_code == status


def test_a_problem_says_what_to_do_in_the_standard_shape():
    answer = problem(Refused("The total is wrong.", code="checkout.total", hint="Add it up.", field="total_amount"))

    assert answer.headers["content-type"] == "application/problem+json"
    told = json.loads(bytes(answer.body))
    assert told.pop("title")  # HTTP's own phrase, which differs between versions of Python
    assert told == {
        "type": "urn:tillhand:problem:checkout.total",
        "status": 422,
        "detail": "The total is wrong.",
        "code": "checkout.total",
        "hint": "Add it up.",
        "field": "total_amount",
    }


def test_whoever_may_try_again_is_told_when():
    assert problem(Unavailable("Later.", code="x")).headers["retry-after"] == "2"
    assert problem(Refused("Who?", code="credential.missing")).headers["www-authenticate"] == 'Bearer realm="tillhand"'
