"""Items: their statuses, and the only way to move them; each move writes its history entry in the same transaction."""

from collections.abc import Collection, Sequence
from datetime import date

import pandas as pd
import polars as pl
from sqlalchemy import Connection, Table, and_, delete, exists, or_, select, true, update
from sqlalchemy.sql.elements import ColumnElement

from schemas import item, qualification, tables
from schemas.item import ALONG, FINAL, UNIT, assert_moves
from schemas.run import Run
from tasks.store import conditions, frames, history, seals

KEYS = item.KEYS
_item = tables.item
_version = tables.application_version


def create(db: Connection, item_rows: pd.DataFrame, run: Run, by: str) -> None:
    """Items of freshly screened applications.

    `born`: KEYS, ALONG, cycle, uscc, status, reason. Held and accepted items were screened first: one entry records both
    moves.
    """
    if item_rows.empty:
        return
    unchecked = ("returned", "withdrawn")
    before = {status: "" if status in unchecked else "screened" for status in item_rows["status"].unique()}
    assert_moves({(was, status) for status, was in before.items()})
    seals.touch(db, seals.ITEMS, item_rows)
    frames.append(db, _item, item_rows)
    because = item_rows["reason"].where(
        item_rows["reason"] != "", item_rows["status"].map({"withdrawn": "申报已撤回"}).fillna("初审")
    )
    _tell(
        db, item_rows.assign(was=item_rows["status"].map(before), became=item_rows["status"], because=because), run, by
    )


def renew(db: Connection, screened: pd.DataFrame, item_rows: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Replace the applications' items that are not final by freshly screened ones; returns those of `born`.

    Final items stay as they are, and so do those that came out the same. `screened`: application_no; `born`: as for
    `create`.
    """
    present = of_applications(db, screened["application_no"].tolist())
    final = present["status"].isin(FINAL)
    columns = [*KEYS, *ALONG, "status", "reason"]
    judged = item_rows.merge(present.loc[final, KEYS], on=KEYS, how="left", indicator=True)
    judged = judged[judged["_merge"] == "left_only"].drop(columns="_merge")
    both = present.loc[~final, columns].merge(judged[columns], on=columns, how="outer", indicator=True)
    changed = both.loc[both["_merge"] != "both", "application_no"]
    _remove(db, present[~final & present["application_no"].isin(changed)], run, "重新初审")
    create(db, judged[judged["application_no"].isin(changed)], run, "filing")
    return judged


def move(db: Connection, moves: pd.DataFrame, run: Run, by: str) -> int:
    """Move items: `moves` holds the keys, `became`, `reason` and `because`; returns how many moved.

    Raises IllegalMoveError before anything is written.
    """
    if moves.empty:
        return 0
    work = frames.working(db, "moving", moves[[*KEYS, "became", "reason"]])
    present = frames.read(
        db, select(*(_item.c[key] for key in KEYS), _item.c.status.label("was")).join(work, _same(work))
    )
    moved = moves.merge(present, on=KEYS, how="inner", validate="one_to_one")
    assert_moves(set(zip(moved["was"], moved["became"], strict=True)))
    seals.touch(db, seals.ITEMS, moved)
    db.execute(update(_item).values(status=work.c.became, reason=work.c.reason).where(_same(work)))
    _tell(db, moved, run, by)
    return len(moved)


def replace(db: Connection, application_nos: pd.DataFrame, run: Run, because: str) -> None:
    """Delete the items of replaced versions; their history stays. `application_nos`: one column of that name."""
    _remove(db, of_applications(db, application_nos["application_no"].tolist()), run, because)


def _remove(db: Connection, item_rows: pd.DataFrame, run: Run, because: str) -> None:
    """Delete items (KEYS, status) with their holds and their place in public notices: new items are shown anew."""
    _tell(db, item_rows.assign(was=item_rows["status"], became="", because=because), run, "filing")
    work = frames.working(db, "removing", item_rows[KEYS])
    notice_item = tables.public_notice_item
    seals.touch_where(db, seals.PUBLIC_NOTICE_ITEMS, conditions.among(notice_item, work, KEYS))
    for record in (seals.HOLDS, seals.ITEMS):
        seals.touch(db, record, item_rows)
    for table in (notice_item, tables.hold, _item):
        db.execute(delete(table).where(conditions.among(table, work, KEYS)))


def restate(db: Connection, stated: pd.DataFrame) -> None:
    """Update the `reason` of items whose status stays: keys and reason."""
    if stated.empty:
        return
    work = frames.working(db, "restating", stated[[*KEYS, "reason"]])
    differs = (_same(work), _item.c.reason != work.c.reason)
    changed = frames.read(db, select(*(_item.c[key] for key in KEYS)).join(work, and_(*differs)))
    if changed.empty:
        return
    seals.touch(db, seals.ITEMS, changed)
    db.execute(update(_item).where(*differs).values(reason=work.c.reason))


def follow_owner(db: Connection, numbers: Collection[str]) -> dict[str, str]:
    """Give the withdrawn items of these applications their present credit codes; returns the codes by application number."""
    application = tables.application
    columns = (application.c.application_no, application.c.uscc)
    owners = frames.read(db, select(*columns).where(application.c.application_no.in_(numbers)))
    work = frames.working(db, "owners", owners)
    differs = (
        _item.c.application_no == work.c.application_no,
        _item.c.uscc != work.c.uscc,
        _item.c.status == "withdrawn",
    )
    changed = frames.read(db, select(*(_item.c[key] for key in KEYS)).join(work, and_(*differs)))
    if len(changed):
        seals.touch(db, seals.ITEMS, changed)
        db.execute(update(_item).where(*differs).values(uscc=work.c.uscc))
    return dict(zip(owners["application_no"], owners["uscc"].fillna(""), strict=True))


def record_verdicts(db: Connection, verdicts: pd.DataFrame) -> None:
    """Note the verdicts of accepted results: keys, verdict, score and failed_by."""
    work = frames.working(db, "verdicts", verdicts[[*KEYS, "verdict", "score", "failed_by"]])
    seals.touch(db, seals.ITEMS, verdicts)
    outcomes = {name: work.c[name] for name in ("verdict", "failed_by")}
    db.execute(update(_item).where(_same(work)).values(**outcomes))
    # what is filed and fails now stands on the score it was filed with until a person decides
    counts = or_(_item.c.status != "filed", work.c.verdict == "pass")
    db.execute(update(_item).where(_same(work), counts).values(score=work.c.score))


def decided(db: Connection, settled: pd.DataFrame) -> None:
    """Note on which result the items' present status rests: keys and result_id."""
    work = frames.working(db, "decided", settled[[*KEYS, "result_id"]])
    seals.touch(db, seals.ITEMS, settled)
    db.execute(update(_item).where(_same(work)).values(decided_result=work.c.result_id))


def forget_results(db: Connection, reopened: pd.DataFrame) -> None:
    """Clear what items (keys) have from results that no longer count."""
    if reopened.empty:
        return
    work = frames.working(db, "reopened", reopened[KEYS])
    seals.touch(db, seals.ITEMS, reopened)
    blank = dict.fromkeys(("verdict", "score", "failed_by", "decided_result"))
    db.execute(update(_item).where(_same(work)).values(**blank))


def of_cycle(db: Connection, cycle: str, statuses: list[str] | None = None) -> pd.DataFrame:
    """Items of a cycle, in the given statuses or all: every column of the table."""
    statement = select(_item).where(_item.c.cycle == cycle)
    if statuses is not None:
        statement = statement.where(_item.c.status.in_(statuses))
    return frames.read(db, statement)


def renewals_under_way(db: Connection) -> pd.DataFrame:
    """Items of renewals that are still under way, whatever their cycle: every column of the table."""
    renewing = select(_version.c.application_no).where(_version.c.kind == "renewal")
    statement = select(_item).where(_item.c.status.not_in(FINAL), _item.c.application_no.in_(renewing))
    return frames.read(db, statement, KEYS)


#: The columns of `items.csv`, in order (contract section 6).
LISTED = ["application_no", "uscc", *UNIT, "status", "reason", "score"]


def listing(db: Connection, cycle: str) -> pd.DataFrame:
    """The cycle's items as `items.csv` shows them, sorted; scores without needless zeros."""
    frame = of_cycle(db, cycle)
    scores = frame["score"].astype("float64")
    frame["score"] = scores.map("{:g}".format).where(scores.notna(), "")
    return frame.sort_values(KEYS, ignore_index=True)[LISTED]


def of_application(db: Connection, number: str) -> pd.DataFrame:
    """The items of an application: every column of the table, in order."""
    return frames.read(db, select(_item).where(_item.c.application_no == number), KEYS)


def of_applications(db: Connection, numbers: list[str]) -> pd.DataFrame:
    """The items of these applications: every column of the table."""
    work = frames.working(db, "items_of", pd.DataFrame({"application_no": numbers}, dtype=frames.TEXT))
    return frames.read(db, select(_item).join(work, work.c.application_no == _item.c.application_no))


def undecided(db: Connection, cycle: str, statuses: list[str]) -> pd.DataFrame:
    """Items in these statuses whose accepted result is not the one they rest on, and filed ones that do not pass by it.

    Every column of the table, result_id and received_on.
    """
    result = tables.result
    statement = (
        select(_item, result.c.result_id, result.c.received_on)
        .join(result, and_(conditions.same(result, _item, KEYS), result.c.cycle == _item.c.cycle))
        .where(_item.c.cycle == cycle, _item.c.status.in_(statuses), result.c.standing == "accepted")
    )
    failing = and_(_item.c.status == "filed", _item.c.verdict.is_distinct_from("pass"))
    return frames.read(db, statement.where(or_(_item.c.decided_result.is_distinct_from(result.c.result_id), failing)))


def of_institutions(db: Connection, codes: list[str]) -> pd.DataFrame:
    """The items of these institutions, whatever their cycle: every column of the table."""
    work = frames.working(db, "items_of", pd.DataFrame({"uscc": codes}, dtype=frames.TEXT))
    return frames.read(db, select(_item).join(work, work.c.uscc == _item.c.uscc))


def filed_on(db: Connection, day: date, codes: list[str]) -> pd.DataFrame:
    """Items of these institutions, whatever their cycle, that were filed on a day and stand so: every column of the table."""
    entry = tables.history
    moved = (entry.c.kind == "item", entry.c.became == "filed", entry.c.on == day)
    same = (entry.c.subject == _item.c.application_no, *(entry.c[name] == _item.c[name] for name in UNIT))
    statement = select(_item).where(_item.c.uscc.in_(codes), _item.c.status == "filed")
    return frames.read(db, statement.where(exists().where(*moved, *same)), KEYS)


def filed_without_entry(db: Connection, day: date) -> pd.DataFrame:
    """Filed items of every cycle with no entry of the register under their code that lasts to a day; renumbered ones all."""
    entry = tables.qualification_item
    same = (entry.c[key] == _item.c[key] for key in qualification.KEYS)
    # compared with true, or SQLite scans the whole register for each item instead of its institution's entries
    is_known = entry.c.known_to.is_(None) == true()
    lasting = exists().where(*same, is_known, entry.c.valid_until >= day)
    renumbered = _item.c.occupation_code.in_(select(tables.renumbering.c.old_code))
    return frames.read(db, select(_item).where(_item.c.status == "filed", or_(~lasting, renumbered)))


def in_status(db: Connection, statuses: list[str]) -> pd.DataFrame:
    """Items of every cycle in these statuses."""
    return frames.read(db, select(_item).where(_item.c.status.in_(statuses)))


def rules_of(broken: pd.DataFrame, name: str, keys: Sequence[str] = KEYS) -> pd.DataFrame:
    """The keys of rows with a `rule`, each once, and under a name its rules as an item's `reason` holds them."""
    rules = pl.col("rule").unique().sort().str.join(";").alias(name)
    text = pl.from_pandas(broken[[*keys, "rule"]]).cast(pl.String)
    return text.group_by(keys).agg(rules).to_pandas()


def _same(work: Table) -> ColumnElement[bool]:
    return conditions.same(_item, work, KEYS)


def _tell(db: Connection, moved: pd.DataFrame, run: Run, by: str) -> None:
    history.add(db, "item", moved.sort_values(KEYS).assign(subject=lambda frame: frame["application_no"]), run, by)
