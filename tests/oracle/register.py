"""The register through time: who is on file with what on a day, and what supervision has done to it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import values
from facts import Row
from filing import Item, Trade
from policy import Policy

AUDIENCES = ("staff", "students", "public")
Asked = TypeVar("Asked", Item, Trade)


@dataclass
class Spell:
    """A time of suspension; `until` is the day from which it is lifted."""

    since: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


@dataclass
class Entry:
    """One occupation level on file; `off_on` is the day from which it is withdrawn or revoked."""

    uscc: str
    item: Item
    filed_on: date
    valid_until: date
    audiences: set[str] = field(default_factory=set)
    off_on: date | None = None
    spells: list[Spell] = field(default_factory=list)  # a suspension concerns the filing it was decided on
    former: list[tuple[date, date]] = field(default_factory=list)  # the day of a change, and the end before it
    taken_over: bool = False  # and not filed since: what is put right of it counts from the beginning

    def lasts(self, until: date, day: date) -> None:
        """Give it another end on a day."""
        if not self.taken_over:
            self.former.append((day, self.valid_until))
        self.valid_until = until

    def until(self, day: date) -> date:
        """The end as it stood on a day."""
        return next((end for changed, end in self.former if changed > day), self.valid_until)

    def stood(self, day: date) -> bool:
        """On file on a day, as it stood then."""
        return self.filed_on <= day <= self.until(day) and (self.off_on is None or day < self.off_on)

    def is_suspended(self, day: date) -> bool:
        return any(spell.holds(day) for spell in self.spells)

    def lasted(self) -> date:
        """The day on which it ends, or was withdrawn or revoked."""
        return min(self.valid_until, self.off_on or date.max)

    def on_file(self, day: date) -> bool:
        """Filed and valid on the day: `filed_on <= day <= valid_until`, and neither withdrawn nor revoked."""
        return self.filed_on <= day <= self.valid_until and (self.off_on is None or day < self.off_on)


@dataclass(frozen=True)
class Particulars:
    """An institution as the register knows it."""

    name: str
    type: str | None
    region: str
    address: str


class Institution:
    """The register's own particulars through time, and the province's code."""

    def __init__(self, first: Particulars, code: str = "") -> None:
        self._history = [(date.min, first)]
        self.code = code

    def on(self, day: date) -> Particulars:
        return [particulars for since, particulars in self._history if since <= day][-1]

    def change(self, since: date, particulars: Particulars) -> None:
        self._history.append((since, particulars))


class Register:
    """All entries ever made, suspensions and revocations."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.institutions: dict[str, Institution] = {}
        self.entries: list[Entry] = []
        self._whole: dict[str, list[tuple[date, bool]]] = {}  # decisions on all: day, whether they suspend
        self.revocations: dict[str, list[date]] = {}
        self.changes = 0  # by hand: register rows taken over and adjustments
        self.filings: Counter[str] = Counter()  # items entered, by cycle
        self._renumbered: dict[str, str] = {}
        self._merged: dict[str, str] = {}

    def take_over(self, rows: list[Row]) -> None:
        """Rows of a register handed in by the centre; one that cannot be read is refused."""
        for row in rows:
            one, filed_on, ends = (
                self.policy.level(row["level"]),
                values.day(row["filed_on"]),
                values.day(row["valid_until"]),
            )
            kind = self.policy.enum("institution_type", row["institution_type"])
            region = self.policy.region_code(row["region_code"])
            if one is None or filed_on is None or ends is None or kind is None or region is None:
                continue
            item = Item(self.now(row["occupation_code"]), row.get("work_type", ""), one)
            uscc = self.goes_by(row["uscc"])
            self.changes += 1
            audiences = set(row.get("audience", "").split(";")) & set(AUDIENCES)
            self.entries.append(Entry(uscc, item, filed_on, ends, audiences, taken_over=True))
            who = Particulars(row["institution_name"], kind, region, row.get("registered_address", ""))
            self.institutions.setdefault(uscc, Institution(who)).code = row.get("institution_code", "")

    def of(self, uscc: str, day: date) -> list[Entry]:
        """The institution's entries on file on a day."""
        return [entry for entry in self.entries if uscc and entry.uscc == uscc and entry.on_file(day)]

    def items(self, uscc: str, day: date) -> set[Item]:
        return {entry.item for entry in self.of(uscc, day)}

    def trades(self, uscc: str, day: date) -> set[Trade]:
        return {Trade(item.occupation, item.work_type) for item in self.items(uscc, day)}

    def ends(self, uscc: str, day: date) -> list[date]:
        """The ends of what is on file on a day, earliest first."""
        return sorted(entry.valid_until for entry in self.of(uscc, day))

    def entry(self, uscc: str, item: Item) -> Entry | None:
        """The newest entry of an item that is neither withdrawn nor revoked."""
        item = item._replace(occupation=self.now(item.occupation))
        entries = [entry for entry in self.entries if (entry.uscc, entry.item) == (uscc, item) and entry.off_on is None]
        return entries[-1] if entries else None

    def is_over(self, uscc: str, item: Item, day: date) -> bool:
        """The item's newest entry has ended before a day, or was withdrawn or revoked by then."""
        item = item._replace(occupation=self.now(item.occupation))
        known = [entry for entry in self.entries if (entry.uscc, entry.item) == (uscc, item)]
        standing = [entry for entry in known if entry.off_on is None]
        if standing:
            return standing[-1].valid_until < day
        return any(entry.off_on is not None and entry.off_on <= day for entry in known)

    def holders(self, occupation: str, day: date, counted: list[str], applicant: str) -> list[Entry]:
        """What institutions of the counted types, other than the applicant, have on file of an occupation."""
        return [
            entry
            for entry in self.entries
            if entry.item.occupation == occupation
            and entry.uscc != applicant
            and entry.on_file(day)
            and self.institutions[entry.uscc].on(day).type in counted
        ]

    def take_off(self, uscc: str, occupation: str, day: date, *, revoked: bool) -> None:
        """Withdraw or revoke what is on file, as a whole (blank occupation) or one occupation."""
        self.changes += 1
        for entry in self.of(uscc, day):
            if occupation in ("", entry.item.occupation):
                entry.off_on = day
        if revoked:
            self.revocations.setdefault(uscc, []).append(day)

    def suspend(self, uscc: str, occupation: str, day: date) -> None:
        """Suspend what is in force, of one occupation or all; refused where nothing is."""
        concerned = [
            entry
            for entry in self.of(uscc, day)
            if occupation in ("", entry.item.occupation) and not entry.is_suspended(day)
        ]
        for entry in concerned:
            entry.spells.append(Spell(day))
        self._decided(uscc, occupation, day, suspends=True, concerned=len(concerned))

    def reinstate(self, uscc: str, occupation: str, day: date) -> None:
        """Lift what is suspended, on file or not; refused where nothing is."""
        mine = [entry for entry in self.entries if entry.uscc == uscc and occupation in ("", entry.item.occupation)]
        spells = [spell for entry in mine for spell in entry.spells if spell.until is None and spell.since <= day]
        for spell in spells:
            spell.until = day
        self._decided(uscc, occupation, day, suspends=False, concerned=len(spells))

    def _decided(self, uscc: str, occupation: str, day: date, *, suspends: bool, concerned: int) -> None:
        self.changes += bool(concerned)
        if concerned and not occupation:
            self._whole.setdefault(uscc, []).append((day, suspends))

    def suspended(self, uscc: str, day: date) -> set[str]:
        """The occupations that are suspended, also of what is over meanwhile; blank for the institution as a whole."""
        codes = {entry.item.occupation for entry in self.entries if entry.uscc == uscc and entry.is_suspended(day)}
        whole = [suspends for since, suspends in self._whole.get(uscc, ()) if since <= day]
        return codes | ({""} if codes and whole and whole[-1] else set())

    def revoked_within(self, uscc: str, months: int, day: date) -> bool:
        """A revocation less than so many months before the day."""
        return any(since <= day < values.add_months(since, months) for since in self.revocations.get(uscc, ()))

    def renumber(self, old: str, new: str, day: date) -> None:
        """Carry out a change of an occupation's code; activities under the old one go on counting."""
        self.changes += 1
        self._renumbered[old] = new
        for entry in [entry for entry in self.entries if entry.item.occupation == old]:
            self._move(entry, entry.uscc, entry.item._replace(occupation=new), day)

    def merge(self, old: str, into: str, day: date) -> None:
        """One institution goes into another, with its revocations, activities and complaints; not with decisions on it."""
        self.changes += 1
        self._merged[old] = into
        self.revocations.setdefault(into, []).extend(self.revocations.pop(old, []))
        for entry in [entry for entry in self.entries if entry.uscc == old]:
            self._move(entry, into, entry.item, day)

    def _move(self, entry: Entry, uscc: str, item: Item, day: date) -> None:
        """Know an entry by another key; an item held there too keeps the later term, and is suspended as it was there."""
        twins = [one for one in self.of(uscc, day) if one.item == item]
        if twins and entry.on_file(day):
            twins[-1].lasts(max(twins[-1].valid_until, entry.valid_until), day)
            twins[-1].audiences |= entry.audiences
            self.entries.remove(entry)
        entry.uscc, entry.item = uscc, item

    def now(self, code: str) -> str:
        """The code an occupation goes by since its renumbering."""
        while code in self._renumbered:
            code = self._renumbered[code]
        return code

    def present(self, asked: Iterable[Asked]) -> set[Asked]:
        """Items, or occupations with their work types, under the codes they go by since."""
        return {one._replace(occupation=self.now(one.occupation)) for one in asked}

    def goes_by(self, uscc: str) -> str:
        """The credit code an institution goes by since it went into another."""
        while uscc in self._merged:
            uscc = self._merged[uscc]
        return uscc

    def rows(self, day: date) -> list[Row]:
        """What is on file on a day, an item a row."""
        return [
            {
                "uscc": entry.uscc,
                "occupation_code": entry.item.occupation,
                "work_type": entry.item.work_type,
                "level": entry.item.level,
                "audience": ";".join(one for one in AUDIENCES if one in entry.audiences),
                "filed_on": entry.filed_on.isoformat(),
                "valid_until": entry.valid_until.isoformat(),
            }
            for entry in sorted(self.entries, key=lambda one: (one.uscc, one.item))
            if entry.on_file(day)
        ]

    def directory(self, day: date) -> list[Row]:
        """Rows of directory.csv: an institution, occupation and work type; what is suspended is not in it."""
        groups: dict[tuple[str, Trade], list[Entry]] = {}
        for entry in self.entries:
            trade = Trade(entry.item.occupation, entry.item.work_type)
            if entry.on_file(day) and not entry.is_suspended(day):
                groups.setdefault((entry.uscc, trade), []).append(entry)
        return [self._directory_row(uscc, trade, groups[(uscc, trade)], day) for uscc, trade in sorted(groups)]

    def _directory_row(self, uscc: str, trade: Trade, entries: list[Entry], day: date) -> Row:
        who = self.institutions[uscc].on(day)
        audiences = set().union(*(entry.audiences for entry in entries))
        return {
            "institution_name": who.name,
            "institution_type": who.type or "",
            "uscc": uscc,
            "institution_code": self.institutions[uscc].code,
            "region_code": who.region,
            "registered_address": who.address,
            "occupation_code": trade.occupation,
            "work_type": trade.work_type,
            "levels": ",".join(sorted({entry.item.level for entry in entries}, key=self.policy.rank)),
            "audiences": ";".join(one for one in AUDIENCES if one in audiences),
            "filed_on": max(entry.filed_on for entry in entries).isoformat(),
            "valid_until": max(entry.valid_until for entry in entries).isoformat(),
        }
