"""Commands with an unknown number, a closed cycle, a wrong order: one sentence, the right exit code, nothing written."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from deployments import schema
from schemas import tables
from schemas.settings import Settings, settings, using
from tasks.desk.closing import ClosingDecision, close_cycle
from tasks.store.database import reading
from tests import evaluations as made
from tests import factories
from tests.commands import Filing
from tests.registers import COOK, ONE, THREE, TWO, take_over

_WHO = ("--by", "王主任", "--reason", "经研究")
_DECIDED = (*_WHO, "--document", "1号")
_ADJUSTED = ("--by", "王主任", "--ground", "核查属实", "--document", "1号")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A held and a sent-out application, one withdrawn, a closed cycle with one ended, one institution on file."""
    home = Settings(home=tmp_path_factory.mktemp("office"), database_url="")
    with using(home):
        schema.migrate()
        take_over([(ONE, COOK, "4")], date(2025, 5, 25), date(2028, 5, 24))
        made.accepted("HELD", status="held")
        made.accepted("SENT", [(TWO, COOK, "4")])
        made.accepted("GONE", [(THREE, COOK, "4")], status="withdrawn")
        made.accepted("OVER", [(THREE, COOK, "4")], cycle="2025-09", status="held")
        close_cycle("2025-09", ClosingDecision("王主任", "办结"), date(2026, 9, 1))
    return home


def _written(home: Path) -> object:
    """Every row of every table but the runs, and every file."""
    with reading() as db:
        rows = {
            table.name: [tuple(row) for row in db.execute(select(table))]
            for table in tables.metadata.sorted_tables
            if table.name not in ("run", "lease")
        }
    return rows, factories.output(home)


@pytest.fixture
def filing(
    office: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], without_pages: None
) -> Iterator[Filing]:
    with using(office):
        yield Filing(office.root, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        # an unknown number
        (("withdraw", "HS-NONE", *_WHO), 2, "there is no application HS-NONE"),
        (("close", "HS-NONE", *_WHO), 2, "there is no application HS-NONE"),
        (("decide", "HS-NONE", "CAP-1", "permit", *_DECIDED), 2, "there is no application HS-NONE"),
        (("history", "HS-NONE"), 2, "nothing is known of 'HS-NONE'"),
        (("approve", "2026-09.7", "--by", "王主任"), 3, "2026-09.7"),
        (("diff", "2026-09.1", "2026-09.7"), 2, "there is no edition 2026-09.1"),
        (("adjust", "suspend", TWO, *_ADJUSTED), 3, TWO),
        (("adjust", "rename", TWO, "--name", "新名", *_ADJUSTED), 3, TWO),
        (("adjust", "merge", TWO, ONE, *_ADJUSTED), 3, TWO),
        (("adjust", "renumber", "6-99-99-99", COOK, *_ADJUSTED), 3, "6-99-99-99"),
        (("compare", "2026-09", "--policy", "nowhere.toml"), 2, "nowhere.toml is no file"),
        # a month the policy does not have
        *(
            ((*words[:1], "2026-05", *words[1:]), 2, "'2026-05' is not a cycle")
            for words in (("run",), ("items",), ("findings",), ("close", *_WHO), ("draw", "--seed", "1"), ("letters",))
        ),
        # a closed cycle
        (("withdraw", "OVER", *_WHO), 3, "cycle 2025-09 is closed"),
        (("withdraw", " over", *_WHO), 3, "cycle 2025-09 is closed"),  # numbers are taken in any case
        (("decide", "OVER", "WINDOW-1", "permit", *_DECIDED), 3, "cycle 2025-09 is closed"),
        (("close", "OVER", *_WHO), 3, "nothing of OVER is open any more"),
        (("close", "2025-09", *_WHO), 3, "cycle 2025-09 was closed on 2026-09-01 by 王主任"),
        # a wrong order
        (("close", "2026-09", *_WHO, "--as-of", "2026-10-24"), 3, "may be closed from 2026-10-25 on"),
        (("withdraw", "GONE", *_WHO), 3, "nothing of GONE is open any more"),
        (("close", "GONE", *_WHO), 3, "nothing of GONE is open any more"),
        (("adjust", "reinstate", ONE, *_ADJUSTED), 3, "there is nothing to reinstate"),
        (("adjust", "revoke", ONE, "--occupation", "6-18-01-01", *_ADJUSTED), 3, "6-18-01-01"),
        # codes, rules and regions are read as in a table
        (("adjust", "reinstate", f" {ONE.lower()}", *_ADJUSTED), 3, f"{ONE} is filed"),
        (("adjust", "revoke", ONE, "--occupation", "6180101", *_ADJUSTED), 3, "occupation 6-18-01-01"),
        (("adjust", "rename", TWO, "--region", "湖北省黄石市大冶市", *_ADJUSTED), 3, f"{TWO} is not on the register"),
        (("decide", "HELD", "cap-1", "permit", *_DECIDED), 2, "CAP-1 cannot concern HELD"),
        (("close", "HELD", "--occupation", "6180101", *_WHO), 2, "does not apply for occupation 6-18-01-01"),
        # words that do not belong together
        (("decide", "HELD", "FORM-3", "permit", *_DECIDED), 2, "'FORM-3' is no rule to decide on"),
        (("decide", "HELD", "CAP-1", "permit", *_DECIDED), 2, "CAP-1 cannot concern HELD"),
        (("decide", "HELD", "WINDOW-1", "permit", "--occupation", "6-18-01-01", *_DECIDED), 2, "does not apply for"),
        (("close", "2026-09", "--occupation", COOK, *_WHO), 2, "--occupation goes with one application"),
        (("close", "HELD", "--occupation", "6-18-01-01", *_WHO), 2, "does not apply for occupation 6-18-01-01"),
        (("adjust", "rename", ONE, *_ADJUSTED), 2, "give at least one of --name"),
        (("adjust", "rename", ONE, "--region", "武汉", *_ADJUSTED), 2, "武汉"),
        (("adjust", "rename", ONE, "--type", "hospital", *_ADJUSTED), 2, "hospital"),
        (("adjust", "merge", ONE, ONE, *_ADJUSTED), 2, "does not merge into itself"),
        (("adjust", "renumber", COOK, "6-99-99-99", *_ADJUSTED), 2, "6-99-99-99"),
        (("adjust", "merge", ONE, *_ADJUSTED), 2, "merge OLD INTO"),
        (("withdraw", "SENT", "--by", " ", "--reason", "经研究"), 2, "--by is empty"),
        (("withdraw", "SENT", *_WHO, "--as-of", "20.9.2026"), 2, "'20.9.2026' is not a day"),
    ],
)
def test_a_mistaken_command_is_one_sentence(filing: Filing, words: tuple[str, ...], code: int, sentence: str) -> None:
    before = _written(filing.home)
    ended = filing(*words)
    assert (ended.code, len(ended.err.strip().splitlines())) == (code, 1), ended
    assert sentence in ended.err
    assert _written(filing.home) == before


@pytest.mark.parametrize(
    "words",
    [
        ("run", "2026-09", "--as-of", "2026-10-01"),
        ("withdraw", "SENT", *_WHO),
        ("close", "2026-09", *_WHO, "--as-of", "2026-10-26"),
        ("close", "HELD", *_WHO),
        ("decide", "HELD", "WINDOW-1", "permit", *_DECIDED),
        ("adjust", "suspend", ONE, *_ADJUSTED),
        ("adjust", "rename", ONE, "--name", "新名", *_ADJUSTED),
    ],
)
@pytest.mark.parametrize(
    ("setting", "file", "text", "sentence"),
    [
        ("reference", "occupation_changes.csv", "old_code,new_code,from_day\n", "the column document is missing"),
        ("policies", "p.toml", "pass_mark = 60\n", "policy file p.toml: "),
    ],
)
def test_a_file_of_the_law_with_a_typo_is_one_sentence(
    filing: Filing, tmp_path: Path, words: tuple[str, ...], setting: str, file: str, text: str, sentence: str
) -> None:
    before = _written(filing.home)
    (tmp_path / file).write_text(text, "utf-8")
    ended = filing(*words, stated=settings().model_copy(update={setting: tmp_path}))
    assert (ended.code, len(ended.err.strip().splitlines())) == (3, 1), ended
    assert sentence in ended.err
    assert _written(filing.home) == before
