"""The supply check itself: what it lets pass, and that what did not run is no pass."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.supply import is_allowed, judged, locked

ROOT = Path(__file__).parents[1]
KNOWN: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}


def test_a_vulnerability_fails() -> None:
    checked = judged([KNOWN, {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}]}])
    assert (checked.ended, checked.sentence) == ("failed", "b 2: PYSEC-1")


def test_a_service_that_does_not_know_the_packages_was_not_asked() -> None:
    assert judged([KNOWN]).ended == "passed"
    assert judged([KNOWN, {"name": "b", "skip_reason": "Dependency not found"}]).ended == "not run"
    assert judged([]).ended == "not run"


@pytest.mark.parametrize(
    ("name", "licence", "allowed"),
    [
        ("a", "MIT", True),
        ("a", "MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("a", "Apache Software License; BSD License", True),
        ("a", "GPL-3.0-only", False),
        ("a", "MIT AND AGPL-3.0-only", False),
        ("a", "UNKNOWN", False),
        ("text-unidecode", "Artistic License; GNU General Public License (GPL)", True),
        ("text-unidecode", "GNU General Public License (GPL)", False),
    ],
)
def test_licences_are_allowed_by_name(name: str, licence: str, allowed: bool) -> None:
    assert is_allowed(name, licence) is allowed


def test_the_lock_names_what_the_product_asks_for() -> None:
    assert {"prefect", "polars", "itsdangerous", "python-calamine"} <= locked()


def pins(lock: str) -> dict[str, str]:
    """Name to version of all that a lock pins; every one of them has a hash."""
    entries = re.findall(
        r"^([a-z0-9._-]+)==([^ \\\n]+)(.*(?:\n    --hash.*)*)", (ROOT / lock).read_text("utf-8"), re.MULTILINE
    )
    assert all("--hash=sha256:" in rest for *_, rest in entries)
    return {name: version for name, version, _ in entries}


def test_extras_are_pinned_and_hashed_beside_the_product() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    product, with_extras = pins("requirements.lock"), pins("requirements-extras.lock")
    assert {re.split(r"[\[>=<]", line)[0] for lines in extras.values() for line in lines} <= set(with_extras)
    assert {name: with_extras.get(name) for name in product} == product, "the same product with and without them"
