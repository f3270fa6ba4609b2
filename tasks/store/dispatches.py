"""Dispatches (送评): the packages sent out for evaluation, the items they carry, and those still to be delivered."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from sqlalchemy import Connection, and_, delete, exists, func, insert, select, update

from schemas import tables
from schemas.law.rulings import EVAL_5
from schemas.run import Run
from tasks.store import conditions, frames, items, outbox, seals
from tasks.store.outbox import PACKAGES, Entry

_dispatch = tables.dispatch
_sent = tables.dispatched_item


def send(db: Connection, packages: dict[str, dict[str, Any]], carried: pd.DataFrame, run: Run) -> int:
    """Put one package an application into the outbox and move its items to `dispatched`.

    `packages`: application_no to package (JSON, with its `revision`); `carried`: the items' keys.
    """
    if not packages:
        return 0
    _put(db, packages, run)
    revisions = carried["application_no"].map({number: package["revision"] for number, package in packages.items()})
    seals.touch(db, seals.DISPATCHED_ITEMS, carried)
    frames.append(db, _sent, carried[items.KEYS].assign(revision=revisions.astype("int64"), cycle=run.cycle))
    because = "送评第" + revisions.astype(str) + "次"
    items.move(db, carried[items.KEYS].assign(became="dispatched", reason="", because=because), run, "filing")
    return len(packages)


def send_again(db: Connection, packages: dict[str, dict[str, Any]], carried: pd.DataFrame, run: Run) -> None:
    """Put packages, unless they are there already, into the outbox for items that are out; the items now belong to them.

    `packages` and `carried` as for `send`.
    """
    present = set(db.execute(select(_dispatch.c.application_no, _dispatch.c.revision)).tuples())
    _put(
        db,
        {number: package for number, package in packages.items() if (number, package["revision"]) not in present},
        run,
    )
    revisions = carried["application_no"].map({number: package["revision"] for number, package in packages.items()})
    work = frames.working(db, "sent_again", carried[items.KEYS].assign(now=revisions.astype("int64")))
    same = conditions.same(_sent, work, items.KEYS)
    seals.touch(db, seals.DISPATCHED_ITEMS, carried)
    db.execute(update(_sent).where(same).values(revision=work.c.now))


def _put(db: Connection, packages: dict[str, dict[str, Any]], run: Run) -> None:
    if not packages:
        return
    sent = [
        {"application_no": number, "revision": package["revision"], "cycle": run.cycle, "sent_on": run.day}
        for number, package in sorted(packages.items())
    ]
    seals.touch(db, seals.DISPATCHES, pd.DataFrame({"application_no": list(packages)}, dtype=frames.TEXT))
    db.execute(insert(_dispatch), sent)
    entries = [
        Entry(occasion(number, package["revision"]), "package", number, package, run.cycle)
        for number, package in packages.items()
    ]
    outbox.write(db, PACKAGES, entries, run.day)


def recall(db: Connection, recalled: pd.DataFrame) -> pd.DataFrame:
    """Recall items (keys) from their panels: they are out no longer, and accepted results on them no longer count.

    Returns the items that were out: keys, revision, sent_on (ISO), and `delivered` (1 where the panel has the package).
    """
    work = frames.working(db, "recalled", recalled[items.KEYS])
    same = conditions.same(_sent, work, items.KEYS)
    package = and_(_dispatch.c.application_no == _sent.c.application_no, _dispatch.c.revision == _sent.c.revision)
    columns = (*(_sent.c[key] for key in items.KEYS), _sent.c.revision, _dispatch.c.sent_on)
    out = frames.read(db, select(*columns).join(work, same).join(_dispatch, package))
    if out.empty:
        return out.assign(delivered=0)
    seals.touch(db, seals.DISPATCHED_ITEMS, out)
    db.execute(delete(_sent).where(conditions.among(_sent, work, items.KEYS)))
    result = tables.result
    counted = result.c.standing.in_(["accepted", "received"])
    concerned = (counted, conditions.among(result, work, items.KEYS))
    seals.touch_where(db, seals.RESULT_STANDING, *concerned)
    db.execute(update(result).where(*concerned).values(standing="replaced"))
    waiting = set(outbox.undelivered(db, PACKAGES))
    has = [
        occasion(no, revision) not in waiting
        for no, revision in zip(out["application_no"], out["revision"], strict=True)
    ]
    return out.assign(delivered=pd.Series(has, index=out.index).astype("int64")).sort_values(
        items.KEYS, ignore_index=True
    )


def occasion(application_no: str, revision: int) -> str:
    """The package's key in the outbox, and for whoever receives it."""
    return f"{application_no}:r{revision}"


def next_revisions(db: Connection, cycle: str) -> dict[str, int]:
    """Application number to the revision its next package will have, where it is not 1."""
    statement = select(_dispatch.c.application_no, func.max(_dispatch.c.revision)).where(_dispatch.c.cycle == cycle)
    return {number: int(last) + 1 for number, last in db.execute(statement.group_by(_dispatch.c.application_no))}


def undelivered(db: Connection, cycle: str) -> list[tuple[str, int]]:
    """Packages not delivered yet, in order, without those whose items a later package carries."""
    carries = exists().where(
        _sent.c.application_no == _dispatch.c.application_no, _sent.c.revision == _dispatch.c.revision
    )
    statement = select(_dispatch.c.application_no, _dispatch.c.revision).where(_dispatch.c.cycle == cycle, carries)
    waiting = set(outbox.undelivered(db, PACKAGES))
    sent = sorted((number, int(revision)) for number, revision in db.execute(statement))
    return [key for key in sent if occasion(*key) in waiting]


def packages(db: Connection, application_no: str) -> list[dict[str, Any]]:
    """Every package of an application as it was put into the outbox, oldest first."""
    revisions_of = select(_dispatch.c.revision).where(_dispatch.c.application_no == application_no)
    numbers = db.execute(revisions_of.order_by(_dispatch.c.revision)).scalars().all()
    return [outbox.read(db, PACKAGES, occasion(application_no, number)).content for number in numbers]


def revisions(db: Connection, numbers: Iterable[str]) -> dict[tuple[str, ...], int]:
    """Every item of these applications that was sent out (its key) to the revision of the package that carries it."""
    rows = db.execute(select(*(_sent.c[key] for key in items.KEYS), _sent.c.revision))
    chosen = set(numbers)
    return {tuple(key): revision for *key, revision in rows if key[0] in chosen}


def sent_items(db: Connection, cycle: str) -> pd.DataFrame:
    """Every item of the cycle that was sent out and not recalled: keys, has_commitment and filed (bool).

    Without items that a refusal under EVAL-5 took off the register: they take no more results.
    """
    commitment = exists().where(
        tables.material.c.application_no == tables.application.c.application_no,
        tables.material.c.version == tables.application.c.version,
        tables.material.c.form == "commitment",
    )
    same = [tables.item.c[key] == _sent.c[key] for key in items.KEYS]
    filed = exists().where(*same, tables.item.c.status == "filed")
    revoked = exists().where(*same, tables.item.c.status == "refused", tables.item.c.reason == EVAL_5)
    statement = (
        select(*(_sent.c[key] for key in items.KEYS), commitment.label("has_commitment"), filed.label("filed"))
        .join(tables.application, tables.application.c.application_no == _sent.c.application_no)
        .where(_sent.c.cycle == cycle, ~revoked)
    )
    rows = [tuple(row) for row in db.execute(statement)]
    frame = pd.DataFrame(rows, columns=[*items.KEYS, "has_commitment", "filed"])
    texts = dict.fromkeys(items.KEYS, frames.TEXT)
    return frame.astype({**texts, "has_commitment": "bool", "filed": "bool"}).sort_values(items.KEYS, ignore_index=True)


def awaited(db: Connection, cycle: str) -> pd.DataFrame:
    """Items of the cycle that are still out: keys and the day they were sent, for the list of who is overdue."""
    statement = (
        select(*(_sent.c[key] for key in items.KEYS), _dispatch.c.sent_on)
        .join(
            _dispatch,
            and_(_dispatch.c.application_no == _sent.c.application_no, _dispatch.c.revision == _sent.c.revision),
        )
        .where(
            _sent.c.cycle == cycle,
            ~conditions.is_answered(_sent),
        )
    )
    return frames.read(db, statement, items.KEYS)
