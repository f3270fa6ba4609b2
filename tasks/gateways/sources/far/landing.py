"""Where a source far away is brought to before it is read: whole copies, one after another, and one being made.

Below its folder lie `draft` (the pull that goes on, or that stopped and will go on there) and the copies `000001`,
`000002` and so on, of which `current` names the one that is read. A copy is never changed once it is current, and a
draft becomes one by a single rename: a killed run leaves the former copy in force.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tasks.gateways.disk import files, folders
from tasks.gateways.sources.far.addresses import SourceError

_JOURNAL: Final = "landed.jsonl"
_KEPT: Final = 2
_ASK_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Landed:
    """One file of a copy: its path below `files`, the mark by which the source tells a change, and what else it said."""

    name: str
    mark: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


class Copy:
    """The files of a source on disk and what was noted of each, in the order they came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.entries = {entry.name: entry for entry in _journal(folder / _JOURNAL)}

    def put(self, entry: Landed, chunks: Iterable[bytes]) -> None:
        """Take in one file; it is there whole or not at all."""
        self._place(entry, lambda aside: _write(aside, chunks))

    def adopt(self, other: "Copy", entry: Landed, name: str | None = None) -> None:
        """Take a file over from another copy, under this name."""
        self._place(
            Landed(name or entry.name, entry.mark, entry.notes), lambda aside: _link(other.files / entry.name, aside)
        )

    def drop(self, name: str) -> None:
        """Forget a file that the source has no longer, and folders that held nothing else: a file may be there next."""
        self.entries.pop(name, None)
        path = self.files / name
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self.files or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()

    def sweep(self) -> None:
        """Remove what no line of the journal names: a run was killed before it wrote that line."""
        for path in sorted(self.files.rglob("*"), reverse=True):
            if path.is_dir():
                with suppress(OSError):  # it holds something
                    path.rmdir()
            elif path.relative_to(self.files).as_posix() not in self.entries:
                path.unlink()

    def rewrite(self) -> None:
        """Let the journal hold what the copy holds, without what was dropped."""
        lines = "".join(_line(entry) for entry in self.entries.values())
        files.put(self.folder, _JOURNAL, lines.encode())

    def _place(self, entry: Landed, fill: Callable[[Path], None]) -> None:
        target = self.files / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = self.folder / "aside"
        aside.unlink(missing_ok=True)
        fill(aside)
        aside.replace(target)
        with (self.folder / _JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(_line(entry))
        self.entries[entry.name] = entry


class Landing:
    """The copies of one source; used by one pull at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Nobody else brings or reads copies meanwhile; raises SourceError when another does for so long."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as held:
            if not files.lock(held, seconds, _ASK_SECONDS):
                raise SourceError("another run is pulling this source: run again when it has ended")
            os.utime(held.fileno())
            yield

    @property
    def current(self) -> Copy | None:
        """The newest whole copy."""
        pointer = self.folder / "current"
        name = pointer.read_text("utf-8").strip() if pointer.is_file() else ""
        return Copy(self.folder / name) if name else None

    @property
    def asked_at(self) -> float:
        """When the source was last asked, in seconds of the epoch; 0 for never."""
        held = self.folder / "lock"
        return held.stat().st_mtime if held.exists() else 0.0

    def draft(self) -> Copy:
        """The copy that is being made, with what a stopped pull left of it."""
        draft = self.folder / "draft"
        (draft / "files").mkdir(parents=True, exist_ok=True)
        copy = Copy(draft)
        copy.sweep()
        copy.rewrite()  # a line that a killed run was writing would swallow the next one
        return copy

    def restart(self) -> Copy:
        """An empty draft."""
        shutil.rmtree(self.folder / "draft", ignore_errors=True)
        return self.draft()

    def settle(self) -> None:
        """Make the draft the current copy; removes old ones but the last."""
        numbers = sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdecimal())
        name = f"{max(numbers, default=0) + 1:06}"
        folders.move(self.folder / "draft", self.folder / name)
        files.put(self.folder, "current", f"{name}\n".encode())
        for number in numbers[: 1 - _KEPT]:
            shutil.rmtree(self.folder / f"{number:06}", ignore_errors=True)


def _journal(path: Path) -> Iterator[Landed]:
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        try:
            record = json.loads(line)
            entry = Landed(record["name"], record["mark"], record["told"])
        except (ValueError, KeyError, TypeError):
            return  # the line a killed run was writing, or nothing of ours: the file is fetched again
        if (path.parent / "files" / entry.name).is_file():
            yield entry


def _line(entry: Landed) -> str:
    record = {"name": entry.name, "mark": entry.mark, "told": dict(entry.notes)}
    return json.dumps(record, ensure_ascii=True) + "\n"


def _write(aside: Path, chunks: Iterable[bytes]) -> None:
    with aside.open("xb") as target:
        target.writelines(chunks)
        target.flush()
        os.fsync(target.fileno())


def _link(former: Path, aside: Path) -> None:
    try:
        aside.hardlink_to(former)
    except OSError:  # a file system without hard links
        shutil.copyfile(former, aside)
