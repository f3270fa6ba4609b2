"""Every kind of source ends in the same items, findings and edition; one that is down fails the run and stops nothing."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deployments import sample, schema
from schemas.settings import Settings, settings, using
from tests import factories, four_step, portals, remote_servers

Document = dict[str, Any]


@dataclass
class Source:
    """A source under test: its settings, and how its content is replaced."""

    settings: dict[str, Any]
    show: Callable[[Document], None]


@pytest.fixture(scope="module")
def story() -> factories.Story:
    made = factories.make_story(institutions=12)
    made.sample.attachments.clear()  # an API and a database bring none
    return made


@contextmanager
def installed(home: Path, stated: dict[str, Any]) -> Iterator[Path]:
    with using(Settings(home=home, **stated)):
        schema.migrate()
        yield home


def shown(story: factories.Story, act: int) -> Document:
    """What a portal shows in an act: the applications as they are by then."""
    document = portals.nested(story.sample if act == 1 else portals.corrected(story.sample))
    return four_step.ascending(document)


def lay_on_desk(story: factories.Story, act: int, desk: Path) -> None:
    """The centre's lists, and its decisions once they are made."""
    desk.mkdir(parents=True, exist_ok=True)
    for name in ("activities", "register", "experts", *(["decisions"] if act > 1 else [])):
        story.sample.tables[name].to_csv(desk / f"{name}.csv", index=False)


def play(story: factories.Story, home: Path, show: Callable[[Document], None]) -> dict[str, Any]:
    """All three acts; what came out, but for what only files have."""
    from flows.filing_cycle import filing_cycle

    for act, day in enumerate(story.days, 1):
        show(shown(story, act))
        lay_on_desk(story, act, home / "desk")
        if act == 3:
            sample.write_results(story.sample, home / "inbox" / "results")
        summary = filing_cycle.fn(story.cycle, day)
        assert not summary.failed
    assert filing_cycle.fn(story.cycle, story.days[2]).outcome == "nothing_to_do"
    return {**factories.tables(story.cycle), "files": factories.output(home)}


def write(folder: Path, document: Document) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "applications.json").write_text(json.dumps(document, ensure_ascii=False))


@pytest.fixture(scope="module")
def expected(story: factories.Story, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same content out of the inbox."""
    home = tmp_path_factory.mktemp("expected")
    with installed(home, {}):
        return play(story, home, lambda document: write(home / "inbox", document))


@contextmanager
def folder(tmp_path: Path, _request: pytest.FixtureRequest) -> Iterator[Source]:
    yield Source({"source": str(tmp_path / "elsewhere")}, lambda document: write(tmp_path / "elsewhere", document))


@contextmanager
def api(_path: Path, _request: pytest.FixtureRequest) -> Iterator[Source]:
    with portals.serving(portals.Portal([[]])) as portal:
        yield Source(
            {"source": portal.url}, lambda document: portal.pages.__setitem__(slice(None), portals.paged(document, 5))
        )


@contextmanager
def four_step_api(_path: Path, _request: pytest.FixtureRequest) -> Iterator[Source]:
    with portals.serving(portals.Portal([[]])) as portal:
        portal.link = lambda page: None
        stated = {"source": portal.url, "column_map": "four-step"}
        yield Source(stated, lambda document: portal.pages.__setitem__(slice(None), four_step.pages(document)))


@contextmanager
def sqlite(tmp_path: Path, _request: pytest.FixtureRequest) -> Iterator[Source]:
    (tmp_path / "portal.db").touch()
    yield from _database(f"sqlite:///{tmp_path / 'portal.db'}")


@contextmanager
def postgresql(_path: Path, request: pytest.FixtureRequest) -> Iterator[Source]:
    yield from _database(str(request.getfixturevalue("postgresql")))


def _database(url: str) -> Iterator[Source]:
    engine = sa.create_engine(url)

    def show(document: Document) -> None:
        rows = {name: list(records) for name, records in document.items()}
        for name in ("occupations", "staff", "materials", "programmes"):
            rows[name] = [
                {"application_no": form["application_no"], **row}
                for form in document["applications"]
                for row in form.get(name, [])
            ]
        nested = ("occupations", "staff", "materials", "programmes")
        rows["applications"] = [{k: v for k, v in form.items() if k not in nested} for form in document["applications"]]
        portals.fill(engine, {name: records for name, records in rows.items() if records})

    yield Source({"source": url}, show)
    engine.dispose()


@contextmanager
def _served(opening: Any) -> Iterator[Source]:
    with opening as server:
        yield Source(
            {"source": server.source, **server.settings},
            lambda document: server.put("applications.json", json.dumps(document).encode()),
        )


def sftp(tmp_path: Path, _request: pytest.FixtureRequest) -> Any:
    return _served(remote_servers.sftp(tmp_path / "served"))


def webdav(tmp_path: Path, _request: pytest.FixtureRequest) -> Any:
    return _served(remote_servers.webdav(tmp_path / "served"))


def s3(_path: Path, request: pytest.FixtureRequest) -> Any:
    return _served(remote_servers.s3(request.getfixturevalue("monkeypatch").setenv))


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(four_step_api, marks=SLOW),
        pytest.param(api, marks=SLOW),
        pytest.param(sqlite, marks=SLOW),
        pytest.param(folder, marks=SLOW),
        pytest.param(postgresql, marks=SLOW),
        pytest.param(sftp, marks=SLOW),
        pytest.param(webdav, marks=SLOW),
        pytest.param(s3, marks=SLOW),
    ],
)
def test_every_source_ends_in_the_same_items_findings_and_edition(
    kind: Any, story: factories.Story, expected: dict[str, Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as stack:
        source = stack.enter_context(kind(tmp_path, request))
        home = stack.enter_context(installed(tmp_path / "home", source.settings))
        outcome = play(story, home, source.show)
    assert len(expected["items"].splitlines()) > 20
    assert outcome["items"] == expected["items"]
    assert outcome["findings"] == expected["findings"]
    assert outcome["history"] == expected["history"]
    assert outcome["files"] == expected["files"]


def test_a_source_that_is_down_fails_the_run_and_stops_nothing(
    story: factories.Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.filing_cycle import filing_cycle
    from tasks.gateways.sources import chosen

    monkeypatch.setattr(chosen, "_bounds", lambda _settings: portals.quick())
    with portals.serving(portals.Portal(portals.paged(shown(story, 1), 5))) as portal:
        source = portal.url.replace("http://", "http://clerk:s3cr3t-word@")
    with installed(tmp_path / "home", {"source": source, "source_timeout_seconds": 1}) as home:
        write(home / "inbox" / "elsewhere", shown(story, 1))
        patient = filing_cycle.fn(story.cycle, story.days[0], inbox=str(home / "inbox" / "elsewhere"))
        assert patient.stages["intake"].done["new"]
        assert not patient.failed
        sample.write_results(story.sample, home / "inbox" / "results")
        summary = filing_cycle.fn(story.cycle, story.days[0])
        assert summary.outcome == "failed"
        assert list(summary.failed) == ["source"]
        assert "did not answer" in summary.failed["source"]
        assert summary.stages["intake"].done["results"]  # the results in the inbox came in all the same
        text = "".join(path.read_text("utf-8") for path in (home / "runs").glob("*.json"))
        assert "s3cr3t" not in text
        again = filing_cycle.fn(story.cycle, story.days[0], only=[f"failed:{summary.run_id}"])
        assert list(again.failed) == ["source"]


def test_a_dry_run_pulls_and_leaves_nothing(story: factories.Story, tmp_path: Path) -> None:
    from flows.filing_cycle import filing_cycle

    with (
        portals.serving(portals.Portal(portals.paged(shown(story, 1), 5))) as portal,
        installed(tmp_path / "home", {"source": portal.url}) as home,
    ):
        summary = filing_cycle.fn(story.cycle, story.days[0], dry_run=True)
        assert summary.stages["intake"].done["new"]
        assert not (home / "sources").exists()


def test_only_some_of_a_pull_leaves_the_rest_for_the_next(story: factories.Story, tmp_path: Path) -> None:
    from flows.filing_cycle import filing_cycle

    document = shown(story, 1)
    numbers = [form["application_no"] for form in document["applications"]]
    pages = portals.paged(document, 50)
    with (
        portals.serving(portals.Portal(pages)) as portal,
        installed(tmp_path / "home", {"source": portal.url}),
    ):
        few = filing_cycle.fn(story.cycle, story.days[0], only=numbers[:2])
        rest = filing_cycle.fn(story.cycle, story.days[0])
    assert few.stages["intake"].done["new"] + rest.stages["intake"].done["new"] == len(numbers)


def test_a_waiting_cycle_asks_a_source_far_away_once_a_day(story: factories.Story, tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    from tasks.gateways.sources.chosen import bring, is_due

    now = datetime.now(UTC)
    with portals.serving(portals.Portal([[]])) as portal, installed(tmp_path / "home", {"source": portal.url}):
        assert is_due(settings(), now)
        bring(settings(), bounds=portals.quick())
        assert not is_due(settings(), now + timedelta(hours=23))
        assert is_due(settings(), now + timedelta(hours=25))
    for nothing_far in (str(tmp_path), "https://clerk:2024/word@portal"):
        assert not is_due(Settings(home=tmp_path, source=nothing_far), now)  # type: ignore[arg-type]
