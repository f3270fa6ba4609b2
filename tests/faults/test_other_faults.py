"""Faults that are no point in a run: clocks set back, and the Prefect server lost while a run is on."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from schemas.settings import Settings, using
from schemas.tables import lease
from tasks.store import database, leases
from tests import factories
from tests.faults import ledger, small_cycle
from tests.faults.house import TestHouse
from tests.faults.small_cycle import CYCLE, Act

#: Of all homes, so that what they send out is the same; each would draw its own.
_KEY = "a key of the faults' own, and long enough"

Played = Callable[[Path], dict[int, tuple[dict[str, bytes], dict[str, str]]]]


def settings_of(home: Path) -> Settings:
    """The settings of a home whose results are written before anything is sent out."""
    return Settings(home=home, result_key=SecretStr(_KEY), result_tokens="off")


def state(home: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    return factories.output(home), factories.tables(CYCLE)


def run(act: Act, days_before: int = 0) -> str:
    from flows.filing_cycle import filing_cycle

    return filing_cycle.fn(CYCLE, act.day - timedelta(days=days_before), inbox=str(act.inbox)).outcome


@pytest.mark.slow
def test_runs_for_earlier_days_turn_nothing_back(tmp_path: Path) -> None:
    from deployments import schema

    acts = small_cycle.write_acts(tmp_path / "inboxes")
    undisturbed = {}
    with using(settings_of(tmp_path / "undisturbed")):
        schema.migrate()
        for act in acts:
            run(act)
            undisturbed[act.number] = state(tmp_path / "undisturbed")
    tried = 0
    with using(settings_of(tmp_path / "set-back")):
        schema.migrate()
        for act in acts:
            run(act)
            for days in (1, 40):
                assert run(act, days) in ("waiting", "nothing_to_do")
                assert state(tmp_path / "set-back") == undisturbed[act.number], f"act {act.number}, {days} days before"
                tried += 1
    ledger.keep_line(
        "clock", ledger.Line("a run for a day 1 or 40 days before the last", "sqlite", tried, tried, "files, rows")
    )


def _shifted(by: timedelta) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + by

    return Clock


@pytest.mark.parametrize("host", ["here", "elsewhere"])
@pytest.mark.parametrize("days", [1, 400])
def test_a_clock_set_back_locks_nobody_out(
    installation: Path, monkeypatch: pytest.MonkeyPatch, host: str, days: int
) -> None:
    with monkeypatch.context() as patch, database.begin() as db:
        patch.setattr(leases, "datetime", _shifted(timedelta(days=days)))
        token = leases.take(db, CYCLE)
    gone = {"process_started": 0.0} if host == "here" else {"host": host}
    with database.begin() as db:
        db.execute(update(lease).values(**gone))
        assert leases.take(db, CYCLE) == token + 1


def test_a_holder_stays_one_when_the_hour_changes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    with database.begin() as db:
        leases.take(db, CYCLE)
    began, boot = psutil.Process.create_time, psutil.boot_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: began(self) - 86_400)
    monkeypatch.setattr(psutil, "boot_time", lambda: boot() - 86_400)
    with database.begin() as db, pytest.raises(leases.LeaseTakenError, match="wait until it ends"):
        leases.take(db, CYCLE)


def filing_run(house: TestHouse, act: Act) -> "subprocess.Popen[str]":
    words = ["run", CYCLE, "--as-of", act.day.isoformat(), "--inbox", str(act.inbox)]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "deployments.cli", *words],
        env=house.environment() | {"PREFECT_API_URL": house.api, "PREFECT_CLIENT_MAX_RETRIES": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_the_prefect_server_is_lost_and_comes_back(house: TestHouse, tmp_path: Path) -> None:
    from deployments import schema

    act = small_cycle.write_acts(tmp_path / "inboxes")[0]
    with using(settings_of(tmp_path / "undisturbed")):
        schema.migrate()
        run(act)
        expected = state(tmp_path / "undisturbed")
    house.settings |= {"FILING_RESULT_KEY": _KEY, "FILING_RESULT_TOKENS": "off"}
    house.start_server()
    lost = filing_run(house, act)
    house.wait_for("the run to have begun", lambda: lost.poll() is not None or (house.home / "quarantine").is_dir())
    house.kill("server")
    _, err = lost.communicate(timeout=300)
    assert "Traceback" not in err
    assert not lost.returncode or "filing: the Prefect server went away: check PREFECT_API_URL" in err
    house.start_server()
    again = filing_run(house, act)
    out, err = again.communicate(timeout=300)
    assert again.returncode == 0, err
    assert "waiting: 0 of" in out
    with using(settings_of(house.home)):
        assert state(house.home) == expected
    ended = "ended with an error" if lost.returncode else "went on without it"
    what = f"Prefect server killed in mid-run and started again; the run {ended}"
    ledger.keep_line("prefect", ledger.Line(what, "sqlite", 1, 1, "files, rows"))
