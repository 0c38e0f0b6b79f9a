"""Where AI begins: the most particular word counts, what people set later beats it, and a misspelt one is refused."""

from pathlib import Path

import pytest

from policies.errors import Misconfigured
from policies.ladder import Rung
from policies.rollout import DEFAULT_FILE, Rollout
from policies.toml_lines import line_of

TEXT = DEFAULT_FILE.read_text(encoding="utf-8")
PARTICULAR = f"""{TEXT}
[region.NY.start]
discount = "suggest"

[location.S1.start]
discount = "approve"

[location.S1.climb]
days = 3
"""


def refused(text: str) -> tuple[str, str]:
    with pytest.raises(Misconfigured) as refusal:
        Rollout(text, "mine.toml")
    return refusal.value.code, refusal.value.message


def test_the_most_particular_word_counts():
    plan = Rollout(PARTICULAR)
    asked = [("discount", "NY", "S1"), ("discount", "NY", "S2"), ("discount", "NJ", "S3"), ("transfer", "NY", "S1")]
    assert [plan.rung(*each, {}) for each in asked] == [Rung.APPROVE, Rung.SUGGEST, Rung.AUTO, Rung.AUTO]
    assert (plan.climb("NY", "S1").days, plan.climb("NY", "S2").days) == (3, 14)


def test_what_was_set_later_beats_the_file_for_the_same_place_and_nothing_more_particular():
    plan = Rollout(PARTICULAR)
    chain, own = {("discount", ""): Rung.OBSERVE}, {("discount", "S1"): Rung.AUTO}
    assert [plan.rung("discount", "NY", name, chain) for name in ("S1", "S2")] == [Rung.APPROVE, Rung.SUGGEST]
    assert plan.rung("discount", "NJ", "S3", chain) is Rung.OBSERVE
    assert plan.rung("discount", "", "", chain) is Rung.OBSERVE
    assert plan.rung("discount", "NY", "S1", {**chain, **own}) is Rung.AUTO


@pytest.mark.parametrize(
    ("before", "after", "code", "says"),
    [
        ('discount = "auto"', 'discuont = "auto"', "rollout.unknown", "chain.start.discuont"),
        ('transfer = "auto"', 'transfer = "automatic"', "rollout.rung", "chain.start.transfer"),
        ("days = 14", "day = 14", "rollout.unknown", "chain.climb.day"),
        ("days = 14", "days = -1", "rollout.number", "chain.climb.days"),
        ("days = 14", "days = 1.5", "rollout.number", "chain.climb.days"),
        ("hours = 24", "hours = true", "rollout.number", "chain.breach.hours"),
        ("[chain.breach]", "[chain.breech]", "rollout.unknown", "chain.breech"),
        ("failed_s = 600", "", "rollout.missing", "chain.breach.failed_s"),
        ("[chain.start] ", "[chian.start] ", "rollout.unknown", "chian"),
        ("days = 14", "days = = 14", "rollout.syntax", "line"),
    ],
)
def test_what_nobody_would_read_is_refused_with_file_and_line(before: str, after: str, code: str, says: str):
    assert before in TEXT
    found, message = refused(TEXT.replace(before, after, 1))
    line = TEXT[: TEXT.index(before)].count("\n") + 1
    assert (found, "mine.toml" in message, says in message) == (code, True, True)
    if code not in {"rollout.missing", "rollout.syntax"}:
        assert f"line {line}," in message


def test_names_under_a_region_or_location_are_checked_too():
    code, message = refused(TEXT + '[location.S1.start]\ncoupon = "auto"\n')
    assert (code, "location.S1.start.coupon" in message) == ("rollout.unknown", True)
    assert f"line {TEXT.count(chr(10)) + 2}," in message
    assert refused(TEXT + "[region]\nNY = 3\n")[0] == "rollout.unknown"


def test_a_plan_is_read_from_a_file_and_named_in_its_errors(tmp_path: Path):
    file = tmp_path / "careful.toml"
    file.write_text(TEXT.replace('"auto"', '"observe"'), encoding="utf-8")
    assert Rollout.read(file).rung("discount", "NY", "S1", {}) is Rung.OBSERVE
    file.write_text(TEXT.replace('"auto"', '"all"', 1), encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"careful\.toml, line"):
        Rollout.read(file)


def test_a_line_is_found_by_table_key_or_the_nearest_above():
    text = '[a.b]\nc = 1\n\n[a."d e"]\nf.g = 2\n'
    paths = [("a", "b"), ("a", "b", "c"), ("a", "d e"), ("a", "d e", "f", "g"), ("a", "b", "z"), ("z",)]
    assert [line_of(text, path) for path in paths] == [1, 2, 4, 5, 1, 1]


def test_a_line_is_found_before_any_table_and_in_the_first_of_equals():
    assert [line_of("x = 1\n[chain]\ny = 2\n", path) for path in [("x",), ("chain", "y"), ("chain", "z")]] == [1, 3, 2]
    assert line_of("[[a]]\nx = 1\n[[a]]\n", ("a", "z")) == 1
    assert line_of('[location."X9X"]\na = 1\n', ("location", "X9X", "a")) == 2
    assert line_of("[location.9X]\na = 1\n", ("location", "9", "a")) == 1


def test_a_file_names_a_kind_for_a_place_or_its_region_and_for_no_other():
    plan = Rollout(PARTICULAR)
    asked = [
        ("discount", "NY", "S1"),
        ("discount", "NY", "S2"),
        ("discount", "NJ", "S1"),
        ("discount", "NJ", "S2"),
        ("transfer", "NY", "S1"),
        ("discount", "", ""),
    ]
    assert [plan.names(*each) for each in asked] == [True, True, True, False, False, False]
    assert not Rollout(TEXT).names("discount", "NY", "S1")


def test_what_a_rung_takes_and_what_costs_one_is_a_regions_and_a_locations_too():
    text = TEXT + "[region.NY.climb]\ndays = 5\n[region.NY.breach]\nhours = 7\n[location.S1.breach]\nhours = 3\n"
    plan = Rollout(text)
    places = [("NY", "S1"), ("NY", "S2"), ("NJ", "S2")]
    assert [plan.climb(*each).days for each in places] == [5, 5, 14]
    assert [plan.breach(*each).hours for each in places] == [3, 7, 24]


def test_any_other_text_is_another_plan():
    assert Rollout(TEXT).digest == Rollout(TEXT).digest
    assert len({Rollout(TEXT).digest, Rollout(TEXT + "# a word\n").digest, None}) == 3


@pytest.mark.parametrize("missing", ['transfer = "auto"', "days = 14"])
def test_a_plan_that_leaves_something_open_is_refused(missing: str):
    assert refused(TEXT.replace(missing, "", 1))[0] == "rollout.missing"
    assert refused("")[0] == "rollout.missing"


def test_a_table_that_is_missing_whole_is_named():
    code, message = refused(TEXT[: TEXT.index("[chain.breach]")])
    assert (code, "misses chain.breach." in message) == ("rollout.missing", True)


def test_a_level_that_is_no_table_is_named():
    code, message = refused("region = 5\n" + TEXT)
    assert (code, "region" in message, "mine.toml, line 1," in message) == ("rollout.unknown", True, True)
