"""Passwords, keys and people's numbers are in no sentence, log line or representation of the settings."""

import traceback
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from schemas import tables
from schemas.settings import Settings, settings
from tasks.store import database
from tests.commands import Filing

SECRET = "geheim"
NOBODY = "11010519491231002X"


def test_settings_show_no_secret() -> None:
    values: dict[str, Any] = {
        "database_url": f"postgresql://filing:{SECRET}@db/filing",
        "evaluation_url": f"https://filing:{SECRET}@evaluation.example",
        "alert_webhook": f"https://hook.example/?key={SECRET}",
        **dict.fromkeys(("evaluation_token", "smtp_password", "result_key"), SECRET),
    }
    stated = Settings(**values)
    assert SECRET not in f"{stated!r} {stated}"
    assert SECRET in stated.database, "what is used is all there"


def test_an_error_of_the_database_names_no_value(installation: Path) -> None:
    row = {"expert_no": NOBODY, "name": NOBODY, "employer_uscc": None, "occupation_prefixes": "", "active": "true"}
    with pytest.raises(IntegrityError) as failed, database.begin() as db:
        db.execute(insert(tables.expert).values(**row, email=""))
    text = "".join(traceback.format_exception(failed.value))
    assert "parameters" in text
    assert "employer_uscc" in text, "which column it was"
    assert NOBODY not in text


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://filing:{SECRET}@127.0.0.1:1/filing",
        f"postgresql://filing:ge@{SECRET}@nohost.invalid/filing",
        f"postgresql://filing:ge/{SECRET}@127.0.0.1:1/filing",
        f"postgresql://filing:{SECRET}:x@127.0.0.1:1/filing",
        f"nothing+known://filing:{SECRET}@db/filing",
    ],
)
@pytest.mark.parametrize("command", ["status", "doctor"])
def test_a_database_that_cannot_be_reached_is_told_without_its_password(command: str, url: str, filing: Filing) -> None:
    stated = settings().model_copy(update={"database_url": url})
    ended = filing(command, stated=stated)
    assert ended.code != 0
    assert SECRET not in ended.out + ended.err
    assert "FILING_DATABASE_URL" in ended.out + ended.err or "nothing" in ended.err or "127.0.0.1" in ended.out
