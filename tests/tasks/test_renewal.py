"""Terms that decisions give: first filing, items added later, renewal before and after the end (contract section 3)."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert, select, update

from schemas import tables
from schemas.law.terms import last_day
from schemas.tables import outbox
from tasks.evaluation import take_verdicts
from tasks.store import decisions, institutions, register, replay, takeover
from tasks.store.database import begin, reading
from tasks.store.leases import writing
from tests import registers
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, TWO, decide, passed, run_on, sweep, take_over, terms

OLD_TERM = (date(2023, 10, 20), date(2026, 10, 19))


@pytest.mark.parametrize(
    ("filed_on", "ends_on"),
    [
        (date(2023, 10, 20), date(2026, 10, 19)),
        (date(2024, 2, 29), date(2027, 2, 28)),
        (date(2023, 3, 1), date(2026, 2, 28)),
        (date(2025, 3, 1), date(2028, 2, 29)),
        (date(2023, 1, 1), date(2025, 12, 31)),
    ],
)
def test_a_first_filing_holds_until_the_day_before_the_third_anniversary(
    home: Path, filed_on: date, ends_on: date
) -> None:
    assert last_day(filed_on, 36) == ends_on
    passed("A1", "initial", [(ONE, COOK, "4")], cycle="2023-04")
    decide("2023-04", filed_on)
    assert terms(filed_on) == {(ONE, COOK, "4"): (filed_on.isoformat(), ends_on.isoformat())}
    assert terms(ends_on) and not terms(date.fromordinal(ends_on.toordinal() + 1))


def test_items_added_later_share_the_end_of_the_qualification(home: Path) -> None:
    take_over([(ONE, COOK, "4")], *OLD_TERM)
    passed("A1", "addition", [(ONE, BAKER, "4"), (ONE, COOK, "3")], cycle="2025-04")
    decide("2025-04", date(2025, 5, 25))
    assert {end for _, end in terms(date(2025, 5, 25)).values()} == {"2026-10-19"}
    assert terms(date(2025, 5, 25))[ONE, BAKER, "4"][0] == "2025-05-25"


def test_an_addition_without_anything_on_file_begins_a_qualification(home: Path) -> None:
    passed("A1", "addition", [(ONE, COOK, "4")], cycle="2025-04")
    decide("2025-04", date(2025, 5, 25))
    assert terms(date(2025, 5, 25)) == {(ONE, COOK, "4"): ("2025-05-25", "2028-05-24")}


def test_a_renewal_decided_before_the_end_begins_the_day_after_it(home: Path) -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], *OLD_TERM)
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-09")
    decide("2026-09", date(2026, 10, 5))
    held = terms(date(2026, 10, 5))
    assert held[ONE, COOK, "4"] == ("2023-10-20", "2029-10-19"), "the day of first filing stays"
    assert held[ONE, BAKER, "4"] == ("2023-10-20", "2026-10-19"), "not asked for: lapses with the old term"
    assert terms(date(2024, 1, 1)).keys() == held.keys(), "the register of former days stays what it was"
    sweep(date(2026, 11, 1))
    assert terms(date(2026, 11, 1)).keys() == {(ONE, COOK, "4")}


@pytest.mark.parametrize("decided_on", [date(2026, 10, 19), date(2026, 10, 20)])
def test_the_last_day_and_the_day_after_give_the_same_term(home: Path, decided_on: date) -> None:
    take_over([(ONE, COOK, "4")], *OLD_TERM)
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-09")
    decide("2026-09", decided_on)
    assert terms(date(2026, 10, 20))[ONE, COOK, "4"][1] == "2029-10-19"


@pytest.mark.parametrize("swept_on", [None, date(2026, 10, 22)])
def test_a_late_renewal_begins_on_the_day_of_filing(home: Path, swept_on: date | None) -> None:
    passed("A0", "initial", [(ONE, COOK, "4")], cycle="2023-09")
    decide("2023-09", date(2023, 10, 20))
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-09")
    if swept_on:
        sweep(swept_on)
    decide("2026-09", date(2026, 10, 25))
    assert terms(date(2026, 10, 25)) == {(ONE, COOK, "4"): ("2026-10-25", "2029-10-24")}
    assert not terms(date(2026, 10, 22)), "between the terms nothing is on file"
    assert terms(date(2024, 1, 1)) == {(ONE, COOK, "4"): ("2023-10-20", "2026-10-19")}
    with reading() as db:
        assert registers.statuses(db) == {("A0", COOK, "4"): "lapsed", ("A1", COOK, "4"): "filed"}
        entries = register.current_entries(db)
        former = register.filed_by(db, "2026-09")["former_until"].tolist()
    assert len(entries) == 2
    assert former == ["2026-10-19"], "the letter names the old term also where it was over"


def test_a_timely_renewal_leaves_the_older_application_filed_until_both_end(home: Path) -> None:
    passed("A0", "initial", [(ONE, COOK, "4"), (ONE, BAKER, "4")], cycle="2023-09")
    decide("2023-09", date(2023, 10, 20))
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-09")
    decide("2026-09", date(2026, 10, 5))
    sweep(date(2026, 10, 20))
    with reading() as db:
        assert registers.statuses(db) == {
            ("A0", COOK, "4"): "filed",
            ("A0", BAKER, "4"): "lapsed",
            ("A1", COOK, "4"): "filed",
        }
    sweep(date(2029, 10, 20))
    with reading() as db:
        assert set(registers.statuses(db).values()) == {"lapsed"}


def test_renewing_in_two_steps_does_not_add_up_to_two_terms(home: Path) -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], *OLD_TERM)
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-04")
    decide("2026-04", date(2026, 5, 25))
    passed("A2", "renewal", [(ONE, BAKER, "4")], cycle="2026-09")
    decide("2026-09", date(2026, 10, 5))
    assert {end for _, end in terms(date(2026, 10, 5)).values()} == {"2029-10-19"}


@pytest.mark.parametrize("first", [COOK, BAKER, ""])
def test_a_renewal_counts_from_the_latest_end_of_all_it_asks_for_whatever_is_filed_first(
    home: Path, first: str
) -> None:
    take_over([(ONE, COOK, "4")], date(2022, 6, 1), date(2025, 5, 31))
    take_over([(ONE, BAKER, "4")], date(2022, 12, 1), date(2025, 11, 30))
    passed("A1", "renewal", [(ONE, COOK, "4"), (ONE, BAKER, "4")], cycle="2025-04")
    item = tables.item
    if first:  # the other one's result comes later
        with begin() as db:
            db.execute(update(item).where(item.c.occupation_code != first).values(status="dispatched"))
        decide("2025-04", date(2025, 5, 25))
        with begin() as db:
            db.execute(update(item).where(item.c.occupation_code != first).values(status="passed"))
    decide("2025-04", date(2025, 5, 28))
    assert {end for _, end in terms(date(2025, 5, 28)).values()} == {"2028-11-30"}


def test_a_renewal_counts_from_the_end_of_what_it_asks_for(home: Path) -> None:
    take_over([(ONE, COOK, "4")], date(2022, 6, 1), date(2025, 5, 31))
    take_over([(ONE, BAKER, "4")], date(2022, 12, 1), date(2025, 11, 30))
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2025-04")
    decide("2025-04", date(2025, 5, 25))
    assert {code: end for (_, code, _), (_, end) in terms(date(2025, 5, 25)).items()} == {
        COOK: "2028-05-31",
        BAKER: "2025-11-30",
    }


def test_an_addition_after_a_renewal_shares_the_new_end(home: Path) -> None:
    take_over([(ONE, COOK, "4")], *OLD_TERM)
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-04")
    decide("2026-04", date(2026, 5, 25))
    passed("A2", "addition", [(ONE, ELECTRICIAN, "4")], cycle="2026-09")
    decide("2026-09", date(2026, 10, 25))
    assert terms(date(2026, 10, 25))[ONE, ELECTRICIAN, "4"] == ("2026-10-25", "2029-10-19")


def test_an_addition_filed_on_the_day_of_a_renewal_shares_the_renewed_end(home: Path) -> None:
    """In one run, whichever number is the smaller."""
    take_over([(ONE, COOK, "5"), (TWO, COOK, "5")], date(2021, 7, 1), date(2024, 6, 30))
    for uscc, renewal, addition in ((ONE, "A1", "A2"), (TWO, "B2", "B1")):
        passed(renewal, "renewal", [(uscc, COOK, "5")], cycle="2024-04")
        passed(addition, "addition", [(uscc, BAKER, "5")], cycle="2024-04")
    decide("2024-04", date(2024, 5, 1))
    for uscc in (ONE, TWO):
        assert {end for key, (_, end) in terms(date(2024, 5, 1)).items() if key[0] == uscc} == {"2027-06-30"}


def test_an_addition_filed_earlier_on_the_day_of_a_renewal_shares_the_renewed_end_too(home: Path) -> None:
    """In an earlier run of the day, of whatever cycle; what was filed the day before keeps the old end."""
    day = date(2024, 5, 1)
    take_over([(ONE, COOK, "5"), (TWO, COOK, "5")], date(2021, 7, 1), date(2024, 6, 30))
    passed("A1", "addition", [(ONE, ELECTRICIAN, "5")], cycle="2023-09")
    decide("2023-09", date(2024, 4, 30))
    passed("A2", "addition", [(ONE, BAKER, "5")], cycle="2023-09", audiences="staff")
    decide("2023-09", day)
    passed("A3", "renewal", [(ONE, COOK, "5")], cycle="2024-04")
    passed("A4", "addition", [(TWO, BAKER, "5")], cycle="2024-04")
    decide("2024-04", day)
    assert {key: end for key, (_, end) in terms(day).items()} == {
        (ONE, COOK, "5"): "2027-06-30",
        (ONE, BAKER, "5"): "2027-06-30",
        (ONE, ELECTRICIAN, "5"): "2024-06-30",
        (TWO, COOK, "5"): "2024-06-30",
        (TWO, BAKER, "5"): "2024-06-30",
    }
    with reading() as db:
        assert register.on_file(db, day).query("application_no == 'A2'")["audiences"].tolist() == ["staff"]
        told = [dict(row._mapping) for row in db.execute(select(outbox).where(outbox.c.subject == "A2"))]
    letters = sorted(told, key=lambda letter: int(letter["serial"]))
    assert [[line["valid_until"] for line in letter["content"]["items"]] for letter in letters] == [
        ["2024-06-30"],
        ["2027-06-30"],
    ]
    assert [[void["letter_no"] for void in letter["content"]["voids"]] for letter in letters] == [
        [],
        [letters[0]["number"]],
    ]
    assert letters[1]["content"]["cycle"] == letters[1]["cycle"] == "2023-09"
    decide("2024-04", day)
    with reading() as db:
        assert len(list(db.execute(select(outbox).where(outbox.c.subject == "A2")))) == 2, "once"
        assert replay.differences(db, day) == []


def test_the_institution_is_its_credit_code_and_the_register_keeps_its_name(home: Path) -> None:
    take_over([(ONE, COOK, "4"), (TWO, COOK, "4")], *OLD_TERM)
    passed("A1", "addition", [(ONE, BAKER, "4")], cycle="2025-04", name="更名后的公司")
    decide("2025-04", date(2025, 5, 25))
    with reading() as db:
        now = register.on_file(db, date(2025, 5, 25)).drop_duplicates("uscc").set_index("uscc")
        life = institutions.life(db, ONE)
    # an application renames nobody: `filing adjust rename` does
    assert now.loc[ONE, "institution_name"] == f"机构{ONE}"
    assert now.loc[TWO, "institution_name"] == f"机构{TWO}"
    assert not life["became"].str.startswith("更名后的公司").any()


def test_deciding_twice_changes_nothing(home: Path) -> None:
    passed("A1", "initial", [(ONE, COOK, "4")], cycle="2023-04")
    decide("2023-04", date(2023, 5, 25))
    with reading() as db:
        before = len(institutions.life(db, ONE))
    decide("2023-04", date(2023, 6, 25))
    with reading() as db:
        assert len(institutions.life(db, ONE)) == before
    assert terms(date(2023, 6, 25)) == {(ONE, COOK, "4"): ("2023-05-25", "2026-05-24")}


def test_a_register_taken_over_again_touches_nothing_of_ours(home: Path) -> None:
    take_over([(ONE, COOK, "4")], *OLD_TERM)
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-09")
    decide("2026-09", date(2026, 10, 5))
    take_over([(ONE, COOK, "4")], *OLD_TERM, day=date(2026, 10, 6))
    assert terms(date(2026, 10, 6))[ONE, COOK, "4"][1] == "2029-10-19"


def test_a_corrected_register_replaces_the_one_taken_over_before(home: Path) -> None:
    take_over([(ONE, COOK, "4")], *OLD_TERM)
    take_over([(ONE, COOK, "4")], date(2020, 1, 1), date(2022, 12, 31), day=date(2024, 1, 1))
    assert not terms(date(2024, 1, 1))
    assert terms(date(2021, 1, 1))


def test_a_corrected_result_takes_a_renewal_off_only_after_a_refusal(home: Path) -> None:
    """Until then the renewed term holds; a refusal revokes the level, and the superseded term does not return (EVAL-5)."""
    passed("A0", "initial", [(ONE, COOK, "4")], cycle="2023-09")
    decide("2023-09", date(2023, 10, 20))
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-09")
    decide("2026-09", date(2026, 10, 5))
    row = {
        "application_no": "A1",
        "occupation_code": COOK,
        "work_type": "",
        "level": "4",
        "verdict": "fail",
        "cycle": "2026-09",
    }
    with registers.run_on(date(2026, 10, 12), "2026-09") as run, writing(run) as db:
        db.execute(
            insert(tables.result).values(
                result_id=1, content_hash="1", batch="1", row=1, standing="accepted", received_on=run.day, **row
            )
        )
        db.execute(update(tables.item).where(tables.item.c.application_no == "A1").values(verdict="fail"))
        take_verdicts(db, run)
    assert terms(date(2026, 10, 12)) == {(ONE, COOK, "4"): ("2023-10-20", "2029-10-19")}
    with reading() as db:
        assert registers.statuses(db) == {("A0", COOK, "4"): "filed", ("A1", COOK, "4"): "filed"}
    ruling = {
        "application_no": "A1",
        "rule": "EVAL-5",
        "occupation_code": "",
        "verdict": "refuse",
        "decided_by": "王主任",
        "decided_at": "2026-10-12T10:00:00+08:00",
        "document_no": "黄人社函〔2026〕9号",
        "reason": "复核属实",
    }
    with registers.run_on(date(2026, 10, 13), "2026-09") as run, writing(run) as db:
        decisions.record(db, pd.DataFrame([ruling]), run)
        take_verdicts(db, run)
    assert not terms(date(2026, 10, 13))
    with reading() as db:
        assert registers.statuses(db) == {("A0", COOK, "4"): "filed", ("A1", COOK, "4"): "refused"}
        assert replay.differences(db, date(2026, 10, 13)) == []
        assert "revoked" in set(institutions.life(db, ONE)["became"])
        before = register.before_cycle(db, date(2026, 9, 10), "2026-09")
    assert before["valid_until"].tolist() == ["2026-10-19"], "the cycle is judged on one entry, not on two"
    sweep(date(2026, 10, 20))
    assert not terms(date(2026, 10, 20))
    with reading() as db:
        assert registers.statuses(db) == {("A0", COOK, "4"): "lapsed", ("A1", COOK, "4"): "refused"}


@pytest.mark.parametrize("reverse", [False, True])
def test_of_two_terms_of_a_level_taken_over_the_later_counts(home: Path, *, reverse: bool) -> None:
    """A register that keeps the term before a renewal beside the one after it, in either order."""
    former, present = ("2020-05-25", "2023-05-24"), ("2023-05-25", "2026-05-24")
    rows = pd.DataFrame(
        [
            {
                "uscc": ONE,
                "occupation_code": COOK,
                "work_type": "",
                "level": "4",
                "filed_on": filed_on,
                "valid_until": valid_until,
            }
            for filed_on, valid_until in sorted((former, present), reverse=reverse)
        ]
    ).assign(
        institution_name="机构", institution_type="enterprise", region_code="420202", institution_code="", audience=""
    )
    with run_on(date(2026, 1, 1)) as run, writing(run) as db:
        assert takeover.take_over(db, rows, run) == 1
    assert terms(date(2026, 4, 10)) == {(ONE, COOK, "4"): present}
