"""search_cohorts: groups by page, for whoever may, at the places they may see."""

from datetime import UTC, datetime

import pytest

from knowledge.anonymity.figures import Figures
from knowledge.anonymity.finder import CohortFinder, Shown
from knowledge.anonymity.habits import Traits
from policies.errors import NotFound
from policies.vocabulary.actor import Role
from tests.small_chain import FIRST, PLACES, actor, call
from tools.read.cohort import Cohorts, SearchCohorts, cohort_tool

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 23, 3, 27, tzinfo=UTC)


class Twelve(CohortFinder):
    """A dozen groups; remembers which places were asked about."""

    asked: list[object] = []  # noqa: RUF012  # one test's

    async def find(self, words: str, places: object) -> tuple[list[Shown], datetime]:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.asked.append(places)
        traits = Traits("STORE_1", "jeans", "60-90", "", "never", "", "once")
        return [
            Shown(f"{n:012x}", traits, Figures(70, 2, 1, 10, 0, "20-49"), f"group {n} {words}") for n in range(12)
        ], AT


@pytest.fixture
def finder() -> Twelve:
    Twelve.asked.clear()
    return Twelve(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def search(finder: Twelve, **asked: object) -> Cohorts:
    return await cohort_tool(finder, PLACES).run(call(actor(Role.PLANNER, FIRST)), SearchCohorts.model_validate(asked))  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


async def test_groups_come_in_pages_and_say_when_they_were_released(finder: Twelve):
    first = await search(finder, text="jeans")
    rest = await search(finder, text="jeans", cursor=first.next_cursor)

    assert ([len(first.cohorts), len(rest.cohorts)], first.truncated, rest.truncated) == ([10, 2], True, False)
    assert (first.as_of, first.cohorts[0].customers, first.cohorts[0].basket) == (AT, "20-49", 70)
    assert {one.cohort_id for one in (*first.cohorts, *rest.cohorts)} == {f"{number:012x}" for number in range(12)}


async def test_only_the_callers_places_are_looked_at(finder: Twelve):
    await search(finder)
    await search(finder, location_id="STORE_1")
    assert finder.asked == [[FIRST], (FIRST,)]
    with pytest.raises(NotFound):
        await search(finder, location_id="STORE_9")
