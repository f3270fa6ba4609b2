"""Numbers of letters: one series a kind and year, without gaps, never twice, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from deployments import examination
from schemas.office import FILE, shipped
from tasks.runs import page
from tasks.store import letters
from tasks.store.database import begin, reading
from tasks.store.outbox import Entry
from tests.letter_samples import SHORTEST
from tests.registers import run_on

_DAY = date(2026, 9, 12)
_SERIES = "黄职鉴补〔2026〕{serial}号"


def _entry(kind: str, number: int) -> Entry:
    return Entry(f"{kind}:{number:03}", kind, f"HS-{number}", SHORTEST[kind])


def _write(day: date, *entries: Entry) -> int:
    with run_on(day) as run, begin() as db:
        return letters.write(db, entries, run)


def _state(home: Path, text: str) -> None:
    home.mkdir(exist_ok=True)  # a database elsewhere leaves it to be made
    (home / FILE).write_text(text, "utf-8")


def _numbers() -> list[str]:
    with reading() as db:
        return [number for number in letters.register(db)["number"] if number]


def test_a_letter_is_numbered_in_the_series_of_its_kind_and_year(installation: Path) -> None:
    assert (
        _write(_DAY, _entry("correction", 1), _entry("filing", 1), _entry("suspension", 1), _entry("correction", 2))
        == 4
    )
    assert _write(_DAY, _entry("correction", 1), _entry("dormancy", 1)) == 1
    assert _write(date(2027, 1, 4), _entry("correction", 3)) == 1
    with reading() as db:
        given = dict(letters.register(db)[["subject", "number"]].itertuples(index=False, name=None))
        rows = letters.register(db)
    assert set(rows["number"]) == {
        *("黄职鉴补〔2026〕1号", "黄职鉴补〔2026〕2号", "黄职鉴补〔2027〕1号"),
        *("黄职鉴备〔2026〕1号", "黄职鉴〔2026〕1号", "黄职鉴〔2026〕2号"),
    }
    assert given["HS-3"] == "黄职鉴补〔2027〕1号"
    assert set(rows["addressee"]) == {"湖北新冶钢职业培训学校"}


def test_what_a_failed_transaction_took_is_given_again(installation: Path) -> None:
    with pytest.raises(RuntimeError, match="killed"), run_on(_DAY) as run, begin() as db:
        letters.write(db, [_entry("correction", 1), _entry("correction", 2)], run)
        raise RuntimeError("killed")
    _write(_DAY, _entry("correction", 3))
    assert _numbers() == ["黄职鉴补〔2026〕1号"]


def test_two_at_once_leave_no_gap_and_give_no_number_twice(installation: Path) -> None:
    def take(count: int) -> list[int]:
        with begin() as db:
            return letters.next_serials(db, [_SERIES] * count)

    with ThreadPoolExecutor(4) as pool:
        given = [serial for serials in pool.map(take, [1, 3, 2, 5, 1, 4] * 3) for serial in serials]
    assert sorted(given) == list(range(1, 49))


def test_a_letter_without_a_series_leaves_its_number_open(installation: Path) -> None:
    _state(installation, shipped().replace('correction = "黄职鉴补〔{year}〕{serial}号"', 'correction = ""'))
    _write(_DAY, _entry("correction", 1), _entry("filing", 1))
    assert _numbers() == ["黄职鉴备〔2026〕1号"]
    with begin() as db:
        assert letters.next_serials(db, ["", _SERIES, ""]) == [0, 1, 0]


def test_a_series_changed_in_mid_year_begins_anew_and_what_was_given_stays(installation: Path) -> None:
    _write(_DAY, _entry("correction", 1), _entry("correction", 2))
    _state(installation, shipped().replace("黄职鉴补", "黄人社鉴补"))
    _write(_DAY, _entry("correction", 3))
    assert set(_numbers()) == {"黄职鉴补〔2026〕1号", "黄职鉴补〔2026〕2号", "黄人社鉴补〔2026〕1号"}


def test_the_run_shows_its_part_of_the_register(installation: Path) -> None:
    _write(_DAY, _entry("correction", 1), _entry("filing", 1))
    rows = page.document_rows("2026-09")
    assert [(row["文号"], row["文书"], row["发往"]) for row in rows] == [
        ("黄职鉴备〔2026〕1号", "备案通知书", "湖北新冶钢职业培训学校"),
        ("黄职鉴补〔2026〕1号", "补正通知书", "湖北新冶钢职业培训学校"),
    ]


def test_doctor_names_a_series_changed_in_mid_year(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look() -> list[str]:
        return [observation.sentence for observation in examination.examine() if observation.name == "numbers"]

    monkeypatch.setattr(examination, "today", lambda: _DAY)
    _write(_DAY, _entry("correction", 1), _entry("correction", 2), _entry("filing", 1))
    assert look() == []
    _state(installation, shipped().replace("黄职鉴补", "黄人社鉴补"))
    (sentence,) = look()
    assert sentence.startswith("补正通知书 of 2026 were numbered in 黄职鉴补〔2026〕{serial}号 up to 2")
    assert "黄人社鉴补〔2026〕{serial}号" in sentence
    monkeypatch.setattr(examination, "today", lambda: date(2027, 1, 4))
    assert look() == [], "a new year begins anew whatever the pattern is"
