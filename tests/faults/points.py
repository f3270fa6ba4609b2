"""Every place where a run touches the world, counted in a process of its own, and a fault at one of them.

Counted are statements that write, commits, files made, flushed, moved, removed and linked below one folder, and mails.
What the program says about itself is not asked: the places are those of SQLAlchemy, of the operating system and of SMTP.
"""

import builtins
import errno
import io
import json
import os
import signal
import smtplib
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

#: What happens at a point: the process is killed; the disk is full from now on; the database's server is restarted, or
#: is gone; the process sleeps until somebody wakes it.
FAULTS = ("kill", "full", "restart", "refuse", "pause")

#: What a point is called, and at which of them a full disk shows.
STATEMENT, BEFORE_COMMIT, AFTER_COMMIT = "write statement", "before commit", "after commit"
MADE, HALF, MOVED, REMOVED, LINKED = "file made", "file half written", "file moved", "file removed", "link made"
FOLDER, FLUSHED = "folder made", "folder flushed"
CONNECT, DATA, TAKEN = "mail: connect", "mail: send", "mail: taken, not noted"
#: Points of a transaction that gives letters their numbers, from the first number on.
NUMBER, NUMBERED = "number: taken", "number: taken, letter not written"
NUMBER_BEFORE_COMMIT, NUMBER_AFTER_COMMIT = "number: before commit", "number: after commit"
NUMBERS = (NUMBER, NUMBERED, NUMBER_BEFORE_COMMIT, NUMBER_AFTER_COMMIT)
FILLING = frozenset({MADE, HALF, FOLDER, LINKED})
BOUNDARIES = (
    *(STATEMENT, BEFORE_COMMIT, AFTER_COMMIT),
    *(FOLDER, MADE, HALF, MOVED, FLUSHED, LINKED, REMOVED),
    *(CONNECT, DATA, TAKEN),
    *NUMBERS,
)

_WRITES = ("INSERT", "UPDATE", "DELETE", "COPY")
_COUNTS = ("INSERT INTO NUMBERING", "UPDATE NUMBERING")
_fsync, _ftruncate, _fstat, _write = os.fsync, os.ftruncate, os.fstat, os.write


@dataclass
class Points:
    """Counts while `on`; at the point numbered `fatal` the fault happens. `note` is where the point's name goes."""

    below: Path
    fatal: int | None = None
    fault: str = "kill"
    note: Path | None = None
    server: Any = None
    on: bool = False
    passed: list[str] = field(default_factory=list)
    full: bool = False
    numbering: bool = False

    def at(self, boundary: str, before_death: Callable[[], object] | None = None) -> None:
        """A point is reached; `before_death` is what the fault leaves half done there."""
        if self.full and boundary in FILLING:
            raise OSError(errno.ENOSPC, "No space left on device")
        if not self.on or (self.fault == "full" and boundary not in FILLING):
            return
        if len(self.passed) == self.fatal:
            self._strike(boundary, before_death)
        self.passed.append(boundary)

    def _strike(self, boundary: str, before_death: Callable[[], object] | None) -> None:
        assert self.note is not None
        handle = os.open(self.note, os.O_CREAT | os.O_WRONLY)
        _write(handle, json.dumps(boundary).encode())
        os.close(handle)
        if self.fault in ("kill", "full") and before_death is not None:
            before_death()
        match self.fault:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "full":
                self.full = True
                raise OSError(errno.ENOSPC, "No space left on device")
            case "restart":
                self.server.restart()
            case "refuse":
                self.server.stop()
            case "pause":
                os.kill(os.getpid(), signal.SIGSTOP)

    def mine(self, path: Any) -> bool:
        """Whether a path is below the watched folder; the database's own files are the database's matter."""
        if isinstance(path, int):
            return False
        full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  pathlib's own calls are watched
        return full.startswith(f"{self.below}/") and not full.startswith(f"{self.below}/filing.db")


def attach(points: Points) -> None:
    """Watch this process for the rest of its life."""
    _watch_database(points)
    _watch_files(points)
    _watch_moves(points)
    _watch_mail(points)


def _watch_database(points: Points) -> None:
    from tasks.store import frames

    def executing(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        words = statement.lstrip().upper()
        if words.startswith(_COUNTS):
            points.numbering = True
            points.at(NUMBER)
        elif words.startswith(_WRITES):
            points.at(NUMBERED if points.numbering else STATEMENT)

    def committing(connection: Any) -> None:
        numbering, points.numbering = points.numbering, False
        points.at(NUMBER_BEFORE_COMMIT if numbering else BEFORE_COMMIT)
        points.at(NUMBER_AFTER_COMMIT if numbering else AFTER_COMMIT, connection.connection.dbapi_connection.commit)

    def rolling_back(_connection: Any) -> None:
        points.numbering = False

    event.listen(Engine, "before_cursor_execute", executing)
    event.listen(Engine, "commit", committing)
    event.listen(Engine, "rollback", rolling_back)
    append = frames.append

    def appending(db: Any, table: Any, frame: Any) -> int:
        if not frame.empty and "TEMPORARY" not in table._prefixes:
            points.at(NUMBERED if points.numbering else STATEMENT)
        return append(db, table, frame)

    frames.append = appending


def _watch_files(points: Points) -> None:
    opened = io.open

    def opening(file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if not set(mode) & set("wxa+") or not points.mine(file):
            return opened(file, mode, *rest, **more)
        points.at(MADE, None if points.fault == "full" else lambda: opened(file, mode, *rest, **more).close())
        return opened(file, mode, *rest, **more)

    def flushing(handle: int) -> None:
        if points.mine(_open_as(handle)):
            held = _fstat(handle)
            if stat.S_ISDIR(held.st_mode):
                points.at(FLUSHED)
            else:
                points.at(HALF, lambda: _ftruncate(handle, held.st_size // 2))
        _fsync(handle)

    io.open = builtins.open = opening
    os.fsync = flushing  # type: ignore[assignment]


def _open_as(handle: int) -> Path:
    return Path(f"/proc/self/fd/{handle}").readlink()


def _watch_moves(points: Points) -> None:
    names = {"rename": MOVED, "replace": MOVED, "symlink": LINKED, "mkdir": FOLDER}
    for name, boundary in (names | dict.fromkeys(("unlink", "remove", "rmdir"), REMOVED)).items():
        _watch_move(points, name, boundary, target=1 if boundary in (MOVED, LINKED) else 0)


def _watch_move(points: Points, name: str, boundary: str, target: int) -> None:
    function = getattr(os, name)

    def moving(*paths: Any, **more: Any) -> Any:
        path = paths[target]
        if (folder := more.get("dir_fd")) is not None:
            path = _open_as(folder) / os.fsdecode(path)
        there = os.path.lexists(path)
        if points.mine(path) and (there if boundary == REMOVED else not there or boundary == MOVED):
            points.at(boundary)
        return function(*paths, **more)

    setattr(os, name, moving)


def _watch_mail(points: Points) -> None:
    connect, data = smtplib.SMTP.connect, smtplib.SMTP.data

    def connecting(self: Any, *rest: Any, **more: Any) -> Any:
        points.at(CONNECT)
        return connect(self, *rest, **more)

    def sending(self: Any, message: Any) -> Any:
        points.at(DATA)
        answer = data(self, message)
        points.at(TAKEN)
        return answer

    smtplib.SMTP.connect = connecting  # type: ignore[method-assign]
    smtplib.SMTP.data = sending  # type: ignore[assignment]
