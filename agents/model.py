"""The local model, through Ollama: one question at a time, one deadline, and silence instead of an error.

Nothing here waits in a queue and nothing raises because of the model: a caller gets text, or `None` and uses its own.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from agents.breaker import Breaker
from agents.model_bytes import count_request
from policies.errors import Misconfigured

if TYPE_CHECKING:
    from ollama import AsyncClient

logger = logging.getLogger(__name__)

LEAST = 0.030  # seconds. With less left, a call costs more than it can bring: reference measurements, loopback
_CONNECT_WITHIN = 2.0  # seconds. The library itself waits for ever; `deadline` is what normally ends a call
_LONGEST = 20_000  # characters of an answer; more is not an answer


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model, and where.

    Attributes:
        host: Such as `http://127.0.0.1:11434`.
        name: As Ollama lists it, such as `gemma4:e4b`.
        num_ctx: Tokens of context; Ollama's default depends on the machine's memory, so it is always told.
        num_predict: Tokens of answer at most.
        anywhere: The operator's word that the host may be outside the retailer's own network.
    """

    host: str
    name: str
    num_ctx: int = 4096
    num_predict: int = 160
    anywhere: bool = False


@dataclass(slots=True)
class _Line:
    """A client belongs to the event loop it was first used on; so does the one place at the door."""

    client: "AsyncClient"
    busy: bool = False


class ModelDoor:
    """The only way to a language model.

    Raises:
        Misconfigured: The host is not in a private network, and the operator did not say that it may be elsewhere.
    """

    def __init__(self, settings: ModelSettings, *, breaker: Breaker | None = None) -> None:
        if not settings.anywhere:
            require_private(settings.host)
        from ollama import AsyncClient  # noqa: PLC0415  # half a second to read, and many shops have no model

        self._client = AsyncClient
        self.name = settings.name
        self._settings = settings
        self._breaker = breaker or Breaker()
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, _Line] = WeakKeyDictionary()

    def ready(self, deadline: float) -> bool:
        """Whether a call begun now may bring anything: time is left, nobody is before us, and the model is well."""
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        return not self._breaker.open and deadline - loop.time() > LEAST and not (line and line.busy)

    async def ask(self, messages: Sequence[dict[str, str]], schema: dict[str, Any], *, deadline: float) -> str | None:
        """One answer as JSON text, complete but not yet believed; `None` when there is none in time.

        Args:
            messages: Role and content; scrubbed of personal data by whoever made them.
            schema: JSON schema of the answer. Engines are known to ignore parts of it, so parse strictly.
            deadline: A moment of the running event loop's clock, in seconds.
        """
        if not self.ready(deadline):
            return None
        line = self._line()
        line.busy = True
        try:
            async with asyncio.timeout_at(deadline):
                return self._judge(await self._chat(line.client, messages, schema))
        except Exception as error:  # noqa: BLE001  # the library lets its transport's errors through; none may matter
            self.failed(type(error).__name__)
            return None
        finally:
            line.busy = False

    def failed(self, why: str) -> None:
        """An answer that came but could not be used counts like one that did not come."""
        logger.info("the model gave no usable answer: %s", why)
        self._breaker.failed()

    def succeeded(self) -> None:
        """An answer could be used."""
        self._breaker.succeeded()

    async def warm(self, *, within: float) -> bool:
        """Have the model loaded and kept in memory; true when it answered within so many seconds."""
        deadline = asyncio.get_running_loop().time() + within
        schema = {"type": "object", "properties": {"ready": {"type": "boolean"}}, "required": ["ready"]}
        answer = await self.ask([{"role": "user", "content": 'Answer {"ready": true}.'}], schema, deadline=deadline)
        if answer is None:
            return False
        self.succeeded()
        return True

    async def close(self) -> None:
        """Let go of this event loop's connections."""
        line = self._lines.pop(asyncio.get_running_loop(), None)
        if line:
            await line.client.close()

    async def _chat(self, client: "AsyncClient", messages: Sequence[dict[str, str]], schema: dict[str, Any]) -> Any:
        # `think` is told, because thinking models think by default and only obey the schema afterwards. No redirects
        # and no proxies from the environment: a prompt goes to this host or nowhere.
        settings = self._settings
        return await client.chat(
            model=settings.name,
            messages=messages,
            think=False,
            format=schema,
            keep_alive=-1,
            options={"num_ctx": settings.num_ctx, "num_predict": settings.num_predict, "temperature": 0, "seed": 7},
        )

    def _judge(self, answer: Any) -> str | None:
        text = answer.message.content
        if answer.done_reason != "stop" or not text or len(text) > _LONGEST:
            self.failed(f"ended by {answer.done_reason}" if text else "empty")
            return None
        return str(text)

    def _line(self) -> _Line:
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        if line is None:
            host = self._settings.host
            # reading the world's certificates holds the loop up for 40 ms, and a plain http host shows none
            client = self._client(
                host=host,
                timeout=_CONNECT_WITHIN,
                follow_redirects=False,
                trust_env=False,
                verify=host.startswith("https://"),
                event_hooks={"request": [count_request]},
            )
            line = self._lines[loop] = _Line(client)
        return line


def require_private(host: str) -> None:
    """Refuse an address outside the retailer's own network.

    Names other than `localhost` are refused too: what they mean is decided elsewhere and may change.

    Raises:
        Misconfigured: The host is public, a name, or cannot be read.
    """
    try:
        name = urlsplit(host if "://" in host else f"//{host}").hostname or ""
        address = ipaddress.ip_address("127.0.0.1" if name == "localhost" else name)
    except ValueError:
        address = None
    if address is None or address.is_unspecified or not (address.is_loopback or _own_network(address)):
        raise Misconfigured(
            "The model's host must be this machine or an address of your own network.",
            code="model.public_host",
            hint="Use a loopback or private address, or declare that prompts may leave your network.",
            field="host",
        )


def _own_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_private and not (address.is_link_local or address.is_multicast or address.is_reserved)
