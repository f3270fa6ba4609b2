"""The rules across tables and institutions against a second, slow reading of the contract."""

import random
from datetime import date, timedelta

import pytest

from schemas.settings import Settings, using
from tests.policies import write_policy

RULES = ("CAP-1", "CAP-2", "DORM-1", "DORM-2", "FORM-8", "RENEW-1", "RENEW-2")
DEADLINE = date(2026, 9, 10)
POOL = {
    "6-18-01-01": "车工",
    "6-18-01-02": "铣工",
    "6-18-01-03": "刨插工",
    "4-03-02-01": "中式烹调师",
    "4-14-01-02": "医疗护理员",
    "4-14-01-03": "健康照护师",
    "6-18-02-04": "焊工",
}
TYPES = ("enterprise", "technical_school", "social_organisation")
AUDIENCES = {"enterprise": "staff", "technical_school": "public", "social_organisation": "public"}


def _random_cycle(sound, credit_code, seed):
    """30 applications of 24 institutions, with a register and activities around them."""
    rng = random.Random(seed)
    who = [(credit_code("52420202", f"MJ{number:06d}"), rng.choice(TYPES)) for number in range(24)]
    whole = sound()
    for rows in whole.tables.values():
        rows.clear()
    for number in range(30):
        uscc, institution_type = who[number] if number < len(who) else rng.choice(who)
        chosen = rng.sample(sorted(POOL), rng.randint(1, 4))
        levels = ("5", "5,4", "4,3", "5-3级", "2")
        asked = [
            {
                "occupation_code": code,
                "occupation_name": POOL[code],
                "levels": rng.choice(levels),
                "audience": AUDIENCES[institution_type],
            }
            for code in chosen
        ]
        one = sound(institution_type, f"A{number:02d}", asked)
        one.tables["applications"][0].update(uscc=uscc, kind=rng.choice(("initial", "addition", "renewal")))
        for table, rows in one.tables.items():
            whole.tables[table] += rows
    for uscc, institution_type in who:
        for code in rng.sample(sorted(POOL), rng.randint(0, 6)):
            filed_on = rng.choice(("2023-09-20", "2024-04-20", "2026-03-10", "2026-03-11", "2026-04-20"))
            until = rng.choice(("2026-09-10", "2027-04-09", "2027-04-10", "2029-03-09"))
            term = {"institution_type": institution_type, "filed_on": filed_on, "valid_until": until}
            whole.on_file += [
                {"uscc": uscc, "occupation_code": code, "level": level, **term} for level in rng.sample("54321", 2)
            ]
            if rng.random() < 0.8:
                held_on = rng.choice(("2023-09-20", "2026-05-01", "2026-09-10", "2026-09-11"))
                whole.activities.append(
                    {
                        "uscc": uscc,
                        "occupation_code": code,
                        "held_on": held_on,
                        "candidates": rng.choice(("0", "9", "30")),
                    }
                )
    if rng.random() < 0.25:
        whole.activities = None
    return whole


def _levels(text):
    return {"5": "5", "5,4": "54", "4,3": "43", "5-3级": "543", "2": "2"}[text]


def _slowly(case):
    """(application_no, rule, row) of each finding, read row by row from the contract."""
    findings = set()
    for form in case.tables["applications"]:
        number, uscc = form["application_no"], form["uscc"]
        asked = [row for row in case.tables["occupations"] if row["application_no"] == number]
        holdings = [row for row in case.on_file if row["uscc"] == uscc]
        twins = [other for other in case.tables["applications"] if other["uscc"] == uscc]
        if sum((other["kind"] == "renewal") == (form["kind"] == "renewal") for other in twins) > 1:
            findings.add((number, "FORM-8", 1))
        others = {other["application_no"] for other in twins}
        all_asked = {row["occupation_code"] for row in case.tables["occupations"] if row["application_no"] in others}
        findings |= {(number, rule, 1) for rule in _of_institution(case, form, asked, holdings, all_asked)}
        for place, row in enumerate(asked, 1):
            findings |= {(number, rule, place) for rule in _of_row(case, form, row, holdings)}
    return findings


def _of_institution(case, form, asked, holdings, all_asked):
    held, requested = {row["occupation_code"] for row in holdings}, {row["occupation_code"] for row in asked}
    if form["institution_type"] == "social_organisation" and len(held | all_asked) > 5 and requested - held:
        yield "CAP-1"
    on_file = {(row["occupation_code"], row["level"]) for row in holdings}
    asks_new = any((row["occupation_code"], level) not in on_file for row in asked for level in _levels(row["levels"]))
    if case.activities is None and holdings and (asks_new or form["kind"] == "renewal"):
        yield "DORM-2"
    if form["kind"] == "renewal" and holdings:
        ends = min(date.fromisoformat(row["valid_until"]) for row in holdings) - timedelta(days=45)
        deadlines = [date(year, month, 10) for year in range(2025, 2030) for month in (4, 9)]
        if max(day for day in deadlines if day <= ends) > DEADLINE:
            yield "RENEW-2"


def _of_row(case, form, row, holdings):
    code = row["occupation_code"]
    new = [
        level
        for level in _levels(row["levels"])
        if not any((held["occupation_code"], held["level"]) == (code, level) for held in holdings)
    ]
    if form["kind"] == "renewal" and new:
        yield "RENEW-1"
    others = {
        held["uscc"]
        for held in case.on_file
        if held["occupation_code"] == code
        and held["institution_type"] == "social_organisation"
        and held["uscc"] != form["uscc"]
    }
    if (
        form["institution_type"] == "social_organisation"
        and code not in {held["occupation_code"] for held in holdings}
        and len(others) >= 2
    ):
        yield "CAP-2"
    if (
        case.activities is not None
        and new
        and any(_sleeps(case, form["uscc"], held["occupation_code"], holdings) for held in holdings)
    ):
        yield "DORM-1"


def _sleeps(case, uscc, code, holdings):
    filed_on = min(row["filed_on"] for row in holdings if row["occupation_code"] == code)
    year, month, day = (int(part) for part in filed_on.split("-"))
    if (year, month + 6, day) > (2026, 9, 10):
        return False
    held_on = [
        row["held_on"]
        for row in case.activities
        if (row["uscc"], row["occupation_code"]) == (uscc, code) and int(row["candidates"]) > 0
    ]
    return not any(filed_on <= day <= "2026-09-10" for day in held_on)


@pytest.mark.parametrize("seed", range(12))
def test_random_cycles_agree_with_the_slow_reading(sound, credit_code, seed):
    case = _random_cycle(sound, credit_code, seed)
    checked = case.check()
    findings = checked.findings[checked.findings["rule"].isin(RULES)]
    assert {(row.application_no, row.rule, row.row) for row in findings.itertuples()} == _slowly(case)
    _assert_holds(case, checked)


def _assert_holds(case, checked):
    """CAP-1 holds items of new occupations, CAP-2 those of its row, DORM-1 those of its row that are not on file."""
    uscc = {form["application_no"]: form["uscc"] for form in case.tables["applications"]}
    on_file = {(row["uscc"], row["occupation_code"], row["level"]) for row in case.on_file}
    occupations = {(holder, code) for holder, code, _ in on_file}
    findings = {(row.application_no, row.rule, row.row) for row in checked.findings.itertuples()}
    expected = set()
    for item in checked.items.itertuples():
        holder, key = uscc[item.application_no], (item.application_no, item.occupation_code, "", item.level)
        if (item.application_no, "CAP-1", 1) in findings and (holder, item.occupation_code) not in occupations:
            expected.add((*key, "CAP-1"))
        if (item.application_no, "CAP-2", item.row) in findings:
            expected.add((*key, "CAP-2"))
        if (item.application_no, "DORM-1", item.row) in findings and (
            holder,
            item.occupation_code,
            item.level,
        ) not in on_file:
            expected.add((*key, "DORM-1"))
    assert set(checked.holds.itertuples(index=False, name=None)) == expected


def test_the_random_cycles_reach_every_rule(sound, credit_code):
    reached = {rule for seed in range(12) for _, rule, _ in _slowly(_random_cycle(sound, credit_code, seed))}
    assert reached == set(RULES)


@pytest.mark.parametrize(("statuses", "over"), [(["failed"] * 2, False), (["failed", "returned"], True)])
def test_a_work_type_that_ended_takes_no_place_of_its_own(sound, tmp_path, statuses, over):
    """Six work types of two occupations under a cap of five that counts work types; two levels of the sixth ended."""
    works = [("6-18-01-01", name) for name in "甲乙丙丁"] + [("6-18-01-02", name) for name in "甲乙"]
    asked = [
        {
            "occupation_code": code,
            "occupation_name": POOL[code],
            "levels": "5,4",
            "audience": "public",
            "work_type": work,
        }
        for code, work in works
    ]
    with using(Settings(home=tmp_path, policies=write_policy(tmp_path / "policies", "2021-02-02", unit='"work_type"'))):
        case = sound("social_organisation", "A1", asked)
        uscc = case.tables["applications"][0]["uscc"]
        item = {"application_no": "A1", "uscc": uscc, "occupation_code": "6-18-01-02", "work_type": "乙"}
        case.beside["peer_items"] = [
            {**item, "level": level, "status": status} for level, status in zip("54", statuses, strict=True)
        ]
        case.beside["peer_items"].append({**item, "work_type": "甲", "level": "5", "status": "returned"})
        found = case.check().findings
    assert ("CAP-1" in set(found["rule"])) == over
