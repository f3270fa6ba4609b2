"""`filing panel`: anyone can see a draw and repeat it; a record that was changed is found out."""

from pathlib import Path

import pytest
import typer
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

from deployments import cli
from deployments.commands import register_all
from schemas import tables
from schemas.errors import WrongUseError
from tasks.store import database
from tests import evaluations as made
from tests.registers import COOK, ONE

pytestmark = pytest.mark.usefixtures("without_pages")


def _filing(*words: str) -> tuple[int, str]:
    app = typer.Typer()
    app.callback()(lambda: None)
    register_all(app, ["drawing"])
    ended = CliRunner().invoke(app, list(words), standalone_mode=False)
    if ended.exception:
        raise ended.exception
    return int(ended.return_value or 0), ended.output


@pytest.fixture
def drawn(home: Path) -> Path:
    with database.begin() as db:
        rows = [
            {
                "expert_no": f"ZJ{n}",
                "name": f"专家{n}",
                "employer_uscc": ONE if n == 1 else "",
                "occupation_prefixes": "4-03",
                "active": "true",
                "email": "",
            }
            for n in range(1, 7)
        ]
        db.execute(insert(tables.expert), rows)
    made.accepted("A1", [(ONE, COOK, "4")])
    made.send_out(home)
    return home


def test_the_draw_is_shown_and_repeats(drawn: Path) -> None:
    code, output = _filing("panel", "A1", "--verify")
    assert code == 0
    assert f"seed {made.CYCLE}" in output
    assert "lead" in output
    assert output.count("member") == 2
    assert "ZJ1" not in output, "employed by the applicant"
    assert f"barred employers: {ONE}" in output
    assert "verified" in output


def test_a_record_that_was_changed_is_found_out(drawn: Path) -> None:
    with database.begin() as db:
        record = db.execute(select(tables.panel_draw.c.record)).scalar_one()
        others = [
            candidate
            for candidate in record["candidates"]
            if candidate["expert_no"] not in str(record["panel"]["members"])
        ]
        record["panel"]["members"][0] = {"expert_no": others[0]["expert_no"], "name": others[0]["name"]}
        record["panel"]["lead"] = others[0]["expert_no"]
        db.execute(update(tables.panel_draw).values(record=record))
    code, output = _filing("panel", "A1", "--verify")
    assert code == 1
    assert "does not follow from its record" in output
    assert "names a panel that was not drawn" in output


def test_an_application_without_a_panel_is_wrong_use(drawn: Path) -> None:
    with pytest.raises(WrongUseError, match="no panel was drawn"):
        _filing("panel", "B9")


def test_the_command_is_part_of_filing() -> None:
    register_all(cli.app)
    assert "panel" in {command.name for command in cli.app.registered_commands}
