"""The rule book is whole, and its page in the docs is what the rule book and the examples make."""

import csv
import tomllib
from pathlib import Path

from expectations.checkpoints import SEVERITY, suite
from expectations.judging import HELD_BY
from expectations.rulebook import RULED_TABLES, rules, tables_of
from expectations.rules_page import page
from schemas.finding import NATURES_ZH
from schemas.policy import shipped
from schemas.submission import TABLES

ROOT = Path(__file__).resolve().parents[2]
CODES = ROOT / "tests" / "oracle" / "rules.csv"
EXAMPLES = ROOT / "tests" / "expectations" / "examples"


def test_the_page_is_up_to_date():
    assert (ROOT / "docs" / "rules.md").read_text("utf-8") == page(EXAMPLES, shipped()[-1])


def test_every_rule_is_whole():
    assert set(rules()) == {row["code"] for row in csv.DictReader(CODES.read_text("utf-8").splitlines())}
    for code, rule in rules().items():
        assert rule.code == code
        assert set(tables_of(rule)) <= set(TABLES)
        assert rule.nature in NATURES_ZH
        assert all((rule.article, rule.applies_to, rule.meaning, rule.message_zh))


def test_every_rule_has_an_expectation_in_the_suite_of_each_of_its_tables():
    suites = {table: suite(table) for table in RULED_TABLES}
    for rule in rules().values():
        tables = [
            table
            for table, table_suite in suites.items()
            if any(vars(expectation)["demand"] == rule.code for expectation in table_suite.expectations)
        ]
        assert tables == list(tables_of(rule))


def test_the_severity_of_an_expectation_is_its_rules_nature():
    severities = {
        vars(expectation)["demand"]: expectation.severity
        for table in RULED_TABLES
        for expectation in suite(table).expectations
    }
    assert severities == {code: SEVERITY[rule.nature] for code, rule in rules().items()}


def test_every_in_principle_rule_says_what_it_holds():
    in_principle = {code for code, rule in rules().items() if rule.nature == "in_principle"}
    assert set(HELD_BY) == in_principle - {"EVAL-5"}, "a corrected result holds nothing: what is filed stays filed"


def test_every_example_is_of_a_rule():
    named = {code for path in EXAMPLES.glob("*.toml") for code in tomllib.loads(path.read_text("utf-8"))}
    assert named == set(rules())
