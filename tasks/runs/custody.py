"""Who works on a cycle and what is paused: the database decides, Prefect tells what goes on; what falls between is mended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse

from schemas.run import AUTOMATIC
from schemas.settings import Settings
from tasks.desk import pauses as desk
from tasks.runs import on_server, orchestration, waiting
from tasks.runs.orchestration import CycleRun
from tasks.runs.run import CURRENT, CycleBusyError, chosen_cycle, take_lease
from tasks.runs.today import today
from tasks.store import database, leases, pauses, runs, unfinished
from tasks.store.database import reading

#: Pausing one of these holds every cycle back.
_HOLDS_ALL = ("cycle", "resume-waiting")


@dataclass(frozen=True)
class Unattended:
    """An open cycle that should be worked on or waited for, and is not; `because`: why it should go on now, if it should."""

    cycle: str
    because: str | None


def unattended(living: Iterable[CycleRun], installation: Settings) -> list[Unattended]:
    """Open cycles nobody works on or waits for, and nobody paused, oldest first; `living`: what Prefect knows."""
    held, _ = held_back(today())
    attended = {_cycle_of(run) for run in living if run.is_whole}
    cycles = []
    for cycle in _open():
        if held is None or cycle in held or cycle in attended:
            continue
        because = waiting.reason_to_begin(cycle, installation)
        if because or waiting.awaits(cycle):
            cycles.append(Unattended(cycle, because))
    return cycles


def held_back(day: date) -> tuple[set[str] | None, str]:
    """Cycles that a person paused, None where all are; and a sentence that says by whom."""
    standing = desk.pauses_on(day)
    sentence = "；".join(f"{pause.subject}：{pause.by} 暂停（{pause.reason}）" for pause in standing)
    if any(pause.subject in _HOLDS_ALL for pause in standing):
        return None, sentence
    return {pause.subject for pause in standing}, sentence


def why_held_back(cycle: str) -> str:
    """By whom, why and until when a cycle is paused; blank where it is not."""
    for pause in desk.pauses_on(today()):
        if pause.subject in (cycle, orchestration.CYCLE_DEPLOYMENT):
            through = f"至 {pause.until}" if pause.until else "直至恢复"
            return f"{pause.by} 暂停了自动办理（{through}）：{pause.reason}"
    return ""


def begin_anew(lost: Unattended, installation: Settings) -> bool:
    """Have Prefect begin a run of a cycle nobody works on; whether it did. Two that ask at once begin one."""
    if lost.because is None:
        return False
    with reading() as db:
        number = runs.number_of(db, lost.cycle)
    # another try after an hour, should this one be lost before it begins
    key = f"{lost.cycle}:{number}:{datetime.now(UTC):%Y%m%d%H}"
    day = waiting.day_to_begin(lost.cycle, installation)
    begun = orchestration.start_cycle(lost.cycle, day, f"没有运行在办理该批次，由值守程序启动：{lost.because}", key)
    if begun is not None:
        orchestration.end_abandoned(lost.cycle)
    return begun is not None


def respect_cancelling() -> list[str]:
    """Have each cycle paused whose run a person cancelled, unless another works on it since; returns the cycles."""
    cancelled = [run for run in orchestration.cancelled_runs() if run.is_whole and run.cycle != CURRENT]
    if not cancelled:
        return []
    attended = {_cycle_of(run) for run in orchestration.living_runs() if run.is_whole}
    paused = []
    for run in cancelled:
        if run.cycle in attended or not _is_news(run):
            continue
        by = run.cancelled_by or "在运行页面上取消的人"
        try:
            desk.pause(run.cycle, by, f"取消了运行“{run.name}”", flow_run=str(run.flow_run_id))
        except desk.AlreadyPausedError:
            continue
        paused.append(run.cycle)
    return paused


def _is_news(run: CycleRun) -> bool:
    """Whether a cancelled run still says what its cycle is to do: nothing of it was run, paused or lifted since."""
    if run.cycle not in _open():
        return False
    with reading() as db:
        if pauses.of(db, run.cycle) or pauses.meant_by(db, [str(run.flow_run_id)]):
            return False
        later = [pauses.last_lifted(db, run.cycle), runs.last_began(db, run.cycle)]
    return not any(moment and run.since and moment > run.since for moment in later)


def _cycle_of(run: CycleRun) -> str:
    return chosen_cycle(CURRENT, run.as_of) if run.cycle == CURRENT else run.cycle


def _open() -> list[str]:
    with reading() as db:
        return [cycle for cycle in unfinished.open_cycles(db) if not leases.is_held(db, cycle)]


#: The lease of whoever carries pauses over.
_LEASE = "pauses"
_ON_THE_PAGE = "在运行页面上暂停的人"


def carry_over() -> list[str]:
    """Bring database and Prefect together, one at a time; the database decides. Returns what was done, a line each."""
    try:
        with database.begin() as db:
            token = take_lease(db, _LEASE)
    except CycleBusyError:
        return []  # another worker does it at this moment
    try:
        with get_client(sync_client=True) as client:
            return [*_release(client), *_compare(client)]
    finally:
        with database.begin() as db:
            leases.give_back(db, _LEASE, token)


def automatic_deployments(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    """The deployments that run by themselves, by their entry in the catalogue, as far as Prefect has them."""
    deployments = client.read_deployments(deployment_filter=on_server.ours(), limit=200)
    by_entry = {on_server.entry(deployment.name): deployment for deployment in deployments}
    return {entry: deployment for entry, deployment in by_entry.items() if entry in AUTOMATIC}


def _release(client: SyncPrefectClient) -> list[str]:
    """Let go in Prefect what was lifted here."""
    desk.lift_over()
    with database.reading() as db:
        lifted = pauses.to_release(db)
    deployments = automatic_deployments(client) if lifted else {}
    done = []
    for subject in lifted:
        if subject in deployments and deployments[subject].paused:
            client.resume_deployment(deployments[subject].id)
            done.append(f"{subject} runs by itself again")
        with database.begin() as db:
            pauses.released(db, subject)
    return done


def _compare(client: SyncPrefectClient) -> list[str]:
    standing = {pause.subject for pause in desk.pauses_on(today())}
    done = []
    for name, deployment in automatic_deployments(client).items():
        if name in standing and not deployment.paused:
            client.pause_deployment(deployment.id)
            done.append(f"{name} is paused, as the database has it: lift it with `filing resume {name}`")
        elif deployment.paused and name not in standing:
            desk.pause(name, _ON_THE_PAGE, "在运行页面上暂停")
            done.append(f"{name} was paused on its page: the pause is on record now")
    return done
