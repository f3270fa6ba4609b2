"""One cycle, end to end: repeated, on both databases, killed at every boundary."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from schemas.settings import Settings, using
from schemas.tables import lease
from tasks.store import database
from tests import factories
from tests.homes import SQLITE_FIRST


@pytest.fixture(scope="module")
def story() -> factories.Story:
    return factories.make_story()


@SQLITE_FIRST
def test_every_outcome_comes_about_and_a_second_run_does_nothing(installation: Path) -> None:
    from flows.filing_cycle import filing_cycle
    from tasks.store import items
    from tasks.store.database import reading

    story = factories.make_story(institutions=60)
    summary = factories.play(story, installation)
    with reading() as db:
        statuses = set(items.listing(db, story.cycle)["status"])
    assert {"returned", "held", "dispatched", "failed", "filed", "refused"} <= statuses
    assert (summary.outcome, summary.edition) == ("done", "2026-09.1")
    before, tables = factories.output(installation), factories.tables(story.cycle)
    again = filing_cycle.fn(story.cycle, story.days[2])
    assert again.outcome == "nothing_to_do"
    assert factories.output(installation) == before
    assert factories.tables(story.cycle) == tables


@pytest.mark.slow
def test_both_databases_give_the_same_bytes(tmp_path: Path, postgresql: str, story: factories.Story) -> None:
    from deployments import schema

    results = []
    for name, url in (("sqlite", ""), ("postgresql", postgresql)):
        with using(Settings(home=tmp_path / name, database_url=url)):
            schema.migrate()
            factories.play(story, tmp_path / name)
            results.append((factories.tables(story.cycle), factories.output(tmp_path / name)))
    assert results[0][0] == results[1][0]
    assert results[0][1] == results[1][1]
    assert any(path.endswith("directory.csv") for path in results[0][1])


def test_a_dry_run_shows_and_leaves_nothing(installation: Path, story: factories.Story) -> None:
    from flows.filing_cycle import filing_cycle

    day = story.act(1, installation / "inbox")
    before = factories.tables(story.cycle)
    summary = filing_cycle.fn(story.cycle, day, dry_run=True)
    assert summary.stages["screening"].done["screened"] > 0
    assert factories.tables(story.cycle) == before
    assert factories.output(installation) == {}


def test_only_the_named_applications_are_worked_on(home: Path, story: factories.Story) -> None:
    from flows.filing_cycle import filing_cycle
    from tasks.store import items
    from tasks.store.database import reading

    day = story.act(1, home / "inbox")
    chosen = sorted(number for number, intended in story.sample.intended.items() if intended == "filed")[:2]
    summary = filing_cycle.fn(story.cycle, day, only=[*chosen, "HS999999-9999"])
    assert [sentence for sentence in summary.advice if "HS" in sentence] == [
        f"申报编号“HS999999-9999”不在{story.cycle}批次，没有办理：请核对编号"
    ]
    with reading() as db:
        assert sorted(set(items.listing(db, story.cycle)["application_no"])) == chosen


class Killed(BaseException):
    """Stands for a kill: no `except Exception` may swallow it."""


class Boundaries:
    """Counts the places where a run touches the world, and dies at one of them."""

    def __init__(self, fatal: int | None = None) -> None:
        self.fatal = fatal
        self.passed: list[str] = []

    def before(self, name: str) -> None:
        if len(self.passed) == self.fatal:
            raise Killed(name)
        self.passed.append(name)

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A place before and a place after a call."""

        def watched(*args: Any, **kwargs: Any) -> Any:
            self.before(f"before {name}")
            result = function(*args, **kwargs)
            self.before(f"after {name}")
            return result

        return watched


def _attach(patch: pytest.MonkeyPatch, boundaries: Boundaries) -> None:
    """Put boundaries around every transaction's end, every send and every move of a file."""
    for owner, attribute, name, original in _places():
        patch.setattr(owner, attribute, boundaries.around(name, original))
    begin = _begin()

    @contextmanager
    def transaction() -> Iterator[Any]:
        with begin() as db:
            yield db
            boundaries.before("before commit")
        boundaries.before("after commit")

    patch.setattr(database, "begin", transaction)


@cache
def _begin() -> Callable[..., Any]:
    return database.begin


@cache
def _places() -> list[tuple[Any, str, str, Any]]:
    from tasks.gateways.disk import files as post
    from tasks.gateways.evaluators import FolderChannel
    from tasks.gateways.shelf import editions, province

    places = [
        (post, "put", "letter"),
        (FolderChannel, "deliver", "package"),
        (editions, "build", "build"),
        (editions, "place", "place"),
        (editions, "point_latest", "latest"),
        (province, "write_report", "report"),
    ]
    return [(owner, attribute, name, getattr(owner, attribute)) for owner, attribute, name in places]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Callable[[Boundaries], None]:
    """Have a run pass the given boundaries."""
    return lambda boundaries: _attach(monkeypatch, boundaries)


def _fresh(home: Path) -> Iterator[Path]:
    from deployments import schema

    with using(Settings(home=home)):
        schema.migrate()
        yield home


@pytest.mark.slow
def test_killed_anywhere_and_repeated_the_output_is_the_same(
    tmp_path: Path, watch: Callable[[Boundaries], None]
) -> None:
    story = factories.make_story(institutions=20, seed=3)
    whole = Boundaries()
    watch(whole)
    for home in _fresh(tmp_path / "undisturbed"):
        factories.play(story, home)
        expected, tables = factories.output(home), factories.tables(story.cycle)
    assert len(whole.passed) > 100
    for fatal in range(0, len(whole.passed), 7):
        _killed_and_repeated(tmp_path / f"killed-{fatal}", story, watch, fatal, expected, tables)


#: Kinds of boundary beside the commits, which the quick suite tries.
DEAR = ("latest", "letter", "package", "build", "place", "report")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["commit", *(pytest.param(kind, marks=pytest.mark.slow) for kind in DEAR)])
def test_killed_at_each_kind_of_boundary(
    tmp_path: Path, watch: Callable[[Boundaries], None], kind: str, undisturbed: Any
) -> None:
    story, passed, expected, tables = undisturbed
    chosen = {passed.index(f"before {kind}"), len(passed) - 1 - passed[::-1].index(f"after {kind}")}
    for fatal in sorted(chosen):
        _killed_and_repeated(tmp_path / f"killed-{fatal}", story, watch, fatal, expected, tables)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A small story, the boundaries an undisturbed play of it passes, and what it puts out."""
    story = factories.make_story(institutions=20, seed=3)
    with pytest.MonkeyPatch.context() as patch:
        boundaries = Boundaries()
        _attach(patch, boundaries)
        for home in _fresh(tmp_path_factory.mktemp("undisturbed") / "home"):
            factories.play(story, home)
            state = (story, boundaries.passed, factories.output(home), factories.tables(story.cycle))
    return state


def _killed_and_repeated(
    home: Path,
    story: factories.Story,
    watch: Callable[[Boundaries], None],
    fatal: int,
    expected: dict[str, bytes],
    tables: dict[str, str],
) -> None:
    begun: list[int] = []
    for _ in _fresh(home):
        watch(Boundaries(fatal))
        with pytest.raises(Killed) as killed:
            factories.play(story, home, begun)
        watch(Boundaries())
        with database.begin() as db:  # the process that held the lease is gone
            db.execute(lease.update().values(process_started=0.0))
        factories.play(story, home, begun)
        assert factories.output(home) == expected, f"killed {killed.value}"
        assert factories.tables(story.cycle)["items"] == tables["items"], f"killed {killed.value}"
