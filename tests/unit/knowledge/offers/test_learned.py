"""What is learned starts at the priors, moves with what was seen, and no further than that allows."""

from hypothesis import given
from hypothesis import strategies as st

from knowledge.offers.learned import PRIORS, PULLS, SAID_NOTHING, Cell, Learned
from knowledge.offers.uplift import BANDS, DEFAULT, PERCENTS, all_terms, band_of, best_of
from policies.limits import Limits

LIMITS = Limits.read().place("", "").discount
KIND = "regular.on_discount"


def seen(unaided: float, height: float, pull: float, expected: float) -> Learned:
    """As if so many purchases had been predicted in every cell, and the rates came true."""
    cells = {(KIND, SAID_NOTHING, 2): Cell(round(expected * 5), expected, round(expected * unaided))}
    for percent in PERCENTS:
        rate = height * (1 + pull * percent / 10_000)
        cells[KIND, percent, 2] = Cell(round(expected * 5), expected, round(expected * rate))
    return Learned(cells)


def test_without_data_the_answers_are_the_priors_digit_for_digit():
    assert PRIORS.response(KIND) == DEFAULT.response()
    assert PRIORS.response("anything").told == {0: 1.0, 500: 1.15, 1000: 1.3, 1500: 1.45, 2000: 1.6}


def test_the_slopes_that_are_thought_possible_have_the_priors_mean():
    mean = sum(pull * weight for pull, weight in PULLS.items()) / sum(PULLS.values())
    assert abs(mean - DEFAULT.pull) < 0.01


def test_much_data_is_believed():
    learned = seen(0.2, 0.4, 8.0, 4_000).response(KIND)
    assert abs(learned.unaided - 0.2) < 0.02
    for percent in PERCENTS:
        assert abs(learned.told[percent] - 0.4 * (1 + 8 * percent / 10_000)) < 0.05


def test_a_little_data_moves_a_little_and_another_kind_less():
    learned, prior = seen(0.0, 0.2, 1.0, 3), DEFAULT.response()
    own, other = learned.response(KIND), learned.response("new")
    assert own.unaided < other.unaided < prior.unaided
    assert all(0.2 < own.told[percent] < other.told[percent] < prior.told[percent] for percent in PERCENTS)


def test_who_waits_for_discounts_is_offered_more_than_who_buys_anyway():
    waits, anyway = seen(0.2, 0.3, 12.0, 2_000), seen(0.9, 0.95, 0.5, 2_000)
    terms = [best_of(all_terms(8_000, 3_000, 0.3, LIMITS, each.response(KIND))) for each in (waits, anyway)]
    assert terms[0] is not None
    assert terms[0].percent_bp >= 1_500
    assert terms[1] is None


def test_hope_is_never_less_than_belief_and_fades_with_what_was_seen():
    few, many = seen(0.5, 0.9, 1.0, 5), seen(0.5, 0.9, 1.0, 5_000)
    gaps: list[float] = []
    for learned in (few, many):
        usual, hopeful = learned.response(KIND), learned.hopeful(KIND)
        assert hopeful.unaided <= usual.unaided
        assert all(hopeful.told[percent] >= usual.told[percent] for percent in PERCENTS)
        gaps.append(hopeful.told[500] - usual.told[500])
    assert gaps[0] > 5 * gaps[1]


def test_predictions_that_were_too_high_are_corrected_in_their_band_alone():
    cells = {
        (KIND, percent, band): Cell(5_000, 1_000.0, 500 if band == len(BANDS) - 1 else 1_000)
        for percent in (SAID_NOTHING, *PERCENTS)
        for band in range(len(BANDS))
    }
    response = Learned(cells).response(KIND)
    low, high = response.corrected(0.04) / 0.04, response.corrected(0.5) / 0.5
    assert abs(high / low - 0.5) < 0.05


@given(st.floats(0.0, 1.0))
def test_every_chance_has_a_band(chance: float):
    band = band_of(chance)
    assert chance <= BANDS[band]
    assert band == 0 or chance > BANDS[band - 1]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from([KIND, "new"]), st.sampled_from([0, *PERCENTS]), st.integers(0, 4)),
        st.builds(Cell, st.integers(0, 1_000), st.floats(0, 1_000), st.integers(0, 1_000)),
    )
)
def test_no_log_however_odd_makes_an_answer_that_is_no_rate(cells: dict[tuple[str, int, int], Cell]):
    response = Learned(cells).response(KIND)
    assert response.unaided >= 0
    assert all(rate > 0 for rate in (*response.told.values(), *response.bands))
