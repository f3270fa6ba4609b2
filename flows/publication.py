"""Publication (发布): the updated directory, and the report to the province (Notice, article 3(4))."""

from datetime import date

from prefect import flow

from schemas.run_summary import Counts
from tasks import publication as work
from tasks.runs.orchestration import ended
from tasks.runs.run import publishing, run_of


@flow(name="publication", flow_run_name="{cycle} 批次 · 发布与上报")
def publication(cycle: str, as_of: date | None = None) -> Counts:
    """Publish a new edition if the directory changed and nothing makes it wait; what fails is named and tried again."""
    with run_of(cycle, as_of) as run, publishing():
        published = Counts()
        while not published.failed and (edition := work.draft(run)) is not None:
            published = Counts.sum([published, work.publish(run, edition)])
        return ended(Counts.sum([published, work.point_latest(run)]))
