"""The generated pages follow from the code, and no setting and no command goes without a document."""

import re
import runpy
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from deployments.commands import register_all
from schemas.item import FINAL, MOVES, STATUSES
from schemas.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = runpy.run_path(str(DOCS / "generate.py"))["PAGES"]
#: Not settings: the command reads the one itself, the other is told to tests that take pictures.
OTHER_VARIABLES = {"FILING_DEBUG", "FILING_PICTURES"}
WRITTEN = "\n".join(path.read_text("utf-8") for path in [ROOT / "README.md", *sorted(DOCS.glob("*.md"))])


def _commands() -> list[str]:
    """Every command as it is typed, those of groups with their group."""
    app = typer.Typer()
    register_all(app)
    names: list[str] = []
    for name, command in getattr(get_command(app), "commands", {}).items():
        parts = getattr(command, "commands", None)
        names += [f"{name} {part}" for part in parts] if parts else [name]
    return sorted(names)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_follows_from_the_code(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "run `make docs`"


def test_every_status_is_reached_and_every_open_one_left() -> None:
    assert {move.became for move in MOVES} - {""} == set(STATUSES)
    assert {move.was for move in MOVES} - {""} <= set(STATUSES)
    assert set(STATUSES) - FINAL <= {move.was for move in MOVES}


def test_every_setting_has_a_title_and_a_description() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not (field.title and field.description)]


def test_documents_name_no_setting_that_does_not_exist() -> None:
    named = set(re.findall(r"FILING_[A-Z_]+[A-Z]", WRITTEN))
    assert named <= {f"FILING_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES


@pytest.mark.parametrize("command", _commands())
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"filing( --home \S+)? {command}\b", WRITTEN), f"no page under docs/ names `filing {command}`"
