"""Deliveries that are the platform's own, and those that are not."""

import base64
import hmac
from urllib.parse import urlencode

import pytest

from policies.errors import Refused
from server.webhooks.lightspeed import lightspeed_reader
from server.webhooks.shopify import shopify_reader

BODY = b'{"id": 1}'
FORM = urlencode({"payload": '{"id": "1"}', "type": "sale.update", "domain_prefix": "shop"}).encode()


def shopify(
    *,
    secret: str = "new",  # noqa: S107  # made up
    **changed: str,
) -> dict[str, str]:
    headers = {
        "x-shopify-topic": "orders/create",
        "x-shopify-hmac-sha256": base64.b64encode(hmac.digest(secret.encode(), BODY, "sha256")).decode(),
        "x-shopify-shop-domain": "shop.myshopify.com",
        "x-shopify-api-version": "2026-07",
        "x-shopify-webhook-id": "w-1",
        **{f"x-shopify-{name.replace('_', '-')}": value for name, value in changed.items()},
    }
    return {name: value for name, value in headers.items() if value}


def lightspeed(body: bytes = FORM, secret: str = "new") -> dict[str, str]:  # noqa: S107  # a made-up secret
    return {"x-signature": f"signature={hmac.digest(secret.encode(), body, 'sha256').hex()},algorithm=HMAC-SHA256"}


read_shopify = shopify_reader(("new", "old"), "shop.myshopify.com")
read_lightspeed = lightspeed_reader(("new", "old"), "shop")


@pytest.mark.parametrize("secret", ["new", "old"])
def test_while_a_secret_is_replaced_deliveries_signed_with_either_are_read(secret: str):
    assert read_shopify(shopify(secret=secret), BODY).name == "w-1"
    assert read_lightspeed(lightspeed(secret=secret), FORM).topic == "sale.update"


def test_a_delivery_signed_with_neither_is_refused():
    with pytest.raises(Refused, match="does not match"):
        read_shopify(shopify(secret="guessed"), BODY)
    with pytest.raises(Refused, match="does not match"):
        read_lightspeed(lightspeed(secret="guessed"), FORM)


def test_a_body_changed_by_one_byte_is_refused():
    with pytest.raises(Refused, match="does not match"):
        read_shopify(shopify(), BODY + b" ")
    with pytest.raises(Refused, match="does not match"):
        read_lightspeed(lightspeed(), FORM + b"&x=1")


@pytest.mark.parametrize("missing", ["topic", "hmac_sha256", "shop_domain", "api_version", "webhook_id"])
def test_shopify_needs_all_five_headers(missing: str):
    with pytest.raises(Refused) as refused:
        read_shopify(shopify(**{missing: ""}), BODY)

    assert refused.value.code == "signature.missing"


def test_a_signed_delivery_of_another_shop_is_foreign():
    with pytest.raises(Refused) as refused:
        read_shopify(shopify(shop_domain="other.myshopify.com"), BODY)

    assert refused.value.code == "webhook.foreign"


def test_lightspeeds_signature_is_read_in_hexadecimal_and_in_base64():
    encoded = base64.b64encode(hmac.digest(b"new", FORM, "sha256")).decode()

    assert read_lightspeed(lightspeed(), FORM) == read_lightspeed(
        {"x-signature": f"signature={encoded},algorithm=HMAC-SHA256"}, FORM
    )


@pytest.mark.parametrize("header", ["", "signature=,algorithm=HMAC-SHA256", "signature=ab,algorithm=none", "ab"])
def test_a_missing_or_weaker_lightspeed_signature_is_refused(header: str):
    with pytest.raises(Refused) as refused:
        read_lightspeed({"x-signature": header} if header else {}, FORM)

    assert refused.value.code == "signature.missing"


def test_without_any_secret_nothing_is_read():
    with pytest.raises(Refused):
        shopify_reader((), "shop.myshopify.com")(shopify(secret=""), BODY)


def test_the_same_lightspeed_bytes_have_the_same_name_and_others_another():
    other = FORM.replace(b"sale", b"sole")

    assert read_lightspeed(lightspeed(), FORM).name == read_lightspeed(lightspeed(), FORM).name
    assert read_lightspeed(lightspeed(other), other).name != read_lightspeed(lightspeed(), FORM).name
