"""Policies of an installation's own: which holds when, and what a wrong file is told."""

from datetime import date
from pathlib import Path

import pytest

from schemas.law.cycle import cycle_id
from schemas.policy import UnusablePolicyError, for_cycle, in_force, known
from schemas.settings import Settings, using
from tests.policies import write_policy


def own(folder: Path, since: str, **numbers: str) -> Settings:
    """Settings with a policy file of the shipped numbers but for some."""
    return Settings(home=folder, policies=write_policy(folder, since, **numbers))


def test_a_later_policy_holds_for_cycles_whose_deadline_it_covers(tmp_path: Path) -> None:
    with using(own(tmp_path / "policies", "2026-09-10", public_notice_workdays="5")):
        assert for_cycle(cycle_id("2026-04")).publication.public_notice_workdays == 0
        assert for_cycle(cycle_id("2026-09")).publication.public_notice_workdays == 5
        assert in_force(date(2026, 9, 9)).publication.public_notice_workdays == 0
    assert for_cycle(cycle_id("2026-09")).publication.public_notice_workdays == 0


def test_of_two_from_the_same_day_the_folders_counts(tmp_path: Path) -> None:
    with using(own(tmp_path / "policies", "2021-02-02", panel_size="7")):
        assert len(known()) == 2
        assert for_cycle(cycle_id("2026-09")).evaluation.panel_size == 7


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ({"panel_size": '"three"'}, r"2026-01-01\.toml: evaluation\.panel_size: .*integer"),
        ({"max_drop_share": "1.5"}, r"2026-01-01\.toml: publication\.max_drop_share: .*less than or equal to 1"),
        ({"public_notice_workdays": "-1"}, r"publication\.public_notice_workdays: .*greater than or equal to 0"),
        ({"panel_size": "= ="}, r"2026-01-01\.toml cannot be read: .*line"),
    ],
)
def test_a_wrong_file_is_named_with_its_field(tmp_path: Path, numbers: dict[str, str], told: str) -> None:
    with using(own(tmp_path / "policies", "2026-01-01", **numbers)), pytest.raises(UnusablePolicyError, match=told):
        known()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        using(Settings(home=tmp_path, policies=tmp_path / "none")),
        pytest.raises(UnusablePolicyError, match=r"FILING_POLICIES names .*none"),
    ):
        known()
