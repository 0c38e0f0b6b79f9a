"""What can go wrong with webhooks on their way, switched on and off while they are delivered."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random


@dataclass(slots=True)
class DeliveryFaults:
    """The faults of all deliveries; every field may be changed between two of them.

    Attributes:
        duplicate_rate: Share of deliveries made twice, with the same ids and body; from 0 to 1.
        disorder_rate: Share of deliveries that the next one of the same platform overtakes.
        late_rate: Share of deliveries held back.
        late_by: How long, on the retailer's clock.
        forge_next: This many deliveries are preceded by a copy with a changed body and the old signature.
        unsign_next: This many deliveries are preceded by a copy without a signature.
        offline: Tills without a connection, by place code, until when on the retailer's clock; None: until it is taken
            out. What happens there is delivered afterwards.
    """

    duplicate_rate: float = 0.0
    disorder_rate: float = 0.0
    late_rate: float = 0.0
    late_by: timedelta = timedelta(minutes=10)
    forge_next: int = 0
    unsign_next: int = 0
    offline: dict[str, datetime | None] = field(default_factory=dict[str, datetime | None])
    seed: int = 0
    _chance: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)

    def draw(self, share: float) -> bool:
        """True in this share of calls; the same calls in the same order for one seed."""
        return share > 0 and self._chance.random() < share

    def forges_now(self) -> bool:
        """Whether a forged copy goes ahead of this delivery; uses up one of `forge_next`."""
        if self.forge_next > 0:
            self.forge_next -= 1
            return True
        return False

    def unsigns_now(self) -> bool:
        """Whether an unsigned copy goes ahead of this delivery; uses up one of `unsign_next`."""
        if self.unsign_next > 0:
            self.unsign_next -= 1
            return True
        return False

    def is_offline(self, place: str, now: datetime) -> bool:
        """Whether the till of a place has no connection; one whose time is up is taken out."""
        if place not in self.offline:
            return False
        until = self.offline[place]
        if until is not None and now >= until:
            del self.offline[place]
            return False
        return True
