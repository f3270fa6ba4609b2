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
