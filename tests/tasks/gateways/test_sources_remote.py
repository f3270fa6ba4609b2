"""Remote folders as a source, each against a real server: the same pull as the folder itself, in spite of faults."""

import gc
import os
import shutil
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments import sample
from tasks.gateways.sources import pull_folder
from tasks.gateways.sources.doors import applicants
from tests import portals, remote_servers
from tests.portals import Brought, bring_in, contents, quick
from tests.remote_servers import PASSWORD, Server


def one(number: str) -> bytes:
    return f'{{"application_no": "{number}", "uscc": "91420200MA4XXXXXXX"}}'.encode()


def numbers(brought: Brought) -> list[str]:
    assert brought.pull is not None
    return sorted(brought.pull.tables["applications"]["application_no"])


@pytest.fixture(params=["sftp", "s3", "webdav"])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """An empty folder on each kind of server."""
    if request.param == "s3":
        with remote_servers.s3(monkeypatch.setenv) as server:
            yield server
        return
    with getattr(remote_servers, request.param)(tmp_path / "served") as server:
        yield server


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Server]:
    with remote_servers.sftp(tmp_path / "served") as server:
        yield server


def pull(server: Server, home: Path, **bounds: float) -> Brought:
    return bring_in(home, server.source, quick(**bounds), **server.settings)


def test_workbooks_and_attachments_give_what_the_folder_gives(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    sample.write_inbox(portals.made(), folder, folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            server.put(path.relative_to(folder).as_posix(), path.read_bytes())
    brought = pull(server, tmp_path / "home")
    here = Brought(pull_folder(folder, door=applicants()), folder)
    assert not brought.failed
    assert brought.pull is not None
    assert here.pull is not None
    assert contents(brought) == contents(here)
    assert brought.pull.tables["materials"]["attachment_sha256"].notna().any()
    assert brought.pull.quarantined == here.pull.quarantined


def test_what_changed_is_fetched_and_what_went_is_gone(server: Server, tmp_path: Path) -> None:
    for number in ("A", "B", "C"):
        server.put(f"{number}.json", one(number))
    assert numbers(pull(server, tmp_path / "home")) == ["A", "B", "C"]
    server.put("B.json", one("B-corrected"))
    server.remove("C.json")
    server.opened.clear()
    assert numbers(pull(server, tmp_path / "home")) == ["A", "B-CORRECTED"]
    assert server.opened in ([], ["B.json"])  # only the SFTP server tells


def _sockets() -> int:
    links = (Path("/proc/self/fd") / name for name in os.listdir("/proc/self/fd"))  # noqa: PTH208  one goes meanwhile
    return sum(str(link.readlink()).startswith("socket:") for link in links if link.is_symlink())


def test_a_pull_leaves_no_connection_open(server: Server, tmp_path: Path) -> None:
    server.put("A.json", one("A"))
    pull(server, tmp_path / "first")  # what a library keeps for the whole process is there now
    gc.disable()
    try:
        before = _sockets()
        for name in ("B", "C", "D"):
            assert numbers(pull(server, tmp_path / name)) == ["A"]
        deadline = time.monotonic() + 10
        while _sockets() > before and time.monotonic() < deadline:
            time.sleep(0.02)  # the server's ends close after ours
        assert _sockets() <= before
    finally:
        gc.enable()


def test_an_empty_folder_is_an_empty_pull(server: Server, tmp_path: Path) -> None:
    server.put("only.json", one("A"))
    pull(server, tmp_path / "home")
    server.remove("only.json")
    server.put("说明.txt", b"nothing to see")
    brought = pull(server, tmp_path / "home")
    assert not brought.failed
    assert numbers(brought) == []


def test_a_folder_that_is_not_there_is_one_sentence(server: Server, tmp_path: Path) -> None:
    brought = bring_in(tmp_path / "home", f"{server.source.rstrip('/')}/nowhere", **server.settings)
    assert brought.pull is None
    assert "there is no such folder; check FILING_SOURCE" in brought.failed[0]


@pytest.mark.parametrize("server", ["sftp", "webdav"], indirect=True)  # moto's takes any
def test_wrong_credentials_are_one_sentence_without_them(server: Server, tmp_path: Path) -> None:
    server.put("A.json", one("A"))
    source = server.source.replace(PASSWORD, "wrong-password")
    stated = {
        **server.settings,
        **({"source_password": "wrong-password"} if "source_password" in server.settings else {}),
    }
    brought = bring_in(tmp_path / "home", source, **stated)
    assert brought.pull is None
    assert "cannot be read" in brought.failed[0]
    assert "wrong-password" not in str(brought)
    assert not portals.SLEPT  # another attempt would lock the account


def test_a_file_that_is_too_large_is_told_and_not_fetched(server: Server, tmp_path: Path) -> None:
    server.put("A.json", one("A"))
    server.put("big.json", b" " * 3_000_000)
    brought = pull(server, tmp_path / "home", file_bytes=2 * 2**20)
    assert numbers(brought) == ["A"]
    assert brought.pull is not None
    assert brought.pull.quarantined[0].reason == "文件“big.json”超过2MB，请拆分成几个文件后重新提交"
    assert not (brought.root / "big.json").exists()


def test_a_server_that_is_down_gives_what_it_gave_before(tmp_path: Path) -> None:
    with remote_servers.sftp(tmp_path / "served") as server:
        server.put("A.json", one("A"))
        pull(server, tmp_path / "home")
    brought = pull(server, tmp_path / "home", attempts=3)
    assert numbers(brought) == ["A"]
    assert "cannot be read" in brought.failed[0]
    assert portals.SLEPT == [1.0, 2.0]


def test_a_lost_connection_is_made_again(sftp: Server, tmp_path: Path) -> None:
    lost: list[Any] = []

    def before(name: str) -> None:
        if name == "B.json" and len(lost) < 2:
            lost.append(name)
            sftp.cut()  # type: ignore[attr-defined]

    for number in ("A", "B", "C"):
        sftp.put(f"{number}.json", one(number))
    sftp.before = before
    brought = pull(sftp, tmp_path / "home")
    assert not brought.failed
    assert numbers(brought) == ["A", "B", "C"]
    assert sftp.opened.count("A.json") == 1


def test_a_pull_that_stops_in_the_middle_goes_on_there(sftp: Server, tmp_path: Path) -> None:
    for number in ("A", "B", "C"):
        sftp.put(f"{number}.json", one(number))
    sftp.before = lambda name: sftp.cut() if name == "B.json" else None  # type: ignore[attr-defined]
    assert pull(sftp, tmp_path / "home", attempts=2).pull is None
    sftp.before = lambda name: None
    sftp.opened.clear()
    assert numbers(pull(sftp, tmp_path / "home")) == ["A", "B", "C"]
    assert sftp.opened == ["B.json", "C.json"]


def test_one_file_nobody_may_read_stops_no_other(sftp: Server, tmp_path: Path) -> None:
    def before(name: str) -> None:
        if name == "B.json":
            raise PermissionError(13, "Permission denied")

    for number in ("A", "B", "C"):
        sftp.put(f"{number}.json", one(number))
    sftp.before = before
    brought = pull(sftp, tmp_path / "home")
    assert not brought.failed
    assert numbers(brought) == ["A", "C"]
    assert brought.pull is not None
    assert "没有读取权限" in brought.pull.quarantined[0].reason


def test_a_file_named_like_a_folder_is_told_and_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with remote_servers.s3(monkeypatch.setenv) as server:
        for name, number in (("A.json", "A"), ("x.json", "X"), ("x.json/y.json", "Y")):
            server.put(name, one(number))
        brought = pull(server, tmp_path / "home")
    assert not brought.failed
    assert numbers(brought) == ["A", "Y"]
    assert brought.pull is not None
    assert [file.file for file in brought.pull.quarantined] == ["x.json"]
    assert "与文件夹同名" in brought.pull.quarantined[0].reason


@pytest.mark.parametrize("is_noted", [True, False])
@pytest.mark.parametrize(("former", "later"), [("b.json", "b.json/c.json"), ("b.json/c.json", "b.json")])
def test_a_file_that_became_a_folder_since_a_pull_stopped_is_brought(
    former: str, later: str, is_noted: bool, sftp: Server, tmp_path: Path
) -> None:
    sftp.put(former, one("B"))
    sftp.put("z.json", one("Z"))
    sftp.before = lambda name: sftp.cut() if name == "z.json" else None  # type: ignore[attr-defined]
    assert pull(sftp, tmp_path / "home", attempts=2).pull is None
    if not is_noted:  # killed before it was
        (journal,) = (tmp_path / "home").rglob("landed.jsonl")
        journal.write_text("")
    sftp.before = lambda name: None
    shutil.rmtree(tmp_path / "served")
    sftp.put(later, one("B"))
    sftp.put("z.json", one("Z"))
    brought = pull(sftp, tmp_path / "home")
    assert not brought.failed
    assert numbers(brought) == ["B", "Z"]


def test_links_and_names_of_other_places_are_told_and_not_followed(sftp: Server, tmp_path: Path) -> None:
    served = tmp_path / "served"
    sftp.put("A.json", one("A"))
    (tmp_path / "secret.json").write_bytes(one("SECRET"))
    (served / "link.json").symlink_to(tmp_path / "secret.json")
    (served / "back\\slash.json").write_bytes(one("B"))
    (served / "line\nend.json").write_bytes(one("C"))
    (served / ".hidden.json").write_bytes(one("D"))
    os.mkfifo(served / "pipe.json")
    brought = pull(sftp, tmp_path / "home")
    assert numbers(brought) == ["A"]
    assert brought.pull is not None
    assert len(brought.pull.quarantined) == 4
    assert sftp.opened == ["A.json"]


@pytest.mark.parametrize("scheme", ["sftp", "webdav", "s3"])
@pytest.mark.parametrize("fault", ["200", "500", "404", "endless"])
def test_a_server_that_speaks_something_else_is_one_sentence(
    scheme: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portals.serving(portals.Portal([[]])) as portal:
        portal.faults = [fault] * 50
        host = portal.url.split("/")[2]
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}")
        source = "s3://filing/inbox" if scheme == "s3" else f"{scheme}://{remote_servers.USER}:{PASSWORD}@{host}/x"
        login = {"source_username": remote_servers.USER, "source_password": PASSWORD}
        brought = bring_in(tmp_path / "home", source, quick(attempts=2, answer_seconds=1.0, pull_seconds=5.0), **login)
    assert brought.pull is None
    assert brought.failed[0].startswith(source.replace(f"{remote_servers.USER}:{PASSWORD}@", ""))
    assert PASSWORD not in brought.failed[0]


def test_a_webdav_server_sends_nobody_to_another(tmp_path: Path) -> None:
    with portals.serving(portals.Portal([[]])) as portal, portals.serving(portals.Portal([[]])) as elsewhere:
        source = portal.url.replace("http://", f"webdav://{remote_servers.USER}:{PASSWORD}@")
        for moved in (f"301:{elsewhere.url}", f"302:{elsewhere.url}", "302:/there"):
            portal.faults, portal.requests = [moved, "endless"], []
            brought = bring_in(tmp_path, source)
            assert "names another address, which is not followed" in brought.failed[0]
            assert [*portal.requests, *elsewhere.requests] == ["/api/applications"]
        portal.faults, portal.requests = ["301:/there", "404"], []
        brought = bring_in(tmp_path, source)
        assert portal.requests == ["/api/applications", "/there"]
        assert "there is no such folder" in brought.failed[0]


@pytest.mark.parametrize("layers", ["gzip", "gzip, gzip"])
def test_a_packed_listing_is_refused_before_it_is_unpacked(layers: str, tmp_path: Path) -> None:
    with portals.serving(portals.Portal([[]])) as portal:
        portal.faults = [f"packed:{layers}"] * 9
        tracemalloc.start()
        brought = bring_in(tmp_path, portal.url.replace("http://", "webdav://"), quick(attempts=2))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert "packs its answers, unasked" in brought.failed[0]
    assert most < 32 * 2**20
    assert portal.headers[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("name", ["../out.json", "/etc/out.json", "a/../../out.json", "x" * 300 + ".json"])
def test_a_listing_that_leads_out_writes_nothing_there(name: str) -> None:
    from tasks.gateways.sources.far.remote_folder import _unusable

    assert _unusable(name, {"type": "file", "size": 1}, 10)


def test_a_server_with_another_key_gets_no_password(
    sftp: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sftp.put("A.json", one("A"))
    asked: list[str] = []
    monkeypatch.setattr(
        remote_servers._Door, "check_auth_password", lambda self, user, password: asked.append(password) or 0
    )
    for key in ("SHA256:another", ""):
        brought = bring_in(tmp_path / "home", sftp.source, source_password=PASSWORD, source_host_key=key)
        assert brought.pull is None
        assert "FILING_SOURCE_HOST_KEY" in brought.failed[0]
    assert not asked


def test_a_file_that_never_ends_is_bounded(sftp: Server, tmp_path: Path) -> None:
    sftp.put("A.json", b" " * 20_000_000)
    late = [0.0]
    sftp.before = lambda name: late.insert(0, 10.0)
    brought = bring_in(
        tmp_path / "home",
        sftp.source,
        quick(piece_seconds=5.0, clock=lambda: late.insert(0, late[0] + 0.5) or late[0]),
        **sftp.settings,
    )
    assert brought.pull is None
    assert "did not end within 5 seconds" in brought.failed[0] or "took longer" in brought.failed[0]
