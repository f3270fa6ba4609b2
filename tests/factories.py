"""Made cycles in three acts, and everything an installation has put out, for tests to compare."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from deployments import sample
from deployments.sample import SampleCycle
from schemas.law.cycle import CycleId, cycle_id
from schemas.policy import for_cycle
from schemas.run import RunSummary


@dataclass(frozen=True)
class Story:
    """A made cycle and the days of its acts: hand-in, corrections and decisions, results."""

    sample: SampleCycle
    days: tuple[date, date, date]

    @property
    def cycle(self) -> CycleId:
        return self.sample.cycle

    def act(self, number: int, inbox: Path, desk: Path | None = None) -> date:
        """Put what comes in this act into the inbox and on the desk (beside it unless stated); returns its day."""
        desk = desk or inbox.with_name("desk")
        if number == 1:
            sample.write_inbox(self.sample, inbox, desk)
        elif number == 2:
            sample.write_corrections(self.sample, inbox)
            sample.write_decisions(self.sample, desk)
        else:
            sample.write_results(self.sample, inbox / "results", inbox.with_name("outbox") / "evaluation" / self.cycle)
        return self.days[number - 1]


def make_story(cycle: str = "2026-09", seed: int = 7, institutions: int = 24) -> Story:
    """A story of a small cycle."""
    made = sample.make_cycle(cycle_id(cycle), seed, institutions)
    policy = for_cycle(made.cycle)
    deadline = policy.deadline(made.cycle)
    last = deadline + timedelta(days=policy.evaluation.wait_days)
    return Story(made, (deadline + timedelta(days=1), deadline + timedelta(days=8), last))


def play(story: Story, home: Path, begun: list[int] | None = None) -> RunSummary:
    """All acts of a story, each followed by a run; `begun` names the acts begun before, the last of which is repeated."""
    from flows.filing_cycle import filing_cycle

    begun = [] if begun is None else begun
    for number in range(max(begun, default=1), 4):
        begun.append(number)
        day = story.act(number, home / "inbox")
        summary = filing_cycle.fn(story.cycle, day)
    return summary


def output(home: Path) -> dict[str, bytes]:
    """Every file an installation has put out, by its path in the home; `latest` as what it points at."""
    files = {path.relative_to(home).as_posix(): path.read_bytes() for path in _files(home)}
    latest = home / "published" / "latest"
    if latest.is_symlink():
        files["published/latest"] = str(latest.readlink()).encode()
    return files


def _files(home: Path) -> Iterator[Path]:
    for part in ("published", "outbox", "quarantine"):
        for path in sorted((home / part).rglob("*")):
            if path.is_file() and "latest" not in path.relative_to(home).parts:
                yield path


def tables(cycle: str) -> dict[str, str]:
    """What `filing items` and `filing findings` print, and the history without its times and runs."""
    from tasks.store import findings, history, items
    from tasks.store.database import reading

    with reading() as db:
        entries = history.all_entries(db).drop(columns=["run_id", "digest"])
        return {
            "items": items.listing(db, cycle).to_csv(index=False),
            "findings": findings.of_cycle(db, cycle).to_csv(index=False),
            "history": entries.to_csv(index=False),
        }
