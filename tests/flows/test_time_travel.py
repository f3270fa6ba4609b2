"""The directory on any past day, as it is known now and exactly as it was known then; what changed between editions."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from flows.stages import publication
from schemas.qualification import Adjustment
from schemas.settings import Settings, using
from tests.commands import Filing
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, THREE, TWO, decide, passed, run_on, take_over

CYCLE, CODE = "2026-04", "Y000142000001"
OLD = (date(2023, 6, 10), date(2026, 6, 9))
LATER = (date(2024, 6, 10), date(2027, 6, 9))

Row = tuple[str, str]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A register that lived through a renewal, a code that came later, a correction and a revocation told late."""
    from deployments import schema
    from tasks.adjustment import adjust
    from tasks.desk.importing import import_file

    home = tmp_path_factory.mktemp("lived") / "home"
    with using(Settings(home=home)):
        schema.migrate()
        take_over([(ONE, COOK, "4")], *OLD, day=date(2026, 4, 1))
        take_over([(TWO, BAKER, "3"), (THREE, ELECTRICIAN, "3")], *LATER, day=date(2026, 4, 1))
        take_over([(TWO, COOK, "3"), (TWO, ELECTRICIAN, "3")], *LATER, day=date(2026, 4, 1))
        publication.fn(CYCLE, date(2026, 4, 10))
        passed("A1", "renewal", [(ONE, COOK, "4")], cycle=CYCLE)
        decide(CYCLE, date(2026, 5, 25))
        publication.fn(CYCLE, date(2026, 5, 25))
        codes = home / "codes.csv"
        codes.write_text(f"uscc,institution_code\n{ONE},{CODE}\n", "utf-8")
        import_file("institution-codes", codes, date(2026, 6, 20))
        # a clerk had misread the year: the register taken over is corrected
        take_over([(THREE, ELECTRICIAN, "3")], date(2025, 6, 10), date(2028, 6, 9), day=date(2026, 7, 1))
        words = {"ground": "抽查不合格", "document_no": "黄职鉴〔2026〕8号", "decided_by": "王处长"}
        revoked = {"kind": "revoke", "uscc": TWO, "occupation_code": BAKER, "effective_on": date(2026, 7, 1), **words}
        with run_on(date(2026, 7, 10), CYCLE) as run:
            adjust(run, Adjustment.model_validate(revoked))
        publication.fn(CYCLE, date(2026, 7, 10))
        yield home


@pytest.fixture
def filing(lived: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Filing]:
    with using(Settings(home=lived)):
        yield Filing(lived, monkeypatch, capsys)


ALWAYS = {(TWO, COOK): ("2027-06-09", ""), (TWO, ELECTRICIAN): ("2027-06-09", "")}
#: Known since, its last day was the one before the revocation.
LAST = {(TWO, BAKER): ("2026-06-30", "")}
BAKES = {(TWO, BAKER): ("2027-06-09", "")}


@pytest.mark.parametrize(
    ("day", "known_on", "listed"),
    [
        # before anything was known, nothing was
        ("2026-04-01", "2026-03-31", {}),
        (
            "2026-04-01",
            "2026-04-01",
            {(ONE, COOK): ("2026-06-09", ""), (THREE, ELECTRICIAN): ("2027-06-09", "")} | BAKES,
        ),
        # the renewal: known then the old end, known now the new one with the code that came later
        (
            "2026-05-24",
            "2026-05-24",
            {(ONE, COOK): ("2026-06-09", ""), (THREE, ELECTRICIAN): ("2027-06-09", "")} | BAKES,
        ),
        (
            "2026-05-25",
            "2026-05-25",
            {(ONE, COOK): ("2029-06-09", ""), (THREE, ELECTRICIAN): ("2027-06-09", "")} | BAKES,
        ),
        ("2026-06-10", "2026-05-24", {(THREE, ELECTRICIAN): ("2027-06-09", "")} | BAKES),
        (
            "2026-06-10",
            "2026-06-19",
            {(ONE, COOK): ("2029-06-09", ""), (THREE, ELECTRICIAN): ("2027-06-09", "")} | BAKES,
        ),
        (
            "2026-06-10",
            "2026-06-20",
            {(ONE, COOK): ("2029-06-09", CODE), (THREE, ELECTRICIAN): ("2027-06-09", "")} | BAKES,
        ),
        # the correction holds for the past too, as it is known now
        ("2026-06-30", None, {(ONE, COOK): ("2029-06-09", CODE), (THREE, ELECTRICIAN): ("2028-06-09", "")} | LAST),
        # the revocation took effect nine days before it was put on record
        (
            "2026-07-05",
            "2026-07-05",
            {(ONE, COOK): ("2029-06-09", CODE), (THREE, ELECTRICIAN): ("2028-06-09", "")} | BAKES,
        ),
        ("2026-07-05", None, {(ONE, COOK): ("2029-06-09", CODE), (THREE, ELECTRICIAN): ("2028-06-09", "")}),
        ("2028-06-10", None, {(ONE, COOK): ("2029-06-09", CODE)}),
    ],
)
def test_the_directory_on_a_day(
    filing: Filing, day: str, known_on: str | None, listed: dict[Row, tuple[str, str]]
) -> None:
    words = ["directory", "--as-of", day, "--format", "json", *(["--as-known-on", known_on] if known_on else [])]
    ended = filing(*words)
    assert ended.code == 0, ended.err
    rows = {(row["uscc"], row["occupation_code"]): row for row in json.loads(ended.out)}
    expected = listed | ALWAYS if listed and day < "2027-06-10" else listed
    assert {key: (row["valid_until"], row["institution_code"]) for key, row in rows.items()} == expected


@pytest.mark.parametrize(
    ("edition", "day"), [("2026-04.1", "2026-04-10"), ("2026-04.2", "2026-05-25"), ("2026-04.3", "2026-07-10")]
)
def test_as_known_on_its_day_the_directory_is_the_edition_of_that_day(filing: Filing, edition: str, day: str) -> None:
    published = (filing.home / "published" / edition / "directory.csv").read_text("utf-8-sig")
    assert filing("directory", "--as-of", day, "--as-known-on", day).out == published


def test_diff_tells_what_changed_between_editions(filing: Filing) -> None:
    for name in ("2026-04.2", "2026-04.3"):
        former = f"2026-04.{int(name[-1]) - 1}"
        published = (filing.home / "published" / name / "changes.csv").read_text("utf-8-sig")
        assert filing("diff", former, name).out == published
    over_both = list(csv.DictReader(filing.lines("diff", "2026-04.1", "2026-04.3")))
    shown = ("uscc", "occupation_code", "change", "reason", "document_no")
    assert sorted(tuple(change[name] for name in shown) for change in over_both) == sorted(
        [
            (ONE, COOK, "details_changed", "", ""),
            (ONE, COOK, "renewed", "", ""),
            (TWO, BAKER, "revoked", "抽查不合格", "黄职鉴〔2026〕8号"),
            (THREE, ELECTRICIAN, "renewed", "", ""),
        ]
    )
    back = filing.lines("diff", "2026-04.3", "2026-04.1")
    assert any(line.startswith(TWO) and ",added," in line for line in back)


def test_an_edition_that_is_not_there_is_named(filing: Filing) -> None:
    ended = filing("diff", "2026-04.1", "2026-04.9")
    assert ended.code == 2
    assert ended.err == "filing: there is no edition 2026-04.9: `filing status` lists the editions\n"
    assert filing("directory", "--as-of", "10.09.2026").code == 2
