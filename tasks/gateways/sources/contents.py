"""What reading gives: parts of tables, what was set aside, and the pull as a whole."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

import pandas as pd
import polars as pl

from schemas.errors import FilingError
from schemas.finding import IDENTITY, IDENTITY_NUMBER, masked

LINE: Final = "line"
"""Column of a part: where a person finds the row (sheet row, line of the file, place in the list), from 1."""
FLAW: Final = "flaw"
"""Column of a part: one Chinese sentence saying why the row cannot be used; null for a good row."""


class UnreadableError(FilingError):
    """A file that cannot be read; the text is one Chinese sentence saying why and how to mend it.

    `foreign` marks a file that opens but holds no submission: an attachment may be such a file.
    """

    def __init__(self, reason: str, *, foreign: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.foreign = foreign


#: What looks like an identity number or a mobile telephone's: a spoiled file may bring one where a name was looked for.
_PERSONAL: Final = re.compile(rf"(?<!\d)(?:{IDENTITY}|{IDENTITY_NUMBER}|1[3-9]\d{{9}})(?!\d)")


#: Signs that break a line, turn text around or cannot be stored: a file's or a column's name may bring them.
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def discreet(sentence: str) -> str:
    """A sentence on one line in which nobody's identity number or mobile telephone can be read."""
    return _PERSONAL.sub(lambda match: masked(match.group()), _UNSEEN.sub("\ufffd", sentence))


@dataclass(frozen=True)
class QuarantinedFile:
    """What was set aside: a `whole` file, or rows of it; with `application_no`, what concerns that application.

    `sheet` and `row` are where people find the rows, several joined by commas. `path` is where a whole file lies: its name
    may not be text at all.
    """

    file: str
    reason: str
    application_no: str = ""
    whole: bool = True
    sheet: str = ""
    row: str = ""
    path: Path | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", discreet(self.file))
        object.__setattr__(self, "reason", discreet(self.reason))


@dataclass(frozen=True)
class UnknownColumn:
    """A column no table has; its cells are kept out."""

    file: str
    table: str
    column: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", discreet(self.column))


@dataclass(frozen=True)
class Advice:
    """Something worth telling the person who handed the file in; nothing was set aside for it."""

    file: str
    sentence: str
    application_no: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sentence", discreet(self.sentence))


Cells = Mapping[str, Sequence[str | None]]


@dataclass(frozen=True, eq=False)
class Part:
    """The rows one file brings to one table: canonical columns as text, `line` and `flaw`.

    Rows of a `closed` part may only name applications of the same file: a workbook speaks for its own applications.
    The rows are a `frame`, or the `cells` and `lines` of one sheet: to make a frame of each of thousands of sheets costs
    more than to read them.
    """

    file: str
    table: str
    frame: pl.DataFrame | None = None
    closed: bool = False
    cells: Cells = field(default_factory=dict)
    lines: Sequence[int] = ()

    @cached_property
    def rows(self) -> pl.DataFrame:
        return frame_of(self.cells, self.lines) if self.frame is None else self.frame

    def __len__(self) -> int:
        return len(self.lines) if self.frame is None else len(self.frame)

    @property
    def columns(self) -> list[str]:
        """The canonical columns that the file has."""
        if self.frame is None:
            return list(self.cells)
        return [name for name in self.frame.columns if name not in (LINE, FLAW)]

    def column(self, name: str) -> Sequence[str | None]:
        """The cells of one column."""
        return self.cells[name] if self.frame is None else self.frame[name].to_list()


def frame_of(cells: Cells, lines: Sequence[int]) -> pl.DataFrame:
    """Cells and their lines as a frame of rows without a flaw."""
    schema = {**dict.fromkeys(cells, pl.String()), LINE: pl.Int64(), FLAW: pl.String()}
    return pl.DataFrame({**cells, LINE: lines, FLAW: [None] * len(lines)}, schema=schema)


@dataclass(frozen=True, eq=False)
class FileContent:
    """All that one file brings; `aside` is what is not read.

    `absent` names the form sheets a workbook with applications lacks, `unplaced` its sheets that are none of ours.
    """

    parts: list[Part] = field(default_factory=list)
    unknown_columns: list[UnknownColumn] = field(default_factory=list)
    advice: list[Advice] = field(default_factory=list)
    absent: tuple[str, ...] = ()
    unplaced: tuple[str, ...] = ()
    aside: list[QuarantinedFile] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Pull:
    """Everything a source held at one time (contract section 4).

    `tables` holds every supplied table and always the five of the form: canonical columns as cleaned text (dtype str,
    NaN = blank) and `row` (int, from 1 within the application's part, or within the table where rows name no
    application). `applications` also has `content_hash`, `materials` also `attachment_sha256` (NaN: no such file),
    tables beside the form's `line`. `paths` are where the files lie that were read, by the name shown to people, and
    `archives` those of which files were read;
    `origins` is, by table, the file of each row, `attached` the application of each attachment by its path; `numbers`
    are the applications each file speaks of, also those whose version there does not count or was set aside.
    """

    tables: dict[str, pd.DataFrame]
    supplied: frozenset[str]
    quarantined: list[QuarantinedFile]
    unknown_columns: list[UnknownColumn]
    advice: list[Advice]
    paths: Mapping[str, Path] = field(default_factory=dict)
    origins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    attached: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    archives: Mapping[str, Path] = field(default_factory=dict)

    def place(self, file: str) -> Path | None:
        """Where a file lies, or the archive that it came in; None where neither is known."""
        names = [file, *(str(parent) for parent in PurePosixPath(file).parents)]
        return next((path for name in names if (path := self.paths.get(name) or self.archives.get(name))), None)
