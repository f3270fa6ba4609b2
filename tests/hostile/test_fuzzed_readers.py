"""No bytes break a reader: atheris looks for some that do, some seconds a reader."""

import pytest

from tests.hostile import fuzzing


@pytest.mark.slow
@pytest.mark.skipif(bool(fuzzing.unavailable()), reason=fuzzing.unavailable())
@pytest.mark.parametrize("reader", fuzzing.SEEDS)
def test_no_bytes_break_a_reader(reader: str) -> None:
    fuzzed = fuzzing.fuzz(reader, seconds=10)
    assert fuzzed.fault == ""
    assert fuzzed.inputs >= 10
