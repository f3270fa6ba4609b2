"""Readings: the files of a folder that were read and are on record, so that unchanged ones need not be read again."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import stat_result
from typing import Self

import pandas as pd
from sqlalchemy import Connection, and_, delete, insert, select, true

from schemas import tables
from tasks.store import frames


@dataclass(frozen=True)
class Look:
    """A file's size and times (nanoseconds). The inode's time cannot be set by hand; a swap or a copy of the file changes it."""

    size: int
    modified: int
    altered: int
    inode: int

    @classmethod
    def of(cls, status: stat_result) -> Self:
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)

    def lay_still(self, moment: int) -> bool:
        """Whether the file was last touched before a moment; a change within the same tick of the clock would not show."""
        return max(self.modified, self.altered) < moment


@dataclass(frozen=True)
class Reading:
    """One file that was read, by its path below the folder.

    `settled`: everything in it is on record; `contents`: number of the application and hash of each thing it brought.
    """

    file: str
    look: Look
    sha256: str
    read_at: int
    settled: bool
    contents: tuple[tuple[str, str], ...]

    @property
    def numbers(self) -> frozenset[str]:
        return frozenset(number for number, _ in self.contents)

    def unsettled(self) -> "Reading":
        return replace(self, settled=False)

    def is_same(self, look: Look, now: int, sha256: Callable[[], str]) -> bool:
        """Whether the file is unchanged; its times are relied on unless the clock was set back since."""
        if look == self.look and self.read_at <= now:
            return True
        return look.size == self.look.size and sha256() == self.sha256


def untouched(
    readings: Iterable[Reading], looks: Mapping[str, Look], lacking: Collection[str], is_same: Callable[[Reading], bool]
) -> set[str]:
    """The files that need not be read: settled, unchanged, and with no application of which another file must be read.

    `looks`: the files that are there; `lacking`: applications for which a file may have come that was missing.
    """
    every_reading = list(readings)
    same = {reading.file for reading in every_reading if reading.settled and reading.file in looks and is_same(reading)}
    passed = {reading.file: reading.numbers for reading in every_reading if reading.file in same}
    concerned = {number for reading in every_reading if reading.file not in same for number in reading.numbers} | set(
        lacking
    )
    while again := [file for file, numbers in passed.items() if numbers & concerned]:
        for file in again:
            concerned |= passed.pop(file)
    return set(passed)


_reading = tables.reading
#: At most so many names go into one statement.
_AT_ONCE = 500


def of_place(db: Connection, place: str, context: str) -> list[Reading]:
    """The readings of a place in this context; one whose contents are no longer on record is not settled."""
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
    on_record = _on_record(
        db, [content for reading in known_readings if reading.settled for content in reading.contents]
    )
    return [reading if on_record.issuperset(reading.contents) else reading.unsettled() for reading in known_readings]


def _on_record(db: Connection, contents: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these numbers and hashes that are on record, of a version or of a result that counts."""
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


def keep(db: Connection, place: str, context: str, read: Sequence[Reading], absent: Sequence[str]) -> None:
    """Replace the readings of files that were read just now, and delete those of files that are gone."""
    names = [*(reading.file for reading in read), *absent]
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
