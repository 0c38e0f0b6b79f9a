"""Whose certificates we believe when we call out: the list of authorities is read once for all connections."""

import ssl
from functools import lru_cache

import httpx


@lru_cache(maxsize=2)
def authorities(*, trust_env: bool = True) -> ssl.SSLContext:
    """The authorities httpx believes by itself. To read them takes some 30 ms.

    Args:
        trust_env: `SSL_CERT_FILE` and `SSL_CERT_DIR` may name others.
    """
    return httpx.create_ssl_context(trust_env=trust_env)
