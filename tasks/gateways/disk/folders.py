"""Whole folders: built aside in a hidden folder, flushed, and moved into place by one rename.

A kill at any moment leaves the place as it was: nothing outside a hidden folder changes until the rename. One builder
at a time is the caller's lease to keep.
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from tasks.gateways.disk import files

_BUILDING = ".building-"


def build(shelf: Path, name: str, content: Mapping[str, bytes]) -> Path:
    """Write files, in the order given, into a new hidden folder beside `shelf/name`, and return the hidden folder.

    A file may be named with one folder before it, `list/1.html`.
    What killed builders left on the shelf is swept first. Raises OSError when the disk refuses; then nothing is left.
    """
    shelf.mkdir(parents=True, exist_ok=True)
    sweep(shelf)
    building = shelf / f"{_BUILDING}{name}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        building.mkdir()
        below = {(building / file).parent for file in content} - {building}
        for folder in below:
            folder.mkdir()
        for file, data in content.items():
            files.write(building / file, data)
        for folder in (*below, building):
            files.sync_folder(folder)
    except BaseException:
        discard(building)
        raise
    return building


def move(built: Path, target: Path) -> None:
    """Move a whole folder to its place, for good; raises OSError if the place is taken by a folder that holds something."""
    built.rename(target)
    files.sync_folder(target.parent)


def point(link: Path, name: str) -> None:
    """Let a link name a folder beside it, replaced in one step."""
    aside = link.with_name(f"{_BUILDING}{link.name}-{secrets.token_hex(4)}")
    aside.symlink_to(name, target_is_directory=True)
    aside.replace(link)
    files.sync_folder(link.parent)


def discard(built: Path) -> None:
    """Remove a folder that is not to be placed."""
    shutil.rmtree(built, ignore_errors=True)


def sweep(shelf: Path) -> list[str]:
    """Remove what killed builders and half-made links left; returns their names."""
    leftovers = sorted(path for path in shelf.iterdir() if path.name.startswith(_BUILDING))
    for path in leftovers:
        if path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path)
    return [path.name for path in leftovers]
