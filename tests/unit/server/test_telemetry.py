"""What is counted and timed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.telemetry import Metrics, Timing


def test_what_is_counted_is_shown_to_prometheus_by_label():
    metrics = Metrics()
    metrics.count("deliveries", source="shopify", outcome="stored")
    metrics.count("deliveries", 2, source="shopify", outcome="stored")

    assert 'tillhand_deliveries_total{outcome="stored",source="shopify"} 3\n' in metrics.text()
    assert metrics.counted("deliveries", source="shopify") == 3
    assert metrics.counted("deliveries", source="lightspeed") == 0


def test_a_name_that_is_not_in_the_list_is_a_mistake():
    with pytest.raises(KeyError):
        Metrics().count("delivries")


def test_a_histogram_counts_every_time_once_up_to_infinity():
    metrics = Metrics()
    for seconds in (0.0005, 0.02, 500.0):
        metrics.observe("checkout_seconds", seconds)

    text = metrics.text()

    assert 'tillhand_checkout_seconds_bucket{le="0.001"} 1\n' in text
    assert 'tillhand_checkout_seconds_bucket{le="0.02"} 2\n' in text
    assert 'tillhand_checkout_seconds_bucket{le="+Inf"} 3\n' in text
    assert "tillhand_checkout_seconds_count 3\n" in text


def test_a_label_cannot_break_out_of_its_line():
    metrics = Metrics()
    metrics.count("refusals", code='a"} 1\nevil 2')

    assert "\nevil" not in metrics.text()


@given(st.lists(st.floats(0.0001, 90), min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_quantile_lies_within_a_bucket_of_the_true_one(times: list[float], share: float):
    timing = Timing()
    for seconds in times:
        timing.add(seconds)
    place = max(0, -int(-share * len(times) // 1) - 1)
    true = sorted(times)[place]

    assert timing.quantile(share) <= max(times)
    assert true * 0.4 <= timing.quantile(share) + 0.001
    assert timing.quantile(share) <= true * 1.6 + 0.001


def test_nothing_observed_means_no_quantile():
    assert Timing().quantile(0.99) == 0.0
