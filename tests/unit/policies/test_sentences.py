"""What the policies say when they refuse, to the letter: a person reads it, and a program reads the code."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from policies.actions.any_action import AnyAction
from policies.actions.lower import Edit, lowered
from policies.engine import Engine
from policies.errors import NotFound, TillhandError, Unavailable
from policies.ladder import ClimbNeeds, Rung, TrackRecord, climb
from policies.limits import Limits
from policies.packs.pack import RULES as PACK_RULES
from policies.packs.pack import read_packs
from policies.rollout import Rollout
from policies.rule_text import read_rules
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from policies.vocabulary.period import Period
from policies.vocabulary.quantity import Quantity
from tests.unit.policies.right_facts import LIMITS
from tests.unit.policies.rules_in_parts import HOME, RULES, SCHEMA
from tests.unit.policies.test_lower import COUNT, END, MOVE, OFFER

LIMITS_TEXT = (HOME / "limits.toml").read_text(encoding="utf-8")
ROLLOUT_TEXT = (HOME / "rollout.toml").read_text(encoding="utf-8")
AT = datetime(2026, 11, 20, tzinfo=UTC)
OWNED = '// Owner: IT.\n@id("a")\npermit (principal, action, resource);\n'


def told(call: Any, *arguments: Any) -> tuple[str, str, str, str]:
    """Code, sentence, hint and field of what a call refuses."""
    with pytest.raises(TillhandError) as refusal:
        call(*arguments)
    error = refusal.value
    return error.code, error.message, error.hint, error.field


NEW_YORK = LIMITS_TEXT.splitlines().index("[region.NY.packs]") + 1
END_OF_LIMITS = len(LIMITS_TEXT.splitlines())


@pytest.mark.parametrize(
    ("more", "code", "line", "sentence", "hint"),
    [
        (
            "[region.NJ.discount]\npercent_bp = 10001\n",
            "limits.number",
            2,
            "region.NJ.discount.percent_bp must be a whole number from 0 to 10000.",
            "",
        ),
        (
            "[region.NJ.packs]\nus_ny = 2\n",
            "limits.number",
            2,
            "region.NJ.packs.us_ny must be a whole number from 0 to 1.",
            "",
        ),
        (
            "[region.NJ.approval]\nexpires_s = 1000000000000001\n",
            "limits.number",
            2,
            "region.NJ.approval.expires_s must be a whole number from 0 to 1000000000000000.",
            "",
        ),
        (
            "[region.NJ.discuont]\npercent_bp = 1\n",
            "limits.unknown",
            1,
            "region.NJ.discuont is a name nothing reads.",
            "",
        ),
        (
            "[location.S1.discount]\nvalid_s = 60\npercent_bp = 3001\n",
            "limits.loosens",
            3,
            "location.S1.discount.percent_bp is looser than the chain's 3000.",
            "If that is meant, write loosens = true under [location.S1].",
        ),
    ],
)
def test_limits(more: str, code: str, line: int, sentence: str, hint: str):
    expected = f"limits.toml, line {END_OF_LIMITS + line}: {sentence}"
    assert told(Limits, LIMITS_TEXT + more) == (code, expected, hint, "")


def test_limits_that_are_not_there_or_not_whole(tmp_path: Path):
    missing = tmp_path / "limits.toml"
    assert told(Limits.read, missing) == ("limits.file", f"{missing} cannot be read.", "", "")
    without = LIMITS_TEXT.replace("units_confirm", "# units_confirm")
    line = LIMITS_TEXT.splitlines().index("[chain.stock_adjustment]") + 1
    sentence = f"limits.toml, line {line}: chain.stock_adjustment.units_confirm is missing."
    assert told(Limits, without) == ("limits.missing", sentence, "", "")
    code, sentence, *_ = told(Limits, "x = = 1")
    assert (code, sentence) == ("limits.syntax", "limits.toml, line 1: Invalid value (at line 1, column 5).")
    missing.write_text("x = 1\n\n[chain", encoding="utf-8")
    code, sentence, *_ = told(Limits.read, missing)
    assert sentence == "limits.toml, line 3: Expected ']' at the end of a table declaration (at end of document)."


@pytest.mark.parametrize(
    ("text", "code", "sentence", "hint"),
    [
        (
            "",
            "rules.owner",
            "rules/a.cedar, line 1: it names no owner of ours.",
            "Begin the file with `// Owner: Marketing.` or another of store operations, it, marketing.",
        ),
        (
            OWNED.replace('@id("a")\n', ""),
            "rules.unnamed",
            "rules/a.cedar, line 2: a rule has an @id, and one that forbids an @sentence too.",
            "",
        ),
        (OWNED + OWNED, "rules.twice", "rules/a.cedar, line 5: a is a rule in rules/a.cedar already.", ""),
    ],
)
def test_rule_files(tmp_path: Path, text: str, code: str, sentence: str, hint: str):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.cedar").write_text(text, encoding="utf-8")
    assert told(read_rules, tmp_path) == (code, sentence, hint, "")


@pytest.mark.parametrize(
    ("rule", "code", "sentence"),
    [
        ("permit (1);", "rules.syntax", "does not parse: unexpected token `1`."),
        (
            'permit (principal, action == Action::"discount", resource) when { context.x };',
            "rules.schema",
            'does not fit the schema: attribute `x` in context for Action::"discount" not found.',
        ),
    ],
)
def test_rules(rule: str, code: str, sentence: str):
    rules = {**RULES, "zz.cedar": f"{OWNED}\n{rule}"}
    assert told(Engine, rules, SCHEMA, LIMITS) == (
        code,
        f"zz.cedar, line 5: the rule that begins here {sentence}",
        "",
        "",
    )


def test_a_schema():
    code, sentence, *_ = told(Engine, RULES, f"{SCHEMA}\naction", LIMITS)
    assert (code, sentence[:47]) == ("rules.schema", "The schema cannot be used: Schema parse error: ")


def test_packs(tmp_path: Path):
    (tmp_path / "xx").mkdir()
    about = tmp_path / "xx" / "pack.toml"
    about.write_text("x", encoding="utf-8")
    code, sentence, *_ = told(read_packs, tmp_path)
    assert (code, sentence[:35]) == ("packs.syntax", "packs/xx/pack.toml cannot be read: ")
    whole = 'jurisdiction = "X"\nlaw = "Y"\nprice_disclosure = ""\n'
    shape = (
        f"packs/xx has a {PACK_RULES}, and a pack.toml that says jurisdiction, law, price_disclosure and nothing else."
    )
    about.write_text(whole, encoding="utf-8")
    assert told(read_packs, tmp_path) == ("packs.shape", shape, "", "")
    (tmp_path / "xx" / PACK_RULES).write_text("", encoding="utf-8")
    for wrong in (whole + "more = 1\n", whole.replace('"Y"', "1"), whole.replace("law", "lawn")):
        about.write_text(wrong, encoding="utf-8")
        assert told(read_packs, tmp_path)[0] == "packs.shape"
    about.write_text(whole, encoding="utf-8")
    assert (read_packs(tmp_path)["xx"].name, read_packs(tmp_path)["xx"].law) == ("xx", "Y")


@pytest.mark.parametrize(
    ("before", "after", "code", "line_of", "sentence"),
    [
        ("days = 14", "day = 14", "rollout.unknown", "days = 14", "has a name nothing reads: chain.climb.day"),
        (
            "days = 14",
            "days = -1",
            "rollout.number",
            "days = 14",
            "needs a whole number, zero or more: chain.climb.days",
        ),
        (
            'transfer = "auto"',
            'transfer = "all"',
            "rollout.rung",
            'transfer = "auto"',
            "says chain.start.transfer is none of observe, suggest, approve, auto",
        ),
        ("failed_s = 600", "", "rollout.missing", "[chain.breach]", "misses chain.breach.failed_s"),
        (
            "[chain.breach]",
            "[chain.breech]",
            "rollout.unknown",
            "[chain.breach]",
            "has a name nothing reads: chain.breech",
        ),
    ],
)
def test_a_rollout(before: str, after: str, code: str, line_of: str, sentence: str):
    line = ROLLOUT_TEXT[: ROLLOUT_TEXT.index(line_of)].count("\n") + 1
    expected = f"rollout.toml, line {line}, {sentence}."
    found, said, *_ = told(Rollout, ROLLOUT_TEXT.replace(before, after, 1))
    assert (found, said.split(" (")[0]) == (code, expected)


def test_a_rollout_of_the_wrong_shape():
    line = ROLLOUT_TEXT.count("\n") + 1
    shapes = {"shop": "[shop]\n", "region.NY": "[region]\nNY = 1\n", "region.NY.start": "[region.NY]\nstart = 1\n"}
    for name, more in shapes.items():
        at = line if name == "shop" else line + 1
        sentence = f"rollout.toml, line {at}, has a name nothing reads: {name}."
        assert told(Rollout, ROLLOUT_TEXT + more) == ("rollout.unknown", sentence, "", "")
    code, sentence, *_ = told(Rollout, "x = = 1")
    assert (code, sentence) == ("rollout.syntax", "rollout.toml cannot be read: Invalid value (at line 1, column 5).")


NOT_LESS = (
    "edit.not_less",
    "An edit asks for less than was proposed, and for something.",
    "To have more, reject this and propose it yourself.",
)
NO_LESS = (
    "edit.kind",
    "There is no less of this to be had.",
    "Give a lower percent for a discount or a forecast, or fewer units for stock.",
    "",
)


@pytest.mark.parametrize(
    ("action", "edit", "said"),
    [
        (OFFER, Edit(percent=Percent(2_000)), (*NOT_LESS, "percent")),
        (MOVE, Edit(units=7), (*NOT_LESS, "units")),
        (COUNT, Edit(units=5), (*NOT_LESS, "units")),
        (END, Edit(units=1), NO_LESS),
    ],
)
def test_an_edit(action: AnyAction, edit: Edit, said: tuple[str, str, str, str]):
    assert told(lowered, action, edit) == said


def test_the_ladder():
    record = TrackRecord(Rung.AUTO, None, 0, 0, 0, 0, 0, 0, (), AT)
    needs = ClimbNeeds(decisions=1, days=1, agreed_bp=9_550, undone_bp=100, review_days=7)
    assert told(climb, record, needs, AT) == ("ladder.top", "AI decides within the caps here already.", "", "")
    below = TrackRecord(Rung.OBSERVE, None, 0, 0, 0, 0, 0, 0, (), None)
    code, sentence, hint, _ = told(climb, below, needs, AT)
    assert (code, sentence) == ("ladder.evidence", "Not enough evidence for suggest yet.")
    assert hint == (
        "0 decisions at this rung; 1 are needed. They cover 0 days; 1 are needed."
        " 0 of 0 judgments agreed unchanged; 95.5 % are needed."
        " The newest weekly review is not signed by the owning team."
    )


@pytest.mark.parametrize(
    ("call", "arguments", "code", "sentence"),
    [
        (Money, (1, "usd"), "money.currency", "A currency is three capital letters, such as USD."),
        (Money.parse, ("x", "USD"), "money.amount", "An amount of money is a decimal number, such as 29.99."),
        (Money.parse, ("1.001", "USD"), "money.amount", "An amount in USD has at most 2 decimals."),
        (Money.parse, ("1.5", "JPY"), "money.amount", "An amount in JPY has at most 0 decimals."),
        (
            Money.__add__,
            (Money(1, "USD"), Money(1, "EUR")),
            "money.mixed_currencies",
            "USD and EUR cannot be added or compared.",
        ),
        (Percent, (10_001,), "percent.range", "A percentage lies between 0 and 100."),
        (Quantity, (-1,), "quantity.negative", "A quantity is zero or more."),
        (Period, (AT.replace(tzinfo=None), AT), "period.naive", "A period needs a time zone."),
        (Period, (AT, AT), "period.order", "A period ends after it starts."),
    ],
)
def test_the_vocabulary(call: Any, arguments: tuple[Any, ...], code: str, sentence: str):
    assert told(call, *arguments) == (code, sentence, "", "")


def test_an_error_says_everything_it_was_given():
    error = Unavailable("Later.", code="x.y", hint="Wait.", field="z", retry_after_ms=5)
    assert (error.message, error.code, error.hint, error.field, error.retry_after_ms) == (
        "Later.",
        "x.y",
        "Wait.",
        "z",
        5,
    )
    bare = NotFound("Gone.", code="x.z")
    assert (bare.hint, bare.field, bare.retry_after_ms, bare.retryable, error.retryable) == ("", "", 0, False, True)
