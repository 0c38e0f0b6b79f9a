"""Where this process may connect to, and nowhere else: what nobody listed is refused before a packet leaves.

Python's own sockets are held by an audit hook, which no library can take out again; uvloop connects past Python, so its
loop is held as well. The database's library connects by itself, and only where DATABASE_URL says.
"""

import ipaddress
import logging
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from server.settings import Settings, is_web

logger = logging.getLogger(__name__)

_LOOPBACK: Final = frozenset({"", "localhost", "ip6-localhost", "localhost.localdomain"})
_NAMING: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})
_SENDING: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class NotListedError(PermissionError):
    """A connection to a host nobody listed; libraries take it for a connection that failed."""


@dataclass(slots=True)
class AllowList:
    """Hosts that may be connected to, besides this machine.

    Attributes:
        hosts: Names in lower case and addresses.
        met: Addresses that listed names turned out to have.
    """

    hosts: frozenset[str]
    met: set[str] = field(default_factory=set[str])

    def check(self, host: str) -> None:
        """Let a listed host pass.

        Raises:
            NotListedError: Nobody listed it.
        """
        name = host.strip("[]").partition("%")[0].rstrip(".").lower()
        if name in _LOOPBACK or name in self.hosts or name in self.met or _is_here(name):
            return
        logger.warning("a connection to %s was refused: it is not listed", name)
        raise NotListedError(
            f"Tillhand may not connect to {name}: it is none of its platforms, model or database hosts. "
            "The operator may list it in TILLHAND_EGRESS_HOSTS."
        )


def listed(settings: Settings) -> AllowList:
    """The hosts the settings name, database and model among them, and those of `egress_hosts`."""
    urls = (
        settings.shopify_url,
        settings.lightspeed_url,
        settings.model_url,
        settings.twilio_url,
        settings.klaviyo_url,
    )
    if is_web(settings.oauth_jwks):
        urls = (*urls, settings.oauth_jwks)
    # our own address is looked up, too, when we begin to listen on it
    found = {urlsplit(url).hostname or "" for url in urls} | {settings.host, *settings.egress_hosts}
    if settings.database_url:
        told = conninfo_to_dict(settings.database_url.replace("postgresql+psycopg://", "postgresql://", 1))
        for name in ("host", "hostaddr"):
            found |= {part for part in str(told.get(name) or "").split(",") if not part.startswith("/")}
    return AllowList(frozenset(host.lower() for host in found if host))


def enforce(allow: AllowList) -> None:
    """Refuse all other connections of this process from now on; the newest list counts."""
    first = not _enforced
    _enforced[:] = [allow]
    if first:
        sys.addaudithook(_watch)
        _remember_addresses()


def guarded(factory: Callable[[], Any]) -> Callable[[], Any]:
    """A factory of event loops that ask the list, too, where their library connects without Python's sockets."""
    import uvloop  # noqa: PLC0415  # there is no build of it for Windows

    if factory is not uvloop.new_event_loop:
        return factory

    class Guarded(uvloop.Loop):
        """uvloop's, asking first."""

        async def create_connection(
            self, protocol_factory: Any, host: Any = None, port: Any = None, **more: Any
        ) -> Any:
            """As the loop does, to a listed host."""
            _check(host)
            return await super().create_connection(protocol_factory, host, port, **more)

        async def create_datagram_endpoint(
            self, protocol_factory: Any, local_addr: Any = None, remote_addr: Any = None, **more: Any
        ) -> Any:
            """As the loop does, to a listed host."""
            _check(remote_addr[0] if remote_addr else None)
            return await super().create_datagram_endpoint(protocol_factory, local_addr, remote_addr, **more)

        async def getaddrinfo(self, host: Any, port: Any, **more: Any) -> Any:
            """As the loop does, of a listed host."""
            _check(host)
            found = await super().getaddrinfo(host, port, **more)
            _remember(found)
            return found

        async def sock_connect(self, sock: Any, address: Any) -> Any:
            """As the loop does, to a listed host."""
            if sock.family != socket.AF_UNIX:
                _check(address[0])
            return await super().sock_connect(sock, address)

    return Guarded


_enforced: Final[list[AllowList]] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Python calls this before it does what the event says."""
    if event in _NAMING:
        told = arguments[0]
        _check(told[0] if isinstance(told, tuple) else told)  # pyright: ignore[reportUnknownArgumentType]
    elif event in _SENDING:
        connection, address = arguments[0], arguments[1]
        if isinstance(address, tuple) and connection.family in {socket.AF_INET, socket.AF_INET6}:
            _check(address[0])  # pyright: ignore[reportUnknownArgumentType]


def _check(host: Any) -> None:
    if host is not None and _enforced:
        _enforced[0].check(host.decode("ascii", "replace") if isinstance(host, bytes) else str(host))


def _remember_addresses() -> None:
    """Listed names are connected to by the addresses they have, so those have to be known."""
    look_up = socket.getaddrinfo

    def remembering(*arguments: Any, **named: Any) -> Any:
        found = look_up(*arguments, **named)
        _remember(found)
        return found

    socket.getaddrinfo = remembering


def _remember(found: Iterable[Any]) -> None:
    if _enforced:
        _enforced[0].met.update(str(address[0]).lower() for *_, address in found)


def _is_here(name: str) -> bool:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or address.is_unspecified or (mapped is not None and mapped.is_loopback)
