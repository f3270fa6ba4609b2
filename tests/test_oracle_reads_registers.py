"""What the register undergoes meanwhile, worked by hand: suspensions, mergers, renumberings and terms (section 3)."""

import sys
from pathlib import Path

import pytest

ORACLE = Path(__file__).parent / "oracle"
if str(ORACLE) not in sys.path:
    sys.path.append(str(ORACLE))  # the oracle's modules are plain files, also run as commands

from worked import Case  # noqa: E402


@pytest.fixture
def case() -> Case:
    return Case()


def test_an_item_both_institutions_of_a_merger_ask_for_is_on_the_register_once(case: Case) -> None:
    mine, theirs, asked = case.codes[:3]
    old = case.institution("enterprise", {mine: "5"}, until="2026-05-31")
    into = case.institution("enterprise", {theirs: "5"}, until="2027-05-31")
    one, two = (case.application(who, {asked: "5"}, "addition") for who in (old, into))
    case.act("2025-03-12", one, two)
    case.act("2025-03-14", commands=[f"adjust merge {old.uscc} {into.uscc} --ground 合并 --document 2号"])
    case.act("2025-04-12", results=[row for no in (one.no, two.no) for row in case.results(no, "80", "2025-03-30")])
    assert {case.status(filing.no) for filing in (one, two)} == {"filed"}
    (row,) = (row for row in case.office.register.directory(case.day(2)) if row["occupation_code"] == asked)
    assert (row["levels"], row["valid_until"]) == ("5", "2027-05-31")


@pytest.mark.parametrize(("verdict", "status"), [("permit", "filed"), ("refuse", "refused STAND-1")])
def test_a_late_renewal_of_a_suspended_institution_waits_for_a_decision(case: Case, verdict: str, status: str) -> None:
    """Its term is over, so it is not on file on the day of filing; the suspension was never lifted."""
    code = case.codes[0]
    who = case.institution("enterprise", {code: "5"}, since="2022-05-01", until="2025-04-30")
    case.act("2025-03-10")
    case.act("2025-03-11", commands=[f"adjust suspend {who.uscc} --ground 核查 --document 1号"], run=False)
    one = case.application(who, {code: "5"}, "renewal")
    case.act("2025-03-12", one)
    case.act("2025-05-25", results=case.results(one.no, "80", "2025-05-20"))
    assert case.status(one.no) == "held STAND-1"
    case.act("2025-05-26", decisions=[case.decision(one.no, "STAND-1", verdict, "2025-05-26")])
    assert case.status(one.no) == status
    assert [row["uscc"] for row in case.office.register.directory(case.day(46))] == [who.uscc] * (status == "filed")


def test_a_suspension_is_lifted_after_the_lapse(case: Case) -> None:
    code, other = case.codes[:2]
    who = case.institution("enterprise", {code: "5"}, since="2022-05-01", until="2025-04-30")
    case.act("2025-03-10")
    case.act("2025-03-11", commands=[f"adjust suspend {who.uscc} --ground 核查 --document 1号"], run=False)
    case.act("2025-05-26", commands=[f"adjust reinstate {who.uscc} --ground 整改完成 --document 2号"])
    later = Case("2025-09", case.office, number=50)
    one = later.application(who, {other: "5"}, submitted="2025-08-12T09:00:00")
    later.act("2025-08-15", one)
    assert later.status(one.no) == "dispatched"


@pytest.mark.parametrize("first", ["addition", "renewal"])
def test_an_addition_filed_on_the_day_of_a_renewal_shares_its_end_whichever_comes_first(case: Case, first: str) -> None:
    kept, new = case.codes[:2]
    who = case.institution("enterprise", {kept: "5"}, since="2022-06-01", until="2025-05-31")
    one = {
        "renewal": case.application(who, {kept: "5"}, "renewal"),
        "addition": case.application(who, {new: "5"}, "addition"),
    }
    case.act("2025-03-12", *one.values())
    case.act("2025-05-25", results=case.results(one.pop(first).no, "80", "2025-05-20"))
    case.act(
        "2025-05-25", results=[row for filing in one.values() for row in case.results(filing.no, "80", "2025-05-20")]
    )
    assert case.valid_until(who, kept) == case.valid_until(who, new) == "2028-05-31"


def test_a_merger_cures_no_suspension_of_the_institution_that_goes_on(case: Case) -> None:
    """The other was suspended and reinstated; what decides is the last decision on itself."""
    mine, theirs, asked = case.codes[:3]
    old, into = case.institution("enterprise", {theirs: "5"}), case.institution("enterprise", {mine: "5"})
    case.act("2025-03-10")
    for day, what, who in (("10", "suspend", old), ("11", "suspend", into), ("12", "reinstate", old)):
        words = f"adjust {what} {who.uscc} --ground 核查 --document {day}号"
        case.act(f"2025-03-{day}", commands=[words], run=False)
    case.act("2025-03-13", commands=[f"adjust merge {old.uscc} {into.uscc} --ground 合并 --document 2号"])
    one = case.application(into, {asked: "5"}, "addition", submitted="2025-03-13T09:00:00")
    case.act("2025-03-14", one)
    assert case.status(one.no) == "held STAND-1"


def test_what_passed_and_is_filed_under_a_permit_on_the_day_of_a_suspension_is_in_force(case: Case) -> None:
    """A suspension concerns what was on file when it was decided."""
    kept, new = case.codes[:2]
    who = case.institution("enterprise", {kept: "5"})
    one = case.application(who, {new: "5"}, "addition")
    case.act("2025-03-12", one)
    words = f"adjust suspend {who.uscc} --ground 核查 --document 1号"
    case.act("2025-04-12", commands=[words], results=case.results(one.no, "80", "2025-04-10"))
    assert case.status(one.no) == "held STAND-1"
    case.act("2025-04-12", decisions=[case.decision(one.no, "STAND-1", "permit", "2025-04-12")])
    assert [row["occupation_code"] for row in case.office.register.directory(case.day(2))] == [new]


def test_further_audiences_of_a_renumbered_item_are_filed_though_it_is_suspended(case: Case) -> None:
    """The item is on file, under its present code: STAND-1 does not concern it."""
    former, present = case.codes[0], case.codes[9]
    who = case.institution("enterprise", {former: "5"})
    one = case.application(who, {former: "5"}, "addition")
    case.act("2025-03-12", one)
    words = (f"adjust renumber {former} {present}", f"adjust suspend {who.uscc}")
    case.act("2025-04-11", commands=[f"{word} --ground 公告 --document {n}号" for n, word in enumerate(words, 1)])
    case.act("2025-04-19", results=case.results(one.no, "80", "2025-04-18"))
    assert case.status(one.no) == "filed"


def test_suspensions_revocations_and_activities_go_over_with_a_merged_institution(case: Case) -> None:
    mine, theirs, revoked, asked = case.codes[:4]
    old = case.institution("enterprise", {theirs: "5", revoked: "5"})
    into = case.institution("enterprise", {mine: "5"})
    case.act("2025-03-10")
    left = f"adjust revoke {old.uscc} --occupation {revoked} --ground 违规 --document 1号"
    held = f"adjust suspend {old.uscc} --occupation {theirs} --ground 核查 --document 2号"
    case.act("2025-03-11", commands=[left, held], run=False)
    case.act("2025-03-12", commands=[f"adjust merge {old.uscc} {into.uscc} --ground 合并 --document 3号"])
    assert [row["occupation_code"] for row in case.office.register.directory(case.day(-29))] == [mine]
    one = case.application(into, {asked: "5"}, "addition", submitted="2025-03-13T09:00:00")
    case.act("2025-03-14", one)
    assert (case.status(one.no), case.rules(one.no)) == ("held STAND-1", {"STAND-1"})


def test_what_the_other_institution_of_a_merger_gave_up_is_still_renewed(case: Case) -> None:
    code, other = case.codes[:2]
    term = {"since": "2022-06-01", "until": "2025-05-31"}
    old = case.institution("enterprise", {code: "5", other: "5"}, **term)
    into = case.institution("enterprise", {code: "5"}, **term)
    one = case.application(into, {code: "5"}, "renewal")
    case.act("2025-03-12", one)
    case.act("2025-03-20", commands=[f"adjust withdraw {old.uscc} --occupation {code} --ground 申请 --document 1号"])
    case.act("2025-03-21", commands=[f"adjust merge {old.uscc} {into.uscc} --ground 合并 --document 2号"])
    case.act("2025-04-12", results=case.results(one.no, "80", "2025-04-10"))
    assert (case.status(one.no), case.valid_until(into, code)) == ("filed", "2028-05-31")


@pytest.mark.parametrize(
    ("asked", "first", "ends"),
    [
        ("early", "early", ("2028-05-31", "2025-11-30")),
        ("both", "early", ("2028-11-30", "2028-11-30")),
        ("both", "late", ("2028-11-30", "2028-11-30")),
    ],
)
def test_a_renewal_counts_from_the_latest_end_of_all_it_asks_for(
    case: Case, asked: str, first: str, ends: tuple[str, str]
) -> None:
    """Whatever of it is filed first, and whatever else the institution has on file."""
    codes = dict(zip(("early", "late"), case.codes, strict=False))
    who = case.institution("enterprise", {codes["early"]: "5"}, since="2022-06-01", until="2025-05-31")
    other = case.institution("enterprise", {codes["late"]: "5"}, since="2022-12-01", until="2025-11-30")
    case.act("2025-03-10")
    case.act("2025-03-11", commands=[f"adjust merge {other.uscc} {who.uscc} --ground 合并 --document 2号"])
    asks = {code: "5" for name, code in codes.items() if asked in ("both", name)}
    one = case.application(who, asks, "renewal", submitted="2025-03-12T09:00:00")
    case.act("2025-03-13", one)
    case.act("2025-05-25", results=case.results(one.no, "80", "2025-05-20", code=codes[first]))
    case.act("2025-05-28", results=case.results(one.no, "80", "2025-05-27"))
    assert (case.valid_until(who, codes["early"]), case.valid_until(who, codes["late"])) == ends
