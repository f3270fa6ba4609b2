"""A small cycle with every outcome in three acts, and the stages of its runs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from tests import factories

CYCLE = "2026-09"
SEED, INSTITUTIONS = 7, 36
#: One application for each of these outcomes is kept, the first of each.
KEPT = (
    "returned:FORM-2 corrected",
    "held:CAP-1 permitted",
    "held:CAP-2",
    "held:DORM-1 refused",
    "failed",
    "dispatched:EVAL-2",
)
STAGES = ("intake", "screening", "evaluation", "decision", "publication", "expiry", "dormancy")
BEGIN, END = "begin", "end"
#: What runs in each act: up to the wait for results, again after corrections and decisions, and to the end.
ACTS = {1: (*STAGES[:3], "expiry"), 2: STAGES[:3], 3: STAGES}


@dataclass(frozen=True)
class Act:
    """One run of the cycle: what lies in the inbox, and the day it is."""

    number: int
    day: date
    inbox: Path


def write_acts(folder: Path) -> list[Act]:
    """The three inboxes, each holding what came in before it too."""
    from deployments import sample

    story = factories.make_story(CYCLE, SEED, INSTITUTIONS)
    few = replace(story, sample=_few(story.sample))
    acts = [Act(number, few.days[number - 1], folder / str(number)) for number in ACTS]
    for act in acts:
        sample.write_csv(few.sample, act.inbox)
        broken = act.inbox / "打不开.xlsx"
        broken.write_bytes(b"PK\x03\x04 and no more")
        if act.number > 1:
            _write(act.inbox, _corrected(few.sample))
            sample.write_decisions(few.sample, act.inbox / "desk")
        else:
            (act.inbox / "desk" / "decisions.csv").unlink()
        if act.number > 2:
            sample.write_results(few.sample, act.inbox / "results")
    return acts


def _few(made: Any) -> Any:
    """The sample with one application for each outcome, and the register as it is."""
    chosen = {next(number for number, outcome in made.intended.items() if outcome == kept) for kept in KEPT}

    def select(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        return {
            name: table[table["application_no"].isin(chosen)] if "application_no" in table else table
            for name, table in tables.items()
        }

    return replace(made, tables=select(made.tables), corrected=select(made.corrected), attachments={})


def _corrected(made: Any) -> dict[str, pd.DataFrame]:
    """The form tables with the corrected versions in place of the first ones."""
    mended = set(made.corrected["applications"]["application_no"])
    return {
        name: pd.concat([made.tables[name][~made.tables[name]["application_no"].isin(mended)], table])
        for name, table in made.corrected.items()
    }


def _write(inbox: Path, tables: dict[str, pd.DataFrame]) -> None:
    for name, table in tables.items():
        table.to_csv(inbox / f"{name}.csv", index=False)


def staged(act: int) -> Iterator[str]:
    """What a run of an act goes through: it begins, its stages, it ends."""
    yield from (BEGIN, *ACTS[act], END)
