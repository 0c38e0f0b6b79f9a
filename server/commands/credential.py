"""`tillhand credential`: keys made, listed, replaced and revoked, and people signed out everywhere."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.table import Table

from policies.errors import Refused
from policies.vocabulary.actor import Role
from server.access import (
    Credential,
    add_credential,
    list_credentials,
    revoke_credential,
    rotate_credential,
    sign_out,
)
from server.commands.context import Keyboard, operator_only


async def add(  # noqa: PLR0913  # what a credential is made of, each by name
    at: Keyboard,
    actor_id: str,
    role: str,
    locations: Sequence[str],
    *,
    model: bool,
    on_behalf_of: str = "",
    toolsets: Sequence[str] = (),
    days: float | None = None,
) -> int:
    """Make a credential and show its key, once."""
    operator_only(at)
    places = [at.house.places.get(each).id for each in locations]
    if Role(role) is Role.REGISTER and not places:
        raise Refused(
            "A register stands in one location: name it.", code="credential.location", hint="--location STORE_123"
        )
    async with at.house.database.transaction() as connection:
        key = await add_credential(
            connection,
            actor_id,
            Role(role),
            places or None,
            model=model,
            on_behalf_of=on_behalf_of,
            toolsets=toolsets or None,
            lasts=None if days is None else timedelta(days=days),
            at=at.house.now(),
        )
    _show_key(at, key)
    return 0


async def show(at: Keyboard) -> int:
    """All credentials, without their keys."""
    async with at.house.database.reading() as connection:
        found = await list_credentials(connection)
    names = ("name", "actor", "role", "locations", "toolsets", "made (UTC)", "expires (UTC)", "revoked (UTC)")
    table = Table(*names, box=None)
    for one in found:
        table.add_row(
            one.name,
            _whose(one),
            one.role.value,
            "every location" if one.locations is None else ", ".join(one.locations),
            "all of the role's" if one.toolsets is None else ", ".join(one.toolsets),
            _moment(one.created_at),
            _moment(one.expires_at),
            _moment(one.revoked_at),
        )
    at.out.print(table)
    return 0


async def rotate(at: Keyboard, name: str, overlap: float) -> int:
    """Show a new key with the same rights; the old one ends at once, or after this many minutes."""
    operator_only(at)
    async with at.house.database.transaction() as connection:
        key = await rotate_credential(connection, name, overlap=timedelta(minutes=overlap), at=at.house.now())
    _show_key(at, key)
    return 0


async def revoke(at: Keyboard, name: str) -> int:
    """End a credential; it opens nothing from now on, and console sessions begun with it are over."""
    operator_only(at)
    async with at.house.database.transaction() as connection:
        await revoke_credential(connection, name, at=at.house.now())
    at.out.print("Revoked.")
    return 0


async def end_tokens(at: Keyboard, subject: str) -> int:
    """Refuse every OAuth token issued to this person until now."""
    operator_only(at)
    async with at.house.database.transaction() as connection:
        await sign_out(connection, subject, by=at.actor.id, at=at.house.now())
    at.out.print("Signed out: their tokens of until now open nothing. The identity provider decides about new ones.")
    return 0


def _show_key(at: Keyboard, key: str) -> None:
    at.out.print(key, markup=False, highlight=False, soft_wrap=True)


def _whose(one: Credential) -> str:
    if one.on_behalf_of:
        return f"{one.actor_id} (model, for {one.on_behalf_of})"
    return one.actor_id + (" (model)" if one.model else "")


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
