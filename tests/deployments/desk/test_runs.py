"""The desk and Prefect: a run is started in a person's name, a trial is marked, and a cycle's runs are linked."""

import json
from typing import Any

import pytest

from deployments.gate.people import Person, Role
from tests.deployments.desk.conftest import CYCLE, Receive, Scope, Send, browser_of

pytestmark = pytest.mark.usefixtures("shared", "today_is")
DEPLOYMENT = "11111111-1111-4111-8111-111111111111"
RUNS: list[dict[str, Any]] = [
    {
        "id": "a",
        "name": "2026-09 批次",
        "state_type": "PAUSED",
        "parameters": {"cycle": CYCLE},
        "start_time": "2026-09-11T23:45:00.5Z",
    },
    {"id": "b", "name": "2026-09 批次", "state_type": "COMPLETED", "parameters": {"cycle": CYCLE, "dry_run": True}},
    {"id": "c", "name": "2026-04 批次", "state_type": "RUNNING", "parameters": {"cycle": "2026-04"}},
]


class Server:
    """Prefect's server as far as the desk asks it."""

    def __init__(self, *, is_up: bool = True, newer: int = 0, refuses: int = 0) -> None:
        self.is_up, self.newer, self.refuses, self.orders = is_up, newer, refuses, list[dict[str, Any]]()

    def filtered(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """The newest runs, as many as are asked for, or those in a state."""
        states = order["flow_runs"].get("state", {}).get("type", {}).get("any_")
        newer = [{**RUNS[1], "id": f"n{number}"} for number in range(self.newer)]
        matches = [run for run in [*newer, *RUNS] if states is None or run["state_type"] in states]
        return matches[: order["limit"]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive()).get("body", b"")
        path = str(scope["path"])
        if path == f"/api/deployments/{DEPLOYMENT}/create_flow_run":
            self.orders.append(json.loads(body))
        answers: dict[str, Any] = {
            "/api/deployments/name/filing-cycle/cycle": {"id": DEPLOYMENT},
            f"/api/deployments/{DEPLOYMENT}/create_flow_run": {"id": "new"},
            "/api/flow_runs/filter": self.filtered(json.loads(body)) if path.endswith("filter") else [],
        }
        status = 200 if self.is_up and path in answers else 503
        if self.refuses and path.endswith("create_flow_run"):
            status = self.refuses
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answers.get(path, {})).encode()})


def test_a_run_is_started_in_the_name_of_who_signed_in_and_a_trial_is_marked() -> None:
    server = Server()
    browser = browser_of("李办", Role.OPERATOR, server)
    for fields in ({}, {"trial": "yes"}):
        answer = browser.sends(f"/cycles/{CYCLE}/run", f"/cycles/{CYCLE}", **fields)
        assert answer.headers["location"].endswith("done=started")
    real, trial = server.orders
    assert (real["name"], real["parameters"]) == ("2026-09 · 办理", {"cycle": CYCLE, "dry_run": False})
    assert (trial["name"], trial["parameters"]["dry_run"]) == ("2026-09 · 试运行", True)
    assert [order["labels"] for order in server.orders] == [{"filing.by": "李办"}] * 2
    assert "job_variables" not in real


def test_the_run_that_waits_is_linked_whatever_came_after_it() -> None:
    page = browser_of("李办", Role.VIEWER, Server(newer=200)).sees(f"/cycles/{CYCLE}")
    assert page.count("/v2/runs/flow-run/a") == 1
    assert page.index("/v2/runs/flow-run/a") < page.index("/v2/runs/flow-run/n0")


def test_a_cycles_page_links_its_runs_alone() -> None:
    page = browser_of("李办", Role.VIEWER, Server()).sees(f"/cycles/{CYCLE}")
    assert "/v2/runs/flow-run/a" in page
    assert "等待中" in page
    assert "2026-09-12 07:45" in page, "as the clock here shows it"
    assert "2026-09 批次 · 试运行" in page
    assert "flow-run/c" not in page


def test_a_server_that_is_away_takes_no_page_with_it() -> None:
    browser = browser_of("李办", Role.OPERATOR, Server(is_up=False))
    assert "没有答复" in browser.sees(f"/cycles/{CYCLE}")
    assert browser.sends(f"/cycles/{CYCLE}/run", f"/cycles/{CYCLE}").status_code == 503


def test_a_run_the_server_does_not_take_is_no_server_that_is_away() -> None:
    browser = browser_of("李办", Role.OPERATOR, Server(refuses=422))
    answer = browser.sends("/cycles/2031-04/run", f"/cycles/{CYCLE}")
    assert answer.status_code == 409
    assert "没有接受" in answer.text
    assert "没有答复" not in answer.text


def test_viewers_start_nothing() -> None:
    server = Server()
    browser = browser_of("李办", Role.OPERATOR, server)
    form = {"token": "x"}
    browser.door.person = Person("访客", Role.VIEWER)
    assert browser.sends(f"/cycles/{CYCLE}/run", **form).status_code == 403
    assert server.orders == []
