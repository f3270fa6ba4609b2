"""`filing adjust` and `filing import complaints` on the command line: what they print, how they end, what they leave alone."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.commands import Filing
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, THREE, TWO, sweep, take_over, terms

TERM = (date(2024, 5, 25), date(2027, 5, 24))
DAY = "2026-06-01"
WORDS = ("--ground", "登记机关核准", "--document", "鄂市监〔2026〕2号", "--by", "王处长", "--as-of", DAY)


@pytest.fixture
def filing(filing: Filing, without_pages: None) -> Filing:
    take_over([(ONE, COOK, "4"), (TWO, COOK, "4"), (TWO, BAKER, "4")], *TERM)
    return filing


def changes(filing: Filing, edition: str) -> list[list[str]]:
    """Kind, before, after, reason and document number of each change of an edition."""
    file = filing.home / "published" / edition / "changes.csv"
    rows = pd.read_csv(file, dtype="str", keep_default_na=False)
    return rows[["change", "before", "after", "reason", "document_no"]].values.tolist()


def test_a_new_name_is_in_the_next_edition_with_its_document(filing: Filing) -> None:
    assert filing("adjust", "suspend", ONE, *WORDS).code == 0
    renamed = filing("adjust", "rename", TWO, "--name", "新名公司", "--region", "下陆区", *WORDS)
    assert (renamed.code, renamed.out) == (0, "1 renamed, 1 editions, 2 rows\n"), renamed.err
    assert "下陆区" not in (filing.home / "published" / "latest" / "directory.csv").read_text("utf-8-sig")
    changed = changes(filing, "2026-04.2")
    assert {(kind, reason, document) for kind, _, _, reason, document in changed} == {
        ("details_changed", "登记机关核准", "鄂市监〔2026〕2号")
    }
    assert filing("adjust", "reinstate", ONE, *WORDS).code == 0
    assert [row[0] for row in changes(filing, "2026-04.3")] == ["reinstated"]
    assert filing("adjust", "revoke", ONE, *WORDS).code == 0
    assert filing("approve", "2026-04.4", "--by", "王处长", "--as-of", DAY).code == 0, "a third of its rows are gone"
    assert changes(filing, "2026-04.4") == [
        ["revoked", "4；2024-05-25 至 2027-05-24", "", "登记机关核准", "鄂市监〔2026〕2号"]
    ]


def test_a_merger_and_a_renumbering_end_well(filing: Filing) -> None:
    assert filing("adjust", "merge", ONE, TWO, *WORDS).out.startswith("1 merged")
    assert filing("adjust", "renumber", BAKER, ELECTRICIAN, *WORDS).out.startswith("1 renumbered")
    assert set(terms(date.fromisoformat(DAY))) == {(TWO, COOK, "4"), (TWO, ELECTRICIAN, "4")}
    again = filing("adjust", "merge", ONE, TWO, *WORDS)
    assert (again.code, again.out) == (0, "nothing to do: this very decision is on record\n")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("rename", THREE, "--name", "甲"), 3, "is not on the register"),
        (("rename", ONE), 2, "give at least one of --name"),
        (("rename", ONE, "--type", "shop"), 2, "none of the policy's"),
        (("rename", ONE, "--name", "甲", "--occupation", COOK), 2, "--occupation does not go"),
        (("suspend", ONE, "--name", "甲"), 2, "give at least one of --name"),
        (("merge", ONE), 2, "OLD INTO"),
        (("merge", ONE, THREE), 3, "is not on the register"),
        (("merge", ONE, ONE), 2, "into itself"),
        (("renumber", COOK, "9-99-99-99"), 2, "in no list of occupations"),
        (("renumber", ELECTRICIAN, BAKER), 3, "is not on the register"),
        (("suspend", ONE, TWO), 2, "take one credit code"),
        (("rename", ONE, "--name", "甲", "--on", "2026-06-02"), 3, "still to come"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(
    filing: Filing, words: tuple[str, ...], code: int, sentence: str
) -> None:
    before = terms(date.fromisoformat(DAY))
    ended = filing("adjust", *words, *WORDS)
    assert ended.code == code
    assert sentence in ended.err and ended.err.count("\n") == 1
    assert terms(date.fromisoformat(DAY)) == before


def test_complaints_are_taken_in_and_named(filing: Filing, tmp_path: Path) -> None:
    file = tmp_path / "投诉.csv"
    file.write_text(
        "举报投诉编号,统一社会信用代码,收到日期,反映事项,办理人,办理结果\n"
        f"J-1,{ONE},2026-05-20,考评人员不足,王处长,办理中\nJ-2,123,2026-05-20,收费,王处长,办理中\n",
        encoding="utf-8",
    )
    ended = filing("import", "complaints", str(file), "--as-of", DAY)
    assert (ended.code, ended.out) == (1, "1 new of 2 rows of complaints\n")
    assert "第3行" in ended.err
    assert filing("import", "complaints", str(tmp_path / "none.csv")).code == 2


def test_what_a_mistaken_year_marked_is_restored(filing: Filing) -> None:
    words = ("--as-of", DAY, "--by", "王处长", "--reason", "日期误填")
    refused = filing("adjust", "restore", *words)
    assert (refused.code, refused.out) == (3, "")
    assert "no run for a day after 2026-06-01" in refused.err
    assert filing("adjust", "restore", ONE, *words).code == 2
    assert filing("adjust", "suspend", *words).code == 2
    sweep(date(2029, 6, 1))
    restored = filing("adjust", "restore", *words)
    assert restored.code == 0, restored.err
    assert "3 levels" in restored.out
    assert len(terms(date(2026, 6, 1))) == 3
