"""What was set aside in one look at the doors: what is kept of it, and which later files settle it."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from schemas.finding import IDENTITY_NUMBER, masked
from schemas.settings import Settings
from tasks.desk.own_doors import Pulls
from tasks.gateways.disk import quarantine
from tasks.gateways.disk.files import file_sha256, is_plain
from tasks.gateways.sources import QuarantinedFile, discreet


def keep_files(refused: Iterable[QuarantinedFile], installation: Settings) -> None:
    """Keep each file once with all its reasons: of one file of results there may be thousands."""
    reasons: dict[Path, list[str]] = {}
    for spoilt in refused:
        if spoilt.path is not None:
            reasons.setdefault(spoilt.path, []).append(spoilt.reason)
    for path, sentences in reasons.items():
        quarantine.keep(installation.root, path, sentences)


def row(file: str, reason: str, application_no: str = "") -> dict[str, str]:
    """What is kept of something that was set aside: columns of `runs.SET_ASIDE`, and sha256."""
    return {"file": file, "sheet": "", "row": "", "application_no": application_no, "reason": reason, "sha256": ""}


def of_look(pulls: Pulls, refused: Sequence[QuarantinedFile]) -> list[dict[str, str]]:
    """What is kept of these files and rows, with the SHA-256 of the files as far as they are there."""
    places = [bad.path or next(filter(None, (pull.place(bad.file) for pull in pulls.all())), None) for bad in refused]
    digests = {path: file_sha256(path) for path in places if path is not None and is_plain(path)}
    return [
        row(bad.file, bad.reason, number(bad.application_no))
        | {"sheet": bad.sheet, "row": bad.row, "sha256": digests.get(path, "") if path else ""}
        for bad, path in zip(refused, places, strict=True)
    ]


def number(application_no: str) -> str:
    """An application number, unless somebody's identity number was written in its place."""
    return masked(application_no) if re.fullmatch(IDENTITY_NUMBER, application_no) else application_no


def settling(pulls: Pulls, refused: Sequence[QuarantinedFile], day: date) -> dict[str, str]:
    """The files that were read, archives too, by name: each settles the last one of its name that could not be."""
    names = {name for pull in pulls.all() for name in (*pull.paths, *pull.archives)}
    unread = {bad.file for bad in refused if bad.whole and not bad.application_no}
    return received({discreet(name) for name in names} - unread, day)


def received(files: Iterable[str], day: date) -> dict[str, str]:
    """What is said of files, by name, that settle others: the day they came in, and the name."""
    return {file: f"{day}收到的“{file}”" for file in files}
