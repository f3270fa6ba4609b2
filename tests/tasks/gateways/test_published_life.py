"""The published life of the directory: what came, what went, and why."""

from datetime import date

import pandas as pd

from schemas.directory_changes import changes
from tasks.gateways.shelf.content import LIFE_COLUMNS, grown, unborn
from tests.editions import GONE, REVOKED, directory, ordinary, row, with_a_past

DAYS = [date(2025, 9, 12), date(2026, 4, 20), date(2026, 9, 10)]


def lived(*editions: pd.DataFrame) -> pd.DataFrame:
    """The life of these editions, one a day of DAYS, without causes."""
    life, before = unborn(), editions[0].iloc[:0]
    for rows, day in zip(editions, DAYS, strict=False):
        life = grown(life, rows, changes(before, rows, day), f"{day:%Y-%m}.1", day)
        before = rows
    return life


def spells(life: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    return list(life[["levels", "came_in", "gone_in", "became"]].itertuples(index=False, name=None))


def test_what_stands_has_one_open_spell() -> None:
    life = lived(ordinary(), ordinary().sample(frac=1, random_state=1))
    assert len(life) == 7
    assert list(life.columns) == LIFE_COLUMNS
    assert set(life["came_in"]) == {"2025-09.1"}
    assert set(life["gone_in"]) == {""}


def test_a_row_that_changes_has_a_spell_for_each_state() -> None:
    one, more = directory([row(levels="5")]), directory([row(levels="5,4")])
    assert spells(lived(one, more, one)) == [
        ("5", "2025-09.1", "2026-04.1", "levels_changed"),
        ("5,4", "2026-04.1", "2026-09.1", "levels_changed"),
        ("5", "2026-09.1", "", ""),
    ]


def test_a_row_that_went_and_came_back_has_two_spells() -> None:
    rows = directory([row()])
    assert spells(lived(rows, rows.iloc[:0], rows)) == [
        ("5,4,3", "2025-09.1", "2026-04.1", "removed"),
        ("5,4,3", "2026-09.1", "", ""),
    ]


def test_what_became_of_a_row_is_kept_with_reason_and_document() -> None:
    life = with_a_past().life
    gone = life[life["gone_in"] == "2026-09.1"].set_index("uscc")
    for uscc, (name, kind, reason, number) in GONE.items():
        cells = gone.loc[uscc, ["institution_name", "became", "reason", "document_no"]].tolist()
        assert cells == [name, kind, reason, number]
    assert gone.loc[REVOKED, "gone_on"] == "2026-09-10"


def test_no_row_stands_twice_in_one_edition() -> None:
    life = with_a_past().life
    standing = life[life["gone_in"] == ""]
    assert len(standing) == 7
    assert not standing.duplicated(["uscc", "occupation_code", "work_type"]).any()
