"""The attacks the gate is there for: foreign pages, foreign names, other accounts of the machine, wrong passwords."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from deployments.gate import access_log
from deployments.gate.accounts import COOKIE, Accounts
from deployments.gate.door import Gate
from schemas.settings import Settings, using
from tests.deployments.gate.conftest import (
    APPROVAL,
    APPROVE,
    CYCLE,
    CYCLE_OF_EZHOU,
    OWN,
    PASSWORD,
    RUN,
    RUN_BY_HAND,
    Behind,
    sign_in,
)

START = f"/api/deployments/{CYCLE}/create_flow_run"
SHELL = {"job_variables": {"command": "touch /tmp/owned"}}


def test_nothing_is_shown_or_done_without_signing_in(client: TestClient, behind: Behind) -> None:
    assert client.get("/api/health").status_code == 200
    behind.asked.clear()
    for path in (
        "/",
        "/v2/dashboard",
        "/api/flows/filter",
        "/filing/published/latest/index.html",
        "/api/admin/settings",
    ):
        assert client.get(path).status_code == 401, path
    assert client.post(START, json={}).status_code == 401
    page = client.get("/v2/runs?tab=1", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/gate/sign-in?next=%2Fv2%2Fruns%3Ftab%3D1")
    assert behind.asked == []


def test_a_foreign_page_starts_no_run(gate: Gate, gate_home: Path, people: Accounts, behind: Behind) -> None:
    """As found: a form without a type, sent by a page elsewhere in the browser of somebody who has signed in."""
    admin = sign_in(gate, gate_home, "admin")
    body = json.dumps(SHELL)
    for origin in ("http://evil.example", "null", "http://127.0.0.1:8000", "http://127.0.0.1:4200.evil.example"):
        for kind in ("text/plain", "application/json"):
            answer = admin.post(START, content=body, headers={"Origin": origin, "Content-Type": kind})
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers
        assert admin.options(START, headers={"Origin": origin}).status_code == 403
    silent = TestClient(gate, base_url=OWN, cookies=admin.cookies)
    assert silent.post(START, json={}).status_code == 403, "a browser says the origin of what writes"
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert admin.post(START, content=body, headers={"Content-Type": kind}).status_code == 415
    assert behind.asked == []


def test_a_name_of_somebody_else_is_not_answered_to(client: TestClient, machine: TestClient, behind: Behind) -> None:
    for host in ("evil.example", "evil.example:4200", "127.0.0.1@evil.example", "", "127.0.0.1.evil.example", "[::1"):
        assert client.get("/api/health", headers={"Host": host}).status_code == 421, host
        assert machine.get("/api/health", headers={"Host": host}).status_code == 421, host
    assert behind.asked == []
    assert client.get("/api/health", headers={"Host": "localhost:4200", "Origin": "http://localhost:4200"}).is_success


@pytest.mark.parametrize(
    "path", ["/api/events/in", "/api/events/out", "/api/logs/out", "/api/task_runs/subscriptions/scheduled"]
)
def test_a_websocket_is_opened_by_those_who_may(
    gate: Gate, gate_home: Path, people: Accounts, machine: TestClient, path: str
) -> None:
    viewer = sign_in(gate, gate_home, "viewer")
    nobody = TestClient(gate, base_url=OWN)
    address = f"ws://127.0.0.1:4200{path}"  # the test's client takes no host from its base
    for browser, headers in (
        (nobody, {"Origin": OWN}),
        (viewer, {"Origin": "http://evil.example"}),
        (viewer, {"Host": "evil.example", "Origin": "http://evil.example"}),
        (TestClient(gate, base_url=OWN, cookies=viewer.cookies), {}),
        (nobody, {"Authorization": "Bearer guessed"}),
    ):
        with pytest.raises(WebSocketDisconnect), browser.websocket_connect(address, headers=headers):
            pass
    with machine.websocket_connect(address) as socket:
        assert socket.receive_text() == "machine"
    if path.endswith("/out"):
        with viewer.websocket_connect(address, headers={"Origin": OWN}) as socket:
            assert socket.receive_text() == "viewer"
    else:
        with pytest.raises(WebSocketDisconnect), viewer.websocket_connect(address, headers={"Origin": OWN}):
            pass


@pytest.mark.parametrize("role", ["operator", "approver", "admin"])
def test_no_run_says_its_own_command(
    gate: Gate, gate_home: Path, people: Accounts, machine: TestClient, behind: Behind, role: str
) -> None:
    for asks in (sign_in(gate, gate_home, role), machine):
        for body in (SHELL, {"job_variables": {"env": {"PATH": "/tmp"}}}, {"job_variables": {"working_dir": "/tmp"}}):
            answer = asks.post(START, json=body)
            assert answer.status_code == 403
            assert "job_variables are fixed by the work pool" in answer.json()["exception_message"]
            assert asks.post(f"{START}/bulk", json=[{}, body]).status_code == 403
    assert machine.post("/api/flow_runs/", json={"flow_id": RUN, **SHELL}).status_code == 403
    assert behind.bodies == []


def test_a_run_carries_who_started_it(gate: Gate, gate_home: Path, people: Accounts, behind: Behind) -> None:
    operator = sign_in(gate, gate_home, "operator")
    order = {"parameters": {"cycle": "2026-09", "by": "王处长"}, "job_variables": {}, "labels": {"filing.by": "王处长"}}
    assert operator.post(START, json=order).status_code == 403, "labels are not a person's to set"
    del order["labels"]
    assert operator.post(START, json=order).is_success
    assert behind.bodies[-1]["labels"] == {"filing.by": "operator"}
    approver = sign_in(gate, gate_home, "approver")
    approve = f"/api/deployments/{APPROVE}/create_flow_run"
    assert approver.post(approve, json={"parameters": {"edition": "2026-09.1", "by": "王处长"}}).is_success
    assert behind.bodies[-1]["parameters"] == {"edition": "2026-09.1", "by": "approver"}
    assert operator.post(approve, json={"parameters": {"edition": "2026-09.1"}}).status_code == 403


def test_a_person_stops_and_resumes_a_run_and_sets_no_other_state(
    gate: Gate, gate_home: Path, people: Accounts, behind: Behind
) -> None:
    operator, viewer = sign_in(gate, gate_home, "operator"), sign_in(gate, gate_home, "viewer")
    stop = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    assert operator.post(f"/api/flow_runs/{RUN}/set_state", json=stop).is_success
    assert operator.post(f"/api/flow_runs/{RUN}/resume", json={}).is_success
    assert behind.bodies == [{"filing.cancelled_by": "operator"}, stop, {}], "who cancelled is on the run"
    for state in ("COMPLETED", "RUNNING", "FAILED"):
        refused = operator.post(f"/api/flow_runs/{RUN}/set_state", json={"state": {"type": state}})
        assert refused.status_code == 403
    assert operator.post(f"/api/flow_runs/{RUN}/set_state", json={**stop, "force": True}).status_code == 403
    assert operator.post(f"/api/flow_runs/{APPROVAL}/resume", json={}).status_code == 403
    assert operator.post(f"/api/flow_runs/{CYCLE}/resume", json={}).status_code == 403, "there is no such run"
    assert viewer.post(f"/api/flow_runs/{RUN}/set_state", json=stop).status_code == 403
    assert len(behind.bodies) == 3


def test_signing_in_and_out(client: TestClient, people: Accounts, gate_home: Path) -> None:
    page = client.get("/gate/sign-in")
    # with no-referrer a browser says `Origin: null` of the form on it, and nobody could sign in
    assert page.headers["referrer-policy"] == "same-origin"
    form = {"name": "operator", "password": PASSWORD, "next": "//evil.example/"}
    signed = client.post("/gate/sign-in", data=form)
    assert (signed.status_code, signed.headers["location"]) == (303, "/filing/")
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert client.get("/").json() == {"who": "operator"}
    kept = client.cookies[COOKIE]
    assert client.post("/gate/sign-out", data={"a": "b"}).status_code == 303
    client.cookies.set(COOKIE, kept)
    assert client.get("/").status_code == 401, "a cookie kept aside is worth nothing afterwards"
    assert [entry["what"] for entry in access_log.entries(gate_home)] == ["signed in", "signed out"]


def test_what_a_session_may_do_follows_the_account(gate: Gate, gate_home: Path, people: Accounts) -> None:
    operator = sign_in(gate, gate_home, "operator")
    assert operator.post(START, json={}).is_success
    people.change_role("operator", "viewer")
    assert operator.post(START, json={}).status_code == 403
    people.renew("operator")
    assert operator.get("/").status_code == 401


def test_wrong_passwords_wait_and_are_logged(client: TestClient, people: Accounts, gate_home: Path) -> None:
    for _ in range(3):
        assert client.post("/gate/sign-in", data={"name": "admin", "password": "guess"}).status_code == 401
    too_soon = client.post("/gate/sign-in", data={"name": "admin", "password": PASSWORD})
    assert too_soon.status_code == 429
    assert int(too_soon.headers["retry-after"]) >= 1
    entries = [(entry["who"], entry["what"]) for entry in access_log.entries(gate_home)]
    assert entries == [("admin", "sign-in refused")] * 3 + [("admin", "sign-in too soon")]
    assert (gate_home / access_log.FILE).stat().st_mode & 0o077 == 0


def test_the_first_administrator_comes_by_the_link_once(client: TestClient, gate_home: Path) -> None:
    accounts = Accounts(gate_home)
    token = accounts.first()
    assert not accounts.has_admin()
    assert "设置密码" in client.get(f"/gate/first?token={token}").text
    form = {"token": token, "name": "王处长", "password": "短", "again": "短"}
    assert client.post("/gate/first", data=form).status_code == 400
    form |= {"password": PASSWORD, "again": PASSWORD}
    assert client.post("/gate/first", data=form).status_code == 303
    assert accounts.has_admin()
    assert client.get("/api/admin/settings").json() == {"who": "王处长"}
    assert client.post("/gate/first", data={**form, "name": "另一人"}).status_code == 410
    assert client.get(f"/gate/first?token={token}").status_code == 410


def test_the_log_says_who_did_what(gate: Gate, gate_home: Path, people: Accounts) -> None:
    operator = sign_in(gate, gate_home, "operator")
    operator.post(START, json={})
    operator.delete(f"/api/deployments/{CYCLE}")
    operator.get(f"/api/artifacts/{RUN}")
    operator.post("/api/flow_runs/filter", json={})
    entries = [(entry["who"], entry["what"], entry["status"]) for entry in access_log.entries(gate_home)]
    assert entries == [
        ("operator", f"POST {START}", 200),
        ("operator", f"DELETE /api/deployments/{CYCLE}", 403),
        ("operator", f"GET /api/artifacts/{RUN}", 200),
    ]


def test_on_a_shared_server_a_person_orders_their_own_citys_runs_alone(
    gate: Gate, gate_home: Path, people: Accounts, behind: Behind
) -> None:
    approver, admin = sign_in(gate, gate_home, "approver"), sign_in(gate, gate_home, "admin")
    stop = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    shared = Settings(
        home=gate_home, database_url="", city="ezhou", shared_secret=SecretStr("s"), shared_server="http://127.0.0.1:1"
    )
    with using(shared):
        refused = approver.post(START, json={"parameters": {"cycle": "2026-09"}})
        assert (refused.status_code, "another city's" in refused.text) == (403, True)
        assert approver.post(f"/api/flow_runs/{RUN}/set_state", json=stop).status_code == 403
        assert approver.post(f"/api/flow_runs/{RUN_BY_HAND}/set_state", json=stop).status_code == 403
        assert not behind.asked
        assert approver.post(f"/api/deployments/{CYCLE_OF_EZHOU}/create_flow_run", json={}).is_success
        assert "shared by several cities" in admin.patch(f"/api/deployments/{CYCLE_OF_EZHOU}", json={}).text
        assert admin.post("/api/flow_runs/filter", json={}).is_success
    assert approver.post(START, json={"parameters": {"cycle": "2026-09"}}).is_success
