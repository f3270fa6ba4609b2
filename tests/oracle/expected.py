"""Command: play a folder of acts and write the findings and items that the contract's text gives for each cycle.

`python tests/oracle/expected.py DIR [--out OUT]` writes OUT/<cycle>/findings.csv, items.csv and OUT/register.csv,
directory.csv on the last day; the folder is the one that random_cycles.py writes. With a cycle and a day,
`python tests/oracle/expected.py DIR CYCLE AS_OF [--out OUT]`, the folder holds all tables of one run, and
OUT/findings.csv and OUT/items.csv are written.
"""

import argparse
import csv
import json
from datetime import date
from pathlib import Path

from deciding import finding_list, play
from facts import Row, Tables, read_csv, rules
from form_rules import as_cleaned, without_numbers
from office import Act, Office
from policy import Policy

FORM_TABLES = ("applications", "occupations", "staff", "materials", "programmes")
DESK_TABLES = ("register", "activities", "decisions", "complaints")
FINDINGS = ["application_no", "rule", "nature", "article", "table", "row", "field", "value"]
ITEMS = ["application_no", "uscc", "occupation_code", "work_type", "level", "status", "reason", "score"]


def read_acts(folder: Path) -> list[Act]:
    """The acts of a written history; a missing activities table is not an empty one."""
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    return [_read_act(folder / f"act-{number}", entry) for number, entry in enumerate(plan["acts"], 1)]


def read_office(folder: Path) -> Office:
    """An office under the policies and later lists of a written history."""
    reference = folder / "reference"
    policies = tuple(Policy(path.read_text("utf-8")) for path in sorted((folder / "policies").glob("*.toml")))
    return Office(reference if reference.is_dir() else None, policies or (Policy(),))


def _read_act(folder: Path, entry: dict[str, object]) -> Act:
    commands = entry["commands"]
    assert isinstance(commands, list)
    results = _tables(folder / "results", ("results",))
    return Act(
        date.fromisoformat(str(entry["day"])),
        str(entry["cycle"]),
        _tables(folder, FORM_TABLES),
        _tables(folder / "desk", DESK_TABLES),
        results.get("results", []),
        commands,
        bool(entry["run"]),
    )


def _tables(folder: Path, names: tuple[str, ...]) -> Tables:
    return {name: read_csv(folder / f"{name}.csv") for name in names if (folder / f"{name}.csv").exists()}


def finding_rows(office: Office, cycle: str) -> list[Row]:
    """Rows of findings.csv, without the message."""
    policy = office.facts(cycle).policy
    findings = sorted(finding_list(office, cycle), key=lambda f: (f.application_no, f.rule, f.table, f.row, f.field))
    return [
        {
            **{name: str(value) for name, value in finding._asdict().items()},
            "value": as_cleaned(finding.field, str(finding.value), policy),
            "nature": rules()[finding.rule]["nature"],
            "article": policy.article(rules()[finding.rule]["article"]),
        }
        for finding in findings
    ]


def item_rows(office: Office, cycle: str) -> list[Row]:
    """Rows of items.csv, sorted by application_no, uscc, occupation_code, work_type, level."""
    return [
        {
            "application_no": app.no,
            "uscc": app.filing.uscc,
            "occupation_code": item.occupation,
            "work_type": without_numbers(item.work_type),
            "level": item.level,
            "status": state.status,
            "reason": ";".join(sorted(state.reason)),
            "score": "" if state.score is None else f"{state.score:g}",
        }
        for app in office.of_cycle(cycle)
        for item, state in sorted(app.items.items())
    ]


def write_csv(path: Path, columns: list[str], rows: list[Row]) -> None:
    """Write rows as UTF-8 CSV with LF line ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: row.get(name, "") for name in columns} for row in rows)


def one_run(folder: Path, cycle: str, as_of: date) -> Act:
    """The single act of a folder that holds every table side by side."""
    results = _tables(folder, ("results",)).get("results", [])
    return Act(as_of, cycle, _tables(folder, FORM_TABLES), _tables(folder, DESK_TABLES), results)


def write_cycle(office: Office, cycle: str, out: Path) -> None:
    findings, items = finding_rows(office, cycle), item_rows(office, cycle)
    write_csv(out / "findings.csv", FINDINGS, findings)
    write_csv(out / "items.csv", ITEMS, items)
    print(f"{cycle}: {len(findings)} findings, {len(items)} items")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the findings and items the contract's text gives.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("cycle", nargs="?")
    parser.add_argument("as_of", nargs="?", type=date.fromisoformat)
    parser.add_argument("--out", type=Path, help="default: FOLDER.expected beside the folder")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    out: Path = arguments.out or folder.with_name(f"{folder.name}.expected")
    if arguments.as_of:
        write_cycle(play([one_run(folder, arguments.cycle, arguments.as_of)]), arguments.cycle, out)
        return
    acts = read_acts(folder)
    office = play(acts, read_office(folder))
    for cycle in sorted({act.cycle for act in acts}):
        write_cycle(office, cycle, out / cycle)
    day, register = acts[-1].day, office.register
    for name, rows in (("register", register.rows(day)), ("directory", register.directory(day))):
        write_csv(out / f"{name}.csv", list(rows[0]) if rows else ["uscc"], rows)


if __name__ == "__main__":
    main()
