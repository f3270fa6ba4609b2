"""The scene a cycle is judged in, from the database; the rules that judge stand in the rule book."""

from sqlalchemy import Connection

from expectations.scene import Scene
from schemas.law.cycle import CycleId
from schemas.policy import for_cycle
from schemas.reference_data import reference
from tasks.store import activities, applications, register


def scene(db: Connection, cycle: CycleId) -> Scene:
    """The world the cycle is judged against: the register as it stands on the deadline (contract section 5)."""
    policy = for_cycle(cycle)
    return Scene(
        cycle=cycle,
        policy=policy,
        reference=reference(),
        on_file=register.before_cycle(db, policy.deadline(cycle), cycle),
        activities=activities.every(db),
        peers=applications.peers(db, cycle),
    )
