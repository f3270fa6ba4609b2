"""The whole screening stage with its database, and the bare load of the same rows, made ready to be measured."""

import atexit
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from benchmarks.frames import MadeCycle
from deployments import schema
from schemas import tables
from schemas.settings import Settings, using
from tasks import intake, screening
from tasks.runs import run as runs
from tasks.store import database, frames

#: What is made ready stays until the process ends.
_OPEN = ExitStack()
atexit.register(_OPEN.close)
_DAY = date(2026, 9, 11)


def loading(made: MadeCycle) -> Callable[[], object]:
    """(e) The bare bulk load of the same rows into an empty database, one `executemany` a table."""
    _installed()
    forms = _forms(made)

    def run() -> object:
        with database.begin() as db:
            return _load(db, forms)

    return run


def whole_stage(made: MadeCycle) -> Callable[[], object]:
    """(d) The whole stage: rows read from the database, checked, and statuses, findings, history, letters written."""
    _installed()
    run = _OPEN.enter_context(runs.begin(made.scene.cycle, _DAY))
    with database.begin() as db:
        intake.take_in_versions(db, _forms(made), run)
        _load_standing(db, made)

    def stage() -> object:
        batches = screening.find_unscreened(run)
        assert batches, "the stage is measured once: afterwards nothing is left to screen"
        return [screening.screen(run, numbers, number) for number, numbers in enumerate(batches, start=1)]

    return stage


def _installed() -> None:
    _OPEN.close()
    folder = _OPEN.enter_context(tempfile.TemporaryDirectory(prefix="filing-benchmark-"))
    _OPEN.enter_context(using(Settings(home=Path(folder), database_url="", practice=True)))
    schema.migrate()


def _forms(made: MadeCycle) -> dict[str, pd.DataFrame]:
    applications = made.submissions["applications"]
    numbered = applications.assign(
        content_hash=applications["application_no"], submitted_utc=0, assigned_cycle=made.scene.cycle
    )
    return {**made.submissions, "applications": numbered}


def _load(db: Connection, forms: dict[str, pd.DataFrame]) -> int:
    version = tables.application_version
    first = forms["applications"].assign(version=1, standing="current", received_on=_DAY.isoformat())
    rows = frames.append(db, version, first[[column.name for column in version.columns]])
    for name, table in tables.FORM_PARTS.items():
        part = forms[name].assign(version=1)
        rows += frames.append(db, table, part[[column.name for column in table.columns]])
    return rows


def _load_standing(db: Connection, made: MadeCycle) -> None:
    held = made.scene.on_file.drop_duplicates(["uscc", "occupation_code", "level"])
    known: dict[str, Any] = {"known_from": _DAY.isoformat()}
    entries = held.assign(entry=range(1, len(held) + 1), because="名册接收", **known)
    frames.append(db, tables.qualification_item, entries.drop(columns="institution_type"))
    named = held[["uscc", "institution_type"]].drop_duplicates("uscc")
    details: dict[str, Any] = {"institution_name": named["uscc"], "region_code": "420202", "institution_code": ""}
    frames.append(db, tables.institution, named.assign(entry=range(1, len(named) + 1), **details, **known))
    if made.scene.activities is not None:
        held_on = made.scene.activities.assign(level="5", passed=0).drop_duplicates(
            ["uscc", "occupation_code", "held_on"]
        )
        frames.append(db, tables.activity, held_on.astype({"candidates": "int64"}))
        frames.append(db, tables.supplied, pd.DataFrame({"name": ["activities"], "first_on": [_DAY.isoformat()]}))
