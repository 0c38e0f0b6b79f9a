"""A session token is good for ten seconds more than it says, on either side, and for nobody else's app or shop."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from policies.errors import Refused
from server.pos.session_token import LEEWAY, SessionTokens

SECRET, OLD = "n" * 32, "o" * 32
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "iss": "https://shop.myshopify.com/admin",
    "dest": "https://shop.myshopify.com",
    "aud": "app",
    "sub": "42",
    "iat": int(NOW.timestamp()),
    "nbf": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 60,
}


def tokens(at: datetime = NOW, *, audience: str = "app", secrets: tuple[str, ...] = (SECRET, OLD)) -> SessionTokens:
    return SessionTokens(secrets, audience, "Shop.myshopify.com", lambda: at)


def made(secret: str = SECRET, algorithm: str = "HS256", **changed: Any) -> str:
    return jwt.encode({**GOOD, **changed}, secret, algorithm=algorithm)


@pytest.mark.parametrize(
    ("seconds", "good"),
    [(-LEEWAY - 0.001, False), (-LEEWAY, True), (0, True), (59.9, True), (69.999, True), (60 + LEEWAY, False)],
)
def test_it_is_good_from_ten_seconds_before_until_ten_seconds_after_its_time(seconds: float, good: bool):
    at = NOW + timedelta(seconds=seconds)
    if good:
        assert tokens(at).subject(made()) == "42"
    else:
        with pytest.raises(Refused, match="not valid"):
            tokens(at).subject(made())


def test_a_replaced_secret_is_taken_while_it_is_listed_and_not_after():
    assert tokens().subject(made(OLD)) == "42"
    with pytest.raises(Refused):
        tokens(secrets=(SECRET,)).subject(made(OLD))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x" * 5_000,
        "a.b.c",
        "é.é.é",
        made("f" * 32),
        made(algorithm="HS512", secret="n" * 64),
        jwt.encode(GOOD, "", algorithm="none"),
        made(aud=["app", "other"]),
        made(aud="other"),
        made(dest="https://shop.myshopify.com.evil.example"),
        made(dest="https://[", iss="https://["),
        made(dest="http://shop.myshopify.com"),
        made(iss="https://other.myshopify.com/admin"),
        made(exp="soon"),
        made(exp=True),
        made(nbf=None),
        made(sub=""),
        made(sub="a@b"),
        made(sub="7" * 65),
        made(dest=None),
    ],
)
def test_anything_else_is_refused_alike(token: str):
    with pytest.raises(Refused) as caught:
        tokens().subject(token)
    assert (caught.value.code, caught.value.message) == ("credential.unknown", "This session is not valid.")


def test_without_an_app_no_token_is_good():
    for some in (tokens(audience=""), tokens(secrets=()), SessionTokens((SECRET,), "app", "", lambda: NOW)):
        with pytest.raises(Refused):
            some.subject(made())
    with pytest.raises(Refused):  # not even one that was signed with nothing
        SessionTokens(("",), "app", "shop.myshopify.com", lambda: NOW).subject(jwt.encode(GOOD, "", algorithm="none"))
