"""What made data are drawn from: trades and names of their files, chance that repeats, and rows to frames of text."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Any, Literal, get_args

import pandas as pd

from schemas.submission import Table

Row = dict[str, str]
#: How an institution works, whatever a city calls its type: for its own staff, as a school, for the public.
Character = Literal["employer", "school", "provider"]


@dataclass(frozen=True)
class Trade:
    """A trade: words that stand in an institution's name, and the occupations it asks for."""

    words: tuple[str, ...]
    occupations: tuple[str, ...]


def read(name: str) -> dict[str, Any]:
    """A TOML file of this package."""
    return tomllib.loads((files("deployments.sample") / name).read_text("utf-8"))


_DATA = read("trades.toml")
_NAMES = read("names.toml")

#: By the character of an institution.
TRADES: dict[Character, tuple[Trade, ...]] = {
    character: tuple(Trade(tuple(trade["words"]), tuple(trade["occupations"])) for trade in _DATA[character])
    for character in get_args(Character)
}
#: Majors of schools by the occupation they lead to: code, name.
PROGRAMMES: dict[str, tuple[str, str]] = {
    code: (number, title) for code, (number, title) in _DATA["programmes"].items()
}
#: What a material is usually handed in as, where it is no PDF.
FILE_TYPES: dict[str, str] = _DATA["file_types"]
#: Kinds of work within an occupation, as some name them on the form.
WORK_TYPES: dict[str, str] = _DATA["work_types"]
#: Work that the Dictionary does not list, with the listed occupation nearest to it.
UNLISTED_WORK: tuple[tuple[str, str], ...] = tuple(_DATA["unlisted_work"].items())


def stream(*subject: object) -> Random:
    """A generator for a subject (seed, cycle, credit code, purpose …): one institution's data never move another's."""
    return Random("|".join(str(part) for part in subject))  # noqa: S311  made data; nothing here is a secret


def frame(table: Table, rows: Iterable[Mapping[str, str]]) -> pd.DataFrame:
    """A frame of the table's columns, all text, a missing or empty cell missing."""
    cells = [[row.get(name) or None for name in table.names] for row in rows]
    return pd.DataFrame(cells, columns=table.names, dtype="str")


def person_name(rng: Random) -> str:
    """A person's name of two or three characters, seldom one with a rare character or a middle dot; likeness is chance."""
    if rng.random() < 0.004:  # noqa: PLR2004  a few in a thousand
        return str(rng.choice(_NAMES["rare_people"]))
    given = rng.sample(_NAMES["given"], 1 if rng.random() < 0.2 else 2)  # noqa: PLR2004  one in five has a single given character
    return str(rng.choice(_NAMES["surnames"])) + "".join(given)


def institution_name(institution_type: str, title: str, grade: str, place: str, trade: Trade, rng: Random) -> str:
    """A name that ends as those of its type do, else with the type's title.

    `grade`: the highest level it trains up to, which the name of a school may show.
    """
    name = place + rng.choice(_NAMES["brand_first"]) + rng.choice(_NAMES["brand_second"]) + rng.choice(trade.words)
    if graded := _NAMES["graded_forms"].get(institution_type):
        return f"{name}{graded.get(grade, title)}"
    return f"{name}{rng.choice(_NAMES['forms'].get(institution_type, [title]))}"
