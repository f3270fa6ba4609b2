"""Letters on their way: in the outbox, sent off (寄出), served (送达); the latter two are stated by a person."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy import Connection, RowMapping, func, or_, select, update

from schemas.history import facts_text
from schemas.run import Run
from schemas.tables import outbox
from tasks.store import frames, history, seals
from tasks.store.outbox import LETTERS

_LETTERS = outbox.c.box == LETTERS.code
_COLUMNS = ["occasion", "kind", "subject", "cycle", "number", "written_on", "posted_on", "served_on"]


def listed(db: Connection, cycle: str, state: str, most: int, after: int) -> tuple[pd.DataFrame, int]:
    """Letters of a cycle, or of all, `most` of them from place `after` on, newest first; and how many there are.

    Columns: _COLUMNS, addressee and file. `state`: `outbox` (made, not sent off), `posted` (sent off, not arrived),
    `served`; blank is all. A place beyond the end gives the last page.
    """
    chosen = [_LETTERS]
    if cycle:
        chosen.append(outbox.c.cycle == cycle)
    if state == "outbox":
        chosen += [outbox.c.posted_on.is_(None), outbox.c.served_on.is_(None)]
    elif state == "posted":
        chosen += [outbox.c.posted_on.is_not(None), outbox.c.served_on.is_(None)]
    elif state == "served":
        chosen.append(outbox.c.served_on.is_not(None))
    number = int(db.execute(select(func.count()).select_from(outbox).where(*chosen)).scalar_one())
    start = frames.page_start(after, most, number)
    columns = [outbox.c[name] for name in _COLUMNS]
    addressee = outbox.c.content["institution_name"].as_string().label("addressee")
    statement = select(*columns, addressee, outbox.c.receipt.label("file")).where(*chosen)
    newest = (outbox.c.written_on.desc(), outbox.c.series, outbox.c.serial, outbox.c.occasion)
    rows = [dict(row) for row in db.execute(statement.order_by(*newest).limit(most).offset(start)).mappings()]
    return pd.DataFrame(rows, columns=[*_COLUMNS, "addressee", "file"], dtype=object), number


def unposted(db: Connection) -> pd.DataFrame:
    """How many letters of each cycle lie in the outbox and were not sent off: cycle, letters, since (ISO)."""
    statement = (
        select(outbox.c.cycle, func.count().label("letters"), func.min(outbox.c.written_on).label("since"))
        .where(_LETTERS, outbox.c.posted_on.is_(None), outbox.c.served_on.is_(None))
        .where(outbox.c.delivered_at.is_not(None))
        .group_by(outbox.c.cycle)
    )
    return frames.read(db, statement).sort_values("cycle", ignore_index=True)


def of(db: Connection, occasions: Sequence[str]) -> list[RowMapping]:
    """Those of these letters that exist: occasion, number, written_on, posted_on, served_on; by occasion."""
    columns = [outbox.c[name] for name in ("occasion", "number", "written_on", "posted_on", "served_on")]
    statement = select(*columns).where(_LETTERS, outbox.c.occasion.in_(occasions))
    return list(db.execute(statement.order_by(outbox.c.occasion)).mappings())


def note(db: Connection, occasions: Sequence[str], column: str, day: date, run: Run, by: str) -> int:
    """Note that letters were sent off (`posted_on`) or served (`served_on`) on a day; another day corrects the one noted.

    A letter that arrived was sent off. Returns how many were noted or corrected.
    """
    other = or_(outbox.c[column].is_(None), outbox.c[column] != day)
    columns = (outbox.c.occasion, outbox.c.subject, outbox.c.number, outbox.c[column].label("former"))
    rows = list(db.execute(select(*columns).where(_LETTERS, outbox.c.occasion.in_(occasions), other)))
    if not rows:
        return 0
    keys = [row.occasion for row in rows]
    seals.touch_where(db, seals.LETTER_SERVICE, _LETTERS, outbox.c.occasion.in_(keys))
    db.execute(update(outbox).where(_LETTERS, outbox.c.occasion.in_(keys)).values({column: day}))
    became = column.removesuffix("_on")
    title = {"posted": "寄出", "served": "送达"}[became]
    lines = pd.DataFrame(
        [
            {
                "subject": row.subject,
                "became": became,
                "because": (f"更正{title}（{row.former}改为{day}）" if row.former else f"{title}（{day}）")
                + f"：{row.number or row.occasion}",
                "facts": facts_text(occasion=row.occasion, day=day, **({"former": row.former} if row.former else {})),
            }
            for row in rows
        ]
    )
    history.add(db, "notice", lines.sort_values(["subject", "because"]), run, by)
    return len(rows)
