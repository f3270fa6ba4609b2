"""The night's sweeps and every other flow leave a page as a cycle does: what was done, what waits, the edition beside it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from flows.decided import adjustment, approval
from flows.stages import expiry
from flows.sweeps import sweeps
from schemas.qualification import Adjustment
from schemas.settings import settings, using
from tasks.runs import progress
from tests.policies import write_policy
from tests.registers import BAKER, COOK, ONE, take_over

CYCLE, DAY = "2026-09", date(2026, 9, 12)


@pytest.fixture
def pages(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What a server would keep, by key, of a city whose editions wait for a person."""
    kept: dict[str, str] = {}
    monkeypatch.setattr(progress, "has_page", lambda: True)
    monkeypatch.setattr(progress, "create_markdown_artifact", lambda text, key, _head: kept.update({key: text}))
    folder = write_policy(home / "policies", "2026-09-01", release='"approved"')
    with using(settings().model_copy(update={"policies": folder})):
        take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], date(2025, 1, 10), date(2028, 1, 9), day=date(2026, 9, 11))
        yield kept


def test_the_nights_sweeps_leave_a_page_with_the_edition_that_waits(pages: dict[str, str]) -> None:
    sweeps.fn(DAY)
    assert {"overview-sweeps", "summary-sweeps", "edition-2026-09-1"} <= set(pages)
    for text in ("每日清理", "到期清理", "休眠核定", "中心批准发布", "/filing/cycles/2026-09"):
        assert text in pages["overview-sweeps"]
    assert '"work": "sweeps"' in pages["summary-sweeps"]


def test_a_stage_an_adjustment_and_an_approval_leave_theirs(pages: dict[str, str]) -> None:
    expiry.fn(CYCLE, DAY)
    words = {"ground": "现场检查发现问题", "document_no": "黄人社函〔2026〕12号", "decided_by": "王处长"}
    adjustment.fn(CYCLE, Adjustment(kind="suspend", uscc=ONE, occupation_code=BAKER, effective_on=DAY, **words), DAY)
    assert {"overview-expiry", "overview-adjustment", "summary-adjustment"} <= set(pages)
    pages.clear()
    sweeps.fn(DAY)
    approval.fn("2026-09.1", "张局长", DAY)
    assert "批准发布" in pages["overview-approval"]
