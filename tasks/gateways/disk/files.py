"""Whole files: each is put in its place in one move and is on the device by then, or is not there at all."""

import errno
import fcntl
import hashlib
import itertools
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from schemas.errors import FilingError

#: So long a file waits for another process that writes it; one that sleeps must not make everybody sleep.
_PATIENCE_SECONDS = 30.0
_BUFFER_BYTES = 65_536
_LONGEST_NAME = 120  # bytes; with a suffix well below the 255 every file system takes


#: No file that people hand in is larger.
LARGEST_BYTES = 512 * 1024 * 1024


def file_sha256(path: Path) -> str:
    """Lower-case hexadecimal SHA-256 of a file, read in pieces."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


class OutsideFolderError(FilingError, ValueError):
    """A file name that would leave its folder."""


def put(
    folder: Path, relative: str, content: bytes, *, private: bool = False, unsettled: set[str] | None = None
) -> Path:
    """Write one file below `folder`, whole or not at all, and return its path; `private`: for its owner alone to read.

    The same bytes are not written again; other bytes replace the file in one move. `relative` is a POSIX path. Safe
    to repeat after a kill at any moment, and for two processes at once. Raises OutsideFolderError for a name that is
    absolute, climbs with `..` or passes a link that leads out, OSError when the disk refuses (nothing is left behind) or
    another process sleeps over the file. With `unsettled` the folders that changed are added to it, for the caller to
    `settle` once for many files.
    """
    target = _below(folder, relative)
    if _holds(target, content):
        return Path(target)
    return _place(folder, target, lambda handle: handle.write(content), private=private, unsettled=unsettled)


def _holds(target: str, content: bytes) -> bool:
    """Whether a path is a file itself that holds these bytes."""
    try:
        status = os.lstat(target)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == len(content) and Path(target).read_bytes() == content


def settle(unsettled: set[str]) -> None:
    """Wait until the device has the entries of folders in which files were put, and forget them."""
    for folder in sorted(unsettled, reverse=True):
        sync_folder(Path(folder))
    unsettled.clear()


def put_once(folder: Path, relative: str, content: bytes, *, private: bool = False) -> Path:
    """As `put`, but a file that is there already stays, whatever it holds: of two processes the faster one writes."""
    target = _below(folder, relative)
    if (path := Path(target)).exists():
        return path
    return _place(folder, target, lambda handle: handle.write(content), private=private, keep=True)


def put_after(folder: Path, relative: str, content: bytes, act: Callable[[], object]) -> Path:
    """As `put`, but do something that cannot be undone when all is written but the file not yet in its place.

    A disk without room then stops the act, and not the record of it alone; an act that raises leaves no file.
    """
    target = _below(folder, relative)
    return _place(folder, target, lambda handle: handle.write(content), private=False, act=act)


def fill(folder: Path, relative: str, writer: Callable[[BinaryIO], object], *, private: bool = False) -> Path:
    """As `put`, of any size: `writer` writes the content piece by piece; a file that is there already is replaced."""
    return _place(folder, _below(folder, relative), writer, private=private)


def copy(folder: Path, relative: str, source: Path, *, private: bool = False) -> Path:
    """As `fill`, with the content of another file."""
    with source.open("rb") as content:
        return fill(folder, relative, lambda handle: shutil.copyfileobj(content, handle), private=private)


def write(path: Path, content: bytes) -> None:
    """Write a new file where nobody looks yet, and wait until the device has it; raises OSError, as for no space left."""
    with path.open("xb") as target:
        target.write(content)
        _flush(target)


def append_lines(place: Path, *lines: str) -> None:
    """Add lines to a private file, all at once: those of two processes do not mix."""
    descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until the device has a folder's entries: a rename is only for good after this."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# Thousands of letters come by here: places are text, for a Path takes longer to make than the file.
def _place(
    folder: Path,
    target: str,
    writer: Callable[[BinaryIO], object],
    *,
    private: bool,
    act: Callable[[], object] = lambda: None,
    keep: bool = False,
    unsettled: set[str] | None = None,
) -> Path:
    parent, _, name = target.rpartition("/")
    if not os.path.isdir(parent):  # noqa: PTH112
        Path(parent).mkdir(parents=True, exist_ok=True)
    # one name for each target, so that a killed writer's leftover is used up by the next
    part = f"{parent}/.{hashlib.sha256(name.encode()).hexdigest()[:16]}.part"
    with _alone(part, private=private) as handle:
        if keep and os.path.exists(target):  # noqa: PTH110  put by the writer before us
            os.unlink(part)  # noqa: PTH108
            return Path(target)
        writer(handle)
        _flush(handle)
        act()
        os.replace(part, target)  # noqa: PTH105
    # a rename survives a power cut only once its folder, and the folders made for it, are on disk
    changed = set() if unsettled is None else unsettled
    changed.update(upwards(parent, str(folder)))
    if unsettled is None:
        settle(changed)
    return Path(target)


def upwards(place: str, folder: str) -> Iterator[str]:
    """A folder and those above it up to `folder`, or all where that is none of them."""
    yield place
    while place not in (folder, above := place.rpartition("/")[0] or "/"):
        place = above
        yield place


def _flush(handle: BinaryIO) -> None:
    handle.flush()
    os.fsync(handle.fileno())


def is_plain(path: Path) -> bool:
    """Whether a path is a file itself: no link, no folder, no pipe, no device; False where that cannot be seen."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def safe_name(text: str) -> str:
    """The text as one file name: itself where that is harmless, else its harmless characters and a digest of it all."""
    safe = re.sub(r"[^\w.()（）〔〕·-]", "_", text)
    if safe == text and text[:1] != "." and text[-1:] != "." and 0 < len(text.encode()) <= _LONGEST_NAME:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe.strip('._')[:30]}~{digest}"


def _below(folder: Path, relative: str) -> str:
    parts = [part for part in relative.split("/") if part not in ("", ".")]
    unsafe = not parts or ".." in parts or relative[0] == "/" or "\0" in relative or "\\" in relative
    places = list(itertools.accumulate(parts, "{}/{}".format, initial=str(folder)))
    # asking of each folder below is much cheaper than following the whole way down to them twice
    is_below = not any(map(os.path.islink, places[1:-1]))
    if unsafe or not (is_below or Path(places[-2]).resolve().is_relative_to(folder.resolve())):
        raise OutsideFolderError(f"'{relative}' would leave {folder.name}: give a plain relative name")
    return places[-1]


@contextmanager
def _alone(part: str, *, private: bool) -> Iterator[BinaryIO]:
    """The part file, empty and held by this process alone; removed when writing fails."""
    mode = 0o600 if private else 0o666
    while True:
        # told no buffer's size, Python asks of each file whether it is a terminal
        with open(part, "ab", _BUFFER_BYTES, opener=lambda path, flags: os.open(path, flags, mode)) as handle:
            if not lock(handle, _PATIENCE_SECONDS):
                folder = os.path.dirname(part)  # noqa: PTH120
                raise OSError(errno.EBUSY, f"another process is writing into {folder}, run again later")
            held = os.fstat(handle.fileno())
            if not _is_still(part, held):
                continue  # the writer before us has moved it into place
            if held.st_size:  # a killed writer's leftover
                handle.truncate(0)
            try:
                yield handle
            except BaseException:
                Path(part).unlink(missing_ok=True)
                raise
            return


def _is_still(part: str, held: os.stat_result) -> bool:
    """Whether an open file is the one that lies at a path."""
    try:
        return os.path.samestat(os.stat(part), held)  # noqa: PTH116
    except FileNotFoundError:
        return False


def lock(handle: IO[Any], patience_seconds: float = 0.0, ask_seconds: float = 0.02) -> bool:
    """Lock an open file, waiting at most so long for another holder; False if the other still has it."""
    until = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(ask_seconds)
        else:
            return True
