"""Deciding: CAP-2 counted anew at filing, permits and refusals on record, each item once, a letter of each outcome."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import insert

from schemas import tables
from schemas.qualification import Adjustment
from schemas.submission import DECISIONS
from tasks import adjustment
from tasks.screening import settle
from tasks.store import database, decisions, findings, history, institutions, items
from tasks.store.database import reading
from tasks.store.leases import writing
from tests import evaluations as made
from tests.homes import SQLITE_FIRST
from tests.registers import BAKER, COOK, ONE, THREE, TWO, run_on, sweep, take_over, terms

SOCIAL = "social_organisation"
FOUR, FIVE, SIX = "52420203MA4015856C", "52420204MA4015857X", "52420205MA4015858A"
BEFORE, AFTER = date(2025, 1, 1), date(2027, 12, 31)
RULE = "CAP-2"


def _decided(
    number: str, verdict: str, occupation: str = "", at: str = "2026-09-19T10:00:00", rule: str = RULE
) -> None:
    """An operator's decision on record."""
    row = {
        "application_no": number,
        "rule": rule,
        "occupation_code": occupation,
        "verdict": verdict,
        "decided_by": "周明",
        "decided_at": at,
        "document_no": "黄职鉴审〔2026〕1号",
        "reason": "见会议纪要",
    }
    with run_on(made.DAY, made.CYCLE) as run, writing(run) as db:
        decisions.record(db, pd.DataFrame([row], columns=DECISIONS.names), run)


def _contest(home: Path, *scores: tuple[str, str, str], submitted: dict[str, int] | None = None) -> None:
    """Social organisations (number, credit code, score) that ask for the cook, one holder being on file already."""
    take_over([(FOUR, COOK, "4")], BEFORE, AFTER, institution_type=SOCIAL)
    for place, (number, uscc, _) in enumerate(scores):
        when = (submitted or {}).get(number, place + 1)
        made.accepted(number, [(uscc, COOK, "4")], institution_type=SOCIAL, submitted=when)
    made.send_out(home)
    made.drop(home, "r.csv", *(made.result(number, score=score) for number, _, score in scores))


def _standings(*numbers: str) -> dict[str, str]:
    return {number: made.standing(number) for number in numbers}


Given = Callable[[], None]


@pytest.mark.parametrize(
    ("scores", "submitted", "given", "expected"),
    [
        pytest.param({"A": "70", "B": "90"}, {}, None, {"A": "held CAP-2", "B": "filed"}, id="score"),
        pytest.param(
            {"A": "80", "B": "80"}, {"A": 2, "B": 1}, None, {"A": "held CAP-2", "B": "filed"}, id="time of submission"
        ),
        pytest.param({"A": "80", "B": "80"}, {"A": 1, "B": 1}, None, {"A": "filed", "B": "held CAP-2"}, id="number"),
        pytest.param(
            {"A": "70", "B": "90"},
            {},
            lambda: _decided("A", "permit"),
            {"A": "filed", "B": "filed"},
            id="permit for all",
        ),
        pytest.param(
            {"A": "70", "B": "90"},
            {},
            lambda: _decided("A", "permit", COOK),
            {"A": "filed", "B": "filed"},
            id="permit for the occupation",
        ),
        pytest.param(
            {"A": "70", "B": "90"},
            {},
            lambda: _decided("A", "permit", BAKER),
            {"A": "held CAP-2", "B": "filed"},
            id="permit for another occupation",
        ),
        pytest.param(
            {"A": "70", "B": "90"},
            {},
            lambda: _decided("A", "refuse"),
            {"A": "refused CAP-2", "B": "filed"},
            id="refusal on record",
        ),
        pytest.param(
            {"A": "95", "B": "90"},
            {},
            lambda: _decided("A", "refuse"),
            {"A": "filed", "B": "held CAP-2"},
            id="a refusal of what is not saturated refuses nothing",
        ),
        pytest.param(
            {"A": "70", "B": "90"},
            {},
            lambda: (_decided("A", "permit"), _decided("A", "refuse", COOK, "2026-09-19T11:00:00")),
            {"A": "refused CAP-2", "B": "filed"},
            id="the later decision counts",
        ),
        pytest.param(
            {"A": "70", "B": "90"},
            {},
            lambda: (_decided("A", "refuse", COOK), _decided("A", "permit", "", "2026-09-19T11:00:00")),
            {"A": "filed", "B": "filed"},
            id="the later decision counts, also for all",
        ),
        pytest.param(
            {"A": "70", "B": "90"},
            {},
            lambda: (
                _decided("A", "refuse", at="2026-09-19T09:59:00"),
                _decided("A", "permit", at="2026-09-19T02:00:00+00:00"),
            ),
            {"A": "filed", "B": "filed"},
            id="the later decision counts, told in another offset",
        ),
    ],
)
@SQLITE_FIRST
def test_the_last_place_is_taken_by_score(
    installation: Path, scores: dict[str, str], submitted: Any, given: Given | None, expected: dict[str, str]
) -> None:
    codes = {"A": THREE, "B": FIVE}
    _contest(installation, *((number, codes[number], score) for number, score in scores.items()), submitted=submitted)
    if given:
        given()
    made.go_on(installation)
    assert _standings("A", "B") == expected
    assert len(made.letters(installation, "refusal")) == list(expected.values()).count("refused CAP-2")
    assert all(count.total == 0 for count in made.go_on(installation).values()), "everything was decided and told"


@SQLITE_FIRST
def test_a_permit_after_the_hold_files_and_says_so(installation: Path) -> None:
    from flows.stages import screening

    _contest(installation, ("A", THREE, "70"), ("B", FIVE, "90"))
    made.go_on(installation)
    assert len(made.letters(installation, "filing")) == 1
    _decided("A", "permit", at="2026-09-22T10:00:00")
    screening.fn(made.CYCLE, date(2026, 9, 23))
    made.go_on(installation, date(2026, 9, 23))
    assert _standings("A", "B") == {"A": "filed", "B": "filed"}
    assert len(made.letters(installation, "filing")) == 2


def test_a_place_that_came_free_by_the_day_of_filing_is_free(home: Path) -> None:
    take_over([(SIX, COOK, "4")], BEFORE, date(2026, 9, 19), institution_type=SOCIAL)  # valid on the deadline
    _contest(home, ("A", THREE, "70"))
    made.go_on(home)
    assert made.standing("A") == "filed"


def test_only_what_was_held_on_the_deadline_is_not_new(home: Path) -> None:
    """Of two levels of one occupation the second result comes after others have filled the places."""
    made.accepted("A", [(THREE, COOK, "4"), (THREE, COOK, "3")], institution_type=SOCIAL)
    _contest(home, ("B", FIVE, "60"))
    made.drop(home, "a.csv", made.result("A", score="90"))
    made.go_on(home)
    assert (made.standing("A"), made.standing("A", COOK, "3"), made.standing("B")) == (
        "filed",
        "dispatched",
        "held CAP-2",
    )
    _decided("B", "permit", at="2026-09-21T10:00:00")
    from flows.stages import screening

    screening.fn(made.CYCLE, date(2026, 9, 22))
    made.go_on(home, date(2026, 9, 22))
    assert made.standing("B") == "filed"
    made.drop(home, "late.csv", made.result("A", level="3", score="61"))
    made.go_on(home, date(2026, 9, 25))
    assert made.standing("A", COOK, "3") == "held CAP-2"
    _decided("A", "permit", COOK, at="2026-09-25T10:00:00")
    screening.fn(made.CYCLE, date(2026, 9, 26))
    made.go_on(home, date(2026, 9, 26))
    assert terms(date(2026, 9, 26))[THREE, COOK, "3"] == ("2026-09-26", "2029-09-19")


def test_deciding_on_some_leaves_the_places_to_whom_their_scores_give_them(home: Path) -> None:
    from flows.stages import decision

    _contest(home, ("A", THREE, "70"), ("B", FIVE, "90"))
    from flows.stages import evaluation, intake

    intake.fn(made.CYCLE, made.DAY, None, str(home / "inbox"))
    evaluation.fn(made.CYCLE, made.DAY)
    decision.fn(made.CYCLE, made.DAY, ["A"])
    assert _standings("A", "B") == {"A": "held CAP-2", "B": "passed"}
    decision.fn(made.CYCLE, made.DAY)
    assert _standings("A", "B") == {"A": "held CAP-2", "B": "filed"}


def test_items_are_decided_once_whichever_run_gets_there(installation: Path) -> None:
    made.accepted("A", [(ONE, COOK, "4"), (ONE, BAKER, "4")])
    made.accepted("B", [(TWO, COOK, "4")])
    made.send_out(installation)
    made.drop(installation, "1.csv", made.result("A"))
    made.go_on(installation)
    made.drop(installation, "2.csv", made.result("A", BAKER), made.result("B", verdict="fail", score="20"))
    for day in (date(2026, 9, 25), date(2026, 9, 26), date(2026, 10, 30)):
        made.go_on(installation, day)
    assert (made.standing("A"), made.standing("A", BAKER), made.standing("B")) == ("filed", "filed", "failed")
    with reading() as db:
        entries = history.of(db, ["A", "B"])
    filed = entries[(entries["kind"] == "item") & (entries["became"] == "filed")]
    assert list(zip(filed["subject"], filed["on"], strict=True)) == [("A", "2026-09-20"), ("A", "2026-09-25")]
    assert len(made.letters(installation, "filing")) == 2, "one letter an application and day of filing"
    assert len(made.letters(installation, "refusal")) == 1


def test_an_outcome_is_not_told_again_when_its_term_is_over(home: Path) -> None:
    made.accepted("A", [(ONE, COOK, "4"), (ONE, BAKER, "4")])
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A"), made.result("A", BAKER, verdict="fail", score="20"))
    made.go_on(home)
    before = (made.letters(home, "filing"), made.letters(home, "refusal"))
    assert [len(letters) for letters in before] == [1, 1]
    sweep(date(2029, 9, 20))
    assert made.standing("A") == "lapsed"
    made.go_on(home, date(2029, 9, 21))
    assert (made.letters(home, "filing"), made.letters(home, "refusal")) == before


def test_letters_name_what_is_filed_and_what_is_not(home: Path) -> None:
    made.accepted("A", [(ONE, COOK, "4"), (ONE, BAKER, "3")], commitment=True)
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A"), made.result("A", BAKER, "3", commitments_shown="false"))
    made.go_on(home)
    filed, refused = made.text_of(home, "filing"), made.text_of(home, "refusal")
    assert COOK in filed
    assert BAKER not in filed
    assert "2029-09-19" in filed or "2029年9月19日" in filed
    assert BAKER in refused
    assert COOK not in refused
    assert "承诺材料评估时未提供，不得评为合格" in refused
    assert "EVAL-1" not in refused


def test_a_later_occupation_goes_by_its_published_name(home: Path) -> None:
    """Filed under a code the Dictionary does not have: package, letters and directory still say what it is."""
    code, name = "4-98-01-30", "网络主播"
    made.accepted("A1", [(ONE, code, "4")])
    with database.begin() as db:
        row = {"application_no": "A1", "version": 1, "row": 1, "occupation_code": code, "occupation_name": name}
        db.execute(insert(tables.requested_occupation).values(**row))
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A1", code))
    made.go_on(home, publish=True)
    package = json.loads((home / "outbox" / "evaluation" / "2026-09" / "A1" / "package.json").read_text("utf-8"))
    assert [item["occupation_name"] for item in package["items"]] == [name]
    assert name in made.text_of(home, "acceptance") and name in made.text_of(home, "filing")
    assert f"{code},{name}," in (home / "published" / "latest" / "directory.csv").read_text("utf-8-sig")


def _adjusted(kind: str, uscc: str, on: date, occupation: str = "") -> None:
    words = {"ground": "抽查发现问题", "document_no": "8号", "decided_by": "王处长", "effective_on": on}
    with run_on(on) as run:
        decided = {"kind": kind, "uscc": uscc, "occupation_code": occupation, **words}
        adjustment.carry_out(run, Adjustment.model_validate(decided))


def _screened_and_decided(home: Path, day: date) -> None:
    from flows.stages import screening

    screening.fn(made.CYCLE, day)
    made.go_on(home, day)


@pytest.mark.parametrize("kind", ["suspend", "revoke"])
@SQLITE_FIRST
def test_nothing_new_is_filed_for_whoever_was_suspended_or_revoked_meanwhile(installation: Path, kind: str) -> None:
    take_over([(ONE, COOK, "4")], BEFORE, AFTER)
    made.accepted("A", [(ONE, BAKER, "4")])
    made.send_out(installation)
    made.drop(installation, "r.csv", made.result("A", BAKER))
    _adjusted(kind, ONE, date(2026, 9, 12))
    made.go_on(installation)
    assert made.standing("A", BAKER) == "held STAND-1"
    assert (ONE, BAKER, "4") not in terms(made.DAY)
    _screened_and_decided(installation, date(2026, 9, 21))
    assert made.standing("A", BAKER) == "held STAND-1", "it waits for a decision"
    _decided("A", "permit", at="2026-09-21T10:00:00", rule="STAND-1")
    _screened_and_decided(installation, date(2026, 9, 22))
    assert made.standing("A", BAKER) == "filed"


def test_a_refusal_on_record_refuses_what_standing_holds(home: Path) -> None:
    take_over([(ONE, COOK, "4")], BEFORE, AFTER)
    made.accepted("A", [(ONE, BAKER, "4")])
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A", BAKER))
    _adjusted("suspend", ONE, date(2026, 9, 12))
    _decided("A", "refuse", rule="STAND-1")
    made.go_on(home)
    assert made.standing("A", BAKER) == "refused STAND-1"


def test_a_suspension_of_one_occupation_leaves_another_application_alone(home: Path) -> None:
    take_over([(ONE, COOK, "4")], BEFORE, AFTER)
    made.accepted("A", [(ONE, BAKER, "4")])
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A", BAKER))
    _adjusted("suspend", ONE, date(2026, 9, 12), COOK)
    made.go_on(home)
    assert made.standing("A", BAKER) == "filed"


@SQLITE_FIRST
def test_a_place_that_falls_free_lets_the_next_one_go_on(installation: Path) -> None:
    _contest(installation, ("A", THREE, "70"), ("B", FIVE, "90"), ("C", SIX, "60"))
    made.go_on(installation)
    assert _standings("A", "B", "C") == {"A": "held CAP-2", "B": "filed", "C": "held CAP-2"}
    _adjusted("withdraw", FOUR, date(2026, 9, 22))
    _screened_and_decided(installation, date(2026, 9, 22))
    assert _standings("A", "B", "C") == {"A": "filed", "B": "filed", "C": "held CAP-2"}
    with reading() as db:
        life = history.of(db, ["A"])
    assert "名额已空出" in " ".join(life["because"])


@SQLITE_FIRST
def test_a_hold_of_the_screening_falls_when_its_place_is_free(installation: Path) -> None:
    take_over([(FOUR, COOK, "4"), (SIX, COOK, "4")], BEFORE, AFTER, institution_type=SOCIAL)
    made.accepted("A", [(THREE, COOK, "4")], institution_type=SOCIAL, status="held")
    with run_on(made.DAY, made.CYCLE) as run, writing(run) as db:
        findings.hold(db, items.of_cycle(db, made.CYCLE).assign(rule=RULE), made.CYCLE)
        items.restate(db, items.of_cycle(db, made.CYCLE).assign(reason=RULE))

    def settled(day: date) -> str:
        with run_on(day, made.CYCLE) as run:
            settle(run)
        return made.standing("A")

    assert settled(made.DAY) == "held CAP-2"
    _adjusted("withdraw", FOUR, date(2026, 9, 22))
    assert settled(date(2026, 9, 22)) == "accepted"


def test_a_refusal_under_the_cap_frees_the_places_of_the_others(home: Path) -> None:
    """Six are asked for and five may be had: refusing one lets five go on."""
    codes = ["4-03-02-01", "4-03-02-02", "6-31-01-03", "4-03-02-03", "4-03-02-04", "4-03-02-05"]
    made.accepted("A", [(THREE, code, "4") for code in codes], institution_type=SOCIAL, status="held")
    with run_on(made.DAY, made.CYCLE) as run, writing(run) as db:
        findings.hold(db, items.of_cycle(db, made.CYCLE).assign(rule="CAP-1"), made.CYCLE)
    _decided("A", "refuse", codes[0], rule="CAP-1")
    with run_on(made.DAY, made.CYCLE) as run:
        settle(run)
    assert made.standing("A", codes[0]) == "refused CAP-1"
    assert {made.standing("A", code) for code in codes[1:]} == {"accepted"}


def test_the_cap_is_judged_again_at_filing(home: Path) -> None:
    """Four on file since, two passed: the better one takes the fifth place."""
    made.accepted("A", [(THREE, COOK, "4"), (THREE, BAKER, "4")], institution_type=SOCIAL)
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A", score="70"), made.result("A", BAKER, score="90"))
    others = [(THREE, code, "4") for code in ("6-31-01-03", "4-03-02-03", "4-03-02-04", "4-03-02-05")]
    take_over(others, BEFORE, AFTER, institution_type=SOCIAL)
    made.go_on(home)
    assert (made.standing("A"), made.standing("A", BAKER)) == ("held CAP-1", "filed")


@pytest.mark.parametrize(("occupation", "became"), [("", "enterprise"), (BAKER, "technical_school")])
def test_an_institution_on_file_keeps_its_particulars_at_filing(home: Path, occupation: str, became: str) -> None:
    take_over([(ONE, COOK, "4")], BEFORE, AFTER, institution_type="technical_school")
    made.accepted("A", [(ONE, BAKER, "4")])
    made.accepted("B", [(ONE, BAKER, "3")])
    made.send_out(home)
    made.drop(home, "a.csv", made.result("A", BAKER))
    made.go_on(home)

    def particulars() -> tuple[str, str]:
        with reading() as db:
            known = institutions.current(db).set_index("uscc").loc[ONE]
        return str(known["institution_name"]), str(known["institution_type"])

    before = particulars()
    assert before[1] == "technical_school"
    _decided("B", "permit", occupation, rule="IDENT-2")
    made.drop(home, "b.csv", made.result("B", BAKER, "3"))
    made.go_on(home, date(2026, 9, 21))
    assert particulars() == (before[0], became), "a permit on all of it changes the type, and nothing else"
    with reading() as db:
        causes = history.causes(db, None, None).query("occupation_code == ''")
    named = [("见会议纪要", "黄职鉴审〔2026〕1号")] if became == "enterprise" else []
    assert list(zip(causes["reason"], causes["document_no"], strict=True)) == named, "who permitted it stands behind it"
