"""A gate before a server that writes down what reaches it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from deployments.gate.accounts import Accounts
from deployments.gate.door import Gate
from deployments.gate.hosts import allowed
from deployments.gate.people import ROLES, signed_in
from deployments.gate.secrets_of_home import headers

OWN = "http://127.0.0.1:4200"
PASSWORD = "a long enough password"
#: Deployments the stub knows: one anybody may run, one that releases editions.
CYCLE = "11111111-1111-4111-8111-111111111111"
APPROVE = "22222222-2222-4222-8222-222222222222"
RUN, APPROVAL = "33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"
#: What stands beside them on a server that cities share, and a run that belongs to no deployment.
CYCLE_OF_EZHOU, RUN_BY_HAND = "55555555-5555-4555-8555-555555555555", "66666666-6666-4666-8666-666666666666"
KNOWN: dict[str, dict[str, Any]] = {
    f"/api/deployments/{CYCLE}": {"tags": ["备案"], "parameter_openapi_schema": {"properties": {"cycle": {}}}},
    f"/api/deployments/{APPROVE}": {
        "tags": ["备案", "审批"],
        "parameter_openapi_schema": {"properties": {"edition": {}, "by": {}}},
    },
    f"/api/flow_runs/{RUN}": {"deployment_id": CYCLE},
    f"/api/flow_runs/{APPROVAL}": {"deployment_id": APPROVE},
    f"/api/deployments/{CYCLE_OF_EZHOU}": {"tags": ["备案-ezhou"], "parameter_openapi_schema": {"properties": {}}},
    f"/api/flow_runs/{RUN_BY_HAND}": {"deployment_id": None},
}


@dataclass
class Behind:
    """The server behind the gate: what it was asked by whom, with which body; what the gate itself asks is left out."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = signed_in(scope).name if "filing.person" in scope else ""
        if scope["type"] == "websocket":
            socket = WebSocket(scope, receive, send)
            await socket.accept()
            await socket.send_text(who)
            await socket.close()
            return
        if scope["type"] == "lifespan":
            return
        path = str(scope["path"])
        if who or scope["method"] != "GET":
            self.asked.append((str(scope["method"]), path, who))
            body = (await receive()).get("body", b"")
            self.bodies.append(json.loads(body) if body[:1] in (b"{", b"[") else body)
        answer = json.dumps(KNOWN.get(path, {"who": who})).encode()
        kind = [(b"content-type", b"application/json"), (b"access-control-allow-origin", b"*")]
        is_known = bool(who) or path in KNOWN or path in ("/api/health", "/api/ready")
        start: Message = {"type": "http.response.start", "status": 200 if is_known else 404, "headers": kind}
        await send(start)
        await send({"type": "http.response.body", "body": answer})


@pytest.fixture
def gate_home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return home


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def gate(gate_home: Path, behind: Behind) -> Gate:
    return Gate(behind, gate_home, allowed("127.0.0.1", ""))


@pytest.fixture(scope="session")
def hashed() -> dict[str, str]:
    """The account file of one person a role: a password's hash is slow to make, so it is made once."""
    return {}


@pytest.fixture
def people(gate_home: Path, hashed: dict[str, str]) -> Accounts:
    """One person for each role, by the role's word."""
    accounts = Accounts(gate_home)
    if not hashed:
        for role in ROLES:
            accounts.accept(accounts.add(role, role), role, PASSWORD)
        hashed["file"] = (gate_home / "accounts.json").read_text("utf-8")
    (gate_home / "accounts.json").write_text(hashed["file"], "utf-8")
    (gate_home / "accounts.json").chmod(0o600)
    return accounts


@pytest.fixture
def client(gate: Gate) -> Iterator[TestClient]:
    """A browser that has not signed in; its pages are the server's own."""
    yield TestClient(gate, base_url=OWN, follow_redirects=False, headers={"Origin": OWN})


@pytest.fixture
def machine(gate: Gate, gate_home: Path) -> TestClient:
    return TestClient(gate, base_url=OWN, headers=headers(gate_home))


def sign_in(gate: Gate, home: Path, name: str) -> TestClient:
    """A browser in which somebody has signed in."""
    from deployments.gate.accounts import COOKIE, Sessions

    accounts = Accounts(home)
    person = accounts.person(name)
    assert person
    browser = TestClient(gate, base_url=OWN, follow_redirects=False, headers={"Origin": OWN})
    browser.cookies.set(COOKIE, Sessions(home, accounts).begin(person))
    return browser
