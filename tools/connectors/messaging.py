"""Messages leave the house here: the address is found, and the channel's provider is asked, once.

A message cannot be called back, so one that may have been sent is never sent again. A provider that remembers keys is
asked again under the same key; one that does not is searched for the message. What neither settles is left to a person.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from pydantic import SecretStr

from policies.actions.message import Channel, Message
from policies.errors import TillhandError, Unavailable
from tools.connectors.clock import Clock, SystemClock
from tools.connectors.http import AnswerLost, Patience
from tools.connectors.receipts import Done, receipt
from tools.platform import Addresses, Receipt, Unsure, WriteContext, not_set_up

PATIENCE: Final = Patience(answer_s=4.0, attempts=2, give_up_s=5.0)
"""For one call to a provider: all of them together stay within what the executor gives a write."""

_LOOKS: Final = (0.0, 1.0, 2.0)  # seconds to wait before each look for a message whose answer was lost


class Sender(Protocol):
    """One provider, for one channel."""

    @property
    def name(self) -> str:
        """What receipts call it."""
        ...

    @property
    def call(self) -> str:
        """Method and operation of sending."""
        ...

    async def send(self, message: Message, address: SecretStr, context: WriteContext) -> Done:
        """Send it.

        Raises:
            AnswerLost: It may have been sent.
            Unavailable: It was not.
            Refused: The provider does not take it.
        """
        ...

    async def settle(self, message: Message, address: SecretStr, context: WriteContext) -> Done | None:
        """What became of one that may have been sent, without its being sent twice; `None` when that cannot be told."""
        ...

    async def close(self) -> None:
        """Let go of its connections."""
        ...


class Messaging:
    """Sends over the channels that are set up.

    Args:
        senders: By channel.
        addresses: Where customers are reached.
        now: The present, aware.
        clock: Waits between two looks.
    """

    def __init__(
        self,
        senders: Mapping[Channel, Sender],
        addresses: Addresses,
        now: Callable[[], datetime],
        clock: Clock | None = None,
    ) -> None:
        self._senders = senders
        self._addresses = addresses
        self._now = now
        self._clock = clock or SystemClock()

    @property
    def channels(self) -> frozenset[Channel]:  # noqa: D102 - the protocol says it
        return frozenset(self._senders)

    async def send(self, message: Message, context: WriteContext) -> Receipt:  # noqa: D102 - the protocol says it
        sender = self._senders.get(message.channel)
        if sender is None:
            raise not_set_up(message.channel)
        if context.unsure:
            try:
                address = await self._addresses.of(message.customer, message.channel)
            except TillhandError as error:
                raise _nobody_can_tell() from error
            return self._receipt(sender, await self._settle(sender, message, address, context), context)
        address = await self._addresses.of(message.customer, message.channel)
        if context.dry_run:
            return self._receipt(sender, Done(sender.call, "", ""), context)
        try:
            done = await sender.send(message, address, context)
        except AnswerLost:
            done = await self._settle(sender, message, address, context)
        return self._receipt(sender, done, context)

    async def close(self) -> None:  # noqa: D102 - the protocol says it
        for sender in self._senders.values():
            await sender.close()

    async def _settle(self, sender: Sender, message: Message, address: SecretStr, context: WriteContext) -> Done:
        why: TillhandError | None = None
        for pause in _LOOKS:
            await self._clock.sleep(pause)
            try:
                found = await sender.settle(message, address, context)
            except Unavailable as error:
                why = error
            except TillhandError as error:  # refused now, which says nothing of the first time
                raise _nobody_can_tell() from error
            else:
                if found is not None:
                    return found
        raise _nobody_can_tell() from why

    def _receipt(self, sender: Sender, done: Done, context: WriteContext) -> Receipt:
        return receipt(sender.name, done, undo="", at=self._now(), context=context)


def _nobody_can_tell() -> Unsure:
    return Unsure(
        "The message may have been sent and may not, and the provider does not tell: it is not sent again.",
        code="message.unsure",
        hint="Look for it at the provider.",
    )
