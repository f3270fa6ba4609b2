"""Files that were read, and are not read again while they are what they were."""

import json
from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Connection, and_, delete, insert, select, true

from schemas import tables
from schemas.readings import Look, Reading
from tasks.store import frames

_reading = tables.reading
#: So many names stand in one statement.
_AT_ONCE = 500


def of_place(db: Connection, place: str, context: str) -> list[Reading]:
    """What was read of a place in this context; one whose contents are no longer on record is not settled."""
    rows = db.execute(select(_reading).where(_reading.c.place == place, _reading.c.context == context)).mappings().all()
    known_readings = [
        Reading(
            row["file"],
            Look(row["size"], row["modified"], row["altered"], row["inode"]),
            row["sha256"],
            row["read_at"],
            bool(row["settled"]),
            tuple((number, content) for number, content in json.loads(row["contents"])),
        )
        for row in rows
    ]
    known = _on_record(db, [content for reading in known_readings if reading.settled for content in reading.contents])
    return [reading if known.issuperset(reading.contents) else reading.unsettled() for reading in known_readings]


def _on_record(db: Connection, contents: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these numbers and hashes that are a version's, or a result's that counts: another may count when read again."""
    if not contents:
        return set()
    names = ["application_no", "content_hash"]
    work = frames.working(db, "read_before", pd.DataFrame(sorted(set(contents)), columns=names, dtype="str"))
    pairs: set[tuple[str, str]] = set()
    for table, counts in (
        (tables.application_version, true()),
        (tables.result, tables.result.c.standing == "accepted"),
    ):
        same = and_(counts, *(table.c[name] == work.c[name] for name in names))
        rows = db.execute(select(*(work.c[name] for name in names)).join(table, same))
        pairs |= {(row.application_no, row.content_hash) for row in rows}
    return pairs


def keep(db: Connection, place: str, context: str, read: Sequence[Reading], gone: Sequence[str]) -> None:
    """Remember files that were read just now in the place of what was known of them, and forget those that are gone."""
    names = [*(reading.file for reading in read), *gone]
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        db.execute(delete(_reading).where(_reading.c.place == place, _reading.c.file.in_(some)))
    rows = [
        {
            "place": place,
            "file": reading.file,
            "size": reading.look.size,
            "modified": reading.look.modified,
            "altered": reading.look.altered,
            "inode": reading.look.inode,
            "sha256": reading.sha256,
            "read_at": reading.read_at,
            "settled": int(reading.settled),
            "contents": json.dumps(reading.contents, ensure_ascii=False),
            "context": context,
        }
        for reading in read
    ]
    if rows:
        db.execute(insert(_reading), rows)
