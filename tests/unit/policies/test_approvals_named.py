"""A rule is not asked twice what it answers the same; what its text does not settle is always asked."""

import cedarpy
import pytest

from policies.approvals_named import approvals_named

BOTH = frozenset({"manager", "two_managers"})


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        ("", frozenset[str]()),
        ("when { context.amount > 100 }", frozenset[str]()),
        ("when { context.amount == 100 }", frozenset[str]()),
        ('when { context.rung == "auto" && principal.model }', frozenset[str]()),
        ('when { ["auto"].contains(context.rung) }', frozenset[str]()),
        ("when { context has limit && context.limit.percent_bp > 1 }", frozenset[str]()),
        ('unless { context.approval == "manager" }', frozenset({"manager"})),
        ('unless { "manager" == context.approval }', frozenset({"manager"})),
        ('unless { context.approval != "none" }', frozenset({"none"})),
        ('unless { ["manager", "two_managers"].contains(context.approval) }', BOTH),
        ('unless { context.approval == "manager" || context.approval == "two_managers" }', BOTH),
        ('when { context.amount > 100 } unless { !(context.approval == "manager") }', frozenset({"manager"})),
        ('when { if context.approval == "none" then true else context.approval == "manager" }', {"none", "manager"}),
        ("when { context.rung == context.approval }", None),
        ("when { [context.rung].contains(context.approval) }", None),
        ('when { ["manager", context.rung].contains(context.approval) }', None),
        ("when { [].contains(context.approval) }", None),
        ("when { context.names.contains(context.approval) }", None),
        ('when { context.approval like "man*" }', None),
        ("when { context.approval == context.approval }", None),
        ('when { context == {approval: "manager"} }', None),
        ('when { {a: context.approval}.a == "manager" }', None),
        ("when { [context.approval] == [] }", None),
        ("when { principal has seen && principal.seen == context }", None),
        ('when { {a: context.rung}.a == "auto" }', frozenset[str]()),
    ],
)
def test_the_words_a_rule_compares_the_approval_with_are_all_it_tells_apart(
    condition: str, named: frozenset[str] | None
):
    text = f"forbid (principal, action, resource) {condition};"
    (rule,) = cedarpy.PolicySet.from_str(text).to_pst().static_policies.values()
    assert approvals_named(rule) == named
