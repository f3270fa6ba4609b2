"""What the rules need beside the submissions: numbers, facts, and what is on file; no rule."""

from dataclasses import dataclass

import pandas as pd

from schemas.law.cycle import CycleId
from schemas.policy import Policy
from schemas.reference_data import Reference


@dataclass(frozen=True, eq=False)
class Scene:
    """The state of the world a cycle is judged against (contract section 5).

    `on_file`: uscc, institution_type, occupation_code, level ("5".."1"), filed_on, valid_until (ISO dates): what is on
    file and valid on the deadline. `activities`: uscc, occupation_code, held_on (ISO date), candidates; None when none
    was ever supplied. `peers`: application_no, uscc of every current application of the cycle. All cells are text.
    """

    cycle: CycleId
    policy: Policy
    reference: Reference
    on_file: pd.DataFrame
    activities: pd.DataFrame | None
    peers: pd.DataFrame
