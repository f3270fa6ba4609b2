"""Hostile workbooks and Parquet files, made from sound ones."""

import struct
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from schemas.submission import FORM_TABLES

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
_NAMES = [table.title for table in FORM_TABLES]


@cache
def workbook() -> bytes:
    """A sound application workbook."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        for title in _NAMES:
            sheet = book.add_worksheet(title)
            sheet.write_row(0, 0, ["申报编号", "机构名称"])
            sheet.write_row(1, 0, ["X1", "甲"])
    return target.getvalue()


def _members() -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(workbook())) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def _archive(members: dict[str, bytes]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return target.getvalue()


def _with(changed: dict[str, bytes], number: str = "X1") -> bytes:
    strings = _members()[STRINGS].replace(b">X1<", f">{number}<".encode())
    return _archive({**_members(), STRINGS: strings, **changed})


def numbered(number: str) -> bytes:
    """The sound workbook with another application number."""
    return _with({}, number)


def zip_bomb() -> bytes:
    return _with({"xl/media/image1.png": bytes(100 * 2**20)})


def declares_10_gb() -> bytes:
    """The central directory says 10 GB of a member of a few bytes, in the 64-bit form."""
    data = bytearray(_with({"xl/media/image1.png": b"x"}))
    entry = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, entry + 24, 0xFFFFFFFE)
    place = data.index(b"PK\x01\x02")
    while place != -1 and place <= entry:
        struct.pack_into("<I", data, place + 24, 0xFFFFFFFE)
        place = data.find(b"PK\x01\x02", place + 4)
    return bytes(data)


def lying_sizes() -> bytes:
    sheet = _members()[SHEET].replace(b"</sheetData>", b"<row><c><v>1</v></c></row>" * 5_000 + b"</sheetData>")
    data = _with({SHEET: sheet})
    with zipfile.ZipFile(BytesIO(data)) as packed:
        declared = packed.getinfo(SHEET).file_size
    return data.replace(struct.pack("<I", declared), struct.pack("<I", 100))


def many_members() -> bytes:
    return _with({f"m{place}": b"" for place in range(5_000)})


def nested_archive() -> bytes:
    return _archive({"inner.xlsx": zip_bomb()})


def entity_bomb() -> bytes:
    entities = "".join(f'<!ENTITY e{place} "{f"&e{place - 1};" * 20}">' for place in range(1, 12))
    head, _, body = _members()[STRINGS].partition(b"?>")
    doctype = f'?><!DOCTYPE sst [<!ENTITY e0 "lol">{entities}]>'.encode()
    return _with({STRINGS: head + doctype + body.replace("<t>甲<".encode(), b"<t>&e11;<")})


def external_entity() -> bytes:
    head, _, body = _members()[STRINGS].partition(b"?>")
    doctype = b'?><!DOCTYPE sst [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    return _with({STRINGS: head + doctype + body.replace("<t>甲<".encode(), b"<t>&secret;<")})


def far_cell() -> bytes:
    sheet = _members()[SHEET].replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    return _with({SHEET: sheet})


def repeated_text() -> bytes:
    sheet = _members()[SHEET].replace(
        b"</sheetData>", b"<row>" + b'<c t="s"><v>0</v></c>' * 400_000 + b"</row></sheetData>"
    )
    long = _members()[STRINGS].replace("申报编号".encode(), b"x" * 32_767)
    return _with({SHEET: sheet, STRINGS: long})


def million_rows() -> bytes:
    """A sheet of the form with 1,000,000 filled rows; each names an application nobody filed."""
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>N%d</t></is></c></row>' % (row, row, row)
        for row in range(3, 1_000_003)
    )
    sheet = _members()["xl/worksheets/sheet2.xml"].replace(b"</sheetData>", rows + b"</sheetData>")
    return _with({"xl/worksheets/sheet2.xml": sheet})


def climbing_members() -> bytes:
    return _with({"../../../../../../tmp/filing-was-here": b"x", "/tmp/filing-was-here": b"x"}, "C1")


def with_macros() -> bytes:
    kinds = _members()["[Content_Types].xml"].replace(
        b"spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml"
    )
    return _with({"[Content_Types].xml": kinds, "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0Auto_Open" + bytes(600)}, "M1")


def formulas() -> bytes:
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        for title in _NAMES:
            sheet = book.add_worksheet(title)
            sheet.write_row(0, 0, ["申报编号", "机构名称"])
            sheet.write_formula(1, 0, '="F"&"1"', value="F1")
            sheet.write_formula(1, 1, "=cmd|' /C calc'!A0", value="=cmd|' /C calc'!A0")
    return target.getvalue()


def pdf_and_archive() -> bytes:
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n" + numbered("P1")


def _parquet(table: pa.Table, **how: object) -> bytes:
    target = BytesIO()
    pq.write_table(table, target, **how)
    return target.getvalue()


def _one(column: pa.Array) -> Callable[[], bytes]:
    return lambda: _parquet(pa.table({"application_no": pa.array(["GOOD"] * len(column)), "name": column}))


def dictionary_bomb() -> bytes:
    indices = pa.array([0] * 4_900_000, pa.int32())
    return _parquet(pa.table({"name": pa.DictionaryArray.from_arrays(indices, ["x" * 60_000])}))


def packed_pages() -> bytes:
    """Forty row groups, each some kilobytes that unfold to 100 MB."""
    target = BytesIO()
    names = pa.table({"name": pa.array(["x" * 1_000] * 100_000)})
    with pq.ParquetWriter(target, names.schema, compression="zstd", use_dictionary=False) as writer:
        for _ in range(40):
            writer.write_table(names)
    return target.getvalue()


def _cut() -> bytes:
    return _parquet(pa.table({"name": ["x"] * 1_000}))[:-40]


def _lying_rows() -> bytes:
    """The footer says more rows than the pages hold."""
    data = _parquet(pa.table({"application_no": ["GOOD"] * 77}), compression="none")
    footer = len(data) - 8 - struct.unpack("<I", data[-8:-4])[0]
    return data[:footer] + data[footer:].replace(b"\x9a\x01", b"\xfe\x7f")


def _lying_footer() -> bytes:
    data = _parquet(pa.table({"application_no": ["GOOD"] * 77}))
    return data[:-8] + struct.pack("<I", 2**31 - 1) + data[-4:]


def _broken_text() -> pa.Array:
    places = pa.array([0, 2], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.string(), 1, [None, places, pa.py_buffer(b"\xff\xfe")])


PARQUET: dict[str, Callable[[], bytes]] = {
    "cut off": _cut,
    "more rows declared than there are": _lying_rows,
    "footer larger than the file": _lying_footer,
    "structs": _one(pa.array([{"a": {"b": "c"}}])),
    "lists of lists": _one(pa.array([[["a"]]])),
    "maps": _one(pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string()))),
    "text that is not UTF-8": _one(_broken_text()),
    "bytes": _one(pa.array([b"\xff\xfe"])),
    "decimals of 76 digits": _one(pa.array([Decimal("1" * 70)], pa.decimal256(76, 0))),
    "text kept once for all rows": _one(pa.array(["x"]).dictionary_encode()),
    "lists of text kept once": _one(pa.array([["x"]], pa.list_(pa.dictionary(pa.int32(), pa.string())))),
    "days beyond the calendar": _one(pa.array([2**31 - 1], pa.int32()).cast(pa.date32())),
    "moments beyond the calendar": _one(pa.array([2**62], pa.int64()).cast(pa.timestamp("us"))),
    "clock times": _one(pa.array([1], pa.int64()).cast(pa.time64("us"))),
    "spans of time": _one(pa.array([2**62], pa.int64()).cast(pa.duration("ms"))),
    "half floats and NaN": _one(pa.array([float("nan")], pa.float64())),
    "infinity": _one(pa.array([float("-inf")], pa.float64())),
    "nothing but nulls": _one(pa.nulls(1)),
    "the year 1": _one(pa.array([date(1, 1, 1)])),
    "the same column twice": lambda: _parquet(pa.Table.from_arrays([pa.array(["GOOD"])] * 2, ["name", "姓名"])),
    "no column": lambda: _parquet(pa.table({})),
}
