"""Decisions that turn, join and come too late (sections 2 and 3), and the letters they leave."""

from pathlib import Path

from worked import Case

from tests import evaluations as made


def test_a_further_refusal_joins_the_reason_and_is_written_of(case: Case, home: Path) -> None:
    code = case.codes
    one = case.application(case.institution(), dict.fromkeys(code[:6], "5"), submitted="2025-03-01T09:00:00")
    case.act("2025-03-12", one)
    case.act("2025-03-14", decisions=[case.decision(one.no, "WINDOW-1", "refuse", "2025-03-13")])
    assert case.status(one.no) == "refused WINDOW-1"
    further = case.decision(one.no, "CAP-1", "refuse", "2025-03-14") | {"document_no": "2号", "reason": "名额已满"}
    case.act("2025-03-15", decisions=[further])
    assert case.status(one.no) == "refused CAP-1 WINDOW-1"
    assert len(made.letters(home, "refusal")) == 2
    text = made.text_of(home, "refusal")
    assert "不超过5个；申报时间不在本批次申报期内" in text
    assert "名额已满；集体研究" in text, "the number and the reason of each decision"
    case.act("2025-03-16", decisions=[case.decision(one.no, "WINDOW-1", "permit", "2025-03-15")])
    assert case.status(one.no) == "refused CAP-1"


def test_a_corrected_result_takes_off_what_goes_by_another_code_or_owner_now(case: Case, home: Path) -> None:
    """Of an occupation that was renumbered, and of one that two merged institutions had filed as one."""
    code, free = case.codes, case.codes[9]
    one = case.institution("enterprise")
    old, into = (case.institution("enterprise", {code[place]: "5"}) for place in (5, 6))
    moved = case.application(one, {code[0]: "5,4"})
    gone, stays = (case.application(who, {code[1]: "5,4"}, "addition") for who in (old, into))
    case.act("2025-03-12", moved, gone, stays)
    everything = [row for filing in (moved, gone, stays) for row in case.results(filing.no, "80", "2025-04-10")]
    case.act(
        "2025-04-11",
        results=everything,
        commands=[f"adjust merge {old.uscc} {into.uscc} --ground 合并 --document 2号"],
    )
    assert {case.status(filing.no) for filing in (moved, gone, stays)} == {"filed"}
    case.act(
        "2025-04-12",
        commands=[f"adjust renumber {code[0]} {free} --ground 公告 --document 1号"],
        results=[
            row
            for filing, place in ((moved, 0), (gone, 1), (stays, 1))
            for row in case.results(filing.no, "40", "2025-04-12", "fail", code[place])
            if row["level"] == "5"
        ],
    )
    refused = [case.decision(filing.no, "EVAL-5", "refuse", "2025-04-13") for filing in (moved, gone, stays)]
    case.act("2025-04-14", decisions=refused[:1])
    case.act("2025-04-15", decisions=refused[1:2])
    assert len(made.letters(home, "revocation")) == 2
    case.act("2025-04-16", decisions=refused[2:])
