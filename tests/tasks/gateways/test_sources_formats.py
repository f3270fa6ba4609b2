"""The same submissions in every format give the same frames and the same content hashes."""

import csv
import json
from collections.abc import Callable
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.submission import FORM_TABLES, TABLES
from tasks.gateways.sources import Pull, pull_file, pull_folder
from tasks.gateways.sources.formats.delimited import read_delimited

pytestmark = pytest.mark.usefixtures("opened_here")

Rows = dict[str, list[dict[str, Any]]]

#: As a person fills them in: Chinese words, native days, numbers where a spreadsheet makes them.
ROWS: Rows = {
    "applications": [
        {
            "application_no": "HS-001",
            "cycle": date(2026, 9, 1),
            "kind": "首次备案",
            "institution_name": "黄石东贝机电（集团）有限公司",
            "uscc": "91420200123456789X",
            "institution_type": "企业",
            "affiliation": "市级",
            "region_code": "下陆区",
            "registered_address": "黄石市下陆区团城山５号",
            "contact_phone": 13800000000,
            "submitted_at": datetime(2026, 9, 1, 9, 30, 15),
            "social_insurance": True,
            "no_violations": "是",
        },
        {
            "application_no": "HS-002",
            "cycle": "2026年9月",
            "kind": "增项",
            "institution_name": "黄石职业培训学校",
            "institution_type": "社会培训评价组织",
            "region_code": 420281,
            "submitted_at": date(2026, 9, 2),
            "social_insurance": "否",
            "no_violations": False,
        },
    ],
    "occupations": [
        {"application_no": "HS-001", "occupation_code": "6-18-02-04", "levels": "5,4,3", "audience": "本企业职工"},
        {"application_no": "HS-001", "occupation_code": "6－18－02－05", "levels": 5, "audience": "staff"},
        {
            "application_no": "HS-002",
            "occupation_code": "4-10-01-01",
            "levels": "五级、四级",
            "audience": "社会人员",
        },
    ],
    "staff": [
        {"application_no": "HS-001", "role": "考评人员", "name": "张　三", "id_number": "11010519491231002X"},
        {"application_no": "HS-001", "role": "专家", "name": "李四", "id_type": "其他", "certificate_no": 123456},
    ],
    "materials": [
        {
            "application_no": "HS-001",
            "material": "备案申请表",
            "form": "附件",
            "size_bytes": 2048,
            "sha256": "AB12",
        },
        {"application_no": "HS-002", "material": "题库", "occupation_code": "4-10-01-01", "form": "告知承诺"},
    ],
    "programmes": [{"application_no": "HS-002", "programme_code": "0108-4", "highest_level": 3}],
    "activities": [
        {"uscc": "91420200123456789X", "level": 4, "held_on": date(2026, 3, 5), "candidates": 30, "passed": 21}
    ],
    "results": [
        {
            "application_no": "HS-001",
            "level": "五级",
            "verdict": "合格",
            "score": 85.5,
            "evaluated_on": date(2026, 10, 8),
        },
        {"application_no": "HS-001", "level": 4, "verdict": "不合格", "score": 40, "commitments_shown": True},
    ],
    "register": [
        {"uscc": "91420200123456789X", "level": 5, "filed_on": date(2024, 4, 30), "valid_until": date(2027, 4, 29)}
    ],
    "decisions": [
        {
            "application_no": "HS-002",
            "rule": "CAP-2",
            "verdict": "准予",
            "decided_at": datetime(2026, 9, 20, 15, 0),
        }
    ],
}


def header(table: str, column: str, chinese: bool) -> str:
    return TABLES[table].column(column).title if chinese else column


def columns(table: str) -> list[str]:
    return [column for column in TABLES[table].names if any(column in row for row in ROWS[table])]


def spelled(value: Any) -> str:
    """A cell as a spreadsheet saves it to CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return f"{value.year}/{value.month}/{value.day} {value.hour}:{value:%M:%S}"
    return f"{value.year}/{value.month}/{value.day}" if isinstance(value, date) else str(value)


def write_workbooks(folder: Path, chinese: bool) -> None:
    forms = {table.name for table in FORM_TABLES}
    write_workbook(folder / "申报.xlsx", [table for table in ROWS if table in forms], chinese)
    write_workbook(folder / "中心.xlsx", [table for table in ROWS if table not in forms], chinese)


def write_workbook(path: Path, tables: list[str], chinese: bool) -> None:
    book = xlsxwriter.Workbook(path)
    day, instant = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
    for table in tables:
        sheet = book.add_worksheet(TABLES[table].title if chinese else table)
        for place, column in enumerate(columns(table)):
            sheet.write(0, place, header(table, column, chinese))
            for line, row in enumerate(ROWS[table], start=1):
                value = row.get(column)
                if isinstance(value, date):
                    sheet.write_datetime(line, place, value, instant if isinstance(value, datetime) else day)
                elif value is not None:
                    sheet.write(line, place, value)
    book.close()


def write_delimited(
    folder: Path,
    chinese: bool,
    *,
    encoding: str = "utf-8",
    separator: str = ",",
    end: str = "\r\n",
    always: bool = False,
) -> None:
    for table in ROWS:
        lines = [[header(table, column, chinese) for column in columns(table)]]
        lines += [[spelled(row.get(column)) for column in columns(table)] for row in ROWS[table]]
        quoted = [[f'"{cell}"' if always or separator in cell else cell for cell in line] for line in lines]
        name = TABLES[table].title if chinese else table
        (folder / f"{name}.csv").write_bytes(end.join(map(separator.join, quoted)).encode(encoding))


def write_parquet(folder: Path, chinese: bool) -> None:
    for table in ROWS:
        cells = {}
        for column in columns(table):
            values = [row.get(column) for row in ROWS[table]]
            kinds = {type(value) for value in values if value is not None}
            # one type a column: mixed columns become text, as any export makes them
            cells[header(table, column, chinese)] = values if len(kinds) == 1 else list(map(spelled, values))
        pd.DataFrame(cells).to_parquet(folder / f"{TABLES[table].title if chinese else table}.parquet")


def write_json(folder: Path, chinese: bool) -> None:
    def record(table: str, row: dict[str, Any]) -> dict[str, Any]:
        values = {column: value.isoformat() if isinstance(value, date) else value for column, value in row.items()}
        return {header(table, column, chinese): value for column, value in values.items()}

    applications = []
    for row in ROWS["applications"]:
        application = record("applications", row)
        for table in ("occupations", "staff", "materials", "programmes"):
            rows = [other for other in ROWS[table] if other["application_no"] == row["application_no"]]
            cells = [{column: value for column, value in other.items() if column != "application_no"} for other in rows]
            application[TABLES[table].title if chinese else table] = [record(table, named) for named in cells]
        applications.append(application)
    of_form = {table.name for table in FORM_TABLES}
    side = {table: [record(table, row) for row in rows] for table, rows in ROWS.items() if table not in of_form}
    (folder / "applications.json").write_text(json.dumps({"applications": applications, **side}, ensure_ascii=False))


Writer = Callable[[Path, bool], None]
WRITERS: dict[str, Writer] = {
    "xlsx": write_workbooks,
    "csv": write_delimited,
    "csv with mark": lambda folder, chinese: write_delimited(folder, chinese, encoding="utf-8-sig", end="\n"),
    "csv in gb18030": lambda folder, chinese: write_delimited(folder, chinese, encoding="gb18030"),
    "tabs in gb18030": lambda folder, chinese: write_delimited(folder, chinese, encoding="gb18030", separator="\t"),
    "tabs in utf-16": lambda folder, chinese: write_delimited(folder, chinese, encoding="utf-16", separator="\t"),
    "csv all in quotes": lambda folder, chinese: write_delimited(folder, chinese, encoding="gb18030", always=True),
    "tabs all in quotes": lambda folder, chinese: write_delimited(folder, chinese, separator="\t", always=True),
    "old mac line ends": lambda folder, chinese: write_delimited(folder, chinese, end="\r"),
    "parquet": write_parquet,
    "json": write_json,
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Pull:
    folder = tmp_path_factory.mktemp("expected")
    write_delimited(folder, chinese=False)
    return pull_folder(folder)


def test_cells_are_canonical(expected: Pull) -> None:
    first, second = expected.tables["applications"].to_dict("records")
    assert first["cycle"] == second["cycle"] == "2026-09"
    assert (first["kind"], first["institution_type"], first["affiliation"]) == ("initial", "enterprise", "municipal")
    assert first["institution_name"] == "黄石东贝机电（集团）有限公司"
    assert first["registered_address"] == "黄石市下陆区团城山5号"
    assert (first["region_code"], second["region_code"]) == ("420204", "420281")
    assert first["contact_phone"] == "13800000000"
    assert (first["submitted_at"], second["submitted_at"]) == ("2026-09-01T09:30:15", "2026-09-02T00:00:00")
    assert (first["social_insurance"], first["no_violations"]) == ("true", "true")
    assert (second["social_insurance"], second["no_violations"]) == ("false", "false")
    assert pd.isna(second["uscc"])
    assert expected.tables["occupations"]["row"].tolist() == [1, 2, 1]
    assert expected.tables["occupations"]["occupation_code"].tolist()[1] == "6-18-02-05"
    assert expected.tables["occupations"]["levels"].tolist() == ["5,4,3", "5", "5,4"]
    assert expected.tables["staff"]["name"].tolist() == ["张 三", "李四"]
    assert expected.tables["materials"]["material"].tolist() == ["application_form", "question_bank"]
    assert expected.tables["materials"]["sha256"].tolist()[0] == "ab12"
    assert expected.tables["results"]["score"].tolist() == ["85.5", "40"]
    assert expected.tables["register"]["valid_until"].tolist() == ["2027-04-29"]
    assert expected.tables["decisions"]["decided_at"].tolist() == ["2026-09-20T15:00:00"]


def test_frames_are_text_with_whole_row_numbers(expected: Pull) -> None:
    for name, frame in expected.tables.items():
        kinds = frame.dtypes.map(str).to_dict()
        assert kinds.pop("row") == "int64"
        if TABLES[name] not in FORM_TABLES:  # their refusals name the row as its file counts it
            assert kinds.pop("line") == "int64"
        assert set(kinds.values()) == {"str"}
        assert list(frame.columns[: len(TABLES[name].names)]) == TABLES[name].names
        assert frame.index.equals(pd.RangeIndex(len(frame)))


@pytest.mark.parametrize("chinese", [True, False], ids=["chinese", "english"])
@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_says_the_same(kind: str, chinese: bool, expected: Pull, tmp_path: Path) -> None:
    WRITERS[kind](tmp_path, chinese)
    pull = pull_folder(tmp_path)
    assert (pull.quarantined, pull.unknown_columns, pull.advice) == ([], [], [])
    assert pull.supplied == frozenset(ROWS)
    for name, frame in expected.tables.items():
        # no header stands above the first row of these
        moved = {"line": frame["line"] - 1} if "line" in frame and kind in ("parquet", "json") else {}
        pd.testing.assert_frame_equal(pull.tables[name], frame.assign(**moved))


def test_formats_mix_in_one_folder(expected: Pull, tmp_path: Path) -> None:
    write_delimited(tmp_path, chinese=True)
    (tmp_path / "人员队伍.csv").unlink()
    write_parquet(tmp_path, chinese=False)
    for table in set(ROWS) - {"staff"}:
        (tmp_path / f"{table}.parquet").unlink()
    pd.testing.assert_frame_equal(pull_folder(tmp_path).tables["applications"], expected.tables["applications"])


def test_one_workbook_for_each_application_gives_the_same_hashes(expected: Pull, tmp_path: Path) -> None:
    numbers = [row["application_no"] for row in ROWS["applications"]]
    for number in reversed(numbers):
        book = xlsxwriter.Workbook(tmp_path / f"z{9 - numbers.index(number)}.xlsx")
        for table in FORM_TABLES:
            sheet = book.add_worksheet(table.title)
            sheet.write_row(0, 0, [table.column(column).title for column in columns(table.name)])
            rows = [row for row in ROWS[table.name] if row["application_no"] == number]
            for line, row in enumerate(rows, start=1):
                sheet.write_row(line, 0, [spelled(row.get(column)) for column in columns(table.name)])
        book.close()
    given = pull_folder(tmp_path).tables["applications"]
    assert given["application_no"].tolist() == list(reversed(numbers)), "files are read in the order of their names"
    hashes = expected.tables["applications"].set_index("application_no")["content_hash"]
    assert given.set_index("application_no")["content_hash"].to_dict() == hashes.to_dict()


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("applications", "contact_name", "王五"), ("staff", "name", "张四"), ("programmes", "highest_level", "2")],
)
def test_a_changed_cell_changes_the_hash_of_its_application_alone(
    table: str, column: str, value: str, expected: Pull, tmp_path: Path
) -> None:
    write_delimited(tmp_path, chinese=False)
    frame = pl.read_csv(tmp_path / f"{table}.csv", infer_schema=False)
    number = frame["application_no"][0]
    changed = pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(value))
    other = frame.with_columns(changed.otherwise(pl.col(column) if column in frame.columns else None).alias(column))
    other.write_csv(tmp_path / f"{table}.csv")
    before = expected.tables["applications"].set_index("application_no")["content_hash"]
    after = pull_folder(tmp_path).tables["applications"].set_index("application_no")["content_hash"]
    assert before.index[before != after].tolist() == [number]


def test_a_cell_does_not_run_over_into_the_next_one(tmp_path: Path) -> None:
    """`张` with title `三` is another content than `张三`."""
    hashes = []
    for name, title in (("张", "三"), ("张三", ""), ("", "张三")):
        (tmp_path / "applications.csv").write_text("application_no,uscc\nA,X\n")
        (tmp_path / "staff.csv").write_text(f"application_no,name,title\nA,{name},{title}\n")
        hashes.append(pull_folder(tmp_path).tables["applications"]["content_hash"][0])
    assert len(set(hashes)) == 3


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.text(st.sampled_from("ab中，\"',\t\n ;#"), max_size=6), min_size=2, max_size=2), max_size=5),
    st.sampled_from([",", "\t"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_a_cell_holds_a_delimited_file_brings_back(
    cells: list[list[str]], delimiter: str, quoting: Literal[0, 1], end: str
) -> None:
    target = StringIO(newline="")
    writer = csv.writer(target, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([["注释"], ["姓\n名", "职务职称"], *cells])
    content = read_delimited("staff.csv", target.getvalue().encode(), TABLES["staff"])
    rows = content.parts[0].rows
    assert rows["line"].to_list() == list(range(3, 3 + len(cells)))
    assert [list(map(blank, row)) for row in rows.select("name", "title").rows()] == cells


def blank(cell: str | None) -> str:
    return cell or ""


def test_one_file_of_any_name_is_pulled_as_the_table_asked_for(tmp_path: Path) -> None:
    (tmp_path / "2026年上半年.csv").write_bytes("统一社会信用代码,认定日期\n914202,2026年3月5日\n".encode("gb18030"))
    pull = pull_file(tmp_path / "2026年上半年.csv", "activities")
    assert pull.tables["activities"][["uscc", "held_on"]].to_dict("records") == [
        {"uscc": "914202", "held_on": "2026-03-05"}
    ]


def test_a_workbook_with_any_sheet_name_is_pulled_as_the_table_asked_for(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "结果.xlsx")
    book.add_worksheet("说明").write(0, 0, "请勿修改")
    book.add_worksheet("Sheet2").write_column(0, 0, ["评分", 90])
    book.close()
    with_number = pull_file(tmp_path / "结果.xlsx", "activities")
    assert "activities" not in with_number.supplied
    pull = pull_file(tmp_path / "结果.xlsx", "results")
    assert pull.supplied == {"results"}
    assert "没有申报编号" in pull.quarantined[0].reason


def test_one_application_alone_is_json_enough(tmp_path: Path) -> None:
    text = json.dumps({"application_no": "A", "staff": [{"name": "张三"}, {"name": "李四"}], "portal": {"id": 1}})
    (tmp_path / "export.json").write_text(text)
    pull = pull_folder(tmp_path)
    assert pull.tables["applications"]["application_no"].tolist() == ["A"]
    assert pull.tables["staff"][["application_no", "name", "row"]].values.tolist() == [
        ["A", "张三", 1],
        ["A", "李四", 2],
    ]
    assert [unknown.column for unknown in pull.unknown_columns] == ["portal"]


def test_a_parquet_table_of_any_types_is_text(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "application_no": [1.0, 2.0, None],
            "score": [85.50, None, None],
            "level": pl.Series(["5", "4", None], dtype=pl.Categorical),
            "panel_size": pl.Series([3, None, None], dtype=pl.Int8),
            "evaluated_on": [datetime(2026, 10, 8), None, None],
            "remarks": [b"\xe5\xa5\xbd", None, None],
            "panel_lead": pl.Series([["张三", "李四"], None, None]),
            "occupation_code": [914202001234567.0, 9.142020012345678e16, None],
        }
    )
    frame.write_parquet(tmp_path / "results.parquet")
    given = pull_folder(tmp_path).tables["results"].iloc[0]
    assert given[["application_no", "score", "level", "panel_size", "evaluated_on", "remarks"]].tolist() == [
        *("1", "85.5", "5", "3", "2026-10-08", "好")
    ]
    assert given["panel_lead"] == "张三,李四"
    codes = pull_folder(tmp_path).tables["results"]["occupation_code"]
    assert codes.fillna("").tolist() == ["914202001234567", ""]  # a number of more digits has lost its last ones


def test_a_parquet_instant_with_a_zone_keeps_its_offset(tmp_path: Path) -> None:
    instants = (
        pl.Series([datetime(2026, 9, 10, 1, 30)]).dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Shanghai")
    )
    pl.DataFrame({"application_no": ["A"], "uscc": ["X"], "submitted_at": instants}).write_parquet(
        tmp_path / "applications.parquet"
    )
    assert pull_folder(tmp_path).tables["applications"]["submitted_at"].tolist() == ["2026-09-10T09:30:00+08:00"]
