"""Results as panels return them: filled scoring workbooks, CSV or JSON in one folder, read as one batch of results."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from schemas.submission import RESULTS, RETURNED_RESULTS, WRITTEN
from tasks.gateways.evaluators.scoring_reader import UnreadableScoring, is_scoring_workbook, read_sheets
from tasks.gateways.sources import QuarantinedFile, pull_file
from tasks.gateways.sources.contents import UnreadableError
from tasks.gateways.sources.folder import SUFFIXES, WORKBOOKS, locked_folder
from tasks.gateways.sources.formats import plain_files
from tasks.gateways.sources.formats.archives import ARCHIVES, Opened, opened
from tasks.gateways.sources.formats.sheets import SheetOpener

FILE, PATH = "file", "path"
"""Columns of what is pulled: the file a row came in, as people are told it, and where it lies."""


def pull_results(folder: Path) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    """Every result row in the folder, in order of file names (RETURNED_RESULTS columns as text, `row` within its
    application, FILE and PATH), and the files that cannot be read with the reason."""
    locked: list[OSError] = []
    files = [(path.relative_to(folder).as_posix(), path) for path in sorted(_readable(folder, locked))]
    archives = [each for each in files if each[1].suffix.lower() in ARCHIVES]
    with ExitStack() as stack:
        inside = Opened()
        if archives:
            spare = stack.enter_context(TemporaryDirectory(prefix="filing-archives-"))
            inside = opened(folder, archives, Path(spare))
        rows, refused = _all([*(each for each in files if each not in archives), *inside.files.items()])
        # what lay in an archive is gone from here
        rows[PATH] = rows[PATH].where(~rows[FILE].isin(list(inside.files)), None)
    refused += inside.refused
    closed = [error for error in locked if not isinstance(error, FileNotFoundError)]
    return rows, [*refused, *(locked_folder(folder.parent, error) for error in closed)]


def results_folders(inbox: Path) -> list[Path]:
    """Where results lie in an inbox: in `results`, however somebody wrote it; at least one, which may not be there."""
    found = []
    with suppress(OSError):  # what is wrong with the inbox is said where submissions are pulled
        found = sorted(path for path in inbox.iterdir() if path.name.lower() == RESULTS.name)
    return found or [inbox / RESULTS.name]


def read_results(file: Path) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    """One file of results of any of these kinds, as `pull_results` gives it; raises FileNotFoundError."""
    if not file.is_file():
        raise FileNotFoundError(f"'{file}' is not a file: name the file to import")
    return _all([(file.name, file)])


def _readable(folder: Path, locked: list[OSError]) -> Iterator[Path]:
    for where, _, names in plain_files.walk(folder, locked.append):
        for name in names:
            if plain_files.is_handed_in(name):
                yield where / name


def _all(files: list[tuple[str, Path]]) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    columns = [*RETURNED_RESULTS.names, WRITTEN, FILE, PATH]
    parts: list[pd.DataFrame] = []
    refused: list[QuarantinedFile] = []
    with SheetOpener() as opener:
        for name, path in files:
            shown = os.fsencode(name).decode("utf-8", errors="replace")
            try:
                frame, spoilt = _read(opener, shown, path)
            except (UnreadableScoring, UnreadableError) as unreadable:
                refused.append(QuarantinedFile(shown, unreadable.reason, path=path))
                continue
            part = frame.assign(**{FILE: shown})
            part[PATH] = pd.Series([path] * len(part), part.index, dtype=object)
            parts.append(part)
            refused += spoilt
    rows = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns, dtype="str")
    return rows.assign(row=rows.groupby("application_no").cumcount() + 1), refused


def _read(opener: SheetOpener, name: str, path: Path) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    if path.suffix.lower() not in SUFFIXES:
        raise UnreadableError(f"“{name}”不能作为评估结果读取，请填写评分表、以工作簿报送")
    if path.suffix.lower() in WORKBOOKS:
        sheets = opener.open(name, plain_files.content(path.parent, name, path))
        if is_scoring_workbook(sheets):
            scored = read_sheets(name, sheets)
            return scored.results.assign(token=scored.token), []
    if not os.path.isfile(path):  # noqa: PTH113  of a folder nobody may enter pathlib raises
        raise UnreadableError(f"“{name}”不是普通文件，请放入文件本身后重新报送")
    pulled = pull_file(path, RETURNED_RESULTS.name)
    spoilt = list(pulled.quarantined)
    if RETURNED_RESULTS.name not in pulled.tables:
        return pd.DataFrame(columns=[*RETURNED_RESULTS.names, WRITTEN], dtype="str"), spoilt
    return pulled.tables[RETURNED_RESULTS.name][[*RETURNED_RESULTS.names, WRITTEN]], spoilt
