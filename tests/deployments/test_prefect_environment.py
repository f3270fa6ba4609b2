"""What long-lived processes are told, wherever they are started."""

from pathlib import Path

import pytest

from deployments.prefect_environment import for_server, hold_anywhere, keep_private
from schemas.settings import Settings, using


def test_paths_hold_in_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("schemas.settings._stated", [])
    monkeypatch.setenv("FILING_HOME", "home")
    monkeypatch.setenv("PREFECT_HOME", "home/prefect")
    monkeypatch.setenv("FILING_INBOX_FOLDER", "../share")
    monkeypatch.setenv("FILING_COLUMN_MAP", "four-step")
    monkeypatch.setenv("FILING_SOURCE", "https://portal.example/api")
    monkeypatch.setenv("FILING_DATABASE_URL", "sqlite:///filing.db")
    hold_anywhere()
    monkeypatch.chdir("/")
    stated = Settings()
    assert (stated.root, stated.inbox) == (tmp_path / "home", tmp_path.parent / "share")
    assert stated.database == f"sqlite:///{tmp_path}/filing.db"
    assert stated.source.get_secret_value() == "https://portal.example/api"
    assert stated.column_map == "four-step"


def test_a_portal_s_database_beside_the_home_is_found_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("schemas.settings._stated", [])
    monkeypatch.setenv("FILING_HOME", "")
    monkeypatch.setenv("FILING_SOURCE", "sqlite:///portal.db")
    hold_anywhere()
    stated = Settings()
    assert stated.source.get_secret_value() == f"sqlite:///{tmp_path}/portal.db"
    assert stated.home.is_absolute()


def test_the_server_prunes_old_runs_and_its_pages_call_it_by_no_name(tmp_path: Path) -> None:
    with using(Settings(home=tmp_path, keep_runs_days=30)):
        variables = for_server("127.0.0.1", 4200)
    assert variables["PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD"] == str(30 * 86_400)
    assert "flow_runs" in variables["PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"]
    assert variables["PREFECT_SERVER_UI_API_URL"] == "/api"


def test_prefects_database_becomes_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    for name in ("prefect.db", "prefect.db-wal"):
        (tmp_path / name).touch(0o644)
    keep_private()
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
