"""A desk over a cycle that waits: returned, held and sent out; played once, copied for each test that acts."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from deployments.desk import house
from deployments.gate.people import Person, Role, bring
from schemas.settings import Settings, using
from tests import factories

DAY = date(2026, 9, 12)
OWN = "http://desk.test"
#: Of the story: one application returned for correction, two held, the others sent out.
RETURNED, HELD, SENT = "HS202609-0002", "HS202609-0005", "HS202609-0001"
CYCLE = "2026-09"


def first_act(home: Path, institutions: int = 10) -> None:
    """Run the first act of a cycle in a migrated home, the day after its deadline."""
    from flows.filing_cycle import filing_cycle

    with using(Settings(home=home, database_url="")):
        story = factories.make_story(CYCLE, institutions=institutions)
        day = story.act(1, home / "inbox")
        assert filing_cycle.fn(story.cycle, day).outcome == "waiting"


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """A home in which the first act of a cycle of ten institutions was run, the day after its deadline."""
    home = tmp_path_factory.mktemp("desk") / "home"
    home.mkdir()
    shutil.copy(migrated, home / migrated.name)
    first_act(home)
    return home


@pytest.fixture(scope="module")
def shared(played: Path) -> Iterator[Path]:
    """The played home itself, for tests that only read."""
    with using(Settings(home=played, database_url="")):
        yield played


@pytest.fixture
def own_home(played: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the played home, for a test that acts."""
    home = tmp_path / "home"
    shutil.copytree(played, home)
    with using(Settings(home=home, database_url="")):
        yield home


class Door:
    """What the gate is to the desk: it puts the person into the scope; nobody once the session is over."""

    def __init__(self, application: Any, person: Person | None) -> None:
        self.application, self.person = application, person

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        brought = bring(scope, self.person) if self.person else scope
        await self.application(brought, receive, send)


@dataclass
class Browser:
    """A person's browser: pages asked for, forms sent with the token of the last page."""

    door: Door
    client: TestClient

    def sees(self, path: str, **query: str) -> str:
        """The text of a page that must be there."""
        answer = self.client.get(f"/filing{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def sends(self, path: str, page: str | None = None, **fields: Any) -> Any:
        """The answer to a form, with the hidden fields of the page it stands on."""
        hidden = hidden_fields(self.sees(page)) if page else {}
        return self.client.post(
            f"/filing{path}",
            data={**hidden, **fields},
            headers={"Origin": OWN},
            follow_redirects=False,
        )


def hidden_fields(text: str) -> dict[str, str]:
    """Token and mark of a page; every form of a page has the same."""
    import re

    fields = re.findall(r'<input type="hidden" name="(token|seen)" value="([^"]*)"', text)
    assert fields, "the page has a form"
    return dict(fields)


def browser_of(name: str, role: Role, server: Any = None) -> Browser:
    door = Door(house.create(server), Person(name, role))
    return Browser(door, TestClient(door, base_url=OWN, raise_server_exceptions=True))


@pytest.fixture
def today_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk's day is the day after the story's first act."""
    from deployments.desk import acts, applications, cycles, institutions, pages, today
    from tasks.desk import pauses as pausing

    modules: tuple[Any, ...] = (acts, applications, cycles, institutions, pages, pausing, today)
    for module in modules:
        monkeypatch.setattr(module, "today", lambda: DAY)
