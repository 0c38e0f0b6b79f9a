"""What the operator may set, and what is refused at start."""

from pathlib import Path

import pytest

from policies.errors import Misconfigured
from server.settings import Settings, is_loopback


def read(**environment: str) -> Settings:
    return Settings.read({"TILLHAND_HOME": "var", **environment})


def test_without_any_variable_it_listens_on_loopback_only():
    settings = Settings.read({})

    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8787, "")
    assert settings.agents


def test_a_misspelt_variable_is_refused_by_name():
    with pytest.raises(Misconfigured, match="TILLHAND_PROT is not a setting") as refused:
        read(TILLHAND_PROT="1")

    assert refused.value.code == "settings.unknown"


def test_the_database_is_named_by_its_customary_variable_and_by_no_other():
    assert read(DATABASE_URL="postgresql://db/x").database_url == "postgresql://db/x"
    with pytest.raises(Misconfigured, match="TILLHAND_DATABASE_URL is not a setting"):
        read(TILLHAND_DATABASE_URL="postgresql://db/x")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "tills.example.com"])  # noqa: S104
def test_plain_http_on_a_non_loopback_address_is_refused_at_start(host: str):
    with pytest.raises(Misconfigured, match="in the clear") as refused:
        read(TILLHAND_HOST=host)

    assert refused.value.code == "settings.plain_http"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_plain_http_on_a_loopback_address_is_allowed(host: str):
    assert is_loopback(host)
    assert not read(TILLHAND_HOST=host).encrypted


def test_a_declared_tls_proxy_or_a_certificate_allows_any_address():
    known = {"TILLHAND_HOST": "10.0.0.5", "TILLHAND_PUBLIC_URL": "https://till.example.com"}
    assert read(**known, TILLHAND_TLS_PROXY="1").encrypted
    assert read(**known, TILLHAND_TLS_CERT="c.pem", TILLHAND_TLS_KEY="k.pem").encrypted
    with pytest.raises(Misconfigured, match="needs its key"):
        read(TILLHAND_HOST="10.0.0.5", TILLHAND_TLS_CERT="c.pem")


def test_platforms_are_spoken_to_over_tls_except_on_loopback():
    secret = {"TILLHAND_SHOPIFY_CLIENT_SECRET": "s"}
    assert read(TILLHAND_SHOPIFY_URL="http://127.0.0.1:9", **secret).shopify_url
    with pytest.raises(Misconfigured, match="must use https"):
        read(TILLHAND_SHOPIFY_URL="http://shop.example.com", **secret)


def test_a_platform_without_its_secret_is_refused():
    with pytest.raises(Misconfigured, match="CLIENT_SECRET is required"):
        read(TILLHAND_LIGHTSPEED_URL="https://x.retail.lightspeed.app")


def test_while_a_secret_is_replaced_both_verify_and_otherwise_the_client_secret_does():
    base = {"TILLHAND_SHOPIFY_URL": "https://x.myshopify.com", "TILLHAND_SHOPIFY_CLIENT_SECRET": "app"}

    assert read(**base).webhook_secrets("shopify") == ("app",)
    assert read(**base, TILLHAND_SHOPIFY_WEBHOOK_SECRETS="new, old").webhook_secrets("shopify") == ("new", "old")
    assert read(**base).shop_domain == "x.myshopify.com"


def test_a_refused_value_is_not_repeated_in_the_message():
    with pytest.raises(Misconfigured) as refused:
        read(TILLHAND_PORT="hunter2")

    assert "hunter2" not in refused.value.message
    assert "TILLHAND_PORT" in refused.value.message


@pytest.mark.parametrize(("stalled", "fine"), [("5", False), ("5.1", True)])
def test_a_worker_counts_as_dead_only_after_more_than_one_heartbeat(stalled: str, *, fine: bool):
    if fine:
        assert read(TILLHAND_HEARTBEAT_S="5", TILLHAND_STALLED_S=stalled).stalled_s == 5.1
    else:
        with pytest.raises(Misconfigured, match="longer than"):
            read(TILLHAND_HEARTBEAT_S="5", TILLHAND_STALLED_S=stalled)


def test_secrets_do_not_show_when_settings_are_printed():
    settings = read(TILLHAND_SHOPIFY_URL="https://x.myshopify.com", TILLHAND_SHOPIFY_CLIENT_SECRET="hunter2")

    assert "hunter2" not in repr(settings)


def test_nobody_listens_beyond_loopback_without_a_name_that_callers_may_use():
    with pytest.raises(Misconfigured, match="no name is known") as refused:
        read(TILLHAND_HOST="10.0.0.5", TILLHAND_TLS_PROXY="1")

    assert refused.value.code == "settings.allowed_hosts"
    named = read(
        TILLHAND_HOST="10.0.0.5", TILLHAND_TLS_PROXY="1", TILLHAND_ALLOWED_HOSTS="till.example.com, 10.0.0.5:80"
    )
    assert named.allowed_hosts == ("till.example.com", "10.0.0.5:80")
    assert read(TILLHAND_HOST="10.0.0.5", TILLHAND_TLS_PROXY="1", TILLHAND_PUBLIC_URL="https://till.example.com")


OAUTH = {
    "TILLHAND_PUBLIC_URL": "https://till.example.com/shop",
    "TILLHAND_OAUTH_ISSUER": "https://login.example.com/retailer",
    "TILLHAND_OAUTH_JWKS": "https://login.example.com/keys",
}


def test_tokens_are_made_out_to_our_own_address_unless_told_otherwise():
    assert read(**OAUTH).resource == "https://till.example.com/shop/mcp"
    assert read(**OAUTH, TILLHAND_OAUTH_AUDIENCE="api://till").oauth_audience == "api://till"
    own = {**OAUTH, "TILLHAND_PUBLIC_URL": "", "TILLHAND_OAUTH_AUDIENCE": "https://till.example.com/mcp"}
    assert read(**own).resource == "https://till.example.com/mcp"


def test_keys_may_lie_in_a_file(tmp_path: Path):
    file = tmp_path / "keys.json"
    with pytest.raises(Misconfigured, match="no file of that name"):
        read(**{**OAUTH, "TILLHAND_OAUTH_JWKS": str(file)})
    file.write_text("{}", encoding="utf-8")
    assert read(**{**OAUTH, "TILLHAND_OAUTH_JWKS": str(file)}).oauth_jwks == str(file)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"TILLHAND_OAUTH_ISSUER": ""}, "Whose OAuth tokens"),
        ({"TILLHAND_OAUTH_JWKS": ""}, "no token could be checked"),
        ({"TILLHAND_PUBLIC_URL": ""}, "Whom OAuth tokens must be made out to"),
        ({"TILLHAND_PUBLIC_URL": "", "TILLHAND_OAUTH_AUDIENCE": "api://till"}, "Whom OAuth tokens must be made out to"),
        ({"TILLHAND_OAUTH_JWKS": "http://login.example.com/keys"}, "must use https"),
        ({"TILLHAND_OAUTH_ISSUER": "http://login.example.com"}, "must use https"),
        ({"TILLHAND_OAUTH_ISSUER": "login.example.com"}, "cannot be used"),
        ({"TILLHAND_OAUTH_ISSUER": "https://login.example.com/?a=1"}, "cannot be used"),
        ({"TILLHAND_OAUTH_ROLE_CLAIM": "sub"}, "Two things"),
        ({"TILLHAND_OAUTH_ROLE_CLAIM": "a b"}, "cannot be used"),
    ],
)
def test_half_an_identity_provider_is_refused_at_start(changed: dict[str, str], what: str):
    with pytest.raises(Misconfigured, match=what):
        read(**{**OAUTH, **changed})


def test_an_audience_alone_is_not_taken_for_an_identity_provider():
    with pytest.raises(Misconfigured, match="Whose OAuth tokens"):
        read(TILLHAND_OAUTH_AUDIENCE="https://till.example.com/mcp")
    assert not read().oauth_issuer


ACCOUNT = "AC" + "0" * 31 + "1"
TEXTS = {"TILLHAND_TWILIO_ACCOUNT": ACCOUNT, "TILLHAND_TWILIO_TOKEN": "t", "TILLHAND_TWILIO_FROM": "+15005550006"}
MAILS = {"TILLHAND_KLAVIYO_KEY": "pk_1"}


@pytest.mark.parametrize(("url", "needed"), [("TILLHAND_TWILIO_URL", TEXTS), ("TILLHAND_KLAVIYO_URL", MAILS)])
def test_a_sender_of_messages_needs_all_of_its_credentials(url: str, needed: dict[str, str]):
    assert read(**{url: "https://api.example.com"}, **needed)
    for name in needed:
        with pytest.raises(Misconfigured, match=f"{name} is required with {url}") as refused:
            read(**{url: "https://api.example.com"}, **{key: value for key, value in needed.items() if key != name})
        assert refused.value.code == "settings.missing"
    with pytest.raises(Misconfigured, match=f"{url} must use https"):
        read(**{url: "http://api.example.com"}, **needed)


def test_profiles_of_a_crm_need_the_crm():
    with pytest.raises(Misconfigured, match="TILLHAND_KLAVIYO_URL is required") as refused:
        read(TILLHAND_KLAVIYO_PROFILES="true")
    assert refused.value.code == "settings.missing"
    told = read(TILLHAND_KLAVIYO_URL="https://api.example.com", TILLHAND_KLAVIYO_PROFILES="true", **MAILS)
    assert told.klaviyo_profiles
    assert read(TILLHAND_KLAVIYO_TRAITS="tier, size").klaviyo_traits == ("tier", "size")


@pytest.mark.parametrize("sender", ["+15005550006", "12345", "123456", "Northline", "NORTH LINE 1"[:11]])
def test_texts_come_from_a_number_a_short_code_or_a_name(sender: str):
    assert read(TILLHAND_TWILIO_FROM=sender).twilio_from == sender


@pytest.mark.parametrize("sender", ["5005550006x!", "+0", "a name that is too long"])
def test_texts_come_from_nothing_else(sender: str):
    with pytest.raises(Misconfigured, match="TILLHAND_TWILIO_FROM cannot be used"):
        read(TILLHAND_TWILIO_FROM=sender)
