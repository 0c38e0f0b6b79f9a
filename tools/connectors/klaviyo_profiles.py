"""Klaviyo as the CRM: one profile, found by its e-mail address, of which a few figures and codes are read.

The address is in the question and nowhere else. https://developers.klaviyo.com/en/reference/get_profiles
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import httpx
from pydantic import AwareDatetime, Field, SecretStr

from knowledge.profile.standing import CrmFacts
from policies.errors import Misconfigured, Unavailable
from tools.connectors.http import Http, Request, Troubled
from tools.connectors.klaviyo import KlaviyoSettings
from tools.connectors.rate_limit import Budget
from tools.connectors.sworn import said, unbelievable
from tools.connectors.told import Wire
from tools.connectors.trust import authorities

_NAME: Final = "klaviyo"
_CALL: Final = "GET profiles"
_UNAUTHORIZED: Final = frozenset({401, 403})
_REFUSED: Final = 400
_AT_ONCE: Final = 10.0  # requests, and how many come back in a minute, where predictive analytics are asked for
_A_MINUTE: Final = 150
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_FIELDS: Final = ("email", "updated", "predictive_analytics")


class _Predicted(Wire):
    churn_probability: Annotated[float, Field(ge=0, le=1)] | None = None
    expected_date_of_next_order: AwareDatetime | None = None


class _Attributes(Wire):
    email: str | None = None
    updated: AwareDatetime | None = None
    predictive_analytics: _Predicted | None = None
    properties: dict[str, Any] | None = None


class _Profile(Wire):
    attributes: _Attributes


class _Profiles(Wire):
    data: Annotated[tuple[_Profile, ...], Field(max_length=1)]


class KlaviyoProfiles:
    """Reads profiles.

    Args:
        settings: The account; its key may read profiles.
        traits: Names of profile properties that hold codes of the retailer's, such as a tier; no other is read.
        client: For tests that look at every exchange.
    """

    def __init__(
        self, settings: KlaviyoSettings, traits: Sequence[str] = (), client: httpx.AsyncClient | None = None
    ) -> None:
        self._client = client or httpx.AsyncClient(trust_env=False, verify=authorities(trust_env=False))
        budget = Budget(_AT_ONCE, _A_MINUTE / 60)
        self._http: Http[Any] = Http(self._client, _NAME, budget, _json, patience=settings.patience)
        self._url = f"{settings.base_url}/api/profiles"
        self._headers = {
            "Authorization": f"Klaviyo-API-Key {settings.key}",
            "revision": settings.revision,
            "Accept": "application/vnd.api+json",
        }
        self._traits = tuple(traits)

    async def facts(self, email: SecretStr) -> CrmFacts | None:  # noqa: D102  # the protocol says it
        address = email.get_secret_value()
        fields = (*_FIELDS, "properties") if self._traits else _FIELDS
        answer = await self._http.send(
            Request(
                name=_CALL,
                method="GET",
                url=self._url,
                headers=self._headers,
                params={
                    "filter": f"equals(email,{json.dumps(address)})",
                    "fields[profile]": ",".join(fields),
                    "additional-fields[profile]": "predictive_analytics",
                },
            )
        )
        if answer.status in _UNAUTHORIZED:
            raise Misconfigured(
                "Klaviyo does not know this key, or the key may read no profiles.",
                code="klaviyo.credentials",
                hint="Set TILLHAND_KLAVIYO_KEY anew, to a private key with profiles:read.",
            )
        if answer.status >= _REFUSED:
            raise Unavailable(f"Klaviyo does not answer this (status {answer.status}).", code="klaviyo.unavailable")
        told = said(_Profiles, answer.body, _NAME)
        if told is None or not told.data:
            return None
        found = told.data[0].attributes
        if (found.email or "").casefold() != address.casefold():
            raise unbelievable(_NAME)
        predicted = found.predictive_analytics or _Predicted()
        leaving, expected = predicted.churn_probability, predicted.expected_date_of_next_order
        return CrmFacts(
            leaving_percent=None if leaving is None else round(leaving * 100),
            next_order_on=None if expected is None else expected.date(),
            traits=_codes(found.properties or {}, self._traits),
            as_of=found.updated,
        )

    async def close(self) -> None:  # noqa: D102  # the protocol says it
        await self._client.aclose()


def _codes(properties: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """The named properties that are codes: free text, numbers and lists are not told."""
    told = {name: properties[name] for name in names if isinstance(properties.get(name), str)}
    folded = {name: "_".join(value.casefold().split()) for name, value in told.items()}
    return {name: code for name, code in folded.items() if _CODE.fullmatch(code)}


def _json(response: httpx.Response) -> Any:
    """What an answer holds; what a refusal says may name the customer and is not read."""
    if response.status_code >= _REFUSED:
        return None
    try:
        return response.json()
    except ValueError:
        raise Troubled("no JSON") from None
