"""One run of a cycle: what every stage of it is handed."""

from datetime import date

from pydantic import BaseModel

from schemas.law.cycle import CycleId
from schemas.policy import Policy


class Run(BaseModel):
    """The run a stage works for; small values only, for Prefect keeps them as parameters."""

    run_id: str
    cycle: CycleId
    policy: Policy
    day: date
    token: int
    inbox: str | None = None
    only: list[str] | None = None
