"""Where each webhook goes: one fixed address, or the addresses the app registered with the platform."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evals.retailer.lightspeed.account import Account
from evals.retailer.shopify.shop import Shop


@dataclass(frozen=True, slots=True)
class Address:
    """A URL that wants a topic.

    Attributes:
        url: The whole URL.
        fields: The top-level fields of a Shopify body it wants; empty: all of them.
    """

    url: str
    fields: tuple[str, ...] = ()


Target = str | Callable[[str], Sequence[Address]]


def shopify_addresses(shop: Shop) -> Callable[[str], list[Address]]:
    """The app's subscriptions to a topic such as `orders/create`: `shopify_app(...).state.shop`."""

    def find(topic: str) -> list[Address]:
        name = topic.replace("/", "_").upper()
        subscriptions = shop.subscriptions.values()
        return [Address(one.uri, one.include_fields) for one in subscriptions if one.topic == name]

    return find


def lightspeed_addresses(account: Account) -> Callable[[str], list[Address]]:
    """The app's active webhooks of a type such as `sale.update`: `lightspeed_app(...).state.account`."""

    def find(topic: str) -> list[Address]:
        return [Address(one.url) for one in account.webhooks.values() if one.active and one.type == topic]

    return find


def addresses(target: Target | None, topic: str) -> Sequence[Address]:
    """Where a topic goes; nowhere without a target."""
    if target is None:
        return ()
    return (Address(target),) if isinstance(target, str) else target(topic)
