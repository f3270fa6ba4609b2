"""Every fault an applicant is told has its remedy, or is one no correction mends."""

from expectations.rulebook import rules
from schemas.finding import UNMENDABLE, UNMENDABLE_WHOLE
from tasks.letters.contents import remedies


def test_every_hard_rule_has_a_remedy_or_cannot_be_mended() -> None:
    hard = {code for code, rule in rules().items() if rule.nature == "hard" and rule.table != "results"}
    assert hard - UNMENDABLE <= set(remedies())
    assert not UNMENDABLE & set(remedies())
    assert hard >= UNMENDABLE >= UNMENDABLE_WHOLE


def test_every_exception_tells_what_the_applicant_can_do() -> None:
    in_principle = {code for code, rule in rules().items() if rule.nature == "in_principle" and rule.table != "results"}
    assert in_principle <= set(remedies())


def test_a_remedy_is_one_clause_that_a_sentence_can_end_with() -> None:
    for code, remedy in remedies().items():
        assert remedy.startswith(("请", "可", "确有")), code
        assert remedy[-1] not in "。；，", code
