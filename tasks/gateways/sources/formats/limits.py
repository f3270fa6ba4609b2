"""How much a file may unfold to before it is opened."""

import zipfile
from io import BytesIO
from typing import Final

from tasks.gateways.disk.files import LARGEST_BYTES
from tasks.gateways.sources.contents import UnreadableError

MIB: Final = 1024 * 1024
#: Nested JSON of 32,000 applications is smaller, and so is their largest table as CSV; a reader holds several copies.
MAX_FILE_BYTES: Final = LARGEST_BYTES
MAX_DELIMITED_BYTES: Final = 256 * MIB
#: A workbook of 32,000 applications unfolds to less; the readers keep to the sizes an archive declares.
MAX_WORKBOOK_BYTES: Final = 200 * MIB
MAX_WORKBOOK_MEMBERS: Final = 2_000
#: Sheets full of repeated styles reach 1:100; archives made to burst memory 1:1000.
MAX_RATIO: Final = 300
RATIO_MATTERS_FROM: Final = 10 * MIB
#: Merged ranges may overlap without end in a file made by hand.
MAX_MERGED_CELLS: Final = 20_000_000
MAX_ROWS: Final = 5_000_000
#: What one text file may hold: each cell costs its reader up to thirty bytes, each object a hundred and more.
MAX_CELLS: Final = 50_000_000
MAX_OBJECTS: Final = 6_000_000
#: Of different names in one file; each that no table has is looked at and reported.
MAX_COLUMNS: Final = 2_000

_SPLIT_LARGE = "请拆分成几个文件后重新提交"
#: The record an archive ends with, the place in it of its list's size, and what a member takes in that list at most.
_END_OF_ARCHIVE: Final = b"PK\x05\x06"
_LIST_SIZE: Final = 12
_MEMBER_BYTES: Final = 1024
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check_size(name: str, size: int) -> None:
    """Refuses an empty file and one larger than any real one of its kind."""
    if size == 0:
        raise UnreadableError(f"文件“{name}”是空的（0字节），请重新导出后提交")
    most = MAX_DELIMITED_BYTES if name.lower().endswith((".csv", ".tsv")) else MAX_FILE_BYTES
    if size > most:
        raise UnreadableError(f"文件“{name}”超过{most // MIB}MB，{_SPLIT_LARGE}")


def check_text(name: str, data: bytes) -> None:
    """Refuses text that is nothing but separators: read, it takes many times the memory of its bytes."""
    cells = sum(data.count(sign) for sign in (b",", b"\t", b";", b"|", "，".encode()))
    if cells > MAX_CELLS or data.count(b"{") + data.count(b"[") > MAX_OBJECTS:
        raise UnreadableError(f"文件“{name}”的单元格过多，{_SPLIT_LARGE}")


def check_rows(name: str, rows: int) -> None:
    """Refuses a table of more rows than any real one has."""
    if rows > MAX_ROWS:
        raise UnreadableError(f"文件“{name}”超过{MAX_ROWS}行，{_SPLIT_LARGE}")


def check_columns(name: str, columns: int) -> None:
    """Refuses a file of more columns than all tables have together by far."""
    if columns > MAX_COLUMNS:
        raise UnreadableError(f"文件“{name}”的列名超过{MAX_COLUMNS}个，请只保留申报表的各列后重新提交")


def lists_too_many(data: bytes, most: int) -> bool:
    """Whether an archive's list of members is too long for so many: reading it takes many times the memory of its bytes."""
    end = data.rfind(_END_OF_ARCHIVE)
    size = int.from_bytes(data[end + _LIST_SIZE : end + _LIST_SIZE + 4], "little") if end >= 0 else 0
    return size > most * _MEMBER_BYTES


def check_workbook(name: str, data: bytes) -> None:
    """Refuses what is no workbook, or unfolds to too much."""
    if data.startswith(_OLE):
        return  # an old one or an encrypted one; neither is packed
    if lists_too_many(data, MAX_WORKBOOK_MEMBERS):
        raise UnreadableError(f"工作簿“{name}”展开后过大，{_SPLIT_LARGE}")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as broken:
        raise UnreadableError(
            f"文件“{name}”不是完整的工作簿，可能已损坏，请用表格软件打开、另存为.xlsx后重新提交"
        ) from broken
    _check_members(name, members)


def _check_members(name: str, members: list[zipfile.ZipInfo]) -> None:
    unfolded = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MAX_WORKBOOK_MEMBERS or unfolded > MAX_WORKBOOK_BYTES:
        raise UnreadableError(f"工作簿“{name}”展开后过大，{_SPLIT_LARGE}")
    if unfolded > RATIO_MATTERS_FROM and unfolded > MAX_RATIO * max(packed, 1):
        raise UnreadableError(f"工作簿“{name}”压缩比异常，请用表格软件打开、另存后重新提交")
