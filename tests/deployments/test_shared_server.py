"""A home without a Prefect server of its own hands on what is asked of it to another's, under its own city's names."""

import gzip
import socket
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from deployments import catalogue
from deployments.shared_server import SharedServer
from schemas.policy import in_force
from schemas.settings import Settings, UnusableSettingsError, settings, using
from tasks.runs import on_server

SECRET = "the shared server's own machine.secret"


async def seen(request: Request) -> Response:
    """What reached the server, packed as a server may."""
    body = (await request.body()).decode()
    target = request.scope["raw_path"].decode() + f"?{request.url.query}"
    stated = {"method": request.method, "target": target, "body": body}
    asked = ("authorization", "cookie", "origin", "x-prefect-x", "transfer-encoding")
    headers = {name: request.headers.get(name, "") for name in asked}
    answer = JSONResponse({**stated, **headers}, 201)
    answer.body = gzip.compress(bytes(answer.body))
    answer.headers["content-encoding"] = "gzip"
    answer.headers["content-length"] = str(len(answer.body))
    answer.set_cookie("theirs", "secret")
    return answer


async def talk(here: WebSocket) -> None:
    await here.accept("prefect")
    await here.send_text(here.headers["authorization"])
    while (text := await here.receive_text()) != "end":
        await here.send_bytes(text.encode())
    await here.close(1001)


@pytest.fixture(scope="module")
def there() -> Iterator[str]:
    """The address of a server on this machine that says what reached it."""
    routes = [
        Route("/api/{path:path}", seen, methods=["GET", "POST", "DELETE"]),
        WebSocketRoute("/api/events/in", talk),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error", ws="websockets-sansio"))
    with socket.create_server(("127.0.0.1", 0)) as port:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [port]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{port.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def client(there: str) -> Iterator[TestClient]:
    with TestClient(SharedServer(there, SECRET)) as client:
        yield client


def test_what_is_asked_here_is_asked_there_as_the_machine(client: TestClient) -> None:
    answer = client.post(
        "/api/flow_runs/a%2Fb?limit=2&name=%E6%89%B9",
        content='{"a": 1}',
        headers={"Cookie": "mine=1", "Origin": "http://here", "Authorization": "Bearer mine", "X-Prefect-X": "kept"},
    )
    assert answer.status_code == 201
    assert answer.json() == {
        "method": "POST",
        "target": "/api/flow_runs/a%2Fb?limit=2&name=%E6%89%B9",
        "body": '{"a": 1}',
        "authorization": f"Bearer {SECRET}",
        "cookie": "",
        "origin": "",
        "x-prefect-x": "kept",
        "transfer-encoding": "",
    }
    assert not answer.cookies
    deleted = client.delete("/api/x").json()
    assert (deleted["method"], deleted["transfer-encoding"]) == ("DELETE", ""), "what has no body says so"


def test_what_goes_on_for_long_goes_both_ways(client: TestClient) -> None:
    with client.websocket_connect("/api/events/in", subprotocols=["prefect"]) as here:
        assert here.accepted_subprotocol == "prefect"
        assert here.receive_text() == f"Bearer {SECRET}"
        here.send_text("事件")
        assert here.receive_bytes() == "事件".encode()
        here.send_text("end")
        with pytest.raises(WebSocketDisconnect) as closed:
            here.receive_text()
    assert closed.value.code == 1001


def test_a_server_that_is_away_is_busy_and_not_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as port:
        address = f"http://127.0.0.1:{port.getsockname()[1]}"
    with TestClient(SharedServer(address, SECRET)) as client:
        answer = client.get("/api/health")
        assert answer.status_code == 503
        assert "FILING_SHARED_SERVER" in answer.json()["exception_message"]
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/api/events/in"):
            pass


def test_what_a_city_registers_bears_its_name(home: Path) -> None:
    policy = in_force(date(2026, 9, 1))
    alone = [catalogue.build(entry, policy) for entry in catalogue.ENTRIES[:2]]
    with using(Settings(home=home, database_url="", city="ezhou")):
        shared = [catalogue.build(entry, policy) for entry in catalogue.ENTRIES[:2]]
        assert on_server.entry("cycle-ezhou") == "cycle"
        assert on_server.key("overview-2026-09") == "overview-2026-09-ezhou"
    assert [(built.name, built.work_pool_name, built.tags[0]) for built in alone] == [
        ("cycle", "filing", "备案"),
        ("intake", "filing", "备案"),
    ]
    assert [(built.name, built.work_pool_name, built.tags[0]) for built in shared] == [
        ("cycle-ezhou", "filing-ezhou", "备案-ezhou"),
        ("intake-ezhou", "filing-ezhou", "备案-ezhou"),
    ]


@pytest.mark.parametrize(
    ("stated", "sentence"),
    [
        ({"FILING_CITY": "鄂州"}, "FILING_CITY cannot be used"),
        ({"FILING_SHARED_SERVER": "10.0.0.1:4200"}, "begins with http"),
        ({"FILING_SHARED_SERVER": "http://10.0.0.1:4200"}, "needs FILING_CITY"),
        ({"FILING_SHARED_SERVER": "http://10.0.0.1:4200", "FILING_CITY": "ezhou"}, "needs FILING_SHARED_SECRET"),
    ],
)
def test_half_a_shared_server_is_refused(
    stated: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemas.settings._stated", [])
    for name, value in stated.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UnusableSettingsError, match=sentence):
        settings()
