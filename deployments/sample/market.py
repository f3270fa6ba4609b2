"""Places left per occupation while a cycle is made (CAP-2)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from random import Random

from deployments.sample.holdings import Holding
from schemas.policy import Policy
from schemas.reference_data import Reference


class Market:
    """Who holds which occupation on the deadline, and what has been promised to applicants of this cycle."""

    def __init__(
        self, holdings: Mapping[str, Holding], counted: Iterable[str], saturation: int, offered: Sequence[str]
    ) -> None:
        """`counted`: credit codes of the institutions that count; `offered`: every occupation that may be asked for."""
        self._holders: dict[str, dict[str, date]] = {}
        self._saturation = saturation
        self._offered = offered
        self._promised: Counter[str] = Counter()
        for uscc in counted:
            for occupation in holdings[uscc].items if uscc in holdings else ():
                self._holders.setdefault(occupation, {})[uscc] = holdings[uscc].valid_until

    def places(self, occupation: str, uscc: str) -> int:
        """Places left for an applicant; itself does not count."""
        others = self._holders.get(occupation, {}).keys() - {uscc}
        return self._saturation - len(others) - self._promised[occupation]

    def take(self, preferred: Sequence[str], uscc: str, barred: Iterable[str], rng: Random) -> str | None:
        """An occupation with a place left, preferred ones first, promised to the applicant; None when there is none."""
        refused = set(barred)
        for occupation in (*rng.sample(preferred, len(preferred)), *self._offered):
            if occupation not in refused and self.places(occupation, uscc) > 0:
                self.promise(occupation)
                return occupation
        return None

    def promise(self, occupation: str) -> None:
        """Keep a place of an occupation for somebody."""
        self._promised[occupation] += 1

    def saturated(self) -> list[str]:
        """Occupations whose places were full before the cycle, in code order."""
        return sorted(code for code, holders in self._holders.items() if len(holders) >= self._saturation)

    def reserve_contested(self, count: int, until: date) -> list[str]:
        """Up to so many occupations with one place left whose holders stay beyond a day; nobody else gets the place."""
        contested = [
            code
            for code in sorted(self._holders)
            if self.places(code, "") == 1 and min(self._holders[code].values()) > until
        ][:count]
        self._promised.update(contested)
        return contested


def filable_occupations(policy: Policy, reference: Reference) -> list[str]:
    """Codes of skill occupations without any access-type qualification, in code order (Notice, article 1)."""
    classes = {str(number) for number in policy.occupations.skill_classes}
    barred = {*reference.access_lists[-1][1]["code_2022"].dropna(), *policy.occupations.skill_no}
    return [code for code in reference.occupations["code"] if code[0] in classes and code not in barred]
