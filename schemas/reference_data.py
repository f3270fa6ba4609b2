"""The lists that occupations are judged by, each from its day on: the Dictionary, later occupations, access-type qualifications.

Those shipped stand in `schemas/reference`, with their source in `manifest.toml`; later ones in the folder that
FILING_REFERENCE names, with the columns of those shipped:

- `occupations*.csv`: a whole Dictionary, from the day in the column `published_on` or else in its name (`occupations_2028.csv`,
  `occupations_2028-07-01.csv`);
- `new_occupations*.csv`: occupations published since; they add to those shipped;
- `access_qualifications_*.csv` with a column `in_force_from`: takes the place of the former list whole;
- `occupation_changes.csv`: old_code, new_code, from_day, document.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import StringIO
from pathlib import Path

import pandas as pd

from schemas.errors import RefusedError
from schemas.settings import settings

_DICTIONARY = ("code", "name")
_LATER = ("batch", "document", "published_on", "name", "code_2022")
_ACCESS = ("qualification", "code_2022", "coverage")
_CHANGES = ("old_code", "new_code", "from_day", "document")
_COVERAGES = ("whole", "partial", "permit")
_CODE = re.compile(r"\d-\d{2}-\d{2}-\d{2}")
_DATED = re.compile(r"(\d{4})(?:-(\d{2})-(\d{2}))?\.csv$")


class UnusableReferenceError(RefusedError, ValueError):
    """A reference file that cannot be used: one sentence naming file, row and column."""


@dataclass(frozen=True)
class ReferenceFile:
    """One shipped file: what it holds, where it comes from, which edition."""

    name: str
    title: str
    source: str
    edition: str
    rows: int


@dataclass(frozen=True, eq=False)
class Reference:
    """All lists, as frames of text (days ISO); those of one kind oldest first, with the day from which each holds."""

    editions: Sequence[tuple[date, pd.DataFrame]]  # code, name; the Dictionary
    later: pd.DataFrame  # batch, document, published_on, name, code_2022
    access_lists: Sequence[tuple[date, pd.DataFrame]]  # qualification, code_2022, coverage
    changes: pd.DataFrame  # old_code, new_code, from_day, document

    @property
    def occupations(self) -> pd.DataFrame:
        """The newest Dictionary."""
        return self.editions[-1][1]

    def dictionaries(self) -> dict[date, dict[str, str]]:
        """Code to name as it was from each day on which something was published."""
        coded = self.later.dropna(subset=["code_2022"])
        days = {since for since, _ in self.editions}
        first = self.editions[0][0]
        codes = {code for _, edition in self.editions for code in edition["code"]}
        days |= {
            date.fromisoformat(on)
            for on, code in zip(coded["published_on"], coded["code_2022"], strict=True)
            if code not in codes
        }
        days |= {date.fromisoformat(on) for on in self.changes["from_day"]}
        return {max(day, first): self.names_on(max(day, first)) for day in sorted(days)}

    def names_on(self, day: date) -> dict[str, str]:
        """Dictionary code to name, as published on a day."""
        since, edition = next((entry for entry in reversed(self.editions) if entry[0] <= day), self.editions[0])
        names = dict(zip(edition["code"], edition["name"], strict=True))
        coded = self.later.dropna(subset=["code_2022"])
        for on, code, name in zip(coded["published_on"], coded["code_2022"], coded["name"], strict=True):
            # what was published before the Dictionary is in it, or has left it
            if since < date.fromisoformat(on) <= day:
                names.setdefault(code, name)
        for old, new, on in zip(
            self.changes["old_code"], self.changes["new_code"], self.changes["from_day"], strict=True
        ):
            if date.fromisoformat(on) <= day and old in names:
                name = names.pop(old)
                names.setdefault(new, name)
        return names

    @cached_property
    def _newest_names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for dictionary in self.dictionaries().values():
            names |= dictionary
        return names

    def occupation_names(self) -> dict[str, str]:
        """Every code there ever was to its newest name."""
        return dict(self._newest_names)

    def later_names(self, day: date) -> set[str]:
        """Names of later occupations without a Dictionary code, published on or before a day."""
        uncoded = self.later[self.later["code_2022"].isna() & (self.later["published_on"] <= day.isoformat())]
        return set(uncoded["name"])

    def access_on(self, day: date) -> pd.DataFrame:
        """The access-type qualifications in force on a day: qualification, code_2022, coverage (whole, partial, permit)."""
        lists = self.access_lists
        return next((rows for since, rows in reversed(lists) if since <= day), lists[0][1])


def reference() -> Reference:
    """All lists, shipped and of the folder FILING_REFERENCE names, read once; raises UnusableReferenceError."""
    folder = settings().reference
    return _reference(folder.expanduser().resolve() if folder else None)


@cache
def _reference(folder: Path | None) -> Reference:
    if folder is not None and not folder.is_dir():
        raise UnusableReferenceError(
            f"FILING_REFERENCE names {folder}, which is no folder: give the folder of reference lists"
        )
    shipped = files("schemas") / "reference"
    places: list[Traversable] = [shipped] if folder is None else [shipped, folder]
    entries = [entry for place in places for entry in sorted(place.iterdir(), key=lambda file: file.name)]
    tables = {entry: _table(entry) for entry in entries if entry.name.endswith(".csv")}
    added = [entry for entry in tables if folder is not None and str(entry).startswith(str(folder))]
    return Reference(
        editions=_dated(_of(tables, "occupations"), "published_on", added),
        later=_joined(_of(tables, "new_occupations"), _LATER),
        access_lists=_dated(_of(tables, "access_qualifications_"), "in_force_from", added),
        # a code that was changed twice is followed step by step, whatever the order of the lines
        changes=_joined(_of(tables, "occupation_changes"), _CHANGES).sort_values("from_day", kind="stable"),
    )


#: What each file must hold, by the beginning of its name.
_KINDS: Mapping[str, Sequence[str]] = {
    "new_occupations": _LATER,
    "occupation_changes": _CHANGES,
    "occupations": _DICTIONARY,
    "access_qualifications_": _ACCESS,
}


def _of(tables: Mapping[Traversable, pd.DataFrame], kind: str) -> dict[Traversable, pd.DataFrame]:
    return {entry: rows for entry, rows in tables.items() if _kind(entry.name) == kind}


def _kind(name: str) -> str:
    return next((kind for kind in _KINDS if name.startswith(kind)), "")


def _joined(tables: Mapping[Traversable, pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    frames = [rows[list(columns)] for rows in tables.values()]
    if not frames:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
    return pd.concat(frames, ignore_index=True)


def _dated(
    tables: Mapping[Traversable, pd.DataFrame], column: str, added: Sequence[Traversable]
) -> list[tuple[date, pd.DataFrame]]:
    """Lists with the day from which each holds, oldest first; those shipped hold from the beginning."""
    dated = [(_since(entry.name, rows, column) if entry in added else date.min, rows) for entry, rows in tables.items()]
    return sorted(dated, key=lambda pair: pair[0])


def _since(name: str, rows: pd.DataFrame, column: str) -> date:
    if column in rows.columns and rows[column].notna().any():
        other = rows[column] != rows[column].iloc[0]
        if column == "in_force_from" and other.any():
            line = int(other.to_numpy().argmax()) + 2
            raise UnusableReferenceError(
                f"reference file {name}, line {line}: {column} is '{rows[column].iloc[line - 2]}', and '{rows[column].iloc[0]}' "
                "before it: one list holds from one day"
            )
        return date.fromisoformat(rows[column].dropna().min())
    year_in_name = _DATED.search(name)
    if year_in_name is None or column == "in_force_from":
        raise UnusableReferenceError(f"reference file {name}: {column} is missing: say from which day the list holds")
    return date(int(year_in_name[1]), int(year_in_name[2] or 1), int(year_in_name[3] or 1))


def _table(entry: Traversable) -> pd.DataFrame:
    """One file as text; raises UnusableReferenceError where a column or a cell is not as it must be."""
    kind = _kind(entry.name)
    if not kind:
        raise UnusableReferenceError(
            f"reference file {entry.name} is not known: its name begins with {', '.join(_KINDS)}"
        )
    try:
        rows = pd.read_csv(StringIO(entry.read_text("utf-8-sig")), dtype="str")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as wrong:
        raise UnusableReferenceError(
            f"reference file {entry.name} cannot be read: {wrong}; save it as CSV in UTF-8"
        ) from wrong
    for column in _KINDS[kind]:
        if column not in rows.columns:
            raise UnusableReferenceError(f"reference file {entry.name}: the column {column} is missing")
    for column, is_right, must in _MUST:
        for place, cell in enumerate(rows.get(column, []), start=2):
            if isinstance(cell, str) and not is_right(cell):
                raise UnusableReferenceError(f"reference file {entry.name}, line {place}: {column} is '{cell}', {must}")
    for column in {"code", "name", "old_code", "new_code", "from_day", "published_on", "coverage"} & set(_KINDS[kind]):
        if rows[column].isna().any():
            line = int(rows[column].isna().to_numpy().argmax()) + 2
            raise UnusableReferenceError(f"reference file {entry.name}, line {line}: {column} is blank")
    return rows


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


_A_DAY, _A_CODE = "write a day like 2026-09-10", "write a code like 6-18-01-01"
_MUST = (
    *((name, _is_code, _A_CODE) for name in ("code", "code_2022", "old_code", "new_code")),
    *((name, _is_day, _A_DAY) for name in ("published_on", "from_day", "in_force_from")),
    ("coverage", _COVERAGES.__contains__, f"write {', '.join(_COVERAGES)}"),
)


def shipped_rows(name: str) -> int:
    """How many rows a shipped file has."""
    return len(_table(files("schemas") / "reference" / name))


def manifest() -> list[ReferenceFile]:
    """What is shipped, with source and edition."""
    text = (files("schemas") / "reference" / "manifest.toml").read_text("utf-8")
    return [ReferenceFile(**entry) for entry in tomllib.loads(text)["file"]]
