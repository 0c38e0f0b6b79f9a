"""Who is at the console: a signed cookie that names a credential, and a token that every form must carry."""

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from policies.errors import Refused

COOKIE: Final = "tillhand_console"
LASTS: Final = timedelta(hours=8)  # one shift


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in.

    Attributes:
        digest: Of the credential; looked up again for every page, so that a revoked one ends at once.
        token: What the session's forms carry, so that another site cannot send them.
    """

    digest: str
    token: str


class Sessions:
    """Signs and reads the cookie; nothing is kept on our side."""

    def __init__(self, key: bytes, *, encrypted: bool, path: str) -> None:
        self._key = key
        self._encrypted = encrypted
        self._path = path

    def begin(self, response: Response, digest: str, now: datetime) -> None:
        """Sign somebody in."""
        body = {"d": digest, "e": int((now + LASTS).timestamp()), "n": secrets.token_hex(16)}
        packed = base64.urlsafe_b64encode(json.dumps(body).encode()).decode()
        response.set_cookie(
            COOKIE,
            f"{packed}.{self._sign(packed)}",
            max_age=int(LASTS.total_seconds()),
            path=self._path,
            httponly=True,
            secure=self._encrypted,
            samesite="strict",
        )

    def end(self, response: Response) -> None:
        """Sign them out."""
        response.delete_cookie(COOKIE, path=self._path, httponly=True, secure=self._encrypted, samesite="strict")

    def of(self, request: Request, now: datetime) -> Session | None:
        """The request's session; `None` when there is none, it was tampered with, or its shift is over."""
        packed, _, signature = request.cookies.get(COOKIE, "").partition(".")
        if not packed or not hmac.compare_digest(self._sign(packed).encode(), signature.encode()):
            return None
        body = json.loads(base64.urlsafe_b64decode(packed))  # ours: the signature held
        if body["e"] < now.timestamp():
            return None
        return Session(body["d"], self._sign(f"form {body['n']}"))

    def _sign(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256").hex()


def check_token(session: Session, sent: str) -> None:
    """Refuse a form that did not come from a page of this session.

    Raises:
        Refused: `access.form`.
    """
    if not hmac.compare_digest(session.token.encode(), sent.encode()):
        raise Refused("This form is not from your session.", code="access.form", hint="Load the page again.")
