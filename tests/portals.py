"""Sources far away for tests: an API that can be told to fail, and one content as each kind of source holds it."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import sqlalchemy as sa

from deployments import sample
from deployments.sample import SampleCycle
from schemas.law.cycle import cycle_id
from schemas.settings import Settings
from tasks.gateways.sources import Brought, bring
from tasks.gateways.sources.far.addresses import Bounds

Json = dict[str, Any]
#: Seconds asked for between attempts are kept, not slept.
SLEPT: list[float] = []
#: Answers that are 128 MB once they are unpacked, by their Content-Encoding.
_ONCE = gzip.compress(bytes(128 * 2**20))
PACKED = {"gzip": _ONCE, "gzip, gzip": gzip.compress(_ONCE)}
QUICK = Bounds(answer_seconds=2.0, piece_seconds=4.0, pull_seconds=30.0, sleep=SLEPT.append)


def quick(**changed: Any) -> Bounds:
    """Bounds for a test: nothing is slept, little is waited."""
    SLEPT.clear()
    return replace(QUICK, **changed)


def bring_in(home: Path, source: str, bounds: Bounds | None = None, **stated: Any) -> Brought:
    """Pull a source as a run would, with a home of its own."""
    return bring(Settings(home=home, source=source, **stated), bounds=bounds or quick())  # type: ignore[arg-type]


def made(institutions: int = 12) -> SampleCycle:
    """A small made cycle."""
    return sample.make_cycle(cycle_id("2026-09"), 7, institutions)


def contents(brought: Brought) -> dict[str, str]:
    """What a pull brings, whatever the order of applications: the five tables and the content hashes."""
    assert brought.pull is not None
    tables = {}
    for name, frame in brought.pull.tables.items():
        keys = [key for key in ("application_no", "uscc", "row", *frame.columns) if key in frame.columns]
        keys = [key for key in keys if key != "row" or "application_no" in frame.columns]
        plain = frame if "application_no" in frame.columns else frame.drop(columns="row")
        keys = [key for key in dict.fromkeys(keys) if key in plain.columns]
        tables[name] = plain.sort_values(keys).to_csv(index=False)
    return tables


class Portal:
    """Pages of a list, asked for with `?page=`. `faults` come first, one a request; `requests` tells what was asked.

    A fault is a status (`500`, `429:1`, `302:/there`), `cut`, `endless`, `slow`, `broken` (no JSON), `shape` (JSON of
    something else) or `packed:gzip` (of `PACKED`).
    """

    def __init__(self, pages: list[Any], *, etags: bool = True) -> None:
        self.pages = pages
        self.etags = etags
        self.mark = '"{}"'
        self.faults: list[str] = []
        self.broken: dict[int, bytes] = {}
        self.requests: list[str] = []
        self.answers: Counter[int] = Counter()
        self.headers: list[dict[str, str]] = []
        self.before: Callable[[int], None] = lambda _count: None
        self.link: Callable[[int], int | None] = lambda page: page + 1 if page < len(self.pages) else None
        self.released = Event()
        self.url = ""

    def wrapped(self, number: int) -> bytes:
        """A page as it is sent."""
        if number in self.broken:
            return self.broken[number]
        following = self.link(number)
        body: Json = {"applications": self.pages[number - 1]}
        if isinstance(self.pages[number - 1], dict):
            body = dict(self.pages[number - 1])
        if following is not None:
            body.setdefault("next", f"?page={following}")
        return json.dumps(body, ensure_ascii=False).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    portal: Portal

    def do_GET(self) -> None:
        portal = self.portal
        portal.requests.append(self.path)
        portal.headers.append(dict(self.headers))
        portal.before(len(portal.requests))
        fault = portal.faults.pop(0) if portal.faults else ""
        if fault == "endless":
            self._for_ever(b" " * 65536)
        elif fault == "slow":
            self._for_ever(b" ", pause=0.1)
        elif fault.startswith("packed"):
            layers = fault.partition(":")[2]
            self._answer(200, PACKED[layers], {"Content-Encoding": layers})
        elif fault and fault[0].isdigit():
            code, _, after = fault.partition(":")
            self._answer(int(code), b"no", {"Location" if code[0] == "3" else "Retry-After": after} if after else {})
        else:
            self._page(fault)

    def do_PROPFIND(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()

    def _page(self, fault: str) -> None:
        number = int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])
        body = self.portal.wrapped(number)
        etag = self.portal.mark.format(sha256(body).hexdigest()[:16])
        if self.portal.etags and self.headers.get("If-None-Match") == etag:
            self._answer(304, b"", {"ETag": etag})
            return
        if fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        body = {"broken": body[: len(body) // 2], "shape": b'{"error": "busy"}'}.get(fault, body)
        self._answer(200, body, {"ETag": etag} if self.portal.etags else {})

    def _for_ever(self, chunk: bytes, pause: float = 0.0) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            while not self.portal.released.wait(pause):
                self.wfile.write(chunk)

    def _answer(self, code: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.portal.answers[code] += 1
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@contextmanager
def serving(portal: Portal) -> Iterator[Portal]:
    """The portal on loopback."""
    handler = type("Handler", (_Handler,), {"portal": portal})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    portal.url = f"http://127.0.0.1:{server.server_port}/api/applications"
    try:
        yield portal
    finally:
        portal.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def nested(made: SampleCycle) -> Json:
    """The made cycle as `applications.json` holds it."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        sample.write_json(made, Path(folder))
        loaded: Json = json.loads((Path(folder) / "applications.json").read_text())
        return loaded


def paged(document: Json, size: int) -> list[Any]:
    """Pages of so many applications; the first brings the side tables as well."""
    applications = document["applications"]
    pages: list[Any] = [{"applications": applications[at : at + size]} for at in range(0, len(applications), size)]
    pages[0] |= {name: rows for name, rows in document.items() if name != "applications"}
    return pages


def corrected(made: SampleCycle) -> SampleCycle:
    """The made cycle as its portal shows it once the corrections are in."""
    tables = dict(made.tables)
    mended = set(made.corrected["applications"]["application_no"])
    for name, rows in made.corrected.items():
        kept = tables[name][~tables[name]["application_no"].isin(mended)]
        tables[name] = pd.concat([kept, rows], ignore_index=True)
    return replace(made, tables=tables)


def frames(made: SampleCycle) -> dict[str, pd.DataFrame]:
    """The tables of the first hand-in."""
    return {name: frame for name, frame in made.tables.items() if name != "results"}


def fill(engine: sa.Engine, tables: dict[str, list[dict[str, Any]]], **kinds: Any) -> None:
    """Tables with an `id` by which rows keep their order, written in another; columns are text unless `kinds` says."""
    model = sa.MetaData()
    with engine.begin() as db:
        for name, rows in tables.items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            table = sa.Table(
                name,
                model,
                sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
                *(sa.Column(column, kinds.get(column, sa.Text)) for column in columns),
            )
            table.drop(db, checkfirst=True)
            table.create(db)
            numbered = [{"id": place, **dict.fromkeys(columns), **row} for place, row in enumerate(rows, 1)]
            db.execute(table.insert(), numbered[::-1])
