"""A cycle under another policy: the same policy changes nothing, a stricter one what it must; nothing is written."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select

from schemas import policy as policies
from schemas import tables
from schemas.settings import settings
from tasks.desk.closing import ClosingDecision, close_cycle
from tasks.store import items
from tasks.store.database import reading
from tests import factories
from tests.commands import Filing
from tests.policies import SECOND_CITY, SHIPPED, write_policy
from tests.registers import sweep

CYCLE = "2026-09"


@pytest.fixture
def decided(home: Path) -> Path:
    """An installation in which a made cycle has been decided."""
    factories.play(factories.make_story(CYCLE, seed=1, institutions=40), home)
    return home


def _kept() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with reading() as db:
        return {
            table.name: [tuple(row) for row in db.execute(select(table))] for table in tables.metadata.sorted_tables
        }


def _compared(policy: Path, filing: Filing) -> pd.DataFrame:
    from io import StringIO

    ended = filing("compare", CYCLE, "--policy", str(policy))
    assert ended.code == 0, ended.err
    return pd.read_csv(StringIO(ended.out), dtype="str", keep_default_na=False)


def test_a_cycle_is_judged_anew_and_nothing_is_written(
    decided: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    filing = Filing(decided, monkeypatch, capsys)
    put_out, kept = factories.output(settings().root), _kept()
    with reading() as db:
        present = items.listing(db, CYCLE)

    same = _compared(write_policy(tmp_path / "same", "2021-02-02") / "2021-02-02.toml", filing)
    assert set(same["status"]) > {"filed", "failed", "returned", "held"}
    assert same[[*items.KEYS, "status"]].equals(present[[*items.KEYS, "status"]].astype("str"))
    assert same["status"].tolist() == same["other_status"].tolist()
    assert same["reason"].tolist() == same["other_reason"].tolist()

    strict = write_policy(tmp_path / "strict", "2030-01-01", pass_mark="80") / "2030-01-01.toml"
    other = _compared(strict, filing)
    below = pd.to_numeric(present["score"]) < 80
    fell = other[(other["status"] == "filed") & (other["other_status"] != "filed")]
    assert below.any()
    assert len(fell)
    assert set(fell["other_status"]) == {"dispatched"}, "a pass below the mark is not accepted"
    assert below[fell.index].all()
    assert (_kept(), factories.output(settings().root)) == (kept, put_out)

    close_cycle(CYCLE, ClosingDecision("王主任", "办结"), date(2026, 10, 26))
    closed = _compared(tmp_path / "same" / "2021-02-02.toml", filing)
    assert set(closed["status"]) > {"filed", "failed", "ended"}
    assert closed["other_status"].tolist() == closed["status"].tolist()

    sweep(date(2030, 1, 1))
    with reading() as db:
        present = items.listing(db, CYCLE)
    over = _compared(tmp_path / "same" / "2021-02-02.toml", filing)
    assert over["status"].tolist() == present["status"].tolist(), "it stands where `filing items` says"
    assert "lapsed" in set(over["status"])
    assert over["other_status"].tolist() == over["status"].tolist(), "time passes under every policy"
    for_longer = write_policy(tmp_path / "longer", "2021-02-02", SHIPPED.replace("months = 36", "months = 60"))
    longer = _compared(for_longer / "2021-02-02.toml", filing)
    assert "filed" in set(longer.loc[longer["status"] == "lapsed", "other_status"])


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("2026-13",), 2, "is not a cycle"),
        (("2026-05",), 2, "'2026-05' is not a cycle"),
        (("2026-09",), 2, "there is nothing to compare in cycle 2026-09"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    filing: Filing,
    tmp_path: Path,
    words: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    policy = write_policy(tmp_path / "policies", "2021-02-02") / "2021-02-02.toml"
    ended = filing("compare", *words, "--policy", str(policy))
    assert ended.code == code
    assert sentence in ended.err
    assert len(ended.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "instead", "code", "sentence"),
    [
        ("pass_mark = 60", "pass_mark = 600", 3, "evaluation.pass_mark"),
        ("pass_mark = 60", "passmark = 60", 3, "evaluation.pass_mark: is missing"),
        ("pass_mark = 60", "pass_mark =", 3, "cannot be read"),
    ],
)
def test_a_faulty_policy_is_one_sentence(
    filing: Filing,
    tmp_path: Path,
    line: str,
    instead: str,
    code: int,
    sentence: str,
) -> None:
    policy = write_policy(tmp_path / "policies", "2021-02-02") / "2021-02-02.toml"
    policy.write_text(policy.read_text("utf-8").replace(line, instead), "utf-8")
    ended = filing("compare", CYCLE, "--policy", str(policy))
    assert ended.code == code
    assert sentence in ended.err
    assert str(policy) in ended.err
    assert len(ended.err.strip().splitlines()) == 1


def test_a_policy_without_the_cycle_and_a_file_that_is_none(filing: Filing, tmp_path: Path) -> None:
    elsewhere = write_policy(tmp_path / "policies", "2021-02-02", SECOND_CITY) / "2021-02-02.toml"
    ended = filing("compare", "2026-04", "--policy", str(elsewhere))
    assert (ended.code, "has no cycle 2026-04: 清河市" in ended.err) == (2, True)
    ended = filing("compare", CYCLE, "--policy", str(tmp_path / "nowhere.toml"))
    assert (ended.code, "is no file" in ended.err) == (2, True)


def test_a_shipped_policy_takes_the_place_of_its_own_citys_only(tmp_path: Path) -> None:
    from schemas.settings import Settings, using

    cities = {"qinghe": SECOND_CITY, "huangshi": None}
    for name, text in cities.items():
        folder = write_policy(tmp_path / name, "2020-01-01", *([text] if text else []))
        with using(Settings(home=tmp_path, policies=folder)):
            assert len(policies.all_policies()) == (1 if name == "qinghe" else 2)
