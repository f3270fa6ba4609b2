"""A SQL database as a source, SQLite and PostgreSQL: the same pull as a folder of the same content."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deployments import sample
from schemas.settings import Settings
from schemas.submission import TABLES
from tasks.gateways.sources import pull_folder
from tasks.gateways.sources.doors import applicants
from tasks.gateways.sources.far.addresses import address
from tests import portals
from tests.portals import bring_in, contents, fill, quick

#: A row of the form is an application by its number and its code.
USCC = "91420200MA4XXXXXXX"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql"))
    (tmp_path / "portal.db").touch()
    return f"sqlite:///{tmp_path / 'portal.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()


def test_tables_give_what_a_folder_of_the_same_content_gives(url: str, engine: sa.Engine, tmp_path: Path) -> None:
    made = portals.made()
    made.attachments.clear()
    sample.write_csv(made, tmp_path / "folder")
    rows = {
        name: [
            {str(key): cell for key, cell in row.items() if isinstance(cell, str)} for row in frame.to_dict("records")
        ]
        for name, frame in portals.frames(made).items()
    }
    fill(engine, rows)
    brought = bring_in(tmp_path / "home", url)
    assert not brought.failed
    folder = pull_folder(tmp_path / "folder", door=applicants())
    assert contents(brought) == contents(portals.Brought(folder, tmp_path))


def test_typed_columns_say_what_their_text_says(url: str, engine: sa.Engine, tmp_path: Path) -> None:
    applications = {
        "application_no": "A1",
        "uscc": USCC,
        "submitted_at": datetime(2026, 9, 1, 9, 30, 15, 250_000),
        "social_insurance": True,
        "no_violations": False,
    }
    held = {"uscc": USCC, "level": 5, "candidates": Decimal("85.00"), "held_on": date(2026, 5, 8)}
    kinds: dict[str, Any] = {"submitted_at": sa.DateTime, "social_insurance": sa.Boolean, "no_violations": sa.Boolean}
    kinds |= {"level": sa.Integer, "candidates": sa.Numeric(6, 2), "held_on": sa.Date}
    fill(engine, {"applications": [applications], "认定活动": [held]}, **kinds)
    pull = bring_in(tmp_path / "home", url, source_tables="activities").pull
    assert pull is not None
    filed, activity = (pull.tables[name].iloc[0] for name in ("applications", "activities"))
    assert filed["submitted_at"].startswith("2026-09-01T09:30:15")
    assert (filed["social_insurance"], filed["no_violations"]) == ("true", "false")
    assert (activity["level"], activity["candidates"], activity["held_on"]) == ("5", "85", "2026-05-08")


def test_a_map_names_tables_and_columns_of_the_portal(url: str, engine: sa.Engine, tmp_path: Path) -> None:
    fill(
        engine,
        {"t_base": [{"bh": "A1", "lx": 3, "note": "x"}], "t_people": [{"bh": "A1", "lb": "4", "xm": "王"}]},
        lx=sa.Integer,
    )
    (tmp_path / "map.toml").write_text(
        """
        ignore = ["id"]
        [tables.applications]
        from = "t_base"
        columns = {application_no = "bh", institution_type = "lx"}
        values.institution_type = {3 = "社会培训评价组织"}
        [tables.staff]
        from = "t_people"
        order_by = "id"
        columns = {application_no = "bh", role = "lb", name = "xm"}
        values.role = {4 = "expert"}
        """
    )
    pull = bring_in(tmp_path / "home", url, column_map=str(tmp_path / "map.toml")).pull
    assert pull is not None
    assert list(pull.tables["applications"]["institution_type"]) == ["social_organisation"]
    assert list(pull.tables["staff"]["role"]) == ["expert"]
    assert [header.column for header in pull.unknown_columns] == ["note"]


def test_nothing_is_written_and_one_moment_is_read(url: str, engine: sa.Engine, tmp_path: Path) -> None:
    applications = [{"application_no": f"A{n}", "uscc": USCC} for n in range(3)]
    fill(engine, {"applications": applications, "staff": [{"application_no": "A1"}]})
    with engine.connect() as db:
        before = {
            name: db.execute(sa.text(f"select * from {name} order by id")).all() for name in ("applications", "staff")
        }
    first, second = bring_in(tmp_path / "home", url), bring_in(tmp_path / "home", url)
    assert contents(first) == contents(second)
    with engine.connect() as db:
        assert before == {name: db.execute(sa.text(f"select * from {name} order by id")).all() for name in before}


def test_a_cell_that_is_none_sets_its_table_aside(url: str, engine: sa.Engine, tmp_path: Path) -> None:
    staff: list[dict[str, Any]] = [{"application_no": "A1", "name": b"\x00\x01"}]
    rows = {"applications": [{"application_no": "A1", "uscc": USCC}], "staff": staff}
    fill(engine, rows, name=sa.LargeBinary)
    pull = bring_in(tmp_path / "home", url).pull
    assert pull is not None
    assert list(pull.tables["applications"]["application_no"]) == ["A1"]
    assert "数据表“staff”" in pull.quarantined[0].reason


def test_text_that_is_not_utf_8_is_one_bad_cell(tmp_path: Path) -> None:
    path = tmp_path / "portal.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    named = {"application_no": "A1", "uscc": USCC, "institution_name": "x"}
    fill(engine, {"applications": [named, {"application_no": "A2", "uscc": USCC}]})
    with engine.begin() as db:
        db.execute(sa.text("update applications set institution_name = cast(x'B0B239' as text) where id = 1"))
    engine.dispose()
    brought = bring_in(tmp_path / "home", f"sqlite:///{path}")
    assert not brought.failed
    assert brought.pull is not None
    assert list(brought.pull.tables["applications"]["application_no"]) == ["A1", "A2"]
    assert brought.pull.tables["applications"]["institution_name"][0] == "\ufffd\ufffd9"


def test_an_error_that_quotes_a_cell_shows_nobody_s_number(tmp_path: Path) -> None:
    where = address(Settings(home=tmp_path, source="sqlite:///portal.db"))  # type: ignore[arg-type]
    assert "42020419900101123" not in where.discreet("column 'title' with text 'x420204199001011234'")


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({}, "has no table named applications or 基本信息"),
        ({"applications": [{"x": "1"}]}, "the table applications has no column that applications has"),
        ({"applications": [{"application_no": "1"}], "基本信息": [{"application_no": "1"}]}, "both are applications"),
    ],
)
def test_tables_that_are_not_ours_are_told(tables: dict[str, Any], message: str, tmp_path: Path) -> None:
    (tmp_path / "portal.db").touch()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'portal.db'}")
    fill(engine, tables)
    engine.dispose()
    brought = bring_in(tmp_path / "home", f"sqlite:///{tmp_path / 'portal.db'}")
    assert brought.pull is None
    assert message in brought.failed[0]


def test_a_database_that_is_down_gives_what_it_gave_before(tmp_path: Path) -> None:
    path = tmp_path / "portal.db"
    path.touch()
    engine = sa.create_engine(f"sqlite:///{path}")
    fill(engine, {"applications": [{"application_no": "A1", "uscc": USCC}]})
    engine.dispose()
    bring_in(tmp_path / "home", f"sqlite:///{path}")
    path.unlink()
    brought = bring_in(tmp_path / "home", f"sqlite:///{path}")
    assert not path.exists()
    assert "there is no SQLite file" in brought.failed[0]
    assert brought.pull is not None
    assert list(brought.pull.tables["applications"]["application_no"]) == ["A1"]


def test_a_password_is_never_told(tmp_path: Path) -> None:
    brought = bring_in(tmp_path, "postgresql+psycopg://clerk:s3cr3t-word@127.0.0.1:9/portal", quick(attempts=2))
    assert brought.failed[0].startswith("postgresql+psycopg://127.0.0.1:9/portal cannot be read")
    assert "s3cr3t" not in str(brought)
    assert portals.SLEPT == [1.0]


@pytest.mark.parametrize(
    "source", ["mysql+pymysql://host/x", "gopher://host/x", "postgresql+psycopg://host:port/x", "http://[::1/x"]
)
def test_an_address_of_nothing_is_one_sentence(source: str, tmp_path: Path) -> None:
    brought = bring_in(tmp_path, source)
    assert brought.pull is None
    assert "FILING_SOURCE" in brought.failed[0] or "needs its driver" in brought.failed[0]


def test_every_column_of_ours_can_be_a_column_there() -> None:
    assert all(len(name) < 63 for table in TABLES.values() for name in table.names)  # what PostgreSQL takes
