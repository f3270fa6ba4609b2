"""Versions of an application after it was sent out, too late, under another's number, of a mistyped cycle (section 3)."""

from pathlib import Path

from worked import Case

from schemas.settings import settings
from tasks.store import history, runs, unfinished
from tasks.store.database import reading
from tests import evaluations as made


def test_versions_inside_the_window_and_after_it(case: Case, home: Path) -> None:
    code = case.codes
    who = [case.institution("enterprise") for _ in range(7)]
    sent, permitted, _, corrected, refused, taken_back, thief = who
    first = {
        name: case.application(one, {code[0]: "5", code[1]: "4"})
        for name, one in zip(
            ("sent", "permitted", "owner", "refused", "taken back"), (*who[:3], *who[4:6]), strict=True
        )
    }
    late = case.application(corrected, {code[0]: "5"})
    late.form["contact_phone"] = "12"
    case.act("2025-03-12", *first.values(), late)

    again = case.application(sent, {code[1]: "5"}, submitted="2025-03-19T09:00:00", no=first["sent"].no)
    stolen = case.application(thief, {code[2]: "5"}, submitted="2025-03-19T09:00:00", no=first["owner"].no)
    mistyped = case.application(thief, {code[3]: "5"}, submitted="2025-03-19T09:00:00")
    mistyped.form["cycle"] = "2027-04"
    back = case.application(taken_back, {code[0]: "5"}, submitted="2025-03-19T09:00:00", no=first["taken back"].no)
    back.form["withdrawn"] = "是"
    case.act("2025-03-20", again, stolen, mistyped, back)
    assert case.statuses(again.no) == {code[1]: "dispatched"}, "recalled, and sent anew"
    assert case.statuses(stolen.no) == dict.fromkeys(code[:2], "dispatched"), "the owner's stays as it was"
    assert case.statuses(back.no) == dict.fromkeys(code[:2], "withdrawn"), "also what it no longer names"
    with reading() as db:
        aside = runs.set_aside(db, case.cycle)
    assert {row["application_no"]: row["reason"][:8] for row in aside} == {
        stolen.no: "该申报编号属于另",
        mistyped.no: "2027-04批",
    }
    assert len(made.letters(home, "package_recall")) == 2
    assert len(made.letters(home, "application_withdrawal")) == 1
    case.act("2025-04-10", results=case.results(first["refused"].no, "80", "2025-04-09", code=code[0]))
    with reading() as db:
        rows = unfinished.open_of(db, [case.cycle], case.day(0))
    assert {row.status: row.who for row in rows if row.application_no == first["refused"].no} == {
        "dispatched": "panel: send its results",
        "with_its_cycle": "nobody: decided with its cycle",
    }

    unasked = [
        case.application(one, {code[2]: "5"}, submitted="2025-04-12T09:00:00", no=first[name].no)
        for name, one in (("permitted", permitted), ("refused", refused))
    ]
    mended = case.application(corrected, {code[0]: "5"}, submitted="2025-04-12T09:00:00", no=late.no)
    case.act("2025-04-13", *unasked, mended)
    assert case.status(mended.no) == "held WINDOW-2", "its correction period was over"
    assert case.statuses(unasked[0].no) == dict.fromkeys(code[:2], "dispatched")
    assert case.statuses(unasked[1].no) == {code[0]: "passed", code[1]: "dispatched"}
    with reading() as db:
        named = [
            row.application_no for row in unfinished.open_of(db, [case.cycle], case.day(3)) if row.status == "late"
        ]
        entries = history.of(db, [unasked[0].no])
    assert sorted(named) == sorted(filing.no for filing in unasked)
    assert "late" in set(entries["became"])
    assert len(made.letters(home, "late_version")) == 2
    assert "WINDOW" not in made.text_of(home, "late_version"), "an applicant reads words, no codes of ours"

    rulings = [case.decision(unasked[place].no, "WINDOW-2", verdict, "2025-04-15")
               for place, verdict in enumerate(("permit", "refuse"))]  # fmt: skip
    case.act("2025-04-16", decisions=[*rulings, case.decision(mended.no, "WINDOW-2", "permit", "2025-04-15")])
    assert case.statuses(unasked[0].no) == {code[2]: "dispatched"}
    assert case.statuses(unasked[1].no) == {code[0]: "passed", code[1]: "dispatched"}
    assert case.status(mended.no) == "dispatched"
    assert len(made.letters(home, "package_recall")) == 3
    packages = settings().outbox / "evaluation" / case.cycle
    assert {path.name for path in packages.iterdir()} >= {again.no, unasked[0].no, mended.no}


def test_a_version_that_withdraws_need_not_say_whose_it_is(case: Case, home: Path) -> None:
    """Its own code counts where it states one, also one that is none; the number stays its owner's where it is blank."""
    code = case.codes[0]
    who = [case.institution("enterprise") for _ in range(2)]
    first = [case.application(one, {code: "5"}) for one in who]
    case.act("2025-03-12", *first)
    back = [
        case.application(one, {code: "5"}, submitted="2025-03-19T09:00:00", no=former.no)
        for one, former in zip(who, first, strict=True)
    ]
    for filing, uscc in zip(back, ("", "91420200MA48K00000"), strict=True):
        filing.form |= {"withdrawn": "是", "uscc": uscc}
    case.act("2025-03-20", *back)
    assert [case.status(filing.no) for filing in first] == ["withdrawn", "withdrawn"]
    assert [case.app(filing.no).filing.uscc for filing in first] == [who[0].uscc, "91420200MA48K00000"]
    assert len(made.letters(home, "application_withdrawal")) == 2
