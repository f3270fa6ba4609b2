"""Which files of a home go into a backup, and what cannot: packing and unpacking them is the backup's."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

_COPIES = "sources"  # of what lies elsewhere, fetched anew after a restore
_PASSING = {"prefect/up.json", "logs", _COPIES}
#: Another backup in the making.
_MAKING = ".filing-backup-"
#: What others put there is kept by whatever name it has.
_FOREIGN = {"inbox", "desk", "taken", "quarantine", _COPIES}
#: Databases are copied by their own means; the others are of a running process and worth nothing later.
_LEFT_OUT = (".db", ".db-wal", ".db-shm", ".db-journal", ".lock", ".part")
_SQLITE = b"SQLite format 3\0"


def databases(root: Path) -> list[Path]:
    """The SQLite databases of this product and of Prefect, which write on while a backup is made."""
    return [path for path in sorted(root.rglob("*.db")) if _is_ours(root, path) and _is_database(path)]


#: What signs editions: who has it can publish in the office's name.
_SIGNING = {"keys/signing.pem", "keys/next.pem"}


def kept(root: Path, archives: set[Path], *, with_key: bool = False) -> tuple[list[Path], list[str]]:
    """The files, folders and links to keep, but for those in `archives`; and a line for each that cannot be kept.

    The key that signs editions is kept only `with_key`.
    """
    fit, unfit = [], []
    for path in _belonging(root, archives):
        if path.relative_to(root).as_posix() in _SIGNING and not with_key:
            unfit.append(f"{path.relative_to(root)} (signs editions: keep it apart, or give --with-key)")
        elif why := _unfit(root, path):
            unfit.append(f"{path.relative_to(root)} ({why})")
        else:
            fit.append(path)
    return fit, unfit


def _belonging(root: Path, archives: set[Path]) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        passing = any(name == place or name.startswith(f"{place}/") for place in _PASSING) or name.startswith(_MAKING)
        of_a_process = name.endswith(_LEFT_OUT) and _top(root, path) not in _FOREIGN
        if not passing and not of_a_process and Path(os.path.realpath(path)) not in archives:
            yield path


def _unfit(root: Path, path: Path) -> str:
    """Why a path could not be restored: an inbox may hold anything; "" where it can."""
    if path.is_symlink():
        within = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
        fit = within and not path.readlink().is_absolute() and os.path.exists(path)  # noqa: PTH110  False for a circle
        return "" if fit else "a link that leads out or nowhere"
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return "" if os.access(path, os.R_OK | os.X_OK) else "a folder that cannot be opened"
    if not stat.S_ISREG(mode):
        return "no file"
    return "" if os.access(path, os.R_OK) else "cannot be read"


def _is_ours(root: Path, path: Path) -> bool:
    top = _top(root, path)
    return top not in _FOREIGN and not top.startswith(_MAKING)


def _top(root: Path, path: Path) -> str:
    return path.relative_to(root).parts[0]


def _is_database(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(_SQLITE)) == _SQLITE
