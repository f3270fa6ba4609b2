"""Moving files out of the home's own doors: to taken/ with a receipt, or to quarantine/ with the reason."""

import filecmp
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasks.gateways.disk import files, receipts

TAKEN: Final = "taken"
_QUARANTINE: Final = "quarantine"
_UNSAFE = re.compile(r"[^\w.()（）-]+")
_LONGEST_NAME_BYTES = 120


@dataclass(frozen=True)
class Taken:
    """A file that was taken: where it lies, its place below TAKEN (folder and path), and what its receipt says."""

    path: Path
    folder: str
    name: str
    receipt: str


def move(home: Path, files_taken: Iterable[Taken], before: float) -> None:
    """Move files not touched since `before` (a system time) below `<home>/taken`.

    Safe to repeat after a kill at any moment. A different file that has the name already keeps it.
    """
    unsettled = set[str]()
    for file in files_taken:
        if not _lay_still(file.path, before):
            continue  # another run took it, or somebody still writes it: the next look takes it
        folder = home / TAKEN / file.folder
        # the receipt comes first: killed after it, the next run finds the file still at its door
        receipts.lay_beside(folder, file.receipt, unsettled)
        target = _free(folder / file.name, file.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.path.replace(target)
        unsettled |= {str(file.path.parent), *files.upwards(str(target.parent), str(home))}
    files.settle(unsettled)


def _lay_still(path: Path, before: float) -> bool:
    """Whether a plain file was neither written nor moved here since; a file moved in keeps its own, older, time of change."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and max(status.st_mtime, status.st_ctime) < before


def _free(target: Path, source: Path) -> Path:
    """The target, or one beside it where another file has its name."""
    place, number = target, 2
    while place.exists() and not filecmp.cmp(place, source, shallow=False):
        place, number = target.with_stem(f"{target.stem}-{number}"), number + 1
    return place


def give_back(folder: Path, door: Path) -> None:
    """Move the files of one taken folder back to their door; files already there stay."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        target = door / path.relative_to(folder)
        if path.is_file() and path.name != receipts.RECEIPT and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)


def drop_kept(home: Path, path: Path, before: float) -> None:
    """Remove a file from its door once quarantine has a copy, unless somebody has touched it since `before`."""
    if _lay_still(path, before) and is_kept(home, path):
        path.unlink()


def keep(home: Path, source: Path, reasons: Sequence[str]) -> Path:
    """Copies a file to `<home>/quarantine/<sha256[:12]>-<safe name>` with a `.reason.txt` beside it; returns the copy.

    Of a link, a pipe, a file larger than any real one and one that cannot be opened only the reason is kept, under the
    digest of the name: a sender must not have the target of a link copied. The same file and reasons again change
    nothing; another reason joins the first.
    """
    folder = home / _QUARANTINE
    folder.mkdir(parents=True, exist_ok=True)
    digest = _digest(source)
    named = hashlib.sha256(os.fsencode(source.name)).hexdigest()
    copy = folder / f"{(digest or named)[:12]}-{_safe(source.name)}"
    if digest and not copy.exists():
        files.copy(folder, copy.name, source, private=True)
    beside = copy.with_name(f"{copy.name}.reason.txt")
    before = beside.read_text("utf-8").splitlines() if beside.exists() else []
    noted = set(before)
    if new := [reason for reason in dict.fromkeys(reasons) if reason not in noted]:
        files.put(folder, beside.name, "".join(f"{line}\n" for line in [*before, *new]).encode(), private=True)
    return copy if digest else beside


def is_kept(home: Path, source: Path) -> bool:
    """Whether a copy of the file is kept."""
    digest = _digest(source)
    return digest is not None and (home / _QUARANTINE / f"{digest[:12]}-{_safe(source.name)}").is_file()


def _digest(source: Path) -> str | None:
    """The SHA-256 of a file that may be copied, None for one that may not."""
    try:
        if not files.is_plain(source) or source.stat().st_size > files.LARGEST_BYTES:
            return None
        return files.file_sha256(source)
    except OSError:  # the reason says that it could not be opened
        return None


def _safe(name: str) -> str:
    """The name shortened, and without characters that trouble a shell, a spreadsheet or another file system."""
    plain = _UNSAFE.sub("_", os.fsencode(name).decode("utf-8", errors="replace")).lstrip("._-") or "file"
    stem, suffix = os.path.splitext(plain)  # noqa: PTH122  a name alone, of any shape
    suffix = suffix.encode()[:20].decode("utf-8", errors="ignore")
    room = _LONGEST_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", errors="ignore") + suffix
