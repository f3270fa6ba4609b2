"""What long-lived processes are told, wherever they are started."""

from pathlib import Path

import pytest

from deployments.prefect_environment import hold_anywhere
from schemas.settings import Settings


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
    said = Settings()
    assert (said.root, said.inbox) == (tmp_path / "home", tmp_path.parent / "share")
    assert said.database == f"sqlite:///{tmp_path}/filing.db"
    assert said.source.get_secret_value() == "https://portal.example/api"
    assert said.column_map == "four-step"


def test_a_portal_s_database_beside_the_home_is_found_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("schemas.settings._stated", [])
    monkeypatch.setenv("FILING_HOME", "")
    monkeypatch.setenv("FILING_SOURCE", "sqlite:///portal.db")
    hold_anywhere()
    said = Settings()
    assert said.source.get_secret_value() == f"sqlite:///{tmp_path}/portal.db"
    assert said.home.is_absolute()
