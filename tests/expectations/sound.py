"""Sound applications and results to spoil one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pandas as pd
import polars as pl

from expectations import scene as scenery
from expectations.check import Checked, CheckedResults, check, check_results
from expectations.scene import Scene
from expectations.submissions import ADDED
from schemas.law.cycle import CycleId
from schemas.policy import for_cycle
from schemas.reference_data import reference
from schemas.submission import TABLES, WRITTEN
from tasks.gateways.sources.cells.reader import read_table

Row = dict[str, Any]

USCC = {
    "enterprise": "91420202MA49000027",
    "technical_school": "12420202MB4900006T",
    "social_organisation": "52420202MJ49000052",
}
#: Fictional people: the 17 digits of their identity numbers.
PEOPLE = [f"42020219800101{order:03d}" for order in range(1, 9)]
_AUDIENCE = {"enterprise": "staff", "technical_school": "students", "social_organisation": "public"}
_STAFF = ("full_time", "examiner", "examiner", "examiner", "supervisor", "expert")


def with_check_character(seventeen: str) -> str:
    """A resident identity number from its 17 digits, by the standard's table (GB 11643-1999, annex B)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, weights, strict=True))
    return seventeen + "10X98765432"[total % 11]


def credit_code(beginning: str, organisation: str) -> str:
    """A credit code from its first 8 and the organisation code's first 8 characters (GB 32100-2015; GB 11714-1997)."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    inner = (11 - sum(letters.index(c) * w for c, w in zip(organisation, weights, strict=True)) % 11) % 11
    seventeen = beginning + organisation + ("X" if inner == 10 else str(inner))
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(alphabet.index(c) * 3**place for place, c in enumerate(seventeen))
    return seventeen + alphabet[(31 - total % 31) % 31]


def frame(table: str, rows: list[Row]) -> pd.DataFrame:
    """Rows as intake hands them over: cells read, blank ones missing, numbered within their application."""
    added = [name for name in ADDED.get(table, ()) if name != WRITTEN]
    columns = list(dict.fromkeys([*TABLES[table].names, *added]))
    cells = [{name: row.get(name) if row.get(name) != "" else None for name in columns} for row in rows]
    texts = pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String()), orient="row")
    if table == "applications":  # what came first was read then
        first = texts.select(application_no="application_no", submitted_at="first_submitted_at")
        absent = [pl.lit(None, pl.String).alias(name) for name in TABLES[table].names if name not in first.columns]
        read = read_table(first.with_columns(absent), TABLES[table])
        texts = texts.with_columns(read["submitted_at"].alias("first_submitted_at"))
    made = read_table(texts, TABLES[table]).to_pandas()
    numbers = made.groupby("application_no", dropna=False).cumcount() + 1
    return made.assign(row=numbers.astype("int64"))


def _text(rows: list[Row], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), dtype="str")


@dataclass
class Case:
    """Tables and scene of one check; built sound, then spoiled by a test."""

    cycle: str = "2026-09"
    tables: dict[str, list[Row]] = field(default_factory=dict)
    on_file: list[Row] = field(default_factory=list)
    activities: list[Row] | None = field(default_factory=list)
    peers: list[Row] = field(default_factory=list)
    beside: dict[str, list[Row]] = field(default_factory=dict)  # other frames of the scene, by name
    as_of: date | None = None
    present_codes: dict[str, str] = field(default_factory=dict)

    def frames(self) -> dict[str, pd.DataFrame]:
        return {name: frame(name, rows) for name, rows in self.tables.items()}

    def scene(self) -> Scene:
        """The scene, with the case's own applications among the peers."""
        cycle = CycleId(self.cycle)
        forms = frame("applications", self.tables["applications"])
        applicants = [
            dict(zip(("application_no", "uscc"), pair, strict=True))
            for pair in zip(forms["application_no"], forms["uscc"], strict=True)
        ]
        return Scene(
            cycle,
            for_cycle(cycle),
            reference(),
            _text(self.on_file, scenery.ON_FILE),
            None if self.activities is None else _text(self.activities, scenery.ACTIVITIES),
            _text([*applicants, *self.peers], scenery.PEERS),
            **{name: _text(rows, getattr(scenery, name.upper())) for name, rows in self.beside.items()},
            as_of=self.as_of,
            present_codes=self.present_codes,
        )

    def check(self) -> Checked:
        return check(self.frames(), self.scene())


def sound(institution_type: str = "enterprise", number: str = "A1", occupations: list[Row] | None = None) -> Case:
    """One application of a type that meets every rule, for one occupation unless others are named."""
    policy = for_cycle(CycleId("2026-09"))
    base = {
        "occupation_code": "6-18-01-01",
        "occupation_name": "车工",
        "levels": "5,4,3",
        "audience": _AUDIENCE[institution_type],
    }
    asked = [base | row for row in (occupations if occupations is not None else [{}])]
    papers: list[Row] = [{"material": name} for name in policy.materials_of(institution_type)]
    codes = dict.fromkeys(
        row.get("neighbour_code") or row["occupation_code"] or row["occupation_name"] for row in asked
    )
    papers += [
        {"material": name, "occupation_code": code} for code in codes for name in policy.required.every_occupation
    ]
    file = {"form": "file", "file_name": "材料.pdf", "size_bytes": "20480", "sha256": "ab" * 32}
    people = [
        {"role": role, "name": "李明", "id_type": "resident_id", "id_number": with_check_character(PEOPLE[place])}
        for place, role in enumerate(_STAFF)
    ]
    school = institution_type == "technical_school"
    programmes = [{"occupation_code": row["occupation_code"], "highest_level": "3"} for row in asked if school]
    tables = {
        "applications": [_form(institution_type)],
        "occupations": asked,
        "staff": people,
        "materials": [file | row for row in papers],
        "programmes": programmes,
    }
    return Case(tables={name: [{"application_no": number, **row} for row in rows] for name, rows in tables.items()})


def _form(institution_type: str) -> Row:
    return {
        "cycle": "2026-09",
        "kind": "initial",
        "institution_name": "黄石示例机构",
        "uscc": USCC[institution_type],
        "institution_type": institution_type,
        "affiliation": "municipal",
        "region_code": "420202",
        "registered_address": "湖北省黄石市杭州东路1号",
        "legal_representative": "李明",
        "contact_name": "王芳",
        "contact_phone": "13907141234",
        "contact_email": "",
        "submitted_at": "2026-09-01T09:00:00",
        "first_submitted_at": "2026-09-01T09:00:00",
        "social_insurance": "true",
        "no_violations": "true",
    }


def checked_results(*texts: Row) -> CheckedResults:
    """Check the results of examples, of applications A1, A2, ...: rows over a sound result, items sent out beside it."""
    base = {
        "occupation_code": "6-18-01-01",
        "level": "5",
        "verdict": "pass",
        "score": "85",
        "evaluated_on": "2026-09-20",
        "panel_lead": "张伟",
        "panel_size": "3",
        "commitments_shown": "true",
        "remarks": "",
    }
    item = {"occupation_code": "6-18-01-01", "level": "5", "has_commitment": False}
    rows: list[Row] = []
    sent: list[Row] = []
    for place, text in enumerate(texts, 1):
        number = {"application_no": f"A{place}"}
        rows += [number | base | row for row in text.get("results", [{}])]
        sent += [number | item | row for row in text.get("sent", [{}])]
    scene = replace(sound().scene(), as_of=date(2026, 9, 25))
    return check_results(frame("results", rows), pd.DataFrame(sent), scene)
