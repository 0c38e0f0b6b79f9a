"""From the claims of a checked token to what its bearer may do. What cannot be mapped gives no rights."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, cast

from policies.errors import Refused
from policies.vocabulary.actor import REGISTER_DOORS, TOOLSETS, Actor, Door, Role
from policies.vocabulary.ids import LocationId

SCOPE: Final = "tillhand:"
SCOPES: Final = tuple(f"{SCOPE}{name}" for name in sorted(TOOLSETS | {REGISTER_DOORS}))
EVERYWHERE: Final = "*"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:|-]{0,127}")  # no @: an e-mail address must not enter the ledger
_OURS: Final = re.compile(r"specialist:.*|operator:local")  # names of actors that no token speaks for


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """What the identity provider calls each thing, at the top level of its tokens."""

    subject: str = "sub"
    role: str = "role"
    locations: str = "locations"
    scope: str = "scope"
    model: str = "model"
    client: str = "client_id"


@dataclass(frozen=True, slots=True)
class Grant:
    """What one token grants.

    Attributes:
        subject: The person, or the register, as the identity provider names them.
        client: The program that acts for them; "" when it does not say.
        toolsets: What the token is good for; never everything.
        model: Whether a language model chooses what is asked.
        issued_at: Unix time in seconds.
        expires_at: Unix time in seconds.
    """

    subject: str
    client: str
    role: Role
    locations: frozenset[LocationId] | None
    toolsets: frozenset[str]
    model: bool
    issued_at: int
    expires_at: int

    def actor(self, door: Door) -> Actor:
        """The bearer at a door. A model acts under a name of its own, on behalf of the person, within their rights."""
        if not self.model:
            return Actor(self.subject, self.role, self.locations, door, toolsets=self.toolsets)
        name = f"{self.client or 'assistant'}/{self.subject}"
        return Actor(
            name, self.role, self.locations, door, model=True, on_behalf_of=self.subject, toolsets=self.toolsets
        )


def read_grant(claims: Mapping[str, Any], names: ClaimNames, places: AbstractSet[LocationId]) -> Grant:
    """What these claims grant; `iat` and `exp` are numbers already.

    Args:
        claims: Of a token whose signature, issuer, audience and times hold.
        names: What each claim is called.
        places: Every location there is.

    Raises:
        Refused: `oauth.claim`: one is missing or means nothing here. `access.scope`: no scope of ours is among its
            scopes. The message names the claim and never repeats its value.
    """
    role = _role(claims.get(names.role), names.role)
    model = claims.get(names.model, role.person)  # a person's token is an assistant's until the issuer says otherwise
    if not isinstance(model, bool):
        raise _unmapped(names.model, "true or false")
    client = claims.get(names.client, "")
    if client != "":
        client = _name(client, names.client)
    return Grant(
        subject=_name(claims.get(names.subject), names.subject),
        client=client,
        role=role,
        locations=_locations(claims.get(names.locations), names.locations, places),
        toolsets=_toolsets(claims.get(names.scope), names.scope),
        model=model,
        issued_at=int(claims["iat"]),
        expires_at=int(claims["exp"]),
    )


def _name(value: Any, claim: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value) or _OURS.fullmatch(value):
        raise _unmapped(claim, "a stable name of letters, digits and . _ : | -, and no e-mail address")
    return value


def _role(value: Any, claim: str) -> Role:
    """One role, as text or as the only entry of a list; specialists live in this house and hold no tokens."""
    several = cast("list[Any]", value) if isinstance(value, list) else [value]
    one = several[0] if len(several) == 1 else None
    try:
        role = Role(one)
    except ValueError:
        raise _unmapped(claim, "exactly one role of Tillhand") from None
    if not (role.person or role is Role.REGISTER):
        raise _unmapped(claim, "a person's role, or register")
    return role


def _locations(value: Any, claim: str, places: AbstractSet[LocationId]) -> frozenset[LocationId] | None:
    several = cast("list[Any]", value) if isinstance(value, list) else [value]
    if several == [EVERYWHERE]:
        return None
    if not several or not all(isinstance(each, str) and each in places for each in several):
        raise _unmapped(claim, f"codes of locations, or {EVERYWHERE} for every location")
    return frozenset(LocationId(each) for each in several)


def _toolsets(value: Any, claim: str) -> frozenset[str]:
    """Scopes of ours by their last part; others are other services' concern."""
    several = value.split(" ") if isinstance(value, str) else value
    if not isinstance(several, list) or not all(isinstance(each, str) for each in cast("list[Any]", several)):
        raise _no_scope(claim)
    found = {each for each in cast("list[str]", several) if each.startswith(SCOPE)}
    if not found or not found <= set(SCOPES):
        raise _no_scope(claim)
    return frozenset(each.removeprefix(SCOPE) for each in found)


def _no_scope(claim: str) -> Refused:
    return Refused(
        "This token has no scope of Tillhand's, or one that does not exist.",
        code="access.scope",
        hint=f"Ask the identity provider for one or more of: {' '.join(SCOPES)}.",
        field=claim,
    )


def _unmapped(claim: str, wanted: str) -> Refused:
    return Refused(
        f"The token's claim {claim} is not {wanted}.",
        code="oauth.claim",
        hint="The operator maps it at the identity provider, or names another claim: see server/README.md.",
        field=claim,
    )
