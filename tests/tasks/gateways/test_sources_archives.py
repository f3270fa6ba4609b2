"""Zip archives in the inbox: opened as a folder of their own, within bounds; and files that are no tables."""

import shutil
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tasks.gateways.sources import PANELS, Pull, pull_folder, results_of
from tasks.gateways.sources.formats import archives

CASES = Path(__file__).parent / "cases"
FORM = b"application_no,uscc\nHS1,91420202MAF013024R\n"


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def reason(pull: Pull) -> str:
    (file,) = pull.quarantined
    return file.reason


def test_an_archive_of_everything_is_the_submissions_folder(tmp_path: Path) -> None:
    shutil.copy(CASES / "a15.zip", tmp_path / "全部材料.zip")
    pull = pull_folder(tmp_path)
    assert len(pull.tables["applications"]) == 1
    hashed = pull.tables["materials"].set_index("file_name")["attachment_sha256"].dropna()
    assert list(hashed.index) == ["信用证明.pdf"]
    assert pull.quarantined == []


def test_names_in_gbk_are_read(tmp_path: Path) -> None:
    packed(tmp_path / "a.zip", {"applications.csv": FORM, "XXXX.csv": b"x"})
    raw = (tmp_path / "a.zip").read_bytes().replace(b"XXXX.csv", "材料".encode("gb18030") + b".csv")
    (tmp_path / "a.zip").write_bytes(raw)
    assert "a.zip/材料.csv" in reason(pull_folder(tmp_path))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("../applications.csv", "其他位置"), ("/etc/applications.csv", "其他位置"), ("a/../../b.csv", "其他位置")],
)
def test_names_that_climb_are_told_and_nothing_is_written(name: str, sentence: str, tmp_path: Path) -> None:
    packed(tmp_path / "inbox.zip", {name: FORM})
    (tmp_path / "inbox").mkdir()
    shutil.move(tmp_path / "inbox.zip", tmp_path / "inbox" / "a.zip")
    assert sentence in reason(pull_folder(tmp_path / "inbox"))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "inbox"]


def test_an_archive_in_an_archive_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", {"applications.csv": FORM}).read_bytes()
    (tmp_path / "inner.zip").unlink()
    packed(tmp_path / "a.zip", {"applications.csv": FORM, "inner.zip": inner})
    pull = pull_folder(tmp_path)
    assert list(pull.tables["applications"]["application_no"]) == ["HS1"]
    assert "还有压缩包" in reason(pull)


def test_a_password_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"applications.csv": FORM})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag of the member, and of its entry in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    assert "设有密码" in reason(pull_folder(tmp_path))


def test_too_many_members_and_too_much_of_them_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed(tmp_path / "many.zip", {f"{place}.csv": b"" for place in range(archives.MAX_MEMBERS + 1)})
    assert "超过" in reason(pull_folder(tmp_path))
    (tmp_path / "many.zip").unlink()
    packed(tmp_path / "bomb.zip", {"applications.csv": bytes(64 * 1024 * 1024)})
    assert "展开后过大" in reason(pull_folder(tmp_path))


def test_a_member_larger_than_it_says_is_told(tmp_path: Path) -> None:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("applications.csv", FORM * 10)
    data = content.getvalue().replace(len(FORM * 10).to_bytes(4, "little"), (5).to_bytes(4, "little"))
    (tmp_path / "a.zip").write_bytes(data)
    assert "压缩包“a.zip”" in reason(pull_folder(tmp_path))


@pytest.mark.parametrize("name", ["申报表.docx", "扫描件.pdf", "照片.jpg", "申报.rar", "申报.7z", "说明.wps"])
def test_what_is_no_table_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"something")
    assert name in reason(pull_folder(tmp_path))
    (tmp_path / "results").mkdir()
    shutil.move(tmp_path / name, tmp_path / "results" / name)
    refused = pull_folder(tmp_path / "results", door=PANELS).quarantined
    assert [file.file for file in refused] == [name]


@pytest.mark.parametrize("name", ["~$申报表.xlsx", ".DS_Store", "Thumbs.db", "desktop.ini"])
def test_what_systems_leave_behind_is_not(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"something")
    assert pull_folder(tmp_path).quarantined == []


def test_results_in_an_archive_are_read(tmp_path: Path) -> None:
    rows = "申报编号,职业编码,等级,结论\nHS1,6-18-01-01,五级,通过\n".encode()
    packed(tmp_path / "结果.zip", {"评估结果.csv": rows})
    pulled = pull_folder(tmp_path, door=PANELS)
    results, refused = results_of(pulled), pulled.quarantined
    assert not refused
    assert results[["application_no", "level", "verdict"]].to_numpy().tolist() == [["HS1", "5", "pass"]]


@pytest.mark.parametrize("name", ["a.zip", "a.xlsx"])
def test_a_hundred_thousand_members_are_refused_before_they_are_listed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = b"PK\x01\x02" + bytes(24) + (40).to_bytes(2, "little") + bytes(16) + b"m" * 40
    end = b"PK\x05\x06" + bytes(4) + b"\xff\xff\xff\xff" + (100_000 * len(member)).to_bytes(4, "little") + bytes(6)
    (tmp_path / name).write_bytes(b"PK\x03\x04" + member * 100_000 + end)
    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", lambda *_: pytest.fail("the list was read"))
    (tmp_path / "applications.csv").write_bytes(FORM)
    pull = pull_folder(tmp_path)
    assert "请拆分成几个" in reason(pull)
    assert len(pull.tables["applications"]) == 1
