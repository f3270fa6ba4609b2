"""An installation with something of everything in it, and the trial of each kind of tampering on it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from deployments import integrity, schema
from flows.filing_cycle import filing_cycle
from schemas.qualification import Adjustment
from schemas.run import Run
from schemas.settings import Settings, using
from tasks.adjustment import adjust
from tasks.runs.run import begin
from tasks.store import activities, complaints, database, register
from tasks.store.database import reading
from tasks.store.leases import writing
from tests import factories
from tests.registers import COMPLAINT
from tests.tampering.kinds import Case, Tampering

#: What an owner of the home may write to, put back after each trial.
_WRITTEN = ("published", "policies", "reference", "runs")
_SHIPPED = Path(__file__).parents[2] / "schemas"


def build(root: Path, url: str = "") -> Settings:
    """A migrated installation after a whole cycle, a suspension and a second edition."""
    for name in ("policies", "reference"):
        (root / name).mkdir(parents=True)
    shutil.copy(_SHIPPED / "policies" / "huangshi_2021.toml", root / "policies")
    installation = Settings(
        home=root, database_url=url, policies=root / "policies", reference=root / "reference", panel_seed="20260911"
    )
    (root / "reference" / "new_occupations_2026.csv").write_text(
        (_SHIPPED / "reference" / "new_occupations.csv").read_text("utf-8"), "utf-8"
    )
    with using(installation):
        schema.migrate()
        story = factories.make_story(institutions=20)
        factories.play(story, root)
        day = story.days[2] + timedelta(days=7)
        with begin(story.cycle, day) as run:
            _supervise(run)
        filing_cycle.fn(story.cycle, day + timedelta(days=1))
    return installation


def _supervise(run: Run) -> None:
    """A suspension, an activity and a complaint."""
    with reading() as db:
        uscc = sorted(register.on_file(db, run.day)["uscc"])[0]
    words = {"uscc": uscc, "ground": "视频监控缺失", "document_no": "黄人社监〔2026〕3号", "decided_by": "王处长"}
    adjust(run, Adjustment.model_validate({"kind": "suspend", "effective_on": run.day, **words}))
    activity = {
        "uscc": uscc,
        "occupation_code": "4-03-02-01",
        "work_type": "",
        "level": "4",
        "held_on": date(2026, 10, 20).isoformat(),
        "candidates": 9,
        "passed": 8,
    }
    with writing(run) as db:
        activities.add(db, pd.DataFrame([activity]))
        complaints.add(db, pd.DataFrame([{**COMPLAINT, "uscc": uscc}]), run)


def faults(case: Case, day: date = date(2026, 11, 28)) -> list[str]:
    """What `filing doctor` says of database, history and shelf."""
    by_kind = integrity.faults(case.db, case.installation, day)
    return [sentence for sentences in by_kind.values() for sentence in sentences]


@contextmanager
def in_hand(installation: Settings) -> Iterator[Case]:
    """The installation for one trial: whatever is done to it inside is undone at the end."""
    aside = installation.root.with_name(f"{installation.root.name}-aside")
    for name in _WRITTEN:
        shutil.copytree(installation.root / name, aside / name, symlinks=True)
    with using(installation), database.engine(installation.database).connect() as connection:
        transaction = connection.begin()
        try:
            yield Case(connection, installation)
        finally:
            transaction.rollback()
            for name in _WRITTEN:
                shutil.rmtree(installation.root / name)
                shutil.move(aside / name, installation.root / name)
            shutil.rmtree(aside)


def tried(tampering: Tampering, installation: Settings) -> list[str]:
    """What `filing doctor` says after one kind of tampering."""
    with in_hand(installation) as case:
        tampering.act(case)
        return faults(case)
