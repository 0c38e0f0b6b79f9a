"""A rule file that cannot be used is refused with its name and its line, and everyone can see whose it is."""

from pathlib import Path

import pytest

from policies.engine import Engine
from policies.errors import Misconfigured
from policies.rule_text import TEAMS, owner, read_rules, statements, table_owners
from policies.vocabulary.actor import Actor, Door, Role
from tests.unit.policies.cases import CASES
from tests.unit.policies.right_facts import AUTO, DISCOUNT, LIMITS, S1
from tests.unit.policies.rules_in_parts import HOME, RULES, SCHEMA

GOOD = '// Owner: Marketing.\n\n@id("test.one")\npermit (principal, action == Action::"discount", resource);\n'


@pytest.mark.parametrize(
    ("rule", "code", "line"),
    [
        ("permit (principal, action, resource", "rules.syntax", 6),
        ("permit (principal, action, resource) when { 1 > > 2 };", "rules.syntax", 6),
        ("// a word; and another\n\n\nforbid (principal, action, resource) when { };", "rules.syntax", 9),
        ('permit (principal, action == Action::"nothing", resource);', "rules.schema", 6),
        (
            '@sentence("One; two.")\nforbid (principal, action == Action::"discount", resource) when { context.x };',
            "rules.schema",
            6,
        ),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_with_its_file_and_line(rule: str, code: str, line: int):
    with pytest.raises(Misconfigured, match=rf"^rules/zz\.cedar, line {line}: ") as refusal:
        Engine({**RULES, "rules/zz.cedar": f"{GOOD}\n{rule}"}, SCHEMA, LIMITS)
    assert refusal.value.code == code


def test_a_schema_that_cannot_be_used_is_refused():
    with pytest.raises(Misconfigured) as refusal:
        Engine(RULES, SCHEMA + "\naction x appliesTo {", LIMITS)
    assert refusal.value.code == "rules.schema"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "rules.owner", 1),
        ("permit (principal, action, resource);", "rules.owner", 1),
        (f"\n{GOOD}", "rules.owner", 1),
        (GOOD.replace("Marketing", "The Intern"), "rules.owner", 1),
        (GOOD.replace('@id("test.one")\n', ""), "rules.unnamed", 3),
        (GOOD.replace("permit", "forbid"), "rules.unnamed", 3),
        (GOOD + GOOD.splitlines()[2] + "\npermit (principal, action, resource);", "rules.twice", 5),
    ],
)
def test_a_file_without_an_owner_and_a_rule_without_a_name_are_refused(tmp_path: Path, text: str, code: str, line: int):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "offers.cedar").write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured, match=rf"^rules/offers\.cedar, line {line}: ") as refusal:
        read_rules(tmp_path)
    assert refusal.value.code == code


def test_every_rule_file_and_every_table_of_limits_belongs_to_a_team_of_ours():
    assert {owner(name, text) for name, text in RULES.items()} <= set(TEAMS)
    assert set(table_owners((HOME / "limits.toml").read_text(encoding="utf-8")).values()) <= set(TEAMS)


def test_a_table_nobody_signs_has_no_owner():
    text = "# Owner: IT.\n[a]\nx = 1\n[b]\n# Owner: Marketing. Why.\n# More.\n[c]\n# Owner: Nobody\n[d]\n"
    assert table_owners(text) == {"a": "it", "b": "", "c": "marketing", "d": ""}


def test_the_jurisdictions_rules_are_among_the_products():
    assert "packs/us_ny/rules.cedar" in RULES


def test_rules_are_told_apart_where_semicolons_and_quotes_hide():
    text = '// a; "b\n@id("x;y\\"z")\npermit (principal, action, resource);\n\nforbid (principal, action, resource)'
    assert [(line, rule.strip()[-9:]) for line, rule in statements(text)] == [(2, "resource);"[-9:]), (5, "resource)")]
    assert list(statements("// nothing\n")) == []


def test_lines_are_counted_inside_words_too():
    text = (
        '@id("a")\n@sentence("One\ntwo.")\nforbid (principal, action, resource);\npermit (principal, action, resource);'
    )
    assert [line for line, _ in statements(text)] == [1, 5]


def test_an_engine_becomes_another_at_once_and_a_pinned_one_does_not():
    engine, permissive = Engine.read(LIMITS), Engine({"a.cedar": GOOD}, SCHEMA, LIMITS)
    pinned, before = engine.pinned(), engine.digest
    auditor = Actor("auditor:kim", Role.AUDITOR, None, Door.MCP)
    situation = engine.situation(auditor, "discount", S1, "NY", DISCOUNT, standing=AUTO)
    assert engine.decide(situation).outcome == "deny"
    engine.become(permissive)
    assert (engine.decide(situation).outcome, engine.digest) == ("allow", permissive.digest)
    assert (pinned.decide(situation).outcome, pinned.digest) == ("deny", before)
    assert CASES[0].answer(pinned) == CASES[0].expected
