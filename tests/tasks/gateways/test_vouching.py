"""Results are a panel's own word: only with the token of the dispatch they answer, where the installation asks for it."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from schemas.settings import Settings, settings, using
from tasks.desk.importing import import_file
from tasks.gateways.evaluators.dispatch_tokens import Dispatch, Signer, SigningKeyError, signing_key
from tasks.runs.comparison import rehearsed
from tasks.store import history
from tasks.store.database import reading
from tests import evaluations as made
from tests.commands import Filing
from tests.registers import BAKER, COOK, ONE, TWO

KEY = "one key for both homes, long enough"


@pytest.fixture
def asked(home: Path) -> Iterator[Path]:
    """An installation that takes results only with a token, with two applications sent out."""
    with using(settings().model_copy(update={"result_tokens": "required"})):
        made.accepted("A1", [(ONE, COOK, "4"), (ONE, BAKER, "3")])
        made.accepted("B1", [(TWO, COOK, "4")])
        made.send_out(home)
        yield home


def package(home: Path, number: str) -> dict[str, object]:
    content: dict[str, object] = json.loads(
        (home / "outbox/evaluation" / made.CYCLE / number / "package.json").read_text()
    )
    return content


def token(home: Path, number: str = "A1") -> str:
    return str(package(home, number)["token"])


def drop(home: Path, name: str, *rows: dict[str, str]) -> None:
    """A file of results in the inbox whose rows may bear tokens."""
    file = home / "inbox" / "results" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"results": rows}, ensure_ascii=False), "utf-8")


def reasons(home: Path) -> str:
    return "".join(path.read_text("utf-8") for path in sorted((home / "quarantine").glob("*.reason.txt")))


def test_a_result_with_its_dispatch_s_token_is_taken(asked: Path) -> None:
    rows = [made.result("A1", token=token(asked)), made.result("A1", BAKER, "三级", token=token(asked))]
    drop(asked, "r.json", *rows)
    made.go_on(asked)
    assert [made.standing("A1"), made.standing("A1", BAKER, "3")] == ["filed", "filed"]
    assert not (asked / "quarantine").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "没有送评凭证"),
        ("W10.c2lnbmVk", "不是本系统签发的或已被改动"),
        ("another's", "属于另一份申报"),
        ("changed", "不是本系统签发的或已被改动"),
    ],
)
def test_a_result_without_it_is_set_aside_with_what_to_mend(asked: Path, given: str, message: str) -> None:
    right = token(asked)
    meant = {"another's": token(asked, "B1"), "changed": right[:-4] + right[-4:].swapcase()}.get(given, given)
    drop(asked, "r.json", made.result("A1", token=meant), made.result("B1", token=token(asked, "B1")))
    made.go_on(asked)
    assert [made.standing("A1"), made.standing("B1")] == ["dispatched", "filed"]
    assert re.search(f"^文件“r.json”中申报“A1”的1行评估结果未采用：.*{message}.*重新报送$", reasons(asked).strip())
    kept = [path for path in (asked / "quarantine").iterdir() if path.suffix == ".json"]
    assert len(kept) == 1, "the file itself is kept beside its reason"


def test_a_file_set_aside_is_kept_though_its_name_is_not_told(asked: Path) -> None:
    drop(asked, "110101199003070337.json", made.result("A1"))
    made.go_on(asked)
    assert "110101199003070337" not in reasons(asked)
    assert len([path for path in (asked / "quarantine").iterdir() if path.suffix == ".json"]) == 1


def test_the_scoring_workbook_bears_it(asked: Path) -> None:
    path = asked / "outbox/evaluation" / made.CYCLE / "B1" / "评分表.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["评分表"]
    titles = {str(cell.value).rstrip("*"): int(cell.column or 0) for cell in sheet[4]}
    values: dict[str, Any] = {"结论": "合格", "评分": 80, "承诺材料已提供": "是", "评估日期": "2026-09-18"}
    for title, value in values.items():
        sheet.cell(5, titles[title], value)
    sheet.cell(5, titles["评估组长"], "刘芳")
    sheet.cell(5, titles["评估专家人数"], 3)
    (asked / "inbox/results").mkdir(parents=True)
    book.save(asked / "inbox/results/评分表.xlsx")
    made.go_on(asked)
    assert made.standing("B1") == "filed"


@pytest.mark.parametrize(
    ("field", "changed"), [("application_no", "A1"), ("revision", 2), ("cycle", "2026-04"), ("token", "another's")]
)
def test_a_workbook_s_head_agrees_with_its_token(asked: Path, field: str, changed: object) -> None:
    path = asked / "outbox/evaluation" / made.CYCLE / "B1" / "评分表.xlsx"
    book = openpyxl.load_workbook(path)
    cell = book["送评清单"].cell(1, 1)
    head = json.loads(str(cell.value))
    cell.value = json.dumps({**head, field: token(asked) if field == "token" else changed})
    (asked / "inbox/results").mkdir(parents=True)
    book.save(asked / "inbox/results/评分表.xlsx")
    made.go_on(asked)
    assert made.standing("B1") == "dispatched"
    assert "与送评凭证不一致，请用原送评的评分表重新填写后报送" in reasons(asked)


def test_a_package_is_its_owner_s_alone_to_read(home: Path) -> None:
    before = os.umask(0o022)
    try:
        with using(settings().model_copy(update={"result_tokens": "required"})):
            made.accepted("A1", [(ONE, COOK, "4")])
            made.send_out(home)
    finally:
        os.umask(before)
    files = [path for path in home.rglob("*") if path.is_file() and token(home).encode() in path.read_bytes()]
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []
    assert home / "outbox/evaluation" / made.CYCLE / "A1" / "package.json" in files


def test_tokens_are_asked_for_unless_somebody_chose_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FILING_RESULT_TOKENS")
    assert Settings().result_tokens == "required"


def test_a_panel_that_was_replaced_has_no_say_any_more(asked: Path) -> None:
    from tasks.store import dispatches, outbox
    from tasks.store.leases import writing

    former = token(asked)
    with made.run_on(made.DAY) as run, writing(run) as db:
        again = dispatches.awaited(db, made.CYCLE)
        again = again[(again["application_no"] == "A1") & (again["occupation_code"] == COOK)]
        contents = {"A1": {**outbox.read(db, outbox.PACKAGES, dispatches.occasion("A1", 1)).content, "revision": 2}}
        dispatches.send_again(db, contents, again, run)
    drop(asked, "r.json", made.result("A1", level="四级", token=former), made.result("A1", BAKER, "3", token=former))
    made.go_on(asked)
    assert [made.standing("A1"), made.standing("A1", BAKER, "3")] == ["dispatched", "filed"]
    assert "第1次送评，该职业等级已改由第2次送评的专家组评估" in reasons(asked)
    drop(asked, "r.json", made.result("A1", token=token(asked)))
    made.go_on(asked)
    assert made.standing("A1") == "filed"


def test_the_operator_s_word_stands_in_for_it_and_is_on_record(asked: Path, tmp_path: Path) -> None:
    file = tmp_path / "传真.json"
    file.write_text(json.dumps([made.result("A1"), made.result("B1", token="W10.c2lnbmVk")]), "utf-8")
    imported = import_file("results", file, made.DAY, "王芳")
    assert (imported.rows, imported.new) == (2, 1)
    assert "“B1”" in "".join(imported.complaints)
    assert import_file("results", file, made.DAY, "李四").new == 0
    with reading() as db:
        entries = history.of(db, ["A1"])
    (entry,) = entries[entries["kind"] == "import"].to_dict("records")
    assert (entry["by"], entry["became"], entry["because"]) == ("王芳", "results", "导入文件“传真.json”，1条新记录")


def test_without_being_asked_for_none_is_needed_and_a_wrong_one_is_still_refused(home: Path) -> None:
    made.accepted("A1", [(ONE, COOK, "4")])
    made.accepted("B1", [(TWO, COOK, "4")])
    made.send_out(home)
    assert "token" not in package(home, "A1")
    assert not (home / "result.key").exists()
    drop(home, "r.json", made.result("A1"), made.result("B1", token="W10.c2lnbmVk"))
    made.go_on(home)
    assert [made.standing("A1"), made.standing("B1")] == ["filed", "dispatched"]


def test_the_key_is_the_owner_s_alone_and_made_once(asked: Path) -> None:
    key = asked / "result.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert signing_key(settings()) == key.read_text().strip()
    assert len(signing_key(settings())) >= 32
    assert Signer(settings()).read(token(asked)) == Dispatch(made.CYCLE, "A1", 1)
    assert signing_key(settings()) not in repr(settings())


def test_a_key_from_the_environment_signs_the_same_everywhere(tmp_path: Path) -> None:
    stated: dict[str, Any] = {"result_tokens": "required", "result_key": KEY}
    here, there = (Settings(home=tmp_path / name, **stated) for name in ("here", "there"))
    assert signing_key(here) == signing_key(there) == KEY
    assert not (tmp_path / "here").exists()
    assert KEY not in repr(here)


@pytest.mark.parametrize("damaged", ["", "\n", "k" * 31, "密" * 40])
def test_a_damaged_key_sends_nothing_and_is_told(damaged: str, home: Path, filing: Filing) -> None:
    (home / "result.key").write_text(damaged, "utf-8")
    (home / "result.key").chmod(0o600)
    stated = settings().model_copy(update={"result_tokens": "required"})
    with using(stated):
        made.accepted("A1", [(ONE, COOK, "4")])
        failed = made.send_out(home).failed
    assert "result.key is damaged" in failed["A1"]
    assert "restore it from a backup; delete it only if nothing was sent out" in failed["A1"]
    assert not list((home / "outbox").rglob("package.json"))
    assert "PROBLEM results" in (output := filing("doctor", stated=stated).out)
    assert "result.key is damaged" in output


def test_a_short_key_from_the_environment_is_refused(tmp_path: Path) -> None:
    short = Settings(home=tmp_path, result_tokens="required", result_key="k" * 31)  # type: ignore[arg-type]
    with pytest.raises(SigningKeyError, match="FILING_RESULT_KEY must have at least 32"):
        signing_key(short)


def test_a_key_is_on_the_device_before_anything_is_signed_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)
    signing_key(Settings(home=tmp_path, result_tokens="required"))
    assert len(synced) == 2, "the key, and its folder"


def test_a_rehearsal_makes_no_key(home: Path) -> None:
    with using(settings().model_copy(update={"result_tokens": "required"})):
        with rehearsed(True):
            assert len(signing_key(settings())) >= 32
        assert not (home / "result.key").exists()
        made_for_good = signing_key(settings())
        with rehearsed(True):
            assert signing_key(settings()) == made_for_good


@pytest.mark.parametrize("mode", ["off", "required"])
def test_doctor_tells_which(mode: str, home: Path, filing: Filing) -> None:
    stated = settings().model_copy(update={"result_tokens": mode})
    output = filing("doctor", stated=stated).out
    assert f"FILING_RESULT_TOKENS={mode}" in output
    (home / "result.key").write_text("k")
    (home / "result.key").chmod(0o644)
    assert "chmod 600" in filing("doctor", stated=stated).out


def test_a_token_ends_when_its_item_is_decided(asked: Path) -> None:
    first = made.result("A1", token=token(asked))
    drop(asked, "r.json", first)
    made.go_on(asked)
    assert made.standing("A1") == "filed"
    drop(asked, "again.json", {**first, "verdict": "fail", "score": "40"})
    made.go_on(asked)
    assert "again.json" in reasons(asked) and "送评凭证随之失效" in reasons(asked)
    assert "“r.json”" not in reasons(asked), "what was taken is no news"
    with reading() as db:
        assert made.standing("A1") == "filed"
        assert not list(history.broken_links(db))
