"""Seals: every table is sealed or known to hold nothing that a move rests on, and a later move hides nothing."""

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from schemas import tables
from tasks.store import complaints, history, seals
from tasks.store.database import begin, reading
from tasks.store.leases import writing
from tests.registers import COMPLAINT, run_on

STORE = Path(seals.__file__).parent


def enter(outcome: str) -> None:
    with run_on(date(2026, 10, 26)) as run, writing(run) as db:
        complaints.add(db, pd.DataFrame([{**COMPLAINT, "outcome": outcome}]), run)


def untrue() -> list[str]:
    with reading() as db:
        assert list(history.broken_links(db)) == []
        return seals.differences(db)


def test_every_table_is_sealed_or_known_to_bear_no_move() -> None:
    sealed = {record.table.name for record in seals.RECORDS.values()}
    assert sealed | seals.UNSEALED == set(tables.metadata.tables)
    assert not sealed & seals.UNSEALED


#: Columns that no move rests on: how far a thing has got on its way, and what is worked out again.
UNSEALED_COLUMNS = {
    "application": {"screened_at", "judged_among"},
    "outbox": {"delivered_at", "receipt", "printed_at"},
    "result": {"batch"},
}


def test_every_column_is_sealed_or_known_to_bear_no_move() -> None:
    for name, table in tables.metadata.tables.items():
        mine = [record for record in seals.RECORDS.values() if record.table.name == name]
        covered = {column for record in mine for column in (*record.key, *record.covers)}
        if mine:
            assert set(table.columns.keys()) - covered == UNSEALED_COLUMNS.get(name, set()), name


#: Who writes without a seal: the history itself, runs, leases and pauses, and a rehearsal that leaves nothing.
WITHOUT_SEALS = {
    "frames.py",
    "history.py",
    "leases.py",
    "pauses.py",
    "rewinding.py",
    "readings.py",
    "runs.py",
    "seals.py",
}


def test_every_room_of_the_store_that_writes_names_its_rows_first() -> None:
    writes = re.compile(r"\b(insert|update|delete)\((?!\))|frames\.append\(|\.delete\(\)")
    silent = {
        path.name
        for path in STORE.glob("*.py")
        if writes.search(path.read_text("utf-8")) and "seals.touch" not in path.read_text("utf-8")
    }
    assert silent - WITHOUT_SEALS == set()


def test_what_is_written_is_sealed_and_what_is_changed_beside_is_told(installation: Path) -> None:
    enter("open")
    assert untrue() == []
    with begin() as db:
        db.execute(text("UPDATE complaint SET summary = 'else'"))
    assert untrue() == ["complaint TS-1: changed in the database since the history sealed it"]


def test_a_later_move_does_not_hide_a_change(home: Path) -> None:
    enter("open")
    with begin() as db:
        db.execute(text("UPDATE complaint SET summary = 'else'"))
    enter("unfounded")
    (sentence,) = untrue()
    assert sentence.startswith("complaint TS-1: changed in the database before history entry")
    enter("open")
    assert untrue() == [sentence]


def test_what_a_failed_transaction_touched_is_not_sealed_by_the_next(home: Path) -> None:
    with pytest.raises(RuntimeError), run_on(date(2026, 10, 26)) as run, writing(run) as db:
        complaints.add(db, pd.DataFrame([COMPLAINT]), run)
        raise RuntimeError
    enter("open")
    assert untrue() == []
