"""Zip archives opened beside the inbox, each as a folder of its own, within bounds."""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final

from tasks.gateways.sources.contents import QuarantinedFile, UnreadableError
from tasks.gateways.sources.formats import limits, plain_files

ARCHIVES: Final = (".zip",)
#: Archives of other makers, which no library of ours opens.
FOREIGN: Final = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
MAX_MEMBERS: Final = 5_000
MAX_BYTES: Final = 1024 * limits.MIB
_CHUNK: Final = 1024 * 1024
_UTF8: Final = 0x800
_ENCRYPTED: Final = 0x1


@dataclass
class Opened:
    """The files of archives by the path shown to people, and what could not be opened."""

    files: dict[str, Path] = field(default_factory=dict)
    refused: list[QuarantinedFile] = field(default_factory=list)


def opened(root: Path, archives: Iterable[tuple[str, Path]], spare: Path) -> Opened:
    """The files of these archives (shown name, path below `root`), unpacked below `spare`; shown names are `a.zip/b.pdf`."""
    contents = Opened()
    room = MAX_BYTES
    for place, (name, path) in enumerate(archives):
        folder = spare / str(place)
        try:
            files = _unpacked(name, plain_files.content(root, name, path), folder, room)
        except UnreadableError as unreadable:
            shutil.rmtree(folder, ignore_errors=True)
            contents.refused.append(QuarantinedFile(name, unreadable.reason, path=path))
            continue
        room -= sum(file.stat().st_size for file in files.values())
        for inner, file in files.items():
            if Path(inner).suffix.lower() in (*ARCHIVES, *FOREIGN):
                reason = f"压缩包“{name}”中还有压缩包“{inner}”，未打开，请解压后重新提交"
                contents.refused.append(QuarantinedFile(f"{name}/{inner}", reason, whole=False))
            else:
                contents.files[f"{name}/{inner}"] = file
    return contents


def _unpacked(name: str, data: bytes, folder: Path, room: int) -> dict[str, Path]:
    """The archive's files by their names in it, which lead nowhere else; raises UnreadableError."""
    if limits.lists_too_many(data, MAX_MEMBERS):
        raise _too_many(name)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(name, members, room)
            files: dict[str, Path] = {}
            for place, member in enumerate(members):
                inner = _named(member)
                if _is_of_the_system(inner):
                    continue
                # on disk it has a name of ours: theirs may be too long, or mean something to a system
                target = folder / str(place) / f"file{PurePosixPath(inner).suffix[:20]}"
                _copy(name, archive, member, target)
                files[inner] = target
            return files
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError) as broken:
        raise UnreadableError(f"压缩包“{name}”无法打开，可能已损坏，请重新压缩为zip后提交") from broken


def _check(name: str, members: list[zipfile.ZipInfo], room: int) -> None:
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise UnreadableError(f"压缩包“{name}”设有密码，请取消密码、重新压缩后提交")
    if len(members) > MAX_MEMBERS:
        raise _too_many(name)
    unfolded, packed = (sum(getattr(member, size) for member in members) for size in ("file_size", "compress_size"))
    if unfolded > room or (unfolded > limits.RATIO_MATTERS_FROM and unfolded > limits.MAX_RATIO * max(packed, 1)):
        raise UnreadableError(f"压缩包“{name}”展开后过大，请拆分成几个压缩包后重新提交")
    for member in members:
        inner = PurePosixPath(_named(member))
        if inner.is_absolute() or ".." in inner.parts or stat.S_ISLNK(member.external_attr >> 16):
            raise UnreadableError(f"压缩包“{name}”中有指向其他位置的文件，未打开，请重新压缩后提交")


def _too_many(name: str) -> UnreadableError:
    return UnreadableError(f"压缩包“{name}”中的文件超过{MAX_MEMBERS}个，请拆分成几个压缩包后重新提交")


def _named(member: zipfile.ZipInfo) -> str:
    """The member's name; without a sign that it is UTF-8 Chinese systems write GBK."""
    name = member.filename
    if not member.flag_bits & _UTF8:
        raw = name.encode("cp437", errors="replace")
        for coding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(coding)
                break
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/")


def _is_of_the_system(inner: str) -> bool:
    parts = PurePosixPath(inner).parts
    return "__MACOSX" in parts or not plain_files.is_handed_in(parts[-1] if parts else "")


def _copy(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """One member, no larger than it says: the sizes an archive declares are only what its writer says."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(member) as source, target.open("xb") as copy:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > member.file_size:
                raise UnreadableError(f"压缩包“{name}”展开后过大，请拆分成几个压缩包后重新提交")
            copy.write(chunk)
