"""Packages to a real HTTP server with faults: taken once in effect, whatever it answers."""

import email.utils
import json
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.evaluation import EvaluationPackage
from schemas.policy import in_force
from tasks.gateways.evaluators import DeliveryFailed, HttpChannel, HttpSettings, package_files
from tests.portals import PACKED

POLICY = in_force(date(2026, 9, 10))

MakePackage = Callable[..., EvaluationPackage]
_KEY = "HS-2026-09-0012:r1"


class EvaluationSystem:
    """Takes a package once a key. `faults` come first, one a request; those that end in `after` once it is taken."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.taken: Counter[str] = Counter()
        self.effects: dict[str, bytes] = {}
        self.released = Event()
        self.url = ""

    def take(self, key: str, body: bytes) -> None:
        self.taken[key] += 1
        self.effects.setdefault(key, body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    system: EvaluationSystem

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.system.requests.append((dict(self.headers), body))
        fault = self.system.faults.pop(0) if self.system.faults else ""
        if not fault or fault.endswith("after"):
            self.system.take(self.headers["Idempotency-Key"], body)
        if fault.startswith("hang"):
            self.system.released.wait(10)
            self.close_connection = True
        elif fault.startswith("drop"):
            self.close_connection = True
        elif fault.startswith("cut"):
            self.send_response(201)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        elif fault == "endless":
            self._answer_for_ever()
        elif fault == "packed":
            self._answer_packed()
        else:
            self._answer(fault)

    def _answer_for_ever(self) -> None:
        self.send_response(400)
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            while not self.system.released.is_set():
                self.wfile.write(b"no " * 10_000)

    def _answer_packed(self) -> None:
        text = PACKED["gzip, gzip"]
        self.send_response(201)
        self.send_header("Content-Encoding", "gzip, gzip")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _answer(self, fault: str) -> None:
        code, _, after = fault.partition(":")
        text = json.dumps({"receipt": "R-1"}).encode()
        self.send_response(int(code or 201))
        if after:
            self.send_header("Location" if code == "302" else "Retry-After", after)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def system() -> Iterator[EvaluationSystem]:
    system = EvaluationSystem()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"system": system}))
    server.daemon_threads = True
    system.url = f"http://127.0.0.1:{server.server_port}/packages"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield system
    system.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def deliver(system: EvaluationSystem, pauses: list[float], make_package: MakePackage) -> Callable[..., str]:
    package = make_package()

    def run(key: str = _KEY, **settings: object) -> str:
        values = {"url": system.url, "token": "geheim", "timeout_seconds": 0.4, **settings}
        channel = HttpChannel(HttpSettings(**values), sleep=pauses.append)  # type: ignore[arg-type]
        return channel.deliver(package, package_files(package, POLICY), key)

    return run


def test_a_package_is_posted_with_its_files_and_key(
    deliver: Callable[..., str], system: EvaluationSystem, make_package: MakePackage
) -> None:
    assert deliver() == 'http:201:{"receipt": "R-1"}'
    ((headers, body),) = system.requests
    assert headers["Idempotency-Key"] == _KEY
    assert headers["Authorization"] == "Bearer geheim"
    assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
    for content in package_files(make_package(), POLICY).values():
        assert content in body
    assert "评分表.xlsx".encode() in body


@pytest.mark.parametrize(
    "faults",
    [
        ["500"],
        ["503", "502", "504"],
        ["429:0"],
        ["409"],
        ["408", "425"],
        ["drop"],
        ["hang"],
        ["hang after"],
        ["drop after"],
        ["cut after"],
        ["500", "hang after", "429:0"],
    ],
)
def test_faults_are_tried_again_with_the_same_request_and_one_effect(
    deliver: Callable[..., str], system: EvaluationSystem, pauses: list[float], faults: list[str]
) -> None:
    system.faults = list(faults)
    assert deliver().startswith("http:201")
    assert len(system.requests) == len(faults) + 1 == len(pauses) + 1
    assert len({body for _, body in system.requests}) == 1
    assert len({headers["Idempotency-Key"] for headers, _ in system.requests}) == 1
    assert set(system.effects) == {_KEY}


def test_a_server_that_takes_it_and_times_out_for_ever_has_it_once(
    deliver: Callable[..., str], system: EvaluationSystem
) -> None:
    system.faults = ["hang after"] * 3
    with pytest.raises(DeliveryFailed) as lost:
        deliver(attempts=3)
    assert lost.value.retryable
    assert deliver().startswith("http:201")
    assert system.taken[_KEY] == 4
    assert len(system.effects) == 1


def test_pauses_double_up_to_the_longest(
    deliver: Callable[..., str], system: EvaluationSystem, pauses: list[float]
) -> None:
    system.faults = ["500"] * 6
    with pytest.raises(DeliveryFailed, match=r"evaluation system at 127\.0\.0\.1 answered 500"):
        deliver(attempts=6, first_pause_seconds=1, longest_pause_seconds=6)
    assert pauses == [1, 2, 4, 6, 6]


def test_the_server_says_how_long_to_wait(
    deliver: Callable[..., str], system: EvaluationSystem, pauses: list[float]
) -> None:
    later = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    system.faults = ["429:7", f"503:{later}", f"503:{past}", "503:soon"]
    deliver(attempts=5, first_pause_seconds=1)
    assert pauses[0] == 7
    assert 20 < pauses[1] <= 30
    assert pauses[2:] == [0, 8]


def test_a_wait_longer_than_we_hold_a_process_is_left_to_the_outbox(
    deliver: Callable[..., str], system: EvaluationSystem, pauses: list[float]
) -> None:
    system.faults = ["429:3600"]
    with pytest.raises(DeliveryFailed) as later:
        deliver()
    assert later.value.retryable
    assert later.value.retry_after_seconds == 3600
    assert not pauses


@pytest.mark.parametrize("code", ["400", "401", "403", "404", "413", "422", "302:http://127.0.0.1:1/elsewhere"])
def test_any_other_answer_is_final(
    deliver: Callable[..., str], system: EvaluationSystem, pauses: list[float], code: str
) -> None:
    system.faults = [code]
    with pytest.raises(DeliveryFailed, match=f"answered {code[:3]}") as refused:
        deliver()
    assert not refused.value.retryable
    assert len(system.requests) == 1
    assert not pauses


def test_a_system_that_is_not_there_is_worth_another_try(
    deliver: Callable[..., str], port: int, pauses: list[float]
) -> None:
    with pytest.raises(DeliveryFailed) as refused:
        deliver(url=f"http://127.0.0.1:{port}/", attempts=2)
    assert refused.value.retryable
    assert len(pauses) == 1


@pytest.mark.parametrize("url", ["", "127.0.0.1/packages", "ftp://127.0.0.1/", "http://[::1/", "http://:@/"])
def test_an_address_that_is_none_is_a_matter_of_settings(deliver: Callable[..., str], url: str) -> None:
    with pytest.raises(DeliveryFailed) as refused:
        deliver(url=url)
    assert not refused.value.retryable


def test_neither_token_nor_address_password_is_told(deliver: Callable[..., str], port: int) -> None:
    assert "geheim" not in repr(HttpSettings("http://x", token="geheim"))
    with pytest.raises(DeliveryFailed) as refused:
        deliver(url=f"http://user:geheim@127.0.0.1:{port}/?key=geheim", attempts=1)
    assert "geheim" not in refused.value.reason


def test_a_key_of_any_characters_is_one_key(deliver: Callable[..., str], system: EvaluationSystem) -> None:
    for key in ("申报-1:r1", "申报-1:r1", "a\r\nX-Evil: 1", "x" * 3):
        deliver(key)
    assert len(system.effects) == 3
    assert "X-Evil" not in system.requests[2][0]


def test_an_endless_answer_is_cut_short(deliver: Callable[..., str], system: EvaluationSystem) -> None:
    system.faults = ["endless"]
    with pytest.raises(DeliveryFailed) as refused:
        deliver()
    assert len(refused.value.reason) < 300


def test_an_answer_packed_twice_is_not_unpacked(deliver: Callable[..., str], system: EvaluationSystem) -> None:
    system.faults = ["packed"]
    tracemalloc.start()
    receipt = deliver(timeout_seconds=5)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert receipt == "http:201:", "it was taken, whatever is said of it"
    assert most < 32 * 2**20


@example("Mon, 01 Jan 2020 00:00:00 +9999999999999999999")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("1" * 400)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_whatever_retry_after_says_is_read_or_left(text: str) -> None:
    import httpx

    from tasks.gateways.wire.retry import retry_after

    seconds = retry_after(httpx.Response(503, headers={"Retry-After": text}))
    assert seconds is None or seconds >= 0
