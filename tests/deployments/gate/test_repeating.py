"""A server that is too busy is asked again where that can do no harm, and nowhere else."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from deployments.gate import repeating

START = "/api/deployments/11111111-1111-4111-8111-111111111111/create_flow_run"


class Busy:
    """A server whose database is locked for a while: it answers 503 some times and does nothing meanwhile."""

    def __init__(self, times: int) -> None:
        self.times, self.asked = times, 0
        self.done: list[Any] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.asked += 1
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        is_locked = self.asked <= self.times
        if not is_locked:
            self.done.append(json.loads(body) if body else None)
        start: Message = {"type": "http.response.start", "status": 503 if is_locked else 201, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b"locked" if is_locked else b"done"})
        if is_locked:
            raise OSError("database is locked")  # as Prefect's does, once it has answered


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating, "_PAUSES", (0.0,) * len(repeating._PAUSES))


@pytest.mark.parametrize(
    ("method", "path", "order", "tries"),
    [
        ("GET", "/api/flow_runs/1", None, 3),
        ("DELETE", "/api/flow_runs/1", None, 3),
        ("POST", "/api/flow_runs/filter", {"limit": 5}, 3),
        ("POST", "/api/deployments/filter", {}, 3),
        ("POST", START, {"parameters": {}, "idempotency_key": "a"}, 3),
        ("POST", START, {"parameters": {}}, 1),
        ("POST", "/api/flow_runs/1/set_state", {"state": {"type": "CANCELLING"}}, 1),
        ("POST", "/api/flow_runs/1/resume", {}, 1),
        ("GET", "/api/health", None, 1),
    ],
)
def test_what_may_be_repeated_is(method: str, path: str, order: Any, tries: int) -> None:
    server = Busy(2)
    answer = TestClient(repeating.repeating(server), raise_server_exceptions=False).request(method, path, json=order)
    assert server.asked == tries
    assert answer.status_code == (201 if tries == 3 else 503)
    assert server.done == ([order] if tries == 3 else [])


def test_many_posts_to_a_server_that_is_locked_now_and_then_all_arrive_once() -> None:
    class NowAndThen(Busy):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            self.times = self.asked + 1 if self.asked % 24 == 0 else 0
            await super().__call__(scope, receive, send)

    server = NowAndThen(0)
    client = TestClient(repeating.repeating(server), raise_server_exceptions=False)
    orders = [{"idempotency_key": str(number)} for number in range(120)]
    assert [client.post(START, json=order).status_code for order in orders] == [201] * 120
    assert server.done == orders
    assert server.asked > 120


def test_one_that_stays_busy_is_told_so_in_the_end() -> None:
    server = Busy(1000)
    answer = TestClient(repeating.repeating(server), raise_server_exceptions=False).get("/api/flow_runs/1")
    assert (answer.status_code, answer.text) == (503, "locked")
    assert server.asked == len(repeating._PAUSES) + 1
