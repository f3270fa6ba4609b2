"""The installations of the fault matrix: one undisturbed cycle, kept before each of its stages, and runs from there."""

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from deployments import orchestrator
from tests.faults import mailbox, memo, small_cycle, states
from tests.faults.postgresql import Server
from tests.faults.small_cycle import ACTS, BEGIN, END, STAGES, Act
from tests.faults.states import Place

PATIENCE = 600.0


class EnoughError(Exception):
    """The stage that is looked at is done."""


@dataclass
class Bench:
    """Where everything lies; without a `server` the database is SQLite in the home."""

    root: Path
    server: Server | None
    mails: Path
    port: int
    acts: dict[int, Act] = field(default_factory=dict)

    @property
    def here(self) -> Place:
        """The installation faults happen to."""
        return self.place("here")

    def place(self, name: str) -> Place:
        if self.server is None:
            return Place(self.root / name)
        url = make_url(self.server.url).set(database=name)
        return Place(self.root / name, url.render_as_string(hide_password=False))

    def snapshot(self, act: int, stage: str) -> Place:
        """The undisturbed installation before a stage of an act."""
        return self.place(f"before_{act}_{BEGIN if stage == STAGES[0] else stage}")

    def after(self, act: int, stage: str) -> Place:
        """The undisturbed installation at the end of a stage."""
        order = [*ACTS[act], END]
        following = order[order.index(STAGES[0] if stage == BEGIN else stage) :][1:2]
        return self.snapshot(act, following[0]) if following else self.snapshot(act + 1, BEGIN)

    def copy(self, source: Place, target: Place) -> None:
        states.copy(source, target, self.server)

    def clean(self, start: Place) -> None:
        """Have the faults' installation be as it was, and no mail be there."""
        self.copy(start, self.here)
        for mail in self.mails.glob("*.eml"):
            mail.unlink()


def fork(work: Callable[[], object]) -> int:
    """Begin something in a process of its own; its number. What it returns as a number is its exit code."""
    if pid := os.fork():
        return pid
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    code = 1
    with suppress(BaseException):
        try:
            code = work() or 0  # type: ignore[assignment]
        except SystemExit as ended:
            code = ended.code  # type: ignore[assignment]
        except BaseException:
            traceback.print_exc()
            raise
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def ended(pid: int, *, stopped: bool = False) -> int:
    """Wait for a process; its exit code, negative for a signal. With `stopped` also the signal that made it pause."""
    until = time.monotonic() + PATIENCE
    while True:
        done, status = os.waitpid(pid, os.WNOHANG | (os.WUNTRACED if stopped else 0))
        if done:
            return -os.WSTOPSIG(status) if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


def child(work: Callable[[], object], expected: int = 0) -> None:
    """Do something in a process of its own; it must end as expected."""
    if (code := ended(fork(work))) != expected:
        raise AssertionError(f"a process ended with {code}, not {expected}")


def without_pages() -> None:
    """Commands call flows as the functions they are, and what was worked out before is remembered."""
    orchestrator.have_server = lambda: None
    orchestrator.run = lambda flow, *args, **kwargs: flow.fn(*args, **kwargs)
    memo.attach()


def settings_of(bench: Bench, place: Place) -> Any:
    """The settings of an installation that mails its letters."""
    from pydantic import SecretStr

    from schemas.settings import Settings

    return Settings(
        home=place.home,
        database_url=place.url,
        letter_channel="smtp",
        smtp_host=mailbox.HOST,
        smtp_port=bench.port,
        smtp_security="none",
        smtp_sender="office@example.com",
        # the key would be drawn anew in each repetition, and the results are written before anything is sent out
        result_key=SecretStr("a key of the faults' own, and long enough"),
        result_tokens="off",
    )


def run_act(bench: Bench, act: Act, watch: Callable[[Any], None] | None = None, upto: str = END) -> None:
    """One run of the cycle in this process, to its end or to that of a stage; `watch` changes the flow's module before."""
    import flows.filing_cycle as module
    from schemas.settings import using

    memo.attach()
    if watch is not None:
        watch(module)
    if upto != END:
        _stop_after(module, STAGES[0] if upto == BEGIN else upto)
    with using(settings_of(bench, bench.here)), suppress(EnoughError):
        summary = module.filing_cycle.fn(small_cycle.CYCLE, act.day, inbox=str(act.inbox))
        if summary.failed:
            raise AssertionError(f"left undone: {summary.failed}")


def _stop_after(module: Any, last: str) -> None:
    note = module.Progress.note

    def noting(self: Any, stage: str, title: str, counts: Any) -> None:
        note(self, stage, title, counts)
        if counts.failed:
            raise AssertionError(f"left undone: {counts.failed}")
        if stage == last:
            raise EnoughError

    module.Progress.note = noting


def prepare(bench: Bench) -> None:
    """The undisturbed cycle, act by act, kept before each stage; what it worked out is remembered."""
    answers, acts = bench.root / "answers", bench.root / "acts.json"
    child(lambda: acts.write_text(json.dumps(_written(bench.root / "inboxes"))) and 0)
    for record in json.loads(acts.read_text()):
        bench.acts[record["number"]] = Act(record["number"], date.fromisoformat(record["day"]), Path(record["inbox"]))
    if bench.server is not None:
        bench.server.create(make_url(bench.here.url).database)
    child(lambda: _migrate(bench))
    bench.copy(bench.here, bench.snapshot(1, BEGIN))
    for number, act in bench.acts.items():

        def undisturbed(number: int = number, act: Act = act) -> None:
            run_act(bench, act, lambda module: _keep_between(bench, module, number))
            memo.save(answers)

        child(undisturbed)
        bench.copy(bench.here, bench.snapshot(number + 1, BEGIN))
        memo.load(answers)


def _written(folder: Path) -> list[dict[str, Any]]:
    acts = small_cycle.write_acts(folder)
    return [{"number": act.number, "day": act.day.isoformat(), "inbox": str(act.inbox)} for act in acts]


def _migrate(bench: Bench) -> None:
    from deployments import schema
    from schemas.settings import using
    from tasks.gateways.shelf import keys

    with using(settings_of(bench, bench.here)):
        schema.migrate()
    keys.new(bench.here.home, date(2026, 1, 1))  # what is published is signed


def _keep_between(bench: Bench, module: Any, act: int) -> None:
    """After each stage of a run, keep the installation as it is before the next."""
    note = module.Progress.note

    def noting(self: Any, stage: str, title: str, counts: Any) -> None:
        from schemas.settings import settings
        from tasks.store import database

        note(self, stage, title, counts)
        database.engine(settings().database).dispose()  # a database in use cannot be copied
        bench.copy(bench.here, bench.after(act, stage))

    module.Progress.note = noting
