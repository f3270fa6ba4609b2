"""Whether the machine gives what every command needs: asked first, so that what fails is said at once and in a sentence."""

import difflib
import errno
import os
from itertools import islice
from pathlib import Path

from schemas.errors import RefusedError
from schemas.settings import Settings

#: Read from the environment without being settings.
_OURS = {"FILING_DEBUG", "FILING_PARENT"}
#: A server of a command's own, and its database, take some megabytes.
_ROOM_BYTES = 4 * 1024 * 1024
_PROBE = ".room"
#: Files of an inbox beyond which it is a folder of something else.
MOST_FILES = 20_000
#: Folders of the machine itself.
_SYSTEM = ("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr")


class UnsoundError(RefusedError):
    """The machine does not give what is needed: what, and how to mend it."""


def unknown_settings() -> list[str]:
    """One sentence for each FILING_* variable that is no setting: it would be passed over without a word."""
    setting_names = {f"FILING_{name.upper()}" for name in Settings.model_fields} | _OURS
    sentences = []
    for name in sorted(name for name in os.environ if name.startswith("FILING_") and name.upper() not in setting_names):
        near = difflib.get_close_matches(name, setting_names, 1)
        sentences.append(f"{name} is no setting and does nothing" + (f": is {near[0]} meant?" if near else ""))
    return sentences


def assert_writable(home: Path) -> None:
    """Raises UnsoundError where the home cannot be written, or its disk is full."""
    probe = home / _PROBE
    try:
        home.mkdir(parents=True, exist_ok=True)
        with probe.open("wb") as handle:
            os.posix_fallocate(handle.fileno(), 0, _ROOM_BYTES)
    except OSError as refused:
        if refused.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UnsoundError(f"the disk of {home} is full: make room, then run the command again") from refused
        if refused.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise UnsoundError(
                f"{home} cannot be written: mount it to be written, or give it to this user, or name another with --home DIR"
            ) from refused
        if refused.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
    finally:
        if os.access(home, os.W_OK):
            probe.unlink(missing_ok=True)


def assert_not_lost(home: Path, database: str) -> None:
    """Raises UnsoundError where an empty database stands beside what only a full one can have brought about."""
    for place, contents in ((home / "published", "editions"), (home / "outbox" / "letters", "letters")):
        if place.is_dir() and next(place.iterdir(), None) is not None:
            address = "the database" if "@" in database else database
            raise UnsoundError(
                f"{address} is empty and {place} holds {contents}: a database was lost; restore the last backup into an empty "
                "home (`filing restore`), for anew all letters would be written and sent again"
            )


def assert_inbox(folder: Path) -> None:
    """Raises UnsoundError for a folder that is no inbox: the machine's own, or one of very many files."""
    real = folder.resolve()
    if len(real.parts) < 2 or real.parts[1] in _SYSTEM:  # noqa: PLR2004  the root and what lies in it
        raise UnsoundError(f"{folder} is a folder of the machine itself and no inbox: name the one of the submissions")
    files = (name for _, _, names in os.walk(real) for name in names)
    if next(islice(files, MOST_FILES, None), None) is not None:
        raise UnsoundError(
            f"{folder} holds more than {MOST_FILES:,} files and is hardly an inbox: name the folder of the submissions, "
            "or move what was read long ago elsewhere"
        )
