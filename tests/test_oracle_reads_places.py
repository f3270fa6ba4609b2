"""Places, standing and terms, worked by hand: the oracle's reading of the contract, sections 3 and 5."""

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


def test_refusing_one_of_six_frees_five(case: Case) -> None:
    one = case.application(case.institution(), dict.fromkeys(case.codes[:6], "5"))
    case.act("2025-03-12", one)
    assert case.status(one.no) == "held CAP-1"
    case.act("2025-03-14", decisions=[case.decision(one.no, "CAP-1", "refuse", "2025-03-13", case.codes[0])])
    assert case.statuses(one.no) == {case.codes[0]: "refused CAP-1"} | dict.fromkeys(case.codes[1:6], "dispatched")


def test_an_occupation_counts_though_nobody_can_read_its_levels(case: Case) -> None:
    """Of a returned application beside, of one that comes later, and until that one is gone."""
    code = case.codes
    who = case.institution(on_file={code[0]: "5"}, until="2026-05-31")
    renewal = case.application(who, {code[9]: "5"}, "renewal")
    renewal.occupations[0]["levels"] = "九"
    case.act("2025-03-12", renewal)
    assert case.app(renewal.no).status == "returned"
    four = case.application(who, dict.fromkeys(code[5:9], "5"), "addition")
    case.act("2025-03-13", four)
    assert (case.status(four.no), "CAP-1" in case.rules(renewal.no)) == ("held CAP-1", True)
    case.act("2025-03-14")
    assert case.status(four.no) == "held CAP-1"
    case.act("2025-03-15", commands=[f"withdraw {renewal.no} --reason 误报"])
    assert case.status(four.no) == "dispatched"


def test_four_and_three_give_no_seven() -> None:
    """What is under way in another cycle counts, and the cap is judged again at filing."""
    before = Case("2024-09")
    who = before.institution()
    four = before.application(who, dict.fromkeys(before.codes[:4], "5"), submitted="2024-09-20T09:00:00")
    before.act("2024-09-22", four)
    case = Case("2025-04", before.office, number=50)
    three = case.application(who, dict.fromkeys(case.codes[4:7], "5"))
    case.act("2025-03-12", three)
    assert case.status(three.no) == "held CAP-1"
    case.act("2025-03-14", decisions=[case.decision(three.no, "CAP-1", "refuse", "2025-03-13", case.codes[4])])
    assert case.statuses(three.no)[case.codes[5]] == "held CAP-1"  # four and two are six
    refused = [before.decision(four.no, "WINDOW-1", "refuse", "2025-03-14", code) for code in before.codes[:2]]
    before.act("2025-03-15", decisions=refused)
    case.act("2025-03-16")
    assert case.statuses(three.no)[case.codes[5]] == "dispatched"  # two and two


def test_the_cap_is_judged_again_at_filing() -> None:
    before = Case("2024-09")
    who = before.institution()
    four = before.application(who, dict.fromkeys(before.codes[:4], "5"), submitted="2024-09-20T09:00:00")
    four.form["contact_phone"] = "12"
    before.act("2024-09-22", four)  # returned: not under way
    case = Case("2025-04", before.office, number=50)
    three = case.application(who, dict.fromkeys(case.codes[4:7], "5"))
    case.act("2025-03-12", three)
    assert case.status(three.no) == "dispatched"
    case.act("2025-04-09", results=case.results(three.no, "80", "2025-04-01"))
    mended = before.application(who, dict.fromkeys(before.codes[:4], "5"), submitted="2024-09-25T09:00:00", no=four.no)
    permits = [before.decision(four.no, rule, "permit", "2025-04-08") for rule in ("WINDOW-1", "CAP-1")]
    before.act("2025-04-09", mended)
    before.act("2025-04-10", decisions=permits)
    before.act("2025-04-10", results=before.results(four.no, "90", "2025-04-10"))
    assert before.status(four.no) == "filed"
    case.act("2025-04-11")
    left = case.statuses(three.no)
    assert sorted(left.values()) == ["filed", "held CAP-1", "held CAP-1"]
    assert left[min(left)] == "filed"  # of one score and one application, the smaller code


def test_a_place_that_falls_free_lets_the_next_go_on(case: Case) -> None:
    code = case.codes[0]
    holders = [case.institution(on_file={code: "5"}) for _ in range(2)]
    one = case.application(case.institution(), {code: "5"})
    case.act("2025-03-12", one)
    assert case.status(one.no) == "held CAP-2"
    case.act("2025-03-14", commands=[f"adjust withdraw {holders[0].uscc} --ground 注销 --document 1号"])
    assert case.status(one.no) == "dispatched"


def test_the_place_at_filing_that_falls_free_goes_to_the_higher_score(case: Case) -> None:
    code = case.codes[0]
    holder = case.institution(on_file={code: "5"})
    three = [case.application(case.institution(), {code: "5"}) for _ in range(3)]
    case.act("2025-03-12", *three)
    rows = [row for filing, score in zip(three, ("90", "70", "80"), strict=True)
            for row in case.results(filing.no, score, "2025-04-01")]  # fmt: skip
    case.act("2025-04-11", results=rows)
    assert [case.status(filing.no) for filing in three] == ["filed", "held CAP-2", "held CAP-2"]
    case.act("2025-04-20", commands=[f"adjust withdraw {holder.uscc} --ground 注销 --document 1号"])
    assert [case.status(filing.no) for filing in three] == ["filed", "held CAP-2", "filed"]


def test_a_renewals_own_place_is_never_new(case: Case) -> None:
    code = case.codes[0]
    who = case.institution(on_file={code: "5"}, since="2022-05-01", until="2025-04-30")
    case.institution(on_file={code: "5"})
    case.institution(on_file={code: "5"})
    one = case.application(who, {code: "5"}, "renewal")
    case.act("2025-03-12", one)
    case.act("2025-05-25", results=case.results(one.no, "80", "2025-05-20"))
    assert (case.status(one.no), case.valid_until(who, code)) == ("filed", "2028-05-24")


@pytest.mark.parametrize(("until", "ends"), [("2025-04-30", "2028-05-24"), ("2025-05-31", "2028-05-31")])
def test_a_renewal_in_two_steps_gives_one_term(case: Case, until: str, ends: str) -> None:
    first, second = case.codes[:2]
    who = case.institution("enterprise", {first: "5", second: "5"}, since="2022-05-01", until=until)
    one = case.application(who, {first: "5", second: "5"}, "renewal")
    case.act("2025-03-12", one)
    case.act("2025-05-25", results=case.results(one.no, "80", "2025-05-20", code=first))
    case.act("2025-06-20", results=case.results(one.no, "80", "2025-06-19", code=second))
    assert (case.status(one.no), case.valid_until(who, first), case.valid_until(who, second)) == ("filed", ends, ends)


def test_an_addition_sent_out_before_a_revocation_is_held_at_filing(case: Case) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"})
    one = case.application(who, {case.codes[1]: "5"}, "addition")
    case.act("2025-03-12", one)
    case.act("2025-04-11", commands=[f"adjust revoke {who.uscc} --ground 违规 --document 1号"])
    assert case.status(one.no) == "dispatched"
    case.act("2025-04-19", results=case.results(one.no, "80", "2025-04-18"))
    assert case.status(one.no) == "held STAND-1"
    case.act("2025-04-22", decisions=[case.decision(one.no, "STAND-1", "permit", "2025-04-21")])
    assert (case.status(one.no), case.valid_until(who, case.codes[1])) == ("filed", "2028-04-21")


def test_a_renewal_of_what_was_withdrawn_meanwhile_is_refused(case: Case) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"}, since="2022-06-01", until="2025-05-31")
    one = case.application(who, {case.codes[0]: "5"}, "renewal")
    case.act("2025-03-12", one)
    case.act("2025-04-11", commands=[f"adjust withdraw {who.uscc} --ground 申请 --document 1号"])
    case.act("2025-04-19", results=case.results(one.no, "80", "2025-04-18"))
    assert case.status(one.no) == "refused RENEW-1"


@pytest.mark.parametrize(
    ("what", "revoked_on", "status"),
    [
        ("suspend", "2025-03-11", "held STAND-1"),
        ("revoke", "2025-03-11", "held STAND-1"),
        ("withdraw", "2025-03-11", "dispatched"),
        ("revoke", "2024-04-11", "held STAND-1"),
        ("revoke", "2024-04-10", "dispatched"),
    ],
)
def test_standing_on_the_deadline(case: Case, what: str, revoked_on: str, status: str) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"}, since="2023-06-01")
    one = case.application(who, {case.codes[1]: "5"})
    case.act("2025-03-10")
    case.act("2025-03-12", one, commands=[f"adjust {what} {who.uscc} --ground 核查 --document 1号 --on {revoked_on}"])
    assert case.status(one.no) == status


def test_names_and_types_are_the_registers_own(case: Case) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"})
    one = case.application(who, {case.codes[1]: "5"}, "addition")
    one.form |= {"institution_name": "黄石新名公司", "region_code": "420222"}
    school = case.application(case.institution("enterprise", {case.codes[0]: "5"}), {case.codes[1]: "5"}, "addition")
    school.form["institution_type"] = "technical_school"
    case.act("2025-03-12", one, school)
    assert case.rules(one.no) == {"IDENT-1"}
    assert "IDENT-2" in case.rules(school.no)
    case.act("2025-03-20", commands=[f"adjust rename {who.uscc} --name 黄石新名公司 --ground 更名 --document 1号"])
    again = case.application(who, {case.codes[1]: "5"}, "addition", submitted="2025-03-21T09:00:00", no=one.no)
    again.form |= {"institution_name": "黄石新名公司", "region_code": "420222"}
    case.act("2025-03-22", again)
    assert [finding.field for finding in case.app(one.no).findings] == ["region_code"]


def test_what_a_renewal_did_not_ask_for_lapses_with_the_old_term() -> None:
    before = Case("2024-09")
    kept, left = before.codes[:2]
    who = before.institution("enterprise")
    one = before.application(who, {kept: "5", left: "5"}, submitted="2024-09-01T09:00:00")
    before.act("2024-09-02", one)
    before.act("2024-09-11", results=before.results(one.no, "80", "2024-09-10"))
    assert before.valid_until(who, kept) == "2027-09-10"
    case = Case("2027-04", before.office, number=50)
    renewal = case.application(who, {kept: "5"}, "renewal", submitted="2027-03-11T09:00:00")
    case.act("2027-03-12", renewal)
    case.act("2027-04-11", results=case.results(renewal.no, "80", "2027-04-01"))
    assert case.valid_until(who, kept) == "2030-09-10"
    case.act("2027-09-11")
    assert before.statuses(one.no) == {kept: "filed", left: "lapsed"}


@pytest.mark.parametrize(("until", "early"), [("2025-10-24", False), ("2025-10-25", True), ("2025-05-25", False)])
def test_a_renewal_before_the_last_useful_cycle(case: Case, until: str, early: bool) -> None:
    """Deadline plus wait of the September cycle is 25 October."""
    who = case.institution("enterprise", {case.codes[0]: "5"}, since="2022-10-25", until=until)
    one = case.application(who, {case.codes[0]: "5"}, "renewal")
    case.act("2025-03-12", one)
    assert ("RENEW-2" in case.rules(one.no)) == early


@pytest.mark.parametrize(
    ("on_file", "activity", "candidates", "held_on", "dormant"),
    [
        ("", "", "5", "2024-08-01", False),
        ("", "甲", "5", "2024-08-01", False),  # with a work type: also what is on file as a whole
        ("甲", "", "5", "2024-08-01", False),  # without one: all of its occupation
        ("甲", "甲", "5", "2024-08-01", False),
        ("甲", "乙", "5", "2024-08-01", True),
        ("", "", "0", "2024-08-01", True),
        ("", "", "5", "2024-05-31", True),
        ("", "", "5", "2025-04-10", False),
        ("", "", "5", "2025-04-11", True),
    ],
)
def test_dormancy(case: Case, on_file: str, activity: str, candidates: str, held_on: str, *, dormant: bool) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"}, work_type=on_file)
    one = case.application(who, {case.codes[1]: "5"}, "addition")
    held = {"uscc": who.uscc, "occupation_code": case.codes[0], "work_type": activity, "level": "5"}
    case.activities = [held | {"held_on": held_on, "candidates": candidates, "passed": "0"}]
    case.act("2025-03-12", one)
    assert (case.status(one.no) == "held DORM-1") == dormant


@pytest.mark.parametrize(
    ("outcome", "received", "closed", "is_shown"),
    [
        ("open", "2025-03-01", "", True),
        ("open", "2025-04-11", "", False),
        ("rectify", "2025-03-01", "", True),
        ("rectify", "2025-03-01", "2025-03-05", False),
        ("unfounded", "2025-03-01", "2025-03-05", False),
    ],
)
def test_complaints_are_shown(case: Case, outcome: str, received: str, closed: str, *, is_shown: bool) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"})
    one = case.application(who, {case.codes[1]: "5"}, "addition")
    row = {
        "complaint_no": "1",
        "uscc": who.uscc,
        "received_on": received,
        "summary": "鉴定收费",
        "handled_by": "李某",
        "outcome": outcome,
        "closed_on": closed,
    }
    case.act("2025-03-12", one, desk={"complaints": [row]})
    assert (case.rules(one.no), case.status(one.no)) == ({"STAND-2"} if is_shown else set(), "dispatched")


def test_a_permit_changes_the_registers_type(case: Case) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"})
    one = case.application(case.becoming(who, "social_organisation"), {case.codes[1]: "5"}, "addition")
    case.act("2025-03-14", one)
    assert case.status(one.no) == "held IDENT-2"
    case.act("2025-03-16", decisions=[case.decision(one.no, "IDENT-2", "permit", "2025-03-15")])
    case.act("2025-04-11", results=case.results(one.no, "80", "2025-04-01"))
    kept = case.office.register.institutions[who.uscc]
    assert (kept.on(case.day(0)).type, kept.on(case.day(1)).type) == ("enterprise", "social_organisation")


def test_a_renumbered_occupation_is_the_same_item(case: Case) -> None:
    old, new = case.codes[:2]
    who = case.institution("enterprise", {old: "5"}, since="2022-06-01", until="2025-05-31")
    case.act("2025-03-10")
    one = case.application(who, {new: "5"}, "renewal")
    case.act("2025-03-12", one, commands=[f"adjust renumber {old} {new} --ground 公告 --document 1号"])
    assert (case.status(one.no), case.rules(one.no)) == ("dispatched", set())


def test_the_shared_end_of_an_addition_lapses_with_it(case: Case) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"}, since="2022-06-01", until="2025-05-31")
    one = case.application(who, {case.codes[1]: "5"}, "addition")
    case.act("2025-03-12", one)
    case.act("2025-04-11", results=case.results(one.no, "80", "2025-04-01"))
    assert (case.status(one.no), case.valid_until(who, case.codes[1])) == ("filed", "2025-05-31")
    case.act("2025-05-31")
    assert case.status(one.no) == "filed"
    case.act("2025-06-01")
    assert case.status(one.no) == "lapsed"


def test_a_merged_item_keeps_the_later_term(case: Case) -> None:
    both, one = case.codes[:2]
    old = case.institution("enterprise", {both: "5", one: "5"}, until="2027-12-31")
    into = case.institution("enterprise", {both: "5"})
    case.act("2025-03-10")
    case.act("2025-03-11", commands=[f"adjust merge {old.uscc} {into.uscc} --ground 合并 --document 1号"])
    assert [case.valid_until(into, code) for code in (both, one)] == ["2027-12-31", "2027-12-31"]
    assert case.office.register.of(old.uscc, case.day(0)) == []
