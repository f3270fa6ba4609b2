"""Names, institutions and codes that give way to others: the register, its history and what is counted follow."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from deployments.simulation import truths
from schemas.qualification import Adjustment, Merger, Recoding, Renaming, Renumbering
from schemas.run import Counts
from schemas.settings import Settings, using
from tasks import adjustment
from tasks.adjustment import Change, ImpossibleAdjustmentError, ImpossibleChangeError
from tasks.publication import publication
from tasks.store import institutions, outbox, overview, register, replay, scene
from tasks.store.database import reading
from tasks.store.directory import directory_on
from tasks.store.outbox import LETTERS
from tests import evaluations as made
from tests import registers
from tests.policies import write_policy
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, THREE, TWO, decide, passed, run_on, sweep, take_over, terms

TERM = (date(2024, 5, 25), date(2027, 5, 24))
LATER = (date(2025, 5, 25), date(2028, 5, 24))
DAY = date(2026, 6, 1)
WORDS = {"ground": "登记机关核准", "document_no": "鄂市监〔2026〕2号", "decided_by": "王处长"}
#: A code of the Dictionary that nobody here has on file.
OTHER = "6-31-01-03"


def changed(change: type[Change], day: date = DAY, on: date | None = None, **what: str) -> Counts:
    return carried_out(change, what, day, on)


def carried_out(change: type[Change], what: dict[str, str], day: date = DAY, on: date | None = None) -> Counts:
    with run_on(day) as run:
        return adjustment.carry_out_change(run, change.model_validate({**what, **WORDS, "effective_on": on or day}))


def suspend(uscc: str, occupation: str, day: date) -> None:
    words = {"kind": "suspend", "uscc": uscc, "occupation_code": occupation, "effective_on": day}
    with run_on(day) as run:
        adjustment.carry_out(run, Adjustment.model_validate({**words, **WORDS}))


def assert_history_agrees(day: date) -> None:
    with reading() as db:
        assert replay.differences(db, day) == []


def listed(day: date, column: str) -> dict[str, Any]:
    with reading() as db:
        rows = directory_on(db, day)
    return dict(zip(rows["uscc"], rows[column], strict=True))


@pytest.mark.usefixtures("installation")
def test_a_renamed_institution_goes_by_its_new_name_from_the_day_on() -> None:
    take_over([(ONE, COOK, "4"), (TWO, COOK, "4")], *TERM)
    before = listed(DAY, "institution_name")[TWO]
    assert changed(Renaming, uscc=ONE, institution_name="新名公司", registered_address="杭州东路1号").done == {
        "renamed": 1
    }
    assert changed(Renaming, uscc=ONE, institution_name="新名公司") == Counts()
    assert listed(DAY, "institution_name") == {ONE: "新名公司", TWO: before}
    assert listed(DAY, "registered_address")[ONE] == "杭州东路1号"
    with reading() as db:
        then = institutions.on(db, date(2026, 5, 31)).set_index("uscc")
        now = institutions.on(db, DAY).set_index("uscc")
        entry = institutions.life(db, ONE).query("kind == 'institution'").iloc[-1]
    assert then.loc[ONE, "institution_name"] != "新名公司" == now.loc[ONE, "institution_name"]
    assert (entry["by"], WORDS["document_no"] in entry["because"]) == ("王处长", True)
    assert_history_agrees(DAY)


@pytest.mark.usefixtures("home")
def test_a_change_of_name_recorded_late_holds_from_its_day_of_effect() -> None:
    take_over([(ONE, COOK, "4")], *TERM)
    changed(Renaming, day=date(2026, 6, 20), on=DAY, uscc=ONE, institution_type="technical_school")
    with reading() as db:
        assert set(institutions.on(db, DAY)["institution_type"]) == {"technical_school"}
        assert set(institutions.on(db, date(2026, 5, 31))["institution_type"]) == {"enterprise"}


@pytest.mark.usefixtures("installation")
def test_a_merged_institution_goes_on_in_the_other_with_the_later_terms() -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], *LATER)
    take_over([(TWO, COOK, "4"), (TWO, COOK, "3")], *TERM)
    passed("A1", "addition", [(ONE, OTHER, "3")], cycle="2026-04")
    suspend(ONE, BAKER, date(2026, 5, 1))
    assert changed(Merger, old_uscc=ONE, into_uscc=TWO).done == {"merged": 2}
    assert changed(Merger, old_uscc=ONE, into_uscc=TWO) == Counts()
    assert {key: end for key, (_, end) in terms(DAY).items()} == {
        (TWO, COOK, "4"): "2028-05-24",
        (TWO, COOK, "3"): "2027-05-24",
        (TWO, BAKER, "4"): "2028-05-24",
    }
    assert set(listed(DAY, "occupation_code").values()) == {COOK}, "what was suspended stays so"
    assert_history_agrees(DAY)
    sweep(DAY)
    decide("2026-04", DAY)
    assert (TWO, OTHER, "3") in terms(DAY), "an application in progress follows"
    with reading() as db:
        assert list(institutions.life(db, ONE)["entry"]) == list(institutions.life(db, TWO)["entry"])
        assert ONE not in set(institutions.current(db)["uscc"])


def published(home: Path, day: date) -> tuple[dict[str, list[str]], dict[str, int]]:
    """The reasons and documents of the newest edition's changes by kind, and the counts of its report to the province."""
    with run_on(day) as run:
        assert publication(run).done["editions"] == 1
    edition = (home / "published" / "latest").resolve()
    rows = pd.read_csv(edition / "changes.csv", dtype="str", keep_default_na=False)
    grounds = rows["reason"] + rows["document_no"]
    report = json.loads((home / "outbox" / "province" / edition.name / "report.json").read_text("utf-8"))
    kinds = {str(kind): list(texts) for kind, texts in grounds.groupby(rows["change"])}
    return kinds, {kind: number for kind, number in report["counts"].items() if number}


def test_a_carried_over_row_is_told_to_the_public_and_to_the_province(home: Path, tmp_path: Path) -> None:
    """What was taken over is known to the province under its former code, not under the one it goes by since."""
    lenient = write_policy(tmp_path / "policies", "2021-02-02", max_drop_share="1.0")
    with using(Settings(home=home, database_url="", policies=lenient)):
        take_over([(ONE, COOK, "4"), (ONE, BAKER, "4"), (TWO, COOK, "3")], *TERM)
        assert published(home, DAY) == ({"added": ["", "", ""]}, {})
        because = WORDS["ground"] + WORDS["document_no"]
        changed(Renumbering, old_code=BAKER, new_code=ELECTRICIAN)
        assert published(home, DAY) == ({"added": [because], "removed": [because]}, {"added": 1, "removed": 1})
        changed(Recoding, old_uscc=TWO, new_uscc=THREE)
        assert published(home, DAY) == ({"added": [because], "removed": [because]}, {"added": 1, "removed": 1})
        changed(Merger, old_uscc=ONE, into_uscc=THREE)
        kinds, counts = published(home, DAY)
    assert kinds == {"added": [because], "levels_changed": [because], "removed": [because] * 2}
    assert counts == {"added": 1, "levels_changed": 1, "removed": 2}


def test_what_became_of_a_register_taken_over_is_told_to_the_province(home: Path, tmp_path: Path) -> None:
    """The first edition comes after a cycle: the province has the former terms and levels on file."""
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4"), (TWO, COOK, "3"), (TWO, BAKER, "3")], *TERM, audience="staff")
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-04", audiences="staff")
    passed("A2", "addition", [(TWO, COOK, "4"), (TWO, OTHER, "3")], cycle="2026-04", audiences="staff")
    decide("2026-04", DAY)
    kinds, counts = published(home, DAY)
    assert kinds == {"added": [""] * 5}
    assert counts == {"added": 1, "details_changed": 1, "levels_changed": 1, "renewed": 1}, "filed on another day"


@pytest.mark.usefixtures("installation")
def test_an_occupation_with_another_code_stays_on_file_under_it() -> None:
    passed("A1", "initial", [(ONE, COOK, "4")], cycle="2025-09")
    decide("2025-09", date(2025, 10, 20))
    take_over([(TWO, COOK, "4"), (TWO, OTHER, "4")], *TERM)
    before = terms(DAY)
    suspend(TWO, COOK, date(2026, 5, 1))
    assert changed(Renumbering, old_code=COOK, new_code=OTHER).done == {"renumbered": 2}
    assert changed(Renumbering, old_code=COOK, new_code=OTHER) == Counts()
    assert terms(DAY) == {(ONE, OTHER, "4"): before[ONE, COOK, "4"], (TWO, OTHER, "4"): before[TWO, COOK, "4"]}
    assert_history_agrees(DAY)
    sweep(date(2026, 6, 2))
    with reading() as db:
        assert overview.of_cycle(db, "2025-09")["items"] == {"filed": 1}, "what was filed under the old code is on file"
    take_over([(TWO, COOK, "4")], *TERM, day=date(2026, 6, 3))
    assert {code for _, code, _ in terms(date(2026, 6, 3))} == {OTHER}, "an old list brings no old code back"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("change", "what", "sentence"),
    [
        (Renaming, {"uscc": THREE, "institution_name": "甲"}, "not on the register"),
        (Merger, {"old_uscc": THREE, "into_uscc": ONE}, "not on the register"),
        (Merger, {"old_uscc": ONE, "into_uscc": THREE}, "not on the register"),
        (Renumbering, {"old_code": BAKER, "new_code": OTHER}, "not on the register"),
    ],
)
def test_what_the_register_does_not_allow_is_refused(change: type[Change], what: dict[str, str], sentence: str) -> None:
    take_over([(ONE, COOK, "4")], *TERM)
    with pytest.raises(ImpossibleAdjustmentError, match=sentence):
        carried_out(change, what)
    assert set(terms(DAY)) == {(ONE, COOK, "4")}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("change", "what", "sentence"),
    [
        (Renaming, {"uscc": ONE, "region_code": "武汉市"}, "none of the policy's"),
        (Renaming, {"uscc": ONE, "institution_type": "shop"}, "none of the policy's"),
        (Renaming, {"uscc": ONE, "institution_name": "甲 13871234567"}, "telephone number"),
        (Merger, {"old_uscc": ONE, "into_uscc": ONE}, "into itself"),
        (Renumbering, {"old_code": COOK, "new_code": COOK}, "the same"),
        (Renumbering, {"old_code": COOK, "new_code": "9-99-99-99"}, "no list of occupations"),
    ],
)
def test_what_cannot_be_is_wrong_use(change: type[Change], what: dict[str, str], sentence: str) -> None:
    take_over([(ONE, COOK, "4")], *TERM)
    with pytest.raises(ImpossibleChangeError, match=sentence):
        carried_out(change, what)


@pytest.mark.usefixtures("home")
def test_a_code_that_was_given_up_is_refused() -> None:
    take_over([(ONE, COOK, "4"), (TWO, COOK, "4")], *TERM)
    changed(Merger, old_uscc=ONE, into_uscc=TWO)
    with pytest.raises(ImpossibleAdjustmentError, match="changed to"):
        changed(Renaming, uscc=ONE, institution_name="甲")
    changed(Renumbering, old_code=COOK, new_code=OTHER)
    with pytest.raises(ImpossibleAdjustmentError, match="changed to"):
        changed(Renumbering, old_code=COOK, new_code=BAKER)
    with pytest.raises(ImpossibleAdjustmentError, match="given up"):
        changed(Renumbering, old_code=OTHER, new_code=COOK)
    with reading() as db:
        assert set(register.on_file(db, DAY)["occupation_code"]) == {OTHER}


@pytest.mark.usefixtures("home")
def test_what_passed_under_a_code_that_was_given_up_is_filed_under_the_new_one() -> None:
    """An institution's own occupation is not new because its code changed while the addition was under way."""
    take_over([(ONE, COOK, "4")], *TERM)
    passed("A1", "addition", [(ONE, COOK, "3")], cycle="2026-04", institution_type="social_organisation")
    changed(Renumbering, old_code=COOK, new_code=OTHER)
    decide("2026-04", DAY)
    assert set(terms(DAY)) == {(ONE, OTHER, "4"), (ONE, OTHER, "3")}
    with reading() as db:
        (letter,) = [entry for entry in outbox.written(db, LETTERS) if entry["kind"] == "filing"]
    assert [line["occupation_code"] for line in letter["content"]["items"]] == [OTHER]


def test_what_a_panel_passed_under_a_former_code_has_its_pass(home: Path) -> None:
    made.accepted("A1", [(ONE, COOK, "4")])
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A1"))
    made.go_on(home)
    assert made.standing("A1") == "filed"
    changed(Renumbering, day=date(2026, 10, 30), old_code=COOK, new_code=OTHER)
    with reading() as db:
        assert list(truths.out_of_scope(db, date(2026, 10, 30))) == []


def filing_letters() -> dict[str, list[dict[str, Any]]]:
    with reading() as db:
        return {
            str(entry["content"]["application_no"]): entry["content"]["items"]
            for entry in outbox.written(db, LETTERS)
            if entry["kind"] == "filing"
        }


@pytest.mark.usefixtures("home")
def test_an_item_that_both_institutions_of_a_merger_ask_for_is_on_the_register_once() -> None:
    take_over([(ONE, COOK, "4")], *TERM)
    take_over([(TWO, COOK, "4")], *LATER)
    passed("A1", "addition", [(ONE, BAKER, "4")], cycle="2026-04", audiences="staff")
    passed("A2", "addition", [(TWO, BAKER, "4")], cycle="2026-04", audiences="public")
    changed(Merger, old_uscc=ONE, into_uscc=TWO)
    decide("2026-04", DAY)
    with reading() as db:
        assert set(registers.statuses(db).values()) == {"filed"}
        (entry,) = register.on_file(db, DAY).query("occupation_code == @BAKER").to_dict("records")
    assert (entry["audiences"], entry["valid_until"]) == ("staff;public", "2028-05-24")
    assert {number: len(lines) for number, lines in filing_letters().items()} == {"A1": 1, "A2": 1}
    assert_history_agrees(DAY)
    later = date(2026, 6, 2)
    with run_on(later) as run:
        words = {"kind": "revoke", "uscc": TWO, "occupation_code": BAKER, "effective_on": later}
        adjustment.carry_out(run, Adjustment.model_validate({**words, **WORDS}))
    assert set(terms(later)) == {(TWO, COOK, "4")}


def lift(uscc: str, day: date) -> None:
    words = {"kind": "reinstate", "uscc": uscc, "effective_on": day}
    with run_on(day) as run:
        adjustment.carry_out(run, Adjustment.model_validate({**words, **WORDS}))


@pytest.mark.usefixtures("home")
def test_an_institution_is_suspended_as_a_whole_by_decisions_on_itself() -> None:
    """The decisions on one that went into it stay with that one; those on its former credit code are its own."""
    take_over([(ONE, COOK, "4"), (TWO, BAKER, "4")], *TERM)
    suspend(ONE, "", date(2026, 5, 1))
    suspend(TWO, "", date(2026, 5, 2))
    lift(ONE, date(2026, 5, 3))
    changed(Merger, old_uscc=ONE, into_uscc=TWO)
    changed(Recoding, old_uscc=TWO, new_uscc=THREE)
    with reading() as db:
        suspended = scene.suspended(db, DAY)
    assert set(zip(suspended["uscc"], suspended["occupation_code"], strict=True)) == {(THREE, BAKER), (THREE, "")}
    assert listed(DAY, "occupation_code") == {THREE: COOK}
    lift(THREE, date(2026, 6, 2))
    suspend(THREE, "", date(2026, 6, 3))
    lift(THREE, date(2026, 6, 3))
    with reading() as db:
        assert scene.suspended(db, date(2026, 6, 3)).empty, "also on one day, in the order of the decisions"


@pytest.mark.usefixtures("home")
def test_renewals_of_both_institutions_of_a_merger_give_one_item_the_later_term() -> None:
    take_over([(ONE, COOK, "4")], date(2023, 7, 1), date(2026, 6, 30))
    take_over([(TWO, COOK, "4"), (TWO, BAKER, "4")], date(2023, 10, 1), date(2026, 9, 30))
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-04", audiences="staff")
    passed("A2", "renewal", [(TWO, COOK, "4"), (TWO, BAKER, "4")], cycle="2026-04", audiences="public")
    changed(Merger, old_uscc=ONE, into_uscc=TWO)
    decide("2026-04", DAY)
    with reading() as db:
        assert set(registers.statuses(db).values()) == {"filed"}
    assert {key: end for key, (_, end) in terms(DAY).items()} == {
        (TWO, COOK, "4"): "2029-09-30",
        (TWO, BAKER, "4"): "2029-09-30",
    }
    with reading() as db:
        audiences = register.on_file(db, DAY).set_index("occupation_code")["audiences"].to_dict()
    assert audiences == {COOK: "staff;public", BAKER: "public"}


@pytest.mark.usefixtures("home")
def test_two_codes_of_one_application_that_became_one_are_one_item() -> None:
    passed("A1", "initial", [(ONE, COOK, "4"), (ONE, OTHER, "4")], cycle="2026-04")
    changed(Renumbering, old_code=COOK, new_code=OTHER)
    decide("2026-04", DAY)
    with reading() as db:
        assert set(registers.statuses(db).values()) == {"filed"}
        assert register.on_file(db, DAY)["occupation_code"].tolist() == [OTHER]
    ((line,),) = filing_letters().values()
    assert (line["occupation_code"], line["levels"]) == (OTHER, "四级/中级工")
    assert_history_agrees(DAY)
