"""The platforms and message senders that the settings name, connected."""

from collections.abc import Callable
from datetime import datetime

from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.actions.message import Channel
from server.secret import Secret
from server.settings import Settings
from tools.connectors.klaviyo import KlaviyoMails, KlaviyoSettings
from tools.connectors.lightspeed.platform import LightspeedPlatform
from tools.connectors.lightspeed.settings import LightspeedSettings
from tools.connectors.messaging import Sender
from tools.connectors.shopify.platform import ShopifyPlatform
from tools.connectors.shopify.settings import ShopifySettings
from tools.connectors.token_store import DatabaseTokenStore
from tools.connectors.twilio import TwilioSettings, TwilioTexts
from tools.platform import Platform


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
        mails = KlaviyoSettings(
            base_url=settings.klaviyo_url.rstrip("/"),
            key=settings.klaviyo_key.get_secret_value(),
            revision=settings.klaviyo_version,
        )
        senders["email"] = KlaviyoMails(mails)
    return senders
