"""Versions, ways out and the day of decision, worked by hand: the oracle's reading of the contract, section 3."""

import sys
from pathlib import Path

import pytest

ORACLE = Path(__file__).parent / "oracle"
if str(ORACLE) not in sys.path:
    sys.path.append(str(ORACLE))  # the oracle's modules are plain files, also run as commands

import values  # noqa: E402
from worked import Case  # noqa: E402


@pytest.fixture
def case() -> Case:
    return Case()


def test_who_hands_in_first_takes_no_place_from_a_higher_score(case: Case) -> None:
    """61 points handed in on 11 March do not take the last place from 99 points handed in on 25 March."""
    code = case.codes[0]
    case.institution(on_file={code: "5"})
    early = case.application(case.institution(), {code: "5"})
    late = case.application(case.institution(), {code: "5"}, submitted="2025-03-25T09:00:00")
    case.act("2025-03-12", early)
    case.act("2025-03-21", results=case.results(early.no, "61", "2025-03-20"))
    assert case.status(early.no) == "passed"
    case.act("2025-03-26", late)
    case.act("2025-04-10", results=case.results(late.no, "99", "2025-04-09"))
    assert (case.status(early.no), case.status(late.no)) == ("passed", "passed")  # not before the deadline
    case.act("2025-04-11")
    assert (case.status(late.no), case.status(early.no)) == ("filed", "held CAP-2")


def test_nobody_decides_while_a_correction_period_runs(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    other = case.application(case.institution("enterprise"), {case.codes[1]: "5"})
    other.form["contact_phone"] = "12"
    case.act("2025-04-09", one)
    case.act("2025-04-11", other, results=case.results(one.no, "80", "2025-04-10"))
    assert case.app(other.no).period_end == values.workdays_after(case.day(1), 5)
    case.act("2025-04-18")
    assert case.status(one.no) == "passed"
    case.act("2025-04-19")
    assert case.status(one.no) == "filed"


def test_nobody_waits_for_a_correction_that_cannot_mend(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    other = case.application(case.institution("enterprise"), {case.codes[1]: "5"})
    other.form["region_code"] = "420106"
    case.act("2025-04-09", one, other)
    case.act("2025-04-11", results=case.results(one.no, "80", "2025-04-10"))
    assert (case.status(other.no), case.status(one.no)) == ("returned FORM-3", "filed")


def test_the_wait_ends_after_its_days(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5", case.codes[1]: "5"})
    case.act("2025-04-09", one)
    half = [row for row in case.results(one.no, "80", "2025-04-10") if row["occupation_code"] == case.codes[0]]
    case.act("2025-05-24", results=half)
    assert case.statuses(one.no) == {case.codes[0]: "passed", case.codes[1]: "dispatched"}
    case.act("2025-05-25")
    assert case.statuses(one.no) == {case.codes[0]: "filed", case.codes[1]: "dispatched"}
    case.act("2025-06-01", results=case.results(one.no, "70", "2025-05-30"))
    assert case.status(one.no) == "filed"


def test_a_version_inside_the_window_is_taken_and_sent_anew(case: Case) -> None:
    who = case.institution("enterprise")
    first = case.application(who, {case.codes[0]: "5"})
    case.act("2025-03-12", first)
    case.act("2025-03-20", results=case.results(first.no, "80", "2025-03-19"))
    second = case.application(who, {case.codes[1]: "5"}, submitted="2025-04-10T23:59:00", no=first.no)
    case.act("2025-04-12", second)
    assert case.statuses(first.no) == {case.codes[1]: "dispatched"}
    assert [version.status for version in case.app(first.no).versions] == ["superseded", "current"]


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
    case.act("2025-04-20", case.application(who, {case.codes[0]: "5"}, submitted=submitted, no=first.no))
    assert (case.status(first.no), case.rules(first.no)) == (status, rules)


def test_an_amendment_nobody_asked_for_waits_for_a_permit(case: Case) -> None:
    who = case.institution("enterprise")
    first = case.application(who, {case.codes[0]: "5"})
    case.act("2025-03-12", first)
    second = case.application(who, {case.codes[1]: "5"}, submitted="2025-04-12T09:00:00", no=first.no)
    case.act("2025-04-13", second)
    assert case.statuses(first.no) == {case.codes[0]: "dispatched"}
    assert [version.status for version in case.app(first.no).versions] == ["current", "late"]
    case.act("2025-04-16", decisions=[case.decision(first.no, "WINDOW-2", "permit", "2025-04-15")])
    assert case.statuses(first.no) == {case.codes[1]: "dispatched"}
    assert case.rules(first.no) == {"WINDOW-2"}
    case.act("2025-04-18", decisions=[case.decision(first.no, "WINDOW-2", "refuse", "2025-04-17")])
    assert case.status(first.no) == "refused WINDOW-2"


def test_a_decided_item_makes_later_versions_late(case: Case) -> None:
    who = case.institution("enterprise")
    first = case.application(who, {case.codes[0]: "5", case.codes[1]: "5"})
    case.act("2025-03-12", first)
    fails = case.results(first.no, "40", "2025-03-19", "fail", case.codes[0])
    case.act("2025-03-20", results=fails)
    case.act("2025-03-22", case.application(who, {case.codes[2]: "5"}, submitted="2025-03-21T09:00:00", no=first.no))
    assert case.statuses(first.no) == {case.codes[0]: "failed", case.codes[1]: "dispatched"}


def test_another_institution_under_a_number_is_set_aside(case: Case) -> None:
    first = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    other = case.application(
        case.institution("enterprise"), {case.codes[1]: "5"}, submitted="2025-03-15T09:00:00", no=first.no
    )
    case.act("2025-03-12", first)
    case.act("2025-03-16", other)
    assert case.statuses(first.no) == {case.codes[0]: "dispatched"}
    assert [no for no, _ in case.office.set_aside] == [first.no]


def test_one_number_twice_in_one_file_is_set_aside(case: Case) -> None:
    """Nobody can tell whose the rows of the other tables are."""
    who = case.institution("enterprise")
    one = case.application(who, {case.codes[0]: "5"})
    two = case.application(who, {case.codes[1]: "5"}, submitted="2025-03-11T12:00:00", no=one.no)
    case.act("2025-03-12", one, two)
    assert ({no for no, _ in case.office.set_aside}, case.office.applications) == ({one.no}, {})


def test_a_mistyped_cycle_is_set_aside_and_one_that_is_over_is_taken(case: Case) -> None:
    far, past = (case.application(case.institution("enterprise"), {case.codes[0]: "5"}) for _ in range(2))
    far.form["cycle"], past.form["cycle"] = "2027-04", "2024-09"
    case.act("2025-03-12", far, past)
    assert [no for no, _ in case.office.set_aside] == [far.no]
    assert case.app(past.no).status == "received"


def test_two_numbers_by_mistake(case: Case) -> None:
    """Withdraw one, and the other goes on without a new version."""
    who = case.institution("enterprise")
    one, two = (case.application(who, {case.codes[n]: "5"}) for n in (0, 1))
    case.act("2025-03-12", one, two)
    assert {case.status(filing.no) for filing in (one, two)} == {"returned FORM-8"}
    case.act("2025-03-14", commands=[f"withdraw {two.no} --reason 重复"])
    assert (case.status(one.no), case.status(two.no)) == ("dispatched", "withdrawn")
    assert [case.app(filing.no).status for filing in (one, two)] == ["in_progress", "closed"]


def test_a_withdrawing_version_is_not_checked(case: Case) -> None:
    who = case.institution("enterprise")
    first = case.application(who, {case.codes[0]: "5"})
    case.act("2025-03-12", first)
    second = case.application(who, {case.codes[0]: "5"}, submitted="2025-04-20T09:00:00", no=first.no)
    second.form |= {"withdrawn": "是", "contact_phone": "12"}
    case.act("2025-04-21", second)
    assert (case.status(first.no), case.rules(first.no)) == ("withdrawn", set())


def test_renewal_and_addition_stand_side_by_side(case: Case) -> None:
    code, new = case.codes[:2]
    who = case.institution(on_file={code: "5"}, until="2025-06-30", since="2022-07-01")
    renewal = case.application(who, {code: "5"}, "renewal")
    addition = case.application(who, {new: "5"}, "addition")
    case.act("2025-03-12", renewal, addition)
    assert case.rules(addition.no) == {"RENEW-3"}
    both = [*case.results(renewal.no, "70", "2025-04-02"), *case.results(addition.no, "90", "2025-04-02")]
    case.act("2025-04-11", results=both)
    # the new term starts after the old one; what is filed on the day of a renewal shares it
    assert case.valid_until(who, code) == case.valid_until(who, new) == "2028-06-30"


def test_the_same_item_is_pending_in_another_cycle() -> None:
    before = Case("2024-09")
    code = before.codes[0]
    who = before.institution("enterprise")
    old = before.application(who, {code: "5,4"}, submitted="2024-09-20T09:00:00")
    before.act("2024-09-22", old)
    assert before.status(old.no) == "held WINDOW-1"
    case = Case("2025-04", before.office, number=50)
    new = case.application(who, {code: "4,3"})
    case.act("2025-03-12", new)
    assert case.rules(new.no) == {"OCC-14"}
    before.act("2025-03-20", commands=["close 2024-09 --reason 办结"], run=False)
    assert before.status(old.no) == "ended"
    case.act("2025-03-21")
    assert case.status(new.no) == "dispatched"


def test_a_cycle_closes_only_after_its_wait(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    two = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    two.form["contact_phone"] = "12"
    case.act("2025-03-12", one, two)
    case.act("2025-05-24", commands=["close 2025-04 --reason 办结"], run=False)
    assert {case.app(filing.no).status for filing in (one, two)} == {"in_progress", "returned"}
    case.act("2025-05-25", commands=["close 2025-04 --reason 办结"], run=False)
    assert {case.status(filing.no) for filing in (one, two)} == {"ended"}
    assert {case.app(filing.no).status for filing in (one, two)} == {"closed"}


@pytest.mark.parametrize(
    ("kinds", "rules"),
    [
        (("initial", "addition"), {"FORM-8"}),
        (("renewal", "renewal"), {"FORM-8"}),
        (("renewal", "addition"), set()),
    ],
)
def test_how_many_numbers_an_institution_may_have(case: Case, kinds: tuple[str, str], rules: set[str]) -> None:
    who = case.institution("enterprise", {case.codes[0]: "5", case.codes[1]: "5"})
    asked = [case.codes[n] if kind == "renewal" else case.codes[n + 2] for n, kind in enumerate(kinds)]
    pair = [case.application(who, {code: "5"}, kind) for code, kind in zip(asked, kinds, strict=True)]
    case.act("2025-03-12", *pair)
    assert [case.rules(one.no) - {"RENEW-2"} for one in pair] == [rules, rules]


def test_an_item_asked_for_twice_stands_on_the_later_application(case: Case) -> None:
    code = case.codes[0]
    who = case.institution("enterprise", {code: "5"}, since="2022-06-01", until="2025-05-31")
    later = case.application(who, {code: "5"}, "renewal", submitted="2025-03-12T09:00:00")
    earlier = case.application(who, {code: "5,4"}, "addition")
    case.act("2025-03-13", later, earlier)
    assert ("OCC-14" in case.rules(later.no), "OCC-14" in case.rules(earlier.no)) == (True, False)
    case.act("2025-03-14", commands=[f"withdraw {earlier.no} --reason 重复"])
    assert case.status(later.no) == "dispatched"


def test_a_version_for_a_closed_cycle_is_late(case: Case) -> None:
    who = case.institution("enterprise")
    one = case.application(who, {case.codes[0]: "5"})
    one.form["contact_phone"] = "12"
    case.act("2025-03-12", one)
    case.act("2025-06-01", commands=["close 2025-04 --reason 办结"], run=False)
    case.act("2025-06-03", case.application(who, {case.codes[0]: "5"}, submitted="2025-06-02T09:00:00", no=one.no))
    assert [version.status for version in case.app(one.no).versions] == ["current", "late"]
    assert case.status(one.no) == "ended"


def test_one_occupation_is_ended_and_the_others_go_on(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5", case.codes[1]: "5"})
    case.act("2025-03-12", one)
    case.act("2025-03-20", commands=[f"close {one.no} --occupation {case.codes[0]} --reason 设备已拆"])
    assert case.statuses(one.no) == {case.codes[0]: "ended", case.codes[1]: "dispatched"}
    assert case.app(one.no).status == "in_progress"


def test_a_second_renewal_returns_both_whoever_becomes_one_later(case: Case) -> None:
    """A twin's version that makes a renewal of it concerns a renewal that waits, and so does one that unmakes it."""
    code, new = case.codes[:2]
    who = case.institution("enterprise", {code: "5"}, until="2026-05-31")
    addition = case.application(who, {new: "5"}, "addition", submitted="2025-03-01T09:00:00")
    renewal = case.application(who, {code: "5"}, "renewal", submitted="2025-03-01T09:00:00")
    case.act("2025-03-12", addition, renewal)
    assert {case.status(one.no) for one in (addition, renewal)} == {"held WINDOW-1"}
    changed = case.application(who, {code: "5"}, "renewal", submitted="2025-03-13T09:00:00", no=addition.no)
    case.act("2025-03-14", changed)
    assert ["FORM-8" in case.status(one.no) for one in (addition, renewal)] == [True, True]
    back = case.application(who, {new: "5"}, "addition", submitted="2025-03-14T09:00:00", no=addition.no)
    case.act("2025-03-15", back)
    assert {case.status(one.no) for one in (addition, renewal)} == {"held WINDOW-1"}


@pytest.mark.parametrize(
    ("submitted", "phone", "open_as"),
    [("2025-03-01T09:00:00", "", "held WINDOW-1"), ("2025-03-11T09:00:00", "12", "returned FORM-7")],
)
def test_an_ended_occupation_stays_ended_when_the_rest_is_screened_again(
    case: Case, submitted: str, phone: str, open_as: str
) -> None:
    ended, waiting, other = case.codes[:3]
    who = case.institution("enterprise")
    one = case.application(who, {ended: "5", waiting: "5"}, submitted=submitted)
    one.form |= {"contact_phone": phone} if phone else {}
    case.act("2025-03-12", one)
    case.act("2025-03-14", commands=[f"close {one.no} --occupation {ended} --reason 设备已拆"])
    case.institution("enterprise", {other: "5"})
    case.act("2025-03-16")
    assert case.statuses(one.no) == {ended: "ended", waiting: open_as}
    twin = case.application(who, {other: "5"}, submitted="2025-03-17T09:00:00")
    case.act("2025-03-18", twin)
    assert case.statuses(one.no)[ended] == "ended"
    case.act("2025-03-19", commands=[f"withdraw {twin.no} --reason 误报"])
    assert case.statuses(one.no) == {ended: "ended", waiting: open_as}


def test_a_refused_occupation_stays_refused_until_a_permit(case: Case) -> None:
    """Also while a twin has the rest returned: then a permit lets it wait for the correction like the rest."""
    refused, waiting, other = case.codes[:3]
    who = case.institution("enterprise")
    one = case.application(who, {refused: "5", waiting: "5"}, submitted="2025-03-01T09:00:00")
    case.act("2025-03-12", one)
    case.act("2025-03-14", decisions=[case.decision(one.no, "WINDOW-1", "refuse", "2025-03-13", refused)])
    case.institution("enterprise", {other: "5"})
    case.act("2025-03-16")
    assert case.statuses(one.no) == {refused: "refused WINDOW-1", waiting: "held WINDOW-1"}
    twin = case.application(who, {other: "5"}, submitted="2025-03-17T09:00:00")
    case.act("2025-03-18", twin)
    assert case.statuses(one.no) == {refused: "refused WINDOW-1", waiting: "returned FORM-8"}
    case.act("2025-03-19", decisions=[case.decision(one.no, "WINDOW-1", "permit", "2025-03-19", refused)])
    assert case.statuses(one.no) == dict.fromkeys((refused, waiting), "returned FORM-8")
    case.act("2025-03-20", commands=[f"withdraw {twin.no} --reason 误报"])
    assert case.statuses(one.no) == {refused: "dispatched", waiting: "held WINDOW-1"}


def test_an_ended_occupation_takes_no_place_and_stands_in_no_ones_way(case: Case) -> None:
    """CAP-1 leaves it out and OCC-14 does not look at it, also where its application is checked again."""
    ended, *more = case.codes[:6]
    who = case.institution(on_file={case.codes[7]: "5"}, until="2026-05-31")
    one = case.application(who, dict.fromkeys((ended, *more[:4]), "5"), "addition", submitted="2025-03-01T09:00:00")
    case.act("2025-03-12", one)
    assert case.status(one.no) == "held CAP-1 WINDOW-1"
    case.act("2025-03-14", commands=[f"close {one.no} --occupation {ended} --reason 设备已拆"], run=False)
    twin = case.application(who, {ended: "5"}, "renewal", submitted="2025-03-15T09:00:00")
    case.act("2025-03-16", twin)
    assert case.statuses(one.no) == {ended: "ended"} | dict.fromkeys(more[:4], "held CAP-1 WINDOW-1")
    assert "OCC-14" not in case.rules(twin.no)
    case.act("2025-03-17", commands=[f"withdraw {twin.no} --reason 误报"])
    assert case.statuses(one.no) == {ended: "ended"} | dict.fromkeys(more[:4], "held WINDOW-1")
    assert "CAP-1" not in case.rules(one.no)


def test_what_is_withdrawn_after_a_permit_is_out_of_every_count(case: Case) -> None:
    """Six occupations over two numbers: with one of them withdrawn the rest needs no permit."""
    who = case.institution(on_file={case.codes[6]: "5"}, since="2022-06-01", until="2025-05-31")
    renewal = case.application(who, {case.codes[6]: "5"}, "renewal")
    five = case.application(who, dict.fromkeys(case.codes[:5], "5"), "addition")
    case.act("2025-03-12", renewal, five)
    assert (case.status(renewal.no), case.status(five.no)) == ("dispatched", "held CAP-1")
    left = f"adjust withdraw {who.uscc} --occupation {case.codes[6]} --ground 申请 --document 1号 --on 2025-03-20"
    case.act("2025-03-20", commands=[left, f"withdraw {renewal.no} --reason 不再换证"])
    assert case.status(five.no) == "dispatched"


def test_a_late_version_of_what_was_withdrawn_waits_for_a_permit(case: Case) -> None:
    who = case.institution("enterprise")
    one = case.application(who, {case.codes[0]: "5"})
    case.act("2025-03-12", one)
    case.act("2025-04-14", commands=[f"withdraw {one.no} --reason 停业"])
    again = case.application(who, {case.codes[0]: "4"}, submitted="2025-04-20T09:00:00", no=one.no)
    case.act("2025-04-21", again)
    assert (case.status(one.no), case.app(one.no).versions[-1].status) == ("withdrawn", "late")
    case.act("2025-04-23", decisions=[case.decision(one.no, "WINDOW-2", "permit", "2025-04-22")])
    assert (case.status(one.no), case.app(one.no).versions[-1].status) == ("dispatched", "current")


def test_an_application_goes_over_with_its_institution(case: Case) -> None:
    """What is under way when an institution goes into another is filed on the other, within the other's term."""
    kept, asked = case.codes[:2]
    old = case.institution("enterprise", {kept: "5"}, until="2026-05-31")
    into = case.institution("enterprise", {kept: "4"}, until="2027-05-31")
    one = case.application(old, {asked: "5"}, "addition")
    case.act("2025-03-12", one)
    case.act("2025-03-14", commands=[f"adjust merge {old.uscc} {into.uscc} --ground 合并 --document 2号"])
    case.act("2025-04-12", results=case.results(one.no, "80", "2025-03-30"))
    assert (case.status(one.no), case.valid_until(into, asked), case.valid_until(old, asked)) == (
        "filed",
        "2027-05-31",
        "",
    )


def test_an_occupation_renumbered_while_it_is_asked_for_is_filed_under_its_code(case: Case) -> None:
    former, present = case.codes[:2]
    who = case.institution("enterprise")
    one = case.application(who, {former: "5"})
    case.act("2025-03-12", one)
    case.act("2025-03-14", commands=[f"adjust renumber {former} {present} --ground 公告 --document 3号"])
    case.act("2025-04-12", results=case.results(one.no, "80", "2025-03-30"))
    assert [row["occupation_code"] for row in case.office.register.directory(case.day(2))] == [present]
