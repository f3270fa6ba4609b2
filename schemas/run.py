"""One run of a cycle: what every stage of it is handed."""

from datetime import date

from pydantic import BaseModel, Field

from schemas.law.cycle import CycleId
from schemas.policy import Policy
from schemas.settings import Settings


class Run(BaseModel):
    """The run a stage works for: whose cycle, under which policy, on which day, in which installation.

    `token` proves its lease on the cycle; `only`: application numbers, None for all; `inbox`: a folder.
    """

    run_id: str
    cycle: CycleId
    policy: Policy
    day: date
    token: int
    inbox: str
    only: list[str] | None = None
    installation: Settings = Field(repr=False)
