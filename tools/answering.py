"""A person's answer to what waits, taken in one transaction: yes, no, or "I do it myself", as it is or for less."""

from collections.abc import Mapping
from datetime import datetime

from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.actions.lower import Edit
from policies.engine import Engine
from policies.errors import Refused, TillhandError
from policies.vocabulary.actor import Actor
from policies.vocabulary.money import Money
from tools import approval
from tools.action_row import ActionRow
from tools.approval import Expired
from tools.fresh_prices import FreshPrices
from tools.proposal import Decision
from tools.recheck import prices_now
from tools.supersede import only_suggested, supersede, taken_before


class Answering:
    """Closes questions; what is to be carried out then is the caller's to carry out.

    Args:
        database: Where questions wait.
        engine: The rules.
        places: The locations.
        prices: Where prices that have grown old are asked for again; `None`: nowhere.
    """

    def __init__(self, database: Database, engine: Engine, places: Places, prices: FreshPrices | None) -> None:
        self._database = database
        self._engine = engine
        self._places = places
        self._prices = prices

    async def answer(  # noqa: PLR0913  # who says what to what, and when
        self, actor: Actor, approval_id: str, note: str, yes: Edit | None, *, own: bool, at: datetime
    ) -> tuple[Decision, ActionRow | None]:
        """What the answer comes to, and the action when it was claimed with it.

        Args:
            actor: Who answers.
            approval_id: To what.
            note: Why, without personal data.
            yes: `None` for a no; for a yes what is to be less, if anything.
            own: The yes makes it the person's own action, as every yes does where AI only suggests.
            at: Now.

        Raises:
            NotFound: No such approval where the actor may act.
            Refused: The actor may not, or it was answered, has expired, is about something else, or the rules deny it.
        """
        prices: Mapping[str, Money] = {}
        if yes is not None:
            prices = await self._prices_now(approval_id, at, own=own)
        async with self._database.transaction() as connection:
            before = await taken_before(connection, actor, approval_id) if yes is not None else None
            if before is not None:
                return before.decision(replayed=True), None
            question = await approval.open_question(connection, self._engine, actor, approval_id, at)
            if isinstance(question, Expired):
                decided, claimed = None, None
            elif yes is None or not (own or only_suggested(question.row)):
                row = await approval.answer(connection, question, actor, approve=yes is not None, note=note, at=at)
                decided, claimed = row.decision(), None
            else:
                answer, claimed = await supersede(
                    connection,
                    self._engine,
                    self._places,
                    actor,
                    question,
                    edit=yes,
                    note=note,
                    prices=prices,
                    at=at,
                )
                if isinstance(answer, TillhandError):
                    raise answer  # nothing of it is kept: the proposal waits as it was
                decided = answer
        if decided is None:
            raise Refused(
                "This approval has expired, which counts as no.",
                code="approval.expired",
                hint="Have the action proposed again if it is still wanted.",
                field="approval_id",
            )
        return decided, claimed

    async def _prices_now(self, approval_id: str, at: datetime, *, own: bool) -> Mapping[str, Money]:
        """What the goods cost now, for whoever carries an old proposal through; asked outside any transaction."""
        async with self._database.reading() as connection:
            row = await approval.asked_about(connection, approval_id)
        if row is None or not (own or only_suggested(row)):
            return {}
        return await prices_now(self._engine, self._places, row, at, self._prices)
