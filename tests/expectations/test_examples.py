"""Every example of every rule is judged as its table says."""

from collections import defaultdict

from expectations.rulebook import rules


def _entries(findings, rule):
    rows = findings[findings["rule"] == rule]
    return sorted((str(row.row), row.field, row.value) for row in rows.itertuples())


def test_example(example, outcomes):
    findings, accepted = outcomes.of(example)
    entries = _entries(findings, example.rule)
    shown = [entry[: len(expected)] for entry, expected in zip(entries, example.finds, strict=False)]
    assert (shown, len(entries)) == (example.finds, len(example.finds))
    others = set(findings["rule"]) - {example.rule}
    assert others == set(example.text.get("also", []))
    assert accepted == example.text.get("accepted", [])


def test_every_rule_has_an_example_that_meets_it_and_one_that_does_not(all_examples):
    kinds = defaultdict(set)
    for example in all_examples:
        kinds[example.rule].add("unmet" if example.finds else "met")
    assert set(kinds) == set(rules())
    assert {rule for rule, verdicts in kinds.items() if verdicts != {"met", "unmet"}} == set()


def test_a_sound_application_of_each_type_meets_every_rule(sound):
    for institution_type in ("enterprise", "technical_school", "social_organisation"):
        checked = sound(institution_type).check()
        assert checked.findings.empty, checked.findings
        assert list(checked.items["level"]) == ["5", "4", "3"]
