"""Whatever happens at two platforms, whenever we look, both end with what is on the shelf; and nothing loops."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from policies.actions.stock_sync import MOST_COUNTED
from tools.mirroring.shelf import MOST, Shelf, Side, after_unknown_end

OWN, MIRROR = "own", "mirror"
PLACES = [OWN, MIRROR]


@dataclass
class World:
    """Two counters of one shelf, and what is kept of them."""

    buffer: int
    compares: bool
    counts: dict[str, int]
    units: int | None = None
    counted: dict[str, int] = field(default_factory=dict[str, int])
    writes: int = 0

    def look(self, between: tuple[str, int] | None = None) -> bool:
        """One look, and what follows from it; `between` happens after the look and before the first write."""
        read = {place: Side(place, self.counted.get(place), self.counts[place]) for place in PLACES}
        shelf = Shelf(self.units, read[OWN], read[MIRROR], {}, self.buffer).settled()
        self.units, self.counted = shelf.units, {place: read[place].reading for place in PLACES}
        if between:
            self.counts[between[0]] += between[1]
        for side, ought in shelf.writes():
            if self.compares and self.counts[side.place] != side.reading:
                return True  # refused as stale: look again
            self.counts[side.place] += ought - side.reading
            self.counted[side.place] = ought
            self.writes += 1
        return bool(between)

    def settle(self) -> None:
        for _ in range(4):
            before = dict(self.counts)
            self.look()
            if self.counts == before:
                return
        raise AssertionError("it does not come to rest")


HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(PLACES), st.integers(-4, 4).filter(bool), st.sampled_from(["unseen", "seen", "between"])),
    max_size=14,
)


@given(st.integers(0, 12), st.integers(0, 3), HAPPENINGS, st.booleans())
def test_both_end_with_what_is_left_however_looks_and_sales_fall_together(
    begins: int, buffer: int, happenings: list[tuple[str, int, str]], compares: bool
):
    world = World(buffer, compares, {OWN: begins, MIRROR: 0})
    world.settle()
    left = begins
    for place, units, when in happenings:
        if when == "between":
            world.look((place, units))
        else:
            world.counts[place] += units
        left += units
        if when == "seen":
            world.look()
    world.settle()
    assert world.units == left
    assert world.counts[OWN] == (left if left > 0 else min(0, world.counts[OWN]))
    assert world.counts[MIRROR] == (left - buffer if left > buffer else min(0, world.counts[MIRROR]))
    assert world.writes <= 2 + 4 * len(happenings)  # each thing that happens is told once, and put right at most once
    writes = world.writes
    world.settle()
    assert world.writes == writes


@given(st.integers(-9, 9), st.integers(-9, 9).filter(bool), st.integers(-20, 20))
def test_when_nobody_knows_whether_we_wrote_fewer_units_are_left_rather_than_more(
    counted: int, delta: int, reading: int
):
    taken, sure = after_unknown_end(counted, delta, reading)
    happened = reading - taken
    assert happened <= reading - counted or sure
    assert happened <= reading - (counted + delta) or sure
    assert sure == (reading in {counted, counted + delta})


def test_a_buffer_and_a_promise_are_kept_from_the_other_side_only():
    shelf = Shelf(5, Side(OWN, 5, 5), Side(MIRROR, 5, 5), {OWN: 2}, buffer=1)
    assert (shelf.ought(shelf.own), shelf.ought(shelf.mirror)) == (5, 2)
    assert shelf.writes() == [(shelf.mirror, 2)]


def test_what_shows_too_much_is_lowered_before_what_shows_too_little_is_raised():
    shelf = Shelf(5, Side(OWN, 3, 3), Side(MIRROR, 9, 9), {}, buffer=0)
    assert [side.place for side, _ in shelf.writes()] == [MIRROR, OWN]


def test_one_write_moves_no_more_than_an_adjustment_may():
    shelf = Shelf(MOST + 7, Side(OWN, MOST + 7, MOST + 7), Side(MIRROR, 0, 0), {}, buffer=0)
    assert shelf.writes() == [(shelf.mirror, MOST)]


def test_a_count_below_zero_is_left_to_the_platform_that_told_it():
    shelf = Shelf(-2, Side(OWN, -2, -2), Side(MIRROR, 0, 0), {}, buffer=0)
    assert shelf.writes() == []


def test_no_write_names_a_count_that_an_action_may_not_carry():
    most = MOST_COUNTED
    assert Shelf(most + 5, Side(OWN, most, most), Side(MIRROR, most - 1, most - 1), {}, buffer=0).writes() == [
        (Side(MIRROR, most - 1, most - 1), most)
    ]
