"""What the settings name outside the house, connected: locations, platforms, senders, an identity provider."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path

from agents.model import ModelDoor, ModelSettings
from agents.words import Writer
from knowledge.identity.match_key import MatchKeys
from knowledge.profile.profile import Outside
from knowledge.store.places import Places, read_locations, save_locations
from knowledge.store.session import Database
from knowledge.vault.vault import Vault
from policies.actions.message import Channel
from policies.errors import Misconfigured, Unavailable
from server.body import FORM, JSON
from server.oauth.grant import ClaimNames
from server.oauth.issuer_keys import IssuerKeys
from server.oauth.tokens import Expected, Tokens
from server.secret import Secret
from server.settings import Settings, is_web
from server.webhooks.lightspeed import lightspeed_reader
from server.webhooks.receive import Inlet
from server.webhooks.shopify import shopify_reader
from tools.connectors.document import WebDocument
from tools.connectors.klaviyo import KlaviyoMails, KlaviyoSettings
from tools.connectors.klaviyo_profiles import KlaviyoProfiles
from tools.connectors.lightspeed.events import to_event as lightspeed_event
from tools.connectors.lightspeed.platform import LightspeedPlatform
from tools.connectors.lightspeed.settings import LightspeedSettings
from tools.connectors.messaging import Sender
from tools.connectors.shopify.events import to_event as shopify_event
from tools.connectors.shopify.platform import ShopifyPlatform
from tools.connectors.shopify.settings import ShopifySettings
from tools.connectors.token_store import DatabaseTokenStore
from tools.connectors.twilio import TwilioSettings, TwilioTexts
from tools.history import History
from tools.platform import Platform, PurchaseOrders
from tools.recognition.outside import outside_sources


async def places_of(settings: Settings, database: Database) -> Places:
    """The retailer's locations, as the settings' file tells them.

    Raises:
        Misconfigured: A platform keeps some of them that is not set up.
    """
    if settings.locations:
        told = read_locations(settings.locations)
        async with database.transaction() as connection:
            await save_locations(connection, told)
    async with database.reading() as connection:
        places = await Places.load(connection)
    missing = sorted({place.platform for place in places} & {"shopify", "lightspeed"})
    for name in missing:
        if not getattr(settings, f"{name}_url"):
            raise Misconfigured(
                f"Some locations are kept by {name}, but TILLHAND_{name.upper()}_URL is not set.",
                code="settings.missing",
                field=f"{name}_url",
            )
    return places


def platforms_of(  # noqa: PLR0913, PLR0917
    settings: Settings,
    places: Places,
    keys: MatchKeys,
    database: Database,
    secret: Secret,
    now: Callable[[], datetime],
) -> dict[str, Platform]:
    """Those whose address is set, by name."""
    platforms: dict[str, Platform] = {}
    if settings.shopify_url:
        shop = ShopifySettings(
            base_url=settings.shopify_url.rstrip("/"),
            client_id=settings.shopify_client_id,
            client_secret=settings.shopify_client_secret.get_secret_value(),
            currency=settings.currency,
            api_version=settings.shopify_version,
        )
        platforms["shopify"] = ShopifyPlatform(shop, places, keys, now=now)
    if settings.lightspeed_url:
        retailer = LightspeedSettings(
            base_url=settings.lightspeed_url.rstrip("/"),
            client_id=settings.lightspeed_client_id,
            client_secret=settings.lightspeed_client_secret.get_secret_value(),
            refresh_token=settings.lightspeed_refresh_token.get_secret_value(),
            currency=settings.currency,
            api_version=settings.lightspeed_version,
        )
        tokens = DatabaseTokenStore(database, "lightspeed", secret.seal_key(), now)
        platforms["lightspeed"] = LightspeedPlatform(retailer, places, keys, tokens, now=now)
    return platforms


def outside_of(
    settings: Settings, database: Database, vault: Vault, platforms: Mapping[str, Platform], stack: AsyncExitStack
) -> dict[str, Outside]:
    """Who is asked about a customer beside our own store."""
    crm = KlaviyoProfiles(_klaviyo(settings), settings.klaviyo_traits) if settings.klaviyo_profiles else None
    if crm is not None:
        stack.push_async_callback(crm.close)
    records = {name: platform.customers for name, platform in platforms.items()}
    return outside_sources(database, vault, records, crm)


def histories_of(platforms: Mapping[str, Platform]) -> dict[str, History]:
    """What was before, of those platforms that can tell it."""
    told = ((name, one) for name, one in platforms.items() if isinstance(one, ShopifyPlatform | LightspeedPlatform))
    return {name: one.history for name, one in told}


def orders_of(platforms: Mapping[str, Platform], exported: PurchaseOrders) -> dict[str, PurchaseOrders]:
    """Who drafts purchase orders, by platform: itself where it keeps them, else a file is written."""
    kept = {name: one.purchase_orders for name, one in platforms.items() if isinstance(one, LightspeedPlatform)}
    return {**kept, "": exported}


def senders_of(settings: Settings) -> dict[Channel, Sender]:
    """Who sends over each channel that is set up."""
    senders: dict[Channel, Sender] = {}
    if settings.twilio_url:
        texts = TwilioSettings(
            base_url=settings.twilio_url.rstrip("/"),
            account=settings.twilio_account,
            token=settings.twilio_token.get_secret_value(),
            sender=settings.twilio_from,
        )
        senders["sms"] = TwilioTexts(texts)
    if settings.klaviyo_url:
        senders["email"] = KlaviyoMails(_klaviyo(settings))
    return senders


def _klaviyo(settings: Settings) -> KlaviyoSettings:
    return KlaviyoSettings(
        base_url=settings.klaviyo_url.rstrip("/"),
        key=settings.klaviyo_key.get_secret_value(),
        revision=settings.klaviyo_version,
    )


def writer_of(settings: Settings, stack: AsyncExitStack) -> Writer:
    """Who words offers: a model where one is set up, else templates."""
    if not (settings.model_url and settings.model):
        return Writer()
    door = ModelDoor(ModelSettings(settings.model_url, settings.model))
    stack.push_async_callback(door.close)
    return Writer(door)


def tokens_of(settings: Settings, places: Places, stack: AsyncExitStack, now: Callable[[], datetime]) -> Tokens | None:
    """Who checks tokens of the retailer's identity provider; `None` where only keys of ours open."""
    if not settings.oauth_issuer:
        return None
    if is_web(settings.oauth_jwks):
        document = WebDocument(settings.oauth_jwks)
        stack.push_async_callback(document.close)
        fetch = document.read
    else:
        fetch = partial(_read_file, Path(settings.oauth_jwks))
    expected = Expected(
        settings.oauth_issuer, settings.oauth_audience or settings.resource, ClaimNames(**settings.oauth_claims)
    )
    tokens = Tokens(expected, IssuerKeys(fetch), frozenset(place.id for place in places), now)
    stack.push_async_callback(tokens.close)
    return tokens


async def _read_file(file: Path) -> bytes:
    try:
        return await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise Unavailable(f"{file} cannot be read.", code="document.unavailable") from error


def inlets_of(settings: Settings, places: Places, keys: MatchKeys) -> dict[str, Inlet]:
    """How deliveries of each platform that is set up are read and understood."""
    known = {"places": places, "keys": keys, "currency": settings.currency}
    inlets: dict[str, Inlet] = {}
    if settings.shopify_url:
        read = shopify_reader(settings.webhook_secrets("shopify"), settings.shop_domain)
        inlets["shopify"] = Inlet("shopify", JSON, read, partial(shopify_event, **known))
    if settings.lightspeed_url:
        read = lightspeed_reader(settings.webhook_secrets("lightspeed"), settings.lightspeed_domain_prefix)
        inlets["lightspeed"] = Inlet("lightspeed", FORM, read, partial(lightspeed_event, **known))
    return inlets
