"""The Admin GraphQL API: one operation in, its data out, within the cost budget Shopify reports.

https://shopify.dev/docs/api/usage/limits
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from policies.errors import Misconfigured, Refused, TillhandError, Unavailable
from tools.connectors.amounts import read_json
from tools.connectors.http import Answer, Http, Request, TooFast, Troubled
from tools.connectors.rate_limit import Budget, Priority
from tools.connectors.shopify.auth import AccessToken
from tools.connectors.shopify.settings import ShopifySettings

Json = Mapping[str, Any]

_NOTHING: Json = {}
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NO_SUCH_SHOP = 404
_PASSES = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One GraphQL text.

    Attributes:
        cost: Points to expect the first time; afterwards Shopify's own figure is used.
    """

    name: str
    text: str
    cost: float = 10.0

    @property
    def call(self) -> str:
        """How receipts and logs call it."""
        return f"POST {self.name}"


@dataclass(frozen=True, slots=True)
class Data:
    """The `data` of an answer, and the digest of the whole answer."""

    fields: Json
    digest: str

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


class Admin:
    """Asks the shop."""

    def __init__(self, settings: ShopifySettings, token: AccessToken, http: Http[Any]) -> None:
        self._url = f"{settings.base_url}/admin/api/{settings.api_version}/graphql.json"
        self._token = token
        self._http = http
        self._costs: dict[str, float] = {}

    @property
    def budget(self) -> Budget:
        """What is left of the shop's points."""
        return self._http.budget

    async def ask(self, operation: Operation, variables: Mapping[str, Any], priority: Priority = Priority.READ) -> Data:
        """The operation's data.

        Every operation may be repeated: mutations either carry `@idempotent`, or name what they make, or end something.

        Raises:
            Unavailable: Shopify does not answer in time, or asks to wait too long.
            Misconfigured: The app lacks a scope, or the shop is not there.
            Refused: Shopify finds the request malformed.
        """
        content = json.dumps({"query": operation.text, "variables": variables}).encode()
        answer = await self._send(operation, content, priority)
        if answer.status == _UNAUTHORIZED:
            answer = await self._send(operation, content, priority)
        _require_admitted(answer.status)
        body = answer.body
        self._learn(operation, body)
        if errors := body.get("errors"):
            raise _told(errors)
        return Data(body.get("data") or {}, answer.digest)

    async def _send(self, operation: Operation, content: bytes, priority: Priority) -> Answer[Any]:
        token = await self._token.get()
        answer = await self._http.send(
            Request(
                name=operation.call,
                method="POST",
                url=self._url,
                headers={
                    "X-Shopify-Access-Token": token,
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                },
                content=content,
                cost=self._costs.get(operation.text, operation.cost),
                priority=priority,
            )
        )
        if answer.status == _UNAUTHORIZED:
            self._token.forget(token)
        return answer

    def _learn(self, operation: Operation, body: Mapping[str, Any]) -> None:
        cost = _cost(body).get("requestedQueryCost")
        if cost is not None:
            self._costs[operation.text] = float(cost)


def reader(budget: Budget) -> Callable[[httpx.Response], Json]:
    """What makes a body of a GraphQL answer, tells the budget what Shopify reports, and sees when it is too much."""

    def read(response: httpx.Response) -> Json:
        try:
            body: Json = dict(read_json(response.content))
        except (ValueError, TypeError) as error:
            raise Troubled("no JSON object") from error
        status: Json = _cost(body).get("throttleStatus") or _NOTHING
        left = status.get("currentlyAvailable")
        if left is not None:
            budget.report(float(left), float(status.get("maximumAvailable", 0)), float(status.get("restoreRate", 0)))
        codes = _codes(body.get("errors"))
        if "THROTTLED" in codes:
            wanted = _cost(body).get("requestedQueryCost")
            short = float(wanted or 0) - float(left or 0)
            raise TooFast(max(0.0, short / budget.restore_rate) if wanted else None)
        if codes & _PASSES:
            raise Troubled("told in the answer")
        return body

    return read


def _cost(body: Json) -> Json:
    return (body.get("extensions") or _NOTHING).get("cost") or _NOTHING


def _codes(errors: Any) -> set[str]:
    """The codes of top-level errors, "" for one without; some failures tell a text instead of a list."""
    listed: list[Json] = list(errors) if isinstance(errors, list) else []  # pyright: ignore[reportUnknownArgumentType] - JSON
    return {str((error.get("extensions") or _NOTHING).get("code") or "") for error in listed}


def _require_admitted(status: int) -> None:
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        raise Misconfigured(
            "Shopify does not admit the app.", code="shopify.credentials", hint="Install it on the shop again."
        )
    if status == _NO_SUCH_SHOP:
        raise Misconfigured(
            "There is no Shopify shop at this address, or it does not serve this API version.",
            code="shopify.address",
            hint="Check the shop's address.",
        )


def _told(errors: Any) -> TillhandError:
    """What top-level errors mean; their texts may quote what we sent, so they are not passed on."""
    codes = _codes(errors)
    if "ACCESS_DENIED" in codes:
        return Misconfigured(
            "The Shopify app lacks an access scope it needs.",
            code="shopify.scope",
            hint="Grant the scopes the operator's guide lists, and install the app again.",
        )
    if not codes - {""}:
        return Unavailable("Shopify could not answer; this is tried again later.", code="shopify.unavailable")
    return Refused(
        f"Shopify refused the request as malformed ({', '.join(sorted(codes - {''}))}).", code="shopify.malformed"
    )
