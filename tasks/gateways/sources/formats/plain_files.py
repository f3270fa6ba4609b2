"""The bytes of one file of a folder that anyone may write to; only of a plain file, inside it, and of bounded size.

What such a folder holds may also be a link, a pipe that never ends, a device, or a file somebody is still writing.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tasks.gateways.sources.contents import UnreadableError
from tasks.gateways.sources.formats import limits

_DEEPEST: Final = 32
_LEFT_BEHIND: Final = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})


def content(root: Path, name: str, path: Path) -> bytes:
    """The bytes of a plain file at or below `root`; `name` is how the sentence of an UnreadableError calls it."""
    try:
        if not (_is_plainly_below(root, path) or path.resolve().is_relative_to(root.resolve())):
            raise UnreadableError(f"“{name}”是指向申报文件夹之外的链接，请放入文件本身后重新提交")
        return _read(name, path)
    except RuntimeError as circular:  # Python 3.11 and 3.12 say so of links that lead to themselves
        raise UnreadableError(f"“{name}”是指向自身的链接，请放入文件本身后重新提交") from circular
    except OSError as failed:
        raise UnreadableError(
            f"文件“{name}”无法打开（{failed.strerror or '不是普通文件'}），请检查文件权限或重新提交"
        ) from failed


def _is_plainly_below(root: Path, path: Path) -> bool:
    """Whether no link lies between a folder and a path below it: what is asked of nearly every file is asked cheaply."""
    place, whole = str(root), str(path)
    if not whole.startswith(f"{place}/"):
        return False
    for part in whole[len(place) + 1 :].split("/"):
        place = f"{place}/{part}"
        if part == ".." or os.path.islink(place):  # noqa: PTH114  pathlib takes paths apart anew
            return False
    return True


def walk(folder: Path, onerror: Callable[[OSError], object]) -> Iterator[tuple[Path, list[str], list[str]]]:
    """As `os.walk`, but no deeper than anyone files: folders nested without end are reported to `onerror`."""
    for where, folders, names in os.walk(folder, onerror=onerror):
        if folders and len(Path(where).relative_to(folder).parts) >= _DEEPEST:
            onerror(OSError(errno.ELOOP, f"其中的文件夹超过{_DEEPEST}层", where))
            folders.clear()
        yield Path(where), folders, names


def is_handed_in(name: str) -> bool:
    """Whether a file's name is none of those that systems and programs leave beside what people hand in."""
    return not (name.startswith((".", "~$")) or name.lower() in _LEFT_BEHIND or name.lower().endswith((".tmp", ".lnk")))


def never_waiting(path: str, flags: int) -> int:
    """An opener that does not wait for the other end of a pipe put in the file's place meanwhile."""
    return os.open(path, flags | os.O_NONBLOCK)


def _read(name: str, path: Path) -> bytes:
    if not path.is_file():
        raise UnreadableError(f"“{name}”不是普通文件，请放入文件本身后重新提交")
    with open(path, "rb", opener=never_waiting) as stream:
        before = os.fstat(stream.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise UnreadableError(f"“{name}”不是普通文件，请放入文件本身后重新提交")
        limits.check_size(name, before.st_size)
        data = stream.read(before.st_size + 1)
        after = os.fstat(stream.fileno())
    if len(data) != before.st_size or after.st_mtime_ns != before.st_mtime_ns:
        raise UnreadableError(f"文件“{name}”在读取时仍在写入，写完后下次运行会重新收取")
    return data
