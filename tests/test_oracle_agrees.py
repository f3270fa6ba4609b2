"""The product against an independent reading of the contract, on random histories."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

ORACLE = Path(__file__).parent / "oracle"
if str(ORACLE) not in sys.path:
    sys.path.append(str(ORACLE))  # the oracle's modules are plain files, also run as commands

import codes  # noqa: E402
from against_product import cycle_differences, directory_columns, play_both  # noqa: E402
from compare import differences, report  # noqa: E402
from deciding import finding_list, play  # noqa: E402
from expected import finding_rows, item_rows, read_acts, read_office  # noqa: E402
from facts import read_csv, rules  # noqa: E402
from office import Office  # noqa: E402
from policy import Policy  # noqa: E402
from random_cycles import MadeHistory, make_history, write  # noqa: E402

SEEDS = range(1, 11)


@pytest.fixture(scope="module")
def histories() -> list[MadeHistory]:
    return [make_history(seed, 30) for seed in SEEDS]


def live(made: MadeHistory, folder: Path) -> Office:
    """Write a history and play it from what was written."""
    office = office_of(made, folder)
    return play(read_acts(folder), office)


def office_of(made: MadeHistory, folder: Path) -> Office:
    """A history written to a folder, and an office that has lived through none of it yet."""
    write(made, folder)
    return read_office(folder)


def test_standard_vectors() -> None:
    assert codes.credit_code_is_valid("91350100M000100Y43")
    assert not codes.credit_code_is_valid("91350100M000100Y34")
    assert codes.identity_number_is_valid("11010519491231002X")
    assert not codes.identity_number_is_valid("11010519490231002X")


def test_a_seed_always_gives_the_same_history(histories: list[MadeHistory]) -> None:
    again = make_history(SEEDS[2], 30)
    assert again == histories[2]
    assert make_history(SEEDS[2], 29) != again


def test_histories_reach_every_rule_status_and_way_out(histories: list[MadeHistory], tmp_path: Path) -> None:
    seen: dict[str, set[str]] = {
        "rule": set(),
        "item": set(),
        "application": set(),
        "version": set(),
        "held at": set(),
        "reason": set(),
    }
    for made in histories:
        office = office_of(replace(made, acts=[]), tmp_path / str(made.seed))
        for act in made.acts:
            play([act], office)
            seen["rule"] |= {finding.rule for cycle in made.cycles for finding in finding_list(office, cycle)}
            for app in office.applications.values():
                seen["application"].add(app.status)
                seen["version"] |= {version.status for version in app.versions}
                seen["item"] |= {state.status for state in app.items.values()}
                seen["reason"] |= {rule for state in app.items.values() for rule in state.reason}
                seen["held at"] |= {state.held_at for state in app.items.values() if state.status == "held"}
    assert seen["rule"] == set(rules())
    finals = {"filed", "failed", "refused", "withdrawn", "ended", "lapsed"}
    assert seen["item"] == {"returned", "held", "dispatched", "passed"} | finals
    assert seen["application"] == {"returned", "in_progress", "closed"}
    assert seen["version"] == {"current", "superseded", "late"}
    assert seen["held at"] == {"screening", "filing"}
    assert {"OBJECTION", "EVAL-5", "RENEW-1", "STAND-1", "CAP-1", "CAP-2"} <= seen["reason"]
    ways = {" ".join(words[:2]) if words[0] == "adjust" else words[0] for made in histories for act in made.acts
            for words in act.commands}  # fmt: skip
    assert ways == {"withdraw", "close", "decide"} | {
        f"adjust {what}" for what in ("suspend", "reinstate", "revoke", "withdraw", "rename", "merge", "renumber")
    }
    assert any(words[:2] == ["adjust", "suspend"] and "--occupation" in words for made in histories for act in made.acts
               for words in act.commands)  # fmt: skip
    assert any(form["withdrawn"] in ("true", "是") for made in histories for act in made.acts
               for form in act.forms["applications"])  # fmt: skip


def test_histories_are_lived_under_other_laws_too(histories: list[MadeHistory]) -> None:
    laws = [made.policies or (Policy(),) for made in histories]
    every = [policy for policies in laws for policy in policies]
    assert {policy["name"] for policy in every} == {"huangshi", "qinghe"}
    assert any(policies[0] != policies[-1] for policies in laws), "one changes between its cycles"
    for part, name, values in (
        ("cycle", "moment", {"stated", "received"}),
        ("decision", "together", {True, False}),
        ("cap", "unit", {"occupation", "work_type"}),
    ):
        assert {policy[part][name] for policy in every} == values
    assert len({policy.notice_workdays for policy in every}) > 2
    assert len({str((policy["cycle"]["months"], policy["cycle"]["deadline_day"])) for policy in every}) > 2


def test_what_was_written_plays_alike(histories: list[MadeHistory], tmp_path: Path) -> None:
    made = next(made for made in histories if not made.reference and not made.policies)
    again = live(made, tmp_path)
    office = play(made.acts)
    for cycle in made.cycles:
        assert finding_rows(office, cycle) == finding_rows(again, cycle)
        assert item_rows(office, cycle) == item_rows(again, cycle)
    assert office.register.directory(made.acts[-1].day) == again.register.directory(made.acts[-1].day)


def test_a_run_more_changes_nothing(histories: list[MadeHistory]) -> None:
    """Each act's run repeated on its day leaves everything as it is."""
    made = next(made for made in histories if not made.reference and not made.policies)
    office, twice = Office(), Office()
    for act in made.acts:
        play([act], office)
        play([act, replace(act, forms={}, desk={}, results=[], commands=[])], twice)
    for cycle in made.cycles:
        assert finding_rows(office, cycle) == finding_rows(twice, cycle)
        assert item_rows(office, cycle) == item_rows(twice, cycle)


def test_differences_are_named(histories: list[MadeHistory]) -> None:
    rows = finding_rows(play(histories[0].acts), histories[0].cycles[0])
    assert differences(rows, list(rows)) == []
    assert differences(rows, rows[1:]) != []
    assert {group.split()[-1] for group, _ in differences(rows, [*rows, rows[0]])} == {"surplus"}
    wrong_field = [rows[0] | {"field": "elsewhere"}, *rows[1:]]
    assert {group.split()[-1] for group, _ in differences(rows, wrong_field)} == {"missing", "surplus"}
    assert differences(rows, wrong_field, loose=True) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS[:3])
def test_the_product_agrees(seed: int, tmp_path: Path) -> None:
    """The command line, played through a random history, leaves what the contract's text gives."""
    made = make_history(seed, 30)
    write(made, tmp_path / "acts")
    *_, (act, office, product) = play_both(tmp_path / "acts", tmp_path / "home")
    for cycle in made.cycles:
        lines = cycle_differences(office, product, cycle)
        assert not lines, f"seed {seed}, {cycle}:\n{report(lines, 3)}"
    published = read_csv(tmp_path / "home" / "published" / "latest" / "directory.csv")
    assert directory_columns(published) == directory_columns(office.register.directory(act.day))
