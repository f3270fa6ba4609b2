"""The register under any order of filings, renewals, decisions and sweeps: it is always what its history tells."""

import shutil
import tempfile
from contextlib import ExitStack, suppress
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from deployments import schema
from deployments.sample.material import credit_code
from deployments.simulation import acts, truths
from schemas.policy import last_cycle_on
from schemas.qualification import ADJUSTMENTS, Adjustment, Recoding
from schemas.settings import Settings, using
from schemas.settings import settings as settings_of
from tasks.adjustment import ImpossibleAdjustmentError, carry_out
from tasks.store import activities, database, register, replay
from tasks.store.database import reading
from tasks.store.leases import writing
from tests.registers import BAKER, COOK, ELECTRICIAN, decide, passed, run_on, take_over

CODES = [credit_code("91", "420200", f"MA40{number:04d}") for number in range(3)]
SPARE = [credit_code("91", "420200", f"MA60{number:04d}") for number in range(40)]
WORDS = {"ground": "事由", "document_no": "文号", "decided_by": "王处长"}
_template: list[Path] = []


def migrated() -> Path:
    """A migrated database file, made once and copied for every example."""
    if not _template:
        home = Path(tempfile.mkdtemp(prefix="filing-machine-"))
        with using(Settings(home=home, database_url="")):
            schema.migrate()
            database.engine(settings_of().database).dispose()  # the file is whole once its last connection is closed
        _template.append(home / "filing.db")
    return _template[0]


class RegisterLife(RuleBasedStateMachine):
    """What may happen to a register, in any order, as days go by."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        home = Path(self.open.enter_context(tempfile.TemporaryDirectory(prefix="filing-life-")))
        shutil.copy(migrated(), home / "filing.db")
        self.open.enter_context(using(Settings(home=home, database_url="")))
        self.day, self.numbers, self.codes, self.spare = date(2023, 10, 20), 0, list(CODES), list(SPARE)

    @initialize()
    def begin(self) -> None:
        held = [(code, occupation, level) for code in CODES for occupation in (COOK, BAKER) for level in "54"]
        take_over(held, date(2021, 3, 1), date(2024, 2, 29), day=self.day)

    @property
    def cycle(self) -> str:
        return last_cycle_on(self.day)

    @rule(days=st.integers(1, 200))
    def time_passes(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule()
    def sweep(self) -> None:
        acts.sweep(self.cycle, self.day)

    @rule(
        who=st.integers(0, 2),
        kind=st.sampled_from(["initial", "addition"]),
        occupation=st.sampled_from([BAKER, ELECTRICIAN]),
    )
    def file(self, who: int, kind: str, occupation: str) -> None:
        self._decide(kind, [(self.codes[who], occupation, "4"), (self.codes[who], occupation, "3")])

    @rule(who=st.integers(0, 2), late=st.integers(0, 40))
    def renew(self, who: int, late: int) -> None:
        """Renew what is on file now, decided some days later: perhaps after its end, or after it was taken away."""
        with reading() as db:
            held = register.on_file(db, self.day)
        rows = held[held["uscc"] == self.codes[who]]
        if len(rows):
            self._decide("renewal", [tuple(key) for key in rows[register.KEYS].to_numpy()], late)

    def _decide(self, kind: str, held: list[tuple[str, str, str]], late: int = 0) -> None:
        self.numbers += 1
        passed(f"A{self.numbers}", kind, held, cycle=self.cycle)
        cycle, self.day = self.cycle, self.day + timedelta(days=late)
        decide(cycle, self.day)

    @rule(
        who=st.integers(0, 2), kind=st.sampled_from(sorted(ADJUSTMENTS)), occupation=st.sampled_from(["", COOK, BAKER])
    )
    def adjust(self, who: int, kind: str, occupation: str) -> None:
        words = {"kind": kind, "uscc": self.codes[who], "occupation_code": occupation, "effective_on": self.day}
        # where nothing of it stands so that it could be moved it is refused, as its own tests hold
        with run_on(self.day, self.cycle) as run, suppress(ImpossibleAdjustmentError):
            carry_out(run, Adjustment.model_validate({**words, **WORDS}))

    @precondition(lambda self: self.spare)
    @rule(who=st.integers(0, 2))
    def recode(self, who: int) -> None:
        old, new = self.codes[who], self.spare.pop()
        words = {"old_uscc": old, "new_uscc": new, "effective_on": self.day}
        acts.adjust(self.cycle, Recoding.model_validate({**words, **WORDS}), self.day)
        self.codes[who] = new

    @rule(who=st.integers(0, 2), occupation=st.sampled_from([COOK, BAKER]), candidates=st.integers(0, 3))
    def hold_an_activity(self, who: int, occupation: str, candidates: int) -> None:
        row = {
            "uscc": self.codes[who],
            "occupation_code": occupation,
            "work_type": "",
            "level": "4",
            "held_on": self.day.isoformat(),
        }
        with run_on(self.day) as run, writing(run) as db:
            activities.note_supplied(db, {"activities"}, run)
            activities.add(db, pd.DataFrame([{**row, "candidates": candidates, "passed": 0}]))

    @invariant()
    def the_register_is_what_its_history_tells(self) -> None:
        with reading() as db:
            assert replay.differences(db, self.day) == []
            held = register.on_file(db, self.day)
        assert not held.duplicated(register.KEYS).any()

    def teardown(self) -> None:
        acts.sweep(self.cycle, self.day)
        with reading() as db:
            for ask in (
                truths.expired_rows,
                truths.repeated_letters,
                truths.unlike_history,
                truths.unexplained_editions,
            ):
                assert list(ask(db, self.day)) == []
            assert list(truths.irreproducible_editions(db, set())) == []
        database.close_engines()
        self.open.close()


RegisterLife.TestCase.settings = settings(
    max_examples=8, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRegisterLife = pytest.mark.slow(RegisterLife.TestCase)
