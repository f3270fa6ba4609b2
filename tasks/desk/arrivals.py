"""What lies on the desk (desk/), taken in as an imported file is: the centre's own lists, on a clerk's word."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
from sqlalchemy import Connection

from schemas.history import facts_text
from schemas.run import Run
from schemas.submission import RESULTS
from tasks.desk import complaints, inspection_lists
from tasks.desk.asides import received
from tasks.desk.own_doors import who_brought
from tasks.gateways.disk.files import file_sha256
from tasks.gateways.sources import (
    DESK,
    PATH,
    Pull,
    QuarantinedFile,
    UnreadableListError,
    discreet,
    lists_beside,
    pull_folder,
)
from tasks.store import history, runs
from tasks.store.leases import writing


@dataclass(frozen=True)
class Word:
    """Somebody's word that a file is right: the kind of its list, its path, who; blank for the installation's operator."""

    kind: str
    file: Path
    by: str = ""

    def keep(self, db: Connection, new: int, run: Run, subjects: Iterable[str] = ()) -> None:
        """Put on record that the file was brought, for each application it concerns or as one, if it brought anything."""
        by = self.by or run.installation.operator
        because = f"导入文件“{discreet(self.file.name)}”，{new}条新记录"
        facts = facts_text(sha256=file_sha256(self.file))
        for subject in sorted(subjects) or [self.kind]:
            if new:
                history.add_one(db, "import", subject, because, run, by, became=self.kind, facts=facts)


#: Lists that have to do with supervision: what takes each in.
OF_SUPERVISION: Final[Mapping[str, Callable[[Path, Run], tuple[int, int, list[str]]]]] = {
    "inspectors": inspection_lists.take_inspectors,
    "inspection_outcomes": inspection_lists.take_outcomes,
    "complaints": complaints.take_complaints,
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
            _, new, sentences = OF_SUPERVISION[table.name](path, run)
        except UnreadableListError as unreadable:
            aside.append(QuarantinedFile(path.name, str(unreadable), path=path))
            continue
        done[table.name] = done.get(table.name, 0) + new
        aside += [QuarantinedFile(path.name, sentence, whole=False, sheet=table.title) for sentence in sentences]
        with writing(run) as db:
            Word(table.name, path, who_brought(path, run)).keep(db, new, run)
            runs.settle_files(db, received([discreet(path.name)], run.day))
    return {name: count for name, count in done.items() if count}, aside


def put_on_record(db: Connection, desks: Sequence[Pull], done: Mapping[str, int], run: Run) -> None:
    """Put on record each file of the desk whose list brought anything new."""
    for pull in desks:
        for name in sorted(set(pull.tables) & set(done)):
            for path in sorted({path for file in set(pull.origins[name]) if (path := pull.place(file))}):
                Word(name, path, who_brought(path, run)).keep(db, done[name], run)


def put_results_on_record(db: Connection, desks: Sequence[Pull], received: pd.DataFrame, run: Run) -> None:
    """Put on record each file of the desk that brought results, for every application of which it brought any.

    `received`: PATH, application_no and content_hash of the results that the pull brought.
    """
    paths = {path for pull in desks for path in (*pull.paths.values(), *pull.archives.values())}
    for path in sorted(paths & set(received[PATH].dropna())):
        rows = received[received[PATH] == path]
        word = Word(RESULTS.name, path, who_brought(path, run))
        word.keep(db, rows["content_hash"].nunique(), run, rows["application_no"].unique())
