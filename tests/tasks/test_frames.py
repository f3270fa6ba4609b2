"""Frames read from the database have the kinds its columns are declared to have."""

import pytest
from sqlalchemy import Integer, Text, create_engine, literal_column, select

from tasks.store import frames


def test_what_stands_in_a_column_becomes_its_kind_or_is_an_error() -> None:
    with create_engine("sqlite://").connect() as db:
        text = select(literal_column("1", Text).label("text"), literal_column("2", Integer).label("number"))
        assert frames.read(db, text).to_dict("records") == [{"text": "1", "number": 2}]
        nothing = frames.read(db, text.where(literal_column("0")))
        assert list(nothing.columns) == ["text", "number"] and nothing.empty
        with pytest.raises(TypeError):
            frames.read(db, select(literal_column("'two'", Integer).label("number")))
