"""Whatever changes and however it is paged, a feed shows every key once, at its latest version, oldest change first."""

from hypothesis import given
from hypothesis import strategies as st

from evals.retailer.lightspeed.feed import Feed

CHANGES = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 60)), max_size=150)


@given(CHANGES, st.integers(1, 5))
def test_paging_shows_every_key_once_at_its_latest_version(changes: list[tuple[int, int]], size: int) -> None:
    feed: Feed[int] = Feed()
    last: dict[int, int] = {}
    for key, version in changes:
        feed.put(key, version)
        last[key] = max(version, last.get(key, 0))
    seen: list[tuple[int, int]] = []
    after = 0
    while page := feed.after(after, size):
        seen += page
        after = page[-1][0]
    assert {key: version for version, key in seen} == last
    assert len(seen) == len(last)
    assert [version for version, _ in seen] == sorted(last.values())


def test_a_feed_stops_below_a_version() -> None:
    feed = Feed([(3, "c"), (1, "a"), (2, "b")])
    assert feed.after(0, 10, below=3) == [(1, "a"), (2, "b")]
    assert feed.after(3, 10) == []
