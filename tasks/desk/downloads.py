"""Letters, packages and scoring sheets as files with names people know them by: one, or all of a cycle in an archive."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import Connection

from schemas.errors import RefusedError
from schemas.evaluation import EvaluationPackage
from schemas.law.cycle import cycle_id
from schemas.letter_text import LETTER_KINDS
from schemas.policy import for_cycle
from schemas.settings import Settings
from tasks.gateways.disk.files import safe_name
from tasks.gateways.evaluators.channels import PACKAGE, package_files
from tasks.gateways.evaluators.dispatch_tokens import Signer
from tasks.gateways.evaluators.scoring_layout import WORKBOOK
from tasks.store import dispatches, dossier, outbox
from tasks.store.outbox import LETTERS, Entry

_STAMP = (1980, 1, 1, 0, 0, 0)
#: An archive larger than this lies on the disk while it is sent.
_IN_MEMORY = 8_388_608
_LONGEST = 40

#: A file of an archive: its name, and its content.
Named = tuple[str, bytes]


class MissingFileError(RefusedError):
    """A file that was made and is not in the home any more."""


def letter_file(db: Connection, installation: Settings, occasion: str) -> Named:
    """A letter as its Word file; raises MissingFileError, LookupError for an occasion that has none."""
    entry = outbox.read(db, LETTERS, occasion)
    receipts = dossier.letters(db, [entry.subject])
    row = receipts[receipts["occasion"] == occasion].iloc[0]
    return _named(entry), _read(installation.root, str(row["file"]))


def letter_files(db: Connection, installation: Settings, cycle: str) -> Iterator[Named]:
    """Every letter of a cycle that was made; one whose file is gone is left out."""
    for occasion, file in outbox.receipts(db, LETTERS, cycle).items():
        try:
            yield _named(outbox.read(db, LETTERS, occasion)), _read(installation.root, file)
        except MissingFileError:
            continue


def _named(entry: Entry) -> str:
    kind = LETTER_KINDS[entry.kind].title if entry.kind in LETTER_KINDS else entry.kind
    name = str(entry.content.get("institution_name", ""))
    return f"{_short(entry.subject)}-{_short(name)}-{kind}{f'-{entry.number}' if entry.number else ''}.docx"


def _short(text: str) -> str:
    return safe_name(text.replace(" ", ""))[:_LONGEST] if text else "无名称"


def _read(home: Path, relative: str) -> bytes:
    path = (home / relative).resolve()
    if not relative or not path.is_relative_to(home.resolve()) or not path.is_file():
        raise MissingFileError(f"the file {relative or '(none)'} is not in the home: restore it from a backup")
    return path.read_bytes()


def packages_of(db: Connection, installation: Settings, number: str) -> list[Named]:
    """The files of an application's last package, below a folder named with number and institution."""
    packages = dispatches.packages(db, number)
    return list(_package(installation, packages[-1], whole=True)) if packages else []


def cycle_packages(db: Connection, installation: Settings, cycle: str, *, whole: bool) -> Iterator[Named]:
    """The last package of every application of a cycle that was sent out; not `whole`: the scoring sheets alone."""
    for number in sorted(dispatches.next_revisions(db, cycle)):
        yield from _package(installation, dispatches.packages(db, number)[-1], whole=whole)


def _package(installation: Settings, content: dict[str, object], *, whole: bool) -> Iterator[Named]:
    package = EvaluationPackage.model_validate(content)
    folder = f"{_short(package.application_no)}-{_short(package.institution.name)}"
    files = _delivered(installation, package) or package_files(
        package, for_cycle(cycle_id(package.cycle)), Signer(installation).token_for(package)
    )
    if not whole:
        yield f"{folder}-{WORKBOOK}", files[WORKBOOK]
        return
    yield from ((f"{folder}/{name}", files[name]) for name in sorted(files))


def _delivered(installation: Settings, package: EvaluationPackage) -> dict[str, bytes]:
    """The files as they lie in the outbox, where this very package does."""
    place = installation.outbox / "evaluation" / safe_name(package.cycle) / safe_name(package.application_no)
    try:
        record = (place / PACKAGE).read_bytes()
        if json.loads(record).get("revision") != package.revision:
            return {}
        return {PACKAGE: record, WORKBOOK: (place / WORKBOOK).read_bytes()}
    except (OSError, ValueError):
        return {}


def archive(files: Iterator[Named] | list[Named]) -> IO[bytes]:
    """The files as one zip, at its beginning; of two of one name the later one is numbered."""
    target = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  whoever sends it closes it
    counts: dict[str, int] = {}
    with ZipFile(target, "w") as packed:
        for name, content in files:
            counts[name] = counts.get(name, 0) + 1
            stem, dot, suffix = name.rpartition(".")
            unique = name if counts[name] == 1 else f"{stem}-{counts[name]}{dot}{suffix}"
            entry = ZipInfo(unique, _STAMP)
            entry.compress_type = ZIP_DEFLATED
            packed.writestr(entry, content)
    target.seek(0)
    return target
