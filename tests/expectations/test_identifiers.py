"""Credit codes, identity numbers and telephones against the standards' own vectors, and any single change in them."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import identifiers

#: The standard's own examples and codes of registered bodies of every kind (enterprise, cooperative, public, social).
CREDIT_CODES = """
91350100M000100Y43 91110105771583283D 91110000802100433B 91110108740084270C 112302070019030687 91110108735106340Y
911101077776591113 51610700305332460K 91440300359143307G 11610923MB2900168E 1134082855783407XL 91341000MA2N0ABGXX
91110228397176695A 51100000500019541K 92510100MA61WJ3204 52610500MJU60350X1 51140200MJ1693047P 913101135696449862
11991000010647510A 121526004609138637 52440111MJK9980480 91330200750364874C 52120000MJ0529018E
"""

#: GB 11643-1999, annexes A and B.
IDENTITY_NUMBERS = "11010519491231002X 440524188001010014 34052419800101001X"

_USCC = st.tuples(
    st.sampled_from(["91", "93", "12", "51", "52", "N2", "A1", "Y1", "1G"]),
    st.integers(0, 999_999),
    st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8),
)
_SEVENTEEN = st.tuples(st.integers(110_000, 659_999), st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 999))


def _residents(*texts):
    return identifiers.are_resident_ids(pl.Series("text", texts, dtype=pl.String())).to_list()


def _judged(judge, *texts):
    return (
        pl.DataFrame({"text": list(texts)}, schema={"text": pl.String()})
        .select(judge(pl.col("text")))
        .to_series()
        .to_list()
    )


def _with_one_change(draw, text, alphabet):
    place = draw(st.integers(0, len(text) - 1))
    other = draw(st.sampled_from([character for character in alphabet if character != text[place]]))
    return text[:place] + other + text[place + 1 :]


def test_codes_of_registered_bodies_are_valid():
    codes = CREDIT_CODES.split()
    assert _judged(identifiers.is_credit_code, *codes) == [True] * len(codes)


@pytest.mark.parametrize("beginning", ["N2420202", "A1420202", "Y1420202", "1G420202"])
def test_newer_registering_departments_are_valid(credit_code, beginning):
    assert _judged(identifiers.is_credit_code, credit_code(beginning, "MB1234X5")) == [True]


@settings(deadline=None, max_examples=50)
@given(data=st.data(), parts=_USCC)
def test_any_single_change_of_a_credit_code_is_caught(credit_code, data, parts):
    code = credit_code(f"{parts[0]}{parts[1]:06d}", parts[2])
    changed = _with_one_change(data.draw, code, identifiers.USCC_ALPHABET + "IOSVZ az中")
    assert _judged(identifiers.is_credit_code, code, changed) == [True, False]


@settings(deadline=None)
@given(parts=_USCC)
def test_the_inner_check_digit_counts_even_under_a_right_check_character(credit_code, parts):
    code = credit_code(f"{parts[0]}{parts[1]:06d}", parts[2])
    inner = next(digit for digit in "0123456789X" if digit != code[16])
    values = {character: value for value, character in enumerate(identifiers.USCC_ALPHABET)}
    seventeen = code[:16] + inner
    total = sum(values[character] * 3**place for place, character in enumerate(seventeen))
    assert _judged(identifiers.is_credit_code, seventeen + identifiers.USCC_ALPHABET[-total % 31]) == [False]


def test_examples_of_the_standard_are_identity_numbers():
    assert _residents(*IDENTITY_NUMBERS.split()) == [True] * 3
    assert _residents("11010519491231002x") == [True]


@settings(deadline=None, max_examples=50)
@given(data=st.data(), parts=_SEVENTEEN)
def test_any_single_change_of_an_identity_number_is_caught(with_check_character, data, parts):
    area, born, order = parts
    number = with_check_character(f"{area}{born:%Y%m%d}{order:03d}")
    changed = _with_one_change(data.draw, number, "0123456789")
    same = number[-1] == "X" and changed == number[:-1] + "x"
    assert _residents(number, changed) == [True, same]


@pytest.mark.parametrize(
    ("day", "is_one"),
    [("20000229", True), ("19000229", False), ("20240229", True), ("20230229", False), ("19991131", False),
     ("19991301", False), ("19990001", False), ("19990100", False), ("19991231", True)],
)  # fmt: skip
def test_the_day_must_be_in_the_calendar(with_check_character, day, is_one):
    assert _residents(with_check_character(f"420202{day}001")) == [is_one]


@pytest.mark.parametrize(
    "text",
    ["", "420202800101001", " 11010519491231002X", "+1010519491231002X", "110105194912310O2X", "1" * 19, "中" * 6],
)
def test_what_is_no_identity_number(text):
    assert _residents(text) == [False]


def test_blank_cells_are_no_valid_numbers():
    assert _residents(None) == [False]
    assert _judged(identifiers.is_credit_code, None) in ([None], [False])


@pytest.mark.parametrize(
    "text",
    [
        *("13907141234", "+8613907141234", "86 139-0714-1234", "0714-6351234", "07146351234", "027-87654321"),
        *("(0714)6351234", "0714-6351234-801", "+86 0714-6351234", "0714-6351234转801"),
    ],
)
def test_telephones(text):
    assert _judged(identifiers.is_telephone, text) == [True]


@pytest.mark.parametrize(
    "text",
    ["1390714123", "139071412345", "12907141234", "6351234", "714-6351234", "0714-635123", "400-800-8000x", "电话"],
)
def test_what_is_no_telephone(text):
    assert _judged(identifiers.is_telephone, text) == [False]
