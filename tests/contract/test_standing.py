"""What the register undergoes while an application is under way: suspended, revoked, renamed, renumbered, renewed."""

import pytest
from stage import Stage
from worked import Case


@pytest.mark.slow
def test_what_waits_is_checked_again_after_a_renumbering_and_a_merger(case: Case, stage: Stage) -> None:
    old, new, free = case.codes[0], case.codes[1], case.codes[9]
    term = {"since": "2022-06-01", "until": "2025-05-31"}
    renews, gone = (case.institution("enterprise", {old: "5"}, **term) for _ in range(2))
    into = case.institution("technical_school", {new: "4"}, **term)
    held = case.application(renews, {old: "5"}, "renewal", submitted="2025-03-01T09:00:00")
    faulty = case.application(gone, {new: "5"}, "addition")
    faulty.form["contact_phone"] = "12"
    case.act("2025-03-12", held, faulty)
    case.act(
        "2025-03-14",
        commands=[
            f"adjust renumber {old} {free} --ground 公告 --document 1号",
            f"adjust merge {gone.uscc} {into.uscc} --ground 合并 --document 2号",
        ],
    )
    assert stage.refused == []
    assert case.status(held.no) == "held WINDOW-1", "it renews what is on file under another code now"
    assert case.status(faulty.no) == "returned FORM-7", "its code was that of an enterprise"
    case.act("2025-03-20", decisions=[case.decision(held.no, "WINDOW-1", "permit", "2025-03-19")])
    case.act("2025-04-20", results=case.results(held.no, "80", "2025-04-18"))
    assert case.status(held.no) == "filed"
    assert case.valid_until(renews, free) == "2028-05-31"


@pytest.mark.slow
def test_the_register_changes_while_applications_are_under_way(case: Case, stage: Stage) -> None:
    old, new, other = case.codes[:3]
    term = {"since": "2022-06-01", "until": "2025-05-31"}
    revoked, lifted, suspended, renamed, left, both = (
        case.institution("enterprise", {old: "5"}, **term) for _ in range(6)
    )
    renumbered = case.institution("enterprise", {other: "4"}, **term)
    case.act("2025-03-10")
    case.act("2025-03-11", commands=[f"adjust suspend {lifted.uscc} --ground 核查 --document 1号"], run=False)
    one = {who.uscc: case.application(who, {new: "5"}, "addition") for who in (revoked, lifted, suspended, renamed)}
    one[left.uscc] = case.application(left, {old: "5"}, "renewal")
    one[renumbered.uscc] = case.application(renumbered, {other: "5"}, "addition")
    renewal, addition = case.application(both, {old: "5"}, "renewal"), case.application(both, {new: "5"}, "addition")
    case.act("2025-03-12", *one.values(), renewal, addition)
    assert case.status(one[lifted.uscc].no) == "held STAND-1"

    case.act(
        "2025-03-20",
        commands=[
            f"adjust reinstate {lifted.uscc} --ground 整改完成 --document 2号",
            f"adjust rename {renamed.uscc} --name 黄石新名公司 --ground 更名 --document 3号",
        ],
    )
    assert case.status(one[lifted.uscc].no) == "dispatched", "on the deadline it is not suspended"
    free = case.codes[9]
    case.act(
        "2025-04-11",
        commands=[
            f"adjust revoke {revoked.uscc} --ground 违规 --document 4号",
            f"adjust suspend {suspended.uscc} --occupation {old} --ground 核查 --document 5号",
            f"adjust withdraw {left.uscc} --ground 申请 --document 6号",
            f"adjust renumber {other} {free} --ground 公告 --document 7号",
        ],
    )
    apps = [filing.no for filing in (*one.values(), renewal, addition)]
    case.act("2025-04-19", results=[row for no in apps for row in case.results(no, "80", "2025-04-18")])
    assert {who: case.status(filing.no) for who, filing in one.items()} == {
        revoked.uscc: "held STAND-1",
        lifted.uscc: "filed",
        suspended.uscc: "filed",  # suspended in an occupation the application does not ask for
        renamed.uscc: "filed",
        left.uscc: "refused RENEW-1",
        renumbered.uscc: "filed",
    }
    assert case.office.register.institutions[renamed.uscc].on(case.day(9)).name == "黄石新名公司"
    assert case.valid_until(both, old) == case.valid_until(both, new) == "2028-05-31"
    assert case.valid_until(renumbered, free) == "2025-05-31"
    case.act("2025-04-22", decisions=[case.decision(one[revoked.uscc].no, "STAND-1", "refuse", "2025-04-21")])
    assert case.status(one[revoked.uscc].no) == "refused STAND-1"
    assert stage.refused == []
