"""Trades of made institutions, their occupations, majors and words, from `trades.toml`."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, get_args

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
