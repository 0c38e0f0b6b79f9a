"""The X-Series REST API: one call in, its JSON out, within the request allowance Lightspeed reports."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from policies.errors import Misconfigured, Refused, TillhandError
from tools.connectors.amounts import read_json
from tools.connectors.http import Answer, Http, Request, Troubled, header_number
from tools.connectors.lightspeed.auth import AccessToken
from tools.connectors.lightspeed.settings import WINDOW_S, LightspeedSettings
from tools.connectors.rate_limit import Budget, Priority

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_CONFLICT = 409
_REFUSED = 400
PAGE = 200


@dataclass(frozen=True, slots=True)
class Call:
    """One operation; `path` has the ids filled in, `name` has not: it goes into logs and receipts.

    Attributes:
        repeatable: Sending it twice has the effect of once.
    """

    method: str
    path: str
    name: str
    params: Mapping[str, str] | None = None
    body: Any = None
    repeatable: bool = True

    @property
    def call(self) -> str:
        """How receipts call it."""
        return f"{self.method} {self.name}"


@dataclass(frozen=True, slots=True)
class Told:
    """What came back: its status, its JSON, and the digest of its bytes."""

    status: int
    body: Any
    digest: str

    @property
    def data(self) -> Any:
        """What stands under `data`, or the whole where nothing does."""
        return self.body.get("data", self.body) if isinstance(self.body, dict) else self.body  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON

    @property
    def missing(self) -> bool:
        """There is no such thing."""
        return self.status == _NOT_FOUND

    @property
    def conflict(self) -> bool:
        """It exists already, or its state does not allow this."""
        return self.status == _CONFLICT


class Rest:
    """Asks the retailer's account."""

    def __init__(self, settings: LightspeedSettings, token: AccessToken, http: Http[Any]) -> None:
        self._base = f"{settings.base_url}/api/{settings.api_version}"
        self._token = token
        self._http = http

    @property
    def budget(self) -> Budget:
        """What is left of the allowance."""
        return self._http.budget

    async def ask(self, call: Call, priority: Priority = Priority.READ) -> Told:
        """The answer; 404 and 409 are answers, for the caller knows what they mean.

        Raises:
            AnswerLost: Whether a call that may not be repeated was carried out is not known.
            Unavailable: Lightspeed does not answer in time.
            Misconfigured: The connection is lost, or lacks a scope.
            Refused: Lightspeed finds the request malformed.
        """
        answer = await self._send(call, priority)
        if answer.status == _UNAUTHORIZED:
            answer = await self._send(call, priority)
        if answer.status >= _REFUSED and answer.status not in {_NOT_FOUND, _CONFLICT}:
            raise _meaning(answer.status, call)
        return Told(answer.status, answer.body, answer.digest)

    async def pages(
        self, path: str, *, after: int = 0, params: Mapping[str, str] | None = None, priority: Priority = Priority.SWEEP
    ) -> AsyncIterator[list[Mapping[str, Any]]]:
        """Every page of a list that is read by version, until one is empty."""
        while True:
            query = {**(params or {}), "after": str(after), "page_size": str(PAGE)}
            told = await self.ask(Call("GET", path, path, query), priority)
            rows = told.data
            if not rows:
                return
            yield rows
            following = max(int(row["version"] if "version" in row else row["_metadata"]["version"]) for row in rows)
            if following <= after:
                return
            after = following

    async def _send(self, call: Call, priority: Priority) -> Answer[Any]:
        token = await self._token.get()
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        content = None
        if call.body is not None:
            content = json.dumps(call.body).encode()
            headers["Content-Type"] = "application/json"
        answer = await self._http.send(
            Request(
                name=call.call,
                method=call.method,
                url=f"{self._base}{call.path}",
                headers=headers,
                params=call.params or {},
                content=content,
                priority=priority,
                repeatable=call.repeatable,
            )
        )
        if answer.status == _UNAUTHORIZED:
            self._token.forget(token)
        return answer


def reader(budget: Budget) -> Callable[[httpx.Response], Any]:
    """What makes a body of an answer, and tells the budget what Lightspeed reports."""

    def read(response: httpx.Response) -> Any:
        remaining = header_number(response, "x-ratelimit-remaining")
        limit = header_number(response, "x-ratelimit-limit")
        if remaining is not None:
            budget.report(remaining, limit, None if limit is None else limit / WINDOW_S)
        if not response.content:
            return None
        try:
            return read_json(response.content)
        except ValueError as error:
            if response.is_success:
                raise Troubled("no JSON") from error
            return None

    return read


def _meaning(status: int, call: Call) -> TillhandError:
    """What a refusal means; its text may quote what we sent, so it is not passed on."""
    if status == _UNAUTHORIZED:
        return Misconfigured(
            "Lightspeed does not accept its own token.",
            code="lightspeed.credentials",
            hint="Have the retailer agree again, and set the new refresh token.",
        )
    if status == _FORBIDDEN:
        return Misconfigured(
            f"The Lightspeed app lacks a scope for {call.name}.",
            code="lightspeed.scope",
            hint="Grant the scopes the operator's guide lists, and connect again.",
        )
    return Refused(f"Lightspeed refused {call.call} ({status}); nothing was changed.", code="lightspeed.refused")
