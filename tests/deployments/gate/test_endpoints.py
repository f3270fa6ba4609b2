"""Every endpoint of Prefect's server has a role in the table, and the table names none that is not there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from deployments.gate.accounts import Accounts
from deployments.gate.door import Gate
from deployments.gate.endpoints import API, classed, endpoints_of, table
from deployments.gate.people import ROLES, Role
from tests.deployments.gate.conftest import Behind, sign_in

SOME_ID = "33333333-3333-4333-8333-333333333333"


@pytest.fixture(scope="module")
def of_prefect() -> set[tuple[str, str]]:
    """Method and path of what Prefect's own application has."""
    from prefect.server.api.server import create_app

    application: Any = create_app(final=False)
    return set(endpoints_of(application.routes))


def test_every_endpoint_of_prefect_is_classed_and_no_other(of_prefect: set[tuple[str, str]]) -> None:
    ours = {(endpoint.method, endpoint.path) for endpoint in table()}
    assert len(ours) == len(table())
    assert sorted(of_prefect - ours) == [], "class it in deployments/gate/endpoints.csv"
    assert sorted(ours - of_prefect) == [], "gone from Prefect: take it out of deployments/gate/endpoints.csv"
    assert len(of_prefect) > 150


def test_a_new_endpoint_is_shut_until_it_is_classed() -> None:
    assert classed("POST", "/api/deployments/run_anything") is None
    assert classed("PUT", "/v2/dashboard") is None
    page = classed("GET", "/v2/dashboard")
    assert page and page.least == Role.VIEWER


@pytest.mark.parametrize(
    ("below", "methods"),
    [
        ("/work_pools", {"POST", "PATCH", "DELETE"}),
        ("/work_queues", {"POST", "PATCH", "DELETE"}),
        ("/block", {"GET", "POST", "PATCH", "DELETE"}),
        ("/automations", {"POST", "PUT", "PATCH", "DELETE"}),
        ("/deployments", {"PATCH", "DELETE"}),
        ("/variables", {"PATCH", "DELETE"}),
        ("/admin/settings", {"GET"}),
    ],
)
def test_what_changes_how_things_run_is_the_administrators(below: str, methods: set[str]) -> None:
    reads = ("filter", "count", "concurrency_status")
    of = [
        endpoint
        for endpoint in table()
        if endpoint.path.startswith(f"/api{below}")
        and endpoint.method in methods
        and (below in ("/block", "/automations") or not endpoint.path.endswith(reads))
    ]
    assert of
    assert [endpoint for endpoint in of if endpoint.least not in (Role.ADMIN, Role.MACHINE)] == []


def _asked() -> Iterator[tuple[str, str, Role | None]]:
    for endpoint in table():
        path = endpoint.path
        for part in ("{id:uuid}", "{schedule_id:uuid}", "{lease_id}"):
            path = path.replace(part, SOME_ID)
        while "{" in path:
            path = path[: path.index("{")] + "some" + path[path.index("}") + 1 :]
        if endpoint.method != "WS" and path.startswith(API):
            yield endpoint.method, path, endpoint.least


def test_each_role_comes_as_far_as_the_table_says(
    gate: Gate, gate_home: Path, people: Accounts, behind: Behind, machine: TestClient
) -> None:
    """Asked of the gate itself, every endpoint in every role; runs are started by bodies, which have their own test."""
    browsers = {Role[name.upper()]: sign_in(gate, gate_home, name) for name in ROLES} | {Role.MACHINE: machine}
    asked = [question for question in _asked() if "flow_run" not in question[1] or question[0] != "POST"]
    assert len(asked) > 150
    for role, browser in browsers.items():
        for method, path, _ in asked:
            answer = browser.request(method, path, json={} if method in ("POST", "PUT", "PATCH") else None)
            endpoint = classed(method, path)
            assert endpoint is not None
            expected = 200 if endpoint.least is None or role >= endpoint.least else 403
            assert answer.status_code == expected, (role, method, path)
