"""Running again: only what is named or what failed, a dry run that does nothing, and no letter twice."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.run import RunSummary
from schemas.settings import Settings, settings, using
from tasks.runs.run import NothingFailedError, UnknownRunError, failed_of
from tests import factories
from tests.ports import held_port
from tests.receivers import Mailbox, mail_server


@pytest.fixture(scope="module")
def story() -> factories.Story:
    return factories.make_story(institutions=20, seed=3)


@pytest.fixture
def mailing(installation: Path) -> Iterator[int]:
    """Letters and packages of this installation go by mail; the port where nobody listens yet."""
    port = held_port()
    server: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    ways: dict[str, Any] = {"evaluation_channel": "smtp", "letter_channel": "smtp"}
    to_from: dict[str, Any] = {"smtp_sender": "centre@example.org", "evaluation_office": "office@example.org"}
    stated = Settings(home=installation, database_url=settings().database_url, **server, **ways, **to_from)
    with using(stated):
        yield port


def run(story: factories.Story, number: int, home: Path, **how: Any) -> RunSummary:
    from flows.filing_cycle import filing_cycle

    return filing_cycle.fn(story.cycle, story.act(number, home / "inbox"), **how)


def assert_each_once(box: Mailbox) -> None:
    assert box.mails
    assert set(Counter(str(mail["Message-ID"]) for _, mail in box.mails).values()) == {1}


@pytest.mark.slow
@pytest.mark.parametrize("installation", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
def test_what_failed_is_run_again_alone_and_nothing_is_mailed_twice(
    installation: Path, mailing: int, story: factories.Story
) -> None:
    first = run(story, 1, installation)
    assert (first.outcome, first.awaits_results) == ("failed", True)
    assert first.title == "有未办成的，等待评估结果"
    numbers = failed_of(first.run_id)
    assert numbers is not None
    packages = set(first.stages["evaluation"].failed) & set(numbers)
    assert packages, "the keys of packages are the numbers of applications"
    with mail_server(mailing) as box:
        again = run(story, 1, installation, only=[f"failed:{first.run_id}"])
        assert (again.outcome, again.failed) == ("waiting", {})
        assert_each_once(box)
        sent = len(box.mails)
        for only in (None, numbers[:1], numbers):
            assert run(story, 1, installation, only=only).failed == {}
        assert len(box.mails) == sent
        run(story, 2, installation)
        run(story, 3, installation)
        run(story, 3, installation)
        assert_each_once(box)
    with pytest.raises(NothingFailedError):
        failed_of(again.run_id)
    with pytest.raises(UnknownRunError, match="there is no ended run"):
        failed_of("never-was")


@pytest.mark.slow
def test_a_dry_run_of_each_act_shows_what_would_be_and_does_nothing(
    installation: Path, mailing: int, story: factories.Story
) -> None:
    with mail_server(mailing) as box:
        for number in (1, 2, 3):
            story.act(number, installation / "inbox")
            before, tables, sent = factories.output(installation), factories.tables(story.cycle), len(box.mails)
            shown = run(story, number, installation, dry_run=True)
            assert factories.output(installation) == before
            assert factories.tables(story.cycle) == tables
            assert len(box.mails) == sent, "nothing leaves the house"
            done = run(story, number, installation)
            assert {name: counts.done for name, counts in shown.stages.items()} == {
                name: counts.done for name, counts in done.stages.items()
            }, "what was shown is what is then done"
        assert done.stages["publication"].done["editions"] == 1
        assert done.stages["decision"].done["filed"] > 0
