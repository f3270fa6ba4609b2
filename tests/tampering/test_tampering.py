"""Each kind of tampering is detected by the doctor, on both databases; the page of them is what `make tampering` wrote."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.settings import Settings
from tests import homes
from tests.tampering import house
from tests.tampering.kinds import TAMPERINGS, Tampering

PAGE = Path(__file__).parents[2] / "docs" / "integrity.md"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation with something of everything, on each database in turn."""
    root = tmp_path_factory.mktemp("tampering") / "home"
    if request.param == "sqlite":
        yield house.build(root)
        return
    from sqlalchemy.engine import make_url

    server = make_url(request.getfixturevalue("postgresql_server")).set(drivername="postgresql+psycopg")
    name = f"filing_{uuid4().hex[:12]}"
    homes.create_databases(request.getfixturevalue("postgresql_server"), name)
    yield house.build(root, server.set(database=name).render_as_string(hide_password=False))


@pytest.mark.slow
def test_nothing_is_detected_in_an_installation_nobody_touched(installation: Settings) -> None:
    with house.in_hand(installation) as case:
        assert house.faults(case) == []


@pytest.mark.slow
@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: f"{tampering.where}: {tampering.what}")
def test_the_doctor_tells(tampering: Tampering, installation: Settings) -> None:
    assert house.tried(tampering, installation)


def test_the_page_is_of_these_kinds_and_none_is_missed() -> None:
    page = PAGE.read_text("utf-8")
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| (detected|\*\*missed\*\*) \| (detected|\*\*missed\*\*) \|", page, re.MULTILINE
    )
    assert [(where, what) for where, what, *_ in rows] == [
        (tampering.where, tampering.what) for tampering in TAMPERINGS
    ]
    assert {word for _, _, *both in rows for word in both} == {"detected"}
