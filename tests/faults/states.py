"""All that an installation is at one moment: its files and its rows, copied, restored and compared."""

import json
import os
import re
import shutil
import sqlite3
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

#: What differs between runs that do the same: who ran, and when by the clock; a file just written is read again.
_OWN = {"run": None, "lease": None, "alembic_version": None, "reading": None}
_CLOCK = {"run_id", "digest", "delivered_at"}
_RANDOM = re.compile(r"(\.building-[^/]*?|\.latest|\.[^/]*?)[-.]?[0-9]*-?[0-9a-z_]{8}(?=/|$)")
#: What bears the number of a letter; the number itself, and digests of what bears it.
_NUMBERED = ("outbox/counties/", "outbox/letters/", "outbox/province/")
_NUMBER = re.compile(r"(〕|\\u3015)[0-9]+(号|\\u53f7)|[0-9a-f]{64}")
#: Not what a cycle puts out: logs, and one summary a run.
_ASIDE = ("runs/", "filing.db", "prefect/")


@dataclass(frozen=True)
class Place:
    """A home with its database; `url` is empty for SQLite in the home."""

    home: Path
    url: str = ""


def copy(source: Place, target: Place, server: Any) -> None:
    """Have `target` hold what `source` holds; whatever it held is gone."""
    shutil.rmtree(target.home, ignore_errors=True)
    if source.home.is_dir():
        shutil.copytree(source.home, target.home, symlinks=True)
    if source.url:
        server.create(make_url(target.url).database, make_url(source.url).database)


def let_lease_run_out(place: Place, server: Any) -> bool:
    """Have every lease be one of another machine that has run out; False where the holder keeps the database itself."""
    if server is not None:
        server.let_go(make_url(place.url).database)
    connection = _connect(place)
    try:
        connection.execute("UPDATE lease SET host = 'elsewhere', expires_at = '2026-01-01 00:00:00+00'")
        connection.commit()
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


def files(home: Path, *, in_order: bool = True) -> dict[str, str]:
    """Every file and link of a home by its path, as a digest; without `in_order`, of what is numbered that it is there."""
    digests: dict[str, str] = {}
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if name.startswith(_ASIDE) or (path.is_dir() and not path.is_symlink()):
            continue
        content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        digests[name] = sha256(content).hexdigest() if in_order or not name.startswith(_NUMBERED) else ""
    return digests


def rows(place: Place, *, in_order: bool = True) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but for who ran and when; sorted.

    Without `in_order`, the history's entries in any order, and letters under any numbers.
    """
    connection = _connect(place)
    try:
        left_out = _CLOCK if in_order else {*_CLOCK, "entry", "number", "serial", "receipt"}
        names = [name for name in _names(connection, place) if name not in _OWN]
        known = {name: _rows(connection, name, left_out if name in ("history", "outbox") else _CLOCK) for name in names}
        return known if in_order else {name: _without_numbers(lines) for name, lines in known.items()}
    finally:
        connection.close()


def _without_numbers(lines: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    masked = [tuple(_NUMBER.sub("〕号", cell) if isinstance(cell, str) else cell for cell in line) for line in lines]
    return sorted(masked)


def _connect(place: Place) -> Any:
    if place.url:
        import psycopg

        return psycopg.connect(place.url.replace("+psycopg", ""), autocommit=True)
    return sqlite3.connect(place.home / "filing.db", timeout=0)


def _names(connection: Any, place: Place) -> list[str]:
    asked = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    if not place.url:
        asked = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    return sorted(row[0] for row in connection.execute(asked).fetchall())


def _rows(connection: Any, name: str, left_out: set[str]) -> list[tuple[Any, ...]]:
    cursor = connection.execute(f'SELECT * FROM "{name}"')
    columns = [column[0] for column in cursor.description]
    kept = [place for place, column in enumerate(columns) if column not in left_out]
    known = [place for place, column in enumerate(columns) if column == "delivered_at"]
    lines = [(*(str(row[at]) for at in kept), *(row[at] is not None for at in known)) for row in cursor.fetchall()]
    return sorted(lines)


def broken_series(place: Place) -> list[str]:
    """Series of numbers that are not counted from 1 to their last without a gap, each number once."""
    connection = _connect(place)
    try:
        last = dict(connection.execute("SELECT series, last FROM numbering").fetchall())
        given = connection.execute("SELECT series, serial FROM outbox WHERE series IS NOT NULL").fetchall()
    finally:
        connection.close()
    serials: dict[str, list[int]] = {series: [] for series in last}
    for series, serial in given:
        serials.setdefault(series, []).append(serial)
    return [
        f"{series} (not 1 to {last.get(series)})"
        for series, numbers in sorted(serials.items())
        if sorted(numbers) != list(range(1, last.get(series, 0) + 1))
    ]


def digest(place: Place) -> str:
    """One name for a state: equal for states from which a run goes on alike."""
    seen = {_RANDOM.sub(r"\1", name): content for name, content in files(place.home).items()}
    return sha256(repr((sorted(seen.items()), sorted(rows(place).items()))).encode()).hexdigest()


def differences(expected: Any, actual: Any) -> list[str]:
    """What is not as it should be, by name; at most a few."""
    names = sorted(name for name in {*expected, *actual} if expected.get(name) != actual.get(name))
    kinds = {True: "missing", False: "differs"}
    return [f"{name} ({'left over' if name not in expected else kinds[name not in actual]})" for name in names][:6]


def broken_summaries(home: Path) -> list[str]:
    """Summaries of runs that are not whole; each run has its own, so that they cannot be compared."""
    broken = []
    # what a killed run had begun to write bears a hidden name, and is nobody's summary
    for path in sorted((home / "runs").glob("[!.]*")):
        try:
            json.loads(path.read_bytes())
        except ValueError:
            broken.append(f"runs/{path.name} (not whole)")
    return broken
