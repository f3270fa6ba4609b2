"""What the tests of the rule book share, as fixtures."""

from collections.abc import Callable

import pytest

from expectations.check import CheckedResults
from tests.expectations.example_tables import Example, Outcomes, examples
from tests.expectations.sound import Case, checked_results, credit_code, sound, with_check_character


@pytest.fixture(name="sound")
def _sound() -> Callable[..., Case]:
    """See `sound`."""
    return sound


@pytest.fixture(scope="module")
def sound_case() -> Case:
    """A sound application of an enterprise."""
    return sound()


@pytest.fixture(name="checked_results", scope="session")
def _checked_results() -> Callable[..., CheckedResults]:
    """See `checked_results`."""
    return checked_results


@pytest.fixture(name="credit_code", scope="session")
def _credit_code() -> Callable[[str, str], str]:
    """See `credit_code`."""
    return credit_code


@pytest.fixture(name="with_check_character", scope="session")
def _with_check_character() -> Callable[[str], str]:
    """See `with_check_character`."""
    return with_check_character


_EVERY = list(examples())


@pytest.fixture(scope="session")
def all_examples() -> list[Example]:
    """Every example of every table."""
    return _EVERY


@pytest.fixture(scope="session")
def outcomes() -> Outcomes:
    """What checking the examples gives."""
    return Outcomes(_EVERY)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `example` runs once for each."""
    if "example" in metafunc.fixturenames:
        metafunc.parametrize("example", _EVERY, ids=[f"{example.rule}: {example.text['label']}" for example in _EVERY])
