"""The desk where it is served: behind the gate, beside Prefect, made when the first person asks."""

from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from deployments.gate.accounts import COOKIE, Accounts, Sessions
from deployments.gate.door import Gate
from deployments.gate.hosts import allowed
from deployments.prefect_server import with_desk
from tests.deployments.desk.conftest import HELD, RETURNED, hidden_fields

OWN = "http://127.0.0.1:4200"
NAME = "王处长"


@pytest.fixture
def client(own_home: Path) -> TestClient:
    """A browser that has not signed in yet."""
    gate = Gate(with_desk(PlainTextResponse("prefect")), own_home, allowed("127.0.0.1", ""))
    return TestClient(gate, base_url=OWN, follow_redirects=False, headers={"Accept": "text/html"})


def sign_in(client: TestClient, home: Path, role: str) -> None:
    accounts = Accounts(home)
    accounts.accept(accounts.add(NAME, role), NAME, "a password of his")
    person = accounts.person(NAME)
    assert person
    client.cookies.set(COOKIE, Sessions(home, accounts).begin(person))


def test_without_signing_in_nothing_of_it_is_shown(client: TestClient) -> None:
    answer = client.get("/filing/")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/gate/sign-in")


def test_who_signed_in_is_who_acts(client: TestClient, own_home: Path) -> None:
    sign_in(client, own_home, "approver")
    assert client.get("/filing").headers["location"] == "/filing/"
    assert RETURNED in client.get("/filing/").text
    assert client.get("/v2/dashboard").text == "prefect"
    page = client.get(f"/filing/applications/{HELD}").text
    form = {**hidden_fields(page), "reason": "书面申请"}
    answer = client.post(f"/filing/applications/{HELD}/withdraw", data=form, headers={"Origin": OWN})
    assert answer.status_code == 303
    assert NAME in client.get(f"/filing/applications/{HELD}").text.split('id="history"')[-1]


def test_a_viewer_reads_and_does_nothing(client: TestClient, own_home: Path) -> None:
    sign_in(client, own_home, "viewer")
    assert client.get(f"/filing/applications/{HELD}").status_code == 200
    form = {"token": "x", "seen": "0", "reason": "书面申请"}
    answer = client.post(f"/filing/applications/{HELD}/withdraw", data=form, headers={"Origin": OWN})
    assert answer.status_code == 403


def test_a_session_that_ran_out_leads_back_to_the_page_of_the_form(client: TestClient, own_home: Path) -> None:
    sign_in(client, own_home, "approver")
    form = {**hidden_fields(client.get(f"/filing/applications/{HELD}").text), "reason": "书面申请"}
    client.cookies.clear()
    headers = {"Origin": OWN, "Referer": f"{OWN}/filing/applications/{HELD}"}
    answer = client.post(f"/filing/applications/{HELD}/withdraw", data=form, headers=headers)
    assert answer.status_code == 401
    assert "登录已过期" in answer.text
    assert f'name="next" value="/filing/applications/{HELD}"' in answer.text
    foreign = {"Origin": OWN, "Referer": "https://elsewhere.test//evil"}
    assert 'name="next" value="/filing/"' in client.post("/filing/doors/inbox", data=form, headers=foreign).text
    assert client.post("/filing/doors/inbox", data=form, headers={"Origin": OWN}).status_code == 401
