"""Pruning (清理旧日志): what processes wrote to `logs/` does not grow for ever; runs are pruned by Prefect's server."""

from pathlib import Path

from schemas.run import Counts
from schemas.settings import Settings

_MEGABYTE = 1_048_576


def trim_logs(installation: Settings) -> Counts:
    """Cut the older half off each log beyond its bound, in place: its process goes on writing at the end of the same file."""
    most = installation.keep_log_megabytes * _MEGABYTE
    failed: dict[str, str] = {}
    trimmed = 0
    for file in sorted((installation.root / "logs").glob("*.log")):
        try:
            if file.stat().st_size > most:
                _cut(file, most // 2)
                trimmed += 1
        except OSError as refused:
            failed[f"logs/{file.name}"] = f"{file} could not be trimmed: {refused.strerror}"
    return Counts(done={"trimmed_logs": trimmed} if trimmed else {}, failed=failed)


def _cut(file: Path, keep: int) -> None:
    """Leave the last whole lines of at most so many bytes."""
    with file.open("rb+") as handle:
        handle.seek(-keep, 2)
        handle.readline()
        rest = handle.read()
        handle.seek(0)
        handle.write(rest)
        handle.truncate()
