"""How Shopify writes ids, money and times, so that every answer spells them alike."""

from datetime import UTC, datetime

from graphql import GraphQLError


def gid(kind: str, number: object) -> str:
    """A global id, such as `gid://shopify/Order/1001`."""
    return f"gid://shopify/{kind}/{number}"


def number(value: str, *kinds: str) -> str:
    """What follows the kind in a global id; "" when the id names another kind of thing.

    Raises:
        GraphQLError: The text is no global id at all.
    """
    scheme, _, rest = value.partition("gid://shopify/")
    kind, _, tail = rest.partition("/")
    if scheme or not kind or not tail:
        raise GraphQLError(f"Invalid global id '{value}'", extensions={"code": "INVALID_GLOBAL_ID"})
    return tail.partition("?")[0] if kind in kinds else ""


def integer(value: str, *kinds: str) -> int:
    """The number in a global id; 0, which names nothing, when it is of another kind.

    Raises:
        GraphQLError: The text is no global id at all.
    """
    text = number(value, *kinds)
    return int(text) if text.isdecimal() else 0


def amount(cents: int) -> str:
    """Cents as `MoneyV2` writes them: at least one decimal, no trailing zero after it ("29.99", "20.0")."""
    text = price(cents)
    return text.removesuffix("0")


def price(cents: int) -> str:
    """Cents as the `Money` scalar and the REST bodies write them: always two decimals."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def money(cents: int, currency: str) -> dict[str, object]:
    """A `MoneyV2`."""
    return {"amount": amount(cents), "currencyCode": currency}


def money_bag(cents: int, currency: str) -> dict[str, object]:
    """A `MoneyBag` in the shop's currency."""
    return {"shopMoney": money(cents, currency)}


def timestamp(moment: datetime) -> str:
    """UTC to the second, as the GraphQL APIs write `DateTime`; what is finer is cut off."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def optional_timestamp(moment: datetime | None) -> str | None:
    """`timestamp`, or null."""
    return None if moment is None else timestamp(moment)


def user_error(code: str, message: str, *field: str) -> dict[str, object]:
    """One entry of `userErrors`; `field` is the path to the argument at fault."""
    return {"code": code, "message": message, "field": list(field) or None}


def refused(*errors: dict[str, object]) -> dict[str, object]:
    """A mutation's payload when nothing was done."""
    return {"userErrors": list(errors)}
