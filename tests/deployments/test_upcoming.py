"""What a run that is still to come is called, before Prefect lets it begin."""

from datetime import UTC, datetime

import pytest

from deployments.catalogue import ENTRIES, Entry
from deployments.schedules import upcoming_name
from schemas.run import AUTOMATIC


@pytest.mark.parametrize(
    ("deployment", "moment", "name"),
    [
        ("cycle", datetime(2026, 9, 10, 16, 30, tzinfo=UTC), "2026-09 · 办理 · 2026-09-11"),
        ("cycle", datetime(2026, 9, 10, 15, 30, tzinfo=UTC), "2026-09 · 办理 · 2026-09-10"),
        ("sweeps", datetime(2026, 9, 10, 17, 15, tzinfo=UTC), "每日清理 · 2026-09-11"),
        ("of a person", datetime(2026, 9, 10, 1, 0, tzinfo=UTC), "of a person · 2026-09-10"),
    ],
)
@pytest.mark.usefixtures("home")
def test_it_is_called_as_it_will_be_when_it_begins(deployment: str, moment: datetime, name: str) -> None:
    assert upcoming_name(deployment, moment) == name


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "entry", [entry for entry in ENTRIES if entry.name in {*AUTOMATIC} - {"cycle"}], ids=lambda entry: entry.name
)
def test_a_run_keeps_its_name_when_it_begins(entry: Entry) -> None:
    begun = entry.flow.flow_run_name
    assert callable(begun)
    assert begun() == upcoming_name(entry.name, datetime.now(UTC))
