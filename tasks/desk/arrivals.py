"""What lies on the desk (desk/), taken in as an imported file is: the centre's own lists, on a clerk's word."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from schemas.run import Run
from tasks.desk import complaints, inspection_lists
from tasks.desk.on_record import Word
from tasks.gateways.sources import (
    DESK,
    Pull,
    QuarantinedFile,
    UnreadableListError,
    lists_beside,
    pull_folder,
)
from tasks.store.leases import writing

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
            Word(table.name, path).keep(db, new, run)
    return {name: count for name, count in done.items() if count}, aside


def put_on_record(db: Connection, desks: Sequence[Pull], done: Mapping[str, int], run: Run) -> None:
    """Put on record each file of the desk whose list brought anything new."""
    for pull in desks:
        for name in sorted(set(pull.tables) & set(done)):
            for file in sorted(set(pull.origins[name]) & set(pull.paths)):
                Word(name, pull.paths[file]).keep(db, done[name], run)
