"""The demands on a directory as a Great Expectations suite, an expectation a demand."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, ClassVar

from great_expectations import ExpectationSuite
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metadata_types import FailureSeverity

from expectations.directory_edition import DEMANDS, Edition, Unmet, unmet
from expectations.suites import SHOWN, Judgement, Tally, outcome
from schemas.finding import hidden

#: The name of the suite and its checkpoint, beside those of the submitted tables.
DIRECTORY = "directory"


@dataclass(eq=False)
class DirectoryJudgement(Judgement):
    """A directory about to be published, on its way through Great Expectations."""

    edition: Edition
    unmet: list[Unmet] = field(default_factory=list, init=False)

    def judged(self) -> Tally:
        self.unmet = unmet(self.edition)
        places: dict[str, list[str]] = defaultdict(list)
        for fault in self.unmet:
            places[fault.demand] += [hidden(" ".join(filter(None, key))) for key in fault.keys] or [fault.sentence]
        counts = {demand: len(named) for demand, named in places.items()}
        return Tally(len(self.batch), counts, {demand: named[:SHOWN] for demand, named in places.items()})


class ExpectDirectoryToMeet(BatchExpectation):
    """Expect every row of a directory, and its changes, to meet one demand."""

    demand: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("filing.verdicts",)
    success_keys: ClassVar[tuple[str, ...]] = ("demand",)

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        return outcome(metrics["filing.verdicts"], self.demand)


def directory_suite() -> ExpectationSuite:
    """The suite a directory must pass before it is published: one expectation a demand, in their order."""
    return ExpectationSuite(name=DIRECTORY, expectations=[_expectation(demand) for demand in DEMANDS])


def _expectation(demand: str) -> ExpectDirectoryToMeet:
    says = DEMANDS[demand].format(title="……", as_of="发布日")
    return ExpectDirectoryToMeet(demand=demand, description=says, severity=FailureSeverity.CRITICAL)
