"""What a ruling is decided on: who holds the occupation, and what of the institution is on file, as sentences."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date

from sqlalchemy import Connection

from schemas.law.rulings import OBJECTION, WINDOW_2
from schemas.policy import Policy
from schemas.reference_data import reference
from tasks.store import dossier

_OF_THE_CAP, _OF_SATURATION = "CAP-1", "CAP-2"
#: So many institutions that hold an occupation are named.
_MOST = 5


class Facts:
    """The register as it is on a day, asked once for the institutions and occupations of many applications."""

    def __init__(self, db: Connection, codes: Collection[str], occupations: Collection[str], day: date) -> None:
        self._names = reference().occupation_names()
        self._mine: dict[str, list[str]] = defaultdict(list)
        for uscc, occupation in dossier.occupations_of(db, codes, day):
            self._mine[uscc].append(occupation)
        self._holders: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for occupation, name, kind in dossier.holders(db, occupations, day):
            self._holders[occupation].append((name, kind))

    def of(self, rule: str, code: str, occupations: Sequence[str], policy: Policy) -> list[str]:
        """The facts beside a question under a rule about an institution and these occupations."""
        if rule == WINDOW_2:
            return ["准予后，下次运行时以该版为准"]
        return list(self._about(rule, code, occupations, policy))

    def _about(self, rule: str, code: str, occupations: Sequence[str], policy: Policy) -> Iterator[str]:
        mine = sorted(self._mine[code])
        yield f"该机构在册职业 {len(mine)} 个" + (f"：{'、'.join(map(self._named, mine))}" if mine else "")
        if rule == _OF_THE_CAP:
            yield f"职业数上限 {policy.cap.occupations} 个"
        if rule == _OF_SATURATION:
            yield from (self._held(occupation, policy) for occupation in occupations)
        if rule == OBJECTION:
            yield "公示期间收到异议"

    def _held(self, occupation: str, policy: Policy) -> str:
        types = policy.institution_types
        counting = [(name, kind) for name, kind in self._holders[occupation] if kind in policy.cap.saturation_counts]
        names = "、".join(f"{name}（{types.get(kind, kind)}）" for name, kind in counting[:_MOST])
        more = f"等 {len(counting)} 家" if len(counting) > _MOST else ""
        stated = f"{self._named(occupation)}已由 {len(counting)} 家机构备案（{policy.cap.saturation} 家即为饱和）"
        return f"{stated}：{names}{more}" if names else stated

    def _named(self, occupation: str) -> str:
        """An occupation by name and code."""
        name = self._names.get(occupation)
        return f"{name}（{occupation}）" if name else occupation
