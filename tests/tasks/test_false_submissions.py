"""Attacks by submission: another institution's "correction", and a time of submission that the applicant makes up."""

import csv
from datetime import date
from pathlib import Path

import pytest

from flows.stages import intake, screening
from schemas.settings import settings, using
from schemas.submission import APPLICATIONS
from tasks.store import applications, findings, history, overview
from tasks.store.database import reading
from tests.policies import write_policy
from tests.registers import ONE, TWO

CYCLE, DEADLINE = "2026-09", date(2026, 9, 10)
NAMES = {ONE: "甲公司", TWO: "乙公司"}


def hand_in(home: Path, uscc: str, submitted_at: str, seen: date, number: str = "HS1") -> int:
    """An application as a file in the inbox, and the run of a day that sees it; how many files were set aside."""
    stated = {"application_no": number, "cycle": CYCLE, "kind": "initial", "uscc": uscc, "submitted_at": submitted_at}
    row = stated | {"institution_name": NAMES[uscc], "institution_type": "enterprise", "region_code": "420202"}
    file = home / "inbox" / "applications.csv"
    file.parent.mkdir(exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, APPLICATIONS.names)
        writer.writeheader()
        writer.writerow(row)
    done = intake.fn(CYCLE, seen).done
    file.unlink()
    screening.fn(CYCLE, seen)
    return done.get("quarantined", 0)


def late_findings() -> list[str]:
    with reading() as db:
        rows = findings.of_cycle(db, CYCLE)
    return [rule for rule in rows["rule"] if rule.startswith("WINDOW")]


def test_another_institution_s_correction_is_set_aside_and_the_owner_is_untouched(home: Path) -> None:
    assert hand_in(home, ONE, "2026-09-05 09:00", DEADLINE) == 0
    with reading() as db:
        before, entries = applications.current(db, ["HS1"]), history.of(db, ["HS1"])
    assert hand_in(home, TWO, "2026-09-06 09:00", date(2026, 9, 11)) == 1
    with reading() as db:
        after = applications.current(db, ["HS1"])
        assert after.to_dict("records") == before.to_dict("records")
        assert after["institution_name"].tolist() == ["甲公司"]
        assert len(history.of(db, ["HS1"])) == len(entries), "not a move of the owner's application"
    assert hand_in(home, ONE, "2026-09-07 09:00", date(2026, 9, 12)) == 0, "the owner's own one is taken"


def test_a_time_of_submission_made_up_by_the_applicant_is_listed_for_the_centre(home: Path) -> None:
    hand_in(home, ONE, "2026-09-05 09:00", date(2026, 9, 11))
    hand_in(home, TWO, "2026-09-05 09:00", DEADLINE, number="HS2")
    assert late_findings() == [], "a portal's own time counts where the policy says so"
    with reading() as db:
        assert [row.application_no for row in overview.seen_late(db, CYCLE)] == ["HS1"]


@pytest.mark.parametrize(
    ("stated", "seen", "late"),
    [
        ("2026-09-05 09:00", DEADLINE, []),
        ("2026-09-05 09:00", date(2026, 9, 11), ["WINDOW-1"]),
        ("2026-08-01 09:00", DEADLINE, []),  # the later of the two lies in the window
        ("昨天上午", date(2026, 9, 11), []),  # what cannot be read is not judged
    ],
)
def test_a_time_of_submission_made_up_is_worth_nothing_where_files_are_handed_over(
    home: Path, tmp_path: Path, stated: str, seen: date, late: list[str]
) -> None:
    policies = write_policy(tmp_path / "policies", "2021-07-01", moment='"received"')
    with using(settings().model_copy(update={"policies": policies})):
        hand_in(home, ONE, stated, seen)
        assert late_findings() == late
