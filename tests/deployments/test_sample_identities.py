"""Made codes against the texts of the standards, written out once more and plainly."""

from collections.abc import Callable
from datetime import date

import pytest

from deployments.sample import make_cycle
from deployments.sample.material import credit_code, mistyped, organisation_code, resident_number, stream
from schemas.law.cycle import CycleId


def credit_code_holds(code: str) -> bool:
    """GB 32100-2015, 5: C18 = 31 - mod(sum Ci * 3^(i-1), 31), and the organisation code of GB 11714-1997 inside."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if len(code) != 18 or not set(code) <= set(alphabet):
        return False
    total = sum(alphabet.index(character) * pow(3, place, 31) for place, character in enumerate(code[:17]))
    return alphabet[(31 - total % 31) % 31] == code[17] and organisation_code_holds(code[8:17])


def organisation_code_holds(code: str) -> bool:
    """GB 11714-1997: C9 = 11 - mod(sum Ci * Wi, 11), where 10 is X and 11 is 0."""
    values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    check = 11 - sum(values.index(c) * w for c, w in zip(code[:8], [3, 7, 9, 10, 5, 8, 4, 2], strict=True)) % 11
    return code[8] == {10: "X", 11: "0"}.get(check, str(check))


def resident_number_holds(number: str) -> bool:
    """GB 11643-1999: sum ai * Wi = 1 (mod 11) with Wi = 2^(i-1) mod 11, and a date that exists."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    digits = [10 if character == "X" else int(character) for character in number]
    return len(number) == 18 and sum(d * pow(2, 17 - i, 11) for i, d in enumerate(digits)) % 11 == 1


def test_vectors_of_the_standards() -> None:
    assert credit_code("91", "350100", "M000100Y") == "91350100M000100Y43"
    assert organisation_code("D2143569") == "D2143569X"
    assert resident_number("110105", date(1949, 12, 31), 2) == "11010519491231002X"
    assert resident_number("440524", date(1880, 1, 1), 1) == "440524188001010014"
    assert credit_code_holds("91350100M000100Y43")
    assert not credit_code_holds("91350100M000100Y34")
    assert resident_number_holds("11010519491231002X")
    assert not resident_number_holds("11010519490231002X")


@pytest.mark.parametrize("seed", [1, 2])
def test_every_made_number_is_valid_but_the_mistyped(seed: int) -> None:
    sample = make_cycle(CycleId("2026-09"), seed, 120)
    applications, staff = sample.tables["applications"], sample.tables["staff"]
    outcome = applications["application_no"].map(sample.intended)
    wrong = applications[~applications["uscc"].map(credit_code_holds)]
    meant = applications.loc[outcome.str.startswith("returned:FORM-2"), "application_no"]
    assert set(wrong["application_no"]) == set(meant)
    assert sample.tables["register"]["uscc"].map(credit_code_holds).all()
    people = staff[staff["id_type"] == "resident_id"]
    wrong_people = people[~people["id_number"].map(resident_number_holds)]
    mistyped_in = {number for number, made_for in sample.intended.items() if made_for.startswith("returned:STAFF-2")}
    assert set(wrong_people["application_no"]) == mistyped_in
    assert mistyped_in
    assert (staff["id_type"] == "other").any()


def test_area_digits_are_those_of_the_city() -> None:
    sample = make_cycle(CycleId("2026-09"), 1, 120)
    elsewhere = {number for number, made_for in sample.intended.items() if made_for == "filed:FORM-9"}
    for number, code in sample.tables["applications"][["application_no", "uscc"]].itertuples(index=False):
        assert code[2:6] == ("4201" if number in elsewhere else "4202")


def test_no_two_institutions_share_a_code_or_a_name() -> None:
    sample = make_cycle(CycleId("2026-09"), 1, 1000)
    known = sample.tables["applications"][["uscc", "institution_name"]]
    twice = {number for number, made_for in sample.intended.items() if made_for == "returned:FORM-8"}
    single = known[~sample.tables["applications"]["application_no"].isin(twice)]
    assert single["uscc"].is_unique
    assert single["institution_name"].is_unique


@pytest.mark.parametrize(
    ("number", "holds"),
    [
        ("91420200MA4535092L", credit_code_holds),
        ("12420202MA47777777", credit_code_holds),
        ("42118219950829997X", resident_number_holds),
        ("420203197601076837", resident_number_holds),
    ],
)
def test_mistyping_is_always_caught(number: str, holds: Callable[[str], bool]) -> None:
    rng = stream("mistyping", number)
    for _ in range(50):
        wrong = mistyped(number, rng)
        assert wrong != number
        assert not holds(wrong)
