"""What the operator may set, and what is refused at start."""

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
    assert read(TILLHAND_HOST="10.0.0.5", TILLHAND_TLS_PROXY="1").encrypted
    assert read(TILLHAND_HOST="10.0.0.5", TILLHAND_TLS_CERT="c.pem", TILLHAND_TLS_KEY="k.pem").encrypted
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
