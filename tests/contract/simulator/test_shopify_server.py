"""The retailer answers on loopback, on free ports, for as long as the block runs."""

import asyncio
import sys
from pathlib import Path

import httpx
import pytest
from anyio import fail_after
from starlette.applications import Starlette

from evals.retailer.faults import Faults
from evals.retailer.server import serve
from evals.retailer.shopify.app import shopify_app
from tests.contract.simulator.small_shop import open_shop

pytestmark = pytest.mark.anyio


async def test_the_shop_answers_over_the_network_while_it_is_served():
    async with open_shop() as shop:
        app = shopify_app(shop.world, shop.settings, Faults())
        form = {
            "client_id": shop.settings.client_id,
            "client_secret": shop.settings.client_secret,
            "grant_type": "client_credentials",
        }
        async with serve(shopify=app) as running, httpx.AsyncClient(base_url=running.shopify_url) as http:
            granted = (await http.post("/admin/oauth/access_token", data=form)).json()
            headers = {"X-Shopify-Access-Token": granted["access_token"]}
            query = {"query": "{ shop { myshopifyDomain } }"}
            answer = await http.post("/admin/api/2026-07/graphql.json", json=query, headers=headers)
        assert answer.json()["data"] == {"shop": {"myshopifyDomain": shop.settings.shop_domain}}
        async with httpx.AsyncClient() as http:
            with pytest.raises(httpx.ConnectError):
                await http.post(running.shopify_url)


async def test_each_platform_has_its_own_port_and_one_not_served_has_none():
    async with serve(shopify=Starlette(), model=Starlette()) as running:
        assert running.shopify_url.startswith("http://127.0.0.1:")
        assert running.model_url.startswith("http://127.0.0.1:")
        assert running.shopify_url != running.model_url
        assert running.lightspeed_url == ""


async def test_standing_alone_it_prints_where_it_is_and_ends_when_told_to():
    command = [sys.executable, "-m", "evals.retailer", "--variants", "30", "--customers", "30"]
    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(*command, cwd=root, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    with fail_after(60):
        told: dict[str, str] = {}
        while "OLLAMA_URL" not in told:
            name, _, value = (await process.stdout.readline()).decode().strip().partition("=")
            told[name] = value
        form = {"client_id": told["SHOPIFY_CLIENT_ID"], "client_secret": told["SHOPIFY_CLIENT_SECRET"]}
        async with httpx.AsyncClient(base_url=told["SHOPIFY_URL"]) as http:
            grant = form | {"grant_type": "client_credentials"}
            assert (await http.post("/admin/oauth/access_token", data=grant)).status_code == 200
        process.terminate()
        assert await process.wait() == 0


async def test_a_port_that_is_taken_is_an_error_and_the_others_are_closed():
    async with serve(model=Starlette()) as running:
        taken = int(running.model_url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            async with serve(shopify=Starlette(), lightspeed=Starlette(), ports=(0, taken, 0)):
                pass
