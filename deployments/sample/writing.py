"""A made cycle as files at the three doors: an inbox of workbooks, or bulk tables; the centre's lists; results."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from deployments.sample.cycle import SampleCycle
from deployments.sample.locality import locality_of
from deployments.sample.workbooks import workbook
from schemas.policy import any_policy, for_cycle
from schemas.submission import (
    ACTIVITIES,
    DECISIONS,
    EXPERTS,
    FORM_TABLES,
    REGISTER,
    RESULTS,
    SIDE_TABLES,
    Column,
    Table,
)

_FORM = [table.name for table in FORM_TABLES]
_LISTS = [table.name for table in SIDE_TABLES if table is not RESULTS]
_EXTRA_COLUMN = {"occupations": "是否紧缺工种"}
_EXTRA_COLUMN_IN = 2  # the applicant of this number added a column
_BROKEN_NAME = "{place}楚江精密铸造有限公司"
_BROKEN_SHARE = 3  # so much of a sound workbook arrived: one third

Json = dict[str, object]


def write_inbox(sample: SampleCycle, inbox: Path, desk: Path) -> None:
    """The first hand-in: one workbook an institution, attachments of a few; on the desk activities, register, experts.

    One workbook has a column nobody asked for, and one, of an institution that is not in the sample, cannot be opened.
    """
    last, policy = b"", for_cycle(sample.cycle)
    for applicant, name, tables in _by_institution(sample.tables):
        last = workbook(tables, applicant, policy.title, _EXTRA_COLUMN if applicant == _EXTRA_COLUMN_IN else None)
        _write(inbox / f"{name}.xlsx", last)
    _write(inbox / f"{_BROKEN_NAME.format(place=locality_of(policy).name)}.xlsx", last[: len(last) // _BROKEN_SHARE])
    _write_attachments(sample, inbox)
    for table in (ACTIVITIES, REGISTER, EXPERTS):
        _write(desk / f"{table.name}.csv", _chinese_csv(table, sample.tables[table.name]))


def write_corrections(sample: SampleCycle, inbox: Path) -> None:
    """The second hand-in: the workbooks of those that mended theirs, in place of their first ones."""
    city = for_cycle(sample.cycle).title
    for applicant, name, tables in _by_institution(sample.corrected):
        _write(inbox / f"{name}.xlsx", workbook(tables, applicant, city))


def write_results(sample: SampleCycle, folder: Path, sent: Path | None = None) -> None:
    """`results.csv` with what the panels return, canonical headers and words.

    With the folder of the cycle's packages as they were `sent`: of what was sent out, with the token of its package.
    """
    rows = sample.tables[RESULTS.name]
    if sent and (tokens := _tokens(sent)):
        rows = rows[rows["application_no"].isin(list(tokens))]
        rows = rows.assign(token=rows["application_no"].map(tokens))
    _write(folder / f"{RESULTS.name}.csv", _csv(rows))


def _tokens(sent: Path) -> dict[str, str]:
    """Application number to the token of its package; none of packages without."""
    packages = [json.loads(path.read_bytes()) for path in sorted(sent.glob("*/package.json"))]
    return {package["application_no"]: package["token"] for package in packages if "token" in package}


def write_decisions(sample: SampleCycle, desk: Path) -> None:
    """`decisions.csv` with what the operator decided, Chinese headers and words."""
    _write(desk / f"{DECISIONS.name}.csv", _chinese_csv(DECISIONS, sample.tables[DECISIONS.name]))


def write_csv(sample: SampleCycle, folder: Path) -> None:
    """The first hand-in as a CSV file a table, canonical headers and words; the centre's lists in `desk` below."""
    for name in _FORM:
        _write(folder / f"{name}.csv", _csv(sample.tables[name]))
    for name in _LISTS:
        _write(folder / "desk" / f"{name}.csv", _csv(sample.tables[name]))
    _write_attachments(sample, folder)


def write_json(sample: SampleCycle, folder: Path) -> None:
    """The first hand-in as `applications.json`, each application with its rows nested; lists in `desk/lists.json`."""
    nested = {name: _grouped(FORM_TABLES[_FORM.index(name)], sample.tables[name]) for name in _FORM}
    applications = [
        form | {name: nested[name].get(number, []) for name in _FORM[1:]}
        for number, (form,) in nested["applications"].items()
    ]
    lists = {
        table.name: [_typed(table, row) for row in _rows(sample.tables[table.name])]
        for table in SIDE_TABLES
        if table.name in _LISTS
    }
    for file, document in (("applications.json", {"applications": applications}), ("desk/lists.json", lists)):
        _write(folder / file, json.dumps(document, ensure_ascii=False, indent=1).encode())
    _write_attachments(sample, folder)


def _by_institution(tables: dict[str, pd.DataFrame]) -> Iterator[tuple[int, str, dict[str, pd.DataFrame]]]:
    """Number of its first application, name, and form tables of each institution, by name in code point order."""
    applications = tables["applications"]
    groups = {name: dict(iter(tables[name].groupby("application_no", sort=False))) for name in _FORM}
    empty = {name: tables[name].iloc[:0] for name in _FORM}
    numbers: dict[str, list[str]] = {}
    for number, name in zip(applications["application_no"], applications["institution_name"], strict=True):
        numbers.setdefault(name, []).append(number)
    for name in sorted(numbers):
        parts = {table: [groups[table].get(number, empty[table]) for number in numbers[name]] for table in _FORM}
        yield int(numbers[name][0][-4:]), name, {table: pd.concat(frames) for table, frames in parts.items()}


def _grouped(table: Table, frame: pd.DataFrame) -> dict[str, list[Json]]:
    """Rows by application number, which stands in the application itself only."""
    grouped: dict[str, list[Json]] = {}
    for row in _rows(frame):
        typed = _typed(table, row)
        number = row["application_no"]
        if table.name != "applications":
            del typed["application_no"]
        grouped.setdefault(number, []).append(typed)
    return grouped


def _rows(frame: pd.DataFrame) -> Iterable[dict[str, str]]:
    return [
        {str(name): cell for name, cell in row.items() if isinstance(cell, str)} for row in frame.to_dict("records")
    ]


def _typed(table: Table, row: dict[str, str]) -> Json:
    """A row as a portal exports it: numbers and truth values as such, codes as text."""
    return {name: _value(table.column(name), text) for name, text in row.items()}


def _value(column: Column, text: str) -> object:
    if column.kind == "boolean" and text in column.words:
        return text == "true"
    if column.kind == "integer" and text.isdigit():
        return int(text)
    return text


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\r\n").encode()


def _chinese_csv(table: Table, frame: pd.DataFrame) -> bytes:
    """With a byte order mark, so that a spreadsheet shows the Chinese."""
    words = {
        column.name: dict(any_policy(column).words) for column in table.columns if column.kind in ("enum", "boolean")
    }
    return b"\xef\xbb\xbf" + _csv(frame.replace(words).rename(columns=table.titles()))


def _write_attachments(sample: SampleCycle, folder: Path) -> None:
    for name, content in sample.attachments.items():
        _write(folder / "attachments" / name, content)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
