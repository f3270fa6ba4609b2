"""The history: nobody changes it on either database, the chain tells who tried, and a whole life can be read from it."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from deployments.examination import examine
from schemas.qualification import Adjustment
from tasks.adjustment import adjust
from tasks.store import activities, findings, frames, history, institutions, items, replay
from tasks.store.database import begin, is_sqlite, reading
from tasks.store.leases import writing
from tasks.sweeps import sweep_dormancy
from tests.registers import BAKER, COOK, ONE, decide, passed, run_on, sweep


def fill() -> None:
    passed("A1", "initial", [(ONE, COOK, "4"), (ONE, COOK, "3")], cycle="2023-04")
    decide("2023-04", date(2023, 5, 25))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history SET because = 'nothing'",
        "UPDATE history SET because = 'nothing' WHERE entry = 2",
        "DELETE FROM history WHERE entry = 2",
        "DELETE FROM history",
    ],
)
def test_both_databases_refuse_to_change_or_delete(installation: Path, statement: str) -> None:
    fill()
    with pytest.raises(DatabaseError, match="append-only"), begin() as db:
        db.execute(text(statement))
    with reading() as db:
        assert list(history.broken_links(db)) == []


def test_postgresql_refuses_to_truncate(installation: Path) -> None:
    with reading() as db:
        if is_sqlite(db):
            pytest.skip("SQLite has no TRUNCATE")
    fill()
    with pytest.raises(DatabaseError, match="append-only"), begin() as db:
        db.execute(text("TRUNCATE history"))


def unlocked(statement: str) -> None:
    """As somebody would who owns the database and takes the lock off."""
    with begin() as db:
        for name in ("update", "delete"):
            db.execute(text(f"DROP TRIGGER history_no_{name}"))
        db.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE history SET because = 'nothing' WHERE entry = 2", "entry 2 .* was changed"),
        ('UPDATE history SET facts = \'{"filed_on":"2020-01-01"}\' WHERE entry = 2', "entry 2 .* was changed"),
        ("UPDATE history SET digest = 'f' WHERE entry = 3", "entry 3 .* was changed"),
        ("UPDATE history SET \"on\" = '2020-01-01' WHERE entry = 1", "entry 1 .* was changed"),
        ("DELETE FROM history WHERE entry = 2", "entry 2 is missing"),
        ("UPDATE history SET entry = 99 WHERE entry = 4", "entry 4 is missing"),
    ],
)
def test_the_doctor_tells_where_the_chain_is_broken(home: Path, statement: str, message: str) -> None:
    fill()
    assert next(observation for observation in examine() if observation.name == "history").is_in_order
    unlocked(statement)
    observation = next(observation for observation in examine() if observation.name == "history")
    assert not observation.is_in_order
    assert pd.Series([observation.sentence]).str.contains(message).all(), observation.sentence


def test_the_doctor_tells_a_register_that_its_history_does_not(home: Path) -> None:
    fill()
    assert next(observation for observation in examine() if observation.name == "register").is_in_order
    with begin() as db:
        db.execute(text("UPDATE qualification_item SET valid_until = '2030-01-01' WHERE entry = 1"))
    observation = next(observation for observation in examine() if observation.name == "register")
    assert not observation.is_in_order and ONE in observation.sentence and "2030-01-01" in observation.sentence


def test_a_whole_life_in_order_each_step_with_its_because(home: Path) -> None:
    """Filed, dormant, barred, woken, suspended, reinstated, renewed, expired."""
    fill()
    with run_on(date(2023, 11, 26)) as run:
        with writing(run) as db:
            activities.note_supplied(db, {"activities"}, run)
        sweep_dormancy(run)
    _bar("A2", BAKER, date(2024, 4, 11))
    with run_on(date(2024, 6, 1)) as run:
        row = {
            "uscc": ONE,
            "occupation_code": COOK,
            "work_type": "",
            "level": "4",
            "held_on": "2024-05-20",
            "candidates": 9,
            "passed": 8,
        }
        with writing(run) as db:
            activities.add(db, pd.DataFrame([row]))
        sweep_dormancy(run)
    words = {"uscc": ONE, "ground": "视频监控缺失", "document_no": "黄人社监〔2025〕3号", "decided_by": "王处长"}
    for kind, day in (("suspend", date(2025, 3, 1)), ("reinstate", date(2025, 5, 1))):
        with run_on(day) as run:
            adjust(run, Adjustment.model_validate({"kind": kind, "effective_on": day, **words}))
    passed("A3", "renewal", [(ONE, COOK, "4")], cycle="2026-04")
    decide("2026-04", date(2026, 5, 20))
    sweep(date(2026, 6, 1))
    sweep(date(2029, 6, 1))
    with reading() as db:
        entries = institutions.life(db, ONE)
        assert replay.differences(db, date(2029, 6, 1)) == []
    assert entries["entry"].is_monotonic_increasing
    assert entries["on"].is_monotonic_increasing
    assert (entries["because"] != "").all()
    kinds = ("qualification", "dormancy", "item", "decision")
    life = [
        (row["kind"], row["level"], row["was"], row["became"])
        for row in entries.to_dict("records")
        if row["kind"] in kinds
    ]
    assert life == LIFE
    reasons = "\n".join(entries["because"])
    for because in REASONS:
        assert because in reasons


def _bar(number: str, occupation: str, day: date) -> None:
    """An addition held under DORM-1."""
    passed(number, "addition", [(ONE, occupation, "4")], cycle="2024-04")
    with run_on(day, "2024-04") as run, writing(run) as db:
        held = pd.DataFrame(
            [{"application_no": number, "occupation_code": occupation, "work_type": "", "level": "4"}],
            dtype=frames.TEXT,
        )
        findings.hold(db, held.assign(rule="DORM-1"), run.cycle)
        items.move(db, held.assign(became="held", reason="DORM-1", because="DORM-1"), run, "filing")


REASONS = [
    "申报A1（备案2023-05-25，有效期至2026-05-24）",
    "备案满6个月",
    "DORM-1",
    "最近一次认定：2024-05-20",
    "自2025-03-01起暂停：视频监控缺失（黄人社监〔2025〕3号）",
    "申报A3（备案2023-05-25，有效期至2029-05-24）",
]
LIFE = [
    ("qualification", "3", "", "filed"),
    ("qualification", "4", "", "filed"),
    ("item", "3", "passed", "filed"),
    ("item", "4", "passed", "filed"),
    ("dormancy", "", "", "dormant"),
    ("item", "4", "passed", "held"),
    ("dormancy", "", "dormant", "active"),
    ("qualification", "3", "filed", "suspended"),
    ("qualification", "4", "filed", "suspended"),
    ("qualification", "3", "suspended", "filed"),
    ("qualification", "4", "suspended", "filed"),
    ("qualification", "4", "filed", "filed"),
    ("item", "4", "passed", "filed"),
    ("item", "3", "filed", "lapsed"),
    ("qualification", "3", "filed", "lapsed"),
    ("item", "4", "filed", "lapsed"),
    ("item", "4", "filed", "lapsed"),
    ("qualification", "4", "filed", "lapsed"),
]
