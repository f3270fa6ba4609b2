"""The process in which workbooks and Parquet files are opened, run as a script: what a hostile one does ends here.

The workbook library lays a sheet out as a full rectangle from A1 to its last value: one stray value at the far end asks
for hundreds of gigabytes, and an allocation that fails in it aborts the process, which nothing can catch. A Parquet file
of some kilobytes may unfold to as much, and the sizes it declares are only what its writer says. So it is never the
process of the pull, and it has limits of its own. It imports nothing of the program, to start in an instant.
"""

import html
import pickle
import re
import resource
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, BinaryIO, Final
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

MEMORY_BYTES: Final = 3 * 1024**3
#: Of processor time, for one file; the largest a reader takes (200 MB unfolded) needs a quarter of it.
SECONDS: Final = 120
#: What a Parquet file may unfold to; the pull holds it twice.
MAX_COLUMNS_BYTES: Final = 1024**3
#: The first day of the year 1 and the last of 9999, counted from 1970.
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
LENGTH_BYTES: Final = 8

#: What stands for a formula that was never worked out.
UNCALCULATED: Final = "="
#: Workbooks under this password are only protected against changes; every program opens them.
_PROTECTION: Final = "VelvetSweatshop"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Records of an old workbook: the name and place of a sheet, a row with the sign that it does not show, an end.
_BOUND_SHEET: Final = 0x0085
_NAME_AT: Final = 8
_ROW: Final = 0x0208
_ROW_BYTES: Final = 16
_ZERO_HEIGHT: Final = 0x20
_END_OF_PART: Final = 0x000A
_HIDDEN_ROW: Final = re.compile(rb'<(?:\w+:)?row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*\br="(\d+)"')
#: A cell's formula, with a prefix or without; those of conditions and choices are called otherwise.
_FORMULAS: Final = (re.compile(rb"<f[\s/>]"), re.compile(rb":f[\s/>]"))
_CELL: Final = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]{1,3})(\d+)"(?P<tail>[^>]*)>\s*'
    rb"(?P<formula><(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>))?\s*(?:<(?:\w+:)?v>(?P<value>[^<]*)</(?:\w+:)?v>|<(?:\w+:)?v\s*/>)?"
)
#: An entry's own head in an archive (PKWARE's APPNOTE, 4.3.7), as far as it is asked, and flags of hard ones.
_HEAD: Final = struct.Struct("<4s22xHH")
_HARD: Final = 0x61


def sheets(data: bytes) -> bytes:
    """The pickled worksheets, b"locked" for a workbook with a password, or None for what does not open.

    Of each: name, whether it shows, lines of typed cells from A1, merged ranges, hidden rows (from 0), and cells without a
    value as (row, column, what stands there); then whether days are counted from 1904.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum  # noqa: PLC0415  not for Parquet

    data = _unprotected(data) or data
    try:
        with CalamineWorkbook.from_filelike(BytesIO(data)) as workbook:
            entries = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            hidden, broken, from_1904 = _beside(data)
            # plain tuples: the program's classes are not known here
            read = [
                (
                    entry.name,
                    entry.visible == SheetVisibleEnum.Visible,
                    sheet.to_python(skip_empty_area=False),
                    sheet.merged_cell_ranges or [],
                    hidden.get(entry.name, []),
                    broken.get(entry.name, []),
                )
                for entry in entries
                for sheet in [workbook.get_sheet_by_name(entry.name)]
            ]
            return pickle.dumps((read, from_1904))
    except CalamineError as error:
        return pickle.dumps(b"locked" if "password" in str(error).lower() or _is_locked(data) else None)


def _unprotected(data: bytes) -> bytes | None:
    """A workbook that is protected against changes alone, opened; None for any other."""
    if not _is_locked(data):
        return None
    import msoffcrypto  # noqa: PLC0415  for few files

    opened = BytesIO()
    try:
        office = msoffcrypto.OfficeFile(BytesIO(data))
        office.load_key(password=_PROTECTION)
        office.decrypt(opened)
    except Exception:  # noqa: BLE001  of whatever a broken file makes of it: it stays locked
        return None
    return opened.getvalue()


def _is_locked(data: bytes) -> bool:
    """Whether the workbook is encrypted."""
    if not data.startswith(_OLE):
        return False
    if "EncryptedPackage".encode("utf-16-le") in data:
        return True
    import msoffcrypto  # noqa: PLC0415  for few files

    try:
        return bool(msoffcrypto.OfficeFile(BytesIO(data)).is_encrypted())
    except Exception:  # noqa: BLE001  no workbook at all
        return False


_Beside = tuple[dict[str, list[int]], dict[str, list[tuple[int, int, str]]], bool]


def _beside(data: bytes) -> _Beside:
    """What the workbook library leaves out: hidden rows, and of .xlsx cells whose formula failed and the first day."""
    if data.startswith(_OLE):
        return _hidden_in_xls(data), {}, False
    try:
        with ZipFile(BytesIO(data)) as archive:
            names = set(archive.namelist())
            if "content.xml" in names:
                return _hidden_in_ods(archive.read("content.xml")), {}, False
            if "xl/workbook.xml" not in names:
                return {}, {}, False
            book = _part(archive, data, "xl/workbook.xml")
            relations = _part(archive, data, "xl/_rels/workbook.xml.rels")
            targets = {
                _attribute(tag, b"Id"): _attribute(tag, b"Target")
                for tag in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", relations)
            }
            hidden, broken = {}, {}
            for tag in re.findall(rb"<(?:\w+:)?sheet\b[^>]*>", book):
                target = targets.get(_attribute(tag, b"id"), "")
                path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                if path in names:
                    sheet = html.unescape(_attribute(tag, b"name"))
                    xml = _part(archive, data, path)
                    hidden[sheet] = [int(row) - 1 for row in _HIDDEN_ROW.findall(xml)] if b"hidden=" in xml else []
                    broken[sheet] = list(_broken(xml)) if b't="e"' in xml or _has_formula(xml) else []
            return hidden, broken, b'date1904="1"' in book or b'date1904="true"' in book
    except (BadZipFile, KeyError, NotImplementedError, OSError, ValueError, zlib.error):
        return {}, {}, False


def _part(archive: ZipFile, data: bytes, name: str) -> bytes:
    """One part of a workbook, unfolded at once; zipfile reads one that is packed otherwise, or says how it is damaged."""
    entry = archive.getinfo(name)
    place = entry.header_offset + _HEAD.size
    sign, letters, more = _HEAD.unpack(data[entry.header_offset : place].ljust(_HEAD.size))
    begin = place + letters + more
    is_plain = sign == b"PK\3\4" and entry.compress_type == ZIP_DEFLATED and not entry.flag_bits & _HARD
    if is_plain and data[place : place + letters] == name.encode() and entry.file_size:
        packed = data[begin : begin + entry.compress_size]
        text = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, entry.file_size)
        if len(text) == entry.file_size and zlib.crc32(text) == entry.CRC:
            return text
    return archive.read(name)


def _attribute(tag: bytes, name: bytes) -> str:
    match = re.search(rb"(?:\s|:)" + name + rb'="([^"]*)"', tag)
    return match[1].decode("utf-8", "replace") if match else ""


def _has_formula(xml: bytes) -> bool:
    """Whether a sheet may have a formula; one pattern for both would be looked for letter by letter."""
    return any(formula.search(xml) for formula in _FORMULAS)


def _broken(xml: bytes) -> Iterator[tuple[int, int, str]]:
    for cell in _CELL.finditer(xml):
        failed = b't="e"' in cell["tail"]
        if failed or (cell["formula"] and not cell["value"] and b't="str"' not in cell["tail"]):
            column = 0
            for letter in cell[1]:
                column = column * 26 + letter - 64
            text = (cell["value"] or b"#N/A").decode("utf-8", "replace") if failed else UNCALCULATED
            yield int(cell[2]) - 1, column - 1, text


def _hidden_in_xls(data: bytes) -> dict[str, list[int]]:
    """The hidden and filtered-out rows of each sheet of an old workbook (BIFF8 records: MS-XLS 2.4.28, 2.4.221)."""
    import olefile  # noqa: PLC0415  for few files

    try:
        with olefile.OleFileIO(BytesIO(data)) as file:
            book = file.openstream("Workbook").read()
    except (OSError, ValueError, IndexError, TypeError):
        return {}  # an older one, or none: what opens it says so
    hidden: dict[str, list[int]] = {}
    for kind, at, size in _records(book, 0):
        if kind == _BOUND_SHEET and size > _NAME_AT:
            wide, letters = book[at + 7] & 1, book[at + 6]
            name = book[at + 8 : at + 8 + letters * (1 + wide)].decode("utf-16-le" if wide else "latin-1", "replace")
            rows = _records(book, int.from_bytes(book[at : at + 4], "little"))
            hidden[name] = [
                int.from_bytes(book[row : row + 2], "little")
                for kind, row, length in rows
                if kind == _ROW and length == _ROW_BYTES and book[row + 12] & _ZERO_HEIGHT
            ]
    return hidden


def _records(book: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of each record of one part of an old workbook, which ends with its own record."""
    place = start
    while place + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, place)
        if kind == _END_OF_PART:
            return
        yield kind, place + 4, size
        place += 4 + size


def _hidden_in_ods(xml: bytes) -> dict[str, list[int]]:
    """The hidden and filtered-out rows of each sheet."""
    hidden: dict[str, list[int]] = {}
    sheet, row = "", 0
    for tag in re.finditer(rb"<table:(table|table-row)(?=[\s/>])[^>]*>", xml):
        if tag[1] == b"table":
            sheet, row = html.unescape(_attribute(tag[0], b"name")), 0
            hidden[sheet] = []
            continue
        count = int(_attribute(tag[0], b"number-rows-repeated") or 1)
        if _attribute(tag[0], b"visibility") in ("collapse", "filter") and count < 100_000:  # noqa: PLR2004  not all below
            hidden[sheet] += range(row, row + count)
        row += count
    return hidden


def columns(data: bytes) -> bytes | memoryview:
    """The table as an Arrow stream, nothing for what is no whole Parquet file; too much of it ends the process."""
    import pyarrow as pa  # noqa: PLC0415  not for workbooks
    import pyarrow.compute  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    pa.set_memory_pool(pa.system_memory_pool())  # the others reserve address space by the gigabyte
    try:
        table = pq.ParquetFile(BytesIO(data)).read(use_threads=False)
        # a text that stands in every row as a reference is written out in each: what is small here is all there is
        table = table.cast(pa.schema([field.with_type(_written_out(pa, field.type)) for field in table.schema]))
        _check_days(pa, table)
        table.validate(full=True)  # the frame takes names and text on trust, and panics or worse on bad ones
        if table.nbytes > MAX_COLUMNS_BYTES:
            raise MemoryError
        target = pa.BufferOutputStream()
        with pa.ipc.new_stream(target, table.schema) as stream:
            stream.write_table(table)
        return memoryview(target.getvalue())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowKeyError, OSError, ValueError):
        return b""


def _check_days(pa: Any, table: Any) -> None:
    """Raises ValueError for days no calendar has: asked to write one as text, the frame panics."""
    for column in table.columns:
        if pa.types.is_date32(column.type) and len(column):
            days = pa.compute.min_max(column.cast(pa.int32())).as_py()
            if days["min"] is not None and not FIRST_DAY <= days["min"] <= days["max"] <= LAST_DAY:
                raise ValueError("a day beyond the calendar")


def _written_out(pa: Any, kind: Any) -> Any:
    """The type without dictionaries, views and runs, which let one text stand in millions of rows."""
    of = pa.types
    if of.is_dictionary(kind) or of.is_run_end_encoded(kind):
        return _written_out(pa, kind.value_type)
    if of.is_list(kind) or of.is_large_list(kind) or of.is_fixed_size_list(kind):
        return pa.large_list(_written_out(pa, kind.value_type))
    if of.is_string(kind) or of.is_string_view(kind) or of.is_decimal256(kind):
        return pa.large_string()  # also numbers of more digits than the frame knows
    if of.is_binary_view(kind):
        return pa.large_binary()
    return pa.date32() if of.is_date64(kind) else kind


READERS: Final[dict[str, Callable[[bytes], Any]]] = {"sheets": sheets, "columns": columns}


def serve(read: Callable[[bytes], Any], requests: BinaryIO, replies: BinaryIO) -> None:
    """Answers the bytes of each file with what is read of it, until the requests end."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold what applicants handed in
    while length := requests.read(LENGTH_BYTES):
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        reply = read(requests.read(int.from_bytes(length)))
        replies.write(len(reply).to_bytes(LENGTH_BYTES))
        replies.write(reply)
        replies.flush()


if __name__ == "__main__":
    serve(READERS[sys.argv[1]], sys.stdin.buffer, sys.stdout.buffer)
