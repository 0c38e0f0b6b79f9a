"""The port of webhooks: everything we need is registered, and once."""

import pytest

from tests.contract.connectors.chains import Chain

pytestmark = pytest.mark.anyio


def registered(chain: Chain) -> list[tuple[str, str]]:
    if chain.name == "shopify":
        return [(one.topic, one.uri) for one in chain.state.subscriptions.values()]
    return [(one.type, one.url) for one in chain.state.webhooks.values()]


async def test_every_topic_is_registered_at_our_address(chain: Chain):
    added = await chain.platform.subscriptions.ensure("https://till.example.com/")
    assert added
    assert sorted(registered(chain)) == sorted(
        (topic, f"https://till.example.com/webhooks/{chain.name}") for topic in added
    )


async def test_repeating_changes_nothing(chain: Chain):
    first = await chain.platform.subscriptions.ensure("https://till.example.com")
    assert await chain.platform.subscriptions.ensure("https://till.example.com") == []
    assert len(registered(chain)) == len(first)


@pytest.mark.parametrize("chain", ["shopify"], indirect=True)
async def test_shopify_sends_only_the_fields_we_read(chain: Chain):
    await chain.platform.subscriptions.ensure("https://till.example.com")
    sent = {field for one in chain.state.subscriptions.values() for field in one.include_fields}
    assert all(one.include_fields for one in chain.state.subscriptions.values())
    assert not sent & {"billing_address", "shipping_address", "first_name", "last_name", "default_address", "note"}
