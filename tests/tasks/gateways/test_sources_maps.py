"""Column maps: the two that are shipped give what the contract's own words give, and each mistake is one sentence."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from deployments import sample
from schemas.policy import any_policy, shipped
from schemas.submission import FORM_TABLES, SIDE_TABLES
from tasks.gateways.sources import pull_folder
from tasks.gateways.sources.cells import column_map
from tasks.gateways.sources.cells.column_map import ColumnMapError, load
from tests import four_step, portals
from tests.portals import Brought, bring_in, contents


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    made = portals.made(24)
    made.attachments.clear()
    return four_step.ascending(portals.nested(made))


@pytest.fixture
def expected(document: dict[str, Any], tmp_path: Path) -> dict[str, str]:
    """The document read in the contract's own words."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "applications.json").write_text(json.dumps(document))
    return contents(Brought(pull_folder(tmp_path / "plain"), tmp_path))


def test_the_contracts_own_map_changes_nothing(tmp_path: Path) -> None:
    sample.write_inbox(portals.made(), tmp_path / "folder", tmp_path / "folder")
    plain, mapped = (
        bring_in(tmp_path / "home", str(tmp_path / "folder"), column_map=named) for named in ("", "contract")
    )
    assert contents(plain) == contents(mapped)
    assert plain.pull is not None
    assert mapped.pull is not None
    assert plain.pull.quarantined == mapped.pull.quarantined
    assert plain.pull.unknown_columns == mapped.pull.unknown_columns


def test_the_contracts_own_map_names_every_table_column_and_word() -> None:
    text = (Path(column_map.__file__).parent / "maps" / "contract.toml").read_text("utf-8")
    for table in (*FORM_TABLES, *SIDE_TABLES):
        assert f'[tables.{table.name}]\nfrom = ["{table.name}", "{table.title}"]' in text
        for column in table.columns:
            assert f'["{column.name}", "{column.title}"]' in text
            if column.kind in ("enum", "boolean"):
                assert all(f'"{title}" = "{name}"' in text for name, title in any_policy(column).words.items())


def test_the_four_step_portal_by_pages(document: dict[str, Any], expected: dict[str, str], tmp_path: Path) -> None:
    portal = portals.Portal(four_step.pages(document))
    portal.link = lambda page: None
    with portals.serving(portal):
        brought = bring_in(tmp_path / "home", portal.url, column_map="four-step")
    assert not brought.failed
    assert contents(brought) == expected
    assert brought.pull is not None
    assert not brought.pull.unknown_columns


def test_the_four_step_portal_by_workbook(document: dict[str, Any], expected: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "导出.xlsx").write_bytes(four_step.workbook(document))
    side = {name: rows for name, rows in document.items() if name != "applications"}
    (folder / "side.json").write_text(json.dumps(side))
    brought = bring_in(tmp_path / "home", str(folder), column_map="four-step")
    assert contents(brought) == expected
    assert brought.pull is not None
    assert not brought.pull.unknown_columns


def test_the_four_step_portal_has_thirteen_documents_four_kinds_of_staff_and_three_of_institutions() -> None:
    tables = load("four-step").tables
    assert tables["materials"].values["material"] == {str(number): name for name, number in four_step.DOCUMENTS.items()}
    assert set(tables["materials"].values["material"].values()) < set(shipped()[-1].materials)
    assert tables["staff"].values["role"] == {str(number): name for name, number in four_step.ROLES.items()}
    assert tables["applications"].values["institution_type"] == {str(n): name for name, n in four_step.TYPES.items()}


@pytest.mark.parametrize(
    ("portal", "ours"),
    [("3,4,5", "5,4,3"), ("A、B", "5,4"), ("a/C", "5,3"), ("Z", ""), (" B ", "4"), ("Ａ", "5")],
)
def test_codes_of_levels_are_translated_one_by_one(portal: str, ours: str, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('[tables.occupations.values.levels]\nA = 5\nB = 4\nC = "三级"\n')
    (tmp_path / "folder").mkdir()
    form = {"application_no": "1", "occupations": [{"levels": portal}]}
    (tmp_path / "folder" / "applications.json").write_text(json.dumps(form))
    pull = bring_in(tmp_path / "home", str(tmp_path / "folder"), column_map=str(tmp_path / "map.toml")).pull
    assert pull is not None
    assert list(pull.tables["occupations"]["levels"].fillna("")) == [ours]


def test_defaults_fill_blanks_but_make_no_rows(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('[tables.staff.defaults]\nid_type = "resident_id"\n')
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "applications.csv").write_text("application_no\n1\n")
    (folder / "staff.csv").write_text("application_no,name,id_type\n1,王,\n1,李,other\n,,\n , ,\n")
    pull = bring_in(tmp_path / "home", str(folder), column_map=str(tmp_path / "map.toml")).pull
    assert pull is not None
    assert list(pull.tables["staff"]["id_type"]) == ["resident_id", "other"]
    assert not pull.quarantined


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tables = ", "map.toml is not TOML"),
        ("[table.staff]", '"table" is not known; write one of title, ignore, pages, tables'),
        ("[tables.people]", '[tables]: "people" is no table; write one of applications,'),
        ("[tables.staff]\nform = 1", '[tables.staff]: "form" is not known; write one of from,'),
        ("tables.staff = 5", '"tables.staff" is no table; write it as [tables.staff]'),
        ("[tables.staff.columns]\nrank = 'x'", '[tables.staff.columns]: "rank" is no column of staff; write one of'),
        ("[tables.staff.columns]\nrole = 1.5", '[tables.staff.columns]: "role" is no text; write it in quotation'),
        ("[tables.staff.columns]\nrole = ''", '[tables.staff.columns]: "role" is no text'),
        ("[tables.staff.columns]\nrole = 'a'\nname = 'A'", "\"name\" and role both have 'A'; leave it to one of them"),
        ("[tables.staff.values]\nrole = 'x'", '[tables.staff.values]: "role" is no table of codes; write "code" ='),
        (
            "[tables.staff.values.role]\n5 = 'cook'",
            "[tables.staff.values.role]: \"5\" gives 'cook'; write one of full_time,",
        ),
        ("[tables.staff.values.rank]\n5 = 'x'", '[tables.staff.values]: "rank" is no column of staff'),
        (
            "[tables.staff.defaults]\nid_type = 'passport'",
            "\"id_type\" gives 'passport'; write one of resident_id, other",
        ),
        ("[tables.staff]\nfrom = 'a'\n[tables.materials]\nfrom = 'a'", "\"from\" and that of staff both have 'a'"),
        ("[pages]\nnexte = 'x'", '[pages]: "nexte" is not known; write one of next, next_parameter,'),
        ("[tables.occupations.values.levels]\nA = 6", "\"A\" gives '6'; write one of 5, 4, 3, 2, 1"),
    ],
)
def test_a_mistake_in_a_map_is_one_sentence_with_file_table_key_and_remedy(
    text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(ColumnMapError) as wrong:
        load(str(tmp_path / "map.toml"))
    assert message in str(wrong.value)
    assert str(wrong.value).startswith("column map map.toml")
    assert "\n" not in str(wrong.value)


def test_a_map_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ColumnMapError, match=r"FILING_COLUMN_MAP name a TOML file, or one of contract, four-step"):
        load(str(tmp_path / "nowhere.toml"))
    (tmp_path / "gbk.toml").write_bytes('title = "四步"'.encode("gbk"))
    with pytest.raises(ColumnMapError, match="save it as UTF-8"):
        load(str(tmp_path / "gbk.toml"))


def test_a_map_saved_with_a_mark_of_its_encoding_is_read(tmp_path: Path) -> None:
    text = 'title = "四步"\n'
    (tmp_path / "plain.toml").write_text(text, "utf-8")
    (tmp_path / "marked.toml").write_text(text, "utf-8-sig")
    assert load(str(tmp_path / "marked.toml")).title == load(str(tmp_path / "plain.toml")).title == "四步"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("/dev/null", "there is no column map '/dev/null'"),  # nor is /dev/zero, which has no end
        ("x" * 5000, "x cannot be opened: File name too long"),
        ("a\0b", "a\ufffdb': let FILING_COLUMN_MAP name"),
        ("large.toml", "larger than 1 MB"),
    ],
)
def test_what_is_no_file_is_one_sentence(
    named: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "large.toml").write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ColumnMapError) as wrong:
        load(named)
    assert message in str(wrong.value)
    assert len(str(wrong.value)) < 300


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_folder_is_named_by_path_or_address(prefix: str, tmp_path: Path) -> None:
    folder = tmp_path / "申报 材料"
    folder.mkdir()
    (folder / "applications.csv").write_text("application_no,uscc\n1,X\n")
    named = prefix + (quote(str(folder)) if prefix else str(folder))
    brought = bring_in(tmp_path / "home", named)
    assert brought.pull is not None
    assert list(brought.pull.tables["applications"]["application_no"]) == ["1"]


def test_a_wrong_map_fails_the_source_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    brought = bring_in(tmp_path / "home", str(tmp_path / "folder"), column_map="nowhere")
    assert brought.pull is None
    assert "there is no column map 'nowhere'" in brought.failed[0]


def test_deeply_nested_records_are_flawed_not_fatal(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    deep: Any = "x"
    for _ in range(500):
        deep = {"a": deep}
    forms = [{"applyNo": "1", "社会信用代码": "X", "baseInfo": deep}, {"applyNo": "2", "社会信用代码": "X"}]
    (tmp_path / "folder" / "applications.json").write_text(json.dumps(forms))
    pull = bring_in(tmp_path / "home", str(tmp_path / "folder"), column_map="four-step").pull
    assert pull is not None
    assert list(pull.tables["applications"]["application_no"]) == ["1", "2"]
    assert len(pull.unknown_columns) == 1
