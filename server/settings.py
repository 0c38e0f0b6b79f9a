"""The environment as one frozen object, refused at start when it cannot work or is not safe.

Every field is an environment variable: its name in capitals after `TILLHAND_`, except `DATABASE_URL`.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from policies.errors import Misconfigured

_PREFIX = "TILLHAND_"
_LOOPBACK_NAMES = {"localhost", "ip6-localhost"}


_MUST_BE_ENCRYPTED = (
    "shopify_url",
    "lightspeed_url",
    "twilio_url",
    "klaviyo_url",
    "public_url",
    "model_url",
    "oauth_issuer",
    "oauth_jwks",
)
_SENDERS = {"twilio_url": ("twilio_account", "twilio_token", "twilio_from"), "klaviyo_url": ("klaviyo_key",)}


def _several(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _state_home() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "tillhand"


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]
Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_several)]
Claim = Annotated[str, Field(pattern=r"^[!-~]{1,128}$")]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Settings(BaseModel):
    """What the operator decided.

    Attributes:
        database_url: A PostgreSQL 15 or newer; empty: the embedded one under `home`. (`DATABASE_URL`)
        home: Folder of the embedded database, the secret file and the ledger's anchors.
        secret_file: 32 secret bytes that every process shares; empty: `home/secret.key`, made at the first start.
        vault_keys: The customer vault's keys; empty: `home/vault.keys`, made at the first start. Keep it out of backups
            of the database.
        strict_identifiers: True: registers and assistants may name customers by hashed identifiers only.
        locations: The retailer's `locations.toml`; empty: the locations already in the database.
        limits: The retailer's `limits.toml`; empty: the product's own.
        rollout: The retailer's `rollout.toml`, where AI begins on the ladder; empty: the product's own.
        playbooks: Folder of the retailer's own policies and playbooks in Markdown; empty: the product's own few.
        currency: Of every amount a register sends without one; ISO 4217.
        country: Of phone numbers written without a country code; ISO 3166, two letters.
        host: Address to listen on.
        port: TCP port; 0 takes any free one.
        public_url: Where platforms reach us, without a trailing slash; empty: webhooks are not registered.
        allowed_hosts: Comma-separated names, with port where it is not the scheme's own, that callers may know us by
            besides `public_url` and loopback.
        tls_proxy: True when a proxy in front of us ends TLS.
        tls_cert: PEM certificate chain, when we end TLS ourselves.
        tls_key: PEM key of it.
        oauth_issuer: The identity provider whose access tokens open our doors, as its tokens name it; empty: keys only.
        oauth_audience: Whom tokens must be made out to; empty: `public_url` and `/mcp`.
        oauth_jwks: The issuer's key set: its address, or a file.
        oauth_subject_claim: Which claim names the person; a stable name, never an e-mail address.
        oauth_role_claim: Which claim holds one role of Tillhand.
        oauth_locations_claim: Which claim lists the codes of locations, or `*`.
        oauth_scope_claim: Which claim holds the scopes, as one text or a list.
        oauth_model_claim: Which claim is false when a person's own hands send the token, and no language model.
        oauth_client_claim: Which claim names the program that acts for the person.
        stdio_actor: Whose credential `tillhand mcp` acts under; empty: that of `key`.
        shopify_url: Such as https://example.myshopify.com; empty: no Shopify.
        shopify_domain: What webhooks name as their shop; empty: the host of `shopify_url`.
        shopify_version: The Admin API's version.
        shopify_webhook_secrets: Comma-separated, newest first, while one is being replaced; empty: the client secret.
        lightspeed_url: Such as https://example.retail.lightspeed.app; empty: no Lightspeed.
        lightspeed_domain_prefix: What webhooks name as their retailer; empty: they are not compared.
        lightspeed_version: The X-Series API's version.
        lightspeed_refresh_token: The first one; later ones rotate in the database.
        lightspeed_webhook_secrets: As for Shopify.
        twilio_url: Such as https://api.twilio.com; empty: no text messages are sent.
        twilio_account: The account's SID, and `twilio_token` its token.
        twilio_from: The number or name that texts come from.
        klaviyo_url: Such as https://a.klaviyo.com; empty: no e-mails are sent.
        klaviyo_key: A private key that may write events.
        klaviyo_version: The API's revision.
        klaviyo_profiles: True: it is the CRM, too, and the key may read profiles.
        klaviyo_traits: Comma-separated names of profile properties that hold codes, such as a tier; no other is read.
        model_url: An Ollama server; empty: template text only.
        model: The model's name there.
        words_s: Seconds of the model's time each night for writing tomorrow's lines beforehand; 0: none.
        complaints: Comma-separated subjects of tickets during which nothing is offered; empty: of every open one.
        campaign: The name specialists' offers count under, for the cap on a campaign; empty: none.
        promotion_ahead_days: Days before a promotion of the calendar begins from which its goods get no discount.
        holdout_bp: Basis points of customers who are offered nothing, so that offers can be measured; 0: nobody.
        receipt_days: Days after which a decided offer may still be scanned from its receipt; 0: none is printed there.
        explore_bp: Basis points of occasions each arm gets at least, silence among them; 0: the best offer always.
        egress: `listed`: this process may connect to its database, platforms, model and identity provider and to
            nothing else; `open`: the network's own rules decide.
        egress_hosts: Comma-separated further hosts that may be connected to.
        cohort_least: Customers in the smallest group that is ever released; 20 or more.
        cohort_days: Days between two releases of groups of customers.
        agents: False stops all specialists; the store is kept up to date regardless.
        read_only: True: nothing is changed anywhere, by whomever and through whichever door.
        reads_per_minute: Calls of one reading tool by one caller of the MCP door; a sixth of it may come at once.
        writes_per_minute: The same for tools that change something.
        calls_at_once: Calls one caller may have running.
        read_within_s: Seconds a reading tool may take.
        checkout_ms: Milliseconds a register waits for us at most.
        body_limit: Bytes a request may have at most.
        pool: Database connections per process.
        concurrency: Jobs one worker runs at once.
        heartbeat_s: Seconds between a worker's signs of life.
        stalled_s: Seconds without one until another worker takes over.
        key: The credential key of the person using the command line; never needed by the server.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str = ""
    home: Path = Field(default_factory=_state_home)
    secret_file: Path | None = None
    vault_keys: Path | None = None
    strict_identifiers: bool = False
    locations: Path | None = None
    limits: Path | None = None
    rollout: Path | None = None
    playbooks: Path | None = None
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    country: str = Field(default="US", pattern=r"^[A-Z]{2}$")

    host: str = "127.0.0.1"
    port: int = Field(default=8787, ge=0, le=65_535)
    public_url: str = Field(default="", pattern=r"^$|^https?://[^/]+(/.*[^/])?$")
    allowed_hosts: Names = ()
    tls_proxy: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None

    oauth_issuer: str = Field(default="", pattern=r"^$|^https?://[^?#\s]+$")
    oauth_audience: str = Field(default="", pattern=r"^\S{0,512}$")
    oauth_jwks: str = ""
    oauth_subject_claim: Claim = "sub"
    oauth_role_claim: Claim = "role"
    oauth_locations_claim: Claim = "locations"
    oauth_scope_claim: Claim = "scope"
    oauth_model_claim: Claim = "model"
    oauth_client_claim: Claim = "client_id"
    stdio_actor: str = ""

    shopify_url: str = Field(default="", pattern=r"^$|^https?://")
    shopify_domain: str = ""
    shopify_version: str = "2026-07"
    shopify_client_id: str = ""
    shopify_client_secret: SecretStr = SecretStr("")
    shopify_webhook_secrets: Secrets = ()
    lightspeed_url: str = Field(default="", pattern=r"^$|^https?://")
    lightspeed_domain_prefix: str = ""
    lightspeed_version: str = "2026-07"
    lightspeed_client_id: str = ""
    lightspeed_client_secret: SecretStr = SecretStr("")
    lightspeed_refresh_token: SecretStr = SecretStr("")
    lightspeed_webhook_secrets: Secrets = ()

    twilio_url: str = Field(default="", pattern=r"^$|^https?://")
    twilio_account: str = Field(default="", pattern=r"^$|^AC[0-9a-fA-F]{32}$")
    twilio_token: SecretStr = SecretStr("")
    twilio_from: str = Field(default="", pattern=r"^$|^\+[1-9][0-9]{3,14}$|^[A-Za-z0-9 ]{1,11}$|^[0-9]{5,6}$")
    klaviyo_url: str = Field(default="", pattern=r"^$|^https?://")
    klaviyo_key: SecretStr = SecretStr("")
    klaviyo_version: str = "2026-07-15"
    klaviyo_profiles: bool = False
    klaviyo_traits: Names = ()

    model_url: str = Field(default="", pattern=r"^$|^https?://")
    model: str = ""
    words_s: int = Field(default=900, ge=0, le=28_800)
    complaints: Names = ()
    campaign: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    holdout_bp: int = Field(default=500, ge=0, le=5_000)
    promotion_ahead_days: int = Field(default=1, ge=0, le=28)
    receipt_days: int = Field(default=0, ge=0, le=366)
    explore_bp: int = Field(default=500, ge=0, le=2_500)
    egress: Literal["open", "listed"] = "open"
    egress_hosts: Names = ()
    cohort_least: int = Field(default=20, ge=20, le=10_000)
    cohort_days: int = Field(default=7, ge=1, le=366)
    agents: bool = True
    read_only: bool = False
    reads_per_minute: int = Field(default=600, ge=1, le=1_000_000)
    writes_per_minute: int = Field(default=120, ge=1, le=1_000_000)
    calls_at_once: int = Field(default=16, ge=1, le=10_000)
    read_within_s: Seconds = 10.0
    checkout_ms: int = Field(default=120, ge=10, le=5_000)
    body_limit: int = Field(default=1_048_576, ge=1_024, le=67_108_864)
    pool: int = Field(default=10, ge=2, le=100)
    concurrency: int = Field(default=4, ge=1, le=64)
    heartbeat_s: Seconds = 5.0
    stalled_s: Seconds = 20.0
    key: SecretStr = SecretStr("")

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Self:
        """From the environment.

        Raises:
            Misconfigured: A variable is unknown or unreadable, or the settings together are not safe to start with.
        """
        environment = os.environ if environment is None else environment
        given = {
            name.removeprefix(_PREFIX).lower(): value for name, value in environment.items() if name.startswith(_PREFIX)
        }
        unknown = sorted(set(given) - (set(cls.model_fields) - {"database_url"}))
        if unknown:
            raise Misconfigured(
                f"{_PREFIX}{unknown[0].upper()} is not a setting.",
                code="settings.unknown",
                hint="Check its spelling; server/README.md lists every setting.",
                field=unknown[0],
            )
        if url := environment.get("DATABASE_URL"):
            given["database_url"] = url
        try:
            settings = cls.model_validate({name: value for name, value in given.items() if value != ""})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = str(first["loc"][0])
            raise Misconfigured(
                f"{_PREFIX}{name.upper()} cannot be used: {first['msg']}.", code="settings.value", field=name
            ) from None  # the cause would show the value, which may be a secret
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse what is contradictory or would send personal data in the clear.

        Raises:
            Misconfigured: What has to change.
        """
        if bool(self.tls_cert) != bool(self.tls_key):
            raise Misconfigured("A TLS certificate needs its key, and the other way round.", code="settings.tls_pair")
        if not (self.tls_proxy or self.tls_cert or is_loopback(self.host)):
            raise Misconfigured(
                f"Plain HTTP on {self.host} would send customer identifiers in the clear.",
                code="settings.plain_http",
                hint="Set TILLHAND_TLS_CERT and TILLHAND_TLS_KEY, or TILLHAND_TLS_PROXY=1 when a proxy ends TLS.",
                field="host",
            )
        if not (self.public_url or self.allowed_hosts or is_loopback(self.host)):
            raise Misconfigured(
                f"Nobody could call us on {self.host}: no name is known that callers may know us by.",
                code="settings.allowed_hosts",
                hint="Set TILLHAND_PUBLIC_URL, or TILLHAND_ALLOWED_HOSTS to the names in use.",
                field="allowed_hosts",
            )
        for name in _MUST_BE_ENCRYPTED:
            url: str = getattr(self, name)
            if url.startswith("http://") and not is_loopback(_host(url)):
                raise Misconfigured(f"{_PREFIX}{name.upper()} must use https.", code="settings.plain_http", field=name)
        for name in ("shopify", "lightspeed"):
            if getattr(self, f"{name}_url") and not getattr(self, f"{name}_client_secret").get_secret_value():
                raise Misconfigured(
                    f"{_PREFIX}{name.upper()}_CLIENT_SECRET is required with {_PREFIX}{name.upper()}_URL.",
                    code="settings.missing",
                    field=f"{name}_client_secret",
                )
        self._check_senders()
        self._check_oauth()
        if self.stalled_s <= self.heartbeat_s:
            raise Misconfigured(
                "TILLHAND_STALLED_S must be longer than TILLHAND_HEARTBEAT_S: a living worker would be taken for dead.",
                code="settings.heartbeat",
                field="stalled_s",
            )

    @property
    def resource(self) -> str:
        """What clients know the MCP door as, and OAuth tokens for us are asked for; "" when nobody said."""
        return f"{self.public_url}/mcp" if self.public_url else self.oauth_audience

    @property
    def oauth_claims(self) -> Mapping[str, str]:
        """What the issuer calls each claim we read."""
        names = ("subject", "role", "locations", "scope", "model", "client")
        return {name: getattr(self, f"oauth_{name}_claim") for name in names}

    def _check_senders(self) -> None:
        for url, needed in _SENDERS.items():
            missing = next((name for name in needed if not _text(getattr(self, name))), "")
            if getattr(self, url) and missing:
                raise Misconfigured(
                    f"{_PREFIX}{missing.upper()} is required with {_PREFIX}{url.upper()}.",
                    code="settings.missing",
                    field=missing,
                )
        if self.klaviyo_profiles and not self.klaviyo_url:
            raise Misconfigured(
                "TILLHAND_KLAVIYO_URL is required with TILLHAND_KLAVIYO_PROFILES.",
                code="settings.missing",
                field="klaviyo_url",
            )

    def _check_oauth(self) -> None:
        if not (self.oauth_issuer or self.oauth_jwks or self.oauth_audience):
            return
        wrong = hint = field = ""
        names = list(self.oauth_claims.values())
        if not self.oauth_issuer:
            field, wrong = "oauth_issuer", "Whose OAuth tokens are to be taken is not set."
            hint = "Set TILLHAND_OAUTH_ISSUER to the `iss` of its tokens."
        elif not self.oauth_jwks:
            field, wrong = "oauth_jwks", "The OAuth issuer's keys are not set, so no token could be checked."
            hint = "Set TILLHAND_OAUTH_JWKS to the `jwks_uri` of its metadata, or to a file."
        elif not is_web(self.oauth_jwks) and not Path(self.oauth_jwks).is_file():
            field, wrong = "oauth_jwks", "TILLHAND_OAUTH_JWKS is no web address, and no file of that name exists."
        elif not is_web(self.resource):
            field, wrong = "oauth_audience", "Whom OAuth tokens must be made out to is not known."
            hint = "Set TILLHAND_PUBLIC_URL, or TILLHAND_OAUTH_AUDIENCE to our own address with /mcp."
        elif len(set(names)) != len(names):
            field, wrong = "oauth_role_claim", "Two things cannot be read from one OAuth claim."
            hint = "Name a claim of its own for each TILLHAND_OAUTH_..._CLAIM."
        if wrong:
            raise Misconfigured(wrong, code="settings.oauth", hint=hint, field=field)

    @property
    def encrypted(self) -> bool:
        """Whether people reach us over TLS."""
        return self.tls_proxy or self.tls_cert is not None

    @property
    def console_url(self) -> str:
        """Where people answer approvals, as a browser on this network reaches it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        own = f"{'https' if self.tls_cert else 'http'}://{host}:{self.port}"
        return f"{self.public_url or own}/console/"

    @property
    def secret_path(self) -> Path:
        """Where the installation's secret is."""
        return self.secret_file or self.home / "secret.key"

    @property
    def vault_keys_path(self) -> Path:
        """Where the customer vault's keys are."""
        return self.vault_keys or self.home / "vault.keys"

    @property
    def stop_file(self) -> Path:
        """While this file exists, all specialists stand still; see `tillhand agents`."""
        return self.home / "agents.stopped"

    def webhook_secrets(self, platform: str) -> tuple[str, ...]:
        """What deliveries of a platform may be signed with."""
        several: tuple[SecretStr, ...] = getattr(self, f"{platform}_webhook_secrets")
        own: SecretStr = getattr(self, f"{platform}_client_secret")
        return tuple(secret.get_secret_value() for secret in several or (own,) if secret.get_secret_value())

    @property
    def shop_domain(self) -> str:
        """What Shopify's webhooks call the shop."""
        return self.shopify_domain or _host(self.shopify_url)


def is_web(address: str) -> bool:
    """Whether it is a web address, and not a file's name."""
    return address.startswith(("https://", "http://"))


def is_loopback(host: str) -> bool:
    """Whether an address never leaves this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in _LOOPBACK_NAMES


def _text(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
