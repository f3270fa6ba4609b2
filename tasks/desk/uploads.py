"""What comes in through the desk's pages: a file laid into the door it belongs to, with a receipt (回执) at once."""

import os
import shutil
import unicodedata
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from schemas.errors import WrongUseError
from schemas.settings import Settings
from tasks.gateways.disk import receipts
from tasks.gateways.disk.files import file_sha256, fill
from tasks.gateways.disk.receipts import Receipt
from tasks.gateways.sources import WORKBOOKS, is_handed_in

#: The doors (contract section 4): the code in an address, and what people read.
DOORS: Final[dict[str, str]] = {"inbox": "申报单位的申报材料", "results": "专家组的评估结果", "desk": "中心的各表"}
_TABLES: Final = (*WORKBOOKS, ".csv", ".txt", ".tsv", ".json", ".parquet")
#: What can be read, or is an attachment, by suffix.
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "inbox": (*_TABLES, ".zip", ".pdf", ".doc", ".docx", ".wps", ".jpg", ".jpeg", ".png"),
    "results": (*_TABLES, ".zip"),
    "desk": _TABLES,
}
#: How the contents of a kind begin, where they begin all alike.
_BEGINNINGS: Final[dict[str, tuple[bytes, ...]]] = {
    ".xlsx": (b"PK", b"\xd0\xcf\x11\xe0"),  # a workbook that opens with a password is no zip: the reader tells it
    ".xlsm": (b"PK", b"\xd0\xcf\x11\xe0"),
    ".xls": (b"\xd0\xcf\x11\xe0", b"PK", b"\x09"),
    ".zip": (b"PK",),
    ".docx": (b"PK", b"\xd0\xcf\x11\xe0"),
    ".pdf": (b"%PDF",),
    ".png": (b"\x89PNG",),
    ".jpg": (b"\xff\xd8",),
    ".jpeg": (b"\xff\xd8",),
    ".parquet": (b"PAR1",),
}
#: Signs nobody sees: controls, marks of direction and of joining, halves of characters.
_UNSEEN: Final = ("Cc", "Cf", "Cs")
_FULL_WIDTH: Final = str.maketrans('<>:"|?*', "＜＞：＂｜？＊")
#: Names that Windows keeps for devices, whatever stands behind a point.
_DEVICES: Final = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)),
}
#: Bytes of a name without its suffix; a longer one is cut to so many characters and a digest.
_LONGEST_STEM: Final = 220
_CUT: Final = 60
#: No file that people hand in is larger.
MOST_BYTES: Final = 256 * 1024 * 1024


class UnfitFileError(WrongUseError):
    """A file that is not taken: one Chinese sentence."""


def lay_in(installation: Settings, door: str, name: str, content: BinaryIO, by: str) -> Receipt:
    """Lay a file into a door, whole or not at all, and note its receipt; raises UnfitFileError.

    The same content under the same name is laid in once; another content gets a number behind its name.
    """
    plain = _plain(name)
    size = content.seek(0, os.SEEK_END)
    if not is_handed_in(plain):
        raise UnfitFileError(f"“{plain}”是程序留下的临时文件：请关闭后上传原文件")
    _assert_fit(door, plain, size, content)
    content.seek(0)
    digest = _digest(content)
    folder = folder_of(installation, door)
    target = _free(folder, plain, digest)
    if not (folder / target).exists():
        content.seek(0)
        fill(folder, target, lambda handle: shutil.copyfileobj(content, handle), private=True)
    return receipts.arrived(installation.root, door, target, name, size, digest, by)


def folder_of(installation: Settings, door: str) -> Path:
    """The folder of a door."""
    inbox = installation.inbox
    return {"inbox": inbox, "results": inbox / "results", "desk": installation.desk}[door]


def _plain(name: str) -> str:
    """The last part of a name, whatever system wrote it, as any system keeps it.

    Spaces and signs stay, for an attachment is looked for by its name; those that Windows forbids become full-width, which
    are compared as the same.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(sign for sign in last if unicodedata.category(sign) not in _UNSEEN).translate(_FULL_WIDTH).strip()
    stem, dot, ending = seen.rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem = stem.strip(". ") or "未命名"
    if stem.partition(".")[0].rstrip().upper() in _DEVICES:
        stem += "_"
    if len(stem.encode()) > _LONGEST_STEM:
        stem = f"{stem[:_CUT]}~{sha256(stem.encode()).hexdigest()[:8]}"
    return f"{stem}{dot}{ending.lower()}"


def _assert_fit(door: str, name: str, size: int, content: BinaryIO) -> None:
    if door not in DOORS:
        raise UnfitFileError("没有这个收件口：请选择申报材料、评估结果或中心的各表")
    suffix = Path(name).suffix
    if suffix not in KINDS[door]:
        fit = "、".join(KINDS[door])
        raise UnfitFileError(f"“{name}”的类型不能收：{DOORS[door]}请用 {fit}")
    if size == 0:
        raise UnfitFileError(f"“{name}”是空的（0 字节）：请重新导出后上传")
    if size > MOST_BYTES:
        raise UnfitFileError(f"“{name}”超过 {MOST_BYTES // 1_048_576} MB：请拆分后上传")
    content.seek(0)
    beginning = content.read(8)
    if suffix in _BEGINNINGS and not beginning.startswith(_BEGINNINGS[suffix]):
        raise UnfitFileError(f"“{name}”的内容不是 {suffix} 文件：请另存为该类型后上传")


def _free(folder: Path, name: str, digest: str) -> str:
    """The name, or with a number behind it where another content lies there under it."""
    stem, suffix = Path(name).stem, Path(name).suffix
    number = 1
    while True:
        candidate = name if number == 1 else f"{stem}（{number}）{suffix}"
        place = folder / candidate
        if not place.exists():
            return candidate
        if file_sha256(place) == digest:
            return candidate
        number += 1


def _digest(content: BinaryIO) -> str:
    digest = sha256()
    while piece := content.read(1_048_576):
        digest.update(piece)
    return digest.hexdigest()
