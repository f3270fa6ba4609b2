"""Runs in Prefect as the desk sees them: those of a cycle with their links, and starting one in a person's name."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
from starlette.types import ASGIApp

from deployments.desk.signing import DeskError
from schemas.policy import in_force
from tasks.runs import on_server
from tasks.runs.orchestration import CYCLE_DEPLOYMENT, CYCLE_FLOW, SIGNED_BY, TRIAL, WORKING, run_name
from tasks.runs.today import today

_RECENT = 60
_SECONDS = 20.0
_AWAY = "运行服务器没有答复：请稍候再试，或用 filing run 运行该批次"
#: States of Prefect as people read them.
STATES = {
    "SCHEDULED": "已排定",
    "PENDING": "即将开始",
    "RUNNING": "运行中",
    "PAUSED": "等待中",
    "COMPLETED": "已办完",
    "FAILED": "有未办成的",
    "CRASHED": "中断",
    "CANCELLING": "正在取消",
    "CANCELLED": "已取消",
}


class NoServerError(DeskError):
    """Prefect's server cannot be asked."""

    status = 503


class RefusedRunError(DeskError):
    """Prefect's server answered, and does not take what it was asked for."""

    status = 409


@dataclass(frozen=True)
class RunShown:
    """One run of a cycle: its link, name, state in Chinese, when it began, and whether it is a dry run."""

    address: str
    name: str
    state: str
    began: str
    is_trial: bool


async def runs_of(server: ASGIApp | None, cycle: str) -> list[RunShown]:
    """What waits of a cycle, whatever its age, then its newest runs; none where there is no server beside this desk."""
    if server is None:
        return []
    # a year of scheduled runs would stand before them
    begun = {"expected_start_time": {"before_": datetime.now(UTC).isoformat()}}
    # and weeks of others before one that waits
    waiting = await _newest(server, {"state": {"type": {"any_": ["PAUSED"]}}})
    answer = {run["id"]: run for run in [*waiting, *await _newest(server, begun)]}
    return [
        RunShown(
            address=f"/v2/runs/flow-run/{run['id']}",
            name=run["name"],
            state=STATES.get(run.get("state_type") or "", run.get("state_name") or ""),
            began=_when(run.get("start_time") or run.get("expected_start_time") or ""),
            is_trial=bool(run["parameters"].get("dry_run")),
        )
        for run in answer.values()
        if run["parameters"].get("cycle") == cycle
    ]


async def _newest(server: ASGIApp, chosen: dict[str, Any]) -> list[dict[str, Any]]:
    """The newest runs of the cycle's deployment that are chosen, newest first."""
    ours = {"name": {"any_": [on_server.deployment(CYCLE_DEPLOYMENT)]}}
    body = {"deployments": ours, "flow_runs": chosen, "sort": "EXPECTED_START_TIME_DESC", "limit": _RECENT}
    runs: list[dict[str, Any]] = await _ask(server, "POST", "/api/flow_runs/filter", body)
    return runs


def _when(moment: str) -> str:
    """A moment of Prefect's, which are in UTC, as it was on the clock here."""
    zone = ZoneInfo(in_force(today()).timezone)
    return f"{datetime.fromisoformat(moment).astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""


async def start(server: ASGIApp | None, cycle: str, by: str, *, is_trial: bool) -> str:
    """Start a run of a cycle in a person's name; returns its id. Raises NoServerError, RefusedRunError."""
    if server is None:
        raise NoServerError("此处没有运行服务器：请用 filing up 启动，或用 filing run 运行该批次")
    deployment = await _ask(
        server, "GET", f"/api/deployments/name/{CYCLE_FLOW}/{on_server.deployment(CYCLE_DEPLOYMENT)}"
    )
    order = {
        "name": run_name(cycle, TRIAL if is_trial else WORKING),
        "parameters": {"cycle": cycle, "dry_run": is_trial},
        "labels": {SIGNED_BY: by},
        # a server that was too busy may be asked again without making two
        "idempotency_key": str(uuid4()),
        "state": {"type": "SCHEDULED", "name": "Scheduled", "message": f"由 {by} 在工作台启动"},
    }
    run = await _ask(server, "POST", f"/api/deployments/{deployment['id']}/create_flow_run", order)
    return str(run["id"])


async def _ask(server: ASGIApp, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What the server behind the gate answers; it is asked in this process, in nobody's name but ours."""
    transport = httpx.ASGITransport(server)
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://behind.the.gate", timeout=_SECONDS
        ) as client:
            answer = await client.request(method, path, json=body)
            answer.raise_for_status()
            return answer.json()
    except httpx.HTTPStatusError as failed:
        if failed.response.is_server_error:
            raise NoServerError(_AWAY) from failed
        code = failed.response.status_code
        sentence = f"运行服务器没有接受（{code}）：请核对批次；部署不全的，请系统管理员重新启动 filing up"
        raise RefusedRunError(sentence) from failed
    except (httpx.HTTPError, ValueError) as failed:
        raise NoServerError(_AWAY) from failed
