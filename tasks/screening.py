"""Screening (初审): checking what was received and moving its items by what was found; the rules stand in the rule book."""

from pathlib import Path

import pandas as pd
import polars as pl
from sqlalchemy import Connection

from expectations.check import Checked, check, data_docs
from schemas.item import ALONG
from schemas.run import Run
from schemas.run_summary import Counts
from tasks.desk.rulings import settle_holds
from tasks.letters import contents
from tasks.letters.delivery import deliver_letters
from tasks.runs.step import step
from tasks.store import applications, findings, items, letters, register
from tasks.store.applications import scene
from tasks.store.database import reading
from tasks.store.leases import writing

#: Applications checked in one pass: a city is one batch, a nation a few dozen. What a batch costs whatever its size
#: (the register read, five checkpoints) is paid once for each; 16,000 applications take about 1 GiB.
BATCH = 16_000


def screening(run: Run) -> Counts:
    """Check what came since the last time, settle what is held, and write to applicants (Notice, article 3(2))."""
    checked = [screen(run, numbers, number) for number, numbers in enumerate(find_unscreened(run), start=1)]
    return Counts.sum([*checked, settle_holds(run), deliver_letters(run)])


@step("find-{run.cycle}")
def find_unscreened(run: Run) -> list[list[str]]:
    """Numbers of the applications to check, in batches; those that others' changes concern are among them."""
    with writing(run) as db:
        applications.send_back(db, _concerned(db, run))
    with reading() as db:
        numbers = applications.to_screen(db, run.cycle, run.only)
    return [numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH)]


def _concerned(db: Connection, run: Run) -> list[str]:
    """Screened applications nothing of which was sent out, whose FORM-8 or register facts may have changed since."""
    return applications.outdated(db, run.cycle, register.knowledge(db, run.cycle))


@step("screen-{batch_no}", retries=2)
def screen(run: Run, numbers: list[str], batch_no: int) -> Counts:
    """Check one batch and write statuses, findings, holds and letters in one transaction; twice changes nothing."""
    with writing(run) as db:
        due = sorted(set(numbers) & set(applications.to_screen(db, run.cycle, run.only)))
        if not due:
            return Counts()
        submissions = applications.submissions(db, due)
        checked = check(submissions, scene(db, run.cycle))
        data_docs(checked.validation, _docs_folder(run, batch_no))
        return write(db, submissions["applications"], checked, run)


def _docs_folder(run: Run, batch_no: int) -> Path:
    """Where the newest check of a cycle is told; a nation's later batches lie beside the first."""
    folder = run.installation.root / "data-docs" / run.cycle
    return folder if batch_no == 1 else folder / f"batch-{batch_no}"


def write(db: Connection, screened: pd.DataFrame, checked: Checked, run: Run) -> Counts:
    """Write the outcome of one check: who is returned, which items are held, which go on."""
    hard = checked.findings[checked.findings["nature"] == "hard"]
    returned = set(hard["application_no"])
    findings.replace(db, checked.findings, screened, run.cycle)
    born = _born(checked, hard, screened.set_index("application_no")["uscc"]).assign(cycle=run.cycle)
    items.renew(db, screened, born, run)
    findings.hold(db, checked.holds[~checked.holds["application_no"].isin(returned)], run.cycle)
    numbers = screened["application_no"].tolist()
    applications.screened(db, numbers, returned, register.knowledge(db, run.cycle), run)
    written = letters.write(db, contents.corrections(screened, hard, checked.items, run), run)
    counts = {
        "screened": len(numbers),
        "returned": len(returned),
        "held": int((born["status"] == "held").sum()),
        "accepted": int((born["status"] == "accepted").sum()),
        "letters": written,
    }
    return Counts(done={name: count for name, count in counts.items() if count})


def _born(checked: Checked, hard: pd.DataFrame, uscc: "pd.Series[str]") -> pd.DataFrame:
    """The items with their first status and the rules that returned or hold them."""
    holding = _rules(checked.holds, items.KEYS, "holding")
    returning = _rules(hard, ["application_no"], "returning")
    born = checked.items[[*items.KEYS, *ALONG]].merge(holding, on=items.KEYS, how="left")
    born = born.merge(returning, on="application_no", how="left")
    born["status"] = "accepted"
    born.loc[born["holding"].notna(), "status"] = "held"
    born.loc[born["returning"].notna(), "status"] = "returned"
    born["reason"] = born["returning"].fillna(born["holding"]).fillna("")
    born["uscc"] = born["application_no"].map(uscc).fillna("")
    return born[[*items.KEYS, *ALONG, "uscc", "status", "reason"]]


def _rules(found: pd.DataFrame, keys: list[str], name: str) -> pd.DataFrame:
    """The keys and, under a name, their rules as an item's `reason` holds them."""
    rules = pl.col("rule").unique().sort().str.join(";").alias(name)
    return pl.from_pandas(found[[*keys, "rule"]]).group_by(keys).agg(rules).to_pandas()
