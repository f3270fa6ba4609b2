"""`SECURITY.md` promises nothing without a test: each one that it names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")


def test_each_promise_has_a_test_and_each_test_is_there() -> None:
    promises = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(promises) > 40
    assert [line for line in promises if not re.search(r"`(tests/|make )", line)] == []
    named = [name.partition("::") for name in re.findall(r"`(tests/[^`]*)`", PAGE)]
    assert [path for path, _, _ in named if not (ROOT / path).exists()] == []
    absent = [f"{path}::{name}" for path, _, name in named if name and not _defines(ROOT / path, name)]
    assert absent == []


def _defines(file: Path, name: str) -> bool:
    return re.search(rf"^def {name}\(", file.read_text("utf-8"), re.MULTILINE) is not None
