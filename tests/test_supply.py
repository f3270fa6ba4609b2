"""The supply check itself: what it lets pass, and that what did not run is no pass."""

from typing import Any

import pytest

from tests.supply import is_allowed, judged, locked

KNOWN: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}


def test_a_vulnerability_fails() -> None:
    checked = judged([KNOWN, {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}]}])
    assert (checked.ended, checked.told) == ("failed", "b 2: PYSEC-1")


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
