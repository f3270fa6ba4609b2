"""How much a file may unfold to before it is opened; the sizes the notice sets for attachments are the policy's."""

import re
import zipfile
from io import BytesIO
from typing import Final

from tasks.gateways.sources.contents import UnreadableError

MIB: Final = 1024 * 1024
MAX_FILE_BYTES: Final = 1024 * MIB
#: A workbook of 32,000 applications unfolds to less; the readers keep to the sizes an archive declares.
MAX_WORKBOOK_BYTES: Final = 200 * MIB
MAX_WORKBOOK_MEMBERS: Final = 2_000
#: Sheets full of repeated styles reach 1:100; archives made to burst memory 1:1000.
MAX_RATIO: Final = 300
RATIO_MATTERS_FROM: Final = 10 * MIB
#: The reader lays a sheet out as a full rectangle from A1 to its last value, whatever lies between.
MAX_SHEET_CELLS: Final = 20_000_000
MAX_ROWS: Final = 5_000_000

_SPLIT_LARGE = "请拆分成几个文件后重新提交"
_CELL_WITH_VALUE = re.compile(rb"""<(?:\w+:)?c\s[^<>]*?\br=["']([A-Za-z]{1,3})([0-9]{1,7})["'][^<>]*(?<!/)>\s*<[^/]""")
_CELL = re.compile(rb"<(?:\w+:)?c[\s>]")
_ROW = re.compile(rb"""<(?:\w+:)?row\b(?:[^<>]*?\br=["']([0-9]{1,7})["'])?""")
_OLE, _ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "EncryptedPackage".encode("utf-16-le")


def check_size(name: str, size: int) -> None:
    """Refuses an empty file and one larger than a gibibyte."""
    if size == 0:
        raise UnreadableError(f"文件“{name}”是空的（0字节），请重新导出后提交")
    if size > MAX_FILE_BYTES:
        raise UnreadableError(f"文件“{name}”超过{MAX_FILE_BYTES // MIB}MB，{_SPLIT_LARGE}")


def check_rows(name: str, rows: int) -> None:
    """Refuses a table of more rows than any real one has."""
    if rows > MAX_ROWS:
        raise UnreadableError(f"文件“{name}”超过{MAX_ROWS}行，{_SPLIT_LARGE}")


def check_workbook(name: str, data: bytes) -> None:
    """Refuses what is no workbook, is encrypted, unfolds to too much or has a value at the far end of a sheet."""
    if data.startswith(_OLE):
        raise UnreadableError(_what_ole_is(name, data))
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_members(name, archive.infolist())
            for member in archive.infolist():
                if member.filename.lower().endswith(".xml") and "worksheets/" in member.filename:
                    _check_extent(name, archive.read(member))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError) as broken:
        raise UnreadableError(
            f"文件“{name}”不是完整的xlsx工作簿，可能已损坏，请用表格软件打开、另存为.xlsx后重新提交"
        ) from broken


def _what_ole_is(name: str, data: bytes) -> str:
    if _ENCRYPTED in data:
        return f"工作簿“{name}”设有打开密码，请取消密码、另存后重新提交"
    return f"文件“{name}”是旧版Excel格式，请用表格软件另存为.xlsx后重新提交"


def _check_members(name: str, members: list[zipfile.ZipInfo]) -> None:
    unfolded = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MAX_WORKBOOK_MEMBERS or unfolded > MAX_WORKBOOK_BYTES:
        raise UnreadableError(f"工作簿“{name}”展开后过大，{_SPLIT_LARGE}")
    if unfolded > RATIO_MATTERS_FROM and unfolded > MAX_RATIO * max(packed, 1):
        raise UnreadableError(f"工作簿“{name}”压缩比异常，请用表格软件打开、另存后重新提交")


def _check_extent(name: str, sheet: bytes) -> None:
    """A stray value in the last cell of an otherwise small sheet would cost the reader hundreds of gigabytes."""
    width, height = 1, 1
    cells = 0
    for column, row in _CELL_WITH_VALUE.findall(sheet):
        width, height, cells = max(width, _column_number(column)), max(height, int(row)), cells + 1
    every_cell = len(_CELL.findall(sheet))
    if every_cell > cells and b"<c>" in sheet:
        rows = _ROW.split(sheet)[1:]
        height = max([height, len(rows) // 2, *(int(number) for number in rows[::2] if number)])
        width = max([width, *(len(_CELL.findall(row)) for row in rows[1::2])])
    if width * height > MAX_SHEET_CELLS:
        raise UnreadableError(
            f"工作簿“{name}”有工作表在第{height}行、第{width}列附近还有内容，范围过大，请删除表格以外的多余内容后重新提交"
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
