"""An installation with real processes, whose every process is ended with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import TestHouse


@pytest.fixture
def house(tmp_path: Path) -> Iterator[TestHouse]:
    made = TestHouse(tmp_path / "home")
    made.home.mkdir()
    made.filing("migrate")
    try:
        yield made
    finally:
        made.stop()
