"""The generated pages tell what the model says; and the model's own tables are total."""

import runpy
from pathlib import Path

import pytest

from schemas.item import FINAL, MOVES, STATUSES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = runpy.run_path(str(DOCS / "generate.py"))["PAGES"]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_is_what_the_model_says(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "run `make docs`"


def test_every_status_is_reached_and_every_open_one_left() -> None:
    assert {move.became for move in MOVES} - {""} == set(STATUSES)
    assert {move.was for move in MOVES} - {""} <= set(STATUSES)
    assert set(STATUSES) - FINAL <= {move.was for move in MOVES}
