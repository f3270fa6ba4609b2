"""The register rebuilt from the facts of the history alone, to check the tables against it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from schemas.directory import INSTITUTION_DETAILS
from schemas.history import facts_of
from schemas.item import ALONG, UNIT
from tasks.store import frames, history, register

Key = tuple[str, ...]


@dataclass
class _Level:
    """One occupation level of an institution: its last term, its ALONG columns, and since when it is suspended."""

    filed_on: str
    valid_until: str
    along: tuple[str, ...]
    suspended: list[tuple[date, date | None]] = field(default_factory=list)

    def is_suspended(self, day: date) -> bool:
        return any(start <= day and (end is None or day <= end) for start, end in self.suspended)


class ReplayedRegister:
    """The register that the history entries taken so far add up to."""

    def __init__(self) -> None:
        self.levels: dict[Key, _Level] = {}
        self.institutions: dict[str, dict[str, str]] = {}

    def take(self, entry: dict[str, Any]) -> None:
        """Take the next entry of the history; those of other kinds change nothing."""
        if entry["kind"] == "institution":
            self.institutions[entry["subject"]] = facts_of(entry["facts"])
        elif entry["kind"] == "qualification":
            key = (entry["subject"], *(entry[name] for name in UNIT))
            self._move(key, entry["was"], entry["became"], facts_of(entry["facts"]))

    def _move(self, key: Key, was: str, became: str, facts: dict[str, str]) -> None:
        if was == "lapsed":
            return  # a term recorded as over too early is what it was
        if was in ("", became):
            self._file(key, facts)
        elif became == "suspended":
            self.levels[key].suspended.append((date.fromisoformat(facts["effective_on"]), None))
        elif became == "filed":
            start, _ = self.levels[key].suspended.pop()
            self.levels[key].suspended.append((start, _day_before(facts)))
        elif became in ("withdrawn", "revoked"):
            self.levels[key].valid_until = _day_before(facts).isoformat()
        elif became in ("removed", "recoded", "merged", "renumbered"):
            del self.levels[key]

    def _file(self, key: Key, facts: dict[str, str]) -> None:
        former, filed_on = self.levels.get(key), facts["filed_on"]
        # a suspension concerns the filing it was decided on
        spans = [span for span in former.suspended if span[0].isoformat() >= filed_on] if former else []
        along = tuple(facts[name] for name in ALONG)
        self.levels[key] = _Level(filed_on, facts["valid_until"], along, spans)

    def standings(self, day: date) -> pd.DataFrame:
        """What is on file on a day: keys, filed_on, valid_until, ALONG, standing, and the institution's details; sorted."""
        columns = [*register.KEYS, "filed_on", "valid_until", *ALONG, "standing", *INSTITUTION_DETAILS]
        rows = [
            (
                *key,
                level.filed_on,
                level.valid_until,
                *level.along,
                "suspended" if level.is_suspended(day) else "filed",
                *(self.institutions[key[0]][name] for name in INSTITUTION_DETAILS),
            )
            for key, level in self.levels.items()
            if level.filed_on <= day.isoformat() <= level.valid_until
        ]
        return pd.DataFrame(rows, columns=columns, dtype=frames.TEXT).sort_values(register.KEYS, ignore_index=True)


def _day_before(facts: dict[str, str]) -> date:
    return date.fromisoformat(facts["effective_on"]) - timedelta(days=1)


def differences(db: Connection, day: date) -> list[str]:
    """Sentences naming the differences between the register on a day and its replay from the history."""
    replayed = ReplayedRegister()
    for entry in _entries(db):
        replayed.take(entry)
    standings = replayed.standings(day)
    columns = list(standings.columns)
    present = register.standings(db, day)[columns].fillna("")
    both = present.merge(standings.fillna(""), on=columns, how="outer", indicator=True)
    wrong = both[both["_merge"] != "both"]
    sides = {
        "left_only": "on the register and not in the history",
        "right_only": "in the history and not on the register",
    }
    return [
        f"{row['uscc']} {'/'.join(row[name] for name in UNIT if row[name])}, {row['standing']} until {row['valid_until']}, is "
        f"{sides[str(row['_merge'])]}"
        for row in wrong.sort_values([*register.KEYS, "_merge"]).to_dict("records")
    ]


def editions_replayed(db: Connection) -> Iterator[tuple[str, ReplayedRegister]]:
    """Every drafted edition's name, with the register as the history had recorded it by then."""
    replayed = ReplayedRegister()
    for entry in _entries(db):
        if entry["kind"] == "edition" and entry["was"] == "":
            yield entry["subject"], replayed
        replayed.take(entry)


def _entries(db: Connection) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in history.all_entries(db).to_dict("records")]
