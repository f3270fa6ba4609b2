"""Copies of a source: killed at any write, a pull is simply done again; the former copy stays in force until then."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.gateways.disk import files
from tasks.gateways.sources.far import landing
from tests import portals
from tests.portals import Portal, bring_in, contents


class Killed(BaseException):
    """Stands for a kill: no `except Exception` may swallow it."""


class Writes:
    """Counts writes, links, renames; dies before one of them."""

    def __init__(self, patch: pytest.MonkeyPatch, fatal: int | None = None) -> None:
        self.passed, self.fatal = 0, fatal
        for holder, name in (
            (files, "put"),
            (landing, "_write"),
            (landing, "_link"),
            (shutil, "rmtree"),
            (Path, "replace"),
            (Path, "rename"),
        ):
            patch.setattr(holder, name, self._counted(getattr(holder, name)))

    def _counted(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            if self.passed == self.fatal:
                raise Killed
            self.passed += 1
            return work(*args, **kwargs)

        return counted


def application(number: str, name: str) -> dict[str, Any]:
    return {"application_no": number, "institution_name": name, "staff": [{"role": "expert", "name": name}]}


@pytest.fixture
def portal() -> Iterator[Portal]:
    with portals.serving(Portal([[application(f"A{page}", "first")] for page in range(3)])) as serving:
        yield serving


def test_killed_at_any_write_it_is_done_again(portal: Portal, tmp_path: Path) -> None:
    first = contents(bring_in(tmp_path / "whole", portal.url))
    changed = [[application(f"A{page}", "second" if page == 1 else "first")] for page in range(3)]
    before = portal.pages[:]
    portal.pages[:] = changed
    with pytest.MonkeyPatch.context() as patch:
        writes = Writes(patch)
        second = contents(bring_in(tmp_path / "whole", portal.url))
    assert first != second
    assert writes.passed > 8
    for fatal in range(writes.passed):
        home = tmp_path / str(fatal)
        portal.pages[:] = before
        bring_in(home, portal.url)
        portal.pages[:] = changed
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
            Writes(patch, fatal)
            bring_in(home, portal.url)
        assert contents(bring_in(home, portal.url)) == second
        copies = [path.name for path in next((home / "sources").iterdir()).iterdir() if path.is_dir()]
        assert len(copies) <= 3
        assert "draft" not in copies


def test_a_journal_cut_in_its_last_line_loses_that_file_alone(portal: Portal, tmp_path: Path) -> None:
    portal.before = lambda count: portal.faults.append("500") if count > 2 else None
    bring_in(tmp_path, portal.url)
    journal = next(tmp_path.rglob("draft/landed.jsonl"))
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:-1]) + lines[-1][:20])
    portal.before, portal.faults = lambda count: None, []
    portal.requests.clear()
    brought = bring_in(tmp_path, portal.url)
    assert [path.partition("?")[2] for path in portal.requests] == ["", "page=2", "page=3", ""]
    assert brought.pull is not None
    assert len(brought.pull.tables["applications"]) == 3
