"""One application on its way into the sample: whose it is, what it is made for, and its versions."""

from dataclasses import dataclass, field

from deployments.sample.drafts import Draft
from deployments.sample.institutions import Institution
from deployments.sample.setting import Holding


@dataclass(frozen=True)
class Scenario:
    """What an application is made for: the mishap that spoils it ("" for none) and the outcome that follows."""

    mishap: str
    outcome: str

    @property
    def is_corrected(self) -> bool:
        return self.outcome.endswith(" corrected")

    @property
    def is_sent_out(self) -> bool:
        """Whether any of its items reaches a panel; CAP-2 concerns one occupation only."""
        if self.outcome.startswith("returned:"):
            return self.is_corrected
        held_whole = self.outcome.startswith("held:") and self.mishap not in ("CAP-2", "CONTEST")
        return not held_whole or self.outcome.endswith(" permitted")


PLAIN = Scenario("", "filed")


@dataclass(eq=False)
class Case:
    """One application; `dormant` says its institution holds an occupation without any assessment (DORM-1)."""

    institution: Institution
    kind: str
    holding: Holding | None
    dormant: bool
    scenario: Scenario = PLAIN
    occupation: str = ""  # the occupation that CAP-2 is about
    draft: Draft = field(default_factory=lambda: Draft({}))
    mended: Draft | None = None
    application_no: str = ""

    @property
    def final(self) -> Draft:
        """The version that is evaluated, if any is."""
        return self.mended or self.draft

    @property
    def on_file(self) -> frozenset[str]:
        """Occupations its institution holds on the deadline."""
        return frozenset(self.holding.items) if self.holding else frozenset()

    @property
    def items_on_file(self) -> int:
        """How many (occupation, level) its institution holds on the deadline."""
        return sum(map(len, self.holding.items.values())) if self.holding else 0
