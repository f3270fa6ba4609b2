"""Retention (到期清除): personal data whose time is over by the policy is forgotten."""

from datetime import date

from prefect import flow

from schemas.run_summary import Counts
from tasks.desk.personal_data import forget_expired
from tasks.runs.orchestration import ended, named
from tasks.runs.progress import paged
from tasks.runs.run import begin, last_cycle


@flow(name="retention", flow_run_name=named("到期清除个人信息"))
def retention(as_of: date | None = None) -> Counts:
    """Forget the staff of applications closed long ago and of versions replaced long ago."""
    with begin(last_cycle(as_of), as_of, work="retention") as run:
        return ended(paged(run, "retention", "到期清除个人信息", {"到期清除个人信息": forget_expired(run)}))
