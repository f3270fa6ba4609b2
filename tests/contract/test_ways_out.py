"""Withdrawn while held, one occupation ended, a cycle closed with something everywhere, and what comes afterwards."""

from pathlib import Path

import pytest
from stage import Stage
from worked import Case

from tasks.store import runs, unfinished
from tasks.store.database import reading
from tests import evaluations as made


@pytest.mark.slow
def test_everything_ends_and_nothing_moves_afterwards(case: Case, stage: Stage, home: Path) -> None:
    code = case.codes
    early = "2025-03-01T09:00:00"
    given_up, held = (
        case.application(case.institution("enterprise"), {code[0]: "5"}, submitted=early) for _ in range(2)
    )
    who = case.institution("enterprise")
    twins = [case.application(who, {code[n]: "5"}) for n in (0, 1)]
    two = case.application(case.institution("enterprise"), {code[0]: "5", code[1]: "5"})
    panel = case.institution("enterprise")
    out, filed = (
        case.application(panel, {code[0]: "5"}),
        case.application(case.institution("enterprise"), {code[0]: "5"}),
    )
    faulty = case.institution("enterprise")
    returned = case.application(faulty, {code[0]: "5"})
    returned.form["contact_phone"] = "12"
    case.act("2025-03-12", given_up, held, *twins, two, out, filed, returned)
    assert {case.status(one.no) for one in twins} == {"returned FORM-8"}

    case.act(
        "2025-03-14",
        commands=[
            f"withdraw {given_up.no} --reason 停业",
            f"withdraw {twins[1].no} --reason 重复",
            f"close {two.no} --occupation {code[0]} --reason 设备已拆",
        ],
    )
    assert (case.status(given_up.no), case.status(twins[0].no)) == ("withdrawn", "dispatched")
    assert case.statuses(two.no) == {code[0]: "ended", code[1]: "dispatched"}

    case.act("2025-04-11", results=case.results(filed.no, "80", "2025-04-10"))
    case.act("2025-05-25", commands=[f"close {case.cycle} --reason 办结"], run=False)
    assert stage.refused == []
    ended = {case.status(one.no) for one in (held, out, returned, twins[0])}
    assert ended == {"ended"}
    case.act(
        "2025-05-27",
        case.application(faulty, {code[0]: "5"}, submitted="2025-05-26T09:00:00", no=returned.no),
        decisions=[case.decision(held.no, "WINDOW-1", "permit", "2025-05-26")],
        results=case.results(out.no, "80", "2025-05-26", code=code[0]),
        commands=[f"withdraw {out.no} --reason 迟了", f"decide {held.no} WINDOW-1 permit --reason 迟了 --document 1号"],
    )
    assert stage.refused == [f"withdraw {out.no} --reason 迟了", f"decide {held.no} WINDOW-1 permit"]
    with reading() as db:
        assert not unfinished.open_of(db, [case.cycle], case.day(60))
        aside = runs.set_aside(db, case.cycle)
    assert out.no in {row["application_no"] for row in aside}
    assert any("例外审批" in row["reason"] for row in aside)
    texts = made.text_of(home, "ending")
    assert all(ground in texts for ground in ("逾期未补正", "例外审批未获准", "未完成评估"))


@pytest.mark.slow
def test_what_passed_before_a_cycle_closed_is_filed_or_ended(case: Case, stage: Stage) -> None:
    """The last place goes to the higher score on the next run; the other is not held in a cycle nobody decides on."""
    code = case.codes[0]
    case.institution(on_file={code: "5"})
    first, second = (case.application(case.institution(), {code: "5"}) for _ in range(2))
    case.act("2025-03-12", first, second)
    rows = [*case.results(first.no, "90", "2025-04-02"), *case.results(second.no, "70", "2025-04-02")]
    case.act("2025-04-03", results=rows)
    case.act("2025-05-25", commands=[f"close {case.cycle} --reason 办结"], run=False)
    assert {case.status(one.no) for one in (first, second)} == {"passed"}
    case.act("2025-05-26")
    assert (case.status(first.no), case.status(second.no)) == ("filed", "ended")


@pytest.mark.slow
def test_what_is_filed_may_be_questioned_after_the_rest_was_withdrawn(case: Case, stage: Stage) -> None:
    code = case.codes
    one = case.application(case.institution("enterprise"), {code[0]: "5", code[1]: "5"})
    case.act("2025-03-12", one)
    both = case.results(one.no, "80", "2025-04-10")
    case.act("2025-05-25", results=[row for row in both if row["occupation_code"] == code[0]])
    case.act("2025-05-26", commands=[f"withdraw {one.no} --reason 停业"])
    assert case.statuses(one.no) == {code[0]: "filed", code[1]: "withdrawn"}
    case.act("2025-06-02", results=case.results(one.no, "80", "2025-06-01", "fail", code[0]))
    case.act("2025-06-04", commands=[f"decide {one.no} EVAL-5 refuse --reason 核查属实 --document 1号"])
    assert stage.refused == []
    assert case.statuses(one.no) == {code[0]: "refused EVAL-5", code[1]: "withdrawn"}


@pytest.mark.slow
def test_letters_on_a_version_that_was_returned_and_taken_up_again_void_one_another(case: Case, home: Path) -> None:
    """By a twin that came and was withdrawn; and by a permit under WINDOW-2 for a late version that has a fault."""
    code = case.codes
    who, late = (case.institution("enterprise") for _ in range(2))
    held = case.application(who, {code[0]: "5"}, submitted="2025-03-01T09:00:00")
    sent = case.application(late, {code[0]: "5"})
    case.act("2025-03-12", held, sent)
    twin = case.application(who, {code[1]: "5"}, submitted="2025-03-02T09:00:00")
    case.act("2025-03-13", twin)
    assert case.status(held.no) == "returned FORM-8"
    assert "发出的受理通知书" in made.text_of(home, "correction")
    case.act("2025-03-14", commands=[f"withdraw {twin.no} --reason 重复"])
    assert case.status(held.no) == "held WINDOW-1"
    again = [name for name in made.letters(home, "acceptance") if name.startswith(held.no)]
    assert len(again) == 2
    assert "发出的补正通知书" in made.text_of(home, "acceptance")

    faulty = case.application(late, {code[1]: "5"}, submitted="2025-04-12T09:00:00", no=sent.no)
    faulty.form["contact_phone"] = "12"
    case.act("2025-04-13", faulty)
    case.act("2025-04-14", decisions=[case.decision(sent.no, "WINDOW-2", "permit", "2025-04-14")])
    assert case.status(sent.no) == "returned FORM-7"
    assert "发出的逾期材料告知书" in made.text_of(home, "correction")
