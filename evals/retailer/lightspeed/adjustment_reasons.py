"""Custom reasons of stock adjustments: a name that is unique in the retailer, a sign, and whether it may be picked."""

from evals.retailer.lightspeed.account import Account, AdjustmentReason
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, listed, ok
from evals.retailer.lightspeed.wire import timestamp

_MAX_NAME = 30  # characters
_TYPES = ("POSITIVE", "NEGATIVE")


def list_reasons(account: Account, asked: Asked) -> Answer:
    """`GET /custom_inventory_adjustment_reasons`, by version."""
    after, size = asked.whole("after", 0), min(asked.page_size(), 100)
    known = sorted(account.adjustment_reasons.values(), key=lambda one: one.version)
    shown = [one for one in known if one.version > after][:size]
    return listed([_row(one) for one in shown], [one.version for one in shown])


def create_reason(account: Account, asked: Asked) -> Answer:
    """`POST /custom_inventory_adjustment_reasons`."""
    given = asked.object()
    name = _name(account, given.get("name"))
    if given.get("type") not in _TYPES or not isinstance(given.get("enabled"), bool):
        raise Problem(422, "type must be POSITIVE or NEGATIVE, and enabled true or false.")
    now = account.now()
    made = AdjustmentReason(
        id=account.new_id("adjustment reason"),
        name=name,
        positive=given["type"] == "POSITIVE",
        enabled=given["enabled"],
        created_at=now,
        updated_at=now,
        version=account.world.next_version(),
    )
    account.adjustment_reasons[made.id] = made
    return ok(_row(made))


def update_reason(account: Account, asked: Asked) -> Answer:
    """`PUT /custom_inventory_adjustment_reasons/{custom_reason_id}`: what is left out stays as it is."""
    found, given = account.adjustment_reasons.get(asked.path["custom_reason_id"]), asked.object()
    if found is None:
        raise Problem(404, "Custom reason not found.")
    if given.get("name", found.name) != found.name:
        found.name = _name(account, given["name"])
    found.enabled = given.get("enabled", found.enabled) is True
    found.updated_at, found.version = account.now(), account.world.next_version()
    return ok(_row(found))


def require_fit(account: Account, reason_id: str, units: int) -> None:
    """Nothing, when an adjustment of these units may have this reason.

    Raises:
        Problem: The reason is disabled, or of the other sign.
    """
    found = account.adjustment_reasons.get(reason_id)
    if found and (not found.enabled or found.positive != (units > 0)):
        raise Problem(422, "The custom reason is disabled, or the sign of quantity does not fit it.")


def _name(account: Account, value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_NAME:
        raise Problem(422, f"name must be a text of 1 to {_MAX_NAME} characters.")
    if any(one.name == value for one in account.adjustment_reasons.values()):
        raise Problem(409, "A custom reason with this name already exists.")
    return value


def _row(reason: AdjustmentReason) -> Json:
    return {
        "created_at": timestamp(reason.created_at),
        "enabled": reason.enabled,
        "id": reason.id,
        "is_from_external_source": True,
        "name": reason.name,
        "type": "POSITIVE" if reason.positive else "NEGATIVE",
        "updated_at": timestamp(reason.updated_at),
        "version": reason.version,
    }
