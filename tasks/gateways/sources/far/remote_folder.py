"""A folder on another machine, copied file by file and read like one of ours.

A file whose size and mark (ETag or time of change) are as they were is not fetched again, so a pull that stopped goes
on where it did. What a listing names is checked before anything is written: no `..`, no absolute path, no link.
"""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from tasks.gateways.sources.contents import QuarantinedFile
from tasks.gateways.sources.far.addresses import Allowance, SourceError
from tasks.gateways.sources.far.landing import Copy, Landed, Landing
from tasks.gateways.sources.formats.limits import MIB
from tasks.gateways.wire.retry import AttemptFailed

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_T = TypeVar("_T")
_CHUNK: Final = 256 * 1024
_LONGEST_PART, _LONGEST_PATH = 200, 1000  # bytes; what every file system takes
_DEEPEST: Final = 20
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_MARKS: Final = ("ETag", "etag", "checksum", "mtime", "LastModified", "modified")


Verdict = Literal["refused", "forbidden", "absent", "passing"]


def usual_verdict(error: Exception) -> Verdict:
    """What Python's own errors say."""
    if isinstance(error, FileNotFoundError):
        return "absent"
    return "forbidden" if isinstance(error, PermissionError) else "passing"


@dataclass(frozen=True)
class Remote:
    """One way to a folder far away: opening and closing it, its path there, and the errors it fails with.

    `verdict` says of an error whether the credentials or the server's identity are wrong (refused), one thing may not be
    read (forbidden), it is not there (absent), or another attempt may mend it (passing).
    """

    shown: str
    open: Callable[[], "AbstractFileSystem"]
    close: Callable[[Any], None]
    path: str
    errors: tuple[type[Exception], ...]
    verdict: Callable[[Exception], Verdict]


class _CutShortError(OSError):
    """Less came than the listing says, or more."""


class _OutOfReachError(Exception):
    """One file or folder that is not there or may not be read; the rest can be."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict


class RemoteFolder:
    """Brings a folder far away."""

    def __init__(self, remote: Remote, allowance: Allowance) -> None:
        self._remote, self._allowance = remote, allowance
        self._system: Any = None
        self._locked: list[QuarantinedFile] = []

    def land(self, landing: Landing) -> list[QuarantinedFile]:
        """A copy of everything in the folder; returns the files that could not be brought, each with the reason."""
        try:
            return self._land(landing)
        finally:
            self._disconnect()

    def _land(self, landing: Landing) -> list[QuarantinedFile]:
        listing = sorted(self._listing().items())
        if len(listing) > self._allowance.bounds.files:
            raise SourceError(f"{self._remote.shown} holds more than {self._allowance.bounds.files} files: remove some")
        draft, former = landing.draft(), landing.current
        reasons = _refused(dict(listing), self._allowance.bounds.file_bytes)
        admitted = {name: info for name, info in listing if name not in reasons}
        # first of all: where a file was that a stopped pull brought, there may be a folder by now
        for name in set(draft.entries) - set(admitted):
            draft.drop(name)
        for name, info in admitted.items():
            reason = self._bring(name, info, draft, former)
            if reason:
                reasons[name] = reason
        draft.rewrite()
        landing.settle()
        return [*self._locked, *(QuarantinedFile(_shown(name), reasons[name]) for name in sorted(reasons))]

    def _bring(self, name: str, info: Mapping[str, Any], draft: Copy, former: Copy | None) -> str | None:
        mark = _mark(info)
        for landing in (draft, former):
            entry = landing.entries.get(name) if landing else None
            if landing and entry and mark and entry.mark == mark:
                if landing is not draft:
                    draft.adopt(landing, entry)
                return None
        try:
            self._persistently(lambda: draft.put(Landed(name, mark), self._chunks(name, info)))
        except _OutOfReachError as out:
            draft.drop(name)
            # what was taken away since it was listed is as if it had never been there
            if out.verdict == "forbidden":
                return f"文件“{_shown(name)}”无法打开（没有读取权限），请检查文件权限或重新提交"
        return None

    def _chunks(self, name: str, info: Mapping[str, Any]) -> Iterator[bytes]:
        size, expected = 0, info.get("size")
        with self._connected().open(str(info["name"]), "rb", block_size=_CHUNK) as stream:
            pieces = iter(lambda: stream.read(_CHUNK), b"")
            for chunk in self._allowance.within(pieces, f"the file {_shown(name)}", self._allowance.bounds.file_bytes):
                size += len(chunk)
                yield chunk
        if expected is not None and size != int(expected):
            raise _CutShortError(f"{_shown(name)} has {expected} bytes and {size} came")

    def _listing(self) -> dict[str, Mapping[str, Any]]:
        """Every file below the folder by its path in it; hidden ones left out."""
        listed: dict[str, Mapping[str, Any]] = {}
        try:
            self._list(self._remote.path, "", listed, 0)
        except _OutOfReachError as out:
            why = "there is no such folder" if out.verdict == "absent" else "it may not be read with these credentials"
            raise SourceError(f"{self._remote.shown} cannot be read: {why}; check FILING_SOURCE") from out
        return listed

    def _list(self, path: str, prefix: str, listed: dict[str, Mapping[str, Any]], depth: int) -> None:
        self._allowance.check()
        for info in self._persistently(lambda: self._connected().ls(path, detail=True)):
            full = str(info["name"])
            name = full.rstrip("/").rpartition("/")[2]
            if full.strip("/") == path.strip("/") or name.startswith("."):
                continue  # the folder itself, as stores without folders list it; hidden ones
            if info["type"] != "directory":
                listed[prefix + name] = info
            elif depth < _DEEPEST and len(listed) <= self._allowance.bounds.files:
                self._list_below(full, f"{prefix}{name}/", listed, depth + 1)

    def _list_below(self, path: str, prefix: str, listed: dict[str, Mapping[str, Any]], depth: int) -> None:
        try:
            self._list(path, prefix, listed, depth)
        except _OutOfReachError as out:
            if out.verdict == "forbidden":
                name = _shown(prefix.rstrip("/"))
                self._locked.append(
                    QuarantinedFile(name, f"文件夹“{name}”无法打开（没有读取权限），请检查权限后重新提交")
                )

    def _persistently(self, work: Callable[[], _T]) -> _T:
        """Do something again after a lost connection, each time over a new one; what stays lost is a SourceError."""
        try:
            return self._allowance.attempts().of(lambda: self._attempt(work))
        except AttemptFailed as lost:
            raise SourceError(f"{self._remote.shown} cannot be read: {lost}") from lost

    def _attempt(self, work: Callable[[], _T]) -> _T:
        self._allowance.check()
        try:
            return work()
        except self._remote.errors as failed:
            if getattr(failed, "errno", None) in _DISK:
                raise SourceError(
                    f"the copy of {self._remote.shown} cannot be written: {_describe(failed)}"
                ) from failed
            verdict = self._remote.verdict(failed)
            if verdict in {"absent", "forbidden"}:
                raise _OutOfReachError(verdict) from failed
            self._disconnect()
            raise AttemptFailed(_describe(failed), retryable=verdict != "refused") from failed

    def _connected(self) -> "AbstractFileSystem":
        if self._system is None:
            self._system = self._remote.open()
        return self._system

    def _disconnect(self) -> None:
        system, self._system = self._system, None
        if system is not None:
            with suppress(*self._remote.errors):  # a lost connection may not close in good order
                self._remote.close(system)


def _describe(error: Exception) -> str:
    return str(error).strip() or type(error).__name__


def _mark(info: Mapping[str, Any]) -> str:
    mark = next((str(info[name]) for name in _MARKS if info.get(name)), "")
    return f"{info.get('size')}:{mark}" if mark else ""


def _refused(listing: Mapping[str, Mapping[str, Any]], most: int) -> dict[str, str]:
    """The files that are not fetched, each with the reason."""
    folders = {folder.as_posix() for name in listing for folder in PurePosixPath(name).parents}
    reasons = {name: _unusable(name, info, most) for name, info in listing.items()}
    # a store of keys has no folders, and so may hold both
    both = {name: f"文件“{_shown(name)}”与文件夹同名，请改名后重新提交" for name in listing if name in folders}
    return both | {name: reason for name, reason in reasons.items() if reason}


def _unusable(name: str, info: Mapping[str, Any], most: int) -> str | None:
    """Why a listed file is not fetched, if it is not."""
    parts = PurePosixPath(name).parts
    label = _shown(name)
    if info["type"] != "file":
        return f"“{label}”不是普通文件，请放入文件本身后重新提交"
    if not parts or name.startswith("/") or ".." in parts or any(ord(sign) < ord(" ") or sign == "\\" for sign in name):
        return f"文件“{label}”的名称不能使用，请改名后重新提交"
    encoded = [part.encode("utf-8", "replace") for part in parts]
    if max(map(len, encoded)) > _LONGEST_PART or sum(map(len, encoded)) > _LONGEST_PATH:
        return f"文件“{label[:80]}…”的名称过长，请缩短后重新提交"
    if int(info.get("size") or 0) > most:
        return f"文件“{label}”超过{most // MIB}MB，请拆分成几个文件后重新提交"
    return None


def _shown(name: str) -> str:
    text = name.encode("utf-8", errors="replace").decode("utf-8")
    return "".join(sign if sign.isprintable() else "�" for sign in text)
