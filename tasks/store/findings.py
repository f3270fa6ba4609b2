"""Findings of screening, and the holds that in-principle findings put on items."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
import polars as pl
from sqlalchemy import Connection, delete, select, update

from schemas import tables
from schemas.finding import FINDING_COLUMNS, FINDING_ORDER
from schemas.item import KEYS, VERSION
from schemas.rows import tuples
from tasks.store import conditions, frames, seals

_finding = tables.finding


def replace(db: Connection, findings: pd.DataFrame, applications: pd.DataFrame, cycle: str) -> None:
    """Replace the findings on these applications (application_no, version)."""
    work = frames.working(db, "found_of", applications[VERSION])
    former = delete(_finding).where(
        _finding.c.application_no.in_(select(work.c.application_no)), _finding.c.table != "results"
    )
    seals.touch(db, seals.FINDINGS, applications)
    db.execute(former)
    rows = findings.merge(applications[VERSION], on="application_no")
    frames.append(db, _finding, rows.assign(cycle=cycle))


def none() -> pd.DataFrame:
    """No findings, with their columns."""
    kinds = {name: "int64" if name == "row" else frames.TEXT for name in FINDING_COLUMNS}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def replace_of_results(db: Connection, findings: pd.DataFrame, judged: "pd.Series[int]", cycle: str) -> None:
    """Replace the findings on these results; `version` is the number of the result."""
    work = frames.working(db, "judged_results", judged.to_frame("version"))
    on_results = _finding.c.version.in_(select(work.c.version))
    seals.touch_where(db, seals.FINDINGS, _finding.c.table == "results", on_results)
    seals.touch(db, seals.FINDINGS, findings)
    db.execute(delete(_finding).where(_finding.c.table == "results", on_results))
    frames.append(db, _finding, findings.assign(cycle=cycle))


def of_cycle(db: Connection, cycle: str) -> pd.DataFrame:
    """Findings on the cycle's current versions and on results that still stand: the columns of `findings.csv`, sorted."""
    statement = select(*(_finding.c[name] for name in FINDING_COLUMNS)).where(
        _finding.c.cycle == cycle, conditions.finding_stands()
    )
    return frames.read(db, statement).sort_values(FINDING_ORDER, ignore_index=True)


def hard(db: Connection) -> set[str]:
    """Numbers of applications whose current version has a hard finding."""
    current = conditions.same(tables.application, _finding, VERSION)
    statement = select(_finding.c.application_no).join(tables.application, current)
    return set(db.execute(statement.where(_finding.c.nature == "hard", _finding.c.table != "results")).scalars())


def returning(db: Connection, cycle: str) -> dict[str, str]:
    """Application number to the hard rules that returned it, as the `reason` of its items."""
    findings = of_cycle(db, cycle)
    hard = findings[(findings["nature"] == "hard") & (findings["table"] != "results")]
    rules = pl.from_pandas(hard[["application_no", "rule"]]).group_by("application_no")
    return dict(rules.agg(pl.col("rule").unique().sort().str.join(";")).iter_rows())


def hold(db: Connection, holds: pd.DataFrame, cycle: str) -> None:
    """Note which in-principle findings hold which items (KEYS, rule)."""
    keys = [*KEYS, "rule"]
    work, table = frames.working(db, "holding", holds[keys]), tables.hold
    same = conditions.same(table, work, keys)
    present = frames.read(db, select(*(work.c[key] for key in keys)).join(table, same))
    both = holds.merge(present, on=keys, how="left", indicator=True)
    new = both.loc[both["_merge"] == "left_only", keys]
    seals.touch(db, seals.HOLDS, new)
    frames.append(db, table, new.assign(cycle=cycle))


def hold_anew(db: Connection, screened: pd.DataFrame, holds: pd.DataFrame, cycle: str) -> None:
    """Replace the holds (KEYS, rule) of screened applications (application_no).

    Holds under which an item was refused stay, for a later permit may still answer them.
    """
    table, item, keys = tables.hold, tables.item, [*KEYS, "rule"]
    work = frames.working(db, "held_of", screened[["application_no"]])
    same = conditions.same(table, item, KEYS)
    statement = select(*(table.c[key] for key in keys), item.c.status, item.c.reason).join(item, same)
    former = frames.read(db, statement.where(table.c.application_no.in_(select(work.c.application_no))))
    former = former.merge(holds[keys], on=keys, how="left", indicator=True)
    refusing = [
        status == "refused" and rule in reason.split(";")
        for status, rule, reason in tuples(former[["status", "rule", "reason"]])
    ]
    over = former[(former["_merge"] == "left_only") & ~pd.Series(refusing, index=former.index, dtype="bool")]
    work_gone = frames.working(db, "holding_no_more", over[keys])
    seals.touch(db, seals.HOLDS, over)
    db.execute(delete(table).where(conditions.among(table, work_gone, keys)))
    hold(db, holds, cycle)


def note_fallen(db: Connection, holds: pd.DataFrame, free: "pd.Series[bool]", day: date) -> None:
    """Note which of these holds (of `holds_of`) have fallen by a day, because a place is free, and which have not."""
    table, keys = tables.hold, [*KEYS, "rule"]
    fallen, standing = free & (holds["fallen_on"] != day.isoformat()), ~free & holds["fallen_on"].notna()
    for rows, fallen_on in ((holds[fallen], day), (holds[standing], None)):
        if rows.empty:
            continue
        work = frames.working(db, "falling", rows[keys])
        same = conditions.same(table, work, keys)
        seals.touch(db, seals.HOLDS, rows)
        db.execute(update(table).where(same).values(fallen_on=fallen_on))


def hold_at_filing(db: Connection, judged: pd.DataFrame, rules: Sequence[str], cycle: str, day: date) -> None:
    """Note which of these rules hold an item at its filing (KEYS, barring: rules joined by `;`); its other holds by them fall."""
    hits = judged[judged["barring"] != ""]
    hits = hits.assign(rule=hits["barring"].str.split(";")).explode("rule")[[*KEYS, "rule"]]
    present = holds_of(db, cycle).merge(judged[KEYS], on=KEYS)
    present = present[present["rule"].isin(rules)]
    both = present.merge(hits, on=[*KEYS, "rule"], how="left", indicator=True)
    if (both["_merge"] == "both").sum() < len(hits):
        hold(db, hits, cycle)
    note_fallen(db, both, both["_merge"] == "left_only", day)


def holds_of(db: Connection, cycle: str) -> pd.DataFrame:
    """Every hold of the cycle."""
    return frames.read(db, select(tables.hold).where(tables.hold.c.cycle == cycle))
