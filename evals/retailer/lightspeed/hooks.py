"""Webhooks and business rules, as the app registers them."""

from typing import Any
from urllib.parse import urlsplit

from evals.retailer.lightspeed.account import Account, RemoteRule, Rule, Webhook
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, created, ok
from evals.retailer.lightspeed.wire import timestamp

WEBHOOK_TYPES = frozenset(
    {
        "consignment.receive",
        "consignment.send",
        "customer.update",
        "inventory.update",
        "product.update",
        "register_closure.create",
        "sale.update",
    }
)
RULE_EVENTS = frozenset(
    {"sale.created", "sale.customer.changed", "sale.line_items.added", "sale.ready_for_payment", "sale.updated"}
)


def list_webhooks(account: Account, _asked: Asked) -> Answer:
    """`GET /webhooks`."""
    return ok([_webhook_row(account, webhook) for webhook in account.webhooks.values()])


def create_webhook(account: Account, asked: Asked) -> Answer:
    """`POST /webhooks`; one for each type and address."""
    given = asked.object()
    kind, url, active = given.get("type"), _url(given.get("url")), given.get("active")
    if kind not in WEBHOOK_TYPES:
        raise Problem(422, "type is not a webhook type.")
    if not isinstance(active, bool):
        raise Problem(422, "active must be true or false.")
    if any(webhook.type == kind and webhook.url == url for webhook in account.webhooks.values()):
        raise Problem(409, "A webhook with this type and URL already exists.")
    webhook = Webhook(account.new_id("webhook"), str(kind), url, active)
    account.webhooks[webhook.id] = webhook
    return created(_webhook_row(account, webhook))


def delete_webhook(account: Account, asked: Asked) -> Answer:
    """`DELETE /webhooks/{webhookId}`."""
    if account.webhooks.pop(asked.path["webhookId"], None) is None:
        raise Problem(404, "Webhook not found.")
    return Answer(200)


def list_remote_rules(account: Account, _asked: Asked) -> Answer:
    """`GET /workflows/remote_rules`."""
    return ok([_remote_rule_row(account, rule) for rule in account.remote_rules.values()])


def create_remote_rule(account: Account, asked: Asked) -> Answer:
    """`POST /workflows/remote_rules`."""
    rule = RemoteRule(account.new_id("remote rule"), _url(asked.object().get("url")), account.now())
    account.remote_rules[rule.id] = rule
    return ok(_remote_rule_row(account, rule))


def delete_remote_rule(account: Account, asked: Asked) -> Answer:
    """`DELETE /workflows/remote_rules/{remoteRuleId}`, with the rules that call it."""
    gone = asked.path["remoteRuleId"]
    if account.remote_rules.pop(gone, None) is None:
        raise Problem(404, "Remote rule not found.")
    account.rules = {key: rule for key, rule in account.rules.items() if rule.remote_rule_id != gone}
    return Answer(204)


def list_rules(account: Account, _asked: Asked) -> Answer:
    """`GET /workflows/rules`."""
    return ok([_rule_row(rule) for rule in account.rules.values()])


def create_rule(account: Account, asked: Asked) -> Answer:
    """`POST /workflows/rules`: from now on, this register event calls that remote rule."""
    given = asked.object()
    if given.get("event_type") not in RULE_EVENTS:
        raise Problem(422, "event_type is not a rule event.")
    if given.get("remote_rule_id") not in account.remote_rules:
        raise Problem(422, "Remote rule not found.")
    rule = Rule(account.new_id("rule"), given["event_type"], given["remote_rule_id"], account.now())
    account.rules[rule.id] = rule
    return ok(_rule_row(rule))


def delete_rule(account: Account, asked: Asked) -> Answer:
    """`DELETE /workflows/rules/{ruleId}`."""
    if account.rules.pop(asked.path["ruleId"], None) is None:
        raise Problem(404, "Rule not found.")
    return Answer(204)


def _url(value: Any) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Problem(422, "url must be an http or https address.")
    return parts.geturl()


def _webhook_row(account: Account, webhook: Webhook) -> Json:
    return {
        "active": webhook.active,
        "id": webhook.id,
        "retailer_id": account.retailer_id,
        "type": webhook.type,
        "url": webhook.url,
    }


def _remote_rule_row(account: Account, rule: RemoteRule) -> Json:
    return {
        "created_at": timestamp(rule.created_at),
        "id": rule.id,
        "oauth_application_id": account.settings.client_id,
        "url": rule.url,
    }


def _rule_row(rule: Rule) -> Json:
    return {
        "created_at": timestamp(rule.created_at),
        "event_type": rule.event_type,
        "id": rule.id,
        "remote_rule_id": rule.remote_rule_id,
    }
