"""Pauses and Prefect's deployments: what is paused in the database is paused there, and what a person paused there is here."""

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse

from schemas.run import AUTOMATIC
from tasks.desk import pauses as desk
from tasks.runs import on_server
from tasks.runs.run import CycleBusyError, take_lease
from tasks.runs.today import today
from tasks.store import database, leases, pauses

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
