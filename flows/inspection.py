"""Inspection (双随机、一公开): institutions and inspectors drawn from a seed fixed in public (Notice, article 4(3))."""

from datetime import date

from prefect import flow

from schemas.run_summary import Counts
from tasks import inspection as work
from tasks.runs.orchestration import ended
from tasks.runs.run import run_of


@flow(name="inspection", flow_run_name="{cycle} 批次 · 双随机抽查")
def inspection(cycle: str, seed: str, as_of: date | None = None) -> Counts:
    """Draw once, and publish the draw with its list, seed and result."""
    with run_of(cycle, as_of) as run:
        return ended(Counts.sum([work.make_draw(run, seed), work.publish_inspection(run)]))
