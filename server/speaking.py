"""What offers are drawn and worded with: the lottery, the local model, and lines it writes beforehand."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

from agents.beforehand import Beforehand
from agents.model import ModelDoor, ModelSettings
from agents.night_words import NightWords
from agents.words import Writer
from knowledge.offers.companions import CompanionTable
from knowledge.offers.drawing import Drawing, Withheld
from knowledge.offers.kept_lines import KeptLines
from knowledge.offers.lottery import Lottery
from knowledge.offers.promoted import PromotionTable
from knowledge.profile.complaints import Complaints, Hushed
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.limits import Limits
from server.background import Background
from server.secret import Secret
from server.settings import Settings
from tools.withheld import keep_hushed, keep_withheld


@dataclass(frozen=True, slots=True)
class Speaking:
    """Shared by the specialist that speaks and by the night that writes for it."""

    companions: CompanionTable
    drawing: Drawing
    writer: Writer
    beforehand: Beforehand
    night: NightWords
    complaints: Complaints
    promoted: PromotionTable


def speaking_of(  # noqa: PLR0913, PLR0917
    settings: Settings,
    database: Database,
    places: Places,
    limits: Limits,
    secret: Secret,
    background: Background,
    stack: AsyncExitStack,
    agents: Callable[[], bool],
    now: Callable[[], datetime],
) -> Speaking:
    """Over one store. The night has a door to the model of its own, so that it never closes the tills' one."""

    def withhold(one: Withheld) -> None:
        background.start(keep_withheld(database, one), "withheld offer")

    def note(one: Hushed) -> None:
        background.start(keep_hushed(database, one), "silence for a complaint")

    kept, companions = KeptLines(database, now), CompanionTable()
    lottery = Lottery(secret.derive("lottery"), settings.holdout_bp, settings.explore_bp)
    drawing = Drawing(lottery, withhold=withhold)
    beforehand = Beforehand(
        database=database,
        places=places,
        limits=limits,
        companions=companions,
        learned=drawing.learned,
        writer=_writer(settings, stack, kept),
        kept=kept,
        agents=agents,
        seconds=settings.words_s,
        now=now,
    )
    night = NightWords(_door(settings, stack), settings.words_s)
    promoted = PromotionTable(ahead_days=settings.promotion_ahead_days)
    complaints = Complaints(frozenset(settings.complaints), note)
    return Speaking(companions, drawing, _writer(settings, stack, kept), beforehand, night, complaints, promoted)


def _writer(settings: Settings, stack: AsyncExitStack, kept: KeptLines) -> Writer:
    door = _door(settings, stack)
    return Writer() if door is None else Writer(door, kept=kept)


def _door(settings: Settings, stack: AsyncExitStack) -> ModelDoor | None:
    if not (settings.model_url and settings.model):
        return None
    door = ModelDoor(ModelSettings(settings.model_url, settings.model))
    stack.push_async_callback(door.close)
    return door
