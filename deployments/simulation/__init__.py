"""Years of cycles on made data, and what must be true after each; the made data themselves are `deployments.sample`'s."""

from deployments.simulation.life import City, cycles_between, live_cycle
from deployments.simulation.truths import untruths

__all__ = ["City", "cycles_between", "live_cycle", "untruths"]
