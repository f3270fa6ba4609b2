"""A register, and applications that have passed, put straight into an installation; for tests of what comes after."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

import pandas as pd
from sqlalchemy import Connection, insert

from schemas import tables
from schemas.item import KEYS, UNIT
from schemas.policy import last_cycle_on
from schemas.run import Run
from tasks.runs.run import begin
from tasks.store import register, seals, takeover
from tasks.store.database import reading
from tasks.store.leases import writing

ONE, TWO, THREE = "91420200MA40000124", "91420202MA40079352", "52420202MA4015855Q"
#: Skill occupations of the Dictionary.
COOK, BAKER, ELECTRICIAN = "4-03-02-01", "4-03-02-02", "6-31-01-03"

#: A complaint about ONE that is open.
COMPLAINT = {
    "complaint_no": "TS-1",
    "uscc": ONE,
    "received_on": "2026-10-25",
    "summary": "收费",
    "handled_by": "李科长",
    "outcome": "open",
    "due_on": None,
    "closed_on": None,
    "document_no": "",
}

Held = tuple[str, ...]  # uscc, occupation_code, level; or uscc, occupation_code, work_type, level


def key(held: Held) -> Held:
    """The key of what is held, with its work type."""
    uscc, code, *work_type, level = held
    return uscc, code, *(work_type or [""]), level


def plain(whole: Held) -> Held:
    """A key as tests write it: without the work type where it is blank."""
    return tuple(part for place, part in enumerate(whole) if place != 2 or part)


@contextmanager
def run_on(day: date, cycle: str | None = None) -> Iterator[Run]:
    """A run of the last cycle whose deadline has passed, or of another."""
    with begin(cycle or last_cycle_on(day), day) as run:
        yield run


def take_over(
    held: Iterable[Held],
    filed_on: date,
    valid_until: date,
    *,
    day: date | None = None,
    institution_type: str = "enterprise",
    audience: str = "",
) -> None:
    """Enter what was on file before the first run."""
    rows = pd.DataFrame(list(map(key, held)), columns=register.KEYS, dtype="str").assign(
        institution_name="机构" + pd.Series([uscc for uscc, *_ in held]),
        registered_address="",
        audience=audience,
        institution_type=institution_type,
        region_code="420202",
        institution_code="",
        filed_on=filed_on.isoformat(),
        valid_until=valid_until.isoformat(),
    )
    with run_on(day or filed_on) as run, writing(run) as db:
        takeover.take_over(db, rows, run)


def passed(
    number: str,
    kind: str,
    held: Iterable[Held],
    *,
    cycle: str,
    name: str = "",
    institution_type: str = "enterprise",
    **along: str,
) -> None:
    """An application in the cycle all of whose items have passed and wait to be filed."""
    held = list(held)
    uscc = held[0][0]
    form = {
        "cycle": cycle,
        "kind": kind,
        "institution_name": name or f"机构{uscc}",
        "uscc": uscc,
        "institution_type": institution_type,
        "region_code": "420202",
        "submitted_at": f"{cycle}-01T09:00:00",
    }
    version = {"application_no": number, "version": 1, "content_hash": number, "received_on": date(2021, 1, 1)}
    item = {"application_no": number, "cycle": cycle, "uscc": uscc, "status": "passed", "verdict": "pass", "score": 80}
    item |= along
    with run_on(date(2021, 5, 1), cycle) as run, writing(run) as db:
        for record in (seals.VERSION, seals.VERSION_STANDING):
            seals.touch(db, record, pd.DataFrame([{"application_no": number, "version": 1}]))
        for record in (seals.APPLICATION, seals.ITEMS):
            seals.touch_one(db, record, number)
        db.execute(insert(tables.application_version).values(**version, **form, standing="current", submitted_utc=1))
        db.execute(
            insert(tables.application).values(
                application_no=number, cycle=cycle, version=1, status="in_progress", uscc=uscc, screened_at=0
            )
        )
        for _, *unit in map(key, held):
            db.execute(insert(tables.item).values(**item, **dict(zip(UNIT, unit, strict=True)), reason=""))


def decide(cycle: str, day: date) -> None:
    """File what has passed in a cycle, and write to the applicants."""
    from tasks.decision import decide as task
    from tasks.letters.outcomes import write_outcomes

    with run_on(day, cycle) as run:
        task(run)
        write_outcomes(run)


def sweep(day: date) -> None:
    """Do the expiry sweep of a day."""
    from tasks.sweeps import sweep_expiry

    with run_on(day) as run:
        sweep_expiry(run)


def terms(day: date) -> dict[Held, tuple[str, str]]:
    """What is on file on a day: keys to filed_on and valid_until."""
    with reading() as db:
        held = register.on_file(db, day)
    keys = map(plain, held[register.KEYS].itertuples(index=False, name=None))
    return dict(zip(keys, zip(held["filed_on"], held["valid_until"], strict=True), strict=True))


def statuses(db: Connection) -> dict[Held, str]:
    """Every item's status by its keys."""
    table = tables.item
    rows = db.execute(table.select()).mappings()
    return {plain(tuple(row[name] for name in KEYS)): row["status"] for row in rows}
