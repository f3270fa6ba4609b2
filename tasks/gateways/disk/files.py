"""Files put below a folder whole or not at all; what is in them and who gets them does not belong here."""

import errno
import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import BinaryIO

#: So long a file waits for another process that writes it; one that sleeps must not make everybody sleep.
_PATIENCE_SECONDS = 30.0
_LONGEST_NAME = 120  # bytes; with a suffix well below the 255 every file system takes


class OutsideFolderError(ValueError):
    """A file name that would leave its folder."""


def put(folder: Path, relative: str, content: bytes, *, private: bool = False) -> Path:
    """Write one file below `folder`, whole or not at all, and return its path; `private`: for its owner alone to read.

    The same bytes are not written again; other bytes replace the file in one move. `relative` is a POSIX path. Safe
    to repeat after a kill at any moment, and for two processes at once. Raises OutsideFolderError for a name that is
    absolute, climbs with `..` or passes a link that leads out, OSError when the disk refuses (nothing is left behind) or
    another process sleeps over the file.
    """
    target = _below(folder, relative)
    if not target.is_symlink() and target.is_file() and target.read_bytes() == content:
        return target
    return _place(folder, target, lambda handle: handle.write(content), private=private)


def put_after(folder: Path, relative: str, content: bytes, act: Callable[[], object]) -> Path:
    """As `put`, but do something that cannot be undone when all is written but the file not yet in its place.

    A disk without room then stops the act, and not the word of it alone; an act that raises leaves no file.
    """
    target = _below(folder, relative)
    return _place(folder, target, lambda handle: handle.write(content), private=False, act=act)


def copy(folder: Path, relative: str, source: Path, *, private: bool = False) -> Path:
    """As `put`, with the content of a file of any size; a file that is there already is replaced."""
    with source.open("rb") as content:
        target = _below(folder, relative)
        return _place(folder, target, lambda handle: shutil.copyfileobj(content, handle), private=private)


def _place(
    folder: Path,
    target: Path,
    fill: Callable[[BinaryIO], object],
    *,
    private: bool,
    act: Callable[[], object] = lambda: None,
) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    # one name for each target, so that a killed writer's leftover is used up by the next
    part = target.with_name(f".{sha256(target.name.encode()).hexdigest()[:16]}.part")
    with _alone(part, private=private) as handle:
        handle.truncate(0)
        fill(handle)
        handle.flush()
        os.fsync(handle.fileno())
        act()
        part.replace(target)
    _sync_folders(target.parent, folder)
    return target


def safe_name(text: str) -> str:
    """The text as one file name: itself where that is harmless, else its harmless characters and a digest of it all."""
    kept = re.sub(r"[^\w.()（）〔〕·-]", "_", text)
    if kept == text and text[:1] != "." and text[-1:] != "." and 0 < len(text.encode()) <= _LONGEST_NAME:
        return text
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept.strip('._')[:30]}~{digest}"


def _below(folder: Path, relative: str) -> Path:
    path = PurePosixPath(relative)
    unsafe = path.is_absolute() or ".." in path.parts or not path.name or "\0" in relative or "\\" in relative
    target = folder / path
    if unsafe or not target.parent.resolve().is_relative_to(folder.resolve()):
        raise OutsideFolderError(f"'{relative}' would leave {folder.name}: give a plain relative name")
    return target


@contextmanager
def _alone(part: Path, *, private: bool) -> Iterator[BinaryIO]:
    """The part file, held by this process alone; removed when writing fails."""
    mode = 0o600 if private else 0o666
    while True:
        with open(part, "ab", opener=lambda path, flags: os.open(path, flags, mode)) as handle:
            _lock(handle, part)
            if not _is_still(part, handle):
                continue  # the writer before us has moved it into place
            try:
                yield handle
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            return


def _lock(handle: BinaryIO, part: Path) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise OSError(errno.EBUSY, f"another process is writing into {part.parent}, run again later") from None
            time.sleep(0.02)
        else:
            return


def _is_still(part: Path, handle: BinaryIO) -> bool:
    return part.exists() and os.path.samestat(part.stat(), os.fstat(handle.fileno()))


def _sync_folders(lowest: Path, highest: Path) -> None:
    # a rename survives a power cut only once its folder, and the folders made for it, are on disk
    for folder in (lowest, *lowest.parents):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if folder == highest:
            return
