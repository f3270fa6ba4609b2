"""An HTTP API as a source: a real server with faults, and the same pull as a folder of the same content."""

import json
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.gateways.sources import Pull, pull_folder
from tests import portals
from tests.portals import Portal, bring_in, contents, quick

TOKEN = "hush-hush-token"


def application(number: str, **values: Any) -> dict[str, Any]:
    staff = [{"role": "expert", "name": f"{number}{place}"} for place in range(2)]
    return {"application_no": number, "institution_name": number, "staff": staff, **values}


def five() -> list[Any]:
    return [[application(f"A{page}{place}") for place in range(3)] for page in range(1, 6)]


def numbers(brought: portals.Brought) -> list[str]:
    assert brought.pull is not None
    return sorted(brought.pull.tables["applications"]["application_no"])


def everyone(pages: int = 5) -> list[str]:
    return [f"A{page}{place}" for page in range(1, pages + 1) for place in range(3)]


@pytest.fixture
def portal() -> Iterator[Portal]:
    with portals.serving(Portal(five())) as serving:
        yield serving


def test_pages_give_what_a_folder_of_the_same_content_gives(tmp_path: Path) -> None:
    document = portals.nested(portals.made())
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "applications.json").write_text(json.dumps(document))
    with portals.serving(Portal(portals.paged(document, 5))) as portal:
        brought = bring_in(tmp_path / "home", portal.url)
    assert not brought.failed
    assert brought.pull is not None
    folder = portals.Brought(pull_folder(tmp_path / "folder"), tmp_path)
    assert contents(brought) == contents(folder)


def test_unchanged_pages_are_not_sent_again(portal: Portal, tmp_path: Path) -> None:
    first = bring_in(tmp_path, portal.url)
    portal.pages[2][0]["institution_name"] = "changed"
    portal.answers.clear()
    again = bring_in(tmp_path, portal.url)
    assert portal.answers == {304: 5, 200: 1}  # and the first page once more, to see that nothing moved meanwhile
    assert numbers(first) == numbers(again) == everyone()
    assert again.pull is not None
    assert "changed" in set(again.pull.tables["applications"]["institution_name"])


def test_an_etag_no_request_may_carry_is_not_sent_back(portal: Portal, tmp_path: Path) -> None:
    portal.mark = '"é{}"'
    for _ in range(2):
        brought = bring_in(tmp_path, portal.url)
        assert not brought.failed
        assert numbers(brought) == everyone()


@pytest.mark.parametrize("fault", ["500", "503", "429:1", "408", "cut", "broken", "shape"])
def test_a_passing_fault_is_outlasted(fault: str, portal: Portal, tmp_path: Path) -> None:
    portal.before = lambda count: portal.faults.append(fault) if count == 3 else None
    brought = bring_in(tmp_path, portal.url)
    assert not brought.failed
    assert numbers(brought) == everyone()
    assert not brought.pull.quarantined


def test_pauses_double_and_retry_after_is_kept(portal: Portal, tmp_path: Path) -> None:
    portal.faults = ["500", "500", "429:7", "500"]
    assert numbers(bring_in(tmp_path, portal.url)) == everyone()
    assert portals.SLEPT == [1.0, 2.0, 7.0, 8.0]


def test_a_server_that_asks_for_a_long_rest_is_left_alone(portal: Portal, tmp_path: Path) -> None:
    portal.faults = ["429:3600"]
    brought = bring_in(tmp_path, portal.url)
    assert brought.pull is None
    assert "asks to be left alone for 3600 seconds" in brought.failed[0]
    assert len(portal.requests) == 1


def test_a_pull_that_stops_in_the_middle_goes_on_there(portal: Portal, tmp_path: Path) -> None:
    portal.before = lambda count: portal.faults.append("500") if count > 3 else None
    stopped = bring_in(tmp_path, portal.url)
    assert stopped.pull is None
    assert "answered 500" in stopped.failed[0]
    portal.before, portal.faults = lambda _count: None, []
    portal.requests.clear()
    gone_on = bring_in(tmp_path, portal.url)
    # the first page is asked whether it still stands, before and after
    assert [path.partition("?")[2] for path in portal.requests] == ["", "page=4", "page=5", ""]
    assert numbers(gone_on) == everyone()


def test_pages_without_etag_or_with_the_time_in_them_are_gone_on_with(portal: Portal, tmp_path: Path) -> None:
    def tick(count: int) -> None:
        portal.pages[0] = {"applications": portal.pages[0]["applications"], "time": count}
        if 3 < count < 9:
            portal.faults.append("500")

    for etags in (True, False):
        portal.etags = etags
        portal.pages[0] = {"applications": five()[0]}
        portal.requests.clear()
        portal.before = tick
        assert bring_in(tmp_path / str(etags), portal.url).pull is None
        gone_on = bring_in(tmp_path / str(etags), portal.url)
        assert not gone_on.failed
        assert [path.partition("?")[2] for path in portal.requests[8:]] == ["", "page=4", "page=5", ""]
        assert numbers(gone_on) == everyone()


def test_under_another_map_pages_are_asked_for_anew(portal: Portal, tmp_path: Path) -> None:
    portal.link = lambda page: None
    for number, page in enumerate(portal.pages[:4], 2):
        portal.pages[number - 2] = {"applications": page, "more": f"?page={number}"}
    assert numbers(bring_in(tmp_path, portal.url)) == everyone(1)  # nothing says that there are more
    (tmp_path / "map.toml").write_text('[pages]\nnext = "more"\n')
    assert numbers(bring_in(tmp_path, portal.url, column_map=str(tmp_path / "map.toml"))) == everyone()


def test_a_stopped_pull_begins_again_when_the_list_has_changed(portal: Portal, tmp_path: Path) -> None:
    portal.before = lambda count: portal.faults.append("500") if count > 3 else None
    bring_in(tmp_path, portal.url)
    portal.before, portal.faults = lambda _count: None, []
    moved = [record for page in portal.pages for record in page][1:]  # the first was withdrawn: everything moves up
    portal.pages[:] = [moved[at : at + 3] for at in range(0, len(moved), 3)]
    assert numbers(bring_in(tmp_path, portal.url)) == everyone()[1:]


def test_a_list_that_changes_while_it_is_read_is_read_again(portal: Portal, tmp_path: Path) -> None:
    def withdraw(count: int) -> None:
        if count == 3:
            moved = [record for page in portal.pages for record in page][1:]
            portal.pages[:] = [moved[at : at + 3] for at in range(0, len(moved), 3)]

    portal.before = withdraw
    brought = bring_in(tmp_path, portal.url)
    assert not brought.failed
    assert numbers(brought) == everyone()[1:]  # A30 had moved to a page that was read already


def test_a_list_that_never_stands_still_is_taken_and_told(portal: Portal, tmp_path: Path) -> None:
    portal.before = lambda count: portal.pages[0][0].update(institution_name=str(count))
    brought = bring_in(tmp_path, portal.url)
    assert numbers(brought) == everyone()
    assert "changed each time while it was read" in brought.failed[0]


def test_duplicate_pages_and_overlapping_ones_bring_each_application_once(portal: Portal, tmp_path: Path) -> None:
    portal.pages[:] = [portal.pages[0], portal.pages[0], [portal.pages[0][2], *portal.pages[1]], *portal.pages[2:]]
    brought = bring_in(tmp_path, portal.url)
    assert not brought.failed
    assert numbers(brought) == everyone()
    assert brought.pull is not None
    assert len(brought.pull.tables["staff"]) == 2 * len(everyone())


def test_two_different_ones_under_a_number_are_set_aside(portal: Portal, tmp_path: Path) -> None:
    portal.pages[3].append(application("A10", kind="initial"))
    brought = bring_in(tmp_path, portal.url)
    assert numbers(brought) == [number for number in everyone() if number != "A10"]
    assert brought.pull is not None
    assert "出现2次" in brought.pull.quarantined[0].reason


def test_pages_that_lead_back_end_and_are_told(portal: Portal, tmp_path: Path) -> None:
    portal.link = lambda page: page + 1 if page < 5 else 2
    brought = bring_in(tmp_path, portal.url)
    assert numbers(brought) == everyone()
    assert "leads back" in brought.failed[0]


@pytest.mark.parametrize("fault", ["endless", "slow"])
def test_a_page_that_never_ends_is_bounded(fault: str, portal: Portal, tmp_path: Path) -> None:
    portal.faults = [fault]
    brought = bring_in(tmp_path, portal.url, quick(piece_seconds=0.5, page_bytes=4 * 2**20))
    assert brought.pull is None
    message = "larger than 4 MB" if fault == "endless" else "did not end within 0.5 seconds"
    assert message in brought.failed[0]


def test_a_page_packed_twice_is_refused_before_it_is_unpacked(portal: Portal, tmp_path: Path) -> None:
    portal.faults = ["packed:gzip, gzip"]
    tracemalloc.start()
    brought = bring_in(tmp_path, portal.url)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "packs a page more than once" in brought.failed[0]
    assert most < 32 * 2**20
    assert portal.headers[0]["Accept-Encoding"] == "gzip"


def test_a_pull_is_bounded_in_time_and_goes_on_the_next_time(portal: Portal, tmp_path: Path) -> None:
    late = [0.0]
    portal.before = lambda count: late.insert(0, 61.0 if count > 3 else 0.0)
    brought = bring_in(tmp_path, portal.url, quick(pull_seconds=60.0, clock=lambda: time.monotonic() + late[0]))
    assert "took longer than 1 minutes" in brought.failed[0]
    portal.requests.clear()
    assert numbers(bring_in(tmp_path, portal.url)) == everyone()
    assert len(portal.requests) < 6


def test_an_unreadable_page_is_quarantined_and_told(portal: Portal, tmp_path: Path) -> None:
    portal.broken[3] = b'{"applications": [{"application_no": "A30"'
    brought = bring_in(tmp_path, portal.url)
    assert brought.pull is not None
    assert [file.file for file in brought.pull.quarantined] == ["0001/000003.json"]
    assert (brought.root / "0001/000003.json").read_bytes() == portal.broken[3]
    assert "page 3 is not JSON" in brought.failed[0]
    assert numbers(brought) == everyone(2)  # where page 4 is stood on page 3
    del portal.broken[3]
    assert numbers(bring_in(tmp_path, portal.url)) == everyone()


def test_a_source_that_is_down_gives_what_it_gave_before(portal: Portal, tmp_path: Path) -> None:
    bring_in(tmp_path, portal.url)
    portal.before = lambda count: portal.faults.append("500")
    brought = bring_in(tmp_path, portal.url)
    assert numbers(brought) == everyone()
    assert "answered 500" in brought.failed[0]


def test_nobody_there_is_one_sentence(tmp_path: Path) -> None:
    brought = bring_in(tmp_path, "http://127.0.0.1:9/api?key=hush-hush-token")
    assert brought.pull is None
    assert brought.failed[0].startswith("http://127.0.0.1:9/api did not answer")
    assert TOKEN not in brought.failed[0]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("401", "FILING_SOURCE_TOKEN"),
        ("404", "check the path"),
        ("301", "moved"),
        ("400", "ask its operator"),
        ("999", "ask its operator"),
    ],
)
def test_a_refusal_says_what_to_do_and_is_not_repeated(
    fault: str, message: str, portal: Portal, tmp_path: Path
) -> None:
    portal.faults = [fault]
    brought = bring_in(tmp_path, portal.url, source_token=TOKEN)
    assert f"answered {fault}" in brought.failed[0]
    assert message in brought.failed[0]
    assert TOKEN not in brought.failed[0]
    assert len(portal.requests) == 1


def test_credentials_go_to_their_server_only(portal: Portal, tmp_path: Path) -> None:
    with portals.serving(Portal(five())) as elsewhere:
        portal.pages[0] = {"applications": portal.pages[0], "next": f"{elsewhere.url}?page=2"}
        brought = bring_in(tmp_path, portal.url, source_token=TOKEN)
        assert "another server" in brought.failed[0]
        assert not elsewhere.requests
    assert portal.headers[0]["Authorization"] == f"Bearer {TOKEN}"


def test_a_password_in_the_address_is_sent_and_never_shown(portal: Portal, tmp_path: Path) -> None:
    secret = portal.url.replace("http://", "http://clerk:p%40ss-word@") + f"?key={TOKEN}&page=1"
    portal.link = lambda page: None
    portal.pages[0] = {"applications": portal.pages[0], "next": f"?key={TOKEN}&page=2"}
    portal.pages[1] = {"applications": portal.pages[1], "next": f"?key={TOKEN}&page=3"}
    portal.before = lambda count: portal.faults.append("401") if count == 3 else None
    brought = bring_in(tmp_path / "home", secret)
    assert portal.headers[0]["Authorization"].startswith("Basic ")
    assert "answered 401" in brought.failed[0]
    text = "".join(path.read_text() for path in (tmp_path / "home").rglob("*.jsonl"))
    assert "page=" in text
    assert not [secret for secret in ("ss-word", TOKEN) if secret in brought.failed[0] + text + str(brought)]
    assert numbers(bring_in(tmp_path / "home", secret)) == everyone(3)
    assert portal.requests[-2:] == [f"/api/applications?key={TOKEN}&page={number}" for number in (3, 1)]


def test_numbered_pages_end_with_an_empty_one(portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('[pages]\nnext = ""\npage_parameter = "page"\n')
    portal.pages.append([])
    assert numbers(bring_in(tmp_path, portal.url, column_map=str(tmp_path / "map.toml"))) == everyone()
    assert portal.requests[-2].endswith("page=6")


def test_a_last_page_given_for_ever_ends(portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('[pages]\nnext = ""\npage_parameter = "page"\n')
    wrapped = portal.wrapped
    portal.link = lambda page: None
    portal.wrapped = lambda number: wrapped(min(number, 5))  # type: ignore[method-assign]
    brought = bring_in(tmp_path, portal.url, column_map=str(tmp_path / "map.toml"))
    assert numbers(brought) == everyone()
    assert "again and again" in brought.failed[0]
    assert len(portal.requests) < 12


def test_a_token_no_header_can_carry_is_one_sentence(portal: Portal, tmp_path: Path) -> None:
    brought = bring_in(tmp_path, portal.url, source_token="密码密码")
    assert "cannot be asked" in brought.failed[0]
    assert "密码" not in brought.failed[0]


def test_a_long_pull_tells_that_it_is_alive(portal: Portal, tmp_path: Path) -> None:
    from schemas.settings import Settings
    from tasks.gateways.sources import bring

    beats: list[int] = []
    now = [0.0]
    portal.before = lambda count: now.insert(0, count * 50.0)
    settings = Settings(home=tmp_path, source=portal.url)  # type: ignore[arg-type]
    bounds = quick(pull_seconds=3600.0, piece_seconds=600.0, clock=lambda: now[0])
    brought = bring(settings, bounds=bounds, beat=lambda: beats.append(len(portal.requests)))
    assert numbers(brought) == everyone()
    assert beats == [2, 4]


def test_a_full_disk_is_one_sentence(portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.gateways.sources.far import landing

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(landing, "_write", full)
    brought = bring_in(tmp_path, portal.url)
    assert brought.pull is None
    assert "No space left on device" in brought.failed[0]


def test_two_pulls_at_once_do_not_meet(portal: Portal, tmp_path: Path) -> None:
    from threading import Thread

    pulls: list[Pull | None] = []
    pulling = [
        Thread(target=lambda: pulls.append(bring_in(tmp_path, portal.url, quick(answer_seconds=20)).pull))
        for _ in range(4)
    ]
    for thread in pulling:
        thread.start()
    for thread in pulling:
        thread.join()
    assert [len(pull.tables["applications"]) for pull in pulls if pull] == [15] * 4
