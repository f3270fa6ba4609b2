"""Files of a folder that stays as it is: which of them need not be read again, and what is remembered of those read.

A file that is passed over is as one that the home's own inbox has moved to taken/: all it brought is on record, so reading
it would change nothing. It is read again when the file itself, or another file of one of its applications, is new, changed
or gone, when an attachment comes that it named, and when anything else changes that reading depends on.
"""

import hashlib
import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Final

import pandas as pd
from sqlalchemy import Connection

from schemas.run import Run
from schemas.submission import APPLICATIONS, FORM_TABLES
from tasks.desk.own_doors import Pulls
from tasks.gateways.disk.files import file_sha256
from tasks.gateways.sources import FILE, LANDINGS, Pull, compared, results_of
from tasks.store import applications, readings, results
from tasks.store.database import reading
from tasks.store.readings import Look, Reading, untouched

#: Packages whose modules and data decide how a file is read.
_READ_BY: Final = ("schemas", "expectations", "tasks.gateways.sources")
_FORM: Final = frozenset(table.name for table in FORM_TABLES)
#: Between the system's clock and the one that nobody sets may lie so much, in seconds.
_CLOCKS_AGREE: Final = 1.0


@dataclass
class Memory:
    """What one run remembers of the folders it reads; with `of` None, nothing: each file is read."""

    of: Run | None
    began: int = field(default_factory=time.time_ns)
    _steady: float = field(default_factory=time.monotonic)
    _known: dict[Path, dict[str, Reading]] = field(default_factory=dict)
    _passed: dict[Path, Collection[str]] = field(default_factory=dict)
    _noted: dict[str, tuple[list[Reading], list[str]]] = field(default_factory=dict)
    _context: str = ""

    def unread(self, folder: Path) -> Collection[str]:
        """The files of a folder that are passed over."""
        if self.of is None:
            return ()
        self._context = self._context or context(self.of)
        with reading() as db:
            entries = {entry.file: entry for entry in readings.of_place(db, self._place(folder), self._context)}
            lacking = _lacking(db, folder, entries) if entries else set()
        looks = {name: look for name in entries if (look := _look(folder / name)) is not None}

        def is_same(entry: Reading) -> bool:
            return entry.is_same(looks[entry.file], self.began, lambda: _digest(folder / entry.file))

        passed = untouched(entries.values(), looks, lacking, is_same)
        self._known[folder], self._passed[folder] = entries, passed
        return passed

    def note(self, pulls: Pulls, folders: Sequence[Path]) -> None:
        """Look at the files that were read; `folders`: the applicants' and those of the panels, in the order of the pulls."""
        if self.of is None or self._is_clock_set():
            return  # no time can be believed
        contents = [_submitted(pulls.applicants), *map(_returned, pulls.panels)]
        for folder, brought in zip(folders, contents, strict=True):
            if (entries := self._known.get(folder)) is None:
                continue  # pages of an API, or a source that is down
            read = [
                entry for name, content in brought.items() if (entry := self._read(folder, name, content)) is not None
            ]
            absent = [name for name in entries if name not in brought and name not in self._passed[folder]]
            self._noted[self._place(folder)] = (read, absent)

    def keep(self, db: Connection) -> None:
        """Remember what was noted, in the transaction that puts it on record."""
        for place, (read, absent) in self._noted.items():
            readings.keep(db, place, self._context, read, absent)

    def _is_clock_set(self) -> bool:
        """Whether the system's clock was set while we read."""
        passed = (time.time_ns() - self.began) / 1e9
        return abs(passed - (time.monotonic() - self._steady)) > _CLOCKS_AGREE

    def _read(self, folder: Path, name: str, contents: "_Contents") -> Reading | None:
        """What is remembered of a file; nothing of one that may have changed while it was read."""
        assert self.of is not None
        look = _look(folder / name)
        still = self.began - int(self.of.installation.quiet_seconds * 1e9)
        if look is None or not contents.things or not look.lay_still(still):
            return None
        return Reading(name, look, _digest(folder / name), self.began, contents.settled, contents.things)

    def _place(self, folder: Path) -> str:
        """The name of a folder that stays the same; a source far away is brought to a new one each time."""
        assert self.of is not None
        landings = self.of.installation.root / LANDINGS
        return str(landings / folder.relative_to(landings).parts[0]) if folder.is_relative_to(landings) else str(folder)


@dataclass(frozen=True)
class _Contents:
    """What one file brought: number and hash of each thing, and whether all of it may be remembered as taken."""

    things: tuple[tuple[str, str], ...]
    settled: bool


def _submitted(pull: Pull) -> dict[str, _Contents]:
    """Files of the form and their attachments; no other table is remembered, for its day counts as well."""
    rows = pull.tables[APPLICATIONS.name]
    hashes = dict(zip(rows["application_no"], rows["content_hash"], strict=True))
    counted = _counted(pull)
    others = {file for name, origin in pull.origins.items() if name not in _FORM for file in origin}
    contents = {}
    for name, numbers in pull.numbers.items():
        if name not in pull.paths or name in others:
            continue
        # the file of a version that does not count is read again beside that of the one that does
        is_settled = all((number, name) in counted for number in numbers)
        contents[name] = _Contents(tuple((number, hashes.get(number, "")) for number in sorted(numbers)), is_settled)
    for name, number in pull.attached.items():
        contents[name] = _Contents(((number, hashes.get(number, "")),), number in hashes)
    return contents


def _counted(pull: Pull) -> set[tuple[str, str]]:
    """Applications that were taken, each with the files that have rows of it."""
    frames = [
        pd.DataFrame({"number": pull.tables[table.name]["application_no"], "file": pull.origins[table.name]})
        for table in FORM_TABLES
    ]
    pairs = pd.concat(frames).drop_duplicates()
    return set(zip(pairs["number"], pairs["file"], strict=True))


def _returned(pull: Pull) -> dict[str, _Contents]:
    """Files of results; what a sentence says of a row that was not taken is on record as well."""
    rows = results_of(pull)
    things: dict[str, list[tuple[str, str]]] = {}
    numbers = rows["application_no"].fillna("")
    # as they are stored: a blank work type is the occupation as a whole
    keyed = rows.astype({"work_type": "str"}).fillna({"work_type": ""})
    for file, number, content in zip(rows[FILE], numbers, results.content_hashes(keyed), strict=True):
        things.setdefault(file, []).append((number, content))
    return {name: _Contents(tuple(pairs), True) for name, pairs in things.items() if name in pull.paths}


def _lacking(db: Connection, folder: Path, names: Collection[str]) -> set[str]:
    """The applications that named a file which was not there and may have come since, by its name alone."""
    rows = applications.lacking_attachments(db)
    if rows.empty:
        return set()
    paths = (path for path in folder.rglob("*") if path.relative_to(folder).as_posix() not in names)
    new = {compared(path.name) for path in paths}
    last = rows["file_name"].str.replace("\\", "/").str.rpartition("/")[2]
    return {number for number, name in zip(rows["application_no"], last, strict=True) if compared(str(name)) in new}


def _look(path: Path) -> Look | None:
    try:
        return Look.of(path.stat())
    except (OSError, ValueError):
        return None


def _digest(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError:
        return ""


def context(run: Run) -> str:
    """A digest of all that a reading depends on beside the file: this release, its data, the maps, policies and lists."""
    installation = run.installation
    parts: list[object] = [version("filing-cycles"), installation.source_tables, installation.column_map]
    parts += [file for name in _READ_BY for file in _listed(Path(str(files(name))))]
    parts += [file for folder in (installation.policies, installation.reference) if folder for file in _listed(folder)]
    if installation.column_map and Path(installation.column_map).is_file():
        parts.append(_digest(Path(installation.column_map)))
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


def _listed(folder: Path) -> list[tuple[str, int, int]]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".toml", ".csv"))
    return [(path.name, status.st_size, status.st_mtime_ns) for path in paths if (status := path.stat())]
