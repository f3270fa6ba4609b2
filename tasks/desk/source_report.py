"""What the source would give and what of it is not understood, for a person to read; nothing is taken in or kept."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import pandas as pd

from expectations import reading
from schemas.policy import Policy, in_force
from schemas.settings import Settings
from schemas.submission import APPLICATIONS, TABLES, WRITTEN, Column, Table
from tasks.gateways.sources import Pull, bring, sends_openly, stated

_MOST: Final = 10
_LONGEST: Final = 30
#: Numbers of people and telephones; a portal's codes are shorter.
_PERSONAL: Final = re.compile(r"\d{6,}[\dXx]?")


@dataclass(frozen=True)
class Remark:
    """One thing about the source: good to know, to be looked at, or to be mended."""

    weight: Literal["ok", "note", "problem"]
    name: str
    sentence: str


def report(settings: Settings) -> list[Remark]:
    """Pull the source into a folder of no consequence and say what it holds; the home and the database stay as they are."""
    source, wrong = stated(settings)
    if wrong:
        return [Remark("problem", "source", wrong)]
    remarks = [Remark("ok", "source", source)]
    if sends_openly(settings):
        remarks.append(
            Remark("note", "source", "the password or token is sent unencrypted: use https:// or webdavs://")
        )
    with TemporaryDirectory(prefix="filing-source-") as spare:
        brought = bring(settings, landings=Path(spare))
        remarks += [Remark("problem", "source", sentence) for sentence in brought.failed]
        if brought.pull is not None:
            remarks += _of_pull(brought.pull, in_force(date.max))
    return remarks


def _of_pull(pull: Pull, policy: Policy) -> Iterator[Remark]:
    filed = len(pull.tables[APPLICATIONS.name])
    yield Remark("ok" if filed else "note", "applications", f"{filed} would be read")
    for name, rows in pull.tables.items():
        if name in pull.supplied:
            yield Remark("ok", "table", f"{name} ({TABLES[name].title}): {len(rows)} rows")
    yield from _unknown_columns(pull)
    for name, rows in pull.tables.items():
        for column in policy.table(TABLES[name]).columns:
            yield from _not_understood(TABLES[name], column, rows, policy)
    for file in pull.quarantined[:_MOST]:
        yield Remark("problem", "quarantine", file.reason)
    yield from _left_out("problem", "quarantine", len(pull.quarantined))
    for advice in pull.advice[:_MOST]:
        yield Remark("note", "advice", advice.sentence)
    yield from _left_out("note", "advice", len(pull.advice))


def _unknown_columns(pull: Pull) -> Iterator[Remark]:
    """Columns no table has, each with the number of files that have it and what can be done about it."""
    counted = Counter((unknown.table, unknown.column) for unknown in pull.unknown_columns)
    for (table, column), files in sorted(counted.items())[: 5 * _MOST]:
        where = f"[tables.{table}.columns]" if table else "`from` of a table"
        yield Remark(
            "note",
            "unknown column",
            f"{table or 'top level'}: '{_discreet(column)}' in {files} file(s) or page(s) is kept aside; "
            f"name it in {where} of the column map, or in `ignore`",
        )
    yield from _left_out("note", "unknown column", len(counted), 5 * _MOST)


def _not_understood(table: Table, column: Column, rows: pd.DataFrame, policy: Policy) -> Iterator[Remark]:
    """Cells that have no value: unknown codes, and whatever is no day, number or level."""
    originals = rows[WRITTEN].dropna().map(json.loads)
    unread = [cells[column.name] for cells in originals[rows[column.name].isna()] if column.name in cells]
    if column.kind == "cycle":
        months = tuple(f"-{month:02d}" for month in policy.cycle.months)
        unread += [text for text in rows[column.name].dropna() if not text.endswith(months)]
    odd = Counter(unread)
    coded = column.kind in ("enum", "enums", "boolean", "level", "levels")
    for text, count in odd.most_common(_MOST):
        remedy = (
            f"say in [tables.{table.name}.values.{column.name}] of the column map what it means"
            if coded
            else f"the applicant will be notified: {reading.spellings(column)}"
        )
        kind = "unknown code" if coded else "unreadable"
        yield Remark("problem", kind, f"{table.name}.{column.name}: '{_discreet(text)}' in {count} row(s); {remedy}")
    yield from _left_out("problem", f"{table.name}.{column.name}", len(odd))


def _left_out(weight: Literal["note", "problem"], name: str, count: int, most: int = _MOST) -> Iterator[Remark]:
    if count > most:
        yield Remark(weight, name, f"and {count - most} more")


def _discreet(text: str) -> str:
    hidden = _PERSONAL.sub("…", " ".join(text.split()))
    return hidden if len(hidden) <= _LONGEST else f"{hidden[:_LONGEST]}…"
