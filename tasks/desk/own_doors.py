"""The home's own doors empty themselves: what was taken moves to taken/ with a receipt, what cannot be read to quarantine/.

Source: docs/intake.md. A folder that is given to a run is read and left as it is, and so is one that a setting names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.rows import records
from schemas.run import Run
from schemas.submission import APPLICATIONS, RESULTS
from tasks.gateways.disk import files, receipts, taking
from tasks.gateways.disk.taking import Taken
from tasks.gateways.sources import Pull, QuarantinedFile, compared, is_looked_for, is_table_file, lists_beside
from tasks.store import applications, versions
from tasks.store.database import reading

_NAMED: Final = 20
_DESK: Final = "desk"


@dataclass(frozen=True)
class Pulls:
    """What one look at the three doors gave."""

    applicants: Pull
    panels: Sequence[Pull]
    desks: Sequence[Pull]

    def all(self) -> list[Pull]:
        return [self.applicants, *self.panels, *self.desks]


def are_own(run: Run) -> bool:
    """Whether a run reads the doors of its home, and all that lies there."""
    return Path(run.inbox) == run.installation.root / "inbox" and run.only is None


def clear(run: Run, pulls: Pulls, aside: Sequence[QuarantinedFile], looked: float) -> None:
    """Move what lay at the doors and is on record by now; `looked`: when the look began, a time of the system.

    `aside`: what was set aside. Safe to repeat: what is still there is moved by the next run.
    """
    root, before = run.installation.root, looked - run.installation.quiet_seconds
    refused = {file.path for file in aside if file.path is not None}
    handled = [
        *_submissions(pulls.applicants, Path(run.inbox), run),
        *(file for pull in pulls.panels for file in _lists(pull, f"{run.cycle}/{RESULTS.name}", run)),
        *(file for pull in pulls.desks for file in _lists(pull, f"{_DESK}/{run.day}", run)),
        *_supervision(run),
    ]
    going = [file for file in handled if file.path not in refused]
    _note(going, aside, run)
    taking.move(root, going, before)
    for path in sorted(refused):
        if _is_done_with(path, run):
            taking.drop_kept(root, path, before)


def _note(handled: Sequence[Taken], quarantined: Sequence[QuarantinedFile], run: Run) -> None:
    """Say on the receipt of every file what it became, while it still lies at its door."""
    if not handled and not quarantined:
        return
    doors = _doors(run)
    with receipts.Ledger(run.installation.root) as ledger:
        for file in handled:
            ledger.became(file.path, *_place(file.path, doors), file.receipt)
        for path, sentences in sorted(reasons_by_file(quarantined).items()):
            ledger.became(path, *_place(path, doors), f"搁置：{'；'.join(dict.fromkeys(sentences))}")


def reasons_by_file(aside: Iterable[QuarantinedFile]) -> dict[Path, list[str]]:
    """The reasons for which each file was set aside: of one file of results there may be thousands."""
    reasons: dict[Path, list[str]] = {}
    for spoilt in aside:
        if spoilt.path is not None:
            reasons.setdefault(spoilt.path, []).append(spoilt.reason)
    return reasons


def who_brought(path: Path, run: Run) -> str:
    """Who laid a file into its door through the desk's pages; blank where nobody did."""
    return receipts.Ledger(run.installation.root).who_brought(path, *_place(path, _doors(run)))


def _doors(run: Run) -> dict[str, Path]:
    """The doors by name, those inside another first."""
    results = Path(run.inbox) / RESULTS.name
    return {_DESK: run.installation.desk, RESULTS.name: results, "inbox": Path(run.inbox)}


def _place(path: Path, doors: Mapping[str, Path]) -> tuple[str, str]:
    """The door a file lies at, and its path there."""
    place = str(path)  # thousands of files: as text, for a Path is taken apart anew by each question
    matches = ((name, f"{folder}/") for name, folder in doors.items() if place.startswith(f"{folder}/"))
    name, folder = next(matches, ("", f"{path.parent}/"))
    return name, place.removeprefix(folder)


def _is_done_with(path: Path, run: Run) -> bool:
    """Whether a file that cannot be read goes: in the inbox another kind of file may be an attachment of what is to come."""
    inbox = Path(run.inbox)
    if not path.is_relative_to(inbox):
        return path.is_relative_to(run.installation.desk)
    return is_table_file(path) or path.relative_to(inbox).parts[0].lower() == RESULTS.name


def _submissions(pulled: Pull, inbox: Path, run: Run) -> Iterator[Taken]:
    """The files whose every application is on record, and the attachments of these."""
    if pulled.tables[APPLICATIONS.name].empty:
        return
    with reading() as db:
        on_record = versions.of_contents(db, pulled.tables[APPLICATIONS.name])
    places = {row["application_no"]: (row["cycle"], int(row["version"])) for row in records(on_record)}
    pending = {file.application_no for file in pulled.quarantined} | set(
        pulled.tables[APPLICATIONS.name]["application_no"]
    )
    taken_numbers: set[str] = set()
    mentioned = pending | places.keys()
    for path, numbers in _by_path(pulled, inbox).items():
        spoken = sorted(numbers & mentioned)
        if not spoken or not places.keys() >= set(spoken):
            continue  # some of it waits for another file, or for a corrected one
        taken_numbers |= set(spoken)
        name = path.relative_to(inbox).as_posix()
        yield Taken(path, _folder(spoken[0], places), name, _receipt(name, spoken, places, run))
    for name, number in pulled.attached.items():
        if number in taken_numbers and (inbox / name).is_file():
            yield Taken(inbox / name, _folder(number, places), name, _receipt(name, [number], places, run))


def _by_path(pulled: Pull, inbox: Path) -> dict[Path, set[str]]:
    """The applications each file of the inbox speaks of; files of an archive are the archive's."""
    by_path: dict[Path, set[str]] = {}
    for name, numbers in pulled.numbers.items():
        path = pulled.paths.get(name) or _archive(name, inbox)
        if path is not None and path.is_relative_to(inbox):
            by_path.setdefault(path, set()).update(numbers)
    return by_path


def _archive(name: str, inbox: Path) -> Path | None:
    parents = (inbox / parent for parent in Path(name).parents)
    return next((path for path in parents if path.is_file()), None)


def _folder(number: str, places: Mapping[str, tuple[str, int]]) -> str:
    cycle, version = places[number]
    return f"{cycle}/{files.safe_name(number)}-v{version}"


def _receipt(name: str, numbers: Sequence[str], places: Mapping[str, tuple[str, int]], run: Run) -> str:
    listed = "、".join(f"申报{number}第{places[number][1]}版" for number in numbers[:_NAMED])
    more = f"等{len(numbers)}份" if len(numbers) > _NAMED else ""
    return f"{run.day} 收到“{name}”，作为{listed}{more}采用"


def _lists(pull: Pull, folder: str, run: Run) -> Iterator[Taken]:
    """The files of a pull that were read, each with what it was taken as."""
    for name, path in {**pull.paths, **pull.archives}.items():
        yield Taken(path, folder, name, f"{run.day} 收到“{name}”，已采用；未采用的行见 filing quarantine")


def _supervision(run: Run) -> Iterator[Taken]:
    for path, table in lists_beside(run.installation.desk) if run.installation.desk.is_dir() else ():
        name = path.relative_to(run.installation.desk).as_posix()
        yield Taken(path, f"{_DESK}/{run.day}", name, f"{run.day} 收到“{name}”（{table.title}），已采用")


def bring_back(run: Run) -> None:
    """Lay what an attachment belongs to beside it again, so that both are read together as a further version.

    An attachment that comes after its submission says nothing by itself: the submission waits below taken/. One that lies
    with another application, under whatever name they share, brings nothing back.
    """
    inbox, root = Path(run.inbox), run.installation.root / taking.TAKEN
    if not inbox.is_dir() or not root.is_dir():
        return
    late: dict[str, list[str]] = {}
    for path in inbox.rglob("*"):
        if path.is_file() and not is_table_file(path):
            late.setdefault(compared(path.name), []).append(path.relative_to(inbox).as_posix())
    if not late:
        return
    with reading() as db:
        lacking = records(applications.lacking_attachments(db))
    for row in lacking:
        name, number = str(row["file_name"]).replace("\\", "/"), str(row["application_no"])
        if not (paths := late.get(compared(name.rpartition("/")[2]))):
            continue
        folder = root / f"{row['cycle']}/{files.safe_name(number)}-v{row['version']}"
        if any(is_looked_for(path, name, number, beside) for beside in _places(folder) for path in paths):
            taking.give_back(folder, inbox)


def _places(folder: Path) -> set[str]:
    """Where the tables of a submission that was taken lay at their door: its folders there, blank for the door's own."""
    paths = folder.rglob("*") if folder.is_dir() else ()
    tables = [path for path in paths if is_table_file(path) and path.name != receipts.RECEIPT]
    return {"" if path.parent == folder else path.relative_to(folder).parent.as_posix() for path in tables}
