"""Files that could not be read, kept for a person to look at with the reason."""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from tasks.gateways.disk import files as post

_FOLDER = "quarantine"
_UNSAFE = re.compile(r"[^\w.()（）-]+")
_LONGEST_NAME_BYTES = 120


def keep(home: Path, source: Path, reasons: Sequence[str]) -> Path:
    """Copies a file to `<home>/quarantine/<sha256[:12]>-<safe name>` with a `.reason.txt` beside it; returns the copy.

    Of a link, a pipe, a file larger than any real one and one that cannot be opened only the reason is kept, under the
    digest of the name: what a link points at is not the sender's to have copied. The same file and reasons again change
    nothing; another reason joins the first.
    """
    folder = home / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    digest = _digest(source)
    named = hashlib.sha256(os.fsencode(source.name)).hexdigest()
    kept = folder / f"{(digest or named)[:12]}-{_safe(source.name)}"
    if digest and not kept.exists():
        post.copy(folder, kept.name, source, private=True)
    beside = kept.with_name(f"{kept.name}.reason.txt")
    before = beside.read_text("utf-8").splitlines() if beside.exists() else []
    known = set(before)
    if new := [reason for reason in dict.fromkeys(reasons) if reason not in known]:
        post.put(folder, beside.name, "".join(f"{line}\n" for line in [*before, *new]).encode(), private=True)
    return kept if digest else beside


def has(home: Path, source: Path) -> bool:
    """Whether a copy of the file is kept."""
    digest = _digest(source)
    return digest is not None and (home / _FOLDER / f"{digest[:12]}-{_safe(source.name)}").is_file()


def _digest(source: Path) -> str | None:
    """The SHA-256 of a file that may be copied, None for what may not."""
    try:
        if not post.is_plain(source) or source.stat().st_size > post.LARGEST_BYTES:
            return None
        return post.file_sha256(source)
    except OSError:  # the reason says that it could not be opened
        return None


def _safe(name: str) -> str:
    """The name without signs a shell, a spreadsheet or another file system trips over, and not too long for any."""
    plain = _UNSAFE.sub("_", os.fsencode(name).decode("utf-8", errors="replace")).lstrip("._-") or "file"
    stem, suffix = os.path.splitext(plain)  # noqa: PTH122  a name alone, of any shape
    suffix = suffix.encode()[:20].decode("utf-8", errors="ignore")
    room = _LONGEST_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", errors="ignore") + suffix
