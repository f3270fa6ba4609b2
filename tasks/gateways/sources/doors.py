"""The three doors things come in by, and which tables each may bring (contract section 4)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from schemas.inspection import INSPECTORS_TABLE, OUTCOMES_TABLE
from schemas.submission import FORM_TABLES, READ_TABLES, RESULTS, RETURNED_RESULTS, Table
from schemas.supervision import COMPLAINTS_TABLE
from tasks.gateways.sources.cells.headers import key
from tasks.gateways.sources.contents import FileContent, QuarantinedFile, UnreadableError
from tasks.gateways.sources.formats import plain_files

_FORM: Final = frozenset(table.name for table in FORM_TABLES)


@dataclass(frozen=True)
class Door:
    """The names of the tables that may come in, and where the others belong, as the end of a sentence.

    `table`: what every file is, whatever its name; None where its name or its sheets say so. `besides`: files of these
    names are lists that are read elsewhere.
    """

    tables: frozenset[str]
    elsewhere: str = ""
    table: Table | None = None
    besides: tuple[Table, ...] = ()

    def other_list(self, file: Path) -> Table | None:
        """The list read elsewhere that a file's name says it is."""
        name = key(file.stem)
        return next((table for table in self.besides if name in (key(table.name), key(table.title))), None)

    def admitted(self, content: FileContent) -> FileContent:
        """The content without what this door does not bring, which is reported; raises UnreadableError where nothing is left."""
        others = [part for part in content.parts if part.table not in self.tables]
        if not others:
            return content
        titles = "、".join(dict.fromkeys(READ_TABLES[part.table].title for part in others))
        parts = [part for part in content.parts if part.table in self.tables]
        file = others[0].file
        if not parts:
            raise UnreadableError(f"文件“{file}”是“{titles}”，未采用：{self.elsewhere}", foreign=True)
        aside = list(content.aside)
        if any(len(part) for part in others):
            reason = f"文件“{file}”中的“{titles}”未采用：{self.elsewhere}"
            aside.append(QuarantinedFile(file, reason, whole=False, sheet=titles))
        unknown = [header for header in content.unknown_columns if not header.table or header.table in self.tables]
        return replace(content, parts=parts, unknown_columns=unknown, aside=aside)


#: A single file that a person names with its kind.
NAMED: Final = Door(frozenset(READ_TABLES))
#: What panels hand in: results, and nothing else.
PANELS: Final = Door(frozenset({RESULTS.name}), "此处只收评估结果，请将其他各表放入各自的文件夹", RETURNED_RESULTS)
#: What the centre brings itself: every table but the form's.
DESK: Final = Door(
    frozenset(READ_TABLES) - _FORM,
    "申报材料请放入收件箱（inbox）后重新提交",
    besides=(COMPLAINTS_TABLE, INSPECTORS_TABLE, OUTCOMES_TABLE),
)
#: The desk's folder below a folder that is given to a run.
DESK_FOLDER: Final = "desk"


def applicants(besides: Iterable[str] = ()) -> Door:
    """The applicants' door: the tables of the form, and those `besides` that FILING_SOURCE_TABLES names."""
    return Door(
        _FORM | frozenset(besides),
        f"该表不由申报单位报送，评估结果请放入{RESULTS.name}文件夹，其他各表由中心放入desk文件夹或用filing import导入",
    )


def folders_named(place: Path, name: str) -> list[Path]:
    """The folders of a name in a place, however somebody wrote it, in order; none where the place cannot be listed."""
    try:
        return sorted(path for path in place.iterdir() if path.name.lower() == name and path.is_dir())
    except OSError:  # reported where the submissions of the place are pulled
        return []


def lists_beside(folder: Path) -> list[tuple[Path, Table]]:
    """The files in a folder and below that are lists read elsewhere, in the order of their paths."""
    lists = []
    for where, _, names in plain_files.walk(folder, lambda _closed: None):  # reported when the folder is pulled
        for name in names:
            table = DESK.other_list(where / name)
            if table is not None and plain_files.is_handed_in(name):
                lists.append((where / name, table))
    return sorted(lists, key=lambda entry: entry[0])
