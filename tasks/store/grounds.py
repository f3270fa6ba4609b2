"""The files that runs judge by (policies, rule book, reference lists), recorded in the history by SHA-256."""

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

import pandas as pd
from sqlalchemy import Connection

from schemas.history import facts_text
from schemas.run import Run
from schemas.settings import Settings
from tasks.store import database, frames, history

KIND = "ground"


def present(installation: Settings) -> dict[str, str]:
    """SHA-256 of every file that decides how an application is judged, by its name."""
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in _files(installation)}


def _files(installation: Settings) -> Iterator[tuple[str, Traversable]]:
    yield "rules.csv", files("expectations") / "rules.csv"
    for kind, shipped, added in (
        ("policy", files("schemas") / "policies", installation.policies),
        ("reference", files("schemas") / "reference", installation.reference),
    ):
        folders: list[tuple[str, Traversable]] = [(kind, shipped)]
        if added is not None and added.expanduser().is_dir():
            folders.append((f"own {kind}", added.expanduser()))
        for title, folder in folders:
            for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
                if file.is_file() and not file.name.startswith("."):
                    yield f"{title} {file.name}", file


def note(db: Connection, run: Run) -> None:
    """Record in the history the files that a run judges by, if they differ from those of the run before.

    A dry run may judge by other files and records nothing.
    """
    if database.is_rehearsal():
        return
    now, last = present(run.installation), _noted(db)
    changed = sorted(name for name in {*now, *last} if now.get(name, "") != last.get(name, ("", 0))[0])
    rows = [
        {
            "subject": name,
            "was": last.get(name, ("", 0))[0],
            "became": now.get(name, ""),
            "because": "办理所依据的文件" + ("" if name in now else "已移去"),
            "facts": facts_text(sha256=now.get(name, "")),
        }
        for name in changed
    ]
    history.add(db, KIND, pd.DataFrame(rows, dtype=frames.TEXT), run, "filing")


def _noted(db: Connection) -> dict[str, tuple[str, int]]:
    """SHA-256 of each file as the last run found it, blank for one that went, and the entry that says so."""
    return {name: (facts.get("sha256", ""), entry) for entry, name, facts in history.entries_of_kind(db, KIND)}


def differences(db: Connection, installation: Settings) -> list[str]:
    """Sentences naming the files that are not those the last run judged by; none before the first run."""
    now, last = present(installation), _noted(db)
    return [
        f"{name} is not the file that the runs so far judged by (history entry {entry}): if nobody changed it on "
        "purpose put it back, else the next run notes the change"
        for name, (sha256, entry) in sorted(last.items())
        if now.get(name, "") != sha256
    ]
