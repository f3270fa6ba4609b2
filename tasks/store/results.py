"""Evaluation results: receiving them, noting their judgement, and listing those that wait to be judged."""

import hashlib
from dataclasses import dataclass
from datetime import date
from json.encoder import encode_basestring

import pandas as pd
from sqlalchemy import Connection, and_, case, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from schemas import tables
from schemas.item import DECIDED, UNIT
from schemas.run import Run
from schemas.submission import RESULTS, WRITTEN
from tasks.store import conditions, frames, items, seals
from tasks.store.database import highest

_result = tables.result
_CONTENT = sorted([*RESULTS.names, WRITTEN])
_AS_JSON = f"{{{', '.join(f'{encode_basestring(name)}: %s' for name in _CONTENT)}}}"


def receive(db: Connection, results: pd.DataFrame, run: Run) -> int:
    """Store results (canonical text, `written` and `row`) that are not known yet, as one batch; returns how many were new."""
    if results.empty:
        return 0
    # a blank work type is the occupation as a whole, one key like any other
    rows = results.astype({"work_type": "str"}).fillna({"work_type": ""})
    rows["content_hash"] = content_hashes(rows)
    recorded = set(db.execute(select(_result.c.content_hash)).scalars())
    new = rows[~_is_among(recorded, rows["content_hash"])].drop_duplicates("content_hash")
    first = last(db) + 1
    batch = max([first, *(int(number) + 1 for number in db.execute(select(_result.c.batch).distinct()).scalars())])
    cycles = frames.read(db, select(tables.application.c.application_no, tables.application.c.cycle))
    belongs = new["application_no"].map(cycles.set_index("application_no")["cycle"]).astype("str").fillna(run.cycle)
    numbered = new[["content_hash", "row", *RESULTS.names, WRITTEN]].assign(
        result_id=range(first, first + len(new)),
        batch=str(batch),
        cycle=belongs,
        standing="received",
        received_on=run.day.isoformat(),
    )
    seals.touch(db, seals.RESULT, numbered)
    seals.touch(db, seals.RESULT_STANDING, numbered)
    frames.append(db, _result, numbered)
    again = _receive_again(db, rows, set(new["content_hash"]), batch, run)
    _note_seen(db, rows, run)
    return len(new) + again


def _note_seen(db: Connection, rows: pd.DataFrame, run: Run) -> None:
    """Note that refused results were handed in again on this day; a run for an earlier day changes nothing."""
    work = frames.working(db, "seen_again", rows[["content_hash"]].drop_duplicates())
    repeated = (
        _result.c.content_hash.in_(select(work.c.content_hash)),
        _result.c.standing.in_(["refused", "replaced"]),
        _result.c.received_on < run.day,
    )
    seals.touch_where(db, seals.RESULT_STANDING, *repeated)
    db.execute(update(_result).where(*repeated).values(received_on=run.day))


def content_hashes(rows: pd.DataFrame) -> list[str]:
    """The hash by which each result (canonical text with `written`) is recognised when it comes again."""
    # JSON put together by hand, by sorted names: `json` examines the type of every cell
    quoted = [map(encode_basestring, rows[name].fillna("").to_list()) for name in _CONTENT]
    return [hashlib.sha256((_AS_JSON % cells).encode()).hexdigest() for cells in zip(*quoted, strict=True)]


def come_too_late(db: Connection, results: pd.DataFrame) -> "pd.Series[bool]":
    """Which of these results are new ones on an item that is decided or was recalled; by the rows' index."""
    rows = results.fillna({"work_type": ""})
    recorded = set(db.execute(select(_result.c.content_hash)).scalars())
    sent = {tuple(key) for key in db.execute(select(*(tables.dispatched_item.c[name] for name in items.KEYS)))}
    moved = select(*(tables.item.c[name] for name in items.KEYS), tables.item.c.status, tables.item.c.decided_result)
    ended = {
        key
        for *parts, status, decided in db.execute(moved)
        if (key := tuple(parts)) and ((status in DECIDED and decided is not None) or key not in sent)
    }
    keys = zip(*(rows[name].fillna("") for name in items.KEYS), strict=True)
    late = [key in ended and content not in recorded for key, content in zip(keys, content_hashes(rows), strict=True)]
    return pd.Series(late, index=results.index, dtype="bool")


def of_open_cycles(db: Connection, results: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Results whose cycle and application are open; and number and reason of the others."""
    application, closed = tables.application, tables.cycle
    over = and_(closed.c.cycle == application.c.cycle, closed.c.closed_on.is_not(None))
    statement = select(application.c.application_no).where(
        or_(application.c.outcome == "ended", select(closed.c.cycle).where(over).exists())
    )
    ended = results["application_no"].isin(set(db.execute(statement).scalars()))
    why = "该申报已终止办理，其评估结果不再采纳"
    refused = [(number, why) for number in sorted(results.loc[ended, "application_no"].unique())]
    return results[~ended].reset_index(drop=True), refused


def last(db: Connection) -> int:
    """The number of the newest result, 0 before the first."""
    return highest(db, _result.c.result_id)


def newest(db: Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """Those of these results (columns as received) that the newest batch holds, with `content_hash`."""
    batches = db.execute(select(_result.c.batch).distinct()).scalars()
    batch = max(batches, key=int, default="")
    of_batch = set(db.execute(select(_result.c.content_hash).where(_result.c.batch == batch)).scalars())
    hashed = rows.assign(content_hash=content_hashes(rows))
    return hashed[_is_among(of_batch, hashed["content_hash"])]


def _is_among(hashes: set[str], texts: "pd.Series[str]") -> "pd.Series[bool]":
    """Which of these texts are known; `isin` of pandas takes eight times as long."""
    return pd.Series(list(map(hashes.__contains__, texts.to_list())), index=texts.index, dtype="bool")


def _receive_again(db: Connection, rows: pd.DataFrame, new: set[str], batch: int, run: Run) -> int:
    """Receive anew results on record that count now that they are handed in again; returns how many.

    Such are one side of a contradiction whose other side this pull (`rows`, with `content_hash`) no longer holds, a
    result dated later than the day it first came, and one on a package that was recalled and has gone out again since.
    A new result for the same item (`new`: its content) comes first.
    """
    present = set(rows["content_hash"])
    may = pd.concat([_uncontradicted(db, present), _of_its_day(db, run), _sent_again(db)], ignore_index=True)
    renewed = pd.MultiIndex.from_frame(rows.loc[rows["content_hash"].isin(new), items.KEYS].fillna(""))
    chosen = may[may["content_hash"].isin(present) & ~pd.MultiIndex.from_frame(may[items.KEYS]).isin(renewed)]
    chosen = chosen.drop_duplicates("result_id")
    if chosen.empty:
        return 0
    for record in (seals.RESULT, seals.RESULT_STANDING):
        seals.touch(db, record, chosen)
    places = rows.drop_duplicates("content_hash").set_index("content_hash")["row"]
    work = frames.working(db, "received_again", chosen[["result_id"]].assign(row=chosen["content_hash"].map(places)))
    anew = {"standing": "received", "batch": str(batch), "received_on": run.day, "row": work.c.row}
    db.execute(update(_result).where(_result.c.result_id == work.c.result_id).values(**anew))
    return len(chosen)


def _marked(rule: str) -> ColumnElement[bool]:
    """Whether a finding of a rule stands on a result."""
    finding = tables.finding
    marked = select(finding.c.version).where(finding.c.table == "results", finding.c.rule == rule)
    return _result.c.result_id.in_(marked)


def _uncontradicted(db: Connection, present: set[str]) -> pd.DataFrame:
    """Sides of contradictions whose other side is not among these contents, because the sender took it away to mend it."""
    columns = (_result.c[name] for name in ("result_id", "content_hash", "batch", *items.KEYS))
    marked = case((_marked("EVAL-4"), 1), else_=0).label("marked")
    sides = frames.read(db, select(*columns, marked).where(_result.c.standing == "refused"))
    # the finding stands on the later side alone
    sides = sides[sides.groupby(["batch", *items.KEYS])["marked"].transform("max") == 1].copy()
    sides["here"] = sides["content_hash"].isin(present)
    both = sides.merge(sides, on=["batch", *items.KEYS], suffixes=("", "_other"))
    both = both[both["result_id"] != both["result_id_other"]]
    other_here = both.groupby("result_id")["here_other"].any()
    return sides[sides["result_id"].isin(other_here[~other_here].index)][["result_id", "content_hash", *items.KEYS]]


def _of_its_day(db: Connection, run: Run) -> pd.DataFrame:
    """Refused results that were dated later than the day they were last handed in, a day that has come."""
    columns = (_result.c[name] for name in ("result_id", "content_hash", *items.KEYS, "evaluated_on", "received_on"))
    dated = _result.c.evaluated_on <= run.day.isoformat()
    refused = frames.read(db, select(*columns).where(_result.c.standing == "refused", _marked("EVAL-6"), dated))
    return refused[refused["evaluated_on"] > refused["received_on"].astype("str").str[:10]]


def _sent_again(db: Connection) -> pd.DataFrame:
    """Results on a recalled package whose item has gone out again since they were last handed in."""
    sent, package, other = tables.dispatched_item, tables.dispatch, _result.alias("other")
    columns = (_result.c[name] for name in ("result_id", "content_hash", *items.KEYS))
    out = conditions.same(sent, _result, items.KEYS)
    of = and_(package.c.application_no == sent.c.application_no, package.c.revision == sent.c.revision)
    answered = select(other.c.result_id).where(
        other.c.standing == "accepted", conditions.same(other, _result, items.KEYS)
    )
    statement = select(*columns).join(sent, out).join(package, of)
    since = (_result.c.standing == "replaced", _result.c.received_on < package.c.sent_on, ~answered.exists())
    return frames.read(db, statement.where(*since))


def forget(db: Connection, numbers: pd.DataFrame) -> None:
    """Set aside refused results on former versions of these applications (application_no), with the findings on them."""
    work = frames.working(db, "of_former", numbers[["application_no"]])
    refused = (_result.c.application_no.in_(select(work.c.application_no)), _result.c.standing == "refused")
    seals.touch_where(db, seals.RESULT_STANDING, *refused)
    db.execute(update(_result).where(*refused).values(standing="replaced"))


def reconsider(db: Connection, cycle: str, day: date) -> None:
    """Receive again results that were refused because their item was not out, if it is out now and they came on this day.

    A result not handed in again is of an evaluation before the package, and is ignored.
    """
    sent = tables.dispatched_item
    out_now = select(sent.c.application_no).where(conditions.same(sent, _result, items.KEYS)).exists()
    finding = tables.finding
    unsent = select(finding.c.version).where(
        finding.c.cycle == cycle, finding.c.table == "results", finding.c.rule == "EVAL-3"
    )
    refused = (_result.c.cycle == cycle, _result.c.standing == "refused", _result.c.received_on == day)
    again = frames.read(db, select(_result.c.result_id).where(*refused, _result.c.result_id.in_(unsent), out_now))
    if again.empty:
        return
    seals.touch(db, seals.RESULT_STANDING, again)
    work = frames.working(db, "received_again", again)
    db.execute(update(_result).where(_result.c.result_id == work.c.result_id).values(standing="received"))


def to_judge(db: Connection, cycle: str, only: list[str] | None) -> pd.DataFrame:
    """Received results of the cycle in order of receipt: result_id, batch, row and the input columns."""
    statement = select(_result).where(_result.c.cycle == cycle, _result.c.standing == "received")
    if only is not None:
        statement = statement.where(_result.c.application_no.in_(only))
    return frames.read(db, statement.order_by(_result.c.result_id))


@dataclass(frozen=True)
class Unjudged:
    """Results of one cycle that wait for its next run: how many, and since when."""

    cycle: str
    number: int
    since: date


def unjudged(db: Connection) -> list[Unjudged]:
    """Results that wait to be judged, by cycle."""
    statement = (
        select(_result.c.cycle, func.count(), func.min(_result.c.received_on))
        .where(_result.c.standing == "received")
        .group_by(_result.c.cycle)
        .order_by(_result.c.cycle)
    )
    return [Unjudged(cycle, int(number), since) for cycle, number, since in db.execute(statement)]


def judged(db: Connection, judgements: pd.DataFrame) -> list[str]:
    """Note the judgement: result_id, keys, accepted, verdict, score; an accepted one replaces the item's former.

    Returns the applications of which an accepted result was replaced, sorted.
    """
    seals.touch(db, seals.RESULT_STANDING, judgements)
    refused = judgements[~judgements["accepted"]]
    accepted = judgements[judgements["accepted"]]
    if len(refused):
        # with the level as it was read, so that another spelling of it is recognised as the same item
        work = frames.working(db, "refused", refused[["result_id", "level"]])
        condition = _result.c.result_id == work.c.result_id
        db.execute(update(_result).where(condition).values(standing="refused", level=work.c.level))
    if accepted.empty:
        return []
    work = frames.working(db, "accepted", accepted[["result_id", *items.KEYS]])
    same = conditions.same(_result, work, items.KEYS)
    former = select(_result.c.application_no).where(same, _result.c.standing == "accepted").distinct()
    replaced = sorted(db.execute(former).scalars())
    older = or_(_result.c.standing == "accepted", _result.c.standing == "refused")
    is_accepted = conditions.among(_result, work, items.KEYS)
    seals.touch_where(db, seals.RESULT_STANDING, is_accepted, older)
    db.execute(update(_result).where(same, older).values(standing="replaced"))
    # the cleaned level of the item may be spelt otherwise in the result: its own row is found by number
    condition = _result.c.result_id == work.c.result_id
    db.execute(update(_result).where(condition).values(standing="accepted", **{name: work.c[name] for name in UNIT}))
    items.record_verdicts(db, accepted)
    return replaced


def accepted(db: Connection, cycle: str) -> pd.DataFrame:
    """Accepted results of the cycle: result_id, keys and received_on."""
    statement = select(_result.c.result_id, _result.c.received_on, *(_result.c[key] for key in items.KEYS))
    return frames.read(db, statement.where(_result.c.cycle == cycle, _result.c.standing == "accepted"))


def passed(db: Connection) -> pd.DataFrame:
    """The keys of every item with an accepted result that says pass."""
    statement = select(*(_result.c[key] for key in items.KEYS))
    return frames.read(db, statement.where(_result.c.standing == "accepted", _result.c.verdict == "pass"))
