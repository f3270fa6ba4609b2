"""A small cycle with a fault at its every point, repeated and compared: one database's share of the fault matrix.

Run as a script, in a process of its own: it forks a child for each point, and nothing that keeps threads may have been
used before.
"""

import argparse
import gc
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.faults import bench as benches
from tests.faults import mailbox, points, small_cycle, states
from tests.faults.bench import Bench, child, ended, fork, run_act
from tests.faults.points import Points
from tests.faults.postgresql import Server
from tests.faults.small_cycle import BEGIN, END, STAGES, Act

#: How often two runs of one cycle are started together, and how many ask where a cycle stands while it runs.
PAIRS, ASKERS = 20, 50
#: Points at which other faults than a kill happen: the first of each kind in each stage.
SOME = {
    "restart": (points.STATEMENT, points.BEFORE_COMMIT, points.DATA),
    "refuse": (points.STATEMENT, points.BEFORE_COMMIT, points.HALF),
    "pause": (
        points.AFTER_COMMIT,
        points.BEFORE_COMMIT,
        *points.NUMBERS,
        points.HALF,
        points.MOVED,
        points.LINKED,
        points.DATA,
    ),
}


@dataclass
class Tried:
    """What one point came to; `repeated` is False where another point left the very same state."""

    act: int
    stage: str
    number: int
    boundary: str
    faults: list[str]
    repeated: bool = True
    twice: int = 0
    outcome: str = ""


def counting_in(stage: str, counted: Points) -> Callable[[Any], None]:
    """Have points count in one stage of a run; the stages before it are left out, for the snapshot has done them."""

    def watch(module: Any) -> None:
        points.attach(counted)
        counted.on = stage == BEGIN
        module.carry_out = _around(module.carry_out, stage, counted)
        finish = module.Progress.finish

        def finishing(self: Any, outcome: Any) -> Any:
            counted.on = stage == END
            return finish(self, outcome)

        module.Progress.finish = finishing

    return watch


def _around(carry_out: Any, stage: str, counted: Points) -> Callable[[Any, Any], Any]:
    def staged(present: Any, run: Any) -> Any:
        from schemas.run import Counts

        if stage == END or (stage != BEGIN and STAGES.index(present.name) < STAGES.index(stage)):
            return Counts()
        counted.on = present.name == stage
        try:
            return carry_out(present, run)
        finally:
            counted.on = False

    return staged


@dataclass
class Trial:
    """One stage of one act and one fault, tried at its points."""

    bench: Bench
    act: Act
    stage: str
    fault: str
    step: int = 1
    boundaries: frozenset[str] = frozenset(points.BOUNDARIES)
    before: int = 0
    points: int = 0

    @property
    def upto(self) -> str:
        """The stage at whose end states are compared; where the struck run goes on, that of the whole act."""
        return self.stage if self.fault == "kill" else END

    def every(self) -> Iterator[Tried]:
        names, mails = self.undisturbed()
        known: dict[str, tuple[list[str], int]] = {}
        for number in self._chosen(names):
            self.bench.clean(self.bench.snapshot(self.act.number, self.stage))
            fatal = Points(self.bench.here.home, number, self.fault, self.bench.root / "told")
            fatal.server = self.bench.server
            outcome, faults = self.strike(fatal, names[number])
            left = f"{states.digest(self.bench.here)} {sorted(mailbox.delivered(self.bench.mails).items())}"
            if new := left not in known:
                known[left] = self.repeat(mails)
            wrong, twice = known[left]
            place = (self.act.number, self.stage, number, names[number])
            yield Tried(*place, [*faults, *wrong], new, twice, outcome)

    def _chosen(self, names: list[str]) -> list[int]:
        chosen = list(range(len(names)))
        if self.fault in SOME:
            chosen = sorted({names.index(kind) for kind in SOME[self.fault] if kind in names})
        chosen = [number for number in chosen if names[number] in self.boundaries]
        self.points = len(chosen)
        return [number for place, number in enumerate(chosen, start=self.before) if place % self.step == 0]

    def undisturbed(self) -> tuple[list[str], Counter[str]]:
        """The points of the stage, and the mails from it on."""
        passed = self.bench.root / "told"
        self.bench.clean(self.bench.snapshot(self.act.number, self.stage))
        counted = Points(self.bench.here.home, None, self.fault)

        def count() -> None:
            run_act(self.bench, self.act, counting_in(self.stage, counted), self.upto)
            passed.write_text(json.dumps(counted.passed))

        child(count)
        if wrong := self.compared():
            raise AssertionError(f"{self.stage} of act {self.act.number} is not the same undisturbed: {wrong}")
        names = json.loads(passed.read_text())
        passed.unlink()
        return names, mailbox.delivered(self.bench.mails)

    def strike(self, fatal: Points, name: str) -> tuple[str, list[str]]:
        """Have the fault happen: how the run ended, and what was wrong with that."""
        assert fatal.note is not None
        fatal.note.unlink(missing_ok=True)
        pid = fork(lambda: run_act(self.bench, self.act, counting_in(self.stage, fatal)))
        if self.fault == "pause":
            return self._paused(pid, name)
        code = ended(pid)
        if self.bench.server is not None and self.fault in ("restart", "refuse"):
            self.bench.server.back()
        struck = json.loads(fatal.note.read_text()) if fatal.note.exists() else "none"
        wrong = [] if struck == name else [f"the point was {struck} and not {name}"]
        allowed = {"kill": {-signal.SIGKILL}, "full": {1}, "restart": {0, 1}, "refuse": {1}}[self.fault]
        return ("went on" if code == 0 else "ended"), [*wrong, *([] if code in allowed else [f"exit {code}"])]

    def _paused(self, pid: int, boundary: str) -> tuple[str, list[str]]:
        """A run that sleeps past its lease while another takes over; woken, it must write nothing more."""
        if (code := ended(pid, stopped=True)) != -signal.SIGSTOP:
            return "ended", [f"exit {code} instead of a pause"]
        try:
            if not states.let_lease_run_out(self.bench.here, self.bench.server):
                os.kill(pid, signal.SIGCONT)
                return ("kept the database", [f"exit {code}"] if (code := ended(pid)) else [])
            other = ended(fork(self._take_over))
            before = states.digest(self.bench.here)
            os.kill(pid, signal.SIGCONT)
            code = ended(pid)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        if boundary in (points.HALF, points.MOVED, points.DATA) and other:
            return "kept one file or mail, the other run left it for later", []
        wrong = [] if (other, code in (0, 1)) == (0, True) else [f"exits {other} and {code}"]
        if states.digest(self.bench.here) != before:
            wrong.append("it wrote although its lease was taken over")
        return ("refused" if code else "had nothing left to write"), wrong

    def _take_over(self) -> None:
        from tasks.gateways.disk import files as post

        post._PATIENCE_SECONDS = 0.5
        run_act(self.bench, self.act)

    def repeat(self, mails: Counter[str]) -> tuple[list[str], int]:
        """Run the act again from its beginning, and compare; how many mails the server got twice."""
        try:
            child(lambda: run_act(self.bench, self.act, upto=self.upto))
        except AssertionError as wrong:
            return [f"repeated: {wrong}"], 0
        expected, delivered = self._named(mails), self._named(mailbox.delivered(self.bench.mails))
        wrong_mails = states.differences(dict.fromkeys(expected, 1), dict.fromkeys(delivered, 1))
        return [*self.compared(), *wrong_mails], sum((delivered - expected).values())

    def _named(self, mails: Counter[str]) -> Counter[str]:
        """The mails by Message-ID and content, with how often each came; where numbers may differ, by their Message-ID."""
        named: Counter[str] = Counter()
        for mail, times in mails.items():
            named[mail.partition(" ")[0] if self.fault == "full" else mail] += times
        return named

    def compared(self) -> list[str]:
        """How the installation differs from the undisturbed one: every file by its bytes, every row."""
        whole, here = self.bench.after(self.act.number, self.upto), self.bench.here
        # a run whose publication found no room goes on to the sweeps: entries and letters of the publication then come
        # after theirs, under later numbers
        in_order = self.fault != "full"
        return [
            *states.differences(
                states.files(whole.home, in_order=in_order), states.files(here.home, in_order=in_order)
            ),
            *states.differences(states.rows(whole, in_order=in_order), states.rows(here, in_order=in_order)),
            *states.broken_summaries(here.home),
            *states.broken_series(here),
        ]


def pairs(bench: Bench) -> Iterator[Tried]:
    """Two runs of one cycle started together, by the command line: one goes, the other waits or is refused."""
    for number in range(PAIRS):
        act = bench.acts[number % len(bench.acts) + 1]
        trial = Trial(bench, act, BEGIN, "pair")
        bench.clean(bench.snapshot(act.number, BEGIN))
        gate, opened = os.pipe()
        both = [fork(lambda act=act, gate=gate: _command(bench, act, gate)) for _ in range(2)]  # type: ignore[misc]
        os.write(opened, b"..")
        codes = sorted(ended(pid) for pid in both)
        os.close(gate)
        os.close(opened)
        wrong = [] if codes in ([0, 0], [0, 3]) else [f"exits {codes}"]
        twice = sum(count - 1 for count in mailbox.delivered(bench.mails).values())
        outcome = "one was refused" if 3 in codes else "one waited"
        yield Tried(act.number, "run", number, "started together", [*wrong, *trial.compared()], True, twice, outcome)


def statuses(bench: Bench) -> Iterator[Tried]:
    """Many `filing status` at once while a run writes: each is answered, and the run is not disturbed."""
    act = bench.acts[3]
    trial = Trial(bench, act, BEGIN, "status")
    bench.clean(bench.snapshot(act.number, BEGIN))
    running = fork(lambda: run_act(bench, act))
    gate, opened = os.pipe()
    words = ["status", small_cycle.CYCLE, "--json"]
    asking = [fork(lambda: _filing(bench, words, gate)) for _ in range(ASKERS)]
    os.write(opened, b"." * ASKERS)
    answers = [(ended(pid), bench.root / f"{pid}.log") for pid in asking]
    wrong = [f"the run ended with {code}"] if (code := ended(running)) else trial.compared()
    for number, (code, answer) in enumerate(answers):
        faults = [*wrong, *([] if code == 0 and _is_answer(answer) else [f"exit {code}: {answer.read_text()[-200:]}"])]
        yield Tried(act.number, "run", number, "asked", faults, number == 0, 0, "answered")


def _is_answer(answer: Path) -> bool:
    try:
        rows = json.loads(answer.read_text("utf-8"))
    except ValueError:
        return False
    return bool(rows[0]["cycle"] == small_cycle.CYCLE and rows[0]["items"])


def _command(bench: Bench, act: Act, gate: int) -> int:
    return _filing(bench, ["run", small_cycle.CYCLE, "--as-of", act.day.isoformat(), "--inbox", str(act.inbox)], gate)


def _filing(bench: Bench, words: list[str], gate: int) -> int:
    """`filing` with these words in this process, as soon as the gate opens; what it answers goes into a file."""
    from deployments import cli
    from schemas.settings import using

    benches.without_pages()
    sys.argv = ["filing", *words]
    # a library's warning on standard error is no part of the answer
    sys.stdout = (bench.root / f"{os.getpid()}.log").open("w", encoding="utf-8")
    with using(benches.settings_of(bench, bench.here)):
        os.read(gate, 1)
        cli.main()
    return 0


def import_everything() -> None:
    """What children would otherwise import one by one; importing starts no thread that a fork would lose."""
    for name in (
        *("deployments.cli", "deployments.commands.cycles", "deployments.sample", "deployments.schema"),
        *("flows.filing_cycle", "tasks.gateways.evaluators", "tasks.desk.importing", "aiosmtpd.smtp"),
    ):
        import_module(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", choices=["sqlite", "postgresql"])
    parser.add_argument("root", type=Path, help="An empty folder to work in.")
    parser.add_argument("faults", nargs="+", choices=["kill", "full", "pause", "pair", "status", "restart", "refuse"])
    parser.add_argument("--every", type=int, default=1, help="Only every so manieth point; all without.")
    parser.add_argument("--only", nargs="*", default=[], help="Only these acts or stages, as 3 or 3:publication.")
    parser.add_argument("--numbers", action="store_true", help="Only points at which letters are numbered.")
    asked = parser.parse_args()
    boundaries = frozenset(points.NUMBERS if asked.numbers else points.BOUNDARIES)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended too
    import_everything()
    gc.freeze()
    mails = asked.root / "mails"
    mails.mkdir(parents=True)
    with ExitStack() as started:
        postmaster, port = mailbox.serve(mails)
        started.callback(os.kill, postmaster, signal.SIGTERM)
        server = Server() if asked.database == "postgresql" else None
        if server is not None:
            started.callback(server.end)
        bench = Bench(asked.root, server, mails, port)
        benches.prepare(bench)
        for fault in asked.faults:
            for tried in _tried(bench, fault, set(asked.only), asked.every, boundaries):
                print(
                    json.dumps({"fault": fault, "every": asked.every, **asdict(tried)}, ensure_ascii=False), flush=True
                )


def _tried(bench: Bench, fault: str, chosen: set[str], step: int, boundaries: frozenset[str]) -> Iterator[Tried]:
    seen = 0
    if fault in ("pair", "status"):
        yield from pairs(bench) if fault == "pair" else statuses(bench)
        return
    for act in bench.acts.values():
        for stage in small_cycle.staged(act.number):
            if not chosen or chosen & {str(act.number), f"{act.number}:{stage}"}:
                trial = Trial(bench, act, stage, fault, step, boundaries, seen)
                yield from trial.every()
                seen += trial.points


if __name__ == "__main__":
    main()
