"""What a run did and what it leaves: the file an operator reads and a re-run starts from."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

Outcome = Literal["done", "waiting", "nothing_to_do", "failed"]


class RunKey(BaseModel):
    """What every task of one run is told: small values only."""

    run_id: str
    cycle: str
    as_of: date
    token: int
    inbox: str | None = None
    only: list[str] | None = None


class Counts(BaseModel):
    """How many of each thing a stage handled; nothing counted means nothing was left to do."""

    done: dict[str, int] = Field(default_factory=dict)
    failed: dict[str, str] = Field(default_factory=dict)  # key -> one sentence

    @property
    def total(self) -> int:
        return sum(self.done.values())

    @classmethod
    def sum(cls, parts: "list[Counts]") -> "Counts":
        """All parts together."""
        done: dict[str, int] = {}
        failed: dict[str, str] = {}
        for part in parts:
            failed |= part.failed
            for name, number in part.done.items():
                done[name] = done.get(name, 0) + number
        return cls(done=done, failed=failed)


class RunSummary(BaseModel):
    """One run of one cycle."""

    run_id: str
    cycle: str
    as_of: date
    outcome: Outcome
    stages: dict[str, Counts] = Field(default_factory=dict)
    received_results: int = 0
    awaited_results: int = 0
    edition: str | None = None
    waits_for_approval: str | None = None

    @property
    def failed(self) -> dict[str, str]:
        """Failed keys with their sentence: the `only` of the next run."""
        return {key: why for counts in self.stages.values() for key, why in counts.failed.items()}

    @property
    def changed(self) -> bool:
        return any(counts.total for counts in self.stages.values())
