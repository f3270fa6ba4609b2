"""Files come in through the doors whole or not at all, each with a receipt; and what is made is taken away by name."""

import io
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from deployments.desk import doors
from deployments.gate.people import Person, Role
from schemas.settings import settings
from tasks.desk import uploads
from tasks.gateways.disk import receipts
from tasks.gateways.sources import is_looked_for
from tasks.store import dossier, history, postings
from tasks.store.database import reading
from tests.deployments.desk.conftest import CYCLE, HELD, OWN, SENT, Browser, browser_of, hidden_fields

pytestmark = pytest.mark.usefixtures("today_is")
BOOK = b"PK\x03\x04 a workbook as far as a door can tell"


def send(browser: Browser, door: str, *files: tuple[str, bytes], **headers: str) -> Any:
    token = hidden_fields(browser.sees("/doors"))["token"] if browser.door.person.may(Role.OPERATOR) else ""
    return browser.client.post(
        f"/filing/doors/{door}",
        data={"token": token},
        files=[("file", file) for file in files],
        headers={"Origin": OWN, **headers},
    )


@pytest.fixture
def operator(own_home: Path) -> Browser:
    return browser_of("李办", Role.OPERATOR)


def lying(home: Path, door: str) -> dict[str, bytes]:
    """What of these tests lies in a door."""
    folder = {"inbox": home / "inbox", "results": home / "inbox" / "results", "desk": home / "desk"}[door]
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.glob("*"))
        if path.is_file() and b"a door" in path.read_bytes()
    }


@pytest.mark.parametrize("door", ["inbox", "results", "desk"])
def test_a_file_lies_in_its_door_and_its_receipt_is_told_at_once(operator: Browser, own_home: Path, door: str) -> None:
    answer = send(operator, door, ("甲厂.xlsx", BOOK), ("乙厂.xlsx", BOOK + b"2"))
    assert answer.status_code == 200
    assert lying(own_home, door) == {"乙厂.xlsx": BOOK + b"2", "甲厂.xlsx": BOOK}
    kept = [file for file in receipts.newest(own_home) if file.by]
    assert [(file.original, file.by, file.door, file.size) for file in kept] == [
        ("乙厂.xlsx", "李办", door, len(BOOK) + 1),
        ("甲厂.xlsx", "李办", door, len(BOOK)),
    ]
    assert all(file.number in answer.text for file in kept)
    assert (own_home / "receipts.jsonl").stat().st_mode & 0o077 == 0


def test_every_file_has_a_receipt_of_its_own(operator: Browser, own_home: Path) -> None:
    """Also where the same content comes under two names, or to two doors, in one second."""
    doors_and_names = [(door, name) for door in ("inbox", "results", "desk") for name in ("甲.xlsx", "甲 - 副本.xlsx")]
    for door in ("inbox", "results", "desk"):
        answer = send(operator, door, *((name, BOOK) for of, name in doors_and_names if of == door))
        assert answer.status_code == 200
    kept = [file for file in receipts.newest(own_home) if file.by]
    assert len({file.number for file in kept}) == len(kept) == len(doors_and_names)
    with receipts.Ledger(own_home) as ledger:
        for door in ("inbox", "results"):
            folder = own_home / "inbox" / ("results" if door == "results" else "")
            ledger.became(folder / "甲.xlsx", door, "甲.xlsx", f"{door}：已采用")
    became = {(file.door, file.original): file.became for file in receipts.newest(own_home) if file.by == "李办"}
    assert became["inbox", "甲.xlsx"] == "inbox：已采用"
    assert became["results", "甲.xlsx"] == "results：已采用"
    assert len(became) == len(doors_and_names)


def test_another_content_under_a_known_name_stays_beside_it(operator: Browser, own_home: Path) -> None:
    for content in (BOOK, BOOK + b"2", BOOK):
        assert send(operator, "inbox", ("甲厂.xlsx", content)).status_code == 200
    assert lying(own_home, "inbox") == {"甲厂.xlsx": BOOK, "甲厂（2）.xlsx": BOOK + b"2"}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("run.exe", BOOK, "类型不能收"),
        ("甲厂", BOOK, "类型不能收"),
        ("甲厂.xlsx", b"MZ not a workbook, says a door", "不是 .xlsx 文件"),
        ("扫描件.pdf", BOOK, "不是 .pdf 文件"),
        ("空.xlsx", b"", "是空的"),
    ],
)
def test_a_file_of_a_wrong_kind_is_refused_and_stops_no_other(
    operator: Browser, own_home: Path, name: str, content: bytes, sentence: str
) -> None:
    answer = send(operator, "inbox", (name, content), ("好的.xlsx", BOOK))
    assert sentence in answer.text
    assert list(lying(own_home, "inbox")) == ["好的.xlsx"]
    assert send(operator, "inbox", (name, content)).status_code == 400


@pytest.mark.parametrize("name", ["../../../etc/甲厂.xlsx", "C:\\表\\甲厂.xlsx", "..\\甲厂.xlsx"])
def test_a_name_leads_nowhere(operator: Browser, own_home: Path, name: str) -> None:
    send(operator, "inbox", (name, BOOK))
    assert lying(own_home, "inbox") == {"甲厂.xlsx": BOOK}


PDF = b"%PDF-1.7 a scan, says a door"


def test_an_attachment_keeps_the_name_it_is_looked_for_by(own_home: Path) -> None:
    names = ["营业执照 副本.pdf", "承诺书 (1).PDF", "方案[1]、定稿 & 附表.pdf", f"{'长' * 70}.pdf", '题库:"2026"?.pdf']
    laid = [uploads.lay_in(settings(), "inbox", name, io.BytesIO(PDF), "李办").file for name in names]
    assert laid == [*names[:1], "承诺书 (1).pdf", *names[2:4], "题库：＂2026＂？.pdf"]
    assert all(is_looked_for(file, name, "HS1", "") for file, name in zip(laid, names, strict=True))
    assert all((own_home / "inbox" / file).read_bytes() == PDF for file in laid)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (" ..题库. .pdf ", "题库.pdf"),
        ("con.pdf", "con_.pdf"),
        ("COM1.旧.pdf", "COM1.旧_.pdf"),
        ("方案\x00\u202e\x1f.pdf", "方案.pdf"),
        ("... .pdf", "未命名.pdf"),
    ],
)
def test_a_name_harms_no_system(own_home: Path, name: str, kept: str) -> None:
    assert uploads.lay_in(settings(), "inbox", name, io.BytesIO(PDF), "李办").file == kept
    assert (own_home / "inbox" / kept).read_bytes() == PDF


def test_a_name_longer_than_any_file_s_is_cut(own_home: Path) -> None:
    names = {uploads.lay_in(settings(), "inbox", f"{'长' * 300}{n}.pdf", io.BytesIO(PDF), "").file for n in range(2)}
    assert len(names) == 2
    assert all(len(name.encode()) < 255 and name.endswith(".pdf") for name in names)


@pytest.mark.parametrize("door", ["results", "desk"])
@pytest.mark.parametrize("name", ["a.tsv", "b.xlsb", "list.txt"])
def test_every_kind_of_table_is_taken_at_the_other_doors_too(own_home: Path, door: str, name: str) -> None:
    assert uploads.lay_in(settings(), door, name, io.BytesIO(BOOK), "李办").file == name


def test_what_a_program_leaves_beside_a_file_is_refused(own_home: Path) -> None:
    with pytest.raises(uploads.UnfitFileError, match="临时文件"):
        uploads.lay_in(settings(), "inbox", "~$承诺书.pdf", io.BytesIO(PDF), "李办")


def test_one_too_large_is_refused_before_it_is_read(
    operator: Browser, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "MOST_BYTES", 0)
    monkeypatch.setattr(doors, "_BESIDE", 10)
    answer = send(operator, "inbox", ("甲厂.xlsx", BOOK))
    assert answer.status_code == 413
    assert "超过" in answer.text
    assert lying(own_home, "inbox") == {}
    # who says two gigabytes is not listened to at all
    headers = {"Origin": OWN, "Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(2 * 1024**3)}
    assert operator.client.post("/filing/doors/inbox", content=b"", headers=headers).status_code == 413


def test_one_broken_off_leaves_nothing(operator: Browser, own_home: Path) -> None:
    token = hidden_fields(operator.sees("/doors"))["token"]
    whole = (
        f'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode() + BOOK
    headers = {"Origin": OWN, "Content-Type": "multipart/form-data; boundary=x"}
    answer = operator.client.post("/filing/doors/inbox", content=whole, headers=headers)
    assert answer.status_code == 400
    assert "上传中断" in answer.text
    assert lying(own_home, "inbox") == {}
    assert not list((own_home / "inbox").glob(".*.part"))
    ended = operator.client.post("/filing/doors/inbox", content=whole + b"\r\n--x--\r\n", headers=headers)
    assert ended.status_code == 200, "the same, whole, is taken"


def test_viewers_lay_nothing_in_and_take_nothing_away(operator: Browser, own_home: Path) -> None:
    operator.door.person = Person("访客", Role.VIEWER)
    assert send(operator, "inbox", ("甲厂.xlsx", BOOK)).status_code == 403
    with reading() as db:
        occasion = dossier.letters(db, [SENT])["occasion"].iloc[0]
    assert operator.client.get("/filing/letters/file", params={"occasion": occasion}).status_code == 403
    assert operator.client.get(f"/filing/packages/{SENT}.zip").status_code == 403
    for path in ("/letters", f"/applications/{SENT}", f"/cycles/{CYCLE}"):
        page = operator.sees(path, cycle=CYCLE)
        assert "/letters/file" not in page, "nothing is offered that is refused"
        assert ".zip" not in page
        assert 'type="checkbox"' not in page, "nothing is to be chosen where nothing can be done"


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
        return packed.namelist()


@pytest.mark.usefixtures("shared")
def test_letters_packages_and_sheets_carry_number_and_institution_in_their_names() -> None:
    browser = browser_of("李办", Role.OPERATOR)
    with reading() as db:
        row, letters = dossier.application(db, SENT), dossier.letters(db, [SENT])
    institution = str(row["institution_name"])[:4]
    one = browser.client.get("/filing/letters/file", params={"occasion": letters["occasion"].iloc[0]})
    assert one.content[:2] == b"PK"
    assert "attachment" in one.headers["content-disposition"]
    every = names(browser.client.get(f"/filing/letters/{CYCLE}.zip"))
    assert len(set(every)) == len(every) > 5
    assert any(name.startswith(f"{SENT}-{institution}") and "受理通知书" in name for name in every)
    sent = browser.client.get(f"/filing/packages/{SENT}.zip")
    package = names(sent)
    assert unquote(sent.headers["content-disposition"]).endswith("-评估材料包.zip")
    assert f"{SENT}-{institution}" in unquote(sent.headers["content-disposition"])
    assert sorted(name.rpartition("/")[2] for name in package) == ["package.json", "评分表.xlsx"]
    assert all(name.startswith(f"{SENT}-{institution}") for name in package)
    sheets = names(browser.client.get(f"/filing/packages/all/{CYCLE}.zip", params={"kind": "sheets"}))
    assert all(name.endswith("-评分表.xlsx") for name in sheets)
    assert browser.client.get("/filing/letters/file", params={"occasion": "none"}).status_code == 404
    assert browser.client.get(f"/filing/packages/{HELD[:-2]}99.zip").status_code == 404


def test_a_whole_list_is_noted_at_once_and_its_filter_stays(operator: Browser) -> None:
    with reading() as db:
        rows, number = postings.listed(db, CYCLE, "outbox", 1000, 0)
    form = {"cycle": CYCLE, "state": "outbox", "every": "yes", "what": "posted", "on": "2026-09-12"}
    changed = operator.sends("/letters/posted", "/letters", **form, number=str(number + 1))
    assert changed.status_code == 400
    assert "已有变化" in changed.text
    answer = operator.sends("/letters/posted", "/letters", **form, number=str(number))
    assert answer.headers["location"] == f"/filing/letters?cycle={CYCLE}&state=outbox&done=posted"
    assert "共 0 封" in operator.sees("/letters", cycle=CYCLE, state="outbox")
    with reading() as db:
        assert postings.listed(db, CYCLE, "posted", 1, 0)[1] == len(rows) == number > 1


def test_sent_off_and_arrived_are_two_facts_with_their_days(operator: Browser) -> None:
    with reading() as db:
        letter = dossier.letters(db, [SENT]).iloc[0]
    form = {"occasion": letter["occasion"], "on": "2026-09-12"}
    assert operator.sees("/letters", state="outbox").count(letter["occasion"]) > 0
    assert operator.sends("/letters/posted", "/letters", what="posted", **form).status_code == 303
    assert letter["occasion"] not in operator.sees("/letters", state="outbox")
    assert letter["occasion"] in operator.sees("/letters", state="posted")
    assert operator.sends("/letters/posted", "/letters", what="served", **form).status_code == 303
    assert letter["occasion"] in operator.sees("/letters", state="served")
    with reading() as db:
        steps = history.of(db, [SENT])
    assert [(row["became"], row["by"]) for row in steps.tail(2).to_dict("records")] == [
        ("posted", "李办"),
        ("served", "李办"),
    ]
    early = operator.sends("/letters/posted", "/letters", what="posted", **{**form, "on": "2099-01-01"})
    assert early.status_code == 400
    assert "2099-01-01 还没有到" in early.text
    assert operator.sends("/letters/posted", "/letters", what="posted", on="").status_code == 400
