"""Decision (决定): what passed is put on file for its term (Notice, article 3(4))."""

from datetime import date

from prefect import flow

from schemas.run_summary import Counts
from tasks import decision as work
from tasks import public_notice
from tasks import rulings as exceptions
from tasks.letters import delivery as notices
from tasks.runs.orchestration import ended
from tasks.runs.run import run_of


@flow(name="decision", flow_run_name="{cycle} 批次 · 决定")
def decision(cycle: str, as_of: date | None = None, only: list[str] | None = None) -> Counts:
    """Decide on every accepted result once, and write to the applicants whose application is closed."""
    with run_of(cycle, as_of, only) as run:
        shown = [public_notice.settle_objections(run), work.decide(run), public_notice.publish_notices(run)]
        decided = [*shown, exceptions.settle_holds(run), work.write_outcomes(run)]
        return ended(Counts.sum([*decided, notices.deliver_letters(run)]))
