"""The simulated shop as an ASGI application: tokens, the Admin API and the Storefront API."""

import asyncio
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.retailer.faults import Faults
from evals.retailer.shopify.access import BadGrant
from evals.retailer.shopify.admin import admin_schema
from evals.retailer.shopify.bulk import result
from evals.retailer.shopify.documents import Documents
from evals.retailer.shopify.graphql_request import GraphQLDoor, Reply
from evals.retailer.shopify.settings import SERVED_VERSIONS, ShopifySettings
from evals.retailer.shopify.shop import Shop
from evals.retailer.shopify.storefront import storefront_schema
from evals.retailer.world import World

_UNAUTHORIZED = "[API] Invalid API key or access token (unrecognized login or wrong password)"


def shopify_app(world: World, settings: ShopifySettings, faults: Faults) -> Starlette:
    """Serve a world's Shopify side. `app.state.shop` is the `Shop`, with its tokens and webhook subscriptions.

    `POST /admin/oauth/access_token`, `POST /admin/api/{version}/graphql.json`, `POST /api/{version}/graphql.json`.
    """
    service = _Service(Shop(world, settings), faults)
    service.shop.warm()
    service.shop.bulk.schema = admin_schema()
    app = Starlette(
        routes=[
            Route("/admin/oauth/access_token", service.token, methods=["POST"]),
            Route("/admin/api/{version}/graphql.json", service.admin, methods=["POST"]),
            Route("/api/{version}/graphql.json", service.storefront, methods=["POST"]),
            Route("/bulk/{operation:int}.jsonl", service.bulk_result, methods=["GET"]),
        ],
        exception_handlers={404: _not_found, 405: _not_found},
    )
    app.state.shop = service.shop
    return app


class _Service:
    def __init__(self, shop: Shop, faults: Faults) -> None:
        self.shop = shop
        self._faults = faults
        self._admin = GraphQLDoor(
            shop, Documents(admin_schema()), faults, bucket=shop.bucket, granted=lambda: shop.settings.scopes
        )
        # The Storefront API has no cost limit. https://shopify.dev/docs/api/usage/limits
        self._storefront = GraphQLDoor(shop, Documents(storefront_schema()), faults)

    async def token(self, request: Request) -> Response:
        """Grant an access token; form or JSON."""
        if self._faults.fails_now():
            return _unavailable()
        await asyncio.sleep(self._faults.slow_s)
        body = await request.body()
        is_json = "json" in request.headers.get("content-type", "")
        form: Any = _json(body) if is_json else dict(parse_qsl(body.decode(errors="replace")))
        try:
            return _answer(Reply(200, self.shop.tokens.grant(form if isinstance(form, Mapping) else {})))  # pyright: ignore[reportUnknownArgumentType] - JSON
        except BadGrant as refusal:
            body_shown = {"error": refusal.error, "error_description": str(refusal)}
            return _answer(Reply(refusal.status, body_shown))

    async def admin(self, request: Request) -> Response:
        """One Admin API request."""
        known = self.shop.tokens.accepts(request.headers.get("x-shopify-access-token", ""))
        self.shop.bulk.address = str(request.base_url).rstrip("/")
        return await self._graphql(request, self._admin, known=known)

    async def bulk_result(self, request: Request) -> Response:
        """The file of a bulk operation, from where the caller wants it; no token: whoever knows the address may."""
        if self._faults.fails_now():
            return _unavailable()
        found = result(self.shop, request.path_params["operation"])
        if found is None:
            return Response("<Error><Code>ExpiredToken</Code></Error>", 400, media_type="application/xml")
        begin = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        return Response(found[begin:], 206 if "range" in request.headers else 200, media_type="application/jsonl")

    async def storefront(self, request: Request) -> Response:
        """One Storefront API request, with the public token or a private one from the Admin side."""
        public = request.headers.get("x-shopify-storefront-access-token", "")
        private = request.headers.get("shopify-storefront-private-token", "")
        known = hmac.compare_digest(public.encode(), self.shop.settings.storefront_token.encode())
        return await self._graphql(request, self._storefront, known=known or self.shop.tokens.accepts(private))

    async def _graphql(self, request: Request, door: GraphQLDoor, *, known: bool) -> Response:
        if self._faults.fails_now():
            return _unavailable()
        version = request.path_params["version"]
        if version not in SERVED_VERSIONS:
            return _answer(Reply(404, {"errors": "Not Found"}))
        if not known:
            return _answer(Reply(401, {"errors": _UNAUTHORIZED}))
        reply = await door.answer(_json(await request.body()))
        return _answer(reply, {"X-Shopify-API-Version": version})


async def _not_found(_request: Request, _error: Exception) -> Response:
    return _answer(Reply(404, {"errors": "Not Found"}))


def _unavailable() -> Response:
    return _answer(Reply(503, {"errors": "Service Unavailable"}))


def _answer(reply: Reply, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(reply.body, separators=(",", ":")).encode()
    shown = {**reply.headers, **(headers or {})}
    return Response(body, reply.status, shown, media_type="application/json")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
