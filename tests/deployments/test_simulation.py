"""Years of cycles: everything that must be true holds after each, on both databases with the same bytes; and it can fail."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from deployments import orchestrator
from deployments.commands.readiness import ready
from deployments.commands.simulating import policy_change, simulate, temporary_home
from deployments.simulation import cycles_between, untruths
from schemas import tables
from schemas.errors import RefusedError, WrongUseError
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from schemas.settings import SIMULATION_MARK, Settings, settings, using
from tasks.store import database, institutions, register
from tasks.store.database import reading
from tests import homes

ROOT = Path(__file__).parents[2]
TEN_YEARS = cycles_between(cycle_id("2021-04"), cycle_id("2031-09"))


def left() -> dict[str, str]:
    """The final register, what every institution's life was, and the seals of every edition."""
    with reading() as db:
        present = register.current_entries(db).drop(columns="entry").sort_values([*register.KEYS, "filed_on"])
        lives = {uscc: institutions.life(db, uscc).drop(columns="entry") for uscc in sorted(set(present["uscc"]))}
    manifests = sorted(settings().published.glob("*/manifest.json"))
    return {
        "register": present.to_csv(index=False),
        **{uscc: life.to_csv(index=False) for uscc, life in lives.items()},
        **{path.parent.name: path.read_text("utf-8") for path in manifests if not path.parent.is_symlink()},
    }


def test_cycles_run_from_the_first_to_the_last() -> None:
    assert (len(TEN_YEARS), TEN_YEARS[0], TEN_YEARS[-1]) == (22, "2021-04", "2031-09")
    assert cycles_between(cycle_id("2021-09"), cycle_id("2022-04")) == ["2021-09", "2022-04"]


@pytest.mark.slow
def test_ten_years_leave_the_same_on_both_databases(tmp_path: Path, postgresql: str) -> None:
    """Both lived through at the same time, each by a command of its own that holds it to every truth after each cycle."""
    span = ("simulate", "--cycles", f"{TEN_YEARS[0]}..{TEN_YEARS[-1]}", "--institutions", "40")
    lives, texts = {"sqlite": "", "postgresql": postgresql}, dict[str, dict[str, str]]()
    with ThreadPoolExecutor() as both:
        endings = both.map(
            lambda name: _simulate("--home", str(tmp_path / name), *span, database_url=lives[name]), lives
        )
    for done in endings:
        assert done.returncode == 0 and "everything held" in done.stdout, done.stdout + done.stderr
    for name, url in lives.items():
        with using(Settings(home=tmp_path / name, database_url=url)):
            texts[name] = left()
    assert len(texts["sqlite"]) > len(TEN_YEARS)
    assert texts["sqlite"].keys() == texts["postgresql"].keys()
    assert [key for key, value in texts["sqlite"].items() if texts["postgresql"][key] != value] == []


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, date]:
    """A small installation after its first cycle, in which the command found everything true; and its last day."""
    home = tmp_path_factory.mktemp("lived") / "home"
    with pytest.MonkeyPatch.context() as patch, using(Settings(home=home, database_url="")):
        patch.setenv("FILING_HOME", str(home))
        patch.setattr(orchestrator, "prepare", lambda: None)
        assert simulate("2026-04..2026-04", 14) == 0
        (home / SIMULATION_MARK).unlink()  # from now on it passes for a real one
        with reading() as db:
            return home, db.execute(select(func.max(tables.run.c.as_of))).scalar_one()


@pytest.fixture
def copied(lived: tuple[Path, date], tmp_path: Path) -> Iterator[date]:
    """A copy of it to be tampered with."""
    home, day = lived
    with homes.copied(home, tmp_path / "copy"):
        yield day


FILED = "(SELECT min(entry) FROM qualification_item WHERE application_no IS NOT NULL AND known_to IS NULL)"
AS_FILED = "uscc, work_type, filed_on, valid_until, audiences, own_name, application_no, cycle, because, known_from"
#: A copy of a letter keeps no serial: the database itself refuses the same number twice.
AS_WRITTEN = "kind, subject, cycle, written_on, content, delivered_at, receipt"
MOVED = "kind, subject, occupation_code, work_type, level"
TOLD = f'INSERT INTO history (entry, {MOVED}, was, became, because, facts, "by", "on", run_id, digest)' + (
    f" SELECT (SELECT max(entry) + 1 FROM history), {MOVED},"
)
AS_TOLD = 'because, facts, "by", "on", run_id, digest FROM history WHERE kind ='
TAMPERINGS = {
    "a shortened term": (f"UPDATE qualification_item SET valid_until = '2027-01-01' WHERE entry = {FILED}", "in the history"),
    "a vanished entry": (f"DELETE FROM qualification_item WHERE entry = {FILED}", "in the history and not on the register"),
    "an invented entry": (
        f"INSERT INTO qualification_item (entry, occupation_code, level, {AS_FILED})"
        f" SELECT 9999, '6-31-01-03', '5', {AS_FILED} FROM qualification_item WHERE entry = {FILED}",
        "without a pass",
    ),
    "an occupation out of scope": (
        f"UPDATE qualification_item SET occupation_code = '2-02-10-01' WHERE entry = {FILED}", "no skill occupation",
    ),
    "a region elsewhere": ("UPDATE institution SET region_code = '420102' WHERE known_to IS NULL", "no region of the city"),
    "an expired row": ("UPDATE edition_row SET valid_until = '2020-01-01'", "over since 2020-01-01"),
    "an edited edition": ("UPDATE edition_row SET institution_name = '别家'", "built again from the database is another"),
    "a letter written twice": (
        f"INSERT INTO outbox (box, occasion, {AS_WRITTEN}) SELECT box, occasion || 'b', {AS_WRITTEN}"
        " FROM outbox WHERE box = 'letter' AND occasion = (SELECT min(occasion) FROM outbox WHERE box = 'letter')",
        "written twice",
    ),
    "an item on file twice": (
        f"INSERT INTO qualification_item (entry, occupation_code, level, {AS_FILED})"
        f" SELECT 9998, occupation_code, level, {AS_FILED} FROM qualification_item WHERE entry = {FILED}",
        "is on file twice",
    ),
    "what was revoked in force": (
        "UPDATE qualification_item SET valid_until = '2031-01-01' WHERE ended_by = 'revoked' AND known_to IS NULL",
        "was revoked and is on file",
    ),
    "what was ended going on": (f"{TOLD} 'ended', 'filed', {AS_TOLD} 'item' AND became = 'filed' LIMIT 1", "was ended and"),
    "a suspension nobody lifted": (
        f"{TOLD} 'suspended', 'filed', {AS_TOLD} 'qualification' AND became = 'suspended' LIMIT 1",
        "was reinstated in",
    ),
    "a code for a reason": (
        "UPDATE outbox SET content = replace(content, '\"reason\": \"', '\"reason\": \"CAP-1 ') WHERE box = 'letter'",
        "gives a code for a reason",
    ),
    "a letter not delivered": ("UPDATE outbox SET delivered_at = NULL WHERE box = 'letter'", "was not delivered"),
    "an application returned": (
        "INSERT INTO finding SELECT application_no, 1, 'FORM-4', 'applications', 1, 'uscc', cycle, 'hard', '', '', ''"
        f" FROM qualification_item WHERE entry = {FILED}",
        "in spite of a hard finding",
    ),
}  # fmt: skip


@pytest.mark.parametrize("part", range(3))
def test_what_is_not_as_it_must_be_is_told(part: int, copied: date) -> None:
    """A third of the tamperings at a time: looking for what is untrue takes seconds."""
    expected = []
    with database.begin() as db:
        for statement, words in list(TAMPERINGS.values())[part::3]:
            assert db.execute(text(statement)).rowcount > 0, statement
            expected.append(words)
    sentences = untruths(copied)
    assert [words for words in expected if not any(words in sentence for sentence in sentences)] == [], sentences


@pytest.mark.usefixtures("copied")
def test_untouched_it_holds(copied: date) -> None:
    assert untruths(copied) == []


def test_a_changed_file_is_told(copied: date) -> None:
    page = next(settings().published.glob("2026-04.1/directory.csv"))
    page.write_bytes(page.read_bytes() + b"x")
    assert any("was changed after it was published" in sentence for sentence in untruths(copied))


def test_a_cap_exceeded_without_a_permit_is_told(copied: date) -> None:
    """Five more social organisations with one occupation, as if decisions had not counted."""
    with database.begin() as db:
        columns = AS_FILED.removeprefix("uscc, ")
        for number in range(9000, 9005):
            new = {"entry": number, "uscc": f"SOCIAL{number}"}
            db.execute(
                text(
                    "INSERT INTO institution (entry, uscc, institution_name, institution_type, region_code,"
                    " institution_code, registered_address, since, known_from)"
                    " VALUES (:entry, :uscc, :uscc, 'social_organisation', '420202', '', '', '2026-04-01', '2026-04-01')"
                ),
                new,
            )
            db.execute(
                text(
                    f"INSERT INTO qualification_item (entry, uscc, occupation_code, level, {columns})"
                    f" SELECT :entry, :uscc, occupation_code, level, {columns}"
                    f" FROM qualification_item WHERE entry = {FILED}"
                ),
                new,
            )
    assert any("institutions without a permit" in sentence for sentence in untruths(copied))


def _simulate(*arguments: str, database_url: str = "") -> subprocess.CompletedProcess[str]:
    command = shutil.which("filing", path=str(Path(sys.executable).parent))
    assert command, "the console script is not installed: install the project into this environment"
    environment = {**os.environ, "FILING_DATABASE_URL": database_url}
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False, env=environment)


def test_a_simulation_keeps_off_a_real_installation(lived: tuple[Path, date]) -> None:
    home, _ = lived
    refused = _simulate("--home", str(home), "simulate", "--institutions", "12")
    assert refused.returncode == 3 and "is in use" in refused.stderr
    assert (home / "filing.db").exists()


def test_a_simulation_makes_an_empty_database_of_a_server_ready_and_keeps_off_one_in_use(
    tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FILING_HOME", raising=False)
    with using(Settings(home=tmp_path / "home", database_url=postgresql)):
        with temporary_home():
            ready()
        with pytest.raises(RefusedError, match="is in use"), temporary_home():
            pass


@pytest.mark.parametrize(
    ("cycles", "institutions", "message"),
    [("2021-04", 20, "no span"), ("2022-04..2021-04", 20, "ends before"), ("2021-04..2021-09", 3, "too few")],
)
def test_wrong_use_is_told(cycles: str, institutions: int, message: str) -> None:
    with pytest.raises(WrongUseError, match=message):
        simulate(cycles, institutions)


@pytest.mark.usefixtures("home")
def test_a_life_changes_to_another_policy_in_its_middle() -> None:
    lived = [cycle_id(name) for name in ("2021-04", "2021-09", "2022-04")]
    with policy_change(lived[0], lived[-1]):
        assert [for_cycle(cycle).evaluation.wait_days for cycle in lived] == [45, 40, 40]
    with policy_change(lived[0], lived[0]):
        assert for_cycle(lived[-1]).evaluation.wait_days == 45


@pytest.mark.slow
def test_the_command_lives_and_throws_its_home_away() -> None:
    done = _simulate("simulate", "--cycles", "2021-04..2021-09", "--institutions", "14")
    assert done.returncode == 0, done.stderr
    assert re.search(r"2021-09: \d+ applications", done.stdout) and "everything held" in done.stdout
