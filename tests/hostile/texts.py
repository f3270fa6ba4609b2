"""Hostile JSON and CSV: too deep, too large, not text, or text that means something to a database or a spreadsheet."""

import json
from typing import Any

from schemas.submission import FORM_TABLES

SQL = "'); DROP TABLE item; --"
CLIMBS = "../../../../../../tmp/filing-was-here"


def nested(number: str, **changed: Any) -> dict[str, Any]:
    """One application with a row in each of its tables; every cell is `changed["cell"]` where that is given."""
    cell = changed.get("cell", "甲")
    rows = {table.name: [dict.fromkeys(table.names, cell) | {"application_no": number}] for table in FORM_TABLES[1:]}
    return dict.fromkeys(FORM_TABLES[0].names, cell) | {"application_no": number} | rows


def _json(*applications: dict[str, Any]) -> bytes:
    return json.dumps(applications, ensure_ascii=False).encode("utf-8", "surrogatepass")


def climbing_names() -> bytes:
    rows = [nested(number, cell=CLIMBS) for number in (CLIMBS, "/etc/passwd", "..\\..\\x", "a/../../b", ".", "..")]
    return _json(*rows)


def applications() -> bytes:
    return "申报编号,机构名称\nX1,甲\n".encode()


def staff() -> bytes:
    return "申报编号,姓名,证件号码\nGOOD,张三,11010519491231002X\n".encode()


_HEAD = '[{"application_no": "J%d", "institution_name": '
JSON: dict[str, bytes] = {
    "lists 100,000 deep": b"[" * 100_000,
    "objects 100,000 deep": b'{"a":' * 100_000,
    "NaN, Infinity and 1e999": (_HEAD % 1 + 'NaN, "cycle": Infinity, "submitted_at": -1e999}]').encode(),
    "whole number of 100,000 digits": (_HEAD % 2 + "1" * 100_000 + "}]").encode(),
    "exponents without end": (_HEAD % 3 + '"1e999999999", "submitted_at": 1e308}]').encode(),
    "the same key twice": (_HEAD % 4 + '"甲", "institution_name": "乙"}]').encode(),
    "half a character": (_HEAD % 5 + '"\\ud800", "\\udfff": "x"}]').encode(),
    "NUL in a name and a value": (_HEAD % 6 + '"a\\u0000b", "\\u0000": "x"}]').encode(),
    "NUL bytes": b'[{"application_no": "X\x001"}]',
    "bytes that are not UTF-8": b'[{"application_no": "X1", "institution_name": "\xff\xfe\xfd"}]',
    "a bare number": b"12345678901234567890",
    "lists where cells belong": _json(nested("X1", cell=[["a"], {"b": "c"}])),
    "100,000 unknown words": json.dumps([{"application_no": "W1", **{f"w{n}": n for n in range(100_000)}}]).encode(),
    "SQL in every field": _json(nested(SQL, cell=SQL)),
    "formulas in every field": _json(nested("=1+1", cell="=cmd|' /C calc'!A0")),
    "templates in every field": _json(nested("{{ 7 * 7 }}", cell="{% for x in ().__class__.__base__ %}")),
    "years 0001 and 9999": _json(
        nested("Y1", cell="9999-12-31T23:59:59+00:00"), nested("Y2", cell="0001-01-01T00:00:00+14:00")
    ),
    "not JSON": b"{'a': __import__('os').system('id')}",
    "cut off": _json(nested("X1"))[:-40],
}
CSV: dict[str, tuple[str, bytes]] = {
    "NUL bytes": ("staff.csv", staff() + b"GOOD,\x00,\x00\n"),
    "bytes that are not UTF-8": ("staff.csv", staff() + b"GOOD,\xff\xfe\xfd\x80,\n"),
    "quotation mark never closed": ("staff.csv", staff() + '"GOOD,张三,\n'.encode()),
    "field of one megabyte": ("staff.csv", staff() + b'GOOD,"' + b"x" * 2**20 + b'",\n'),
    "100,000 columns": ("staff.csv", b"application_no" + b",c" * 100_000 + b"\nGOOD\n"),
    "rows longer than the header": ("applications.csv", applications() + "L1,乙,1,2,3\n".encode()),
    "SQL in every field": ("applications.csv", f"申报编号,机构名称,申报批次\nS1{SQL},{SQL},{SQL}\n".encode()),
    "formulas": ("applications.csv", b'application_no,institution_name\nK1,"=HYPERLINK(""http://x"")"\n'),
    "UTF-16 without an end": ("staff.csv", b"\xff\xfe" + "申报编号,姓名\nGOOD".encode("utf-16-le") + b"\x00"),
    "a result nobody asked for": (
        "results.csv",
        "申报编号,职业编码,等级,结论,评分\nX9,6-18-02-04,4,合格,1e999\n".encode(),
    ),
}
