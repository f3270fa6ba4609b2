"""`filing doctor --source`: what it would read, what it does not understand, and that it writes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from deployments import sample
from schemas.settings import Settings
from tests import portals
from tests.commands import Filing

FORM: dict[str, Any] = {
    "application_no": "A1",
    "institution_type": "7",
    "submitted_at": "soon",
    "favourite": "blue",
    "staff": [
        {"role": "9", "name": "王", "id_number": "11010519491231002X"},
        {"role": "9", "name": "李"},
        {"role": "110105194912310021", "name": "张"},
        {"role": "expert", "name": "刘"},
    ],
}


def stated(home: Path, source: object, **values: Any) -> Settings:
    return Settings(home=home, source=str(source), **values)  # type: ignore[arg-type]


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(folder.rglob("*"))}


def test_a_good_source_is_told_and_nothing_is_written(filing: Filing, home: Path, tmp_path: Path) -> None:
    made = portals.made()
    document = portals.nested(made)
    with portals.serving(portals.Portal(portals.paged(document, 5))) as portal:
        before = everything(home)
        ended = filing("doctor", "--source", stated=stated(home, portal.url))
    assert everything(home) == before
    assert "ok      applications: 12 would be read" in ended.out
    assert f"ok      table: staff (人员队伍): {len(made.tables['staff'])} rows" in ended.out
    assert portal.url in ended.out


def test_what_is_not_understood_is_told_with_its_remedy(filing: Filing, home: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "applications.json").write_text(json.dumps(FORM))
    (tmp_path / "in" / "staff.csv").write_bytes(b"\x00\x01")
    ended = filing("doctor", "--source", stated=stated(home, tmp_path / "in"))
    assert ended.code == 1
    lines = ended.out.splitlines()
    assert any("unknown column: applications: 'favourite' in 1 file(s)" in line for line in lines)
    unknown = "PROBLEM unknown code: staff.role: '9' in 2 row(s); say in [tables.staff.values.role]"
    assert any(line.startswith(unknown) for line in lines)
    assert any(line.startswith("PROBLEM unknown code: applications.institution_type: '7'") for line in lines)
    assert any(line.startswith("PROBLEM unreadable: applications.submitted_at: 'soon'") for line in lines)
    assert any(line.startswith("PROBLEM quarantine: 文件“staff.csv”") for line in lines)
    assert "1101051949" not in ended.out


def test_a_map_that_explains_it_leaves_nothing_to_say(filing: Filing, home: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    form = {**FORM, "submitted_at": "2026-09-01", "staff": FORM["staff"][:2]}
    (tmp_path / "in" / "applications.json").write_text(json.dumps(form))
    (tmp_path / "map.toml").write_text(
        'ignore = ["favourite"]\n[tables.applications.values.institution_type]\n7 = "enterprise"\n'
        '[tables.staff.values.role]\n9 = "expert"\n'
    )
    ended = filing("doctor", "--source", stated=stated(home, tmp_path / "in", column_map=str(tmp_path / "map.toml")))
    assert ended.code == 0, ended.out
    assert "unknown" not in ended.out


@pytest.mark.parametrize(
    ("source", "column_map", "message"),
    [
        ("http://clerk:s3cr3t-word@127.0.0.1:9/api", "", "http://127.0.0.1:9/api did not answer"),
        ("gopher://x/y", "", "FILING_SOURCE begins with gopher://"),
        ("http://[::1", "", "FILING_SOURCE is no address"),
        ("nowhere", "", "nowhere' is not a folder"),
        ("file:///no/where", "", "'/no/where' is not a folder"),
        (" http://clerk:s3cr3t-word@127.0.0.1:9/api ", "", "http://127.0.0.1:9/api did not answer"),
        ("sftp:/clerk:s3cr3t-word@host/upload", "", "FILING_SOURCE is no address"),
        ("clerk:s3cr3t-word@host:/upload", "", "FILING_SOURCE is no address"),
        ("file://u:s3cr3t-word@host/x", "", "FILING_SOURCE is no address"),
        ("https:host/api?key=s3cr3t-word", "", "FILING_SOURCE is no address"),
        ("https://clerk:2024/s3cr3t-word@host/x", "", "FILING_SOURCE is no address"),
        ("sftp://clerk:2024#s3cr3t-word@host/x", "", "FILING_SOURCE is no address"),
        ("postgresql://clerk:2024?s3cr3t-word@host/x", "", "FILING_SOURCE is no address"),
        ("https://clerk:a@b/s3cr3t-word@host/x", "", "FILING_SOURCE is no address"),
        ("nowhere", "absent.toml", "there is no column map 'absent.toml'"),
    ],
)
def test_a_source_that_cannot_be_had_is_one_sentence(
    source: str, column_map: str, message: str, filing: Filing, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.gateways.sources import chosen

    monkeypatch.setattr(chosen, "_bounds", lambda _settings: portals.quick())
    ended = filing("doctor", "--source", stated=stated(home, source, column_map=column_map))
    assert ended.code == 1
    assert message in ended.out
    assert "s3cr3t" not in ended.out + ended.err
    assert "Traceback" not in ended.out + ended.err


def test_a_password_on_an_open_line_is_noted(filing: Filing, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.gateways.sources import chosen

    monkeypatch.setattr(chosen, "_bounds", lambda _settings: portals.quick(attempts=1))
    for source, noted in (("http://h.invalid/", True), ("https://h.invalid/", False), ("http://localhost:9/", False)):
        ended = filing("doctor", "--source", stated=stated(home, source, source_token="s3cr3t-word"))
        assert ("unencrypted" in ended.out) is noted


def test_the_whole_examination_tells_the_source_without_asking_it(filing: Filing, home: Path) -> None:
    ended = filing("doctor", stated=stated(home, "https://portal.invalid/api?key=s3cr3t-word", column_map="four-step"))
    assert "ok      source: https://portal.invalid/api, column map: 四步申报表单" in ended.out
    assert "s3cr3t" not in ended.out
    ended = filing("doctor", stated=stated(home, "", column_map="absent"))
    assert "PROBLEM source: there is no column map 'absent'" in ended.out


def test_the_inbox_is_the_source_where_none_is_named(filing: Filing, home: Path) -> None:
    sample.write_inbox(portals.made(), home / "inbox", home / "desk")
    ended = filing("doctor", "--source")
    assert str(home / "inbox") in ended.out
    assert "applications: " in ended.out
