"""Carries out one GraphQL request: permitted, paid for, run, and answered in Shopify's envelope."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from graphql import (
    GraphQLError,
    execute_sync,  # pyright: ignore[reportUnknownVariableType] - its middleware argument is half typed
)

from evals.retailer.faults import Faults
from evals.retailer.shopify.bucket import Bucket
from evals.retailer.shopify.cost import MAX_QUERY_COST, actual, requested
from evals.retailer.shopify.documents import Document, Documents
from evals.retailer.shopify.scopes import missing
from evals.retailer.shopify.shop import Call, Shop


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP status, the JSON body, and headers beyond the usual."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict[str, str])


class GraphQLDoor:
    """One GraphQL API of a shop.

    Args:
        shop: Whose.
        documents: The schema, with the query texts seen.
        faults: What goes wrong now.
        bucket: Limits what the app may ask; None for no limit.
        granted: The scopes the app holds; None asks for none.
    """

    def __init__(
        self,
        shop: Shop,
        documents: Documents,
        faults: Faults,
        *,
        bucket: Bucket | None = None,
        granted: Callable[[], frozenset[str]] | None = None,
    ) -> None:
        self._shop = shop
        self._documents = documents
        self._faults = faults
        self._bucket = bucket
        self._granted = granted

    async def answer(self, request: Any) -> Reply:
        """Carry out a request as it came from JSON: `query`, `variables`, `operationName`."""
        match request:
            case {"query": str(text)}:
                variables: Any = request.get("variables") or {}
                operation_name = request.get("operationName")
            case _:
                return Reply(400, {"errors": {"query": "Required parameter missing or invalid"}})
        if not _is_object(variables):
            return Reply(400, {"errors": {"variables": "Must be an object"}})
        document = self._documents.read(text, operation_name if isinstance(operation_name, str) else None)
        denied = missing(document.needs, self._granted()) if self._granted else []
        if errors := [*document.errors, *denied]:
            return Reply(200, {"errors": [error.formatted for error in errors]} | ({"data": None} if denied else {}))
        with self._shop.keys.in_flight(document.keys(variables)) as taken:
            if self._faults.slow_s:  # a slow answer holds its idempotency keys all the while
                await asyncio.sleep(self._faults.slow_s)
            return self._paid(document, variables, operation_name, taken)

    def _paid(
        self, document: Document, variables: dict[str, Any], operation_name: str | None, taken: frozenset[str]
    ) -> Reply:
        wanted = requested(document.plans, variables)
        if self._bucket is None:
            return self._run(document, variables, operation_name, taken)
        if wanted > MAX_QUERY_COST:
            return Reply(200, {"errors": [_too_dear(wanted).formatted]})
        if wait := self._bucket.take(wanted):
            body = {"errors": [_throttled().formatted], "extensions": self._cost(self._bucket, wanted, None)}
            return Reply(200, body, {"Retry-After": str(math.ceil(wait))})
        reply = self._run(document, variables, operation_name, taken)
        used = min(wanted, actual(document.plans, reply.body.get("data")))
        self._bucket.give_back(wanted - used)
        reply.body["extensions"] = {**self._cost(self._bucket, wanted, used), **reply.body.get("extensions", {})}
        return reply

    def _run(
        self, document: Document, variables: dict[str, Any], operation_name: str | None, taken: frozenset[str]
    ) -> Reply:
        call = Call(self._shop, taken)
        result = execute_sync(
            self._documents.schema,
            document.ast,
            context_value=call,
            variable_values=variables,
            operation_name=operation_name,
        )
        body: dict[str, Any] = {}
        if result.errors:
            _raise_bugs(result.errors)
            body["errors"] = [_with_code(error) for error in result.errors]
        if result.data is not None or not result.errors:
            body["data"] = result.data
        if call.search_warnings:
            body["extensions"] = {"search": call.search_warnings}
        if document.changes and self._faults.loses_answer_now():
            return Reply(502, {"errors": "Bad Gateway"})
        return Reply(200, body)

    @staticmethod
    def _cost(bucket: Bucket, wanted: int, used: int | None) -> dict[str, Any]:
        return {"cost": {"requestedQueryCost": wanted, "actualQueryCost": used, "throttleStatus": bucket.status()}}


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _raise_bugs(errors: list[GraphQLError]) -> None:
    """What no resolver meant to say is a bug of the simulated shop, and stays loud."""
    for error in errors:
        cause = error.original_error
        if cause is not None and not isinstance(cause, GraphQLError):
            raise cause


def _with_code(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = dict(error.formatted)
    if "extensions" not in shown and error.path is None:
        shown["extensions"] = {"code": "INVALID_VARIABLE"}
    return shown


def _throttled() -> GraphQLError:
    documentation = "https://shopify.dev/api/usage/rate-limits"
    return GraphQLError("Throttled", extensions={"code": "THROTTLED", "documentation": documentation})


def _too_dear(wanted: int) -> GraphQLError:
    return GraphQLError(
        f"Query cost is {wanted}, which exceeds the single query max cost limit ({MAX_QUERY_COST}).",
        extensions={
            "code": "MAX_COST_EXCEEDED",
            "cost": wanted,
            "maxCost": MAX_QUERY_COST,
            "documentation": "https://shopify.dev/api/usage/rate-limits",
        },
    )
