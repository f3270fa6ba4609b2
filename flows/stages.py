"""The stages of a cycle (环节): the one table of their order and titles, and each as a flow that can be started alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from prefect import Flow, flow
from prefect.context import FlowRunContext

from schemas.run import Counts, Run
from tasks.decision import decision as decide
from tasks.evaluation import evaluation as evaluate
from tasks.inspection import inspection as inspect
from tasks.intake import intake as take_in
from tasks.publication import publication as publish
from tasks.runs.orchestration import TRIAL, ended, named, run_name
from tasks.runs.progress import paged
from tasks.runs.run import begin
from tasks.runs.spreading import sub_run
from tasks.runs.waiting import still_waits
from tasks.screening import screening as screen
from tasks.sweeps import dormancy as mark_dormant
from tasks.sweeps import expiry as expire


@dataclass(frozen=True)
class Stage:
    """One stage: its name, its Chinese title, its work, the article of the notice it serves, and what it does in Chinese."""

    name: str
    title: str
    work: Callable[[Run], Counts]
    article: str
    description: str
    #: Not begun while results are awaited.
    needs_results: bool = False


INTAKE = Stage("intake", "收件", take_in, "三（一）", "读取收件箱中的申报材料")
SCREENING = Stage("screening", "初审", screen, "三（二）", "核对申报材料，出具补正通知书或受理通知")
EVALUATION = Stage("evaluation", "送评与评估结果", evaluate, "三（三）", "发出评估材料包，收回评估结果")
DECISION = Stage("decision", "决定", decide, "三（四）", "评估合格的予以备案", needs_results=True)
PUBLICATION = Stage("publication", "发布与上报", publish, "三（四）", "目录有变化即发布新版并报省鉴定中心")
EXPIRY = Stage("expiry", "到期清理", expire, "三（四）", "有效期满的移出目录，将满的提醒")
DORMANCY = Stage("dormancy", "休眠核定", mark_dormant, "三（一）", "备案后未开展认定活动的职业")

#: In the order of the notice.
STAGES = (INTAKE, SCREENING, EVALUATION, DECISION, PUBLICATION, EXPIRY, DORMANCY)


def carry_out(stage: Stage, run: Run) -> Counts:
    """A stage's work for a run: a sub-run with a page of its own inside a flow run, the plain function elsewhere."""
    around = FlowRunContext.get()
    if around is None:
        return stage.work(run)
    kind = f"{TRIAL} · {stage.title}" if (around.parameters or {}).get("dry_run") else stage.title
    return sub_run(stage.name, run_name(run.cycle, kind, run.day), run.cycle, lambda: stage.work(run))


def _alone(stage: Stage, run: Run) -> Counts:
    """A stage's work in a run of its own, with a page as a cycle's has."""
    return paged(run, stage.name, stage.title, {stage.title: stage.work(run)})


@flow(name=INTAKE.name, flow_run_name=named(INTAKE.title))
def intake(cycle: str, as_of: date | None = None, only: list[str] | None = None, inbox: str | None = None) -> Counts:
    """Pull the inbox; the same folder again changes nothing."""
    with begin(cycle, as_of, only, inbox) as run:
        return ended(_alone(INTAKE, run))


@flow(name=SCREENING.name, flow_run_name=named(SCREENING.title))
def screening(cycle: str, as_of: date | None = None, only: list[str] | None = None) -> Counts:
    """Check what was received since the last run, apply the rulings on held items, and write to applicants."""
    with begin(cycle, as_of, only) as run:
        return ended(_alone(SCREENING, run))


@flow(name=EVALUATION.name, flow_run_name=named(EVALUATION.title))
def evaluation(cycle: str, as_of: date | None = None, only: list[str] | None = None) -> Counts:
    """Send out what is accepted, and take in the results that have come back."""
    with begin(cycle, as_of, only) as run:
        return ended(_alone(EVALUATION, run))


@flow(name=DECISION.name, flow_run_name=named(DECISION.title))
def decision(cycle: str, as_of: date | None = None, only: list[str] | None = None) -> Counts:
    """Decide once on every accepted result and write to the applicants, but not before the cycle may be decided."""
    with begin(cycle, as_of, only) as run:
        if still_waits(run.cycle, run.day):
            return ended(
                Counts(advice=[f"{run.cycle} 批次未到作出决定的日子（截止、补正或评估结果未完），没有作出决定"])
            )
        return ended(_alone(DECISION, run))


@flow(name=PUBLICATION.name, flow_run_name=named(PUBLICATION.title))
def publication(cycle: str, as_of: date | None = None) -> Counts:
    """Publish a new edition if the directory changed and nothing makes it wait; a failure is reported and tried again."""
    with begin(cycle, as_of) as run:
        return ended(_alone(PUBLICATION, run))


@flow(name=EXPIRY.name, flow_run_name=named(EXPIRY.title))
def expiry(cycle: str, as_of: date | None = None) -> Counts:
    """Let terms that are over lapse, and remind those whose term ends soon."""
    with begin(cycle, as_of) as run:
        return ended(_alone(EXPIRY, run))


@flow(name=DORMANCY.name, flow_run_name=named(DORMANCY.title))
def dormancy(cycle: str, as_of: date | None = None) -> Counts:
    """Mark every occupation on file as new, active, dormant or unknown; none is removed."""
    with begin(cycle, as_of) as run:
        return ended(_alone(DORMANCY, run))


#: The stages as flows that can be started alone.
ALONE: tuple[Flow[..., Counts], ...] = (intake, screening, evaluation, decision, publication, expiry, dormancy)


@flow(name="inspection", flow_run_name=named("双随机抽查"))
def inspection(cycle: str, seed: str, as_of: date | None = None) -> Counts:
    """Draw once, and publish the draw with its list, seed and result (Notice, article 4(3))."""
    with begin(cycle, as_of) as run:
        return ended(paged(run, "inspection", "双随机抽查", {"双随机抽查": inspect(run, seed)}))
