"""What a kill, a full disk or a hand in the files does to publication, approval and sweeps: nothing by halves."""

import errno
import json
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import update

from flows.stages import publication
from flows.sweeps import sweeps
from schemas import tables
from schemas.settings import settings
from tasks.desk.approval import approve_edition
from tasks.gateways.disk import files
from tasks.gateways.shelf import editions as shelf
from tasks.gateways.shelf import province
from tasks.store import database
from tests import factories, homes
from tests.commands import Filing
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, THREE, TWO, take_over

CYCLE, DAY, NEXT = "2026-04", date(2026, 6, 1), date(2026, 6, 2)
TERM, ENDING = (date(2024, 5, 25), date(2027, 5, 24)), (date(2023, 6, 2), date(2026, 6, 1))
HELD = [(ONE, COOK, "4"), (ONE, BAKER, "4"), (TWO, COOK, "3"), (TWO, BAKER, "3"), (TWO, ELECTRICIAN, "3")]


class Killed(BaseException):
    """Stands for a kill."""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """Six rows published, one of which ends that day."""
    with homes.begun(tmp_path_factory.mktemp("first") / "home", migrated) as home:
        take_over(HELD, *TERM)
        take_over([(THREE, ELECTRICIAN, "3")], *ENDING)
        assert publication.fn(CYCLE, DAY).done == {"editions": 1, "rows": 6}
    return home


@pytest.fixture
def published(first: Path, tmp_path: Path) -> Iterator[Path]:
    """The first edition of this test's own."""
    with homes.copied(first, tmp_path / "home") as home:
        yield home


def vanish() -> None:
    """Two rows leave the register by no move of the program."""
    with database.begin() as db:
        entry = tables.qualification_item
        db.execute(update(entry).where(entry.c.uscc == ONE).values(known_to=DAY))


def approve_and_publish() -> None:
    publication.fn(*approve_edition(f"{CYCLE}.2", "王处长", NEXT))


def _dying(patch: pytest.MonkeyPatch, fatal: int | None) -> list[str]:
    """Pass every end of a transaction and every move of a file, up to the fatal one; which were passed."""
    passed: list[str] = []

    def at(name: str) -> None:
        if len(passed) == fatal:
            raise Killed(name)
        passed.append(name)

    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            at(f"before {function.__name__}")
            result = function(*args, **kwargs)
            at(f"after {function.__name__}")
            return result

        return watched

    begin = database.begin

    @contextmanager
    def transaction() -> Iterator[Any]:
        with begin() as db:
            yield db
            at("before commit")
        at("after commit")

    patch.setattr(database, "begin", transaction)
    for owner, name in ((shelf, "build"), (shelf, "place"), (shelf, "point_latest"), (province, "write_report")):
        patch.setattr(owner, name, around(getattr(owner, name)))
    return passed


@pytest.mark.slow
@pytest.mark.parametrize("work", [pytest.param("approve", marks=pytest.mark.slow), "sweeps"])
def test_killed_anywhere_and_repeated_the_end_is_the_same(published: Path, tmp_path: Path, work: str) -> None:
    if work == "approve":
        vanish()
        publication.fn(CYCLE, DAY)
    act = approve_and_publish if work == "approve" else (lambda: sweeps.fn(NEXT))
    with homes.copied(published, tmp_path / "undisturbed"), pytest.MonkeyPatch.context() as patch:
        passed = _dying(patch, None)
        act()
        expected = factories.output(settings().root)
    assert expected["published/latest"] == f"{CYCLE}.2".encode()
    assert {"before place", "after place", "after build", "before commit"} <= set(passed)
    chosen = sorted({*range(0, len(passed), 4), passed.index("after place"), passed.index("before point_latest")})
    for fatal in chosen:
        with homes.copied(published, tmp_path / str(fatal)):
            with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed) as killed:
                _dying(patch, fatal)
                act()
            latest = (settings().published / "latest").resolve()
            assert (latest / "manifest.json").is_file(), f"{killed.value}: an edition is in force all the time"
            with database.begin() as db:  # the process that held the lease is gone
                db.execute(tables.lease.update().values(process_started=0.0))
            if work == "approve" and _standing(f"{CYCLE}.2") == "published":
                publication.fn(CYCLE, NEXT)
            else:
                act()
            assert factories.output(settings().root) == expected, f"killed {killed.value}"


def _standing(name: str) -> str:
    from tasks.store import editions
    from tasks.store.database import reading

    with reading() as db:
        record = editions.get(db, name)
    assert record is not None
    return str(record["standing"])


def _fill_disk_at(file: str, patch: pytest.MonkeyPatch) -> None:
    """Any file of this name finds the disk full."""
    write, put = files.write, files.put

    def full(path: Path, content: bytes) -> None:
        if file in path.name:
            path.write_bytes(content[:10])
            _no_space()
        write(path, content)

    def also_full(folder: Path, relative: str, content: bytes, *, private: bool = False) -> Path:
        return _no_space() if file in relative else put(folder, relative, content, private=private)

    patch.setattr(files, "write", full)
    patch.setattr(files, "put", also_full)


@pytest.mark.parametrize("file", ["directory.xlsx", "manifest.json"])
def test_a_full_disk_leaves_the_former_edition_and_the_next_run_publishes(
    published: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    before = factories.output(published)
    take_over([(THREE, COOK, "4")], NEXT, date(2029, 6, 1))
    with monkeypatch.context() as patch:
        _fill_disk_at(file, patch)
        failed = publication.fn(CYCLE, NEXT).failed
    assert "No space left on device" in failed[f"{CYCLE}.2"]
    now = factories.output(published)
    assert {path: now[path] for path in before} == before
    assert now["published/latest"] == f"{CYCLE}.1".encode()
    assert sorted(path.name for path in (published / "published").iterdir()) == [
        f"{CYCLE}.1",
        "index.html",
        "latest",
        "next",
        "verify.py",
    ]
    assert publication.fn(CYCLE, NEXT).done["editions"] == 1
    assert factories.output(published)["published/latest"] == f"{CYCLE}.2".encode()


@pytest.mark.parametrize("file", ["公告.docx", "report.json"])
def test_a_full_disk_at_a_draft_keeps_back_the_draft_alone(
    published: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    take_over([(THREE, COOK, "4")], NEXT, date(2029, 6, 1))
    with monkeypatch.context() as patch:
        _fill_disk_at(file, patch)
        counts = publication.fn(CYCLE, NEXT)
    assert counts.done["editions"] == 1
    (reason,) = counts.failed.values()
    assert "No space left on device" in reason
    assert factories.output(published)["published/latest"] == f"{CYCLE}.2".encode()
    drafts = [path for path in published.rglob(file) if f"{CYCLE}.2" in path.parts]
    assert drafts == []
    assert publication.fn(CYCLE, NEXT).failed == {}
    assert [path for path in published.rglob(file) if f"{CYCLE}.2" in path.parts]


@pytest.mark.slow
def test_by_the_command_line_a_full_disk_fails_the_run_and_stops_no_sweep(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    filing = Filing(published, monkeypatch, capsys)
    with monkeypatch.context() as patch:
        patch.setattr(files, "write", _no_space)
        ended = filing("run", CYCLE, "--as-of", NEXT.isoformat())
    assert ended.code == 1
    assert "the former edition stays in force: mend this and run again" in ended.err
    assert "Traceback" not in ended.err
    assert "expiry:" in ended.out
    again = filing("run", CYCLE, "--as-of", NEXT.isoformat())
    assert (again.code, again.out.splitlines()[-1]) == (0, f"edition: {CYCLE}.2")


def _no_space(*_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(scope="module")
def third(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three editions."""
    with homes.copied(first, tmp_path_factory.mktemp("third") / "home") as home:
        for number, day in enumerate((NEXT, date(2026, 6, 3)), start=2):
            take_over([(THREE, COOK if number == 2 else BAKER, "4")], day, date(2029, 6, 1))
            publication.fn(CYCLE, day)
    return home


@pytest.fixture
def chained(
    third: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Filing]:
    """Three editions of this test's own."""
    with homes.copied(third, tmp_path / "home") as home:
        yield Filing(home, monkeypatch, capsys)


def problems(filing: Filing) -> list[str]:
    ended = filing("doctor")
    assert ended.code == 1
    start = "PROBLEM editions: "
    return [line.removeprefix(start) for line in ended.out.splitlines() if line.startswith(start)]


def test_doctor_names_a_newest_manifest_rewritten_with_its_seal(chained: Filing) -> None:
    assert "ok      editions: chain whole" in chained("doctor").out.splitlines()
    from tasks.gateways.shelf.manifest import sealed

    path = chained.home / "published" / f"{CYCLE}.3" / "manifest.json"
    record = json.loads(path.read_bytes())
    del record["seal"]
    path.write_bytes(sealed({**record, "rows": record["rows"] + 1}))
    assert problems(chained) == [f"edition {CYCLE}.3: manifest.json is not the one that was published"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_doctor_names_a_missing_edition_first(chained: Filing, number: int) -> None:
    shutil.rmtree(chained.home / "published" / f"{CYCLE}.{number}")
    assert problems(chained)[0].startswith(f"edition {CYCLE}.{number} is missing")


def test_doctor_names_any_changed_byte(chained: Filing) -> None:
    files = sorted(path for path in (chained.home / "published").rglob("*") if path.is_file() and not path.is_symlink())
    edition_files = [
        path for path in files if "latest" not in path.parts and path.parent.name not in {"published", "next"}
    ]
    assert {path.parent.name for path in edition_files} == {f"{CYCLE}.{number}" for number in (1, 2, 3)}
    from tasks.gateways.shelf import verify_chain

    for path in edition_files:
        content = path.read_bytes()
        spoilt = bytearray(content)
        spoilt[len(spoilt) // 3] ^= 1
        path.write_bytes(bytes(spoilt))
        text = " ".join(verify_chain(chained.home / "published"))
        assert path.parent.name in text, path
        assert path.name in text, path
        path.write_bytes(content)
    path = edition_files[0]
    path.write_bytes(path.read_bytes() + b"\n")
    assert problems(chained)[0] == f"edition {CYCLE}.1: {path.name} was changed after it was published"


def test_a_history_rewritten_with_all_hashes_made_anew_is_found(chained: Filing) -> None:
    from schemas.history import CHAINED, GENESIS, digest
    from tasks.store import history

    shelf = str(chained.home / "published")
    key = chained.lines("keys", "new")[0].removeprefix("public key: ")
    assert chained("verify", shelf).code == 0, "what was published before there was a key is not signed"
    assert f"the key {key} of " in chained("verify", shelf, "--key", b64encode(bytes(32)).decode()).out
    mistyped = chained("verify", shelf, "--key", key[:-2])
    assert (mistyped.code, mistyped.out) == (2, "")
    assert f"'{key[:-2]}' is no public key: give --key the 44 characters" in mistyped.err
    take_over([(THREE, COOK, "5")], date(2026, 6, 4), date(2029, 6, 1))
    publication.fn(CYCLE, date(2026, 6, 4))
    assert chained.lines("verify", shelf) == ["ok      as published"]
    assert f"ok      keys: editions are signed, by {key} since " in chained("doctor").out
    with database.begin() as db:
        previous = GENESIS
        for (trigger,) in db.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.exec_driver_sql(f"DROP TRIGGER {trigger}")
        db.exec_driver_sql("UPDATE history SET because = '另有原因' WHERE entry = 1")
        for entry in history.all_entries(db).to_dict("records"):
            previous = digest(previous, [entry[name] for name in CHAINED])
            db.exec_driver_sql("UPDATE history SET digest = ? WHERE entry = ?", (previous, entry["entry"]))
        assert next(history.broken_links(db), None) is None, "the chain by itself is whole"
    ended = chained("doctor")
    assert (ended.code, ended.out.count("manifest.json goes with another history")) == (1, 5), (
        "latest is one of the four"
    )
    ended = chained("verify", shelf)
    assert (ended.code, ended.out.count(" goes with another history")) == (1, 4)


def test_an_edition_waits_for_the_key_it_is_to_be_signed_with(chained: Filing) -> None:
    assert chained("keys", "new").code == 0
    (chained.home / "keys" / "signing.pem").unlink()
    take_over([(THREE, COOK, "5")], date(2026, 6, 4), date(2029, 6, 1))
    assert "filing keys new --lost" in publication.fn(CYCLE, date(2026, 6, 4)).failed[f"{CYCLE}.4"]
    assert any("keys: " in line and "is missing" in line for line in chained("doctor").out.splitlines())
    assert chained("keys", "new").code == 3
    assert chained("keys", "new", "--lost").code == 0
    assert not publication.fn(CYCLE, date(2026, 6, 4)).failed
    assert chained.lines("verify", str(chained.home / "published" / f"{CYCLE}.4")) == ["ok      as published"]


def test_the_life_is_told_anew_where_the_edition_before_does_not_hold_it(chained: Filing) -> None:
    kept = chained.home / "published" / f"{CYCLE}.3" / "life.json"
    whole = kept.read_bytes()
    kept.unlink()
    take_over([(THREE, COOK, "5")], date(2026, 6, 4), date(2029, 6, 1))
    publication.fn(CYCLE, date(2026, 6, 4))
    kept.write_bytes(whole)
    from tasks.gateways.disk.files import file_sha256
    from tasks.gateways.shelf.content import LIFE_COLUMNS
    from tasks.gateways.shelf.listing import read_life

    lives = []
    for number in (3, 4):
        folder = chained.home / "published" / f"{CYCLE}.{number}"
        lives.append(read_life(folder, file_sha256(folder / "manifest.json")))
    came = LIFE_COLUMNS[: LIFE_COLUMNS.index("gone_in")]
    before, after = (life[life["came_in"] != f"{CYCLE}.4"][came].to_numpy().tolist() for life in lives)
    assert before == after


def test_doctor_names_the_first_broken_link_of_the_chain(chained: Filing) -> None:
    from tasks.gateways.shelf.manifest import sealed

    path = chained.home / "published" / f"{CYCLE}.1" / "manifest.json"
    record = json.loads(path.read_bytes())
    del record["seal"]
    path.write_bytes(sealed({**record, "as_of": "2026-05-31"}))
    first, *others = problems(chained)
    assert first.startswith(f"the chain is broken at {CYCLE}.2: the manifest it follows")
    assert f"{CYCLE}.1 was changed" in first
    assert f"edition {CYCLE}.1: manifest.json is not the one that was published" in others
