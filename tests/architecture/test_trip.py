"""The way of an application stays short enough to be read: the bounds stand in the developers' page."""

import re
from pathlib import Path

import pytest

from tests.architecture.trip import executed, one_cycle

PAGE = Path(__file__).parents[2] / "docs" / "developing.md"


@pytest.mark.usefixtures("home")
def test_one_cycle_executes_no_more_than_the_page_allows(tmp_path: Path) -> None:
    bounds = re.search(r"at most (\d+) modules and (\d+) functions", PAGE.read_text("utf-8"))
    assert bounds, f"{PAGE.name} no longer names the bounds"
    trip = executed(lambda: one_cycle(tmp_path / "acts"))
    assert len(trip.modules) <= int(bounds[1]), sorted(trip.modules)
    assert len(trip.functions) <= int(bounds[2])
