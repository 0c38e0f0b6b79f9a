"""Mutations that happen once per key: the `@idempotent` directive.

https://shopify.dev/docs/api/usage/implementing-idempotency
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from evals.retailer.shopify.wire import refused, user_error

Payload = dict[str, object]
KEYS_KEPT = 100_000

# Needed since 2026-04, though no schema validation says so.
REQUIRED_ON = frozenset(
    {
        "inventoryAdjustQuantities",
        "inventorySetQuantities",
        "inventoryShipmentCreateInTransit",
        "inventoryShipmentReceive",
        "inventoryTransferCreate",
    }
)


@dataclass(frozen=True, slots=True)
class _Attempt:
    digest: str
    payload: Payload | None  # None: it broke half way


class IdempotencyKeys:
    """What each key did. A mutation that answered `userErrors` did nothing, so its key may be used again."""

    def __init__(self) -> None:
        self._attempts: dict[str, _Attempt] = {}
        self._in_flight: Counter[str] = Counter()

    @contextmanager
    def in_flight(self, keys: Iterable[str]) -> Generator[frozenset[str]]:
        """Hold the keys of one request from its arrival to its answer; yields those another request holds."""
        held = list(keys)
        taken = frozenset(key for key in held if self._in_flight[key])
        self._in_flight.update(held)
        try:
            yield taken
        finally:
            self._in_flight.subtract(held)
            self._in_flight += Counter()  # drops the zeros

    def once(
        self, mutation: str, key: str, arguments: dict[str, Any], taken: frozenset[str], do: Callable[[], Payload]
    ) -> Payload:
        """The payload of `do`, or of the first call with this key.

        Raises:
            GraphQLError: The key is blank.
        """
        if not key.strip():
            raise GraphQLError("The idempotency key must not be blank.", extensions={"code": "BAD_REQUEST"})
        if key in taken:
            return _refused("IDEMPOTENCY_CONCURRENT_REQUEST", "A request with this idempotency key is in progress.")
        digest = hashlib.sha256(json.dumps([mutation, arguments], sort_keys=True, default=str).encode()).hexdigest()
        earlier = self._attempts.get(key)
        if earlier is None:
            return self._first(key, digest, do)
        if earlier.digest != digest:
            message = "The same idempotency key cannot be used with different parameters."
            return _refused("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", message)
        if earlier.payload is None:
            message = "The previous request with this idempotency key failed. Use a new key."
            return _refused("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", message)
        return earlier.payload

    def _first(self, key: str, digest: str, do: Callable[[], Payload]) -> Payload:
        try:
            payload = do()
        except GraphQLError:  # refused before anything was touched
            raise
        except Exception:
            self._keep(key, _Attempt(digest, None))
            raise
        if not payload["userErrors"]:
            self._keep(key, _Attempt(digest, payload))
        return payload

    def _keep(self, key: str, attempt: _Attempt) -> None:
        self._attempts[key] = attempt
        if len(self._attempts) > KEYS_KEPT:
            del self._attempts[next(iter(self._attempts))]


def _refused(code: str, message: str) -> Payload:
    return refused(user_error(code, message))
