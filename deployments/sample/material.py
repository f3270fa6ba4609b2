"""What made data are drawn from: trades, files, chance that repeats, credit codes and identity numbers that are sound."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
    given_name = rng.sample(_NAMES["given"], 1 if rng.random() < 0.2 else 2)  # noqa: PLR2004  one in five has a single given character
    return str(rng.choice(_NAMES["surnames"])) + "".join(given_name)


def institution_name(institution_type: str, title: str, grade: str, place: str, trade: Trade, rng: Random) -> str:
    """A name that ends as those of its type do, else with the type's title.

    `grade`: the highest level it trains up to, which the name of a school may show.
    """
    name = place + rng.choice(_NAMES["brand_first"]) + rng.choice(_NAMES["brand_second"]) + rng.choice(trade.words)
    if graded := _NAMES["graded_forms"].get(institution_type):
        return f"{name}{graded.get(grade, title)}"
    return f"{name}{rng.choice(_NAMES['forms'].get(institution_type, [title]))}"


#: GB 32100-2015: digits and capital letters without I, O, S, V, Z.
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"


def organisation_code(body: str) -> str:
    """Eight characters with their check character (GB 11714-1997: weighted sum of base 36 digits, modulo 11)."""
    total = sum(int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return body + "0123456789X0"[11 - total % 11]


def credit_code(prefix: str, area: str, body: str) -> str:
    """A unified social credit code: department and type `prefix`, six area digits, an organisation body.

    GB 32100-2015: check character from the weighted sum modulo 31.
    """
    stem = prefix + area + organisation_code(body)
    total = sum(CREDIT_ALPHABET.index(c) * weight for c, weight in zip(stem, _CREDIT_WEIGHTS, strict=True))
    return stem + CREDIT_ALPHABET[-total % 31]


def resident_number(area: str, born: date, order: int) -> str:
    """An 18-character citizen identity number (GB 11643-1999); `order` 0 to 999, odd for men."""
    stem = f"{area}{born:%Y%m%d}{order:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(stem, _RESIDENT_WEIGHTS, strict=True))
    return stem + _RESIDENT_CHECKS[total % 11]


def someone(rng: Random, areas: Sequence[str]) -> str:
    """The identity number of a made grown-up, born in one of these registration areas."""
    born = date.fromordinal(rng.randint(date(1966, 1, 1).toordinal(), date(1997, 12, 31).toordinal()))
    return resident_number(rng.choice(areas), born, rng.randint(1, 999))


def mistyped(number: str, rng: Random) -> str:
    """The number with two unlike neighbouring digits swapped, as fingers do; the checks of both standards catch it."""
    places = [i for i in range(8, 16) if number[i] != number[i + 1] and number[i : i + 2].isdigit()]
    if not places:
        return number[:-1] + ("1" if number[-1] != "1" else "2")
    at = rng.choice(places)
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
