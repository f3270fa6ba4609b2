"""What came in through the doors: the centre's lists on the desk, results that may be taken, and what was set aside.

What lies on the desk (desk/) is taken in as an imported file is, on a clerk's word.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd
from sqlalchemy import Connection

from expectations.side_tables import LeftOut
from schemas.finding import IDENTITY_NUMBER, masked
from schemas.history import facts_text
from schemas.run import Run
from schemas.settings import Settings
from schemas.submission import RESULTS
from tasks.desk import supervision
from tasks.desk.own_doors import Pulls, reasons_by_file, who_brought
from tasks.gateways.disk import taking
from tasks.gateways.disk.files import file_sha256, is_plain
from tasks.gateways.evaluators.dispatch_tokens import SigningKeyError
from tasks.gateways.sources import (
    DESK,
    PATH,
    Pull,
    QuarantinedFile,
    UnreadableListError,
    discreet,
    lists_beside,
    nothing,
    pull_folder,
    results_of,
    vouched,
)
from tasks.store import dispatches, history, results, runs
from tasks.store.database import reading
from tasks.store.leases import writing


@dataclass(frozen=True)
class ImportRecord:
    """What is put on record of a file that is taken in: the kind of its list, its path, and who vouches for it.

    `by`: blank for the installation's operator.
    """

    kind: str
    file: Path
    by: str = ""

    def write(self, db: Connection, new: int, run: Run, subjects: Iterable[str] = ()) -> None:
        """Put on record that the file was brought, for each application it concerns or as one, if it brought anything."""
        by = self.by or run.installation.operator
        because = f"导入文件“{discreet(self.file.name)}”，{new}条新记录"
        facts = facts_text(sha256=file_sha256(self.file))
        for subject in sorted(subjects) or [self.kind]:
            if new:
                history.add_one(db, "import", subject, because, run, by, became=self.kind, facts=facts)


#: Lists that have to do with supervision: what takes each in.
OF_SUPERVISION: Final[Mapping[str, Callable[[Path, Run], tuple[int, int, list[LeftOut]]]]] = {
    "inspectors": supervision.take_inspectors,
    "inspection_outcomes": supervision.take_outcomes,
    "complaints": supervision.take_complaints,
}


def pull_desks(folders: Sequence[Path]) -> list[Pull]:
    """The lists and results in these folders, as far as they are there."""
    return [pull_folder(folder, door=DESK) for folder in folders if folder.is_dir()]


def take_supervision(folders: Sequence[Path], run: Run) -> tuple[dict[str, int], list[QuarantinedFile]]:
    """Take in the lists of supervision in these folders; how many rows were new by list, and what was not taken."""
    done: dict[str, int] = {}
    aside: list[QuarantinedFile] = []
    for path, table in [entry for folder in folders for entry in lists_beside(folder)]:
        try:
            _, new, left_out = OF_SUPERVISION[table.name](path, run)
        except UnreadableListError as unreadable:
            aside.append(QuarantinedFile(path.name, str(unreadable), path=path))
            continue
        done[table.name] = done.get(table.name, 0) + new
        aside += [
            QuarantinedFile(path.name, sentence, whole=False, sheet=table.title, row=line)
            for _, line, sentence in left_out
        ]
        with writing(run) as db:
            ImportRecord(table.name, path, who_brought(path, run)).write(db, new, run)
            runs.settle_files(db, as_settling([discreet(path.name)], run.day))
    return {name: count for name, count in done.items() if count}, aside


def put_on_record(db: Connection, desks: Sequence[Pull], done: Mapping[str, int], run: Run) -> None:
    """Put on record each file of the desk whose list brought anything new."""
    for pull in desks:
        for name in sorted(set(pull.tables) & set(done)):
            for path in sorted({path for file in set(pull.origins[name]) if (path := pull.place(file))}):
                ImportRecord(name, path, who_brought(path, run)).write(db, done[name], run)


def put_results_on_record(db: Connection, desks: Sequence[Pull], received: pd.DataFrame, run: Run) -> None:
    """Put on record each file of the desk that brought results, for every application of which it brought any.

    `received`: PATH, application_no and content_hash of the results that the pull brought.
    """
    paths = {path for pull in desks for path in (*pull.paths.values(), *pull.archives.values())}
    for path in sorted(paths & set(received[PATH].dropna())):
        rows = received[received[PATH] == path]
        record = ImportRecord(RESULTS.name, path, who_brought(path, run))
        record.write(db, rows["content_hash"].nunique(), run, rows["application_no"].unique())


def keep_files(refused: Iterable[QuarantinedFile], installation: Settings) -> None:
    """Keep each file once with all its reasons."""
    for path, sentences in reasons_by_file(refused).items():
        taking.keep(installation.root, path, sentences)


def aside_row(file: str, reason: str, application_no: str = "") -> dict[str, str]:
    """What is kept of something that was set aside: columns of `runs.SET_ASIDE`, and sha256."""
    return {"file": file, "sheet": "", "row": "", "application_no": application_no, "reason": reason, "sha256": ""}


def aside_rows(pulls: Pulls, refused: Sequence[QuarantinedFile]) -> list[dict[str, str]]:
    """What is kept of these files and rows, with the SHA-256 of the files as far as they are there."""
    places = [bad.path or next(filter(None, (pull.place(bad.file) for pull in pulls.all())), None) for bad in refused]
    digests = {path: file_sha256(path) for path in places if path is not None and is_plain(path)}
    return [
        aside_row(bad.file, bad.reason, shown_number(bad.application_no))
        | {"sheet": bad.sheet, "row": bad.row, "sha256": digests.get(path, "") if path else ""}
        for bad, path in zip(refused, places, strict=True)
    ]


def shown_number(application_no: str) -> str:
    """An application number, unless somebody's identity number was written in its place."""
    return masked(application_no) if re.fullmatch(IDENTITY_NUMBER, application_no) else application_no


def settling(pulls: Pulls, refused: Sequence[QuarantinedFile], day: date) -> dict[str, str]:
    """The files that were read, archives too, by name: each settles the last one of its name that could not be."""
    names = {name for pull in pulls.all() for name in (*pull.paths, *pull.archives)}
    unread = {bad.file for bad in refused if bad.whole and not bad.application_no}
    return as_settling({discreet(name) for name in names} - unread, day)


def as_settling(files: Iterable[str], day: date) -> dict[str, str]:
    """What is said of files, by name, that settle others: the day they came in, and the name."""
    return {file: f"{day}收到的“{file}”" for file in files}


def may_be_taken(
    pulls: Pulls, installation: Settings, *, on_a_word: bool
) -> tuple[pd.DataFrame, list[QuarantinedFile], dict[str, str]]:
    """Results that may be taken; `row` counts within the application. Also what may not, and why none can be judged.

    Those at the panels' own door need a token where the installation demands it, others stand on a person's word, and
    with `on_a_word` all do: that of whoever runs it. With a key that cannot be used none may be taken, none is refused,
    and the last part says so.
    """
    required = installation.result_tokens == "required" and not on_a_word
    vouched_rows, refused = [], []
    try:
        with reading() as db:
            for pull, demanded in [
                *((pull, required) for pull in pulls.panels),
                *((pull, False) for pull in pulls.desks),
            ]:
                rows = results_of(pull)
                if rows.empty:
                    continue
                sent = dispatches.revisions(db, rows["application_no"])
                late = results.come_too_late(db, rows) if demanded else None
                rows, unvouched = vouched(rows, sent, installation, required=demanded, late=late)
                vouched_rows.append(rows)
                refused += unvouched
    except SigningKeyError as damaged:
        return results_of(nothing()), [], {RESULTS.name: str(damaged)}
    rows = pd.concat([results_of(nothing()), *vouched_rows], ignore_index=True)
    return rows.assign(row=rows.groupby("application_no").cumcount() + 1), refused, {}
