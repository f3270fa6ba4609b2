"""A stage for worked cases: the product's stages play each act beside the oracle, and nothing may differ."""

from pathlib import Path

import pandas as pd
from against_product import Product, directory_columns
from compare import differences, report
from expected import finding_rows, item_rows
from facts import Row
from form_rules import without_numbers
from office import Act, Office
from random_cycles import write_act

from flows.stages import DECISION, EVALUATION, EXPIRY, INTAKE, SCREENING
from tasks.runs.run import begin
from tasks.runs.waiting import still_waits
from tasks.store import findings, items
from tasks.store.database import reading
from tasks.store.directory import directory_on


class Stage:
    """One home, the present installation, that lives through the acts of a case; `refused`: commands it did not take."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder, self._count = folder, 0
        self._product = Product(folder, home)
        self._cycles: set[str] = set()
        self.refused: list[str] = []

    def play(self, act: Act, office: Office) -> None:
        """Play an act; raises AssertionError where findings, items or the directory differ."""
        self._count += 1
        inbox = self._folder / f"act-{self._count}"
        write_act(act, inbox)
        for words in act.commands:
            if self._product.refused(*words):
                self.refused.append(" ".join(words[:4]))
        if act.run:
            self._run(act, inbox)
            self._compare(act, office)

    def _run(self, act: Act, inbox: Path) -> None:
        """From the hand-in to the decision and to what expires; nothing is published."""
        self._cycles.add(act.cycle)
        with begin(act.cycle, act.day, inbox=str(inbox)) as run:
            for stage in (INTAKE, SCREENING, EVALUATION, DECISION, EXPIRY):
                if stage.needs_results and still_waits(run.cycle, run.day):
                    continue
                failed = stage.work(run).failed
                assert not failed, failed

    def _compare(self, act: Act, office: Office) -> None:
        with reading() as db:
            rows = {cycle: (findings.of_cycle(db, cycle), items.listing(db, cycle)) for cycle in self._cycles}
            directory = directory_on(db, act.day)
        for cycle, (faults, listed) in rows.items():
            lines = differences(finding_rows(office, cycle), _texts(faults))
            lines += differences(item_rows(office, cycle), _masked(_texts(listed)))
            assert not lines, f"{act.day}, {cycle}:\n{report(lines, 5)}"
        actual = directory_columns(_texts(directory))
        expected = directory_columns(office.register.directory(act.day))
        differing = {key for key in actual.keys() | expected.keys() if actual.get(key) != expected.get(key)}
        assert not differing, [(act.day, *key, expected.get(key), actual.get(key)) for key in sorted(differing)]


def _masked(rows: list[Row]) -> list[Row]:
    """Items as a person is shown them."""
    return [row | {"work_type": without_numbers(row["work_type"])} for row in rows]


def _texts(frame: pd.DataFrame) -> list[Row]:
    rows = frame.to_dict("records")
    return [{str(name): "" if value is None else str(value) for name, value in row.items()} for row in rows]
