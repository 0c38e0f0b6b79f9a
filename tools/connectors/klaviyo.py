"""E-mail over Klaviyo: an event that a flow of the retailer's turns into a mail, recorded once for its key.

Klaviyo sends no single mail by itself. The flow is triggered by the metric `Tillhand message` and writes the event's
`subject` and `text`; it is the flow that keeps to Klaviyo's own suppressions and adds how to unsubscribe.
https://developers.klaviyo.com/en/reference/create_event
"""

import json
from dataclasses import dataclass, field
from typing import Final

import httpx
from pydantic import SecretStr

from policies.actions.message import Message
from policies.errors import Misconfigured, Refused
from tools.connectors.http import Http, Patience, Request
from tools.connectors.messaging import PATIENCE
from tools.connectors.rate_limit import Budget, Priority
from tools.connectors.receipts import Done
from tools.connectors.trust import authorities
from tools.platform import WriteContext

METRIC: Final = "Tillhand message"
"""What the retailer's flow is triggered by."""

_UNAUTHORIZED: Final = frozenset({401, 403})
_REFUSED: Final = 400
_AT_ONCE: Final = 350.0  # requests, and how many come back in a minute: what the operation's page says
_A_MINUTE: Final = 3_500


@dataclass(frozen=True, slots=True)
class KlaviyoSettings:
    """One account; `base_url` has no slash at the end, `revision` is the API's."""

    base_url: str
    key: str = field(repr=False)
    revision: str = "2026-07-15"
    patience: Patience = PATIENCE


class KlaviyoMails:
    """The account's events; `client` is for tests that look at every exchange."""

    name = "klaviyo"
    call = "POST events"

    def __init__(self, settings: KlaviyoSettings, client: httpx.AsyncClient | None = None) -> None:
        self._client = client or httpx.AsyncClient(trust_env=False, verify=authorities(trust_env=False))
        budget = Budget(_AT_ONCE, _A_MINUTE / 60)
        self._http: Http[None] = Http(self._client, self.name, budget, _nothing, patience=settings.patience)
        self._url = f"{settings.base_url}/api/events"
        self._headers = {
            "Authorization": f"Klaviyo-API-Key {settings.key}",
            "revision": settings.revision,
            "Content-Type": "application/vnd.api+json",
            "Accept": "application/vnd.api+json",
        }

    async def send(self, message: Message, address: SecretStr, context: WriteContext) -> Done:  # noqa: D102 - see Sender
        answer = await self._http.send(
            Request(
                name=self.call,
                method="POST",
                url=self._url,
                headers=self._headers,
                content=json.dumps(_event(message, address, context)).encode(),
                priority=Priority.WRITE,
                repeatable=False,  # so that a lost answer is told from a call that never arrived
            )
        )
        if answer.status in _UNAUTHORIZED:
            raise Misconfigured(
                "Klaviyo does not know this key, or the key may write no events.",
                code="klaviyo.credentials",
                hint="Set TILLHAND_KLAVIYO_KEY anew, to a private key with events:write.",
            )
        if answer.status >= _REFUSED:
            raise Refused(f"Klaviyo does not take this message (status {answer.status}).", code="message.not_taken")
        return Done(self.call, answer.digest, context.key)

    async def settle(self, message: Message, address: SecretStr, context: WriteContext) -> Done | None:
        """The same event under the same key, of which Klaviyo records the first alone."""
        done = await self.send(message, address, context)
        return Done(done.call, done.digest, done.reference, replayed=True)

    async def close(self) -> None:  # noqa: D102 - see Sender
        await self._client.aclose()


def _event(message: Message, address: SecretStr, context: WriteContext) -> dict[str, object]:
    said = {
        "subject": message.subject,
        "text": message.text,
        "purpose": message.purpose,
        "code": message.code,
        "campaign": message.campaign,
    }
    return {
        "data": {
            "type": "event",
            "attributes": {
                "properties": said,
                "unique_id": context.key,
                "metric": {"data": {"type": "metric", "attributes": {"name": METRIC}}},
                "profile": {"data": {"type": "profile", "attributes": {"email": address.get_secret_value()}}},
            },
        }
    }


def _nothing(response: httpx.Response) -> None:
    """An accepted event has no body, and what a refusal says may name the customer."""
    del response
