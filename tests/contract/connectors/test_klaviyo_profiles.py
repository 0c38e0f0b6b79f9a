"""What is asked of Klaviyo as the CRM is as its contract publishes it; what it answers is believed where it can be."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from evals.retailer.messaging import KEY, Mailbox, MessagingFaults, messaging_app
from knowledge.profile.standing import CrmFacts
from policies.errors import Misconfigured, Unavailable
from tests.contract.simulator.openapi_contract import SPECS, OpenApi
from tools.connectors.http import Patience
from tools.connectors.klaviyo import KlaviyoSettings
from tools.connectors.klaviyo_profiles import KlaviyoProfiles

pytestmark = pytest.mark.anyio
KLAVIYO = SPECS / "klaviyo" / "slice.json"
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
EMAIL = SecretStr("clara@example.com")
QUICK = Patience(attempts=1, pause_s=0.01, give_up_s=1)
CLARA: dict[str, Any] = {
    "email": "Clara@example.com",
    "first_name": "Clara",
    "updated": "2026-11-19T08:00:00+00:00",
    "predictive_analytics": {"churn_probability": 0.125, "expected_date_of_next_order": "2026-12-24T00:00:00+00:00"},
    "properties": {"tier": "Gold Plus", "note": "prefers calls to +1 212 555 0142", "visits": 7, "pet": "cat"},
}


@asynccontextmanager
async def crm(
    *traits: str, key: str = KEY, **changed: Any
) -> AsyncGenerator[tuple[KlaviyoProfiles, MessagingFaults, list[httpx.Response]]]:
    mailbox, faults, seen = Mailbox(lambda: AT), MessagingFaults(), list[httpx.Response]()
    mailbox.profiles[EMAIL.get_secret_value()] = {**CLARA, **changed}

    async def see(response: httpx.Response) -> None:
        await response.aread()
        seen.append(response)

    transport = httpx.ASGITransport(messaging_app(mailbox, faults))
    async with httpx.AsyncClient(transport=transport, event_hooks={"response": [see]}) as client:
        yield KlaviyoProfiles(KlaviyoSettings("http://127.0.0.1", key, patience=QUICK), traits, client), faults, seen


async def test_a_profile_is_figures_and_the_codes_the_operator_named():
    async with crm("tier", "note", "visits") as (profiles, _, _):
        assert await profiles.facts(EMAIL) == CrmFacts(
            leaving_percent=12,
            next_order_on=date(2026, 12, 24),
            traits={"tier": "gold_plus"},
            as_of=datetime(2026, 11, 19, 8, tzinfo=UTC),
        )
        assert await profiles.facts(SecretStr("nobody@example.com")) is None


@pytest.mark.skipif(not KLAVIYO.exists(), reason="the published contract is not beside the repository")
@pytest.mark.parametrize("traits", [(), ("tier",)])
async def test_a_profile_is_asked_for_as_klaviyo_publishes_it(traits: tuple[str, ...]):
    contract = OpenApi(KLAVIYO)
    async with crm(*traits) as (profiles, _, seen):
        await profiles.facts(EMAIL)
    (answer,) = seen
    operation = contract.operation("GET", answer.request.url.path)
    assert operation
    known = {each["name"]: each for each in operation["parameters"]}
    asked = dict(answer.request.url.params)
    assert set(asked) <= known.keys()
    for name in ("fields[profile]", "additional-fields[profile]"):
        assert set(asked[name].split(",")) <= set(known[name]["schema"]["items"]["enum"])
    assert {name for name, each in known.items() if each.get("required")} <= {
        name.lower() for name in answer.request.headers
    }
    told = operation["responses"]["200"]["content"]["application/vnd.api+json"]["schema"]
    assert contract.errors(told, answer.json()) == []
    assert ("properties" in asked["fields[profile]"]) is bool(traits)


@pytest.mark.parametrize(
    "lie",
    [
        {"email": "somebody.else@example.com"},
        {"email": None},
        {"updated": "2026-11-19T08:00:00"},  # of which zone?
        {"predictive_analytics": {"churn_probability": 1.0001}},
        {"predictive_analytics": {"churn_probability": 1e300}},
        {"properties": ["tier"]},
    ],
)
async def test_what_cannot_be_right_is_no_answer_and_is_not_repeated(lie: dict[str, Any]):
    async with crm("tier", **lie) as (profiles, _, _):
        with pytest.raises(Unavailable) as refusal:
            await profiles.facts(EMAIL)
    assert refusal.value.code == "klaviyo.answer"
    assert "example.com" not in f"{refusal.value!r}{refusal.value.hint}{refusal.value.__cause__}"


@pytest.mark.parametrize(
    "body",
    ["[]", "{}", '{"data": null}', '{"data": [{}]}', '{"data": [{"attributes": {}}, {"attributes": {}}]}', '"x"'],
)
async def test_an_answer_of_another_shape_is_no_answer(body: str):
    transport = httpx.MockTransport(answering(body))
    async with httpx.AsyncClient(transport=transport) as client:
        profiles = KlaviyoProfiles(KlaviyoSettings("http://127.0.0.1", KEY, patience=QUICK), (), client)
        with pytest.raises(Unavailable):
            await profiles.facts(EMAIL)


def answering(body: str) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/profiles"
        return httpx.Response(200, content=body.encode())

    return answer


async def test_a_key_that_may_read_no_profiles_is_the_operators_to_change():
    async with crm(key="pk_other") as (profiles, _, _):
        with pytest.raises(Misconfigured) as refusal:
            await profiles.facts(EMAIL)
    assert "profiles:read" in refusal.value.hint


async def test_a_failing_crm_is_unavailable_and_its_question_is_in_no_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    async with crm() as (profiles, faults, _):
        faults.fail_next = 1
        with pytest.raises(Unavailable):
            await profiles.facts(EMAIL)
        assert await profiles.facts(EMAIL) is not None
    ours = [record.getMessage() for record in caplog.records]
    assert not [line for line in ours if "clara" in line]
