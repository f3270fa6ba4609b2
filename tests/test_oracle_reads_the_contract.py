"""Examples of the contract worked by hand, each a short history, read by the oracle the tests compare the product with."""

import sys
from pathlib import Path

import pytest

ORACLE = Path(__file__).parent / "oracle"
if str(ORACLE) not in sys.path:
    sys.path.append(str(ORACLE))  # the oracle's modules are plain files, also run as commands

import facts  # noqa: E402
import values  # noqa: E402
from filing import Trade  # noqa: E402
from made_filings import request  # noqa: E402
from worked import Case  # noqa: E402


@pytest.fixture
def case() -> Case:
    return Case()


def number(filing: object) -> str:
    form = getattr(filing, "form")  # noqa: B009
    return str(form["application_no"])


# -- when a run decides ----------------------------------------------------------------------------------------


def test_who_hands_in_first_takes_no_place_from_a_higher_score(case: Case) -> None:
    """61 points handed in on 11 March do not take the last place from 99 points handed in on 25 March."""
    code = case.codes[0]
    case.institution(on_file={code: "5"})
    early = case.application(case.institution(), {code: "5"})
    late = case.application(case.institution(), {code: "5"}, submitted="2025-03-25T09:00:00")
    case.act("2025-03-12", early)
    case.act("2025-03-21", results=case.results(number(early), "61", "2025-03-20"))
    assert case.status(number(early)) == "passed"
    case.act("2025-03-26", late)
    case.act("2025-04-10", results=case.results(number(late), "99", "2025-04-09"))
    assert (case.status(number(early)), case.status(number(late))) == ("passed", "passed")  # not before the deadline
    case.act("2025-04-11")
    assert (case.status(number(late)), case.status(number(early))) == ("filed", "held CAP-2")


def test_nobody_decides_while_a_correction_period_runs(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    other = case.application(case.institution("enterprise"), {case.codes[1]: "5"})
    other.form["contact_phone"] = "12"
    case.act("2025-04-09", one)
    case.act("2025-04-11", other, results=case.results(number(one), "80", "2025-04-10"))
    assert case.app(number(other)).period_end == values.workdays_after(case.day(1), 5)
    case.act("2025-04-18")
    assert case.status(number(one)) == "passed"
    case.act("2025-04-19")
    assert case.status(number(one)) == "filed"


def test_nobody_waits_for_a_correction_that_cannot_mend(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    other = case.application(case.institution("enterprise"), {case.codes[1]: "5"})
    other.form["region_code"] = "420106"
    case.act("2025-04-09", one, other)
    case.act("2025-04-11", results=case.results(number(one), "80", "2025-04-10"))
    assert (case.status(number(other)), case.status(number(one))) == ("returned FORM-3", "filed")


def test_the_wait_ends_after_its_days(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5", case.codes[1]: "5"})
    case.act("2025-04-09", one)
    half = [row for row in case.results(number(one), "80", "2025-04-10") if row["occupation_code"] == case.codes[0]]
    case.act("2025-05-24", results=half)
    assert case.statuses(number(one)) == {case.codes[0]: "passed", case.codes[1]: "dispatched"}
    case.act("2025-05-25")
    assert case.statuses(number(one)) == {case.codes[0]: "filed", case.codes[1]: "dispatched"}
    case.act("2025-06-01", results=case.results(number(one), "70", "2025-05-30"))
    assert case.status(number(one)) == "filed"


# -- versions --------------------------------------------------------------------------------------------------


def test_a_version_inside_the_window_is_taken_and_sent_anew(case: Case) -> None:
    who = case.institution("enterprise")
    first = case.application(who, {case.codes[0]: "5"})
    case.act("2025-03-12", first)
    case.act("2025-03-20", results=case.results(number(first), "80", "2025-03-19"))
    second = case.application(who, {case.codes[1]: "5"}, submitted="2025-04-10T23:59:00", no=number(first))
    case.act("2025-04-12", second)
    assert case.statuses(number(first)) == {case.codes[1]: "dispatched"}
    assert [version.status for version in case.app(number(first)).versions] == ["superseded", "current"]


@pytest.mark.parametrize(
    ("submitted", "status", "rules"),
    [
        ("2025-04-18T23:00:00", "dispatched", set()),
        ("2025-04-19T00:30:00", "held WINDOW-2", {"WINDOW-2"}),
    ],
)
def test_a_correction_within_its_period_and_after(case: Case, submitted: str, status: str, rules: set[str]) -> None:
    who = case.institution("enterprise")
    first = case.application(who, {case.codes[0]: "5"})
    first.form["contact_phone"] = "12"
    case.act("2025-04-11", first)
    case.act("2025-04-20", case.application(who, {case.codes[0]: "5"}, submitted=submitted, no=number(first)))
    assert (case.status(number(first)), case.rules(number(first))) == (status, rules)


def test_an_amendment_nobody_asked_for_waits_for_a_permit(case: Case) -> None:
    who = case.institution("enterprise")
    first = case.application(who, {case.codes[0]: "5"})
    case.act("2025-03-12", first)
    second = case.application(who, {case.codes[1]: "5"}, submitted="2025-04-12T09:00:00", no=number(first))
    case.act("2025-04-13", second)
    assert case.statuses(number(first)) == {case.codes[0]: "dispatched"}
    assert [version.status for version in case.app(number(first)).versions] == ["current", "late"]
    case.act("2025-04-16", decisions=[case.decision(number(first), "WINDOW-2", "permit", "2025-04-15")])
    assert case.statuses(number(first)) == {case.codes[1]: "dispatched"}
    assert case.rules(number(first)) == {"WINDOW-2"}
    case.act("2025-04-18", decisions=[case.decision(number(first), "WINDOW-2", "refuse", "2025-04-17")])
    assert case.status(number(first)) == "refused WINDOW-2"


def test_a_decided_item_makes_later_versions_late(case: Case) -> None:
    who = case.institution("enterprise")
    first = case.application(who, {case.codes[0]: "5", case.codes[1]: "5"})
    case.act("2025-03-12", first)
    fails = case.results(number(first), "40", "2025-03-19", "fail", case.codes[0])
    case.act("2025-03-20", results=fails)
    case.act(
        "2025-03-22", case.application(who, {case.codes[2]: "5"}, submitted="2025-03-21T09:00:00", no=number(first))
    )
    assert case.statuses(number(first)) == {case.codes[0]: "failed", case.codes[1]: "dispatched"}


def test_another_institution_under_a_number_is_set_aside(case: Case) -> None:
    first = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    other = case.application(
        case.institution("enterprise"), {case.codes[1]: "5"}, submitted="2025-03-15T09:00:00", no=number(first)
    )
    case.act("2025-03-12", first)
    case.act("2025-03-16", other)
    assert case.statuses(number(first)) == {case.codes[0]: "dispatched"}
    assert [no for no, _ in case.office.set_aside] == [number(first)]


def test_a_mistyped_cycle_is_set_aside_and_one_that_is_over_is_taken(case: Case) -> None:
    far, past = (case.application(case.institution("enterprise"), {case.codes[0]: "5"}) for _ in range(2))
    far.form["cycle"], past.form["cycle"] = "2027-04", "2024-09"
    case.act("2025-03-12", far, past)
    assert [no for no, _ in case.office.set_aside] == [number(far)]
    assert case.app(number(past)).status == "received"


# -- ways out --------------------------------------------------------------------------------------------------


def test_two_numbers_by_mistake(case: Case) -> None:
    """Withdraw one, and the other goes on without a new version."""
    who = case.institution("enterprise")
    one, two = (case.application(who, {case.codes[n]: "5"}) for n in (0, 1))
    case.act("2025-03-12", one, two)
    assert {case.status(number(filing)) for filing in (one, two)} == {"returned FORM-8"}
    case.act("2025-03-14", commands=[f"withdraw {number(two)} --reason 重复"])
    assert (case.status(number(one)), case.status(number(two))) == ("dispatched", "withdrawn")
    assert [case.app(number(filing)).status for filing in (one, two)] == ["in_progress", "closed"]


def test_a_withdrawing_version_is_not_checked(case: Case) -> None:
    who = case.institution("enterprise")
    first = case.application(who, {case.codes[0]: "5"})
    case.act("2025-03-12", first)
    second = case.application(who, {case.codes[0]: "5"}, submitted="2025-04-20T09:00:00", no=number(first))
    second.form |= {"withdrawn": "是", "contact_phone": "12"}
    case.act("2025-04-21", second)
    assert (case.status(number(first)), case.rules(number(first))) == ("withdrawn", set())


def test_renewal_and_addition_stand_side_by_side(case: Case) -> None:
    code, new = case.codes[:2]
    who = case.institution(on_file={code: "5"}, until="2025-06-30", since="2022-07-01")
    renewal = case.application(who, {code: "5"}, "renewal")
    addition = case.application(who, {new: "5"}, "addition")
    case.act("2025-03-12", renewal, addition)
    assert case.rules(number(addition)) == {"RENEW-3"}
    both = [*case.results(number(renewal), "70", "2025-04-02"), *case.results(number(addition), "90", "2025-04-02")]
    case.act("2025-04-11", results=both)
    # the new term starts after the old one; what is filed on the day of a renewal shares it
    assert case.valid_until(who, code) == case.valid_until(who, new) == "2028-06-30"


def test_the_same_item_is_pending_in_another_cycle() -> None:
    before = Case("2024-09")
    code = before.codes[0]
    who = before.institution("enterprise")
    old = before.application(who, {code: "5,4"}, submitted="2024-09-20T09:00:00")
    before.act("2024-09-22", old)
    assert before.status(number(old)) == "held WINDOW-1"
    case = Case("2025-04", before.office)
    case._number = 50
    new = case.application(who, {code: "4,3"})
    case.act("2025-03-12", new)
    assert case.rules(number(new)) == {"OCC-14"}
    before.act("2025-03-20", commands=["close 2024-09 --reason 办结"], run=False)
    assert before.status(number(old)) == "ended"
    case.act("2025-03-21")
    assert case.status(number(new)) == "dispatched"


def test_a_cycle_closes_only_after_its_wait(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    two = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    two.form["contact_phone"] = "12"
    case.act("2025-03-12", one, two)
    case.act("2025-05-24", commands=["close 2025-04 --reason 办结"], run=False)
    assert {case.app(number(filing)).status for filing in (one, two)} == {"in_progress", "returned"}
    case.act("2025-05-25", commands=["close 2025-04 --reason 办结"], run=False)
    assert {case.status(number(filing)) for filing in (one, two)} == {"ended"}
    assert {case.app(number(filing)).status for filing in (one, two)} == {"closed"}


# -- places ----------------------------------------------------------------------------------------------------


def test_refusing_one_of_six_frees_five(case: Case) -> None:
    one = case.application(case.institution(), dict.fromkeys(case.codes[:6], "5"))
    case.act("2025-03-12", one)
    assert case.status(number(one)) == "held CAP-1"
    case.act("2025-03-14", decisions=[case.decision(number(one), "CAP-1", "refuse", "2025-03-13", case.codes[0])])
    assert case.statuses(number(one)) == {case.codes[0]: "refused CAP-1"} | dict.fromkeys(case.codes[1:6], "dispatched")


def test_four_and_three_give_no_seven() -> None:
    """What is under way in another cycle counts, and the cap is judged again at filing."""
    before = Case("2024-09")
    who = before.institution()
    four = before.application(who, dict.fromkeys(before.codes[:4], "5"), submitted="2024-09-20T09:00:00")
    before.act("2024-09-22", four)
    case = Case("2025-04", before.office)
    case._number = 50
    three = case.application(who, dict.fromkeys(case.codes[4:7], "5"))
    case.act("2025-03-12", three)
    assert case.status(number(three)) == "held CAP-1"
    case.act("2025-03-14", decisions=[case.decision(number(three), "CAP-1", "refuse", "2025-03-13", case.codes[4])])
    assert case.statuses(number(three))[case.codes[5]] == "held CAP-1"  # four and two are six
    refused = [before.decision(number(four), "WINDOW-1", "refuse", "2025-03-14", code) for code in before.codes[:2]]
    before.act("2025-03-15", decisions=refused)
    case.act("2025-03-16")
    assert case.statuses(number(three))[case.codes[5]] == "dispatched"  # two and two


def test_the_cap_is_judged_again_at_filing() -> None:
    before = Case("2024-09")
    who = before.institution()
    four = before.application(who, dict.fromkeys(before.codes[:4], "5"), submitted="2024-09-20T09:00:00")
    four.form["contact_phone"] = "12"
    before.act("2024-09-22", four)  # returned: not under way
    case = Case("2025-04", before.office)
    case._number = 50
    three = case.application(who, dict.fromkeys(case.codes[4:7], "5"))
    case.act("2025-03-12", three)
    assert case.status(number(three)) == "dispatched"
    case.act("2025-04-09", results=case.results(number(three), "80", "2025-04-01"))
    mended = before.application(
        who, dict.fromkeys(before.codes[:4], "5"), submitted="2024-09-25T09:00:00", no=number(four)
    )
    permits = [before.decision(number(four), rule, "permit", "2025-04-08") for rule in ("WINDOW-1", "CAP-1")]
    before.act("2025-04-09", mended)
    before.act("2025-04-10", decisions=permits)
    before.act("2025-04-10", results=before.results(number(four), "90", "2025-04-10"))
    assert before.status(number(four)) == "filed"
    case.act("2025-04-11")
    left = case.statuses(number(three))
    assert sorted(left.values()) == ["filed", "held CAP-1", "held CAP-1"]
    assert left[min(left)] == "filed"  # of one score and one application, the smaller code


def test_a_place_that_falls_free_lets_the_next_go_on(case: Case) -> None:
    code = case.codes[0]
    holders = [case.institution(on_file={code: "5"}) for _ in range(2)]
    one = case.application(case.institution(), {code: "5"})
    case.act("2025-03-12", one)
    assert case.status(number(one)) == "held CAP-2"
    case.act("2025-03-14", commands=[f"adjust withdraw {holders[0].uscc} --ground 注销 --document 1号"])
    assert case.status(number(one)) == "dispatched"


def test_the_place_at_filing_that_falls_free_goes_to_the_higher_score(case: Case) -> None:
    code = case.codes[0]
    holder = case.institution(on_file={code: "5"})
    three = [case.application(case.institution(), {code: "5"}) for _ in range(3)]
    case.act("2025-03-12", *three)
    rows = [row for filing, score in zip(three, ("90", "70", "80"), strict=True)
            for row in case.results(number(filing), score, "2025-04-01")]  # fmt: skip
    case.act("2025-04-11", results=rows)
    assert [case.status(number(filing)) for filing in three] == ["filed", "held CAP-2", "held CAP-2"]
    case.act("2025-04-20", commands=[f"adjust withdraw {holder.uscc} --ground 注销 --document 1号"])
    assert [case.status(number(filing)) for filing in three] == ["filed", "held CAP-2", "filed"]


def test_a_renewals_own_place_is_never_new(case: Case) -> None:
    code = case.codes[0]
    who = case.institution(on_file={code: "5"}, since="2022-05-01", until="2025-04-30")
    case.institution(on_file={code: "5"})
    case.institution(on_file={code: "5"})
    one = case.application(who, {code: "5"}, "renewal")
    case.act("2025-03-12", one)
    case.act("2025-05-25", results=case.results(number(one), "80", "2025-05-20"))
    assert (case.status(number(one)), case.valid_until(who, code)) == ("filed", "2028-05-24")


# -- standing --------------------------------------------------------------------------------------------------


def test_an_addition_sent_out_before_a_revocation_is_held_at_filing(case: Case) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"})
    one = case.application(who, {case.codes[1]: "5"}, "addition")
    case.act("2025-03-12", one)
    case.act("2025-04-11", commands=[f"adjust revoke {who.uscc} --ground 违规 --document 1号"])
    assert case.status(number(one)) == "dispatched"
    case.act("2025-04-19", results=case.results(number(one), "80", "2025-04-18"))
    assert case.status(number(one)) == "held STAND-1"
    case.act("2025-04-22", decisions=[case.decision(number(one), "STAND-1", "permit", "2025-04-21")])
    assert (case.status(number(one)), case.valid_until(who, case.codes[1])) == ("filed", "2028-04-21")


def test_a_renewal_of_what_was_withdrawn_meanwhile_is_refused(case: Case) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"}, since="2022-06-01", until="2025-05-31")
    one = case.application(who, {case.codes[0]: "5"}, "renewal")
    case.act("2025-03-12", one)
    case.act("2025-04-11", commands=[f"adjust withdraw {who.uscc} --ground 申请 --document 1号"])
    case.act("2025-04-19", results=case.results(number(one), "80", "2025-04-18"))
    assert case.status(number(one)) == "refused RENEW-1"


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
    assert case.status(number(one)) == status


def test_names_and_types_are_the_registers_own(case: Case) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"})
    one = case.application(who, {case.codes[1]: "5"}, "addition")
    one.form |= {"institution_name": "黄石新名公司", "region_code": "420222"}
    school = case.application(case.institution("enterprise", {case.codes[0]: "5"}), {case.codes[1]: "5"}, "addition")
    school.form["institution_type"] = "technical_school"
    case.act("2025-03-12", one, school)
    assert case.rules(number(one)) == {"IDENT-1"}
    assert "IDENT-2" in case.rules(number(school))
    case.act("2025-03-20", commands=[f"adjust rename {who.uscc} --name 黄石新名公司 --ground 更名 --document 1号"])
    again = case.application(who, {case.codes[1]: "5"}, "addition", submitted="2025-03-21T09:00:00", no=number(one))
    again.form |= {"institution_name": "黄石新名公司", "region_code": "420222"}
    case.act("2025-03-22", again)
    assert [found.field for found in case.app(number(one)).findings] == ["region_code"]


# -- decisions, results ----------------------------------------------------------------------------------------


def test_decisions_turn(case: Case) -> None:
    """Refuse → permit → refuse, whichever way the latest turns, until it is filed."""
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"}, submitted="2025-03-01T09:00:00")
    case.act("2025-03-12", one)
    turns = (("refuse", "refused WINDOW-1"), ("permit", "dispatched"), ("refuse", "refused WINDOW-1"))
    assert case.status(number(one)) == "held WINDOW-1"
    for place, (verdict, status) in enumerate(turns, 13):
        case.act(
            f"2025-03-{place + 1}", decisions=[case.decision(number(one), "WINDOW-1", verdict, f"2025-03-{place}")]
        )
        assert case.status(number(one)) == status
    late = case.decision(number(one), "WINDOW-1", "permit", "2025-03-14")  # earlier by moment: does not count
    case.act("2025-03-20", decisions=[late])
    assert case.status(number(one)) == "refused WINDOW-1"


def test_a_decision_that_can_concern_nothing_is_refused(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"}, submitted="2025-03-01T09:00:00")
    case.act("2025-03-12", one)
    odd = (("FORM-3", ""), ("CAP-1", ""), ("WINDOW-1", "6-99-99-99"))
    case.act(
        "2025-03-14", decisions=[case.decision(number(one), rule, "permit", "2025-03-13", code) for rule, code in odd]
    )
    assert (case.status(number(one)), case.office.rulings) == ("held WINDOW-1", [])


@pytest.mark.parametrize(("verdict", "status"), [("permit", "filed"), ("refuse", "refused EVAL-5")])
def test_a_failure_of_a_filed_item_waits_for_a_decision(case: Case, verdict: str, status: str) -> None:
    who = case.institution("enterprise")
    one = case.application(who, {case.codes[0]: "5"})
    case.act("2025-03-12", one)
    case.act("2025-04-11", results=case.results(number(one), "80", "2025-04-01"))
    case.act("2025-04-20", results=case.results(number(one), "80", "2025-04-19", "fail", case.codes[0]))
    assert (case.status(number(one)), case.rules(number(one))) == ("filed", {"EVAL-5"})
    case.act("2025-04-22", decisions=[case.decision(number(one), "EVAL-5", verdict, "2025-04-21")])
    assert case.status(number(one)) == status
    assert bool(case.office.register.of(who.uscc, case.day(12))) == (verdict == "permit")


def test_a_failed_item_is_decided_anew(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    case.act("2025-03-12", one)
    case.act("2025-04-11", results=case.results(number(one), "40", "2025-04-01", "fail"))
    assert case.app(number(one)).status == "closed"
    case.act("2025-04-20", results=case.results(number(one), "66", "2025-04-19", "pass", case.codes[0]))
    assert case.status(number(one)) == "filed"


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"evaluated_on": ""}, "EVAL-6", "evaluated_on"),
        ({"evaluated_on": "2025-03-21"}, "EVAL-6", "evaluated_on"),
        ({"panel_lead": ""}, "EVAL-6", "panel_lead"),
        ({"panel_size": "2"}, "EVAL-2", "panel_size"),
        ({"score": "59.5"}, "EVAL-4", "verdict"),
        ({"level": "3", "panel_size": "2"}, "EVAL-3", "level"),
        ({"work_type": "甲"}, "EVAL-3", "work_type"),
    ],
)
def test_results_that_are_not_accepted(case: Case, change: dict[str, str], rule: str, field: str) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    case.act("2025-03-12", one)
    case.act("2025-03-20", results=[row | change for row in case.results(number(one), "80", "2025-03-19")])
    found = [(found.rule, found.field) for found in case.app(number(one)).on_results]
    assert (case.status(number(one)), found) == ("dispatched", [(rule, field)])


def test_of_two_results_that_differ_the_later_row_is_faulted(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    case.act("2025-03-12", one)
    row = case.results(number(one), "80", "2025-03-19")[0]
    case.act("2025-03-20", results=[row, row | {"score": "81"}, dict(row)])
    found = [(found.rule, found.row) for found in case.app(number(one)).on_results]
    assert (case.status(number(one)), found) == ("dispatched", [("EVAL-4", 2)])


# -- neighbours, work types, audiences, lists -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("neighbour", "rules"),
    [("4-07-05-01", {"OCC-3", "OCC-6"}), ("2-02-38-01", {"OCC-3", "OCC-5"}), ("6-31-01-99", {"OCC-2"})],
)
def test_a_neighbours_code_is_judged(case: Case, neighbour: str, rules: set[str]) -> None:
    """`occupation_code=6-99-99-99, neighbour_code=4-07-05-01` is no way to file 保安员."""
    one = case.application(case.institution("enterprise"), {})
    request(case.world, one, Trade(case.codes[0], ""), ["5"], code="6-99-99-99", name="新工")
    for row in one.materials:
        row["occupation_code"] = row["occupation_code"] and (neighbour if neighbour[0] != "6" else "6-99-99-99")
    one.occupations[0] |= {"neighbour_code": neighbour, "levels": "5", "audience": "staff"}
    case.act("2025-03-12", one)
    assert case.rules(number(one)) == rules


@pytest.mark.parametrize(
    ("code", "work_type", "rules"),
    [
        ("6-18-02-04", "", {"OCC-7"}),
        ("6-18-02-04", "焊接操作工", {"OCC-6"}),
        ("6-18-02-04", "电焊工", {"OCC-7"}),
        ("4-14-05-01", "潜水", {"OCC-6"}),
        ("4-14-05-01", "社会体育指导员", {"OCC-7"}),
    ],
)
def test_access_work_types(case: Case, code: str, work_type: str, rules: set[str]) -> None:
    one = case.application(case.institution("enterprise"), {code: "5"}, work_type=work_type)
    case.act("2025-03-12", one)
    assert case.rules(number(one)) == rules


def test_two_work_types_are_two_items_and_two_audiences_are_one(case: Case) -> None:
    code = case.codes[0]
    who = case.institution("technical_school")
    one = case.application(who, {code: "5"}, work_type="甲")
    one.occupations.append(one.occupations[0] | {"work_type": "乙"})
    one.occupations.append(one.occupations[0] | {"audience": "public"})
    for row in one.materials:
        row["work_type"] = ""
    case.act("2025-03-12", one)
    assert sorted(item.work_type for item in case.app(number(one)).items) == ["乙", "甲"]
    case.act("2025-04-11", results=case.results(number(one), "80", "2025-04-01"))
    rows = case.office.register.directory(case.day(1))
    assert [(row["work_type"], row["audiences"]) for row in rows] == [("乙", "staff"), ("甲", "staff;public")]


def test_an_addition_joins_audiences_and_a_renewal_replaces_them(case: Case) -> None:
    code = case.codes[0]
    who = case.institution("technical_school", {code: "5"}, since="2022-06-01", until="2025-05-31")
    addition = case.application(who, {code: "5"}, "addition")
    case.act("2025-03-12", addition)
    case.act("2025-04-11", results=case.results(number(addition), "80", "2025-04-01"))
    assert [row["audiences"] for row in case.office.register.directory(case.day(1))] == ["staff;public"]


def test_an_occupation_without_a_code_is_known_by_its_name(case: Case) -> None:
    name = "生成式人工智能系统应用员"
    one = case.application(case.institution("enterprise"), {})
    request(case.world, one, Trade(name, ""), ["5"], name=name)
    one.occupations[0] |= {"occupation_code": "4-98-01-10", "levels": "5", "audience": "staff"}
    case.act("2025-03-12", one)
    assert (case.statuses(number(one)), case.rules(number(one))) == ({name: "dispatched"}, set())


def test_the_access_list_in_force_on_the_deadline_counts(tmp_path: Path) -> None:
    head = "item,group,qualification,code_2022,occupation_2022,coverage,in_force_from\n"
    row = "1,x,x,6-31-01-01,x,whole,2025-04-11\n"
    (tmp_path / "access_qualifications_2025.csv").write_text(head + row, "utf-8")
    assert "6-31-01-01" not in facts.facts("2025-04", tmp_path).access
    assert list(facts.facts("2025-09", tmp_path).access) == ["6-31-01-01"]


def test_what_the_public_reads_holds_no_number(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    one.form["registered_address"] = "磁湖路1号（11010519491231002X）"
    case.act("2025-03-12", one)
    found = [(found.rule, found.field, found.value) for found in case.app(number(one)).findings]
    assert found == [("FORM-11", "registered_address", "磁湖路1号（110105**********2X）")]


# -- terms -----------------------------------------------------------------------------------------------------


def test_what_a_renewal_did_not_ask_for_lapses_with_the_old_term() -> None:
    before = Case("2024-09")
    kept, left = before.codes[:2]
    who = before.institution("enterprise")
    one = before.application(who, {kept: "5", left: "5"}, submitted="2024-09-01T09:00:00")
    before.act("2024-09-02", one)
    before.act("2024-09-11", results=before.results(number(one), "80", "2024-09-10"))
    assert before.valid_until(who, kept) == "2027-09-10"
    case = Case("2027-04", before.office)
    case._number = 50
    renewal = case.application(who, {kept: "5"}, "renewal", submitted="2027-03-11T09:00:00")
    case.act("2027-03-12", renewal)
    case.act("2027-04-11", results=case.results(number(renewal), "80", "2027-04-01"))
    assert case.valid_until(who, kept) == "2030-09-10"
    case.act("2027-09-11")
    assert before.statuses(number(one)) == {kept: "filed", left: "lapsed"}


@pytest.mark.parametrize(("until", "early"), [("2025-10-24", False), ("2025-10-25", True), ("2025-05-25", False)])
def test_a_renewal_before_the_last_useful_cycle(case: Case, until: str, early: bool) -> None:
    """Deadline plus wait of the September cycle is 25 October."""
    who = case.institution("enterprise", {case.codes[0]: "5"}, since="2022-10-25", until=until)
    one = case.application(who, {case.codes[0]: "5"}, "renewal")
    case.act("2025-03-12", one)
    assert ("RENEW-2" in case.rules(number(one))) == early


@pytest.mark.parametrize(("work_type", "dormant"), [("", False), ("甲", False)])
def test_an_activity_with_a_work_type_serves_the_occupation_as_a_whole(
    case: Case, work_type: str, dormant: bool
) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5"})
    one = case.application(who, {case.codes[1]: "5"}, "addition")
    held = {"uscc": who.uscc, "occupation_code": case.codes[0], "work_type": work_type, "level": "5"}
    activity = held | {"held_on": "2024-08-01", "candidates": "5", "passed": "1"}
    case._busy = lambda: [activity]  # type: ignore[method-assign]
    case.act("2025-03-12", one)
    assert ("DORM-1" in case.rules(number(one))) == dormant
