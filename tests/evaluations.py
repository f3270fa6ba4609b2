"""Applications put straight into an installation as accepted, and results as panels return them; for tests of both."""

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pandas as pd
from sqlalchemy import insert

from schemas import tables
from schemas.item import UNIT
from schemas.run import Counts
from schemas.submission import RESULTS
from tasks.runs.run import begin
from tasks.store import items, seals
from tasks.store.database import reading
from tasks.store.leases import writing
from tests.registers import COOK, ONE, Held, key, run_on

CYCLE, DAY = "2026-09", date(2026, 9, 20)


def accepted(
    number: str,
    held: Iterable[Held] = ((ONE, COOK, "4"),),
    *,
    cycle: str = CYCLE,
    institution_type: str = "enterprise",
    submitted: int = 1,
    commitment: bool = False,
    email: str = "",
    status: str = "accepted",
) -> None:
    """An application all of whose items have a status; with `commitment`, materials to be shown at evaluation."""
    held = list(held)
    uscc = held[0][0]
    form = {
        "cycle": cycle,
        "kind": "initial",
        "institution_name": f"机构{uscc}",
        "uscc": uscc,
        "institution_type": institution_type,
        "region_code": "420202",
        "contact_name": "联系人",
        "contact_phone": "0714-6300000",
        "contact_email": email,
        "registered_address": "黄石大道1号",
        "submitted_at": f"{cycle}-01T09:00:00",
    }
    version = {
        "application_no": number,
        "version": 1,
        "content_hash": number,
        "received_on": DAY,
        "standing": "current",
    }
    item = {"application_no": number, "cycle": cycle, "uscc": uscc, "status": status, "reason": ""}
    with run_on(DAY, cycle) as run, writing(run) as db:
        written = pd.DataFrame([{"application_no": number, "version": 1}])
        for record in (seals.VERSION, seals.VERSION_STANDING, seals.APPLICATION, seals.ITEMS):
            seals.touch(db, record, written)
        db.execute(insert(tables.application_version).values(**version, **form, submitted_utc=submitted))
        db.execute(
            insert(tables.application).values(
                application_no=number, cycle=cycle, version=1, status="in_progress", uscc=uscc, screened_at=0
            )
        )
        for _, *unit in map(key, held):
            db.execute(insert(tables.item).values(**item, **dict(zip(UNIT, unit, strict=True))))
        if commitment:
            seals.touch(db, seals.PARTS["materials"], written)
            shown = {"material": "expert_skill_proof", "form": "commitment"}
            db.execute(insert(tables.material).values(application_no=number, version=1, row=1, **shown))


def result(number: str, occupation: str = COOK, level: str = "4", **changed: str) -> dict[str, str]:
    """A result row that passes."""
    row = {
        "application_no": number,
        "occupation_code": occupation,
        "work_type": "",
        "level": level,
        "verdict": "pass",
        "score": "80",
        "evaluated_on": "2026-09-18",
        "panel_lead": "刘芳",
        "panel_size": "3",
        "commitments_shown": "true",
        "remarks": "",
    }
    return {**row, **changed}


def drop(home: Path, name: str, *rows: dict[str, str]) -> Path:
    """A CSV of results in the inbox; replaces the file of that name."""
    file = home / "inbox" / "results" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, RESULTS.names)
        writer.writeheader()
        writer.writerows(rows)
    return file


def go_on(
    home: Path, day: date = DAY, cycle: str = CYCLE, only: list[str] | None = None, *, publish: bool = False
) -> dict[str, Counts]:
    """One run from the inbox to the decision, or to the directory, but for the screening; what each stage did."""
    from flows.stages import DECISION, evaluation, intake, publication

    (home / "inbox").mkdir(parents=True, exist_ok=True)

    def decide() -> Counts:
        # decided whatever the cycle still waits for
        with begin(cycle, day, only) as run:
            return DECISION.work(run)

    return {
        "intake": intake.fn(cycle, day, only, str(home / "inbox")),
        "evaluation": evaluation.fn(cycle, day, only),
        "decision": decide(),
        "publication": publication.fn(cycle, day) if publish else Counts(),
    }


def send_out(home: Path, cycle: str = CYCLE) -> Counts:
    """The evaluation stage alone."""
    from flows.stages import evaluation

    return evaluation.fn(cycle, DAY)


def standing(number: str, occupation: str = COOK, level: str = "4", cycle: str = CYCLE, work_type: str = "") -> str:
    """The status of an item with its reason, `held CAP-2`."""
    with reading() as db:
        rows = items.listing(db, cycle).set_index(items.KEYS)
    row = rows.loc[(number, occupation, work_type, level)]
    return f"{row['status']} {row['reason']}".strip()


def rules_found(cycle: str = CYCLE) -> list[tuple[str, str]]:
    """Rule and field of every finding on results, in order."""
    from tasks.store import findings

    with reading() as db:
        rows = findings.of_cycle(db, cycle)
    rows = rows[rows["table"] == "results"]
    return list(zip(rows["rule"], rows["field"], strict=True))


def letters(home: Path, kind: str) -> list[str]:
    """Names of the letters of a kind in the outbox, sorted."""
    return sorted(path.name for path in (home / "outbox" / "letters" / kind).glob("*.docx"))


def text_of(home: Path, kind: str) -> str:
    """All that the letters of a kind say."""
    from docx import Document

    texts = []
    for name in letters(home, kind):
        document = Document(str(home / "outbox" / "letters" / kind / name))
        texts += [paragraph.text for paragraph in document.paragraphs]
        texts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(texts)
