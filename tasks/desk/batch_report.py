"""Batch report (批次报告): what became of a cycle, for whoever asks the centre; counts, exceptions and endings."""

import json
from typing import Any

from schemas.item import STATUSES
from schemas.run import Run
from tasks.gateways.disk import files
from tasks.gateways.paper.delimited import csv_bytes
from tasks.store import cycles, decisions, overview
from tasks.store.database import reading


def is_reported(run: Run) -> bool:
    """Whether the cycle's report stands in its place; its last file is written when the others are."""
    return (run.installation.root / f"outbox/reports/{run.cycle}/report.json").is_file()


def write_report(run: Run) -> None:
    """Put `outbox/reports/<cycle>/report.json` and its tables as CSV in their place; the same cycle gives the same bytes."""
    folder = f"outbox/reports/{run.cycle}"
    with reading() as db:
        counted = overview.reported(db, run.cycle)
        rulings = decisions.of_cycle(db, run.cycle)
        ended = overview.endings(db, run.cycle)
        closing = cycles.closing(db, run.cycle)
    names = ["application_no", "rule", "occupation_code", "verdict", "document_no", "decided_by", "reason"]
    exceptions = rulings[names].sort_values(names, ignore_index=True)
    report: dict[str, Any] = {
        "cycle": run.cycle,
        "closed_on": closing.day.isoformat() if closing else "",
        "closed_by": closing.by if closing else "",
        "reason": closing.reason if closing else "",
        "document_no": closing.document_no if closing else "",
    }
    for name, frame in (("counts", counted), ("exceptions", exceptions), ("ended", ended)):
        rows = frame.fillna("")
        report[name] = rows.to_dict("records")
        files.put(run.installation.root, f"{folder}/{name}.csv", csv_bytes(rows))
    report["outcomes"] = STATUSES
    text = json.dumps(report, ensure_ascii=False, indent=2, default=str)
    files.put(run.installation.root, f"{folder}/report.json", text.encode())
