"""Files of the home's own doors that were taken, moved out of the way with a receipt beside them."""

import filecmp
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasks.gateways.disk import files, quarantine, receipts

TAKEN: Final = "taken"


@dataclass(frozen=True)
class Taken:
    """A file that was taken: where it lies, its place below TAKEN (folder and path), and what its receipt says."""

    path: Path
    folder: str
    name: str
    receipt: str


def move(home: Path, taken: Iterable[Taken], before: float) -> int:
    """Move what was not touched since `before` (a time of the system) below `<home>/taken`; returns how many files went.

    Safe to repeat after a kill at any moment. What is there already under the name keeps it, unless it is the same.
    """
    moved, unsettled = 0, set[Path]()
    for file in taken:
        if not files.is_plain(file.path) or _touched(file.path) >= before:
            continue  # another run took it, or somebody still writes it: the next look takes it
        folder = home / TAKEN / file.folder
        target = _free(folder / file.name, file.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.path.replace(target)
        unsettled |= {target.parent, file.path.parent}
        receipts.lay_beside(folder, file.receipt, unsettled)
        moved += 1
    files.settle(unsettled)
    return moved


def _touched(path: Path) -> float:
    """When the file was last written or put where it is: a file moved in keeps its own older time."""
    status = path.stat()
    return max(status.st_mtime, status.st_ctime)


def _free(target: Path, source: Path) -> Path:
    """The target, or one beside it where another file has its name."""
    place, number = target, 2
    while place.exists() and not filecmp.cmp(place, source, shallow=False):
        place, number = target.with_stem(f"{target.stem}-{number}"), number + 1
    return place


def give_back(folder: Path, door: Path) -> None:
    """Move the files of one taken folder back to the door they came in by; what lies there already stays."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        target = door / path.relative_to(folder)
        if path.is_file() and path.name != receipts.RECEIPT and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)


def drop_kept(home: Path, path: Path, before: float) -> None:
    """Remove a file that lies in quarantine by now, unless somebody has touched it since `before`."""
    if files.is_plain(path) and _touched(path) < before and quarantine.has(home, path):
        path.unlink()
