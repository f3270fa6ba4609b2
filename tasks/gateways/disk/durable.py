"""Bytes on disk for good: written, flushed to the device, whole or not at all; what they mean does not belong here."""

import os
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a new file and wait until the device has it; raises OSError (for example no space left)."""
    with path.open("xb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the device has a folder's entries: a rename is only for good after this."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put(path: Path, content: bytes) -> None:
    """Let a file hold this content, in one step; the same content again writes nothing. One writer at a time.

    What a killed writer left aside is used up by the next.
    """
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    aside.unlink(missing_ok=True)
    try:
        write(aside, content)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
