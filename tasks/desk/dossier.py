"""One application as people read it: its versions with what changed between them, and the facts a ruling needs beside it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from expectations.rulebook import rules_of
from schemas.finding import NATURES_ZH, UNMENDABLE, masked
from schemas.law.cycle import cycle_id
from schemas.law.rulings import OBJECTION, WINDOW_2
from schemas.policy import Policy, for_cycle
from schemas.reference_data import reference
from schemas.submission import APPLICATIONS, TABLES
from tasks.store import dossier, duties, frames, unfinished

#: Fields whose every change is a change of the same thing, not worth a line of its own.
_SILENT = ("application_no",)
_LATE = "最近提交的一版逾期，是否采纳"


@dataclass(frozen=True)
class Change:
    """One thing in which a version differs from the one before: where, what was there, what is there."""

    place: str
    was: str
    became: str


@dataclass(frozen=True)
class VersionShown:
    """One version: when it came and was handed in, where it stands, and what changed against the one before."""

    number: int
    received_on: str
    submitted_at: str
    standing: str
    changes: list[Change] = field(default_factory=list)


#: Where a version stands, as people read it.
VERSION_STANDINGS = {"current": "现行", "superseded": "已被替代", "late": "逾期，未采纳"}


def versions_of(db: Connection, number: str) -> list[VersionShown]:
    """Every version of an application, the newest first, each with what changed against the one before."""
    versions, parts = dossier.versions(db, number), dossier.parts(db, number)
    lines = []
    before: Mapping[str, Any] | None = None
    for row in frames.records(versions, None):
        changes = [] if before is None else [*_fields(before, row), *_rows(parts, before["version"], row["version"])]
        standing = VERSION_STANDINGS.get(str(row["standing"]), str(row["standing"]))
        submitted = str(row["submitted_at"] or "")
        lines.append(VersionShown(int(row["version"]), str(row["received_on"]), submitted, standing, changes))
        before = row
    return lines[::-1]


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """What changed in the application's own fields."""
    for column in APPLICATIONS.columns:
        was, became = before[column.name], after[column.name]
        if column.name not in _SILENT and was != became:
            yield Change(
                f"{APPLICATIONS.title}·{column.title}",
                column.words.get(str(was), str(was or "")),
                column.words.get(str(became), str(became or "")),
            )


def _rows(parts: Mapping[str, pd.DataFrame], before: int, after: int) -> Iterator[Change]:
    """Rows of the other tables that went and came; a row is the same while all its cells are."""
    for name, frame in parts.items():
        cells = [column for column in frame.columns if column not in ("version", "row")]
        lines = frame[cells].fillna("").apply(lambda row, name=name: _line(name, row.to_dict()), axis=1)
        if frame.empty:
            continue
        was = lines[frame["version"] == before].tolist()
        became = lines[frame["version"] == after].tolist()
        title = TABLES[name].title
        for line in _missing(was, became):
            yield Change(title, line, "")
        for new in _missing(became, was):
            yield Change(title, "", new)


def _missing(lines: Sequence[str], among: Sequence[str]) -> list[str]:
    """Those of the lines that the other list does not have, as often as it has them less."""
    remaining = list(among)
    missing = []
    for line in lines:
        if line in remaining:
            remaining.remove(line)
        else:
            missing.append(line)
    return missing


def _line(table: str, row: Mapping[str, str]) -> str:
    """A row in words; identity numbers are masked."""
    parts = []
    for column in TABLES[table].columns:
        text = str(row.get(column.name, "") or "")
        if text and column.name not in _SILENT:
            parts.append(masked(text) if column.name == "id_number" else column.words.get(text, text))
    return " ".join(parts)


@dataclass(frozen=True)
class FindingShown:
    """One finding in words: rule, nature, where it stands, what is there, what is wrong."""

    rule: str
    nature: str
    place: str
    value: str
    message: str
    article: str


def findings_of(db: Connection, number: str, policy: Policy) -> list[FindingShown]:
    """Findings on what stands of an application, hard ones first."""
    order = list(NATURES_ZH)
    rows = sorted(frames.records(dossier.findings(db, number), None), key=lambda row: order.index(row["nature"]))
    return [
        FindingShown(
            row["rule"],
            _nature(row),
            _place(str(row["table"]), int(row["row"]), str(row["field"])),
            _value(policy, str(row["table"]), str(row["field"]), str(row["value"] or "")),
            str(row["message"]),
            str(row["article"]),
        )
        for row in rows
    ]


def _nature(row: Mapping[str, Any]) -> str:
    """What a finding asks for, in words: of a result nothing of the applicant, nor of what no correction mends."""
    if row["table"] not in TABLES:
        return "评估意见"
    unmendable = row["nature"] == "hard" and row["rule"] in UNMENDABLE
    return "不予受理" if unmendable else NATURES_ZH[row["nature"]]


def _value(policy: Policy, table: str, name: str, value: str) -> str:
    """What stands in a field, in the words of the policy where it is one of a list."""
    columns = {column.name: column for column in TABLES[table].columns} if table in TABLES else {}
    return policy.column(columns[name]).words.get(value, value) if name in columns else value


def _place(table: str, row: int, name: str) -> str:
    if table not in TABLES:
        return table
    title = TABLES[table].titles().get(name, name)
    return f"{TABLES[table].title}{f'第{row}条' if row else ''}·{title}"


@dataclass(frozen=True)
class Question:
    """A ruling somebody has to give: the rule in words, the occupations it holds, and the facts beside it."""

    rule: str
    message: str
    article: str
    occupations: list[str]
    items: int
    facts: list[str]


def questions_of(db: Connection, number: str, day: date) -> list[Question]:
    """What of an application waits for a ruling, by rule: what nobody has decided, with the facts it is decided on."""
    row = dossier.application(db, number)
    if row is None:
        return []
    policy, open_holds = for_cycle(cycle_id(row["cycle"])), duties.undecided(db, row["cycle"], number)
    facts = Facts(db, [str(row["uscc"])], set(open_holds["occupation_code"]), day)
    rows = [
        (str(rule), sorted(set(group["occupation_code"])), len(group)) for rule, group in open_holds.groupby("rule")
    ]
    if unfinished.is_late(db, row["cycle"], number):
        rows.append((WINDOW_2, [], 0))
    book = rules_of(policy)
    return [
        Question(
            rule,
            _LATE if rule == WINDOW_2 else book[rule].message_zh if rule in book else rule,
            book[rule].article if rule in book else "",
            occupations,
            items,
            facts.of(rule, str(row["uscc"]), occupations, policy),
        )
        for rule, occupations, items in rows
    ]


_OF_THE_CAP, _OF_SATURATION = "CAP-1", "CAP-2"
#: So many institutions that hold an occupation are named.
_MOST = 5


class Facts:
    """The register as it is on a day, asked once for the institutions and occupations of many applications."""

    def __init__(self, db: Connection, codes: Collection[str], occupations: Collection[str], day: date) -> None:
        self._names = reference().occupation_names()
        self._mine: dict[str, list[str]] = defaultdict(list)
        for uscc, occupation in dossier.occupations_of(db, codes, day):
            self._mine[uscc].append(occupation)
        self._holders: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for occupation, name, kind in dossier.holders(db, occupations, day):
            self._holders[occupation].append((name, kind))

    def of(self, rule: str, code: str, occupations: Sequence[str], policy: Policy) -> list[str]:
        """The facts beside a question under a rule about an institution and these occupations."""
        if rule == WINDOW_2:
            return ["准予后，下次运行时以该版为准"]
        return list(self._about(rule, code, occupations, policy))

    def _about(self, rule: str, code: str, occupations: Sequence[str], policy: Policy) -> Iterator[str]:
        codes_on_file = sorted(self._mine[code])
        yield f"该机构在册职业 {len(codes_on_file)} 个" + (
            f"：{'、'.join(map(self._named, codes_on_file))}" if codes_on_file else ""
        )
        if rule == _OF_THE_CAP:
            yield f"职业数上限 {policy.cap.occupations} 个"
        if rule == _OF_SATURATION:
            yield from (self._held(occupation, policy) for occupation in occupations)
        if rule == OBJECTION:
            yield "公示期间收到异议"

    def _held(self, occupation: str, policy: Policy) -> str:
        types = policy.institution_types
        counting = [(name, kind) for name, kind in self._holders[occupation] if kind in policy.cap.saturation_counts]
        names = "、".join(f"{name}（{types.get(kind, kind)}）" for name, kind in counting[:_MOST])
        more = f"等 {len(counting)} 家" if len(counting) > _MOST else ""
        sentence = f"{self._named(occupation)}已由 {len(counting)} 家机构备案（{policy.cap.saturation} 家即为饱和）"
        return f"{sentence}：{names}{more}" if names else sentence

    def _named(self, occupation: str) -> str:
        """An occupation by name and code."""
        name = self._names.get(occupation)
        return f"{name}（{occupation}）" if name else occupation
