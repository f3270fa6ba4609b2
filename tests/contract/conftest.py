"""Stories of the contract, lived by the product's stages and by the oracle, which must agree after every act."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ORACLE = Path(__file__).parents[1] / "oracle"
if str(ORACLE) not in sys.path:
    sys.path.append(str(ORACLE))  # the oracle's modules are plain files, also run as commands

import worked  # noqa: E402
from stage import Stage  # noqa: E402


@pytest.fixture
def stage(home: Path, tmp_path: Path, without_pages: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The product beside the oracle."""
    playing = Stage(tmp_path / "acts", home)
    monkeypatch.setattr(worked, "beside", playing.play)
    yield playing


@pytest.fixture
def case(stage: Stage) -> worked.Case:
    return worked.Case()
