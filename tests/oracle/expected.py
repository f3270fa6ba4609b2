"""Command: read a folder of CSVs and write the findings and items that the contract's text gives for them.

`python tests/oracle/expected.py DIR CYCLE AS_OF [--out OUT]` writes OUT/findings.csv and OUT/items.csv.
"""

import argparse
import csv
from datetime import date
from pathlib import Path

import values
from facts import Row, Tables, read_csv, rules
from reading import Run, run

FORM_TABLES = ("applications", "occupations", "staff", "materials", "programmes")
SIDE_TABLES = ("activities", "results", "register", "decisions")
FINDINGS = ["application_no", "rule", "nature", "article", "table", "row", "field", "value"]
ITEMS = ["application_no", "uscc", "occupation_code", "level", "status", "reason", "score"]


def read_tables(folder: Path) -> Tables:
    """The five tables, and those of the others that are there: a missing activities table is not an empty one."""
    tables = {name: read_csv(folder / f"{name}.csv") for name in FORM_TABLES}
    present = (name for name in SIDE_TABLES if (folder / f"{name}.csv").exists())
    return tables | {name: read_csv(folder / f"{name}.csv") for name in present}


def finding_rows(outcome: Run) -> list[Row]:
    """Rows of findings.csv, without the message."""
    found = sorted(set(outcome.findings), key=lambda f: (f.application_no, f.rule, f.table, f.row, f.field))
    return [
        {
            **{name: str(value) for name, value in finding._asdict().items()},
            "value": as_cleaned(finding.field, str(finding.value)),
            "nature": rules()[finding.rule]["nature"],
            "article": rules()[finding.rule]["article"],
        }
        for finding in found
    ]


def as_cleaned(field: str, value: str) -> str:
    """A cell as it stands after cleaning (contract section 4): the canonical word, an offset in figures."""
    if field in ("submitted_at", "decided_at"):
        return value.replace("Z", "+00:00").replace(" ", "T")
    if field == "size_bytes":
        return value.replace(" ", "")
    if values.boolean(value) is not None:
        return str(values.boolean(value)).lower()
    field = "result_verdict" if field == "verdict" else field
    return (values.enum(field, value) if field in values.WORDS else None) or value


def item_rows(outcome: Run) -> list[Row]:
    """Rows of items.csv, sorted by application_no, uscc, occupation_code, level."""
    return [
        {
            "application_no": no,
            "uscc": outcome.filings[no].uscc,
            "occupation_code": item.occupation,
            "level": item.level,
            "status": state.status,
            "reason": ";".join(sorted(state.reason)),
            "score": "" if state.score is None else f"{state.score:g}",
        }
        for (no, item), state in sorted(outcome.items.items(), key=lambda entry: entry[0])
    ]


def write_csv(path: Path, columns: list[str], rows: list[Row]) -> None:
    """Write rows as UTF-8 CSV with LF line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: row.get(name, "") for name in columns} for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the findings and items the contract's text gives.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("cycle")
    parser.add_argument("as_of", type=date.fromisoformat)
    parser.add_argument("--out", type=Path, help="default: FOLDER.expected beside the folder")
    arguments = parser.parse_args()
    out: Path = arguments.out or arguments.folder.with_name(f"{arguments.folder.name}.expected")
    out.mkdir(parents=True, exist_ok=True)
    outcome = run(read_tables(arguments.folder), arguments.cycle, arguments.as_of)
    write_csv(out / "findings.csv", FINDINGS, finding_rows(outcome))
    write_csv(out / "items.csv", ITEMS, item_rows(outcome))
    waits = "waiting for results" if outcome.waiting else "decided"
    print(f"{out}: {len(set(outcome.findings))} findings, {len(outcome.items)} items, {waits}")


if __name__ == "__main__":
    main()
