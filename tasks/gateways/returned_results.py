"""Results as panels return them: filled scoring workbooks, CSV or JSON in one folder, read as one batch of results."""

from pathlib import Path

import pandas as pd

from schemas.submission import RESULTS
from tasks.gateways.evaluators.scoring_reader import UnreadableScoring, is_scoring_workbook, read_scoring_workbook
from tasks.gateways.sources import QuarantinedFile, pull_file

_READABLE = {".xlsx", ".csv", ".tsv", ".json", ".parquet"}


def pull_results(folder: Path) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    """Every result row in the folder, in order of file names (RESULTS columns as text, and `row` within its
    application), and the files that cannot be read with the reason."""
    found = sorted(folder.rglob("*")) if folder.is_dir() else []
    readable = [path for path in found if path.suffix.lower() in _READABLE and not path.name.startswith(("~$", "."))]
    return _all([(path.relative_to(folder).as_posix(), path) for path in readable])


def read_results(file: Path) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    """One file of results of any of these kinds, as `pull_results` gives it; raises FileNotFoundError."""
    if not file.is_file():
        raise FileNotFoundError(f"'{file}' is not a file: name the file to import")
    return _all([(file.name, file)])


def _all(files: list[tuple[str, Path]]) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    parts: list[pd.DataFrame] = []
    refused: list[QuarantinedFile] = []
    for name, path in files:
        try:
            frame, spoilt = _read(path)
        except UnreadableScoring as unreadable:
            refused.append(QuarantinedFile(name, str(unreadable)))
            continue
        except OSError as closed:
            refused.append(
                QuarantinedFile(name, f"文件“{name}”无法打开（{closed.strerror}），请检查文件权限后重新报送")
            )
            continue
        parts.append(frame)
        refused += spoilt
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*RESULTS.names, "row"])
    return rows.assign(row=rows.groupby("application_no").cumcount() + 1), refused


def _read(path: Path) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    if path.suffix.lower() == ".xlsx" and is_scoring_workbook(path):
        return read_scoring_workbook(path)[RESULTS.names], []
    pulled = pull_file(path, "results")
    if "results" not in pulled.tables:
        return pd.DataFrame(columns=RESULTS.names), list(pulled.quarantined)
    return pulled.tables["results"][RESULTS.names], list(pulled.quarantined)
