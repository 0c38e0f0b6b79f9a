"""Text messages over Twilio's Messages API, which remembers no keys: what may have been sent is looked for.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from policies.actions.message import Message
from policies.errors import Misconfigured, Refused, TillhandError
from tools.connectors.amounts import read_json
from tools.connectors.http import Http, Patience, Request, Troubled
from tools.connectors.messaging import PATIENCE
from tools.connectors.rate_limit import Budget, Priority
from tools.connectors.receipts import Done
from tools.connectors.trust import authorities
from tools.platform import WriteContext

_UNAUTHORIZED: Final = frozenset({401, 403})
_REFUSED: Final = 400
_CREATED: Final = 201
_OPTED_OUT: Final = 21610  # https://www.twilio.com/docs/api/errors/21610: the customer replied STOP
_UNREACHABLE: Final = frozenset({21211, 21214, 21217, 21408, 21612, 21614})  # no number, or none that texts reach
# Twilio keeps a text it cannot deliver for ten hours, and by then it may be night
_VALID_S: Final = 600
_PAGE: Final = 50  # messages to one number; more in the time between a try and its look are no shop's
_SKEW: Final = timedelta(minutes=5)  # between Twilio's clock and ours
_AT_ONCE: Final = 30.0  # requests
_A_SECOND: Final = 10.0


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """One account and the number, or the name, its texts come from; `base_url` has no slash at the end."""

    base_url: str
    account: str
    token: str = field(repr=False)
    sender: str
    patience: Patience = PATIENCE


class TwilioTexts:
    """The account's text messages; `client` is for tests that look at every exchange."""

    name = "twilio"
    call = "POST Messages.json"

    def __init__(self, settings: TwilioSettings, client: httpx.AsyncClient | None = None) -> None:
        self._settings = settings
        self._client = client or httpx.AsyncClient(trust_env=False, verify=authorities(trust_env=False))
        budget = Budget(_AT_ONCE, _A_SECOND)
        self._http: Http[Any] = Http(self._client, self.name, budget, _read, patience=settings.patience)
        secret = base64.b64encode(f"{settings.account}:{settings.token}".encode()).decode()
        self._headers = {"Authorization": f"Basic {secret}", "Accept": "application/json"}
        self._url = f"{settings.base_url}/2010-04-01/Accounts/{settings.account}/Messages.json"

    async def send(self, message: Message, address: SecretStr, context: WriteContext) -> Done:  # noqa: D102 - see Sender
        del context  # Twilio has no place for a key
        form = {
            "To": address.get_secret_value(),
            "From": self._settings.sender,
            "Body": message.text,
            "ValidityPeriod": str(_VALID_S),
        }
        answer = await self._http.send(
            Request(
                name=self.call,
                method="POST",
                url=self._url,
                headers={**self._headers, "Content-Type": "application/x-www-form-urlencoded"},
                content=urlencode(form).encode(),
                priority=Priority.WRITE,
                repeatable=False,
            )
        )
        if answer.status != _CREATED:
            raise _meaning(answer.status, answer.body)
        return Done(self.call, answer.digest, str(_told(answer.body).get("sid", "")))

    async def settle(self, message: Message, address: SecretStr, context: WriteContext) -> Done | None:
        """The message as Twilio lists it.

        One that is not listed may be on its way into the list, so that proves nothing. The same words go to a customer
        once a day, so the one found is this one.
        """
        call = "GET Messages.json"
        query = {"To": address.get_secret_value(), "From": self._settings.sender, "PageSize": str(_PAGE)}
        answer = await self._http.send(
            Request(
                name=call, method="GET", url=self._url, headers=self._headers, params=query, priority=Priority.WRITE
            )
        )
        if answer.status >= _REFUSED:
            raise _meaning(answer.status, answer.body)
        since = None if context.since is None else context.since - _SKEW
        for listed in _told(answer.body).get("messages", ()):
            if listed["body"] == message.text and (since is None or _made(listed) >= since):
                return Done(call, answer.digest, str(listed["sid"]), replayed=True)
        return None

    async def close(self) -> None:  # noqa: D102 - see Sender
        await self._client.aclose()


def _read(response: httpx.Response) -> Any:
    try:
        return read_json(response.content)
    except ValueError as error:
        raise Troubled("no JSON") from error


def _told(body: Any) -> Mapping[str, Any]:
    return body if isinstance(body, dict) else {}  # pyright: ignore[reportUnknownVariableType]  # JSON


def _made(listed: Mapping[str, Any]) -> datetime:
    return parsedate_to_datetime(str(listed["date_created"]))


def _meaning(status: int, body: Any) -> TillhandError:
    """Twilio's own sentence names the number, so only its code is read."""
    code = _told(body).get("code")
    if status in _UNAUTHORIZED:
        return Misconfigured(
            "Twilio does not know this account or token.",
            code="twilio.credentials",
            hint="Set TILLHAND_TWILIO_ACCOUNT and TILLHAND_TWILIO_TOKEN anew.",
        )
    if code == _OPTED_OUT:
        return Refused("This customer wants no text messages.", code="message.opted_out")
    if code in _UNREACHABLE:
        return Refused("Text messages do not reach the number that is known.", code="message.unreachable")
    said = f" (error {code})" if isinstance(code, int) else ""
    return Refused(f"Twilio does not take this message{said}.", code="message.not_taken")
