"""Webhook subscriptions of the app."""

from typing import Any

from evals.retailer.shopify.page import Connection, Key, Paging, sorted_connection
from evals.retailer.shopify.settings import API_VERSION
from evals.retailer.shopify.shop import Call, Subscription
from evals.retailer.shopify.wire import gid, integer, refused, user_error

Payload = dict[str, Any]
_SCHEMES = ("https://", "pubsub://", "arn:aws:events:", "http://127.0.0.1", "http://localhost")


def subscription_row(subscription: Subscription, _call: Call) -> dict[str, Any]:
    """`WebhookSubscription`."""
    return {
        "apiVersion": {"handle": API_VERSION},
        "filter": subscription.filter,
        "id": gid("WebhookSubscription", subscription.id),
        "includeFields": list(subscription.include_fields),
        "topic": subscription.topic,
        "uri": subscription.uri,
    }


def webhook_subscriptions(
    call: Call, *, topics: list[str] | None = None, uri: str | None = None, page: Paging
) -> Connection:
    """`QueryRoot.webhookSubscriptions`."""
    found = [
        one
        for one in call.shop.subscriptions.values()
        if (topics is None or one.topic in topics) and (uri is None or one.uri == uri)
    ]
    return sorted_connection(found, _ORDERS[page.sort_key], page)


def webhook_subscription_create(call: Call, *, topic: str, webhook_subscription: dict[str, Any]) -> Payload:
    """`Mutation.webhookSubscriptionCreate`; besides HTTPS the simulated shop takes plain HTTP on loopback."""
    uri = str(webhook_subscription.get("uri") or "")
    if not uri.startswith(_SCHEMES):
        return refused(user_error("INVALID", "Address is not a supported URI", "webhookSubscription", "uri"))
    subscriptions = call.shop.subscriptions
    if any(one.topic == topic and one.uri == uri for one in subscriptions.values()):
        message = "Address for this topic has already been taken"
        return refused(user_error("TAKEN", message, "webhookSubscription", "uri"))
    made = Subscription(
        id=call.shop.next_number(),
        topic=topic,
        uri=uri,
        filter=webhook_subscription.get("filter"),
        include_fields=tuple(webhook_subscription.get("include_fields") or ()),
        metafield_namespaces=tuple(webhook_subscription.get("metafield_namespaces") or ()),
        created_at=call.world.now(),
    )
    subscriptions[made.id] = made
    return {"webhookSubscription": made, "userErrors": []}


def webhook_subscription_delete(call: Call, *, id: str) -> Payload:  # noqa: A002 - Shopify's word
    """`Mutation.webhookSubscriptionDelete`."""
    found = call.shop.subscriptions.pop(integer(id, "WebhookSubscription"), None)
    if found is None:
        return refused(user_error("INVALID", "Webhook subscription does not exist", "id"))
    return {"deletedWebhookSubscriptionId": gid("WebhookSubscription", found.id), "userErrors": []}


def _by_id(subscription: Subscription) -> Key:
    return (subscription.id,)


_ORDERS = {"CREATED_AT": _by_id, "ID": _by_id}
