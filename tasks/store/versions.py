"""Versions of applications: judging what is new of a pull, keeping it, and making one the current version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from sqlalchemy import Connection, and_, case, exists, select, update

from expectations.identifiers import is_credit_code
from schemas import tables
from schemas.item import DECIDED, VERSION
from schemas.law import versions as law
from schemas.law.cycle import cycle_id
from schemas.law.versions import PresentState, Ruled, Version
from schemas.policy import for_cycle
from schemas.rows import records
from schemas.run import Run
from schemas.submission import APPLICATIONS, WRITTEN
from tasks.store import applications, conditions, cycles, frames, institutions, items, results, seals

_application = tables.application
_version = tables.application_version


@dataclass(frozen=True, eq=False)
class Ruling:
    """What is new of a pull, judged: one row a version, with `standing`, `why`, `in_time_until`, `is_open` and
    `is_withdrawal`.

    `aside`: number and reason of versions that are not kept.
    """

    rows: pd.DataFrame
    aside: list[tuple[str, str]] = field(default_factory=list)

    @property
    def current(self) -> pd.DataFrame:
        return self.rows[self.rows["standing"] == "current"]

    @property
    def late(self) -> pd.DataFrame:
        return self.rows[self.rows["standing"] == "late"]

    @property
    def again(self) -> pd.DataFrame:
        """Those that become current in the place of a former version."""
        return self.current[self.current["version"] > 1]

    def counts(self) -> dict[str, int]:
        """How many came new, corrected, withdrawn, older than the current, too late."""
        current, later = self.current, self.current["version"] > 1
        return {
            "new": int((self.rows["version"] == 1).sum()),
            "corrected": int((later & ~current["is_withdrawal"]).sum()),
            "withdrawn": int(current["is_withdrawal"].sum()),
            "older": int((self.rows["standing"] == "superseded").sum()),
            "late": len(self.late),
        }


def judge(db: Connection, forms: dict[str, pd.DataFrame], run: Run) -> Ruling:
    """Judge what is new of a pull (contract section 3); a known content is not new.

    `forms`: the five form tables as cleaned text with `row`; applications also `content_hash`, `submitted_utc`
    (microseconds or NaN) and `assigned_cycle`.
    """
    incoming = _unknown(db, forms["applications"])
    incoming = incoming.assign(uscc_now=institutions.followed(db, incoming["uscc"]))
    incoming["valid_uscc"] = _valid(incoming["uscc_now"])
    incoming["is_withdrawal"] = _withdraws(incoming)
    on_record, closed = known_of(db, incoming["application_no"].tolist()), cycles.closed(db)
    # a version that takes an application back need not say whose it is
    owners = incoming["application_no"].map(
        {number: application.facts.uscc for number, application in on_record.items()}
    )
    unnamed = incoming["is_withdrawal"] & (incoming["uscc_now"].fillna("") == "")
    incoming["uscc_now"] = incoming["uscc_now"].mask(unnamed, owners.astype(frames.TEXT))
    ruled = [_ruled(row, on_record, closed, run) for row in records(incoming)]
    incoming["standing"] = pd.Series([ruling.standing for ruling in ruled], dtype=frames.TEXT)
    incoming["why"] = pd.Series([ruling.reason for ruling in ruled], dtype=frames.TEXT)
    incoming["is_open"] = pd.Series([ruling.is_open for ruling in ruled], dtype="bool")
    days = [ruling.in_time_until.isoformat() if ruling.in_time_until else None for ruling in ruled]
    incoming["in_time_until"] = pd.Series(days, dtype=frames.TEXT)
    numbers = incoming["application_no"].map({number: application.last for number, application in on_record.items()})
    incoming["version"] = numbers.fillna(0).astype("int64") + 1
    statuses = incoming["application_no"].map({number: application.status for number, application in on_record.items()})
    incoming["was"] = statuses.astype(frames.TEXT).fillna("")
    aside = incoming[incoming["standing"] == "aside"]
    taken_in = incoming[incoming["standing"] != "aside"].reset_index(drop=True)
    return Ruling(taken_in, list(zip(aside["application_no"], aside["why"], strict=True)))


def _unknown(db: Connection, forms: pd.DataFrame) -> pd.DataFrame:
    work = frames.working(db, "incoming", forms[["application_no", "content_hash"]])
    same = and_(_version.c.application_no == work.c.application_no, _version.c.content_hash == work.c.content_hash)
    recorded = frames.read(db, select(work.c.application_no).join(_version, same))
    return forms[~forms["application_no"].isin(recorded["application_no"])].reset_index(drop=True)


def of_contents(db: Connection, contents: pd.DataFrame) -> pd.DataFrame:
    """Those of these contents (application_no, content_hash) that are on record, with cycle and version."""
    work = frames.working(db, "of_contents", contents[["application_no", "content_hash"]])
    same = and_(_version.c.application_no == work.c.application_no, _version.c.content_hash == work.c.content_hash)
    columns = (_version.c.application_no, _version.c.version, _application.c.cycle)
    of_application = _application.c.application_no == _version.c.application_no
    return frames.read(db, select(*columns).join(work, same).join(_application, of_application))


def _valid(codes: "pd.Series[str]") -> list[str]:
    """Each credit code, blank where it is not a valid one."""
    text = pl.Series("uscc", codes.fillna("").tolist(), pl.String).to_frame()
    valid = is_credit_code(pl.col("uscc")).fill_null(False)
    return text.select(pl.when(valid).then(pl.col("uscc")).otherwise(pl.lit(""))).to_series().to_list()


def _withdraws(incoming: pd.DataFrame) -> "pd.Series[bool]":
    if "withdrawn" not in incoming.columns:
        return pd.Series(False, index=incoming.index, dtype="bool")
    return (incoming["withdrawn"] == "true").fillna(False).astype("bool")


@dataclass(frozen=True)
class NumberOnRecord:
    """What is on record of a number: the law's facts, its status and the number of its last version."""

    facts: PresentState
    status: str
    last: int


def _ruled(row: Mapping[Any, Any], on_record: Mapping[str, NumberOnRecord], closed: set[str], run: Run) -> Ruled:
    cycle, application = cycle_id(row["assigned_cycle"]), on_record.get(row["application_no"])
    policy = for_cycle(application.facts.cycle if application else cycle)
    stated = moment(row["submitted_utc"])
    counted = law.moment_of(stated, run.day, policy)
    version = Version(cycle, row["valid_uscc"], counted, row["is_withdrawal"], stated)
    if application is None:
        return law.first_version(version, policy, run.day, is_closed=cycle in closed)
    ruled = law.later_version(version, application.facts, policy)
    if ruled.standing == "current" and cycle != application.facts.cycle:
        moved = law.first_version(version, for_cycle(cycle), run.day, is_closed=cycle in closed)
        return ruled if moved.standing == "current" else moved
    return ruled


def moment(submitted_utc: float | None) -> datetime | None:
    """The moment of a version, from microseconds since 1970; None where it states none that can be read."""
    if submitted_utc is None or np.isnan(submitted_utc):
        return None
    return datetime.fromtimestamp(submitted_utc / 1_000_000, UTC)


def known_of(db: Connection, numbers: list[str]) -> dict[str, NumberOnRecord]:
    """What is on record of these numbers; those nobody filed under are left out."""
    work = frames.working(db, "incoming", pd.DataFrame({"application_no": numbers}, dtype=frames.TEXT))
    of_application = tables.item.c.application_no == _application.c.application_no
    decided = exists().where(of_application, tables.item.c.status.in_(sorted(DECIDED)))
    filed = exists().where(of_application, tables.item.c.status.in_(["filed", "lapsed"]))
    statement = (
        select(
            *(_application.c[name] for name in ("application_no", "cycle", "status", "outcome", "correct_by")),
            _version.c.submitted_utc,
            _version.c.received_on,
            case((decided, 1), else_=0).label("decided"),
            case((filed, 1), else_=0).label("filed"),
        )
        .join(_version, conditions.is_current())
        .join(work, work.c.application_no == _application.c.application_no)
    )
    rows = frames.read(db, statement)
    if rows.empty:
        return {}
    last, codes, closed = *_versions_of(db, rows), cycles.closed(db)
    return {
        row["application_no"]: NumberOnRecord(_facts(row, codes, closed), row["status"], last[row["application_no"]])
        for row in records(rows)
    }


def _versions_of(db: Connection, rows: pd.DataFrame) -> tuple[dict[str, int], dict[str, str]]:
    """The last version's number of each application, and the first valid credit code it was handed in with."""
    work = frames.working(db, "versions_of", rows[["application_no"]])
    statement = select(_version.c.application_no, _version.c.version, _version.c.uscc)
    every = frames.read(db, statement.join(work, work.c.application_no == _version.c.application_no))
    every["code"] = _valid(institutions.followed(db, every["uscc"]))
    valid = every[every["code"] != ""].sort_values("version").drop_duplicates("application_no")
    last = every.groupby("application_no")["version"].max()
    return (
        {str(number): int(version) for number, version in last.items()},
        dict(zip(valid["application_no"], valid["code"], strict=True)),
    )


def _facts(row: Mapping[Any, Any], codes: Mapping[str, str], closed: set[str]) -> PresentState:
    cycle = cycle_id(row["cycle"])
    first_seen, correct_by = date.fromisoformat(row["received_on"]), row["correct_by"]
    stated = moment(row["submitted_utc"])
    return PresentState(
        cycle=cycle,
        is_closed=cycle in closed,
        is_returned=row["status"] == "returned",
        is_decided=bool(row["decided"]) or row["outcome"] == "ended",
        is_filed=bool(row["filed"]) or row["outcome"] == "ended",
        uscc=codes.get(row["application_no"], ""),
        moment=law.moment_of(stated, first_seen, for_cycle(cycle)),
        stated=stated,
        correct_by=date.fromisoformat(correct_by) if isinstance(correct_by, str) else None,
    )


def keep(db: Connection, ruling: Ruling, forms: dict[str, pd.DataFrame], run: Run) -> None:
    """Store the versions that were judged, and make those current that are taken."""
    if ruling.rows.empty:
        return
    retire(db, ruling.again, run)
    _insert(db, ruling.rows, forms, run)
    make_current(db, ruling.current, run)
    late = ruling.late
    because = "第" + late["version"].astype(str) + "版：" + late["why"]
    applications.tell(db, late[["application_no"]].assign(was="", became="late", because=because), run)


def retire(db: Connection, replaced: pd.DataFrame, run: Run) -> None:
    """Take the place of former versions; a version that withdraws leaves the items to be moved."""
    if replaced.empty:
        return
    work = frames.working(db, "retired", replaced[["application_no"]])
    chosen = _version.c.application_no.in_(select(work.c.application_no))
    seals.touch_where(db, seals.VERSION_STANDING, chosen, _version.c.standing == "current")
    db.execute(update(_version).where(chosen, _version.c.standing == "current").values(standing="superseded"))
    results.forget(db, replaced)
    items.replace(db, replaced[~replaced["is_withdrawal"]], run, "申报人重新提交")


def _insert(db: Connection, rows: pd.DataFrame, forms: dict[str, pd.DataFrame], run: Run) -> None:
    names = [name for name in (*APPLICATIONS.names[1:], WRITTEN) if name in rows.columns]
    columns = ["application_no", "version", "content_hash", "standing", "submitted_utc", "in_time_until", *names]
    versions = rows[VERSION]
    for record in (seals.VERSION, seals.VERSION_STANDING, *seals.PARTS.values()):
        seals.touch(db, record, versions)
    whole = rows["submitted_utc"].astype("Int64")  # beside missing ones they came as floats
    frames.append(db, _version, rows[columns].assign(submitted_utc=whole, received_on=run.day.isoformat()))
    for name, table in tables.FORM_PARTS.items():
        parts = forms[name].merge(versions, on="application_no", how="inner")
        frames.append(db, table, parts[[column.name for column in table.columns]])


def make_current(db: Connection, current: pd.DataFrame, run: Run) -> None:
    """Let versions count: the first ones of new applications, and those that take the place of a retired one."""
    seals.touch(db, seals.APPLICATION, current)
    current = current.assign(outcome=current["is_withdrawal"].map({True: "withdrawn"}).astype(frames.TEXT))
    _add_applications(db, current[current["version"] == 1], run)
    _point_to_later(db, current[current["version"] > 1])
    because = "第" + current["version"].astype(str) + "版"
    moves = current[["application_no", "was"]].assign(became="received", because=because)
    applications.tell(db, moves, run)


def _add_applications(db: Connection, new: pd.DataFrame, run: Run) -> None:
    rows = new[["application_no", "version", "outcome"]].assign(
        uscc=new["uscc_now"],
        cycle=new["assigned_cycle"],
        status="received",
        first_submitted_at=new["submitted_at"],
        first_seen_on=run.day.isoformat(),
    )
    frames.append(db, _application, rows)


def _point_to_later(db: Connection, later: pd.DataFrame) -> None:
    """Let applications go by their later version, and be screened anew."""
    if later.empty:
        return
    work = frames.working(db, "again", later[["application_no", "version", "uscc_now", "assigned_cycle", "outcome"]])
    db.execute(
        update(_application)
        .where(_application.c.application_no == work.c.application_no)
        .values(
            version=work.c.version,
            uscc=work.c.uscc_now,
            cycle=work.c.assigned_cycle,
            status="received",
            screened_at=None,
            correct_by=None,
            outcome=work.c.outcome,
        )
    )
