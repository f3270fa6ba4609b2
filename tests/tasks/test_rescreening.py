"""A correction has checked again what changed and what depends on it, and nothing else."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert, update

from schemas import tables
from schemas.law.cycle import cycle_id
from schemas.submission import FORM_TABLES, WRITTEN
from tasks import intake, screening
from tasks.store import findings, history
from tasks.store.database import begin, reading
from tasks.store.scene import scene, without_level
from tests.homes import SQLITE_FIRST
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, THREE, TWO, run_on, statuses, take_over

CYCLE, DAY = "2026-09", date(2026, 9, 11)
CODES = {"A1": ONE, "A2": TWO, "A3": THREE}


def receive(
    number: str,
    text: str,
    uscc: str,
    *,
    kind: str = "initial",
    withdrawn: str = "",
    codes: Sequence[str] = (COOK,),
    levels: str | None = "5",
) -> None:
    """Hand in an application; another text is a correction."""
    form = {"application_no": number, "uscc": uscc, "institution_type": "enterprise", "contact_name": text}
    form |= {"kind": kind, "withdrawn": withdrawn}
    asked = {"application_no": number, "levels": levels, "audience": "staff"}
    rows: dict[str, Sequence[Mapping[str, object]]] = {
        "applications": [form | {"cycle": CYCLE, "submitted_at": "2026-09-01T09:00:00", "content_hash": text + uscc}],
        "occupations": [asked | {"occupation_code": code} for code in codes],
    }
    forms = {table.name: _frame(table.names, rows.get(table.name, [])) for table in FORM_TABLES}
    forms["applications"] = forms["applications"].assign(submitted_utc=1, assigned_cycle=CYCLE)
    forms["materials"] = forms["materials"].assign(attachment_sha256=None)
    with run_on(DAY, CYCLE) as run, begin() as db:
        intake.take_in_versions(db, forms, run)


def _frame(names: list[str], rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    columns = list(dict.fromkeys([*names, *(name for row in rows for name in row), WRITTEN, "row"]))
    frame = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns, "str"))
    return frame.assign(row=pd.Series(range(1, len(rows) + 1), index=frame.index, dtype="int64"))


def screened() -> list[str]:
    """Screen what is due; the numbers of the applications that were checked."""
    with run_on(DAY, CYCLE) as run:
        batches = screening.find_unscreened(run)
        for place, numbers in enumerate(batches, start=1):
            screening.screen(run, numbers, place)
    return [number for numbers in batches for number in numbers]


def repeated() -> set[str]:
    """Applications with a FORM-8 finding."""
    with reading() as db:
        rows = findings.of_cycle(db, CYCLE)
    return set(rows.loc[rows["rule"] == "FORM-8", "application_no"])


@pytest.fixture
def three(installation: Path) -> Path:
    """Three applications of three institutions, screened."""
    for number, uscc in CODES.items():
        receive(number, "第一版", uscc)
    assert screened() == ["A1", "A2", "A3"]
    return installation


@pytest.mark.usefixtures("installation")
@SQLITE_FIRST
def test_a_cycle_without_applications_has_nothing_to_check() -> None:
    assert screened() == []


@pytest.mark.usefixtures("three")
@SQLITE_FIRST
def test_nothing_new_checks_nothing() -> None:
    with reading() as db:
        before = history.count(db)
    assert screened() == []
    with reading() as db:
        assert history.count(db) == before


@pytest.mark.usefixtures("three")
@SQLITE_FIRST
def test_a_correction_checks_its_own_application_alone() -> None:
    receive("A2", "第二版", TWO)
    assert screened() == ["A2"]
    assert screened() == []


@pytest.mark.usefixtures("three")
def test_a_twin_that_comes_or_is_withdrawn_concerns_the_other_application_too() -> None:
    """FORM-8: another current application of the same institution; a withdrawn one does not count."""
    receive("A4", "第一版", ONE)
    assert screened() == ["A1", "A4"]
    assert repeated() == {"A1", "A4"}
    receive("A4", "第二版", ONE, withdrawn="true")
    assert screened() == ["A1", "A4"]
    assert repeated() == set()
    assert screened() == []


@pytest.mark.usefixtures("three")
@SQLITE_FIRST
def test_a_number_stays_with_its_institution() -> None:
    receive("A2", "第二版", ONE)
    assert screened() == []


@pytest.mark.usefixtures("three")
@SQLITE_FIRST
def test_what_others_have_on_file_concerns_everybody_not_sent_out_yet() -> None:
    """CAP-2 counts the holders of an occupation: the register grew, so each count may have."""
    with begin() as db:
        sent = {
            "application_no": "A3",
            "occupation_code": COOK,
            "work_type": "",
            "level": "5",
            "revision": 1,
            "cycle": CYCLE,
        }
        db.execute(insert(tables.dispatched_item).values(sent))
    take_over([(TWO, BAKER, "5")], date(2024, 4, 10), date(2027, 4, 9), day=DAY)
    assert screened() == ["A1", "A2"]
    assert screened() == []


@pytest.mark.usefixtures("three")
@SQLITE_FIRST
def test_another_version_of_a_twin_checks_whom_its_repetition_concerns() -> None:
    """A finding of the screening stays on record; only what was found repeated is looked at again."""
    with begin() as db:
        elsewhere = {"application_no": "B1", "cycle": "2026-04", "uscc": ONE, "status": "held", "reason": "CAP-1"}
        db.execute(insert(tables.item).values(**elsewhere, occupation_code=BAKER, work_type="", level="5"))
    assert screened() == []
    receive("A4", "第一版", ONE)
    assert screened() == ["A1", "A4"]
    receive("A4", "第二版", ONE)
    assert screened() == ["A1", "A4"]
    with begin() as db:
        db.execute(update(tables.item).where(tables.item.c.application_no == "B1").values(status="ended"))
    assert screened() == ["A1", "A4"]


@pytest.mark.usefixtures("three")
@SQLITE_FIRST
def test_a_version_that_makes_a_twin_a_renewal_checks_whom_it_leaves_alone_or_repeats() -> None:
    receive("A4", "第一版", ONE, kind="renewal")
    assert screened() == ["A1", "A4"]
    receive("A4", "第二版", ONE, kind="renewal")
    assert (screened(), repeated()) == (["A4"], set())
    receive("A4", "第三版", ONE)
    assert (screened(), repeated()) == (["A1", "A4"], {"A1", "A4"})
    receive("A4", "第四版", ONE, kind="renewal")
    assert (screened(), repeated()) == (["A1", "A4"], set())


@pytest.mark.usefixtures("installation")
@SQLITE_FIRST
def test_what_is_final_stays_when_the_rest_is_checked_again() -> None:
    receive("A1", "第一版", ONE, codes=(COOK, BAKER, ELECTRICIAN))
    screened()
    with begin() as db:
        for code, status in ((COOK, "ended"), (BAKER, "refused")):
            mine = tables.item.c.occupation_code == code
            db.execute(update(tables.item).where(mine).values(status=status, reason="WINDOW-1"))
            db.execute(update(tables.item).where(tables.item.c.occupation_code == ELECTRICIAN).values(reason="FORM-8"))
        db.execute(insert(tables.hold).values(_hold(BAKER, "WINDOW-1")))
        db.execute(insert(tables.hold).values(_hold(BAKER, "CAP-1")))
        before = history.of(db, ["A1"])
    take_over([(TWO, BAKER, "5")], date(2024, 4, 10), date(2027, 4, 9), day=DAY)
    assert screened() == ["A1"]
    with reading() as db:
        kept = statuses(db)
        entries = history.of(db, ["A1"])[len(before) :]
        assert findings.holds_of(db, CYCLE)["rule"].tolist() == ["WINDOW-1"], "by which it was refused"
    assert [kept["A1", code, "5"] for code in (COOK, BAKER, ELECTRICIAN)] == ["ended", "refused", "returned"]
    assert len(entries) == 2, "the open one is taken away and made anew"


def test_an_occupation_without_levels_counts_beside_the_other_applications_items(home: Path) -> None:
    receive("A1", "第一版", ONE, levels=None)
    receive("A2", "第一版", TWO)
    screened()
    with reading() as db:
        peers = scene(db, cycle_id(CYCLE)).peer_items
        assert without_level(db, cycle_id(CYCLE))["application_no"].tolist() == ["A1"]
    assert sorted(zip(peers["application_no"], peers["level"], peers["uscc"], strict=True)) == [
        ("A1", "", ONE),
        ("A2", "5", TWO),
    ]


def _hold(code: str, rule: str) -> dict[str, str]:
    keys = {"application_no": "A1", "occupation_code": code, "work_type": "", "level": "5"}
    return keys | {"rule": rule, "cycle": CYCLE}
