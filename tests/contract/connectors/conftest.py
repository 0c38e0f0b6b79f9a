"""Every test of a port runs against both platforms."""

from collections.abc import AsyncGenerator

import pytest

from tests.contract.connectors.chains import Chain, open_chain


@pytest.fixture(params=["shopify", "lightspeed"])
async def chain(request: pytest.FixtureRequest) -> AsyncGenerator[Chain]:
    async with open_chain(request.param) as opened:
        opened.stock(20)
        yield opened
