"""Every case that the oracle was worked by hand on, lived by the product's stages too."""

import pytest
from stage import Stage

from tests.test_oracle_reads_items import *  # noqa: F403
from tests.test_oracle_reads_lives import *  # noqa: F403
from tests.test_oracle_reads_places import *  # noqa: F403
from tests.test_oracle_reads_registers import *  # noqa: F403

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _on_stage(stage: Stage) -> None:
    """The product plays each act besides."""
