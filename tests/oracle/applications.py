"""An application through its life: versions, where its items stand, and what state that makes of it."""

from dataclasses import dataclass, field
from datetime import date, datetime

import codes
import values
from filing import Filing, Finding, Item, Trade

FINAL = ("filed", "failed", "refused", "withdrawn", "ended", "lapsed")
DECIDED = ("filed", "failed", "refused", "ended", "lapsed")
UNDER_WAY = ("held", "accepted", "dispatched", "passed")


@dataclass
class State:
    """Where one item stands."""

    status: str = "screened"
    reason: set[str] = field(default_factory=set)
    score: float | None = None
    held_at: str = ""  # "screening" or "filing": where a held or refused item goes on from
    shown: date | None = None  # the day on which a public notice showed it
    corrected: bool = False  # a result came that would take the filed item off the register

    def stands(self, status: str, reason: set[str] | None = None) -> None:
        self.status, self.reason = status, set(reason or ())


@dataclass
class Version:
    """One version as it was handed in."""

    filing: Filing
    first_seen: date
    status: str = "current"  # or "superseded", "late"
    late_correction: bool = False  # WINDOW-2 stands on it
    alone: list[Finding] = field(default_factory=list)  # findings that its own rows give, read once

    def moment(self) -> datetime:
        return self.filing.submitted_at or values.midnight(self.first_seen)

    def is_older_than(self, other: "Version") -> bool:
        """By the moments both state; where one cannot be read, the one that comes later is the later one."""
        mine, others = self.filing.submitted_at, other.filing.submitted_at
        return bool(mine and others and mine < others)

    def handed_in(self) -> datetime:
        """The moment that windows and periods go by: with `received` the later of the stated one and the day it was seen."""
        if self.filing.policy["cycle"]["moment"] == "stated":
            return self.moment()
        return max(self.moment(), values.noon(self.first_seen))


@dataclass
class Application:
    """All versions of one number; `period_end` is the last day of the running or past correction period."""

    no: str
    cycle: str
    current: Version
    versions: list[Version] = field(default_factory=list)
    items: dict[Item, State] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    on_results: list[tuple[object, Finding]] = field(default_factory=list)  # with the item of the row
    screened: bool = False
    twins: set[object] = field(default_factory=set)  # the institution's other applications when it was screened
    known: int = 0  # the office's knowledge when it was screened
    returned: bool = False
    period_end: date | None = None
    withdrawn: bool = False
    ended: bool = False
    renewed_until: date | None = None  # the end its first items were filed with, where it is a renewal

    @property
    def filing(self) -> Filing:
        return self.current.filing

    @property
    def first(self) -> Filing:
        return self.versions[0].filing

    @property
    def live(self) -> bool:
        """Neither withdrawn nor ended: it counts for FORM-8, OCC-14 and CAP-1."""
        return not (self.withdrawn or self.ended)

    @property
    def shown(self) -> bool:
        """A public notice showed something of it."""
        return any(state.shown for state in self.items.values())

    @property
    def sent(self) -> bool:
        """Something of it went to a panel and was not taken back."""
        out = ("dispatched", "passed", "failed", "filed", "lapsed")
        return any(state.status in out or state.held_at == "filing" or state.shown for state in self.items.values())

    @property
    def waits(self) -> bool:
        """Returned, or with something held since its screening."""
        held = any((state.status, state.held_at) == ("held", "screening") for state in self.items.values())
        return self.returned or held

    @property
    def closed(self) -> bool:
        """Every item is final."""
        if not self.items:
            return not self.live
        return all(state.status in FINAL for state in self.items.values())

    @property
    def status(self) -> str:
        if self.closed:
            return "closed"
        if not self.screened:
            return "received"
        return "returned" if self.returned else "in_progress"

    def valid_code(self) -> str:
        """The valid credit code the number has, empty while it has none."""
        given = [one.filing.uscc for one in self.versions if codes.credit_code_is_valid(one.filing.uscc)]
        return given[0] if given else ""

    def goes_over(self, old: str, into: str) -> None:
        """Its institution went into another, which it is asked for from now on."""
        for version in self.versions:
            if version.filing.uscc == old:
                version.filing.uscc = into

    def take(self, version: Version) -> None:
        """Make a version the current one: the former is superseded, its packages are recalled, its items made anew."""
        for former in self.versions:
            if former.status == "current":
                former.status = "superseded"
        version.status = "current"
        self.current, self.withdrawn = version, False
        if not any(version is known for known in self.versions):
            self.versions.append(version)
        # an application is taken back as a whole, whatever the version still names, also where it names no code
        version.filing.uscc = version.filing.uscc or (self.valid_code() if version.filing.withdrawn else "")
        before = self.items if version.filing.withdrawn else {}
        self.items = {item: State() for item in version.filing.items()} | before
        self.findings, self.screened, self.returned, self.period_end = [], False, False, None
        self.on_results = []
        if version.filing.withdrawn:
            self.withdraw()

    def withdraw(self) -> None:
        """Every item not final becomes withdrawn; no reason, the ground stands in the history."""
        self.withdrawn = True
        self.returned = False
        for state in self.items.values():
            if state.status not in FINAL:
                state.stands("withdrawn")

    def end(self, occupation: str = "", *, but: str = "") -> None:
        """A named person ends what is open, of one occupation or all, but for what stands at a status."""
        still = [state for item, state in self.items.items()
                 if state.status not in (*FINAL, but) and occupation in ("", item.occupation)]  # fmt: skip
        for state in still:
            state.stands("ended")
        if not occupation or self.closed:
            self.returned = False
            # the application is over with its last open item, whatever was decided of others before
            self.ended |= bool(still) or not self.items

    def counted(self) -> set[Trade]:
        """The trades that count for CAP-1: not those all of whose items are final and not filed."""
        out = set()
        for trade in self.filing.trades() if self.live else ():
            statuses = [
                state.status for item, state in self.items.items() if (item.occupation, item.work_type) == trade
            ]
            if not statuses or any(status not in FINAL or status == "filed" for status in statuses):
                out.add(trade)
        return out
