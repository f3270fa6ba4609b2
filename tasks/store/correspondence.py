"""Which letter told an applicant of each item last, and which items were decided since and no letter tells of yet."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, or_, select

from schemas import tables
from schemas.item import KEYS, UNIT
from schemas.letter_lines import EarlierLetter
from schemas.letter_text import LETTER_KINDS
from tasks.store import conditions, frames
from tasks.store.outbox import LETTERS

#: What an item becomes, and the kind of letter that tells of it.
TELLS = {"dispatched": "acceptance", "failed": "refusal", "refused": "refusal", "filed": "filing"}
#: What a new letter on an item contradicts.
_CONTRADICTS = {"acceptance": {"refusal"}, "filing": {"refusal"}, "refusal": {"acceptance"}, "revocation": {"filing"}}
#: Letters on one version, which an acceptance of that version contradicts.
_ON_VERSIONS = ("correction", "non_acceptance", "late_version")
#: What a letter that a version is to be corrected, or is not taken up, contradicts.
BEFORE_A_RETURN = ("acceptance", "late_version")
#: What a version was returned by: taken up afterwards, it is acknowledged anew.
RETURNS = ("correction", "non_acceptance")
_PART = "（涉及本文书所列职业等级的部分）"

_history, _outbox = tables.history, tables.outbox
_Key = tuple[str, ...]


@dataclass
class Correspondence:
    """Letters on the items of some applications.

    `last`: item to the occasion that told of it last; `covers`: occasion to its items; `pending`: by application, item to
    the kind of the letter that is due, the day of its move, and what it was before; `letters`: occasion to kind and how it
    is named; `occasions`: those of an application.
    """

    last: dict[_Key, str] = field(default_factory=dict)
    covers: dict[str, set[_Key]] = field(default_factory=dict)
    pending: dict[str, dict[_Key, tuple[str, date, str]]] = field(default_factory=dict)
    letters: dict[str, tuple[str, EarlierLetter]] = field(default_factory=dict)
    occasions: dict[str, list[str]] = field(default_factory=dict)

    def due(self, kind: str) -> pd.DataFrame:
        """KEYS, day and was of the items that a letter of a kind is due on."""
        moves = (move for moves in self.pending.values() for move in moves.items())
        rows = [(*key, day, was) for key, (due, day, was) in moves if due == kind]
        return pd.DataFrame(rows, columns=[*KEYS, "day", "was"])

    def contradicted(self, kind: str, items: Iterable[Mapping[Any, Any]]) -> list[EarlierLetter]:
        """Earlier letters that one of a kind on these items (KEYS) makes void, as a whole or for these items."""
        keys = {tuple(str(row[name]) for name in KEYS) for row in items}
        occasions = dict.fromkeys(self.last[key] for key in sorted(keys) if key in self.last)
        return [
            letter.model_copy(update={"title": letter.title + (_PART if self.covers[occasion] - keys else "")})
            for occasion in occasions
            for former, letter in [self.letters[occasion]]
            if former in _CONTRADICTS[kind]
        ]

    def written(self, number: str, kind: str) -> int:
        """How many letters of a kind an application had."""
        return sum(1 for occasion in self.occasions.get(number, ()) if occasion.startswith(f"{kind}:{number}:"))

    def on_version(self, number: str, version: int, kinds: Collection[str] = _ON_VERSIONS) -> list[EarlierLetter]:
        """Letters that said that this version of an application is not taken, or is to be corrected."""
        occasions = [f"{kind}:{number}:v{version}" for kind in kinds]
        return [self.letters[occasion][1] for occasion in occasions if occasion in self.letters]


def untold(db: Connection, cycle: str, kinds: Iterable[str], only: list[str] | None) -> list[str]:
    """Numbers of a cycle with an item that was decided after the last letter of one of these kinds, sorted."""
    numbers: set[str] = set()
    of_cycle = select(tables.application.c.application_no).where(tables.application.c.cycle == cycle)
    ours = _history.c.subject.in_(of_cycle)
    for kind in kinds:
        became = [status for status, tells in TELLS.items() if tells == kind]
        newest = select(_history.c.subject, func.max(_history.c.entry).label("last")).group_by(_history.c.subject)
        moved = newest.where(ours, _history.c.kind == "item", _history.c.became.in_(became)).subquery()
        written = newest.where(ours, _history.c.kind == "notice", _history.c.became == kind).subquery()
        both = select(moved.c.subject).join(written, written.c.subject == moved.c.subject, isouter=True)
        later = moved.c.last > func.coalesce(written.c.last, 0)
        numbers |= set(db.execute(both.where(later)).scalars())
    return sorted(numbers if only is None else numbers & set(only))


def of(db: Connection, numbers: Sequence[str]) -> Correspondence:
    """Every letter on the items of these applications, as their history has it."""
    correspondence = letters_to(db, numbers) if numbers else Correspondence()
    for kind, subject, *unit, was, became, because, day in _entries(db, numbers) if numbers else ():
        pending = correspondence.pending.setdefault(subject, {})
        if kind == "item":
            key = (subject, *unit)
            pending.pop(key, None)
            if became in TELLS:
                pending[key] = (TELLS[became], date.fromisoformat(day), was)
        elif because in correspondence.letters:
            keys = {key for key, (due, *_) in pending.items() if due == became}
            correspondence.covers[because] = keys
            for key in keys:
                correspondence.last[key] = because
                del pending[key]
    return correspondence


def before(db: Connection, numbers: Sequence[str]) -> Correspondence:
    """As `of`, for those of the applications that had a letter which a later one may contradict; there are few."""
    letters = letters_to(db, numbers).letters if numbers else {}
    return of(db, sorted({occasion.split(":")[1] for occasion in letters if not occasion.startswith("acceptance:")}))


def letters_to(db: Connection, numbers: Sequence[str]) -> Correspondence:
    """The letters that were written, whatever items they are about."""
    work = frames.working(db, "written_to", pd.DataFrame({"subject": list(numbers)}, dtype=frames.TEXT))
    columns = (_outbox.c.occasion, _outbox.c.kind, _outbox.c.subject, _outbox.c.number, _outbox.c.written_on)
    statement = select(*columns).where(conditions.among(_outbox, work, ["subject"]))
    kinds = [*_CONTRADICTS, *_ON_VERSIONS]
    written = Correspondence()
    of_kinds = (_outbox.c.box == LETTERS.code, _outbox.c.kind.in_(kinds))
    for occasion, kind, subject, number, written_on in frames.read_polars(db, statement.where(*of_kinds)).iter_rows():
        letter = EarlierLetter(title=LETTER_KINDS[kind].title, letter_no=number or "", issued_on=written_on)
        written.letters[occasion] = (kind, letter)
        written.occasions.setdefault(subject, []).append(occasion)
    return written


def _entries(db: Connection, numbers: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    work = frames.working(db, "written_to", pd.DataFrame({"subject": list(numbers)}, dtype=frames.TEXT))
    names = ("kind", "subject", *UNIT, "was", "became", "because", "on")
    kinds = or_(_history.c.kind == "item", _history.c.kind == "notice")
    statement = select(*(_history.c[name] for name in names)).join(work, work.c.subject == _history.c.subject)
    return frames.read_polars(db, statement.where(kinds).order_by(_history.c.entry)).iter_rows()
