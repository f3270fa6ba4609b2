"""Decisions, results and what an item is, worked by hand: the oracle's reading of the contract, sections 2 and 5."""

import sys
from pathlib import Path

import pytest

ORACLE = Path(__file__).parent / "oracle"
if str(ORACLE) not in sys.path:
    sys.path.append(str(ORACLE))  # the oracle's modules are plain files, also run as commands

import facts  # noqa: E402
from filing import Trade  # noqa: E402
from made_filings import request  # noqa: E402
from worked import Case  # noqa: E402


@pytest.fixture
def case() -> Case:
    return Case()


def test_decisions_turn(case: Case) -> None:
    """Refuse → permit → refuse, whichever way the latest turns, until it is filed."""
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"}, submitted="2025-03-01T09:00:00")
    case.act("2025-03-12", one)
    turns = (("refuse", "refused WINDOW-1"), ("permit", "dispatched"), ("refuse", "refused WINDOW-1"))
    assert case.status(one.no) == "held WINDOW-1"
    for place, (verdict, status) in enumerate(turns, 13):
        case.act(f"2025-03-{place + 1}", decisions=[case.decision(one.no, "WINDOW-1", verdict, f"2025-03-{place}")])
        assert case.status(one.no) == status
    late = case.decision(one.no, "WINDOW-1", "permit", "2025-03-14")  # earlier by moment: does not count
    case.act("2025-03-20", decisions=[late])
    assert case.status(one.no) == "refused WINDOW-1"


def test_a_decision_that_can_concern_nothing_is_refused(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"}, submitted="2025-03-01T09:00:00")
    case.act("2025-03-12", one)
    odd = (("FORM-3", ""), ("CAP-1", ""), ("WINDOW-1", "6-99-99-99"))
    case.act("2025-03-14", decisions=[case.decision(one.no, rule, "permit", "2025-03-13", code) for rule, code in odd])
    assert (case.status(one.no), case.office.rulings) == ("held WINDOW-1", [])


@pytest.mark.parametrize(("verdict", "status"), [("permit", "filed"), ("refuse", "refused EVAL-5")])
def test_a_failure_of_a_filed_item_waits_for_a_decision(case: Case, verdict: str, status: str) -> None:
    who = case.institution("enterprise")
    one = case.application(who, {case.codes[0]: "5"})
    case.act("2025-03-12", one)
    case.act("2025-04-11", results=case.results(one.no, "80", "2025-04-01"))
    case.act("2025-04-20", results=case.results(one.no, "80", "2025-04-19", "fail", case.codes[0]))
    assert (case.status(one.no), case.rules(one.no)) == ("filed", {"EVAL-5"})
    case.act("2025-04-22", decisions=[case.decision(one.no, "EVAL-5", verdict, "2025-04-21")])
    assert case.status(one.no) == status
    assert bool(case.office.register.of(who.uscc, case.day(12))) == (verdict == "permit")


def test_a_failed_item_is_decided_anew(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    case.act("2025-03-12", one)
    case.act("2025-04-11", results=case.results(one.no, "40", "2025-04-01", "fail"))
    assert case.app(one.no).status == "closed"
    case.act("2025-04-20", results=case.results(one.no, "66", "2025-04-19", "pass", case.codes[0]))
    assert case.status(one.no) == "filed"


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
    case.act("2025-03-20", results=[row | change for row in case.results(one.no, "80", "2025-03-19")])
    faults = [(finding.rule, finding.field) for _, finding in case.app(one.no).on_results]
    assert (case.status(one.no), faults) == ("dispatched", [(rule, field)])


def test_of_two_results_that_differ_the_later_row_is_faulted(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"})
    case.act("2025-03-12", one)
    row = case.results(one.no, "80", "2025-03-19")[0]
    case.act("2025-03-20", results=[row, row | {"score": "81"}, dict(row)])
    faults = [(finding.rule, finding.row) for _, finding in case.app(one.no).on_results]
    assert (case.status(one.no), faults) == ("dispatched", [("EVAL-4", 2)])


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
    assert case.rules(one.no) == rules


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
    assert case.rules(one.no) == rules


def test_two_work_types_are_two_items_and_two_audiences_are_one(case: Case) -> None:
    code = case.codes[0]
    who = case.institution("technical_school")
    one = case.application(who, {code: "5"}, work_type="甲")
    one.occupations.append(one.occupations[0] | {"work_type": "乙"})
    one.occupations.append(one.occupations[0] | {"audience": "public"})
    for row in one.materials:
        row["work_type"] = ""
    case.act("2025-03-12", one)
    assert sorted(item.work_type for item in case.app(one.no).items) == ["乙", "甲"]
    case.act("2025-04-11", results=case.results(one.no, "80", "2025-04-01"))
    rows = case.office.register.directory(case.day(1))
    assert [(row["work_type"], row["audiences"]) for row in rows] == [("乙", "staff"), ("甲", "staff;public")]


@pytest.mark.parametrize(("kind", "audiences"), [("addition", "staff;public"), ("renewal", "staff")])
def test_an_addition_joins_audiences_and_a_renewal_replaces_them(case: Case, kind: str, audiences: str) -> None:
    code = case.codes[0]
    who = case.institution("technical_school", {code: "5"}, since="2022-06-01", until="2025-05-31")
    one = case.application(who, {code: "5"}, kind)
    case.act("2025-03-12", one)
    case.act("2025-04-11", results=case.results(one.no, "80", "2025-04-01"))
    assert [row["audiences"] for row in case.office.register.directory(case.day(1))] == [audiences]


def test_an_occupation_without_a_code_is_known_by_its_name(case: Case) -> None:
    name = "生成式人工智能系统应用员"
    one = case.application(case.institution("enterprise"), {})
    request(case.world, one, Trade(name, ""), ["5"], name=name)
    one.occupations[0] |= {"occupation_code": "4-98-01-10", "levels": "5", "audience": "staff"}
    case.act("2025-03-12", one)
    assert (case.statuses(one.no), case.rules(one.no)) == ({name: "dispatched"}, set())


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
    faults = [(finding.rule, finding.field, finding.value) for finding in case.app(one.no).findings]
    assert faults == [("FORM-11", "registered_address", "磁湖路1号（110105**********2X）")]


@pytest.mark.parametrize(
    ("asked", "handed_in", "missing"),
    [
        ("", "", ""),
        ("甲", "", ""),  # a blank one serves all
        ("甲", "甲", ""),
        ("甲", "乙", ":甲"),
        ("", "甲", "·"),  # a work type's own papers do not serve the occupation as a whole
    ],
)
def test_materials_of_a_work_type(case: Case, asked: str, handed_in: str, missing: str) -> None:
    code = case.codes[0]
    one = case.application(case.institution("enterprise"), {code: "5"}, work_type=asked)
    for row in one.materials:
        row["work_type"] = handed_in if row["occupation_code"] else ""
    case.act("2025-03-12", one)
    fields = {finding.field for finding in case.app(one.no).findings if finding.rule == "MAT-2"}
    names = ("question_bank", "assessment_specification", "assessment_standard", "evaluation_rules")
    assert fields == ({f"{name}:{code}{missing.strip('·')}" for name in names} if missing else set())


@pytest.mark.parametrize(
    ("work_type", "levels", "audience", "repeated"),
    [
        ("甲", "5", "staff", True),
        ("甲", "4", "staff", False),
        ("乙", "5", "staff", False),
        ("", "5", "staff", False),
        ("甲", "5", "public", False),
    ],
)
def test_a_row_asked_for_twice(case: Case, work_type: str, levels: str, audience: str, *, repeated: bool) -> None:
    one = case.application(case.institution("technical_school"), {case.codes[0]: "5"}, work_type="甲")
    again = {"work_type": work_type, "levels": levels, "audience": audience}
    one.occupations.append(one.occupations[0] | again)
    case.act("2025-03-12", one)
    assert [finding.row for finding in case.app(one.no).findings if finding.rule == "OCC-9"] == [2] * repeated


def test_what_passed_and_was_refused_goes_to_a_panel_again(case: Case) -> None:
    """Refuse → permit takes it back to where it was held, and its package was recalled with what the panel found."""
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"}, submitted="2025-03-01T09:00:00")
    case.act("2025-03-12", one)
    case.act("2025-03-14", decisions=[case.decision(one.no, "WINDOW-1", "permit", "2025-03-13")])
    case.act("2025-03-20", results=case.results(one.no, "80", "2025-03-19"))
    assert case.status(one.no) == "passed"
    case.act("2025-03-22", decisions=[case.decision(one.no, "WINDOW-1", "refuse", "2025-03-21")])
    case.act("2025-03-24", decisions=[case.decision(one.no, "WINDOW-1", "permit", "2025-03-23")])
    assert case.status(one.no) == "dispatched"
    case.act("2025-04-12", results=case.results(one.no, "66", "2025-04-11"))
    assert (case.status(one.no), case.app(one.no).items.popitem()[1].score) == ("filed", 66)


def test_what_failed_and_was_refused_since_is_not_filed_by_a_corrected_result(case: Case) -> None:
    one = case.application(case.institution("enterprise"), {case.codes[0]: "5"}, submitted="2025-03-01T09:00:00")
    case.act("2025-03-12", one)
    case.act("2025-03-14", decisions=[case.decision(one.no, "WINDOW-1", "permit", "2025-03-13")])
    case.act("2025-04-11", results=case.results(one.no, "40", "2025-04-01", "fail"))
    case.act("2025-04-14", decisions=[case.decision(one.no, "WINDOW-1", "refuse", "2025-04-13")])
    case.act("2025-04-20", results=case.results(one.no, "66", "2025-04-19", "pass", case.codes[0]))
    assert case.status(one.no) == "refused WINDOW-1"
